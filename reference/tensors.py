"""Oracle for working with tensors (lecture 2.1), on torch's own operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


def outer_sum(a: Tensor, b: Tensor) -> Tensor:
    """a: (m,), b: (n,) -> (m, n)."""
    return torch.cartesian_prod(a, b).reshape(len(a), len(b), 2).sum(dim=2)


def broadcast_shape(s: tuple[int, ...], t: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape; ValueError if there is none."""
    try:
        return torch.broadcast_shapes(s, t)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def pick(y_hat: Tensor, y: Tensor) -> Tensor:
    """y_hat: (n, q), y: (n,) -> (n,)."""
    return y_hat.gather(1, y[:, None])[:, 0]


def concat(X: Tensor, Y: Tensor, dim: int) -> Tensor:
    """X and Y along axis dim."""
    return torch.cat([X, Y], dim=dim)


def set_region(X: Tensor, rows: tuple[int, int], cols: tuple[int, int], value: float) -> Tensor:
    """X: (m, n) -> (m, n)."""
    i, j = torch.arange(X.shape[0])[:, None], torch.arange(X.shape[1])
    inside = (rows[0] <= i) & (i < rows[1]) & (cols[0] <= j) & (j < cols[1])
    return X.masked_fill(inside, value)


def add_in_place(Y: Tensor, X: Tensor) -> Tensor:
    """Y, which holds Y + X afterwards."""
    return Y.add_(X)


def shares_memory(A: Tensor, B: Tensor) -> bool:
    """Whether A and B lie in one storage."""
    return torch._C._is_alias_of(A, B)


def numpy_copy(X: Tensor) -> np.ndarray[Any, Any]:
    """An array of its own."""
    return X.detach().clone().numpy()
