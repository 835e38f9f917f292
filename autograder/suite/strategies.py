"""Strategies that draw tensors: odd sizes, size 1, float32 and float64, transposed and sliced layouts.

Entries are multiples of 1/8, exact in every floating dtype and short to print; they shrink towards 0, and shapes
towards 1, so that the smallest failing input reads well.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import Tensor

from autograder.suite.layouts import laid_out

Size = int | st.SearchStrategy[int]

FLOATS: st.SearchStrategy[torch.dtype] = st.sampled_from([torch.float64, torch.float32])


def eighths(low: float = -4.0, high: float = 4.0) -> st.SearchStrategy[float]:
    """Multiples of 1/8 in [low, high]; shrink towards 0."""
    return st.integers(round(low * 8), round(high * 8)).map(lambda n: n / 8)


EXTREME: st.SearchStrategy[float] = st.sampled_from([0.0, 1.0, -1.0, 100.0, -100.0, 1000.0, -1000.0, 50000.0, -50000.0])
"""Entries whose exponential overflows or underflows."""


@st.composite
def tensors(
    draw: st.DrawFn,
    shape: Sequence[Size] | st.SearchStrategy[tuple[int, ...]],
    *,
    elements: st.SearchStrategy[Any] | None = None,
    dtype: torch.dtype | st.SearchStrategy[torch.dtype] = FLOATS,
    layouts: bool = True,
) -> Tensor:
    """A tensor of the given shape (sizes may be strategies) with the given entries.

    layouts: also draw tensors that are not contiguous (transposed, or every second column of a wider one).
    """
    sizes = draw(shape) if isinstance(shape, st.SearchStrategy) else tuple(map(draw, map(_strategy, shape)))
    chosen = draw(_strategy(dtype))
    entries = draw(
        hnp.arrays(np.float64, sizes, elements=eighths() if elements is None else elements, fill=st.nothing())
    )
    tensor = torch.from_numpy(entries.copy()).to(chosen)
    layout = draw(st.sampled_from(["contiguous", "contiguous", "transposed", "sliced"])) if layouts else "contiguous"
    laid: Tensor = laid_out(tensor, layout)
    return laid


def matrices(rows: Size | None = None, columns: Size | None = None, **options: Any) -> st.SearchStrategy[Tensor]:
    """(rows, columns) with 1 to 5 rows and columns unless given."""
    return tensors((_small(rows), _small(columns)), **options)


def logits(rows: Size | None = None, classes: Size | None = None, **options: Any) -> st.SearchStrategy[Tensor]:
    """(n, q) unnormalised scores, n and q from 1 to 5 unless given."""
    return matrices(rows, classes, **options)


@st.composite
def distributions(draw: st.DrawFn, rows: Size | None = None, classes: Size | None = None) -> Tensor:
    """(n, q) with positive rows that sum to 1, q >= 2 unless given."""
    classes = classes if classes is not None else st.integers(2, 5)
    weights = draw(tensors((_small(rows), classes), elements=eighths(0.125, 4), layouts=False))
    return weights / weights.sum(dim=1, keepdim=True)


def labels(count: Size, classes: Size) -> st.SearchStrategy[Tensor]:
    """(count,) class indices below `classes`, int64."""
    if isinstance(classes, st.SearchStrategy):
        return classes.flatmap(lambda number: labels(count, number))
    return tensors((count,), elements=st.integers(0, classes - 1), dtype=torch.int64, layouts=False)


def together(strategy: st.SearchStrategy[Sequence[Any]], *names: str) -> dict[str, st.SearchStrategy[Any]]:
    """Inputs that are drawn together, by their names: `together(st.tuples(...), "y_hat", "y")`."""
    drawn = st.shared(strategy, key=" ".join(names))
    return {name: drawn.map(operator.itemgetter(place)) for place, name in enumerate(names)}


@st.composite
def spread(draw: st.DrawFn, shape: Sequence[Size], *, dtype: torch.dtype = torch.float64) -> Tensor:
    """Standard normal entries from a drawn seed, rounded to three decimals so that they read well.

    For inputs that should not shrink to zero, or have no ties.
    """
    sizes = tuple(map(draw, map(_strategy, shape)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31 - 1)))
    return torch.randn(sizes, generator=generator, dtype=torch.float64).round(decimals=3).to(dtype)


@st.composite
def tensor_lists(
    draw: st.DrawFn,
    shapes: Sequence[Sequence[Size]],
    *,
    dtype: torch.dtype | st.SearchStrategy[torch.dtype] = torch.float64,
    layouts: bool = False,
) -> list[Tensor]:
    """Tensors of the given shapes in a list (all parameters of a layer, say), from one drawn seed.

    Their entries are multiples of 1/8 between -2 and 2; unlike those of `tensors` they do not shrink one by one, which
    would take too long. layouts: transposed and sliced ones are among them.
    """
    sizes = [tuple(map(draw, map(_strategy, shape))) for shape in shapes]
    chosen = draw(_strategy(dtype))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 9999)))
    drawn = []
    for size in sizes:
        tensor = torch.randint(-16, 17, size, generator=generator).to(chosen) / 8
        layout = int(torch.randint(3, (), generator=generator)) if layouts else 0
        drawn.append(laid_out(tensor, ("contiguous", "transposed", "sliced")[layout]))
    return drawn


def _small(size: Size | None) -> Size:
    return st.integers(1, 5) if size is None else size


def _strategy(value: Any) -> st.SearchStrategy[Any]:
    return value if isinstance(value, st.SearchStrategy) else st.just(value)
