"""Oracle for loss functions (lecture 3.4): torch's own losses, and autograd for their gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def l2_loss(y_hat: Tensor, y: Tensor) -> Tensor:
    """y_hat, y: same shape -> that shape."""
    return F.mse_loss(y_hat, y, reduction="none") / 2


def l1_loss(y_hat: Tensor, y: Tensor) -> Tensor:
    """y_hat, y: same shape -> that shape."""
    return F.l1_loss(y_hat, y, reduction="none")


def huber_loss(y_hat: Tensor, y: Tensor, delta: float = 1.0) -> Tensor:
    """y_hat, y: same shape -> that shape."""
    return F.huber_loss(y_hat, y, reduction="none", delta=delta)


def l2_grad(y_hat: Tensor, y: Tensor) -> Tensor:
    """y_hat, y: same shape -> that shape."""
    return _derivative(l2_loss, y_hat, y)


def l1_grad(y_hat: Tensor, y: Tensor) -> Tensor:
    """y_hat, y: same shape -> that shape."""
    return _derivative(l1_loss, y_hat, y)


def huber_grad(y_hat: Tensor, y: Tensor, delta: float = 1.0) -> Tensor:
    """y_hat, y: same shape -> that shape."""
    return _derivative(huber_loss, y_hat, y, delta)


def has_margin(o: Tensor, y: Tensor, delta: float) -> Tensor:
    """o: (n, q), y: (n,) -> (n,) bool."""
    right = F.one_hot(y, o.shape[1]).bool()
    return o[right] - o.masked_fill(right, -torch.inf).amax(dim=1) >= delta


def _derivative(loss: Callable[..., Tensor], y_hat: Tensor, *others: Tensor | float) -> Tensor:
    with torch.enable_grad():
        at = y_hat.detach().requires_grad_()
        return torch.autograd.grad(loss(at, *others).sum(), at)[0]
