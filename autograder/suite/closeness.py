"""Comparisons that say what differs: shape and dtype before value, and never broadcast to forgive."""

from __future__ import annotations

import ast
import contextlib
import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.language import _
from autograder.suite.forms import Conversion, converted, forgiven, in_forgiven_form

_TOLERANCE: dict[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-8, 1e-10),
    torch.float32: (2e-4, 2e-5),
    torch.float16: (1e-2, 1e-3),
    torch.bfloat16: (5e-2, 1e-2),
}


# Where words suffice, and no value is shown; None is a value, and one that says a lot.
UNSHOWN: Any = object()


class Mismatch(AssertionError):
    """What came back is not what must hold.

    problem: a sentence for the student. got, want: the values it is about (UNSHOWN and None where words suffice).
    what: the expression that was judged (None: the last call of the submission). wrong: which entries of a tensor differ
    (None: not known entry by entry). boxes: whether its rows end with the corners of boxes. conversion: of a wrong form,
    what would put it right (None: nothing, or it is no matter of form).
    """

    def __init__(
        self,
        problem: str,
        got: Any = UNSHOWN,
        want: Any = None,
        what: str | None = None,
        *,
        wrong: Tensor | None = None,
        boxes: bool = False,
        conversion: Conversion | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem, self.got, self.want, self.what = problem, got, want, what
        self.wrong, self.boxes, self.conversion = wrong, boxes, conversion


def tolerance(dtype: torch.dtype) -> tuple[float, float]:
    """(relative, absolute) tolerance for a dtype: the one place where it is stated. Integers and bools: (0, 0)."""
    return _TOLERANCE.get(dtype, (0.0, 0.0))


def agree(one: Tensor, other: Tensor, rtol: float, atol: float) -> bool:
    """Whether two tensors of one shape and dtype differ by at most atol + rtol |other| in each entry; NaN equals NaN."""
    # Most are the same bit for bit, which is found out in a twentieth of the time.
    return torch.equal(one, other) or torch.allclose(one, other, rtol, atol, equal_nan=True)


def close(
    got: Any,
    want: Any,
    *,
    what: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    boxes: bool = False,
) -> None:
    """Require `got` to equal `want` up to the tolerance of its dtype.

    want: a tensor (then shape and dtype must agree), a number (a Python number or a one-element tensor will do), None,
    a string, or a list, tuple or dict of these. NaN equals NaN. boxes: a tensor's rows end with (x1, y1, x2, y2), so
    that a difference can be drawn. Raises Mismatch.
    """
    if isinstance(want, Tensor):
        mine = in_forgiven_form(got, want)
        if forgiven():  # what was rounded on the way stays rounded
            rtol, atol = map(max, tolerance(want.dtype), *map(_coarser, forgiven()), (rtol or 0.0, atol or 0.0))
        _close_tensors(tensor_of(mine, shape=want.shape, dtype=want.dtype, what=what), want, what, rtol, atol, boxes)
    elif isinstance(want, (list, tuple)):
        items = items_of(got, len(want), what=what)
        for index, (item, wanted) in enumerate(zip(items, want, strict=True)):
            close(item, wanted, what=_part(what, index), rtol=rtol, atol=atol)
    elif isinstance(want, dict):
        _close_mappings(got, want, what, rtol, atol)
    elif isinstance(want, (int, float)) and not isinstance(want, bool):
        _close_numbers(number_of(got, what=what), want, what, rtol, atol)
    elif type(got) is not type(want) or got != want:
        raise Mismatch(_("must be {value}").format(value=repr(want)), got, what=what)


def equal(got: Any, want: Any, *, what: str | None = None) -> None:
    """`close` without tolerance."""
    close(got, want, what=what, rtol=0.0, atol=0.0)


def different(got: Any, other: Any, problem: str, *, what: str | None = None) -> None:
    """Require a tensor to differ from another somewhere (two random draws, weights before and after a step)."""
    got = tensor_of(got, what=what)
    if isinstance(other, Tensor) and got.shape == other.shape and bool((got == other).all()):
        raise Mismatch(problem, got, what=what)


def expect(condition: Any, problem: str, *, got: Any = UNSHOWN, what: str | None = None) -> None:
    """Require a condition; `problem` is the sentence the student reads where it does not hold."""
    if not bool(condition):
        raise Mismatch(problem, got, what=what)


def tensor_of(
    got: Any,
    *,
    shape: Sequence[int | None] | None = None,
    dtype: torch.dtype | None = None,
    what: str | None = None,
) -> Tensor:
    """Require a tensor (of this shape, None matching any size; of this dtype) and return it."""
    got = _in_forgiven_form(got, shape, dtype)
    if not isinstance(got, Tensor):
        raise Mismatch(_("must be a torch.Tensor"), got, what=what)
    if shape is not None and not _shape_fits(got.shape, shape):
        wanted = "(" + ", ".join(_("any") if n is None else str(n) for n in shape) + (",)" if len(shape) == 1 else ")")
        problem = _("must have shape {wanted}, not {shape}").format(wanted=wanted, shape=tuple(got.shape))
        raise Mismatch(problem, got, what=what)
    if dtype is not None and got.dtype != dtype:
        problem = _("must have dtype {wanted}, not {dtype}").format(wanted=_name(dtype), dtype=_name(got.dtype))
        raise Mismatch(problem, got, what=what)
    return got


def expect_form(got: Any, want: Any, *, what: str | None = None) -> None:
    """Require the type, shape and dtype of `want`, whatever the values. Raises Mismatch, with the conversion that would do."""
    try:
        _expect_form(got, want, what)
    except Mismatch as error:
        value, took = converted(got, want)
        with contextlib.suppress(Mismatch):
            _expect_form(value, want, what)
            error.conversion = took
        raise


def _expect_form(got: Any, want: Any, what: str | None) -> None:
    if isinstance(want, Tensor):
        tensor_of(got, shape=want.shape, dtype=want.dtype, what=what)
    elif isinstance(want, (list, tuple)):
        items = items_of(got, len(want), what=what)
        for index, (item, wanted) in enumerate(zip(items, want, strict=True)):
            _expect_form(item, wanted, _part(what, index))
    elif isinstance(want, dict):
        _expect_keys(got, want, what)
        for key, wanted in want.items():
            _expect_form(got[key], wanted, _part(what, key))
    elif isinstance(want, (int, float)) and not isinstance(want, bool):
        number_of(got, what=what)
    elif type(got) is not type(want):
        raise Mismatch(_("must be {value}").format(value=repr(want)), got, what=what)


def _coarser(slip: tuple[str, str]) -> tuple[float, float]:
    """The tolerance for what had a form of its own: a list of numbers becomes float32 unless told."""
    dtype = torch.float32 if slip[0] == "list" else getattr(torch, slip[1], torch.float64)
    return tolerance(dtype) if isinstance(dtype, torch.dtype) else tolerance(torch.float64)


def _in_forgiven_form(got: Any, shape: Sequence[int | None] | None, dtype: torch.dtype | None) -> Any:
    """`got` as a tensor of this shape and dtype, as far as what that takes is forgiven."""
    if not forgiven():
        return got
    size = (1,) if isinstance(got, (int, float)) else getattr(got, "shape", ())
    wanted = tuple(size if shape is None or None in shape else (n or 0 for n in shape))
    own = [
        item.dtype
        for item in ([got] if isinstance(got, Tensor) else got if isinstance(got, list) else ())
        if isinstance(item, Tensor)
    ]
    kind = dtype or (own[0] if own else torch.float32)
    return in_forgiven_form(got, torch.empty(wanted, dtype=kind, device="meta"))


def number_of(got: Any, *, what: str | None = None) -> float:
    """Require a number: int, float, or a tensor or array of one element; return it as a float."""
    if isinstance(got, (int, float)) and not isinstance(got, bool):
        return float(got)
    if isinstance(got, Tensor) and got.numel() == 1 and not got.is_complex():
        return float(got)
    if isinstance(got, np.ndarray) and got.size == 1:
        return float(got.item())
    raise Mismatch(_("must be a number"), got, what=what)


def items_of(got: Any, count: int | None = None, *, what: str | None = None) -> list[Any]:
    """Require a list, tuple or iterator (of `count` items) and return its items."""
    if isinstance(got, (Tensor, str, dict, np.ndarray)) or not isinstance(got, Iterable):
        raise Mismatch(_("must be a list or a tuple"), got, what=what)
    items = list(got)
    if count is not None and len(items) != count:
        one, more = _("must have one item, not {count}"), _("must have {wanted} items, not {count}")
        said = (one if count == 1 else more).format(wanted=count, count=len(items))
        raise Mismatch(said, items, what=what)
    return items


def kept_items_of(got: Any, count: int | None = None, *, what: str | None = None) -> list[Any]:
    """`items_of` a list or tuple: what makes its items on demand has none left when it is asked again."""
    items = items_of(got, count, what=what)
    if len(items_of(got)) != len(items):
        raise Mismatch(_("is empty when it is read again: it is neither list nor tuple"), what=what)
    return items


def _shape_fits(shape: torch.Size, wanted: Sequence[int | None]) -> bool:
    return len(shape) == len(wanted) and all(w is None or n == w for n, w in zip(shape, wanted, strict=True))


def _close_tensors(
    got: Tensor, want: Tensor, what: str | None, rtol: float | None, atol: float | None, boxes: bool
) -> None:
    if got.device.type == "meta" or want.device.type == "meta":
        if got.device.type != want.device.type:
            problem = _("must live on device {wanted}, not {device}")
            raise Mismatch(problem.format(wanted=want.device.type, device=got.device.type), got, what=what)
        return
    default_rtol, default_atol = tolerance(want.dtype)
    rtol, atol = default_rtol if rtol is None else rtol, default_atol if atol is None else atol
    if agree(got, want, rtol, atol):
        return
    differs = ~torch.isclose(got, want, rtol, atol, equal_nan=True)
    wrong = differs.nonzero()
    where = wrong[0].tolist()
    entry = _("entry {where}").format(where=where) if where else _("the value")
    counted = _(" ({count} of {total} entries differ)").format(count=len(wrong), total=got.numel())
    count = counted if got.numel() > 1 else ""
    mine, right = _apart(got[tuple(where)].item(), want[tuple(where)].item())
    problem = _("{entry} is {mine} where {right} is right").format(entry=entry, mine=mine, right=right)
    raise Mismatch(problem + count, got, want, what, wrong=differs, boxes=boxes)


def _close_numbers(got: float, want: float, what: str | None, rtol: float | None, atol: float | None) -> None:
    # A Python number may have been computed in float32.
    relative, absolute = (1e-6 if rtol is None else rtol), (1e-8 if atol is None else atol)
    if not (math.isclose(got, want, rel_tol=relative, abs_tol=absolute) or (math.isnan(got) and math.isnan(want))):
        mine, right = _apart(got, float(want))
        raise Mismatch(_("is {mine} where {right} is right").format(mine=mine, right=right), got, want, what)


def _close_mappings(got: Any, want: dict[Any, Any], what: str | None, rtol: float | None, atol: float | None) -> None:
    _expect_keys(got, want, what)
    for key, wanted in want.items():
        close(got[key], wanted, what=_part(what, key), rtol=rtol, atol=atol)


def _expect_keys(got: Any, want: dict[Any, Any], what: str | None) -> None:
    if not isinstance(got, dict):
        raise Mismatch(_("must be a dictionary"), got, what=what)
    if set(got) != set(want):
        problem = _("must have the keys {wanted}, not {keys}")
        raise Mismatch(problem.format(wanted=sorted(want, key=str), keys=sorted(got, key=str)), what=what)


def _part(what: str | None, key: Any) -> str:
    """How an item of what was judged is called: by an index behind an expression, by its number where words follow."""
    what = what or _("the result")
    return f"{what}[{key!r}]" if _is_expression(what) else _("item {key} of {what}").format(key=repr(key), what=what)


@functools.lru_cache(maxsize=10_000)
def _is_expression(what: str) -> bool:
    try:
        ast.parse(what, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _apart(got: Any, want: Any) -> tuple[str, str]:
    """Two entries in words, floats with six digits, or with as many as it takes to tell them apart."""
    if not (isinstance(got, float) and isinstance(want, float)):
        return str(got), str(want)
    for digits in range(6, 18):
        mine, right = f"{got:.{digits}g}", f"{want:.{digits}g}"
        if mine != right:
            break
    return mine, right


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
