"""What exercises that train or evaluate are given: a small network that notes how it is run, batches, a loss, an optimiser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

LEARNING_RATE = 0.5
CLASSES = 4


class Noting(nn.Module):
    """Passes X on, and notes the mode in which it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.modes: list[bool] = []

    def forward(self, X: Tensor) -> Tensor:
        self.modes.append(self.training)
        return X


class Network(nn.Module):
    """Takes the mean over the last axis of each example (n, ..., m), and maps the rest linearly to CLASSES scores; the
    modules inside note their modes. An X that was flattened before does not fit."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.outer = Noting()
        self.linear = nn.Linear(features, CLASSES)
        self.inside = nn.Sequential(Noting())

    def forward(self, X: Tensor) -> Tensor:
        self.outer.modes.append(self.training)
        scores: Tensor = self.inside(self.linear(X.mean(dim=-1).flatten(1)))
        return scores


class Rig:
    """For probes whose exercise runs a network. net: the network, perhaps in an nn.Sequential, or a function that calls it. loss: one value an example.
    optimiser: of plain gradient descent; updater: that optimiser, or the same as a function of the batch size."""

    def __init__(
        self, features: int, dtype: torch.dtype, *, fill: Callable[[nn.Module], object],
        module: bool, training: bool, outer: bool, stale: bool, optimised: bool, chained: bool,
    ) -> None:  # fmt: skip
        self.network = Network(features).to(dtype)
        fill(self.network)
        if stale:
            for parameter in self.network.parameters():
                parameter.grad = torch.ones_like(parameter)
        chain = nn.Sequential(self.network).train(training)
        self.network.training = chain.training = outer
        net = chain if chained else self.network
        self.net: Callable[[Tensor], Tensor] = net if module else lambda X: net(X)
        self.loss = nn.CrossEntropyLoss(reduction="none")
        self.optimiser = torch.optim.SGD(self.network.parameters(), lr=LEARNING_RATE)
        self.updater = self.optimiser if optimised else self._update
        self.sizes: list[int] = []

    def batches(self, X: Tensor, y: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
        """The examples in their order, `size` at a time; the last batch may be smaller."""
        return list(zip(X.split(size), y.split(size), strict=True))

    def _update(self, size: int) -> None:
        """A step along the gradients divided by the batch size, which are cleared afterwards."""
        self.sizes.append(int(size))
        with torch.no_grad():
            for parameter in self.network.parameters():
                if parameter.grad is not None:
                    parameter.sub_(LEARNING_RATE * parameter.grad / size)
                    parameter.grad.zero_()

    def found(self) -> dict[str, Any]:
        """What became of the network: its parameters, the modes in which it was called, the sizes the updater was told."""
        inside = self.network.inside[0]
        assert isinstance(inside, Noting)
        return {
            "parameters": {f"net.{name}": p.detach().clone() for name, p in self.network.named_parameters()},
            "trainable": [p.requires_grad for p in self.network.parameters()],
            "modes": list(self.network.outer.modes),
            "inside": list(inside.modes),
            "sizes": list(self.sizes),
        }
