"""What every command shares: the application, exit codes, options, and errors as one clear line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder import __version__
from autograder.course import CourseError
from autograder.language import CatalogError, _, speak

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
    INTERRUPTED = 130


class Language(StrEnum):
    """What `--lang` takes."""

    EN = "en"
    ZH = "zh"


Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Tell of every failed check, though one cause is told once.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
UnitNames = Annotated[list[str] | None, typer.Argument(metavar="[UNIT]...", help="Units; all if none is named.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of the drawn inputs (default: the course's own).")]


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of what students read (default: AUTOGRADER_LANG, the locale)."),
    ] = None,
) -> None:
    if language is not None:
        speak(language.value)
    if version:
        typer.echo(__version__)
        raise typer.Exit(Exit.DONE)


def print_results(graded: list[tuple[Any, Path]], *, json: bool, feedback: bool, out: Path | None = None) -> None:
    if json:
        print_json([result for result, _ in graded])
        return
    from autograder.cli.console import show_results

    show_results([result for result, _ in graded], feedback=feedback, out=out)


def exit_code(grader_errors: list[Any], *, passed: bool) -> Exit:
    if grader_errors:
        return Exit.GRADER_FAILED
    return Exit.DONE if passed else Exit.NOT_PASSED


def print_json(value: Any) -> None:
    import dataclasses

    import msgspec

    def plain(other: Any) -> Any:
        return dataclasses.asdict(other)

    typer.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=plain), indent=2).decode())


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn the errors we expect into one line and the right exit code."""
    try:
        yield
    except CourseError as error:
        fail(error, Exit.USAGE)
    except (typer.Exit, typer.Abort):
        raise
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package in ("", "autograder"):
            raise
        missing = _("{package} is not installed; `autograder doctor` says which command mends that")
        fail(CourseError(missing.format(package=package)), Exit.GRADER_FAILED)
    except Exception as error:
        expected = _expected_errors()
        if isinstance(error, tuple(expected)):
            fail(error, expected[type(error)])
        raise


def _expected_errors() -> dict[type[Exception], Exit]:
    from autograder.authoring.cutting import BuildError
    from autograder.bulk.tasks import RunError
    from autograder.course import SuiteError
    from autograder.grader.grading import IsolationError
    from autograder.grader.workers import ZygoteError

    return {
        BuildError: Exit.NOT_PASSED,
        CatalogError: Exit.NOT_PASSED,
        SuiteError: Exit.GRADER_FAILED,
        IsolationError: Exit.GRADER_FAILED,
        RunError: Exit.GRADER_FAILED,
        ZygoteError: Exit.GRADER_FAILED,
    }


def fail(error: Exception, code: Exit) -> None:
    typer.echo(f"autograder: {error}", err=True)
    raise typer.Exit(code) from error
