"""Commands that read results: report, export, diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.frame import Exit, Json, app, clear_errors, print_json
from autograder.course import CourseError, find_course

Results = Annotated[Path, typer.Argument(help="The folder that `autograder grade --out` wrote.")]


@app.command()
def report(
    results: Results,
    out: Annotated[Path, typer.Option("--out", help="Where the pages go.")] = Path("report"),
) -> None:
    """Write a report on a class: a page on the whole class, and one for each student. They need no network.

    Example: autograder report results --out report

    Exits with 1 when a result could not be read; it is named, and the pages are made from the rest.
    """
    with clear_errors():
        from autograder.pages.site import write_report
        from autograder.results.reading import read_results

        reading = read_results(results)
        written = write_report(reading, out, _titles(translate=True))
        typer.echo(f"{len(written)} pages; open {written[0]}")
        _name_left_out(reading.remarks)


@app.command()
def export(
    results: Results,
    form: Annotated[str, typer.Option("--format", help="csv, gradescope, canvas, moodle, junit or nbgrader.")],
    out: Annotated[
        str | None,
        typer.Option("--out", help="A file, a folder, or for nbgrader a database (default: named after the format)."),
    ] = None,
    units: Annotated[list[str] | None, typer.Option("--unit", help="Only this unit; may be given again.")] = None,
) -> None:
    """Export results for a spreadsheet, a learning platform, or nbgrader's gradebook.

    Examples:

      autograder export results --format canvas --unit dropout

      autograder export results --format nbgrader --out sqlite:///gradebook.db

    Exits with 1 when a result could not be read; it is named, and the others are exported.
    """
    with clear_errors():
        from autograder.results.exporting import FORMATS
        from autograder.results.reading import read_results

        if form not in FORMATS:
            raise CourseError(f"there is no format {form!r}; choose one of {', '.join(FORMATS)}")
        reading = read_results(results).only(units or [])
        chosen = FORMATS[form]
        for name in chosen.write(reading, out or chosen.target, _titles()):
            typer.echo(f"written: {name}")
        _name_left_out(reading.remarks)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Results as they were.")],
    new: Annotated[Path, typer.Argument(help="Results as they are now.")],
    json: Json = False,
) -> None:
    """Compare two gradings: whose grade changed, and by which check.

    Example: autograder diff results-before results

    Exits as diff does: 0 when no grade and no check's outcome differs, 1 when one does; also 1 when a result could not
    be read.
    """
    with clear_errors():
        from autograder.results.differing import compare, described
        from autograder.results.reading import read_results

        before, after = read_results(old), read_results(new)
        difference = compare(before, after)
        if json:
            print_json(difference)
        else:
            for line in described(difference):
                typer.echo(line)
        _name_left_out([*before.remarks, *after.remarks])
        raise typer.Exit(Exit.DONE if difference.empty else Exit.NOT_PASSED)


def _titles(*, translate: bool = False) -> dict[str, str]:
    """The titles of the course's units, in order; none where only results are at hand."""
    try:
        course = find_course()
    except CourseError:
        return {}
    return {unit.name: unit.heading if translate else unit.title for unit in course.units.values()}


def _name_left_out(remarks: list[str]) -> None:
    for remark in remarks:
        typer.echo(f"left out: {remark}", err=True)
    if remarks:
        raise typer.Exit(Exit.NOT_PASSED)
