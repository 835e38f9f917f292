"""Commands of an instructor: grade."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.cli.frame import Json, SeedOption, app, clear_errors, exit_code, print_results
from autograder.course import Course, CourseError, find_course
from autograder.grader.launching import launch


@app.command()
def grade(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders of students.")],
    unit: Annotated[
        str | None, typer.Option("--unit", help="Grade this unit only; also names files that do not.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Where the results go: OUT/STUDENT/UNIT.json.")] = Path("results"),
    require_isolation: Annotated[
        bool, typer.Option(help="Refuse to grade where a layer of the wall is missing.")
    ] = False,
    feedback: Annotated[bool, typer.Option("--feedback", help="Also print every student's feedback.")] = False,
    seed: SeedOption = None,
    json: Json = False,
) -> None:
    """Grade submissions with the hidden suites.

    Examples:

      autograder grade submissions/ --out results

      autograder grade alice.py --unit dropout

    Exits with 0 when every submission was graded, whatever its score; with 1 when something could not be; with 3, and
    no grade written for that submission, when the grader itself failed.
    """
    with clear_errors():
        course = find_course()
        if unit is not None:
            course.unit(unit)
        from autograder.gathering import gather

        gathered = gather(paths, course.units, unit)
        if not gathered.submissions:
            raise CourseError(
                "nothing to grade:\n" + "\n".join(gathered.remarks or ["no .py or .ipynb file was found"])
            )
        launched = launch()
        from autograder.grader.grading import Grader

        drawn_from = course.seed if seed is None else seed
        with Grader(drawn_from, launched=launched, require_isolation=require_isolation) as grader:
            graded = list(_grade_all(course, grader, gathered.submissions, out))
        print_results(graded, json=json, feedback=feedback or len(graded) == 1, out=out)
        for remark in gathered.remarks:
            typer.echo(f"not graded: {remark}", err=True)
        errors = [error for result, _ in graded for error in result.grader_errors]
        raise typer.Exit(exit_code(errors, passed=not gathered.remarks))


def _grade_all(course: Course, grader: Any, found: list[Any], out: Path) -> Iterator[tuple[Any, Path]]:
    from autograder import results
    from autograder.submission import read_submission

    for each in found:
        result = grader.unit(course.unit(each.unit)).grade(read_submission(each.path, each.student))
        if not result.grader_errors:
            results.write(result, out)
        yield result, each.path
