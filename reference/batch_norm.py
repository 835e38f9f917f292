"""Oracle for batch normalisation (lecture 7.5), on torch's own operator."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def batch_norm(
    X: Tensor,
    gamma: Tensor,
    beta: Tensor,
    moving_mean: Tensor,
    moving_var: Tensor,
    eps: float,
    momentum: float,
    training: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """X: (N, C) or (N, C, H, W), the rest: (1, C) or (1, C, 1, 1) -> Y: shape of X, moving_mean, moving_var.

    torch's momentum weighs the new value, ours the old one. torch's running variance takes in the unbiased
    variance, ours the biased one: what the batch has contributed is scaled back by (m - 1) / m.
    """
    mean, var = (t.detach().clone().flatten() for t in (moving_mean, moving_var))
    Y = F.batch_norm(X, mean, var, gamma.flatten(), beta.flatten(), training, 1 - momentum, eps)
    if training:
        old, m = momentum * moving_var.detach().flatten(), X.numel() // X.shape[1]
        var = old + (var - old) * (m - 1) / m
    return Y, mean.view_as(moving_mean), var.view_as(moving_var)


class BatchNorm(nn.Module):
    """Parameters gamma, beta and buffers moving_mean, moving_var: (1, C), or (1, C, 1, 1) for num_dims 4."""

    def __init__(self, num_features: int, num_dims: int) -> None:
        super().__init__()
        ones = torch.ones(1, num_features, *[1] * (num_dims - 2))
        self.gamma, self.beta = nn.Parameter(ones.clone()), nn.Parameter(0 * ones)
        self.register_buffer("moving_mean", 0 * ones)
        self.register_buffer("moving_var", ones)

    def forward(self, X: Tensor) -> Tensor:
        """X: (N, C) or (N, C, H, W) -> same shape."""
        Y, self.moving_mean, self.moving_var = batch_norm(
            X, self.gamma, self.beta, self.moving_mean, self.moving_var, 1e-5, 0.9, self.training
        )
        return Y
