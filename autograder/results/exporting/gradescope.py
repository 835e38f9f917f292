"""Gradescope's results.json, one for each submission."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from autograder.course import CourseError
from autograder.files import write_file
from autograder.results.document import CheckResult, Outcome, SubmissionResult
from autograder.results.reading import Reading, file_names


def write_gradescope(reading: Reading, target: Path, titles: Mapping[str, str]) -> list[Path]:
    """TARGET/STUDENT/UNIT/results.json; or TARGET itself, if it ends in .json and there is one submission.

    Raises CourseError for one file and several submissions.
    """
    if target.suffix == ".json":
        if len(reading.results) != 1:
            raise CourseError(
                f"{target} is one file and there are {len(reading.results)} submissions; name a folder with --out"
            )
        return [_write(reading.results[0], target)]
    students, units = file_names(reading.students), file_names(reading.units)
    return [
        _write(result, target / students[result.student] / units[result.unit] / "results.json")
        for result in reading.results
    ]


def document(result: SubmissionResult) -> dict[str, Any]:
    """The fields of Gradescope's specification. Checks that were not assessed are shown without a score."""
    return {
        "score": result.score,
        "execution_time": round(result.seconds, 2),
        "output": _overall(result),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "student": result.student,
            "unit": result.unit,
            "max_score": result.max_score,
            "isolation": result.isolation,
            "seed": result.seed,
        },
        "tests": list(_tests(result)),
    }


def _tests(result: SubmissionResult) -> Iterator[dict[str, Any]]:
    for number, exercise in enumerate(result.exercises, start=1):
        for place, check in enumerate(exercise.checks, start=1):
            test: dict[str, Any] = {
                "name": f"{exercise.name}: {check.title}",
                "number": f"{number}.{place}",
                "output": _output(check),
                "tags": [exercise.name],
                "visibility": "visible",
                "extra_data": {"check": check.id, "outcome": check.outcome.value},
            }
            if check.outcome is not Outcome.NOT_ASSESSED:
                passed = check.outcome is Outcome.PASSED
                test |= {
                    "score": check.earned,
                    "max_score": check.points,
                    "status": "passed" if passed else "failed",
                }
            yield test


def _output(check: CheckResult) -> str:
    known = check.misconception
    return "\n".join(
        part for part in (check.message, f"This looks like: {known.name}. {known.hint}" if known else "") if part
    )


def _overall(result: SubmissionResult) -> str:
    notes = [f"{exercise.name}: {note}" for exercise in result.exercises for note in exercise.notes]
    printed = [f"What the code printed:\n{result.printed}"] if result.printed.strip() else []
    return "\n".join([f"{result.score:g} of {result.max_score:g} points", *result.problems, *notes, *printed])


def _write(result: SubmissionResult, path: Path) -> Path:
    return write_file(path, msgspec.json.format(msgspec.json.encode(document(result)), indent=2) + b"\n")
