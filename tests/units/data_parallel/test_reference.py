"""The reference agrees with torch's own SGD on the whole batch and with plain loops, to 1e-10 in float64."""

import copy

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("data_parallel").reference)
CPU = torch.device("cpu")
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("num_devices", [1, 2, 3, 8])
def test_two_steps_are_two_steps_of_sgd(num_devices):
    X, y = normal(7, 3), torch.arange(7) % 4
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4)).double()
    weights = [p.detach().T.clone() if p.ndim == 2 else p.detach().clone() for p in net.parameters()]
    copies = [reference.get_params(weights, CPU) for _ in range(num_devices)]
    optimiser = torch.optim.SGD(net.parameters(), lr=0.3)
    for _ in range(2):
        optimiser.zero_grad()
        nn.CrossEntropyLoss()(net(X), y).backward()
        optimiser.step()
        reference.train_batch(X, y, copies, [CPU] * num_devices, 0.3)
    for params in copies:
        for own, p in zip(params, net.parameters(), strict=True):
            torch.testing.assert_close(own.detach(), p.detach().T if p.ndim == 2 else p.detach(), **EXACT)


def test_allreduce_is_the_loop():
    data = [normal(2, 3) + i for i in range(4)]
    sums = [[sum(float(each[i, j]) for each in data) for j in range(3)] for i in range(2)]
    reference.allreduce(data)
    for each in data:
        torch.testing.assert_close(each, torch.tensor(sums, dtype=torch.float64), **EXACT)


@pytest.mark.parametrize(("rows", "num_devices"), [(7, 3), (4, 3), (6, 2), (1, 4)])
def test_shards_are_slices(rows, num_devices):
    X = normal(rows, 2)
    sizes = [rows // num_devices + (i < rows % num_devices) for i in range(num_devices)]
    X_shards, y_shards = reference.split_batch(X, torch.arange(rows), [CPU] * num_devices)
    assert [len(shard) for shard in X_shards] == sizes
    assert [row for shard in y_shards for row in shard.tolist()] == list(range(rows))
    assert [row for shard in X_shards for row in shard.tolist()] == X.tolist()


def test_copies_are_deep():
    params = [normal(2), normal(2, 2)]
    before = copy.deepcopy(params)
    with torch.no_grad():
        for each in reference.get_params(params, CPU):
            each.zero_()
    assert all(torch.equal(a, b) and not a.requires_grad for a, b in zip(params, before, strict=True))
