"""Commands of a student: list, check, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.frame import Exit, Json, app, clear_errors, exit_code, print_json, print_results
from autograder.course import Course, CourseError, Unit, find_course
from autograder.grader.launching import launch


@app.command("list")
def list_units(json: Json = False) -> None:
    """List the units in lecture order."""
    with clear_errors():
        course = find_course()
        if json:
            print_json([{"unit": u.name, "title": u.title, "lecture": u.lecture} for u in course.units.values()])
        else:
            from autograder.console import show_units

            show_units(course)


@app.command()
def check(
    unit: Annotated[str, typer.Argument(help="The unit, or a file of it.")],
    file: Annotated[Path | None, typer.Argument(help="Your file (default: found by the unit's name).")] = None,
    exercise: Annotated[str | None, typer.Option(help="Check only this exercise.")] = None,
    json: Json = False,
) -> None:
    """Run a unit's public checks on your file.

    Example: autograder check softmax_regression
    """
    with clear_errors():
        course = find_course()
        chosen, path = _own_file(course, unit, file)
        launched = launch(preload=())
        from autograder.grader.grading import Grader
        from autograder.submission import read_submission

        with Grader(course.seed, launched=launched, public=True, walled=False) as grader:
            graded = grader.unit(chosen)
            if exercise is not None and exercise not in graded.suite.exercises():
                raise CourseError(
                    f"{chosen.name} has no exercise {exercise!r}; it has {', '.join(graded.suite.exercises())}"
                )
            result = graded.grade(read_submission(path), only=exercise)
        print_results([(result, path)], json=json, feedback=True)
        raise typer.Exit(
            exit_code(result.grader_errors, passed=result.score == result.max_score and not result.problems)
        )


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine has: versions, the layers of the wall, GPUs."""
    with clear_errors():
        from autograder.diagnosing import diagnose

        diagnosis = diagnose()
        if json:
            print_json(diagnosis)
        else:
            from autograder.console import show_diagnosis

            show_diagnosis(diagnosis)
        raise typer.Exit(Exit.DONE if all(part.fine for part in diagnosis) else Exit.NOT_PASSED)


def _own_file(course: Course, name: str, file: Path | None) -> tuple[Unit, Path]:
    """The unit and file a student means: `check softmax_regression`, `check softmax_regression.py`, or both."""
    if file is None and Path(name).suffix in (".py", ".ipynb"):
        return course.unit(Path(name).stem), Path(name)
    unit = course.unit(name)
    if file is not None:
        if not file.is_file():
            raise CourseError(f"{file} does not exist")
        return unit, file
    here = [Path(f"{name}.py"), Path(f"{name}.ipynb"), Path(name) / f"{name}.py", Path(name) / f"{name}.ipynb"]
    for candidate in [*here, unit.stub]:
        if candidate.is_file():
            return unit, candidate
    raise CourseError(f"no {name}.py or {name}.ipynb here; name your file: autograder check {name} FILE")
