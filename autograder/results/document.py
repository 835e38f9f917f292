"""What grading one submission yields: one typed document, written atomically. Every other view is derived from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from autograder.files import replace_file
from autograder.language import N_

SCHEMA = 1
# Of the wall around a submission.
REQUIRED_LAYERS = ("landlock", "seccomp", "rlimits")
NOT_WRITTEN = N_("Not written yet.")


class ResultError(Exception):
    """A result that may not be written: a score that is not finite, or outside [0, points]."""


class Outcome(StrEnum):
    """How a check ended; nothing else exists."""

    PASSED = "passed"
    FAILED = "failed"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    NOT_ASSESSED = "not_assessed"
    GRADER_ERROR = "grader_error"


class Recognised(msgspec.Struct, frozen=True):
    """A known mistake that explains a failed check."""

    name: str
    hint: str


Number = float | str  # a string where JSON has no number: "nan", "inf", "-inf"


class Matrices(msgspec.Struct, frozen=True, tag_field="kind", tag="matrices"):
    """A window of what came back beside the same window of what is right, both a list of rows.

    wrong: the differing entries by their place in row-major order. shape: of the whole value. axes: which of its
    dimensions the rows and the columns run along. corner: the full index of the window's first entry.
    """

    got: list[list[Number]]
    expected: list[list[Number]]
    wrong: list[int]
    shape: list[int]
    axes: list[int]
    corner: list[int]


class Boxes(msgspec.Struct, frozen=True, tag_field="kind", tag="boxes"):
    """Boxes (x1, y1, x2, y2) that came back and those that are right, in the same order.

    wrong: the differing boxes by their place in these lists. first: the index of the first of them. count: of all boxes.
    """

    got: list[list[Number]]
    expected: list[list[Number]]
    wrong: list[int]
    first: int
    count: int


class CheckResult(msgspec.Struct, frozen=True):
    """message: what a student reads when the check did not pass ('' when it did). figure: the same as a picture. withheld:
    whether it earns nothing although it passed, since what the exercise computes is wrong."""

    id: str
    title: str
    points: float
    outcome: Outcome
    message: str = ""
    misconception: Recognised | None = None
    figure: Matrices | Boxes | None = None
    withheld: bool = False

    @property
    def earned(self) -> float:
        """Its points, or nothing."""
        return self.points if self.outcome is Outcome.PASSED and not self.withheld else 0.0


class ExerciseResult(msgspec.Struct, frozen=True):
    """score and max_score leave out checks that were not assessed. notes: what stands beside single checks. first: the
    exercises that this one uses and that are to be mended first."""

    name: str
    score: float
    max_score: float
    checks: list[CheckResult]
    notes: list[str] = []
    first: list[str] = []


class SubmissionResult(msgspec.Struct, frozen=True):
    """problems: what was wrong with the source as a whole. printed: what the code printed, capped.

    key: a hash of all that the result depends on ('' if nobody asked for one).
    """

    student: str
    unit: str
    score: float
    max_score: float
    isolation: str
    seed: int
    exercises: list[ExerciseResult]
    problems: list[str] = []
    printed: str = ""
    review: list[str] = []
    seconds: float = 0.0
    key: str = ""
    schema: int = SCHEMA

    @property
    def checks(self) -> list[CheckResult]:
        return [check for exercise in self.exercises for check in exercise.checks]

    @property
    def missing_layers(self) -> list[str]:
        """What the wall around the submission lacked on the machine that graded it."""
        return [layer for layer in REQUIRED_LAYERS if layer not in self.isolation.split("+")]

    @property
    def grader_errors(self) -> list[CheckResult]:
        return [check for check in self.checks if check.outcome is Outcome.GRADER_ERROR]


def score_exercise(name: str, checks: list[CheckResult], notes: list[str], first: Sequence[str] = ()) -> ExerciseResult:
    """Add up an exercise's checks; a check earns its points or nothing."""
    assessed = [check for check in checks if check.outcome is not Outcome.NOT_ASSESSED]
    score, most = _summed(check.earned for check in assessed), _summed(check.points for check in assessed)
    return ExerciseResult(name, score, most, checks, notes, list(first))


def _summed(points: Iterable[float]) -> float:
    """Points are hundredths: their sum is exact."""
    return round(sum(points), 2)


def validate(result: SubmissionResult) -> None:
    """Raises ResultError unless every score is finite, within its bounds and the sum of its parts."""
    _validate_score(result.unit, result.score, result.max_score)
    for exercise in result.exercises:
        _validate_score(exercise.name, exercise.score, exercise.max_score)
    if not math.isclose(result.score, sum(e.score for e in result.exercises), abs_tol=1e-9):
        raise ResultError(f"{result.unit}: the score {result.score} is not the sum of the exercises' scores")


def _validate_score(name: str, score: float, max_score: float) -> None:
    if not (math.isfinite(score) and math.isfinite(max_score)):
        raise ResultError(f"{name}: the score {score} of {max_score} is not finite")
    if not 0 <= score <= max_score:
        raise ResultError(f"{name}: the score {score} is outside [0, {max_score}]")


def encode(result: SubmissionResult) -> bytes:
    """The document as indented JSON. Raises ResultError for scores that must not be written."""
    validate(result)
    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


def decode(document: bytes) -> SubmissionResult:
    """Read a document back. Raises msgspec.ValidationError where it does not fit the schema."""
    return msgspec.json.decode(document, type=SubmissionResult)


def location(folder: Path, student: str, unit: str) -> Path:
    """Where a result lies in a folder of results."""
    return folder / student / f"{unit}.json"


def write(result: SubmissionResult, folder: Path) -> Path:
    """Write FOLDER/<student>/<unit>.json in one step: a reader sees the old document or the new one, never half.

    Raises ResultError if a score is out of bounds or the grader itself failed in a check.
    """
    if result.grader_errors:
        failed = ", ".join(check.id for check in result.grader_errors)
        raise ResultError(f"{result.student}/{result.unit}: the grader failed in {failed}; no grade was written")
    return replace_file(location(folder, result.student, result.unit), encode(result), lasting=True)
