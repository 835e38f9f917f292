"""Oracle for residual networks (lecture 7.6), on torch's own layers."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F


class Residual(nn.Module):
    """relu(bn2(conv2(relu(bn1(conv1(X))))) + shortcut), the shortcut being X, or conv3(X) if use_1x1conv."""

    def __init__(self, input_channels: int, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(input_channels, num_channels, 3, strides, 1)
        self.conv2 = nn.Conv2d(num_channels, num_channels, 3, 1, 1)
        self.conv3 = nn.Conv2d(input_channels, num_channels, 1, strides) if use_1x1conv else None
        self.bn1, self.bn2 = nn.BatchNorm2d(num_channels), nn.BatchNorm2d(num_channels)

    def forward(self, X: Tensor) -> Tensor:
        """X: (N, input_channels, H, W) -> (N, num_channels, ceil(H / strides), ceil(W / strides))."""
        shortcut = X if self.conv3 is None else self.conv3(X)
        return F.relu(shortcut + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X))))))


def resnet_block(
    input_channels: int, num_channels: int, num_residuals: int, first_block: bool = False
) -> list[nn.Module]:
    """One stage, (N, input_channels, H, W) -> (N, num_channels, ceil(H / 2), ceil(W / 2)), or the same shape."""
    halving = [] if first_block else [Residual(input_channels, num_channels, True, 2)]
    return [*halving, *(Residual(num_channels, num_channels) for _ in range(num_residuals - len(halving)))]


def make_resnet18(in_channels: int, num_classes: int) -> nn.Sequential:
    """(N, in_channels, H, W) -> (N, num_classes)."""
    stem = (nn.Conv2d(in_channels, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
    stages = (resnet_block(c, d, 2, first_block=c == d) for c, d in pairwise((64, 64, 128, 256, 512)))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, num_classes))
    return nn.Sequential(*stem, *(block for stage in stages for block in stage), *head)
