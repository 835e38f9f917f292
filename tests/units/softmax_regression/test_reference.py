"""The reference agrees with loops over single numbers and with torch's loss modules, to 1e-10 in float64."""

import math

import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("softmax_regression").reference)
X = torch.randn(7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3
y = torch.arange(7) % 5


def test_softmax_is_the_loop():
    rows = [[math.exp(v) / sum(math.exp(w) for w in row) for v in row] for row in X.tolist()]
    torch.testing.assert_close(reference.softmax(X), torch.tensor(rows, dtype=torch.float64), rtol=1e-10, atol=1e-10)


def test_cross_entropy_of_softmax_is_torchs():
    own = reference.cross_entropy(reference.softmax(X), y)
    torch.testing.assert_close(own, nn.CrossEntropyLoss(reduction="none")(X, y), rtol=1e-10, atol=1e-10)


def test_net_is_linear_then_softmax():
    linear = nn.Linear(5, 3, dtype=torch.float64)
    own = reference.net(X, linear.weight.T, linear.bias)
    torch.testing.assert_close(own, nn.Softmax(dim=1)(linear(X)), rtol=1e-10, atol=1e-10)


def test_accuracy_counts():
    assert reference.accuracy(torch.eye(4), torch.tensor([0, 1, 0, 3])) == 3


def test_training_is_full_batch_gradient_descent():
    linear = nn.Linear(5, 5, dtype=torch.float64)
    loss, _ = reference.train_epoch_ch3(
        linear, [(X, y)], nn.CrossEntropyLoss(reduction="none"), torch.optim.SGD(linear.parameters(), lr=0.1)
    )
    after = nn.CrossEntropyLoss()(linear(X), y)
    assert after < loss
