"""Commands of an instructor: grade."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.frame import Exit, Json, SeedOption, UnitNames, Verbose, app, clear_errors, print_json
from autograder.course import Course, CourseError, find_course

if TYPE_CHECKING:
    from autograder.bulk.tasks import Settings
    from autograder.submissions.gathering import Gathered


@app.command()
def grade(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, folders of students, zip files of Canvas or Moodle.")
    ],
    unit: Annotated[
        str | None, typer.Option("--unit", help="Grade this unit only; also names files that do not.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Where the results go: OUT/STUDENT/UNIT.json.")] = Path("results"),
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Grading processes (default: one per core).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Grade on the workers of this dask scheduler.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade again what has an up-to-date result too.")] = False,
    require_isolation: Annotated[
        bool, typer.Option(help="Refuse to grade where a layer of the wall is missing.")
    ] = False,
    feedback: Annotated[bool, typer.Option("--feedback", help="Also print every student's feedback.")] = False,
    verbose: Verbose = False,
    seed: SeedOption = None,
    json: Json = False,
) -> None:
    """Grade submissions with the hidden suites. Run it again to go on after an interruption, or to grade what changed.

    Examples:

      autograder grade submissions/ --out results

      autograder grade canvas-export.zip --out results --jobs 8

      autograder grade alice.py --unit dropout

    Exits with 0 when every submission was graded, whatever its score; with 1 when something could not be; with 3, and
    no grade written for that submission, when the grader itself failed.
    """
    with clear_errors():
        course = find_course()
        if unit is not None:
            course.unit(unit)
        if not any(each.hidden_suite.is_file() for each in map(course.unit, course.units)):
            raise CourseError(
                "there are no hidden suites here, as in what students install; `autograder check` runs the public ones"
            )
        from autograder.bulk.tasks import Settings
        from autograder.language import language
        from autograder.submissions.gathering import gather

        with tempfile.TemporaryDirectory(prefix="autograder-") as scratch:
            stubs = {name: each.stub for name, each in course.units.items()}
            gathered = gather(paths, course.units, unit, Path(scratch), stubs)
            if not gathered.submissions:
                raise CourseError(
                    "nothing to grade:\n" + "\n".join(gathered.remarks or ["no .py or .ipynb file was found"])
                )
            settings = Settings(str(course.root), course.seed if seed is None else seed, language(), require_isolation)
            code = _grade(
                course,
                gathered,
                settings,
                out,
                jobs=jobs,
                scheduler=scheduler,
                force=force,
                feedback=feedback,
                verbose=verbose,
                json=json,
            )
    raise typer.Exit(code)


def _grade(
    course: Course,
    gathered: Gathered,
    settings: Settings,
    out: Path,
    *,
    jobs: int | None,
    scheduler: str | None,
    force: bool,
    feedback: bool,
    verbose: bool,
    json: bool,
) -> Exit:
    from autograder.bulk.display import Display
    from autograder.bulk.running import run, sensible_jobs

    found = gathered.submissions
    single = len(found) == 1
    display = Display(quiet=single)
    try:
        report = run(
            found,
            course,
            settings,
            out,
            display,
            jobs=jobs or sensible_jobs(_cores(), len(found)),
            scheduler=scheduler,
            force=force,
        )
    except KeyboardInterrupt:
        display.interrupted()
        return Exit.INTERRUPTED
    if json:
        print_json(report.results)
    elif report.results:
        from autograder.cli.console import show_results

        show_results(report.results, feedback=feedback or single, out=out, verbose=verbose)
    display.summary(report)
    for remark in gathered.remarks:
        typer.echo(f"not graded: {remark}", err=True)
    for note in gathered.notes:
        typer.echo(note, err=True)
    if report.grader_failed:
        return Exit.GRADER_FAILED
    return Exit.NOT_PASSED if gathered.remarks else Exit.DONE


def _cores() -> int:
    """The cores this process may use, which a batch system may have limited."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@app.command("course")
def write_nbgrader_course(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The nbgrader course; made if it is not there.")],
    units: UnitNames = None,
) -> None:
    """Write an nbgrader course: source notebooks, and a configuration that grades with this engine.

    Running it again brings these up to date and touches neither submissions nor the gradebook.

    Example: autograder course my_course softmax_regression
    """
    with clear_errors():
        course = find_course()
        chosen = course.select(units or [])
        from autograder.nbgrading.writing import write_course

        for file in write_course(folder, course, chosen):
            typer.echo(f"{'written' if file.changed else 'up to date'}: {file.path}")


@app.command("nbgrader-autograde", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def nbgrader_autograde(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="The unit to autograde.")],
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes (default: one per core).")] = os.cpu_count()
    or 1,
) -> None:
    """Do what `nbgrader autograde UNIT` does in this folder, grading ahead in several processes.

    Further options go to nbgrader: autograder nbgrader-autograde softmax_regression --jobs 8 --force
    """
    with clear_errors():
        try:
            from autograder.nbgrading.running import autograde
        except ModuleNotFoundError as error:
            raise CourseError(f"this needs the extra nbgrader: pip install 'autograder[nbgrader]' ({error})") from error
        raise typer.Exit(autograde(unit, jobs, context.args))
