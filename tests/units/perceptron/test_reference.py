"""The reference agrees with loops over single numbers, and its trainings keep the bound."""

import torch

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("perceptron", drafts=True).reference)
drawn = torch.Generator().manual_seed(0)
X = torch.randn(20, 3, dtype=torch.float64, generator=drawn)
W = torch.randn(3, dtype=torch.float64, generator=drawn)
B = 0.25
Y = torch.where(torch.rand(20, generator=drawn) > 0.5, 1.0, -1.0).double()
SCORES = [sum(a * c for a, c in zip(point, W.tolist(), strict=True)) + B for point in X.tolist()]


def test_predictions_are_the_loop():
    assert reference.predict(X, W, B).tolist() == [1.0 if score > 0 else -1.0 for score in SCORES]


def test_losses_are_the_loop():
    losses = [max(0.0, -y * score) for y, score in zip(Y.tolist(), SCORES, strict=True)]
    torch.testing.assert_close(reference.perceptron_loss(X, W, B, Y), torch.tensor(losses, dtype=torch.float64))


def test_the_derivative_is_a_sum_over_wrong_points():
    dw, db = reference.perceptron_grad(X, W, B, Y)
    wrong = [i for i in range(20) if Y[i] * SCORES[i] < 0]
    torch.testing.assert_close(dw, -sum(Y[i] * X[i] for i in wrong))
    torch.testing.assert_close(db, -sum(Y[i] for i in wrong))


def test_training_separates_and_keeps_the_bound():
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        points = torch.randn(40, 2, dtype=torch.float64, generator=generator)
        line = torch.randn(3, dtype=torch.float64, generator=generator)
        line /= line.norm()
        sides = points @ line[:2] + line[2]
        kept = sides.abs() > 0.1
        points, y, rho = points[kept], sides[kept].sign(), float(sides[kept].abs().min())
        w, b, updates = reference.train_perceptron(points, y)
        assert bool((y * (points @ w + b) > 0).all())
        assert updates <= reference.convergence_bound(float(points.norm(dim=1).max()), rho)


def test_what_no_line_separates_ends_at_the_limit():
    xor = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([-1.0, 1.0, 1.0, -1.0])
    assert reference.train_perceptron(xor, y, 3)[2] <= 12
    assert reference.train_perceptron(xor, y, 200)[2] > 200
