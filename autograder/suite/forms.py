"""Form apart from value: what is right but for its type, its dtype or one axis of length 1 can be compared after conversion.

A slip in form costs the clause on form. Where every answer of an exercise has the same slip, its other checks forgive it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from torch import Tensor

# What has to be done to a value, each with what it is done from: (("dtype", "float32"), ("list", "")).
Conversion = tuple[tuple[str, str], ...]

_forgiven: ContextVar[Conversion] = ContextVar("_forgiven", default=())


@contextmanager
def forgiving(conversion: Conversion) -> Iterator[None]:
    """Compare values after this conversion for a while."""
    token = _forgiven.set(conversion)
    try:
        yield
    finally:
        _forgiven.reset(token)


def forgiven() -> Conversion:
    """What is forgiven at present."""
    return _forgiven.get()


def converted(got: Any, want: Any) -> tuple[Any, Conversion]:
    """`got` in the form of `want` as far as there is one way to convert it, and what that took (nothing: ()).

    Converted are dtype, NumPy arrays, a list or tuple of equal tensors to their stack, a number for a tensor without
    dimensions, and one axis of length 1 more or fewer at the end; never by transposing, reshaping, broadcasting or reducing.
    """
    took: set[tuple[str, str]] = set()
    value = _converted(got, want, took)
    return value, tuple(sorted(took))


def in_forgiven_form(got: Any, want: Any) -> Any:
    """`got` converted to the form of `want`, if what that takes is forgiven; else as it is."""
    allowed = forgiven()
    if not allowed:
        return got
    value, took = converted(got, want)
    return value if set(took) <= set(allowed) else got


def _converted(got: Any, want: Any, took: set[tuple[str, str]]) -> Any:
    if isinstance(want, Tensor):
        return _fitted(_as_tensor(got, want, took), want, took)
    if isinstance(want, (list, tuple)) and isinstance(got, (list, tuple)) and len(got) == len(want):
        return [_converted(mine, right, took) for mine, right in zip(got, want, strict=True)]
    if isinstance(want, dict) and isinstance(got, dict) and got.keys() == want.keys():
        return {key: _converted(got[key], right, took) for key, right in want.items()}
    return got


def _as_tensor(got: Any, want: Tensor, took: set[tuple[str, str]]) -> Any:
    if isinstance(got, np.ndarray):
        took.add(("numpy", ""))
        return torch.from_numpy(got)
    if isinstance(got, (int, float)) and not isinstance(got, bool) and want.ndim == 0:
        took.add(("number", ""))
        return torch.tensor(got, dtype=want.dtype)
    if isinstance(got, (list, tuple)) and len(got) == (len(want) if want.ndim else 0):
        parts = [torch.tensor(item) if isinstance(item, (int, float)) else item for item in got]
        if parts and all(isinstance(part, Tensor) and part.shape == want.shape[1:] for part in parts):
            took.add(("list", ""))
            return torch.stack([part.to(parts[0].dtype) for part in parts])
    return got


def _fitted(got: Any, want: Tensor, took: set[tuple[str, str]]) -> Any:
    if not isinstance(got, Tensor):
        return got
    if got.shape == (*want.shape, 1):
        took.add(("axis", "more"))
        got = got[..., 0]
    elif (*got.shape, 1) == want.shape:
        took.add(("axis", "fewer"))
        got = got[..., None]
    if got.shape == want.shape and got.dtype != want.dtype and not got.is_complex():
        took.add(("dtype", str(got.dtype).removeprefix("torch.")))
        got = got.to(want.dtype)
    return got
