"""Help in steps: read a unit's `hints(...)` out of its public suite, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course, CourseError, Unit, closest
from autograder.language import _, translated
from autograder.student import progress as progress_file
from autograder.student.outline import exercises
from autograder.student.progress import Progress
from autograder.student.workspace import find_workspace, last_worked_on

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


def find_hints(course: Course, exercise: str, units: list[Unit]) -> tuple[Unit, Hints]:
    """The hints of an exercise in the first of `units` that has it.

    Raises CourseError, naming the closest exercise, if there are none.
    """
    known: dict[str, None] = {}
    for unit in units:
        hints = read_hints(unit.public_suite) if unit.public_suite.is_file() else {}
        if exercise in hints:
            return unit, hints[exercise]
        known |= dict.fromkeys([*hints, *exercises(unit)])
    if exercise in known:
        raise CourseError(_("there is no hint for {exercise} yet; ask your instructor").format(exercise=exercise))
    raise CourseError(
        _("there is no exercise {exercise!r}{closest}; `autograder progress` shows them all").format(
            exercise=exercise, closest=closest(exercise, known)
        )
    )


def next_hint(course: Course, exercise: str | None, unit: Unit | None, step: int | None, *, typed: bool = True) -> str:
    """The next step of help with an exercise (default: the next open one), in words for a terminal or a page.

    step: this one (1 to 3) instead of the next. What was shown is kept in the workspace; outside of one it is always
    the first. typed: say which command shows the step after it. Raises CourseError if there is no such exercise.
    """
    workspace = find_workspace()
    reached = progress_file.read(workspace)
    units = [unit] if unit is not None else _likely(course, reached)
    if exercise in course.units and unit is None:
        units, exercise = [course.unit(exercise)], None
    name = exercise or _next_open(units, reached)
    unit, hints = find_hints(course, name, units)
    number = step or reached.hints.get(f"{unit.name}/{name}", 0) + 1
    text = told(unit, hints, number)
    if typed:
        text += f"\n\n{_how_to_go_on(unit, hints, number)}"
    reached.hints[f"{unit.name}/{name}"] = min(number, len(STEPS))
    progress_file.write(reached, workspace)
    return text


def told(unit: Unit, hints: Hints, number: int) -> str:
    """Step `number` (1, 2, 3; anything above is the last) below its heading, in the reader's language."""
    number = min(number, len(STEPS))
    heading = _("{exercise}: hint {number} of {count}, {kind}").format(
        exercise=hints.exercise, number=number, count=len(STEPS), kind=_kind(number)
    )
    return f"{heading}\n\n{translated(hints.steps[number - 1], unit.home)}"


def _how_to_go_on(unit: Unit, hints: Hints, number: int) -> str:
    if number < len(STEPS):
        more = _("Next, {kind}: autograder hint {exercise}")
        return more.format(kind=_kind(number + 1), exercise=hints.exercise)
    last = _("That was the last step. Try it on a small example by hand, then: autograder check {unit}")
    return last.format(unit=unit.name)


def _kind(number: int) -> str:
    return (_("a question"), _("the idea"), _("the formula"))[number - 1]


def _likely(course: Course, reached: Progress) -> list[Unit]:
    """The units, the one worked on last first: two units may have an exercise of the same name."""
    units = list(course.units.values())
    last = last_worked_on(course)
    started = [last[0]] if last is not None and reached.open(last[0]) else []
    return [*started, *(unit for unit in units if unit not in started)]


def _next_open(units: list[Unit], reached: Progress) -> str:
    for unit in units:
        for name in reached.open(unit):
            return name
    names = [name for unit in units for name in exercises(unit)]
    raise CourseError(
        _("every exercise is solved; name the one you mean, as in: autograder hint {exercise}").format(
            exercise=names[0] if names else "EXERCISE"
        )
    )


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
