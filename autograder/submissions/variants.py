"""Wrong and right implementations kept beside the suites, and the submissions they make. They are read, not run."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import SuiteError, Unit
from autograder.submissions.cells import Cell
from autograder.submissions.changes import ChangeError, changed
from autograder.submissions.submission import Submission

WRONG, RIGHT, CHANGED = "misconception", "accepted", "wrong"


@dataclass(frozen=True)
class Variant:
    """One marked function or class of `wrong.py` or `right.py`, or one change of the solution in `wrong.py`.

    name: what the mistake is called, or the style. hint: of a mistake, what was probably done and where to look.
    definition: the one exercise in which it differs from the `solution`. shared: what else its file defines.
    """

    exercise: str
    name: str
    hint: str
    identifier: str
    definition: str
    shared: str
    solution: str

    @property
    def source(self) -> str:
        """A complete submission: later definitions win."""
        return f"{self.solution}\n\n# %%\n{self.shared}\n\n# %%\n{self.definition}\n"

    @property
    def submission(self) -> Submission:
        return together([self])


def together(variants: Sequence[Variant]) -> Submission:
    """The submission that differs from the solution in several exercises, by variants of one file."""
    label = "+".join(variant.identifier for variant in variants) + ".py"
    source = variants[0].source + "".join(f"\n\n# %%\n{other.definition}\n" for other in variants[1:])
    return Submission(Path(label).stem, Path(label), [Cell(label, source)])


def misconceptions(unit: Unit) -> list[Variant]:
    """The unit's named wrong implementations, in the order they are written; none where there is no such file.

    Raises SuiteError, with file and line, for one that is marked wrongly.
    """
    return _variants(unit, unit.misconceptions, WRONG)


def accepted_variants(unit: Unit) -> list[Variant]:
    """The unit's correct implementations in other styles. Raises SuiteError as `misconceptions` does."""
    return _variants(unit, unit.accepted, RIGHT)


def _variants(unit: Unit, path: Path, kind: str) -> list[Variant]:
    """A variant is the solution followed by the file's own helpers and the one marked definition, renamed to the
    exercise it implements: later definitions win, so only that exercise differs from the solution."""
    if not path.is_file():
        return []
    tree = _parsed(path)
    helpers = [node for node in tree.body if not _is_suite_import(node) and not _declares(node, kind)]
    shared = ast.unparse(ast.Module(helpers, type_ignores=[]))
    solution = unit.solution.read_text(encoding="utf-8")
    found: dict[str, Variant] = {}
    for node in tree.body:
        mark = _mark(node, kind)
        if mark is not None:
            assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
            exercise, name, hint = _texts(path, mark, kind)
            variant = Variant(exercise, name, hint, node.name, _renamed(node, exercise), shared, solution)
        elif kind == WRONG and _is_change(node):
            variant = _changed(path, node, shared, solution)
        else:
            continue
        if variant.identifier in found:
            raise SuiteError(f"{path}:{node.lineno}: there are two {variant.identifier}; the first would never be used")
        found[variant.identifier] = variant
    return list(found.values())


def _declares(node: ast.stmt, kind: str) -> bool:
    return _mark(node, kind) is not None or (kind == WRONG and _is_change(node))


def _is_change(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == CHANGED


def _changed(path: Path, node: ast.stmt, shared: str, solution: str) -> Variant:
    """The variant that `wrong("exercise", "name", {"code": "other code"}, hint="...")` declares. Raises SuiteError."""
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Call)
    try:
        exercise, name, changes = map(ast.literal_eval, node.value.args)
        hint = {each.arg: ast.literal_eval(each.value) for each in node.value.keywords}["hint"]
        if not all(isinstance(each, str) for each in (exercise, name, hint, *changes, *changes.values())):
            raise ValueError
    except (ValueError, KeyError, AttributeError, TypeError):
        form = '"exercise", "what is done", {"code": "other code"}, hint="..."'
        raise SuiteError(f"{path}:{node.lineno}: write {CHANGED}({form}), with plain strings") from None
    try:
        definition = changed(solution, exercise, changes)
    except ChangeError as error:
        raise SuiteError(f"{path}:{node.lineno}: {name!r}: {error}") from None
    identifier = re.sub(r"\W+", "_", f"{exercise} {name}").strip("_")
    return Variant(exercise, name, hint, identifier, definition, shared, solution)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise SuiteError(f"{path} cannot be read: {error}") from error


def _mark(node: ast.stmt, kind: str) -> ast.Call | None:
    """The decorator `@misconception(...)` or `@accepted(...)` of a definition."""
    for decorator in node.decorator_list if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else []:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == kind:
            return decorator
    return None


def _texts(path: Path, mark: ast.Call, kind: str) -> tuple[str, str, str]:
    """Exercise, name and hint of a mark: plain strings, since nothing of the file is run."""
    given = [*mark.args, *(keyword.value for keyword in mark.keywords if keyword.arg == "hint")]
    texts = [value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    wanted = 3 if kind == WRONG else 2
    if len(texts) != wanted or len(given) + len(mark.keywords) - (kind == WRONG) > wanted:
        form = '"exercise", "what is done", hint="..."' if kind == WRONG else '"exercise", "style"'
        raise SuiteError(f"{path}:{mark.lineno}: write @{kind}({form}), with plain strings")
    exercise, name, hint = (*texts, "")[:3]
    return exercise, name, hint


def _is_suite_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder")


def _renamed(node: ast.FunctionDef | ast.ClassDef, exercise: str) -> str:
    copy = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(copy, (ast.FunctionDef, ast.ClassDef))
    original, copy.name = copy.name, exercise
    copy.decorator_list = [d for d in copy.decorator_list if not _is_mark(d)]
    for leaf in ast.walk(copy):
        if isinstance(leaf, ast.Name) and leaf.id == original:
            leaf.id = exercise
    return ast.unparse(copy)


def _is_mark(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(call, ast.Name) and call.id in (WRONG, RIGHT)
