"""What a mismatch looks like, as data small enough for a result: a window of a matrix, or a few boxes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.grader.assessing import Assessment
from autograder.results.document import Boxes, Matrices, Number
from autograder.suite.closeness import Mismatch

SIDE = 12
MOST_BOXES = 20
FEWEST_ENTRIES = 4
DIGITS = 6


def figure_of(assessment: Assessment) -> Matrices | Boxes | None:
    """The shown failure as a picture: what its message prints, and the rest of the same two tensors.

    None where the check passed, where entries were not compared one by one, or where there are too few to draw.
    """
    error = assessment.shown.error if assessment.shown is not None else None
    if not isinstance(error, Mismatch) or error.wrong is None:
        return None
    got, want, wrong = error.got, error.want, error.wrong
    if not (isinstance(got, Tensor) and isinstance(want, Tensor)) or got.is_complex() or not wrong.any():
        return None
    if error.boxes and got.ndim >= 2 and bool(wrong[..., -4:].any()):
        return _boxes(got[..., -4:], want[..., -4:], wrong[..., -4:])
    return _matrices(got, want, wrong)


def _matrices(got: Tensor, want: Tensor, wrong: Tensor) -> Matrices | None:
    """The window around the first wrong entry, in the last two dimensions that have more than one entry."""
    shape = list(got.shape)
    axes = [axis for axis, size in enumerate(shape) if size > 1][-2:]
    if not axes:
        return None
    corner = wrong.nonzero()[0].tolist()
    window: list[int | slice] = list(corner)
    for axis in axes:
        corner[axis] = _start(corner[axis], shape[axis])
        window[axis] = slice(corner[axis], corner[axis] + SIDE)
    sides = [torch.atleast_2d(each[tuple(window)]) for each in (got, want, wrong)]
    if sides[0].numel() < FEWEST_ENTRIES:
        return None
    return Matrices(_rows(sides[0]), _rows(sides[1]), _places(sides[2]), shape, axes, corner)


def _boxes(got: Tensor, want: Tensor, wrong: Tensor) -> Boxes:
    """The boxes from the first wrong one on, or all of them where they are few."""
    *leading, first, _ = wrong.nonzero()[0].tolist()
    count = wrong.shape[-2]
    start = 0 if count <= MOST_BOXES else min(first, count - MOST_BOXES)
    window = (*leading, slice(start, start + MOST_BOXES))
    return Boxes(_rows(got[window]), _rows(want[window]), _places(wrong[window].any(dim=-1)), start, count)


def _start(wrong: int, size: int) -> int:
    """Where a window of SIDE entries begins that holds the wrong one, in the middle where it can."""
    return max(0, min(wrong - SIDE // 2, size - SIDE))


def _places(wrong: Tensor) -> list[int]:
    return [int(place) for place in wrong.flatten().nonzero().flatten()]


def _rows(values: Tensor) -> list[list[Number]]:
    return [[_number(value) for value in row] for row in values.detach().to(torch.float64).tolist()]


def _number(value: float) -> Number:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else str(value)
