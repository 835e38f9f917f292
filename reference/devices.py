"""Oracle for devices (lecture 5.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map


def try_gpu(i: int = 0) -> torch.device:
    """GPU i or the CPU."""
    return torch.device("cuda", i) if i < torch.cuda.device_count() else torch.device("cpu")


def try_all_gpus() -> list[torch.device]:
    """All GPUs or the CPU."""
    return [torch.device("cuda", i) for i in range(torch.cuda.device_count())] or [torch.device("cpu")]


def to_device(batch: Any, device: torch.device) -> Any:
    """The same structure with its tensors on device."""
    return tree_map(lambda leaf: leaf.to(device) if isinstance(leaf, Tensor) else leaf, batch)


@torch.no_grad()
def evaluate_accuracy_gpu(
    net: Callable[[Any], Tensor], data_iter: Iterable[tuple[Any, Tensor]], device: torch.device | None = None
) -> float:
    """Fraction of examples whose largest score is at the true class."""
    if isinstance(net, nn.Module):
        net.eval()
        device = device or next(net.parameters()).device
    hits = []
    for batch in data_iter:
        X, y = to_device(batch, device) if device else batch
        hits += (net(X).argmax(dim=1) == y).tolist()
    return sum(hits) / len(hits)


class DeviceAwareBuffer(nn.Module):
    """Buffers total (num_features,) and count ()."""

    total: Tensor
    count: Tensor

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(num_features))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, X: Tensor, valid_len: int) -> Tensor:
        """X: (n, num_features) -> (n, num_features)."""
        real, padding = X[:valid_len], X[valid_len:]
        if self.training:
            self.total = self.total + real.detach().sum(dim=0)
            self.count = self.count + valid_len
        return torch.cat([real - self.total / self.count.clamp(min=1), torch.zeros_like(padding)])
