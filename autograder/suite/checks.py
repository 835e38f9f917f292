"""The decorators that turn a function into a check, a probe, a misconception or an accepted variant."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from autograder.messages import Probe

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_MARK = "__autograder__"


class SuiteError(Exception):
    """A suite, misconception or variant is written wrongly; the message says where and how to mend it."""


@dataclass(frozen=True)
class CheckMark:
    """exercise: the top-level name it grades. points: what passing it earns."""

    exercise: str
    points: float


@dataclass(frozen=True)
class MisconceptionMark:
    """A named wrong implementation of an exercise.

    trips: the check that must fail for it. hint: what was probably done, why it is wrong, what to look at; no code.
    """

    exercise: str
    name: str
    trips: str
    hint: str


@dataclass(frozen=True)
class AcceptedMark:
    """A correct implementation of an exercise in another style, which must score full marks."""

    exercise: str
    style: str


def check(exercise: str, points: float = 1) -> Callable[[Decorated], Decorated]:
    """Declare a test function a check of `exercise` worth `points` (> 0); its docstring is its title."""
    if points <= 0:
        raise SuiteError(f"a check of {exercise} has {points} points; a check is worth something")
    return _marking(CheckMark(exercise, points))


def misconception(exercise: str, name: str, *, trips: str, hint: str) -> Callable[[Decorated], Decorated]:
    """Declare a function or class a wrong implementation of `exercise`, known under `name`."""
    return _marking(MisconceptionMark(exercise, name, trips, hint))


def accepted(exercise: str, style: str) -> Callable[[Decorated], Decorated]:
    """Declare a function or class a correct implementation of `exercise`, written in `style`."""
    return _marking(AcceptedMark(exercise, style))


def mark_of(function: Any) -> Any:
    """The mark one of these decorators left, or None."""
    return getattr(function, _MARK, None)


def probe(function: Callable[..., Any]) -> Probe:
    """Turn a function into a probe: `submission.run(function, ...)` runs it where the submission lives.

    Its first parameter is the submission's names; it sees torch, nn, np and nothing else of the suite, and returns
    values. It must not contain an expected value: the worker can read it. The first line of its docstring stands for
    the call in messages, as in "evaluate_accuracy(net, data_iter)".
    """
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(source)
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise SuiteError(f"@probe takes a plain function, not {function!r}")
    definition.decorator_list.clear()
    definition.returns = None
    for argument in [*definition.args.args, *definition.args.kwonlyargs]:
        argument.annotation = None
    shown = (inspect.getdoc(function) or "").split("\n")[0]
    return Probe(function.__name__, ast.unparse(tree), shown)


def _marking(mark: object) -> Callable[[Decorated], Decorated]:
    def decorate(decorated: Decorated) -> Decorated:
        setattr(decorated, _MARK, mark)
        return decorated

    return decorate
