"""Oracle for linear regression (lectures 3.1 and 3.2): torch's own linear layer, loss, optimiser and least squares."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F


def synthetic_data(w: Tensor, b: float, num_examples: int) -> tuple[Tensor, Tensor]:
    """w: (d,) -> (n, d), (n, 1)."""
    X = torch.randn(num_examples, len(w))
    return X, F.linear(X, w[None], torch.tensor([b])) + 0.01 * torch.randn(num_examples, 1)


def data_iter(batch_size: int, features: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """features: (n, d), labels: (n, 1) -> pairs of (k, d), (k, 1)."""
    for batch in torch.randperm(len(features)).split(batch_size):
        yield features[batch], labels[batch]


def linreg(X: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """X: (n, d), w: (d, 1), b: (1,) -> (n, 1)."""
    return F.linear(X, w.T, b)


def squared_loss(y_hat: Tensor, y: Tensor) -> Tensor:
    """y_hat: (n, 1), y: (n, 1) or (n,) -> (n, 1)."""
    return F.mse_loss(y_hat, y.view_as(y_hat), reduction="none") / 2


def sgd(params: list[Tensor], lr: float, batch_size: int) -> None:
    """params: tensors with their gradients, changed in place."""
    optimiser = torch.optim.SGD(params, lr=lr / batch_size)
    optimiser.step()
    optimiser.zero_grad()


def normal_equation(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """X: (n, d), y: (n, 1) -> (d, 1), (1,)."""
    w, b = torch.linalg.lstsq(F.pad(X, (0, 1), value=1.0), y).solution.split([X.shape[1], 1])
    return w, b[0]


def train_linreg(
    w: Tensor, b: Tensor, features: Tensor, labels: Tensor, lr: float, num_epochs: int, batch_size: int
) -> list[float]:
    """w: (d, 1), b: (1,), features: (n, d), labels: (n, 1) -> one mean loss per epoch."""
    losses = []
    for _ in range(num_epochs):
        for X, y in data_iter(batch_size, features, labels):
            squared_loss(linreg(X, w, b), y).sum().backward()
            sgd([w, b], lr, batch_size)
        losses.append(squared_loss(linreg(features, w, b), labels).mean().item())
    return losses
