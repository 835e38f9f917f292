"""Oracle for linear algebra (lecture 2.3), on torch's own operators."""

from __future__ import annotations

import torch
from torch import Tensor


def dot(x: Tensor, y: Tensor) -> Tensor:
    """x, y: (n,) -> ()."""
    return torch.dot(x, y)


def matvec(A: Tensor, x: Tensor) -> Tensor:
    """A: (m, n), x: (n,) -> (m,)."""
    return torch.mv(A, x)


def matmul(A: Tensor, B: Tensor) -> Tensor:
    """A: (m, k), B: (k, n) -> (m, n)."""
    return torch.mm(A, B)


def l1_norm(x: Tensor) -> Tensor:
    """x: (n,) -> ()."""
    return torch.linalg.vector_norm(x, ord=1)


def l2_norm(x: Tensor) -> Tensor:
    """x: (n,) -> ()."""
    return torch.linalg.vector_norm(x)


def frobenius_norm(A: Tensor) -> Tensor:
    """A: (m, n) -> ()."""
    return torch.linalg.matrix_norm(A, ord="fro")


def matrix_norm(A: Tensor) -> Tensor:
    """A: (m, n) -> ()."""
    return torch.linalg.matrix_norm(A, ord=2)


def row_normalize(A: Tensor) -> Tensor:
    """A: (m, n) > 0 -> (m, n)."""
    return torch.nn.functional.normalize(A, p=1, dim=1)


def is_symmetric(A: Tensor) -> bool:
    """Whether A is its own transpose."""
    return torch.equal(A, A.T)


def is_antisymmetric(A: Tensor) -> bool:
    """Whether A is minus its own transpose."""
    return torch.equal(A, -A.T)


def is_orthogonal(U: Tensor) -> bool:
    """Whether U is square and all its singular values are 1."""
    return U.shape[0] == U.shape[1] and bool(((torch.linalg.svdvals(U) - 1).abs() < 1e-6).all())


def is_positive_definite(A: Tensor) -> bool:
    """Whether the symmetric A has a Cholesky factor."""
    return int(torch.linalg.cholesky_ex(A).info) == 0


def permutation_matrix(p: Tensor) -> Tensor:
    """p: (n,) -> (n, n)."""
    return torch.nn.functional.one_hot(p, len(p)).float()


def eigenvalue_of(A: Tensor, v: Tensor) -> float | None:
    """The coefficient of the projection of A v on v, if nothing is left beside it."""
    if torch.linalg.vector_norm(v) == 0:
        return None
    u = v / torch.linalg.vector_norm(v)
    image = A @ u
    eigenvalue = u @ image
    left = torch.linalg.vector_norm(image - eigenvalue * u)
    return float(eigenvalue) if left <= 1e-6 * torch.linalg.vector_norm(A) else None
