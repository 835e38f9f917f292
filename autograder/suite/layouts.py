"""The same numbers in another order in memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

LAYOUTS = ("transposed", "sliced", "reversed")


def laid_out(value: Any, layout: str | int) -> Any:
    """A tensor (or each of a list) laid out anew: first and last axis exchanged in memory, every second column of a wider
    tensor, or all axes in reverse order (of images: the channels last). Anything else, and "contiguous", as it is.

    layout: one of LAYOUTS or "contiguous"; a number chooses among those of LAYOUTS that the tensor can have.
    """
    if isinstance(value, list):
        return [laid_out(item, layout) for item in value]
    if not isinstance(value, Tensor) or value.ndim == 0:
        return value
    if isinstance(layout, int):
        possible = (
            LAYOUTS if value.ndim > 2 else LAYOUTS[:2] if value.ndim > 1 and 1 not in value.shape else ("sliced",)
        )
        layout = possible[layout % len(possible)]
    if layout == "transposed" and value.ndim >= 2:
        return value.transpose(0, -1).contiguous().transpose(0, -1)
    if layout == "reversed" and value.ndim >= 2:
        order = list(reversed(range(value.ndim)))
        return value.permute(order).contiguous().permute(order)
    if layout == "sliced":
        wide = torch.zeros((*value.shape[:-1], 2 * value.shape[-1]), dtype=value.dtype)
        wide[..., ::2] = value
        return wide[..., ::2]
    return value
