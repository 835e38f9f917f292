"""Pretended GPUs behave like real ones where the exercises can tell."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from autograder.grader.exhibit import Desk, Exhibit, Local
from autograder.suite import SimulatedGPUs, probe


def test_tensors_move_and_say_where_they_are():
    with SimulatedGPUs():
        X = torch.ones(2, 3)
        Y = X.to("cuda:1")
        assert str(X.device) == "cpu"
        assert str(Y.device) == "cuda:1"
        assert str((2 * Y).device) == "cuda:1"
        assert str(Y[0].device) == "cuda:1"
        assert str(torch.zeros(2, device="cuda:0").device) == "cuda:0"
        assert str(Y.cpu().device) == "cpu"
        assert Y.is_cuda


def test_devices_do_not_mix():
    with SimulatedGPUs():
        X = torch.ones(2, device="cuda:0")
        for other in (torch.ones(2), torch.ones(2, device="cuda:1")):
            with pytest.raises(RuntimeError, match="same device"):
                _ = X + other


def test_modules_and_their_gradients_follow():
    with SimulatedGPUs():
        layer = nn.Linear(2, 1).to("cuda:0")
        assert str(layer.weight.device) == "cuda:0"
        with pytest.raises(RuntimeError, match="same device"):
            layer(torch.ones(1, 2))
        layer(torch.ones(1, 2, device="cuda:0")).sum().backward()
        assert str(layer.weight.grad.device) == "cuda:0"


def test_there_are_many_ways_to_move():
    with SimulatedGPUs():
        X = torch.arange(4.0, requires_grad=True)
        there = X.to("cuda:1")
        for Y in (
            X.cuda(1),
            X.to(there),
            X.double().type_as(there),
            X.to(device="cuda:1", dtype=torch.float64, non_blocking=True),
            torch.as_tensor(X.detach(), device="cuda:1"),
            torch.tensor(X.tolist(), device="cuda:1"),
            torch.zeros_like(X, device="cuda:1", requires_grad=True),
            there.new_ones(3),
            copy.deepcopy(there.detach()),
            copy.deepcopy([X, there.detach()])[1],
            X[:0].to("cuda:1"),
        ):
            assert str(Y.device) == "cuda:1"
        with torch.device("cuda:1"):
            assert torch.ones(2).is_cuda
        assert torch.zeros_like(X, device="cuda:1", requires_grad=True).is_leaf
        assert str(X.to("meta").device) == "meta"
        assert str(torch.ones(2, device="meta").device) == "meta"
        assert X.device.type == "cpu"


def test_what_hardware_allows_across_devices():
    with SimulatedGPUs():
        X, Y, Z = torch.ones(3, device="cuda:0"), torch.full((3,), 2.0, device="cuda:1"), torch.full((3,), 3.0)
        X.copy_(Y)
        assert [str(X.device), X.tolist()] == ["cuda:0", [2, 2, 2]]
        X[1:] = Z[1:]
        Z[0] = Y[0]
        assert [str(X.device), X.tolist(), str(Z.device)] == ["cuda:0", [2, 3, 3], "cpu"]
        assert str((X * torch.tensor(2.0)).device) == "cuda:0"
        assert str(X[torch.tensor([0, 2])].device) == "cuda:0"
        torch._foreach_add_([X, Y], [torch.ones(3, device="cuda:0"), torch.ones(3, device="cuda:1")], alpha=2)
        assert [X.tolist(), Y.tolist()] == [[4, 5, 5], [4, 4, 4]]
        assert [str(t.device) for t in torch._foreach_mul([X, Y], 2)] == ["cuda:0", "cuda:1"]


def test_what_hardware_refuses():
    with SimulatedGPUs():
        X, Y = torch.ones(3, device="cuda:0"), torch.ones(3, device="cuda:1")
        with pytest.raises(RuntimeError, match="same device"):
            torch.stack([X, Y])
        with pytest.raises(RuntimeError, match="same device"):
            Y[torch.tensor([0], device="cuda:0")]
        with pytest.raises(RuntimeError, match="different device"):
            X.grad = Y
        with pytest.raises(TypeError, match="numpy"):
            X.numpy()
        X.grad = torch.ones(3, device="cuda:0")


class Doubled(torch.autograd.Function):
    """Twice the sum, and in backward everything that depends on where tensors are."""

    @staticmethod
    def forward(ctx, *vectors):
        ctx.save_for_backward(*vectors)
        return 2 * sum(vector.sum().to(vectors[0].device) for vector in vectors)

    @staticmethod
    def backward(ctx, gradient):
        assert gradient.device == ctx.saved_tensors[0].device
        return tuple(2 * torch.ones_like(v) * gradient.to(v.device) for v in ctx.saved_tensors)


@pytest.mark.parametrize("way", ["backward", "of several", "grad"])
def test_gradients_are_where_their_tensors_are(way):
    with SimulatedGPUs():
        X, Y = (torch.ones(3, device=f"cuda:{i}", requires_grad=True) for i in range(2))
        loss = Doubled.apply(X[1:] * 3, Y) + nn.functional.one_hot(torch.tensor([1], device="cuda:0")).sum()
        loss = loss.to("cuda:1") * Y.detach()[0]
        if way == "grad":
            gradients = torch.autograd.grad(loss, [X, Y])
        else:
            loss.backward() if way == "backward" else torch.autograd.backward([loss])
            gradients = (X.grad, Y.grad)
        assert [str(gradient.device) for gradient in gradients] == ["cuda:0", "cuda:1"]
        assert [gradient.tolist() for gradient in gradients] == [[0, 6, 6], [2, 2, 2]]
        X.detach().sub_(gradients[0])


def test_one_optimiser_serves_several_devices():
    with SimulatedGPUs():
        weights = [torch.ones(2, device=f"cuda:{i}", requires_grad=True) for i in range(2)]
        for optimiser in (torch.optim.SGD(weights, lr=1.0, momentum=0.5), torch.optim.Adam(weights)):
            optimiser.zero_grad()
            for weight in weights:
                (weight * 2).sum().backward()
            optimiser.step()
        assert [str(weight.device) for weight in weights] == ["cuda:0", "cuda:1"]


def test_function_transforms_work():
    with SimulatedGPUs():
        W, X = torch.ones(3, device="cuda:1"), torch.ones(2, 3)
        gradient = torch.func.grad(lambda W: (X.to(W.device) @ W).sum())(W)
        assert [str(gradient.device), gradient.tolist()] == ["cuda:1", [2, 2, 2]]
        moved = torch.func.grad(lambda X: (X.to(W.device) @ W).sum())(X)
        assert [str(moved.device), moved.tolist()] == ["cpu", [[1, 1, 1], [1, 1, 1]]]
        assert str(torch.func.vmap(lambda row: row.to("cuda:1") * W)(X).device) == "cuda:1"


def test_nothing_is_left_of_it_afterwards():
    with SimulatedGPUs():
        X = torch.ones(2, device="cuda:0")
    assert X.device.type == "cpu"
    assert (X + torch.ones(2)).tolist() == [2, 2]


@probe(SimulatedGPUs)
def where(names, X):
    with SimulatedGPUs():
        return str(names.move(X).device)


def test_a_probe_ships_what_it_uses():
    desk = Desk(Local({"move": lambda X: X.to("cuda:3")}))
    desk.begin(0, {})
    assert Exhibit(desk).run(where, torch.ones(1)) == "cuda:3"
