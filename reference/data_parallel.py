"""Oracle for data-parallel training (lecture 12.5)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def loss_of(X: Tensor, y: Tensor, params: Sequence[Tensor]) -> Tensor:
    """X: (n, d), y: (n,), params: W1 (d, h), b1 (h,), W2 (h, q), b2 (q,) -> (n,)."""
    W1, b1, W2, b2 = params
    return F.cross_entropy(F.linear(F.relu(F.linear(X, W1.T, b1)), W2.T, b2), y, reduction="none")


def get_params(params: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Independent leaves on device."""
    return [p.detach().to(device, copy=True).requires_grad_() for p in params]


def allreduce(data: Sequence[Tensor]) -> None:
    """Every tensor becomes the sum of all, in place."""
    total = torch.stack([each.to(data[0].device) for each in data]).sum(dim=0)
    for each in data:
        each.copy_(total)


def split_batch(X: Tensor, y: Tensor, devices: Sequence[torch.device]) -> tuple[list[Tensor], list[Tensor]]:
    """(n, ...), (n, ...) -> k shards of each, on their devices."""
    if len(X) != len(y):
        raise ValueError("X and y differ in length")
    X_shards, y_shards = (
        [shard.to(device) for shard, device in zip(whole.tensor_split(len(devices)), devices, strict=True)]
        for whole in (X, y)
    )
    return X_shards, y_shards


def train_batch(
    X: Tensor, y: Tensor, device_params: Sequence[Sequence[Tensor]], devices: Sequence[torch.device], lr: float
) -> None:
    """p <- p - lr * gradient of the mean loss of the whole batch, for every copy."""
    shards = zip(*split_batch(X, y, devices), device_params, strict=True)
    gradients = [torch.autograd.grad(loss_of(A, b, params).sum(), list(params)) for A, b, params in shards]
    with torch.no_grad():
        for params in device_params:
            for p, *parts in zip(params, *gradients, strict=True):
                p.sub_(sum(part.to(p.device) for part in parts), alpha=lr / len(X))
