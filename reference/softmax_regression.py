"""Oracle for softmax regression (lecture 3.6), on torch's own operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Batches = Iterable[tuple[Tensor, Tensor]]
Model = Callable[[Tensor], Tensor]


def softmax(X: Tensor) -> Tensor:
    """X: (n, q) -> (n, q)."""
    return F.softmax(X, dim=1)


def cross_entropy(y_hat: Tensor, y: Tensor) -> Tensor:
    """y_hat: (n, q) probabilities, y: (n,) -> (n,)."""
    return -y_hat.gather(1, y[:, None]).log()[:, 0]


def net(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """X: (n, ...), W: (d, q), b: (q,) -> (n, q)."""
    return F.softmax(F.linear(X.reshape(-1, len(W)), W.T, b), dim=1)


def accuracy(y_hat: Tensor, y: Tensor) -> int:
    """y_hat: (n, q) or (n,), y: (n,) -> count."""
    predicted = y_hat.argmax(dim=1) if y_hat.ndim > 1 else y_hat
    return int((predicted == y).sum())


class Accumulator:
    """n running sums."""

    def __init__(self, n: int) -> None:
        self._sums = torch.zeros(n, dtype=torch.float64)

    def add(self, *args: float) -> None:
        self._sums += torch.tensor([float(a) for a in args], dtype=torch.float64)

    def reset(self) -> None:
        self._sums.zero_()

    def __getitem__(self, idx: int) -> float:
        return float(self._sums[idx])


@torch.no_grad()
def evaluate_accuracy(net: Model, data_iter: Batches) -> float:
    """Fraction of examples whose largest score is at the true class."""
    if isinstance(net, nn.Module):
        net.eval()
    hits = torch.cat([net(X).argmax(dim=1) == y for X, y in data_iter])
    return float(hits.double().mean())


def train_epoch_ch3(
    net: Model, train_iter: Batches, loss: Callable[[Tensor, Tensor], Tensor], updater: object
) -> tuple[float, float]:
    """One epoch; (mean loss, accuracy), both from before each update."""
    if isinstance(net, nn.Module):
        net.train()
    losses, hits = [], []
    for X, y in train_iter:
        y_hat = net(X)
        each = loss(y_hat, y)
        losses.append(each.detach())
        hits.append(y_hat.argmax(dim=1) == y)
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            each.mean().backward()
            updater.step()
        else:
            each.sum().backward()
            updater(len(X))  # type: ignore[operator]
    return float(torch.cat(losses).mean()), float(torch.cat(hits).double().mean())


@torch.no_grad()
def predict_labels(net: Model, X: Tensor) -> Tensor:
    """(n,) int64."""
    if isinstance(net, nn.Module):
        net.eval()
    return net(X).argmax(dim=1)
