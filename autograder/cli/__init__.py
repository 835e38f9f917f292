"""The command line. Nothing here imports torch before a command needs it."""

from __future__ import annotations

import sys

# Importing them registers their commands, in the order `--help` lists them.
from autograder.cli import student, instructor, reporting, lecturer  # isort: skip
from autograder.cli.frame import Exit, app

__all__ = ["Exit", "app", "instructor", "lecturer", "main", "reporting", "student"]


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        raise SystemExit(Exit.DONE) from None
