"""Commands of a student: start, list, check, watch, hint, progress, doctor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.frame import Exit, Json, Verbose, app, clear_errors, exit_code, print_json
from autograder.course import Course, CourseError, Unit, find_course
from autograder.grader.launching import launch
from autograder.language import VARIABLE, _, speak


def complete_unit(incomplete: str) -> list[tuple[str, str]]:
    """Units of the course that begin like this, with their titles, for the shell."""
    try:
        units = find_course().units.values()
    except CourseError:
        return []
    return [(unit.name, unit.title) for unit in units if unit.name.startswith(incomplete)]


def complete_exercise(incomplete: str) -> list[tuple[str, str]]:
    """Exercises of the course that begin like this, each with its unit, for the shell."""
    from autograder.student.outline import exercises

    try:
        units = find_course().units.values()
    except CourseError:
        return []
    return [(name, unit.name) for unit in units for name in exercises(unit) if name.startswith(incomplete)]


def complete_unit_or_file(incomplete: str) -> list[str | tuple[str, str]]:
    """Units, and the Python files and notebooks here."""
    files = [str(path) for path in Path().glob(f"{incomplete}*") if path.suffix in (".py", ".ipynb")]
    return [*complete_unit(incomplete), *files]


UnitOrFile = Annotated[
    str | None,
    typer.Argument(
        metavar="[UNIT|FILE]",
        help="A unit or one of its files (default: what you changed last).",
        autocompletion=complete_unit_or_file,
    ),
]
ExerciseName = Annotated[
    str | None, typer.Option("--exercise", help="Only this exercise.", autocompletion=complete_exercise)
]


@app.command()
def start(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where your work will live; made if it does not exist.")
    ] = Path("exercises"),
) -> None:
    """Make a folder with every exercise, in lecture order.

    Run it again whenever the course grows: it adds what is new and never touches a file you changed.

    Examples:

      autograder start

      autograder start ~/deep-learning
    """
    with clear_errors():
        from autograder.student import workspace

        course = find_course()
        done = workspace.start(course, folder, list(course.units.values()))
        for name in done.outdated:
            typer.echo(_("kept your {file}; the course has a newer one").format(file=folder / name))
        typer.echo(
            _("{folder}: {count} files written, {kept} of yours kept").format(
                folder=folder, count=len(done.written), kept=len(done.kept)
            )
        )
        here = folder.resolve() == Path.cwd().resolve()
        following = _("Next: autograder watch") if here else _("Next: cd {folder}, then autograder watch")
        typer.echo(following.format(folder=folder))


@app.command("list")
def list_units(
    drafts: Annotated[bool, typer.Option("--drafts", help="Also the units that are being written.")] = False,
    json: Json = False,
) -> None:
    """List the units in lecture order, by the parts of the course.

    Example: autograder list
    """
    with clear_errors():
        course = find_course()
        if json:
            shown = sorted((course.units | (course.drafts if drafts else {})).values(), key=lambda unit: unit.number)
            part_of = {name: part.title for part in course.parts for name in part.units}
            print_json(
                [{"unit": u.name, "title": u.title, "part": part_of[u.name], "lecture": u.lecture} for u in shown]
            )
        else:
            from autograder.cli.console import show_units

            show_units(course, drafts=drafts)


@app.command()
def check(
    unit: UnitOrFile = None,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Your file, if it is not found by the unit's name.")
    ] = None,
    exercise: ExerciseName = None,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Run a unit's public checks on your file.

    Examples:

      autograder check

      autograder check softmax_regression --exercise softmax

      autograder check my_version.py softmax_regression
    """
    with clear_errors():
        course = _course()
        chosen, path = _chosen(course, unit, file)
        launched = launch(preload=(), walled=False)
        from autograder.student.checking import Checker

        with Checker(course, launched) as checker:
            result, progress = checker.check(chosen, path, only=exercise)
        if json:
            print_json([result])
        else:
            from autograder.results.text import console
            from autograder.student.showing import print_all, result_view

            print_all(console(), result_view(course, result, path, progress, verbose=verbose))
        raise typer.Exit(
            exit_code(result.grader_errors, passed=result.score == result.max_score and not result.problems)
        )


