"""Help in steps: read a unit's `hints(...)` out of its public suite, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course, CourseError, Unit, closest

STEPS = ("question", "idea", "formula")


@dataclass(frozen=True)
class Hints:
    """The steps of help with one exercise, mildest first. No step holds code."""

    exercise: str
    question: str
    idea: str
    formula: str

    @property
    def steps(self) -> tuple[str, str, str]:
        return self.question, self.idea, self.formula


def read_hints(suite: Path) -> dict[str, Hints]:
    """The hints declared in a public suite, by exercise, in the order they are written.

    The file is parsed, never imported, so this takes milliseconds. Raises CourseError for a file that cannot be read
    and for a call whose texts are not plain strings.
    """
    try:
        module = ast.parse(suite.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise CourseError(f"{suite} cannot be read: {error}") from error
    found = [_hints(suite, call) for call in map(_hints_call, module.body) if call is not None]
    return {each.exercise: each for each in found}


def find_hints(course: Course, exercise: str, unit: Unit | None = None) -> tuple[Unit, Hints]:
    """The hints of an exercise, in `unit` or in the first unit that has such an exercise.

    Raises CourseError, naming the closest exercise, if there are none.
    """
    units = [unit] if unit is not None else [each for each in course.units.values() if each.public_suite.is_file()]
    known: dict[str, None] = {}
    for each in units:
        hints = read_hints(each.public_suite)
        if exercise in hints:
            return each, hints[exercise]
        known |= dict.fromkeys(hints)
    raise CourseError(f"there is no hint for {exercise!r}{closest(exercise, known)}; `autograder list` shows the units")


def _hints_call(node: ast.stmt) -> ast.Call | None:
    call = node.value if isinstance(node, ast.Expr) else None
    named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "hints"
    return call if isinstance(call, ast.Call) and named else None


def _hints(suite: Path, call: ast.Call) -> Hints:
    try:
        (exercise,) = map(ast.literal_eval, call.args)
        texts = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except ValueError as error:
        raise CourseError(
            f"{suite}, line {call.lineno}: hints(...) takes one exercise and plain strings ({error})"
        ) from error
    if set(texts) != set(STEPS) or not all(isinstance(text, str) for text in (exercise, *texts.values())):
        raise CourseError(
            f'{suite}, line {call.lineno}: write hints("exercise", question="...", idea="...", formula="...")'
        )
    return Hints(exercise, **texts)
