"""Commands of a lecturer: build, translate, release, verify."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.frame import Exit, Json, SeedOption, UnitNames, app, clear_errors, print_json
from autograder.course import Course, CourseError, Unit, find_course


@app.command()
def build(
    units: UnitNames = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a file drifted.")] = False,
) -> None:
    """Make what students get: stubs and notebooks, public checks, the index of the course.

    Of a draft nothing is made; it is looked at only if it is named.
    """
    with clear_errors():
        from autograder.authoring import building

        course = find_course()
        files = building.index(course) | building.readme(course)
        for unit in course.select(units or [], drafts=True):
            if unit.stable:
                files |= building.build(unit)
            else:
                building.stub_text(unit)
                typer.echo(f"{unit.name} is a draft: it can be cut, and nothing of it is handed out")
        changed = building.updates(files) if check else building.update(files)
        for path in changed:
            typer.echo(f"{'drifted' if check else 'written'}: {path}")
        strays = building.strays(course) if not units else []
        for path in strays:
            typer.echo(f"nothing makes {path}; delete it", err=True)
        if check and changed:
            typer.echo("run `autograder build` and commit what it writes", err=True)
        if strays or (check and changed):
            raise typer.Exit(Exit.NOT_PASSED)


@app.command()
def translate(
    units: UnitNames = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a sentence waits.")] = False,
    engine: Annotated[
        bool, typer.Option("--engine", help="The engine's own messages instead of the course's.")
    ] = False,
) -> None:
    """Bring the catalogs of translations up to date with the course, and list the sentences that wait.

    Titles, hints, misconceptions and prose of a unit are translated in one PO file, such as
    tests/units/softmax_regression/zh.po. Edit it with any PO editor, then run `autograder build`.
    """
    with clear_errors():
        from autograder.authoring.building import update, updates
        from autograder.authoring.catalogs import course_catalogs, engine_catalogs, gaps

        course = find_course()
        chosen = course.select(units or [], drafts=True)
        catalogs = engine_catalogs() if engine else course_catalogs(course, chosen)
        changed = updates(catalogs) if check else update(catalogs)
        for path in changed:
            typer.echo(f"{'out of date' if check else 'written'}: {path}")
        found = [gap for path, text in catalogs.items() for gap in gaps(path, text)]
        for gap in found:
            typer.echo(f"{gap.catalog}: {gap.text!r} {gap.problem}")
        typer.echo(f"{len(catalogs)} catalogs, {len(found)} sentences wait for a translation")
        if check and (changed or found):
            typer.echo("run `autograder translate` and translate what it lists", err=True)
            raise typer.Exit(Exit.NOT_PASSED)


@app.command()
def release(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write to; made if it does not exist.")],
    units: UnitNames = None,
) -> None:
    """Make what students get: a wheel with the chosen units, and a zip of a ready workspace.

    Both hold stubs and public checks, and no solution, reference, hidden suite or known mistake.

    Examples:

      autograder release handout

      autograder release week1 softmax_regression dropout
    """
    with clear_errors():
        from autograder.authoring.releasing import release

        course = find_course()
        for path in release(course, course.select(units or []), out):
            typer.echo(f"written: {path}")


@app.command()
def verify(
    units: UnitNames = None,
    mutants: Annotated[bool, typer.Option("--mutants", help="Grade small changes of the solutions instead.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes (default: one per core).")] = os.cpu_count()
    or 1,
    seed: SeedOption = None,
    json: Json = False,
) -> None:
    """Verify units: solutions and accepted variants get full marks, stubs nothing, misconceptions are recognised.

    With --mutants: grade every small change of a solution that the suite should notice, and print those it does not.
    """
    with clear_errors():
        course = find_course()
        chosen = course.select(units or [], drafts=True)
        if mutants:
            raise typer.Exit(_verify_mutants(course, chosen, seed, jobs))
        from autograder.authoring.verifying import verify_all
        from autograder.cli.console import Verification

        view = Verification(quiet=json)
        for finding in verify_all(chosen, course.seed if seed is None else seed, jobs):
            view.add(finding)
        if json:
            print_json(view.findings)
        raise typer.Exit(view.summary())


def _verify_mutants(course: Course, units: list[Unit], seed: int | None, jobs: int) -> Exit:
    try:
        from autograder.authoring.mutating import judge
    except ModuleNotFoundError as error:
        raise CourseError(f"--mutants needs the extra dev: pip install 'autograder[dev]' ({error})") from error
    from autograder.cli.console import show_mutants

    clean = [show_mutants(each.name, list(judge(each, course.seed if seed is None else seed, jobs))) for each in units]
    return Exit.DONE if all(clean) else Exit.NOT_PASSED
