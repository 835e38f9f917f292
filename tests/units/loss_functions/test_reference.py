"""The reference agrees with loops over single numbers, with difference quotients, and with published values."""

import torch

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("loss_functions", drafts=True).reference)
drawn = torch.Generator().manual_seed(0)
Y_HAT, Y = (3 * torch.randn(4, 5, dtype=torch.float64, generator=drawn) for _ in range(2))


DELTAS = (0.5, 1.0, 2.0)


def entry_by_entry(loss):
    errors = [[float(a - b) for a, b in zip(*rows, strict=True)] for rows in zip(Y_HAT, Y, strict=True)]
    return torch.tensor([[loss(e) for e in row] for row in errors], dtype=torch.float64)


def agree(mine, right, tolerance=1e-10):
    torch.testing.assert_close(mine, right, rtol=tolerance, atol=tolerance)


def slope(loss, *others):
    """The derivative of a loss in each entry of its predictions, by a difference quotient."""
    h = 1e-6
    return (loss(Y_HAT + h, Y, *others) - loss(Y_HAT - h, Y, *others)) / (2 * h)


def test_l2_loss_is_the_loop():
    agree(reference.l2_loss(Y_HAT, Y), entry_by_entry(lambda e: e * e / 2))


def test_l1_loss_is_the_loop():
    agree(reference.l1_loss(Y_HAT, Y), entry_by_entry(lambda e: max(e, -e)))


def test_huber_loss_is_the_loop():
    for d in DELTAS:
        wanted = entry_by_entry(lambda e, d=d: e * e / 2 if -d <= e <= d else d * max(e, -e) - d * d / 2)
        agree(reference.huber_loss(Y_HAT, Y, d), wanted)


def test_huber_loss_has_the_value_that_keras_documents():
    """keras.io, Huber: a mean of 0.155 for these four entries."""
    y, y_hat = torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([[0.6, 0.4], [0.4, 0.6]])
    assert abs(float(reference.huber_loss(y_hat, y).mean()) - 0.155) < 1e-6


def test_gradients_are_difference_quotients():
    agree(reference.l2_grad(Y_HAT, Y), slope(reference.l2_loss), 1e-6)
    agree(reference.l1_grad(Y_HAT, Y), slope(reference.l1_loss), 1e-6)
    for d in DELTAS:
        agree(reference.huber_grad(Y_HAT, Y, d), slope(reference.huber_loss, d), 1e-6)


def test_gradients_are_zero_where_predictions_are_exact():
    for gradient in (reference.l2_grad, reference.l1_grad, reference.huber_grad):
        assert not gradient(Y, Y.clone()).any()


def test_huber_grad_is_the_clipped_error():
    for d in DELTAS:
        agree(reference.huber_grad(Y_HAT, Y, d), (Y_HAT - Y).clamp(-d, d))


def test_has_margin_is_the_loop():
    o = torch.randint(-4, 5, (200, 3), generator=drawn).double() / 2
    y = torch.randint(3, (200,), generator=drawn)
    for delta in DELTAS:
        wanted = [
            all(row[label] - row[j] >= delta for j in range(3) if j != label)
            for row, label in zip(o.tolist(), y.tolist(), strict=True)
        ]
        assert reference.has_margin(o, y, delta).tolist() == wanted
        assert any(wanted)
