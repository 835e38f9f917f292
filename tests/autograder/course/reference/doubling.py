"""Oracle for doubling."""

import torch
from torch import Tensor, nn


def double(X: Tensor) -> Tensor:
    return X + X


class Scale(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.full((), float(factor), dtype=torch.float64))

    def forward(self, X: Tensor) -> Tensor:
        return X * self.factor


def softmax(X: Tensor) -> Tensor:
    return torch.softmax(X, dim=1)


def noise(n: int) -> Tensor:
    return torch.rand(n)
