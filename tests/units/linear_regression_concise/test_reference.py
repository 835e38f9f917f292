"""The reference agrees with plain loops and formulas, and training finds the line with every seed."""

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

UNIT = find_course().unit("linear_regression_concise", drafts=True)
reference, solution = load_module(UNIT.reference), load_module(UNIT.solution)


def test_batches_in_order_are_slices():
    X, y = torch.arange(14.0).reshape(7, 2), torch.arange(7)
    batches = list(reference.load_array((X, y), 3, is_train=False))
    assert [len(rows) for rows, _ in batches] == [3, 3, 1]
    for start, (rows, labels) in zip((0, 3, 6), batches, strict=True):
        assert torch.equal(rows, X[start : start + 3])
        assert torch.equal(labels, y[start : start + 3])


def test_training_batches_hold_every_row_once():
    loader = reference.load_array((torch.arange(7),), 3)
    for _ in range(3):
        assert sorted(torch.cat([batch for (batch,) in loader]).tolist()) == list(range(7))


def test_one_step_is_the_formula():
    """w − lr · 2/n Xᵀ(Xw + b − y), and the same for b."""
    torch.manual_seed(0)
    X, y, lr = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 1, dtype=torch.float64), 0.1
    net = reference.make_net(3).double()
    w, b = net[0].weight.detach().T.clone(), net[0].bias.detach().clone()
    error = X @ w + b - y
    losses = reference.train_concise(net, [(X, y)], lr, 1)
    torch.testing.assert_close(net[0].weight.detach().T, w - lr * 2 / 5 * X.T @ error)
    torch.testing.assert_close(net[0].bias.detach(), b - lr * 2 / 5 * error.sum(0))
    assert losses == [pytest.approx(float(((net(X).detach() - y) ** 2).mean()))]


def trained(module, seed):
    """How far a training with this seed ends from w = (2, −3.4) and b = 4.2."""
    torch.manual_seed(seed)
    w, b = torch.tensor([[2.0], [-3.4]]), 4.2
    X = torch.randn(1000, 2)
    y = X @ w + b + 0.01 * torch.randn(1000, 1)
    net = module.make_net(2)
    module.train_concise(net, module.load_array((X, y), 10), 0.03, 3)
    return max(float((net[0].weight.detach().T - w).abs().max()), float((net[0].bias.detach() - b).abs().max()))


@pytest.mark.parametrize("module", [reference, solution], ids=["reference", "solution"])
def test_training_beats_its_bound_with_every_seed(module):
    assert max(trained(module, seed) for seed in range(5)) < 0.005  # the bound is 0.02


def test_what_never_clears_or_clears_too_early_misses_the_bound():
    def never(net, data_iter, lr, num_epochs, *, early=False):
        trainer = torch.optim.SGD(net.parameters(), lr=lr)
        for _ in range(num_epochs):
            for X, y in data_iter:
                nn.functional.mse_loss(net(X), y).backward()
                if early:
                    trainer.zero_grad(set_to_none=False)
                trainer.step()

    class Slip:
        make_net, load_array = staticmethod(reference.make_net), staticmethod(reference.load_array)

    Slip.train_concise = staticmethod(never)
    assert min(trained(Slip, seed) for seed in range(3)) > 0.1
    Slip.train_concise = staticmethod(lambda *args: never(*args, early=True))
    assert min(trained(Slip, seed) for seed in range(3)) > 0.1
