"""Commands that read results: report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.frame import Exit, app, clear_errors
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
        from autograder.reading import read_results

        reading = read_results(results)
        written = write_report(reading, out, _titles())
        typer.echo(f"{len(written)} pages; open {written[0]}")
        _name_left_out(reading.remarks)


def _titles() -> dict[str, str]:
    """The titles of the course's units, in order; none where only results are at hand."""
    try:
        return {unit.name: unit.title for unit in find_course().units.values()}
    except CourseError:
        return {}


def _name_left_out(remarks: list[str]) -> None:
    for remark in remarks:
        typer.echo(f"left out: {remark}", err=True)
    if remarks:
        raise typer.Exit(Exit.NOT_PASSED)
