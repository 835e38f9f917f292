"""Oracle: finite probability, as products of vectors and matrices."""

import torch
from torch import Tensor


def empirical_frequencies(p: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """p: (k,) -> (k,), by inversion of the distribution function."""
    edges = p.double().cumsum(0) / p.double().sum()
    draws = torch.searchsorted(edges, torch.rand(n, generator=generator, dtype=torch.float64), right=True)
    return torch.nn.functional.one_hot(draws, len(p)).double().mean(dim=0)


def expectation(values: Tensor, p: Tensor) -> Tensor:
    """values, p: (k,) -> ()."""
    return p @ values


def variance(values: Tensor, p: Tensor) -> Tensor:
    """values, p: (k,) -> (), as half the mean squared distance of two independent draws."""
    return torch.outer(p, p).mul((values[:, None] - values) ** 2).sum() / 2


def marginals(P: Tensor) -> tuple[Tensor, Tensor]:
    """P: (a, b) -> (a,), (b,)."""
    return P @ torch.ones(P.shape[1], dtype=P.dtype), torch.ones(len(P), dtype=P.dtype) @ P


def conditional(P: Tensor, j: int) -> Tensor:
    """P: (a, b) -> (a,)."""
    return (P / P.sum(dim=0, keepdim=True))[:, j]


def bayes(prior: Tensor, likelihood: Tensor) -> Tensor:
    """prior, likelihood: (k,) -> (k,)."""
    return prior * likelihood / torch.dot(prior, likelihood)


def is_distribution(p: Tensor, tol: float = 1e-6) -> bool:
    """p: (k,) -> bool."""
    return all(entry >= 0 for entry in p.tolist()) and abs(sum(p.tolist()) - 1) <= tol
