"""The command line. Nothing here imports torch before a command needs it."""

from __future__ import annotations

import codecs
import io
import sys

# Importing them registers their commands, in the order `--help` lists them.
from autograder.cli import student, instructor, reporting, lecturer  # isort: skip
from autograder.cli.frame import Exit, app

__all__ = ["Exit", "app", "instructor", "lecturer", "main", "reporting", "student"]


# What stands for our marks where the output's encoding lacks them, as that of a pipe on Windows does.
_PLAIN = {"✓": "+", "✗": "x", "·": ".", "━": "#", "─": "-", "│": "|", "›": ">", "–": "-", "…": "..."}


def main() -> None:
    """Entry point of the console script."""
    _speak_any_encoding()
    try:
        app()
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        raise SystemExit(Exit.DONE) from None


def _speak_any_encoding() -> None:
    """Print something readable instead of failing where a character cannot be encoded."""
    codecs.register_error("autograder", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="autograder")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(char, "?") for char in error.object[error.start : error.end]), error.end
