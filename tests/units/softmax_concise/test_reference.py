"""The reference agrees with loops over single numbers, with difference quotients, and with published values."""

import math

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("softmax_concise", drafts=True).reference)
drawn = torch.Generator().manual_seed(0)
LOGITS = 3 * torch.randn(5, 4, dtype=torch.float64, generator=drawn)
Y = torch.tensor([0, 3, 1, 1, 2])


def agree(mine, right, tolerance=1e-10):
    torch.testing.assert_close(mine, right, rtol=tolerance, atol=tolerance)


def loss_of_a_row(row, label):
    return -math.log(math.exp(row[label]) / sum(math.exp(each) for each in row))


def test_one_hot_is_the_loop():
    rows = [[1.0 if column == label else 0.0 for column in range(4)] for label in Y.tolist()]
    assert torch.equal(reference.one_hot(Y, 4), torch.tensor(rows))


def test_losses_are_the_loop():
    losses = [loss_of_a_row(row, label) for row, label in zip(LOGITS.tolist(), Y.tolist(), strict=True)]
    agree(reference.cross_entropy_from_logits(LOGITS, Y), torch.tensor(losses, dtype=torch.float64))


def test_the_derivative_is_a_difference_quotient():
    h, slopes = 1e-6, torch.zeros_like(LOGITS)
    for place in torch.cartesian_prod(torch.arange(5), torch.arange(4)).tolist():
        step = torch.zeros_like(LOGITS)
        step[tuple(place)] = h
        ends = [reference.cross_entropy_from_logits(LOGITS + sign * step, Y).sum() for sign in (1, -1)]
        slopes[tuple(place)] = (ends[0] - ends[1]) / (2 * h)
    agree(reference.cross_entropy_grad(LOGITS, Y), slopes, tolerance=1e-7)


def test_entropy_of_published_distributions():
    p = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.25, 0.25, 0.5]])
    agree(reference.entropy_between(p, p), torch.tensor([math.log(2), 0.0, 1.5 * math.log(2)]), tolerance=1e-6)
    assert reference.entropy_between(p[:1], p[1:2]).isinf().all()


def test_two_logits_give_the_sigmoid():
    x = torch.linspace(-5, 5, 11, dtype=torch.float64)
    wanted = [[1 / (1 + math.exp(-v)), 1 / (1 + math.exp(v))] for v in x.tolist()]
    agree(reference.binary_as_softmax(x).softmax(dim=1), torch.tensor(wanted, dtype=torch.float64))


def test_the_net_is_one_linear_layer_on_flat_images():
    net = reference.make_net(6, 3)
    X = torch.randn(2, 1, 2, 3)
    agree(net(X), X.reshape(2, 6) @ net[1].weight.T + net[1].bias, tolerance=1e-6)
    assert float(reference.make_net()[1].weight.detach().std()) == pytest.approx(0.01, rel=0.1)


def test_training_learns_what_can_be_separated():
    X = torch.randn(60, 2, generator=drawn)
    y = (X[:, 0] > 0).long()
    net = nn.Linear(2, 2)
    updater = torch.optim.SGD(net.parameters(), lr=0.5)
    batches = list(zip(X.split(10), y.split(10), strict=True))
    history = reference.train_ch3(net, batches, batches, nn.CrossEntropyLoss(reduction="none"), 20, updater)
    assert len(history) == 20
    assert history[-1][0] < history[0][0]
    assert history[-1][2] > 0.9
