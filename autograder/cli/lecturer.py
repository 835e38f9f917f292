"""Commands of a lecturer: new, build, lint, translate, release, verify."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.frame import Exit, Json, SeedOption, UnitNames, app, clear_errors, print_json
from autograder.cli.wording import counted
from autograder.course import CourseError, Unit, find_course

if TYPE_CHECKING:
    from autograder.authoring.finding import Finder
    from autograder.authoring.lock import Lock


@app.command()
def new(
    unit: Annotated[str, typer.Argument(help="The unit's name, as in solutions/course.toml.")],
    exercises: Annotated[
        list[str],
        typer.Argument(metavar="EXERCISE...", help="Functions and classes to be written, best with arguments."),
    ],
) -> None:
    """Begin a unit: write all its files, as a draft, with TODO where something must be filled in.

    Example: autograder new positional_encoding "self_attention(X, W)" "PositionalEncoding(num_hiddens, dropout, max_len=1000)"
    """
    with clear_errors():
        from autograder.authoring.scaffolding import scaffold

        for path in scaffold(find_course(), unit, exercises):
            typer.echo(f"written: {path}")
        typer.echo(
            f"Next: fill in what is marked TODO, and run autograder lint {unit}, autograder verify {unit} as you go"
        )


@app.command()
def build(
    units: UnitNames = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a file drifted.")] = False,
) -> None:
    """Make what students get: stubs and notebooks, public checks, the index of the course.

    Of a draft nothing is made; it is looked at only if it is named.
    """
    with clear_errors():
        from autograder.authoring import building, ids, stubs

        course = find_course()
        files = building.index(course) | building.readme(course)
        for unit in course.select(units or [], drafts=True):
            if unit.stable:
                files |= building.build(unit) | ids.ids_text(unit)
            else:
                stubs.stub_text(unit)
                typer.echo(
                    f"{unit.name} is a draft: nothing is made of it yet. Say stable = true in its unit.toml first"
                )
        changed = building.updates(files) if check else building.update(files)
        for path in changed:
            typer.echo(f"{'drifted' if check else 'written'}: {path}")
        strays = building.strays(course, files) if not units else []
        for path in strays:
            typer.echo(f"nothing makes {path}; delete it", err=True)
        if check and changed:
            typer.echo("run `autograder build` and commit what it writes", err=True)
        if strays or (check and changed):
            raise typer.Exit(Exit.NOT_PASSED)


@app.command()
def lint(units: UnitNames = None, json: Json = False) -> None:
    """Say what can be said of units without running them: missing files, exercises out of order, hints, ids, translations.

    Takes a second for the whole course; a draft is looked at if it is named.

    Example: autograder lint softmax_regression
    """
    with clear_errors():
        from autograder.authoring.linting import lint

        course = find_course()
        chosen = course.select(units or [], drafts=True)
        flaws = list(lint(course, chosen))
        if json:
            print_json(flaws)
        else:
            for flaw in flaws:
                typer.echo(": ".join(part for part in (flaw.place or flaw.unit, flaw.problem) if part))
            typer.echo(f"{counted(len(chosen), 'unit')}, {counted(len(flaws), 'flaw')}")
        raise typer.Exit(Exit.NOT_PASSED if flaws else Exit.DONE)


@app.command()
def translate(
    units: UnitNames = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a sentence waits.")] = False,
    engine: Annotated[
        bool, typer.Option("--engine", help="The engine's own messages instead of the course's.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write what waits to one file for a translator.")
    ] = None,
    take: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Take the translations of such a file.")
    ] = None,
) -> None:
    """Bring the catalogs of translations up to date with the course, and list the sentences that wait.

    Titles, hints, misconceptions and prose of a unit are translated in one PO file, such as
    tests/units/softmax_regression/zh.po, the titles of the course in solutions/zh.po. Edit them with any PO editor, then run
    `autograder build`. What has been translated elsewhere in the course is filled in.

    Examples:

      autograder translate lenet --export waiting.po

      autograder translate lenet --import waiting.po
    """
    with clear_errors():
        from autograder.authoring.building import update, updates
        from autograder.authoring.catalogs import OTHERS, course_catalogs, engine_catalogs, gaps
        from autograder.authoring.handover import exported, filled, imported, remembered, unknown

        course = find_course()
        chosen = course.select(units or [], drafts=True)
        catalogs = engine_catalogs() if engine else course_catalogs(course, chosen, index=True)
        for language in OTHERS:
            mine = {path: text for path, text in catalogs.items() if path.stem == language}
            taken = imported(take) if take is not None else {}
            for text in unknown(taken, mine):
                typer.echo(f"{take}: {text!r} stands in none of these units", err=True)
            known = remembered(course, language) | taken
            catalogs |= {path: filled(text, known, language) for path, text in mine.items()}
            if export is not None:
                content, count = exported(course, {path: catalogs[path] for path in mine}, language)
                export.write_text(content, encoding="utf-8")
                typer.echo(f"written: {export} with {count} sentences that wait")
        changed = updates(catalogs) if check else update(catalogs)
        for path in changed:
            typer.echo(f"{'out of date' if check else 'written'}: {path}")
        found = [gap for path, text in catalogs.items() for gap in gaps(path, text)]
        for gap in found if export is None else []:
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
    exercise: Annotated[str | None, typer.Option("--exercise", help="Only this exercise of the unit.")] = None,
    mutants: Annotated[bool, typer.Option("--mutants", help="Grade small changes of the solutions instead.")] = False,
    blind: Annotated[bool, typer.Option("--blind", help="Grade files written from the stub alone instead.")] = False,
    nightly: Annotated[
        bool, typer.Option("--nightly", help="With --mutants: also compare equivalents on a thousand other inputs.")
    ] = False,
    cold: Annotated[bool, typer.Option("--cold", help="Look at nothing that was found before.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Mistakes may trip fewer checks than before.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes (default: one per core).")] = os.cpu_count()
    or 1,
    seed: SeedOption = None,
    json: Json = False,
) -> None:
    """Verify units: solutions and accepted variants get full marks, stubs nothing, misconceptions are recognised.

    Findings are shown as they arise, half-finished units are verified as far as they go, and what was found before and
    has not changed is not found out again. What each misconception trips is kept in the unit's lock.json.

    With --mutants: grade every small change of a solution that the suite should notice, and print those it does not.
    With --blind: grade the files in blind/, and print the right ones that lost points and the wrong ones that lost none
    when they were graded for the first time.

    Examples:

      autograder verify softmax_regression --exercise softmax

      autograder verify --cold
    """
    with clear_errors():
        course = find_course()
        chosen = course.select(units or [], drafts=True)
        from autograder.authoring.finding import Finder

        finder = Finder(course.seed if seed is None else seed, jobs, cold)
        if mutants:
            raise typer.Exit(_verify_mutants(chosen, finder, nightly=nightly))
        if blind:
            _grade_strangers(chosen, finder)
            raise typer.Exit(Exit.DONE)
        if exercise and len(chosen) != 1:
            raise CourseError("--exercise goes with one unit: autograder verify UNIT --exercise EXERCISE")
        from autograder.authoring.verifying import Verifier
        from autograder.cli.console import Verification

        own = seed is None or seed == course.seed
        view = Verification(quiet=json)
        verifier = Verifier(finder, exercise or "", own)
        for finding in verifier.verify(chosen):
            if not (accept and finding.subject.startswith("lock ")):
                view.add(finding)
        for each in chosen if own else []:
            if accept or each.name not in verifier.flawed:
                _write_lock(each, verifier.locked(each))
        if json:
            print_json(view.findings)
        raise typer.Exit(view.summary())


def _grade_strangers(units: list[Unit], finder: Finder) -> None:
    from autograder.authoring.blind import grade_strangers, rates
    from autograder.cli.console import show_strangers

    everybody = []
    for unit in units:
        graded = list(grade_strangers(unit, finder))
        show_strangers(unit.name, graded)
        everybody += graded
    lost, passed = rates(everybody)
    typer.echo(f"right files that lost points: {lost}; wrong files with full marks: {passed}")


@app.command("blind")
def write_blind_task(
    unit: Annotated[str, typer.Argument(help="The unit; a draft will do.")],
    out: Annotated[Path, typer.Option("--out", help="A folder that is empty or does not exist.")],
) -> None:
    """Write the folder for somebody who is to write right and wrong files from the stub alone: the stub, nothing else.

    What comes back goes to tests/units/UNIT/blind/right/EXERCISE_NUMBER.py and .../wrong/EXERCISE_NUMBER.py, is committed as
    it came, and then graded: autograder verify --blind UNIT

    Example: autograder blind softmax_regression --out strangers
    """
    with clear_errors():
        from autograder.authoring.blind import write_task

        typer.echo(f"written: {write_task(find_course().unit(unit, drafts=True), out)}")


def _write_lock(unit: Unit, lock: Lock) -> None:
    from autograder.authoring.lock import read_lock, write_lock

    if lock.trips != read_lock(unit).trips:
        typer.echo(f"written: {write_lock(unit, lock)}", err=True)


def _verify_mutants(units: list[Unit], finder: Finder, *, nightly: bool) -> Exit:
    try:
        from autograder.authoring.mutating import judge
    except ModuleNotFoundError as error:
        raise CourseError(f"--mutants needs the extra dev: pip install 'autograder[dev]' ({error})") from error
    from autograder.cli.console import show_mutants

    clean = [show_mutants(each, list(judge(each, finder))) for each in units]
    for each in units if nightly else []:
        from autograder.authoring.equivalence import doubts

        for doubt in doubts(each, finder.seed):
            clean.append(False)
            typer.echo(f"{each.name}: `{doubt.entry.after}` of {doubt.entry.exercise} {doubt.problem}")
    return Exit.DONE if all(clean) else Exit.NOT_PASSED
