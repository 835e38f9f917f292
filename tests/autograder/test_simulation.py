"""Pretended GPUs behave like real ones where the exercises can tell."""

from __future__ import annotations

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
