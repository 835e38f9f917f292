"""What goes to a grading process and what comes back: plain data, sent as msgpack, so nothing is ever unpickled."""

from __future__ import annotations

from pathlib import Path

import msgspec

from autograder.results.document import SubmissionResult
from autograder.submissions.cells import Cell
from autograder.submissions.submission import Submission


class RunError(Exception):
    """The whole run must stop: what is wrong would be wrong for every submission; the message says what to do."""


class Settings(msgspec.Struct, frozen=True):
    """What holds for every submission of a run.

    root: the course's folder. seed: of the drawn inputs. language: of the messages.
    """

    root: str
    seed: int
    language: str = "en"
    require_isolation: bool = False


class Task(msgspec.Struct, frozen=True):
    """One submission to be graded. unit_key, key: what the result will depend on (see `keys`)."""

    student: str
    unit: str
    name: str
    cells: list[Cell]
    problem: str
    unit_key: str
    key: str
    settings: Settings

    @property
    def submission(self) -> Submission:
        return Submission(self.student, Path(self.name), self.cells, self.problem)


class Graded(msgspec.Struct, frozen=True):
    """What became of a submission: a result, or a failure of the grader (`fatal` if every other would fail alike), or
    nothing because it cannot be read (`unread`)."""

    student: str
    unit: str
    result: SubmissionResult | None = None
    failure: str = ""
    fatal: bool = False
    unread: bool = False


def failed(task: Task, failure: str, *, fatal: bool = False) -> Graded:
    """The grader's own failure in a task."""
    return Graded(task.student, task.unit, failure=failure, fatal=fatal)
