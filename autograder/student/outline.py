"""A unit's exercises and points, read out of its public suite without running it."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

from autograder.course import Unit
from autograder.promises import Clause, UnreadableError, contract_of


def exercises(unit: Unit) -> dict[str, float]:
    """Exercise -> points of its public checks, in the order of the suite; empty if there is no readable suite."""
    try:
        return _exercises(unit.handed_out_suite, unit.handed_out_suite.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=64)
def _exercises(suite: Path, _changed: int) -> dict[str, float]:
    try:
        module = ast.parse(suite.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return {}
    points: dict[str, float] = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            for exercise, worth in filter(None, map(_check, node.decorator_list)):
                points[exercise] = points.get(exercise, 0.0) + worth
        for clause in _clauses(node, module):
            points[clause.exercise] = points.get(clause.exercise, 0.0) + clause.points
    return points


def _clauses(node: ast.stmt, module: ast.Module) -> list[Clause]:
    """What a contract promises; nothing of one that cannot be read."""
    try:
        made = contract_of(node, module)
    except UnreadableError:
        return []
    return made.clauses if made is not None else []


def _check(decorator: ast.expr) -> tuple[str, float] | None:
    """The exercise and points of `@check("softmax", points=2)`; None for any other decorator."""
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "check"):
        return None
    given = [*decorator.args, *(k.value for k in decorator.keywords if k.arg == "points")]
    values = [value.value for value in given if isinstance(value, ast.Constant)]
    exercise, points = (*values, 1)[:2] if values else ("", 1)
    return (exercise, float(points)) if isinstance(exercise, str) and isinstance(points, (int, float)) else None
