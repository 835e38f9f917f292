"""What the files of a unit declare, read without running them: checks, contracts, hints, mistakes, variants, exercises."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.cutting import BEGIN, BuildError
from autograder.promises import TAKEN, DeclaredContract, UnreadableError, contract_of, literal
from autograder.submissions.variants import CHANGED, WRONG


@dataclass(frozen=True)
class Declared:
    """Something a file declares for an exercise. name: of the function or class it stands on, or of a contract's clause
    ('' for another bare call)."""

    exercise: str
    name: str
    line: int


def declared(path: Path, kind: str) -> Iterator[Declared]:
    """The uses of a decorator or a top-level call (`check`, `hints`, `misconception`, `accepted`), in their order. The
    clauses of contracts and what is taken from other units are checks, too.

    Raises BuildError for a file that Python cannot parse, and where an exercise is no plain string.
    """
    for node in parsed(path).body:
        if kind == "check" and (made := _contract(path, node)) is not None:
            yield from (Declared(made.exercise, clause.id, node.lineno) for clause in made.clauses)
        elif kind == "check" and isinstance(node, ast.Expr) and _is_call(node.value, TAKEN):
            yield _taken(path, node.value)
        elif kind == WRONG and isinstance(node, ast.Expr) and _is_call(node.value, CHANGED):
            yield Declared(_exercise(path, node.value), "", node.lineno)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            for call in node.decorator_list:
                if _is_call(call, kind):
                    yield Declared(_exercise(path, call), node.name, node.lineno)
        elif isinstance(node, ast.Expr) and _is_call(node.value, kind):
            yield Declared(_exercise(path, node.value), "", node.lineno)


def contracts(path: Path) -> list[DeclaredContract]:
    """The contracts of a suite, in their order. Raises BuildError as `declared` does."""
    return [made for node in parsed(path).body if (made := _contract(path, node)) is not None]


def _contract(path: Path, node: ast.stmt) -> DeclaredContract | None:
    try:
        return contract_of(node, parsed(path))
    except UnreadableError as error:
        raise BuildError(f"{path}, {error}") from None


def exercises(solution: Path) -> list[str]:
    """What a student writes: the functions and classes of a solution that hold a solution region, in their order."""
    source = solution.read_text(encoding="utf-8")
    lines = source.split("\n")
    return [
        node.name
        for node in parsed(solution).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and any(line.strip() == BEGIN for line in lines[node.lineno - 1 : node.end_lineno])
    ]


def parsed(path: Path) -> ast.Module:
    """A file's syntax tree, to be read only. Raises BuildError for one that cannot be read."""
    try:
        status = path.stat()
        return _parsed(path, status.st_mtime_ns, status.st_size)
    except (OSError, SyntaxError, ValueError) as error:
        raise BuildError(f"{path} cannot be read: {error}") from error


@functools.lru_cache(maxsize=64)
def _parsed(path: Path, _written: int, _size: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _taken(path: Path, call: ast.expr) -> Declared:
    """A check of another unit, by its id there."""
    assert isinstance(call, ast.Call)
    given = [literal(arg, {}) for arg in call.args]
    if len(given) != 2 or not all(isinstance(each, str) for each in given):
        raise BuildError(f'{path}:{call.lineno}: write from_unit("unit", "id of a check there")')
    unit, name = given
    other = path.parent.parent / unit / path.name
    found = [each for each in declared(other, "check") if each.name == name]
    if not found:
        raise BuildError(f"{path}:{call.lineno}: {unit} has no check {name}")
    return Declared(found[0].exercise, name, call.lineno)


def _is_call(node: ast.expr, kind: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind


def _exercise(path: Path, call: ast.expr) -> str:
    assert isinstance(call, ast.Call)
    first = call.args[0] if call.args else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        raise BuildError(f"{path}:{call.lineno}: name the exercise in quotes, first of all")
    return first.value
