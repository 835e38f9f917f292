"""Oracle: the perceptron in the language of one weight vector, for points with a 1 at their end."""

import torch
from torch import Tensor
from torch.nn import functional as F


def predict(X: Tensor, w: Tensor, b: float) -> Tensor:
    """X: (n, d), w: (d,) -> (n,) of 1 and -1."""
    return 2.0 * ((X * w).sum(dim=1) > -b) - 1


def perceptron_loss(X: Tensor, w: Tensor, b: float, y: Tensor) -> Tensor:
    """X: (n, d), w: (d,), y: (n,) -> (n,)."""
    return F.relu(-y * (torch.mv(X, w) + b))


def perceptron_grad(X: Tensor, w: Tensor, b: float, y: Tensor) -> tuple[Tensor, Tensor]:
    """X: (n, d), w: (d,), y: (n,) -> (d,), ()."""
    with torch.enable_grad():
        leaves = w.detach().requires_grad_(), torch.tensor(b, dtype=w.dtype, requires_grad=True)
        loss = perceptron_loss(X.detach(), leaves[0], leaves[1], y.detach()).sum()  # type: ignore[arg-type]
        dw, db = torch.autograd.grad(loss, leaves)
    return dw, db


def train_perceptron(X: Tensor, y: Tensor, max_epochs: int = 1000) -> tuple[Tensor, float, int]:
    """X: (n, d), y: (n,) -> w (d,), b, number of updates."""
    signed = (torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1) * y[:, None]).tolist()
    weights, updates = [0.0] * len(signed[0]), 0
    for _ in range(max_epochs):
        count = updates
        for point in signed:
            if sum(a * c for a, c in zip(weights, point, strict=True)) <= 0:
                weights = [a + c for a, c in zip(weights, point, strict=True)]
                updates += 1
        if updates == count:
            break
    return torch.tensor(weights[:-1], dtype=X.dtype), weights[-1], updates


def convergence_bound(r: float, rho: float) -> float:
    """(r² + 1) / ρ²."""
    return (r * r + 1) / (rho * rho)
