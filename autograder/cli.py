"""The command line. Nothing here imports torch before a command needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder import __version__
from autograder.course import Course, CourseError, Unit, find_course
from autograder.grader.launching import launch

app = typer.Typer(
    help="Auto-graded exercises for a deep-learning course.\n\nExit codes: 0 done, 1 something did not pass, "
    "2 wrong usage, 3 the grader itself failed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Exit(IntEnum):
    """Exit codes: NOT_PASSED covers failed checks, drifted stubs and submissions that could not be understood."""

    DONE = 0
    NOT_PASSED = 1
    USAGE = 2
    GRADER_FAILED = 3


Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
UnitNames = Annotated[list[str] | None, typer.Argument(metavar="[UNIT]...", help="Units; all if none is named.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of the drawn inputs (default: the course's own).")]


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        raise SystemExit(Exit.DONE) from None


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit(Exit.DONE)


@app.command("list")
def list_units(json: Json = False) -> None:
    """List the units in lecture order."""
    with _clear_errors():
        course = find_course()
        if json:
            _print_json([{"unit": u.name, "title": u.title, "lecture": u.lecture} for u in course.units.values()])
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
    with _clear_errors():
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
        _show_results([(result, path)], json=json, feedback=True)
        raise typer.Exit(
            _exit_code(result.grader_errors, passed=result.score == result.max_score and not result.problems)
        )


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
    with _clear_errors():
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
        _show_results(graded, json=json, feedback=feedback or len(graded) == 1, out=out)
        for remark in gathered.remarks:
            typer.echo(f"not graded: {remark}", err=True)
        errors = [error for result, _ in graded for error in result.grader_errors]
        raise typer.Exit(_exit_code(errors, passed=not gathered.remarks))


@app.command()
def build(
    units: UnitNames = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a stub drifted.")] = False,
) -> None:
    """Cut the assignments out of the solutions."""
    with _clear_errors():
        from autograder import building

        course = find_course()
        changed = building.drifted_readme(course) if check else building.write_readme(course)
        for each in course.select(units or []):
            changed += building.drifted(each) if check else building.write(each)
        for path in changed:
            typer.echo(f"{'drifted' if check else 'written'}: {path}")
        if check and changed:
            typer.echo("run `autograder build` and commit what it writes", err=True)
            raise typer.Exit(Exit.NOT_PASSED)


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
    with _clear_errors():
        course = find_course()
        chosen = course.select(units or [])
        if mutants:
            raise typer.Exit(_verify_mutants(course, chosen, seed, jobs))
        from autograder.console import Verification
        from autograder.verifying import verify_all

        view = Verification(quiet=json)
        for finding in verify_all(chosen, course.seed if seed is None else seed, jobs):
            view.add(finding)
        if json:
            _print_json(view.findings)
        raise typer.Exit(view.summary())


def _verify_mutants(course: Course, units: list[Unit], seed: int | None, jobs: int) -> Exit:
    try:
        from autograder.mutating import judge
    except ModuleNotFoundError as error:
        raise CourseError(f"--mutants needs the extra dev: pip install 'autograder[dev]' ({error})") from error
    from autograder.console import show_mutants

    clean = [show_mutants(each.name, list(judge(each, course.seed if seed is None else seed, jobs))) for each in units]
    return Exit.DONE if all(clean) else Exit.NOT_PASSED


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine has: versions, the layers of the wall, GPUs."""
    with _clear_errors():
        from autograder.diagnosing import diagnose

        diagnosis = diagnose()
        if json:
            _print_json(diagnosis)
        else:
            from autograder.console import show_diagnosis

            show_diagnosis(diagnosis)
        raise typer.Exit(Exit.DONE if all(part.fine for part in diagnosis) else Exit.NOT_PASSED)


def _grade_all(course: Course, grader: Any, found: list[Any], out: Path) -> Iterator[tuple[Any, Path]]:
    from autograder import results
    from autograder.submission import read_submission

    for each in found:
        result = grader.unit(course.unit(each.unit)).grade(read_submission(each.path, each.student))
        if not result.grader_errors:
            results.write(result, out)
        yield result, each.path


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


def _show_results(graded: list[tuple[Any, Path]], *, json: bool, feedback: bool, out: Path | None = None) -> None:
    if json:
        _print_json([result for result, _ in graded])
        return
    from autograder.console import show_results

    show_results([result for result, _ in graded], feedback=feedback, out=out)


def _exit_code(grader_errors: list[Any], *, passed: bool) -> Exit:
    if grader_errors:
        return Exit.GRADER_FAILED
    return Exit.DONE if passed else Exit.NOT_PASSED


def _print_json(value: Any) -> None:
    import dataclasses

    import msgspec

    def plain(other: Any) -> Any:
        return dataclasses.asdict(other)

    typer.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=plain), indent=2).decode())


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn the errors we expect into one line and the right exit code."""
    try:
        yield
    except CourseError as error:
        _fail(error, Exit.USAGE)
    except Exception as error:
        expected = _expected_errors()
        if isinstance(error, tuple(expected)):
            _fail(error, expected[type(error)])
        raise


def _expected_errors() -> dict[type[Exception], Exit]:
    from autograder.building import BuildError
    from autograder.grader.grading import IsolationError
    from autograder.grader.workers import ZygoteError
    from autograder.suite.checks import SuiteError

    return {
        BuildError: Exit.NOT_PASSED,
        SuiteError: Exit.GRADER_FAILED,
        IsolationError: Exit.GRADER_FAILED,
        ZygoteError: Exit.GRADER_FAILED,
    }


def _fail(error: Exception, code: Exit) -> None:
    typer.echo(f"autograder: {error}", err=True)
    raise typer.Exit(code) from error
