"""Oracle: derivatives by autograd, and the book's table of shapes."""

from collections.abc import Callable

import torch
from torch import Tensor

Shape = tuple[int, ...]


def numeric_jacobian(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-6) -> Tensor:
    """f: (n,) -> (m,), x: (n,) -> (m, n), central differences."""
    steps = h * torch.eye(len(x), dtype=x.dtype)
    ends = [torch.stack([f(x + sign * step) for step in steps]) for sign in (1, -1)]
    return ((ends[0] - ends[1]) / (2 * h)).T


def jacobian_shape(y_shape: Shape, x_shape: Shape) -> Shape:
    """The table of numerator layout: a scalar is (1,), a vector (n, 1), a matrix (n, k)."""
    m, l = (*y_shape, 0)[:2]  # noqa: E741
    n, k = (*x_shape, 0)[:2]
    table = {
        ("scalar", "scalar"): (1,), ("scalar", "vector"): (1, n), ("scalar", "matrix"): (k, n),
        ("vector", "scalar"): (m, 1), ("vector", "vector"): (m, n), ("vector", "matrix"): (m, k, n),
        ("matrix", "scalar"): (m, l), ("matrix", "vector"): (m, l, n), ("matrix", "matrix"): (m, l, k, n),
    }  # fmt: skip
    return table[_kind(y_shape), _kind(x_shape)]


def _kind(shape: Shape) -> str:
    return "scalar" if len(shape) == 1 else "vector" if shape[1] == 1 else "matrix"


def jacobian_of_linear(A: Tensor, layout: str) -> Tensor:
    """A: (m, n) -> (m, n) or (n, m)."""
    numerator = torch.autograd.functional.jacobian(lambda x: A @ x, torch.zeros(A.shape[1], dtype=A.dtype))
    return {"numerator": numerator, "denominator": numerator.T}[layout].contiguous()


def grad_quadratic_form(A: Tensor, x: Tensor) -> Tensor:
    """A: (n, n), x: (n,) -> (n,)."""
    return _gradient(lambda x: x @ A @ x, x)


def grad_least_squares(X: Tensor, w: Tensor, y: Tensor) -> Tensor:
    """X: (n, d), w: (d,), y: (n,) -> (d,)."""
    return _gradient(lambda w: ((X @ w - y) ** 2).mean() / 2, w)


def subgradient_abs(x: float) -> tuple[float, float]:
    """The slopes just before and just after x."""
    return (-1.0 if x <= 0 else 1.0), (1.0 if x >= 0 else -1.0)


def subgradient_relu(x: float) -> tuple[float, float]:
    """The slopes just before and just after x."""
    return float(x > 0), float(x >= 0)


def _gradient(f: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    with torch.enable_grad():
        leaf = at.detach().requires_grad_()
        return torch.autograd.grad(f(leaf), leaf)[0]
