"""The decorators that turn a function into a check, a probe, a misconception or an accepted variant."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, overload

from autograder.course import SuiteError
from autograder.promises import Kind
from autograder.protocol.messages import Probe

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_MARK = "__autograder__"


@dataclass(frozen=True)
class CheckMark:
    """exercise: the top-level name it grades. points: what passing it earns.

    kind: what it is about. Of a contract's clause also: id, the check's own. hint: for whoever fails it and makes no mistake that is known.
    draws: what its inputs are drawn as; clauses that draw the same share them. few: how many of them it needs (None: all).
    translated: whether its docstring is in the reader's language already. examples: given inputs in the place of drawn
    ones. home: the folder of the unit it was taken from, whose catalog translates it. setup: code that makes what is called out of the inputs. is_form: whether it is about the form of results.
    """

    exercise: str
    points: float
    kind: Kind = Kind.PROPERTY
    id: str = ""
    hint: str = ""
    draws: str = ""
    few: int | None = None
    translated: bool = False
    examples: list[dict[str, Any]] | None = None
    setup: str = ""
    home: Path | None = None
    is_form: bool = False


def check(exercise: str, points: float = 1) -> Callable[[Decorated], Decorated]:
    """Declare a test function a check of `exercise` worth `points` (> 0); its docstring is its title."""
    if points <= 0:
        raise SuiteError(f"a check of {exercise} has {points} points; a check is worth something")
    return marking(CheckMark(exercise, points))


def misconception(exercise: str, name: str, *, hint: str) -> Callable[[Decorated], Decorated]:
    """Declare a function or class a wrong implementation of `exercise`, known under `name`.

    hint: what was probably done, why it is wrong, what to look at; no code. The file is read without being run
    (`autograder.submissions.variants`), so all three are plain strings.
    """
    return lambda decorated: decorated


def accepted(exercise: str, style: str) -> Callable[[Decorated], Decorated]:
    """Declare a function or class a correct implementation of `exercise`, written in `style`. It is read, not run."""
    return lambda decorated: decorated


def hints(exercise: str, *, question: str, idea: str, formula: str) -> None:
    """Declare the help with `exercise` that a student can ask for, step by step: `autograder hint EXERCISE`.

    question: makes a student think. idea: in words. formula: in mathematics. None of them is code. `autograder hint`
    reads the call out of the file without running it, so each text is a plain string. Raises SuiteError for an empty one.
    """
    for step, text in (("question", question), ("idea", idea), ("formula", formula)):
        if not text.strip():
            raise SuiteError(f"hints({exercise!r}): the {step} is empty; write it, in words and formulas, without code")


def wrong(exercise: str, name: str, replacements: Mapping[str, str], *, hint: str) -> None:
    """Declare a small change of the solution's `exercise` a mistake known under `name`. It is read, not run.

    replacements: code -> what stands in its place, all put in at once. Each must occur exactly once in the whole function or
    class, comments and docstrings left out. hint: as of `misconception`.
    """


def from_unit(unit: str, check_id: str) -> None:
    """Take a check of another unit into this suite, under the same id: its solution gives the same exercise.

    Raises SuiteError where the other unit has no such check.
    """
    names = sys._getframe(1).f_globals
    path = Path(names["__file__"])
    other = path.parent.parent / unit / path.name
    spec = importlib.util.spec_from_file_location(f"{unit}_suite", other)
    if spec is None or spec.loader is None or not other.is_file():
        raise SuiteError(f"{path}: there is no {other} to take {check_id} from")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, function in vars(module).items():
        mark = mark_of(function)
        if isinstance(mark, CheckMark) and check_id in (mark.id, name):
            names[name] = marking(replace(mark, home=other.parent))(function)
            return
    raise SuiteError(f"{path}: {unit} has no check {check_id}")


def mark_of(function: Any) -> Any:
    """The mark one of these decorators left, or None."""
    return getattr(function, _MARK, None)


@overload
def probe(function: Callable[..., Any], /) -> Probe: ...
@overload
def probe(*uses: type) -> Callable[[Callable[..., Any]], Probe]: ...
def probe(*uses: Any) -> Any:
    """Turn a function into a probe: `submission.run(function, ...)` runs it where the submission lives.

    Its first parameter is the submission's names; it sees torch, nn, np and nothing else of the suite but the classes it
    is declared to use, as in `@probe(SimulatedGPUs)`, which are shipped with it. It returns values, and must not contain
    an expected one: the worker can read it. The first line of its docstring stands for the call in messages, as in
    "evaluate_accuracy(net, data_iter)". Raises SuiteError for anything but a plain function.
    """
    if len(uses) == 1 and not isinstance(uses[0], type):
        return _probe(uses[0], ())
    return lambda function: _probe(function, uses)


def _probe(function: Callable[..., Any], uses: tuple[type, ...]) -> Probe:
    if not inspect.isfunction(function):
        raise SuiteError(f"@probe takes a plain function, not {function!r}")
    source = "\n\n".join(map(_bare_source, [*uses, function]))
    shown = (inspect.getdoc(function) or "").split("\n")[0]
    return Probe(function.__name__, source, shown)


def _bare_source(definition: Any) -> str:
    """Source without decorators and annotations, which name what a worker does not have."""
    node = ast.parse(textwrap.dedent(inspect.getsource(definition))).body[0]
    assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
    node.decorator_list.clear()
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.FunctionDef):
            leaf.returns = None
        elif isinstance(leaf, ast.arg):
            leaf.annotation = None
    return ast.unparse(node)


def marking(mark: object) -> Callable[[Decorated], Decorated]:
    """A decorator that leaves a mark."""

    def decorate(decorated: Decorated) -> Decorated:
        setattr(decorated, _MARK, mark)
        return decorated

    return decorate
