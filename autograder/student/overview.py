"""How far a student has come, as a table in the terminal and as a page with the course map."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course, CourseError, Unit
from autograder.files import replace_file
from autograder.language import _, language
from autograder.student.outline import exercises
from autograder.student.progress import Progress

BAR_WIDTH = 16


@dataclass(frozen=True)
class ExercisePlace:
    """state: solved, begun or open."""

    name: str
    state: str


@dataclass(frozen=True)
class UnitPlace:
    """One unit on the map. part: the title of its part of the course. earned, most: points of its public checks."""

    name: str
    title: str
    part: str
    lecture: str
    earned: float
    most: float
    exercises: list[ExercisePlace]

    @property
    def solved(self) -> int:
        return sum(exercise.state == "solved" for exercise in self.exercises)

    @property
    def done(self) -> bool:
        return self.solved == len(self.exercises)


@dataclass(frozen=True)
class Overview:
    """The course map with what is done. next: the next open exercise ('' if all are solved), and its unit."""

    title: str
    units: list[UnitPlace]
    units_done: int
    solved: int
    total: int
    earned: float
    most: float
    streak: int
    best_streak: int
    fixed: int
    next_unit: str
    next_exercise: str

    def by_part(self) -> list[tuple[str, list[UnitPlace]]]:
        """The units of each part, in lecture order."""
        return [(part, list(units)) for part, units in itertools.groupby(self.units, key=lambda unit: unit.part)]


def overview(course: Course, progress: Progress) -> Overview:
    """Put the course and what is known of a student's work together."""
    units = [_unit_place(unit, course.told(part.title), progress) for part, each in course.by_part() for unit in each]
    coming = progress.next_open(course)
    return Overview(
        title=course.heading,
        units=units,
        units_done=sum(unit.done for unit in units),
        solved=sum(unit.solved for unit in units),
        total=sum(len(unit.exercises) for unit in units),
        earned=sum(unit.earned for unit in units),
        most=sum(unit.most for unit in units),
        streak=progress.streak,
        best_streak=progress.best_streak,
        fixed=progress.fixed,
        next_unit=coming[0].name if coming else "",
        next_exercise=coming[1] if coming else "",
    )


def _unit_place(unit: Unit, part: str, progress: Progress) -> UnitPlace:
    solved = progress.solved(unit)
    state = progress.units.get(unit.name)
    begun = {check.exercise for check in state.checks.values() if check.begun} if state is not None else set()
    places = [
        ExercisePlace(exercise, "solved" if exercise in solved else "begun" if exercise in begun else "open")
        for exercise in exercises(unit)
    ]
    earned, most = progress.points(unit)
    return UnitPlace(unit.name, unit.heading, part, unit.lecture, earned, most, places)


def show(reached: Overview) -> None:
    """Print the table: a line for each unit below its part, then the sums and what comes next."""
    from rich.table import Table
    from rich.text import Text

    from autograder.results.text import console
    from autograder.student.showing import bar

    table = Table(title=reached.title, title_justify="left", box=None, pad_edge=False)
    for heading in (_("unit"), _("exercises"), "", _("points")):
        table.add_column(heading, justify="right" if heading == _("points") else "left", no_wrap=True)
    for part, units in reached.by_part():
        table.add_row(Text(part, "bold"))
        for unit in units:
            count = f"{unit.solved}/{len(unit.exercises)}"
            points = f"{unit.earned:g}/{unit.most:g}"
            mark = Text.assemble(("✓ " if unit.done else "  ", "green"), unit.name)
            table.add_row(mark, count, bar(unit.solved, len(unit.exercises), BAR_WIDTH), points)
    screen = console()
    screen.print(table)
    screen.print()
    for line in sentences(reached):
        screen.print(line)


def sentences(reached: Overview) -> list[str]:
    """The sums in words."""
    lines = [
        _("{done} of {units} units and {solved} of {total} exercises done, {earned} of {most} points.").format(
            done=reached.units_done,
            units=len(reached.units),
            solved=reached.solved,
            total=reached.total,
            earned=f"{reached.earned:g}",
            most=f"{reached.most:g}",
        ),
        _("Checks fixed: {fixed}. Streak: {streak} in a row without breaking one; the best: {best}.").format(
            fixed=reached.fixed, streak=reached.streak, best=reached.best_streak
        ),
    ]
    if reached.next_exercise:
        coming = _("Next: {exercise} in {unit}. Start with: autograder check {unit}")
        lines.append(coming.format(exercise=reached.next_exercise, unit=reached.next_unit))
    else:
        lines.append(_("Every public check of the course passes. Well done."))
    return lines


def page(reached: Overview) -> str:
    """The course map as a page that stands on its own: no script, no network."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("autograder.student", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = {"solved": _("solved"), "begun": _("begun"), "open": _("open")}
    return environment.get_template("progress.html").render(
        reached=reached, sentences=sentences(reached), words=words, language=language(), exercises=_("exercises"),
        points=_("points"), heading=_("Course map"), symbols={"solved": "✓", "begun": "◐", "open": "○"},
    )  # fmt: skip


def write_page(reached: Overview, path: Path) -> None:
    """Write the page. Raises CourseError if it cannot be written."""
    try:
        replace_file(path, page(reached).encode())
    except OSError as error:
        raise CourseError(
            _("{path} cannot be written ({reason}); choose another place").format(path=path, reason=error.strerror)
        ) from error
