"""Values in words: short in a sentence, and as code that can be pasted into Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.language import _
from autograder.protocol.wire import HandleRef, Opaque

PASTED_ENTRIES = 64
SHOWN_ENTRIES = 36
SHOWN_ROWS, SHOWN_COLUMNS = 4, 6
LONG_LIST = 100
_NUMBER = re.compile(r"[^\s\[\],]+")


def shown_argument(value: Any) -> str:
    """A value inside a shown call: numbers in full, tensors by their shape."""
    if isinstance(value, Tensor):
        return f"<tensor {tuple(value.shape)}>"
    if isinstance(value, (list, tuple)) and any(isinstance(item, Tensor) for item in value):
        return f"[{', '.join(shown_argument(item) for item in value)}]"
    text = (
        repr(value) if isinstance(value, (int, float, str, bool, type(None), list, tuple, dict)) else _type_name(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."


def described(value: Any) -> str:
    """What kind of value it is: `Tensor float32 (2, 3)`, `None`, `float 0.5`."""
    if isinstance(value, Tensor):
        device = "" if value.device.type == "cpu" else _(" on {device}").format(device=value.device.type)
        return f"Tensor {_dtype(value.dtype)} {tuple(value.shape)}{device}"
    if isinstance(value, np.ndarray):
        return f"numpy.ndarray {value.dtype} {value.shape}"
    if isinstance(value, Opaque):
        return value.description
    if value is None:
        return "None"
    if isinstance(value, (torch.device, torch.dtype)):
        return f"{type(value).__name__} {value}"
    if isinstance(value, (bool, int, float, str)):
        return f"{type(value).__name__} {shown_argument(value)}"
    if isinstance(value, (list, tuple)):
        items = ", ".join(described(item) for item in value[:4])
        return _("a sequence of {count}: {items}").format(count=len(value), items=items)[:200]
    if isinstance(value, dict):
        keys = ", ".join(map(str, list(value)[:8]))
        return _("a dictionary with the keys {keys}").format(keys=keys)[:200]
    return _("an object of type {type}").format(type=_type_name(value))


def entries(value: Any, around: tuple[int, ...] | None = None, *, mark: bool = False) -> str:
    """A tensor's entries, cut to a window where they are many; anything else described.

    around: the index the window must hold (default: the first entries). mark: carets below that entry.
    """
    if not isinstance(value, Tensor) or value.device.type == "meta":
        return described(value)
    centre = around or (0,) * value.ndim
    window = _window(value.shape, centre) if value.numel() > SHOWN_ENTRIES else (slice(None),) * value.ndim
    cut = value.detach()[window]
    array = (cut.float() if cut.dtype in (torch.bfloat16, torch.float16) else cut).numpy()
    text = np.array2string(array, precision=4, suppress_small=True, max_line_width=88, separator=", ")
    if cut.numel() < value.numel():
        place = _("  (first entries of {shape})") if around is None else _("  (around entry {index} of {shape})")
        text += place.format(index=list(centre), shape=tuple(value.shape))
    if mark and around is not None:
        text = _with_carets(text, _place(cut.shape, window, centre))
    return text


def _window(shape: torch.Size, centre: tuple[int, ...]) -> tuple[int | slice, ...]:
    """Of the last two dimensions a few rows and columns around the centre, of the others the centre alone."""
    sides = {len(shape) - 2: SHOWN_ROWS, len(shape) - 1: SHOWN_COLUMNS}
    window: list[int | slice] = list(centre)
    for axis, side in sides.items():
        if axis >= 0:
            first = max(0, min(centre[axis] - side // 2, shape[axis] - side))
            window[axis] = slice(first, first + side)
    return tuple(window)


def _place(cut: torch.Size, window: tuple[int | slice, ...], index: tuple[int, ...]) -> int:
    """Where the entry of this index comes in the window, counted row by row."""
    starts = [(part.start or 0, axis) for axis, part in enumerate(window) if isinstance(part, slice)]
    place = 0
    for size, (start, axis) in zip(cut, starts, strict=True):
        place = place * size + index[axis] - start
    return place


def _with_carets(text: str, place: int) -> str:
    """The printed array with carets below its entry number `place`."""
    lines = []
    for line in text.split("\n"):
        lines.append(line)
        numbers = list(_NUMBER.finditer(line))
        if 0 <= place < len(numbers):
            start, end = numbers[place].span()
            lines.append(" " * start + "^" * (end - start))
        place -= len(numbers)
    return "\n".join(lines)


def call_code(shown: str, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    """A call that can be pasted into Python, one argument a line where it is long; '' if an argument cannot be."""
    given = [_code(value) for value in args]
    given += [None if _code(value) is None else f"{name}={_code(value)}" for name, value in kwargs.items()]
    known = [code for code in given if code is not None]
    if len(known) < len(given):
        return ""
    line = f"{shown}({', '.join(known)})"
    if len(line) <= LONG_LIST:
        return line
    return f"{shown}(\n" + "".join(f"    {code},\n" for code in known) + ")"


def pasted(name: str, value: Any) -> str:
    """`X = torch.tensor([[0., 1.]])`: an assignment that reproduces the value, or its description as a comment."""
    code = _code(value)
    if code is not None and len(code) > LONG_LIST and isinstance(value, list):
        code = "[\n" + "".join(f"    {_code(item)},\n" for item in value) + "]"
    if code is None:
        return f"# {name}: {described(value)}"
    sliced = isinstance(value, Tensor) and value.ndim >= 2 and not value.is_contiguous()
    return f"{name} = {code}" + (_("  # not contiguous in memory") if sliced else "")


def printable(text: str) -> str:
    """Text from student code with its control characters spelled out, so that it cannot steer a terminal."""
    return "".join(c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def magnitude(values: list[Any]) -> tuple[int, float, int]:
    """How hard an input is to read: entries of its tensors, then their absolute sum, then the length of the rest."""
    count, total, rest = 0, 0.0, 0
    for leaf in _leaves(values):
        if not isinstance(leaf, Tensor):
            rest += len(repr(leaf))
        elif leaf.device.type != "meta":
            count += leaf.numel()
            total += 0.0 if leaf.is_complex() else float(leaf.double().abs().sum())
    return count, total, rest


def _leaves(value: Any) -> Iterator[Any]:
    """What the containers in a value hold, keys included, at any depth."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _code(value: Any) -> str | None:
    if isinstance(value, Tensor):
        return _tensor_code(value)
    if isinstance(value, (bool, int, float, str, type(None))):
        return repr(value)
    if isinstance(value, torch.dtype):
        return str(value)
    if isinstance(value, torch.device):
        return f'torch.device("{value}")'
    if isinstance(value, dict):
        pairs = {repr(key): _code(item) for key, item in value.items()}
        inner = ", ".join(f"{key}: {item}" for key, item in pairs.items())
        return f"{{{inner}}}" if None not in pairs.values() else None
    if isinstance(value, (list, tuple)):
        items = [_code(item) for item in value]
        if any(item is None for item in items):
            return None
        inner = ", ".join(item for item in items if item is not None)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(items) == 1 else ''})"
    return None


def _tensor_code(value: Tensor) -> str | None:
    if value.numel() > PASTED_ENTRIES or value.device.type == "meta":
        return None
    if value.numel() == 0:
        return f"torch.empty({tuple(value.shape)}, dtype=torch.{_dtype(value.dtype)})"
    default = value.dtype in (torch.float32, torch.int64, torch.bool)
    suffix = "" if default else f", dtype=torch.{_dtype(value.dtype)}"
    return f"torch.tensor({_literal(value.tolist())}{suffix})"


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        return f"{value:.0f}." if value == int(value) and abs(value) < 1e15 else repr(value)
    return repr(value)


def _type_name(value: Any) -> str:
    return value.type_name if isinstance(value, HandleRef) or hasattr(value, "_ref") else type(value).__name__


def _dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