@app.command()
def watch(unit: UnitOrFile = None) -> None:
    """Stay open and check your file each time you save it.

    Keys: n next exercise, h hint, r run again, l list of units, q quit. Where the output is no terminal, each save
    prints one block of text.

    Examples:

      autograder watch

      autograder watch softmax_regression
    """
    with clear_errors():
        course = _course()
        chosen = None if unit is None else _chosen(course, unit, None)
        launched = launch(preload=("torch.optim", "torch.utils.data"), walled=False)
        from autograder.student.watching import watch_course

        watch_course(course, chosen, launched)


@app.command()
def hint(
    exercise: Annotated[
        str | None,
        typer.Argument(help="The exercise (default: the next open one).", autocompletion=complete_exercise),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--unit", help="The unit, where two have such an exercise.", autocompletion=complete_unit),
    ] = None,
    step: Annotated[
        int | None, typer.Option("--step", min=1, max=3, help="1 the question, 2 the idea, 3 the formula.")
    ] = None,
) -> None:
    """Help with an exercise in three steps: a question, the idea, the formula. Never the code.

    Each call shows one step more.

    Examples:

      autograder hint softmax

      autograder hint softmax --step 3
    """
    with clear_errors():
        from autograder.student.hinting import next_hint

        course = _course()
        typer.echo(next_hint(course, exercise, None if unit is None else course.unit(unit), step))


@app.command()
def progress(
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the course map.")
    ] = None,
    json: Json = False,
) -> None:
    """Show how far you have come: units done, points, and the streak of checks you fixed.

    Examples:

      autograder progress

      autograder progress --html progress.html
    """
    with clear_errors():
        from autograder.student import overview, workspace
        from autograder.student.progress import read

        course = _course()
        here = workspace.find_workspace()
        if here is None:
            raise CourseError(
                _("progress is kept in a folder made by `autograder start`; go there, or make one: autograder start")
            )
        reached = overview.overview(course, read(here))
        if html is not None:
            overview.write_page(reached, html)
            typer.echo(_("written: {path}").format(path=html))
        elif json:
            print_json(reached)
        else:
            overview.show(reached)


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine has and lacks, and the command that mends it.

    Example: autograder doctor
    """
    with clear_errors():
        from autograder.cli.diagnosing import diagnose

        diagnosis = diagnose()
        if json:
            print_json(diagnosis)
        else:
            from autograder.cli.console import show_diagnosis

            show_diagnosis(diagnosis)
        raise typer.Exit(Exit.DONE if all(part.fine for part in diagnosis) else Exit.NOT_PASSED)


def _course() -> Course:
    """The course, and from now on the language its workspace was made in, if nobody asked for another."""
    from autograder.student.workspace import find_workspace

    workspace = find_workspace()
    if workspace is not None and workspace.record.language and not os.environ.get(VARIABLE):
        speak(workspace.record.language)
    return find_course()


def _chosen(course: Course, name: str | None, file: Path | None) -> tuple[Unit, Path]:
    """The unit and file a student means: nothing, `softmax_regression`, `softmax_regression.py`, or unit and file."""
    from autograder.student import progress as progress_file
    from autograder.student import workspace

    if name is None:
        return _last_or_next(course, progress_file.read(workspace.find_workspace()))
    if file is not None and file.suffix not in (".py", ".ipynb") and Path(name).suffix in (".py", ".ipynb"):
        name, file = str(file), Path(name)
    if file is None and Path(name).suffix in (".py", ".ipynb"):
        file, name = Path(name), Path(name).stem
        if name not in course.units:
            raise CourseError(
                _("{file} is not named after a unit; say which it is: autograder check UNIT {file}").format(file=file)
            )
    unit = course.unit(name)
    if file is None:
        return unit, workspace.own_file(course, unit)
    if not file.is_file():
        raise CourseError(_("{file} does not exist; is the name right, and the folder?").format(file=file))
    return unit, file


def _last_or_next(course: Course, reached: object) -> tuple[Unit, Path]:
    from autograder.student import workspace
    from autograder.student.progress import Progress

    assert isinstance(reached, Progress)
    last = workspace.last_worked_on(course)
    if last is not None:
        return last
    coming = reached.next_open(course)
    unit = coming[0] if coming is not None else next(iter(course.units.values()))
    return unit, workspace.own_file(course, unit)
