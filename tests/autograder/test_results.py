"""Results are complete, in range and written whole, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from autograder.results import document
from autograder.results.document import (
    CheckResult,
    ExerciseResult,
    Outcome,
    ResultError,
    SubmissionResult,
    score_exercise,
)


def check(outcome: Outcome, points: float = 2) -> CheckResult:
    return CheckResult(f"test_{outcome}", "It holds.", points, outcome)


def result(*exercises: ExerciseResult, **changes: object) -> SubmissionResult:
    fields = {
        "student": "ada",
        "unit": "dropout",
        "score": sum(e.score for e in exercises),
        "max_score": sum(e.max_score for e in exercises),
        "isolation": "landlock",
        "seed": 1,
        "exercises": list(exercises),
    }
    return SubmissionResult(**{**fields, **changes})


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_passed_check_earns_its_points(outcome: Outcome):
    scored = score_exercise("f", [check(outcome), check(Outcome.PASSED, 1)], [])
    assert scored.score == (3 if outcome is Outcome.PASSED else 1)
    assert scored.max_score == (1 if outcome is Outcome.NOT_ASSESSED else 3)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -1.0, 4.0])
def test_a_score_that_is_not_finite_or_out_of_range_is_never_written(tmp_path: Path, score: float):
    bad = ExerciseResult("f", score, 3.0, [])
    with pytest.raises(ResultError, match=r"not finite|outside"):
        document.write(result(bad), tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_total_that_is_not_the_sum_is_never_written(tmp_path: Path):
    with pytest.raises(ResultError, match="not the sum"):
        document.write(result(ExerciseResult("f", 1, 3, []), score=2.0), tmp_path)


def test_a_grader_error_is_never_written(tmp_path: Path):
    with pytest.raises(ResultError, match=r"ada/dropout: the grader failed in test_grader_error"):
        document.write(result(score_exercise("f", [check(Outcome.GRADER_ERROR)], [])), tmp_path)
    assert list(tmp_path.rglob("*.json")) == []


def test_what_is_written_reads_back_and_has_the_documented_keys(tmp_path: Path):
    written = result(score_exercise("f", [check(Outcome.PASSED), check(Outcome.FAILED)], ["a note"]))
    path = document.write(written, tmp_path)
    assert path == tmp_path / "ada" / "dropout.json"
    assert document.decode(path.read_bytes()) == written
    read = json.loads(path.read_text())
    assert {"schema", "student", "unit", "score", "max_score", "isolation", "seed", "exercises"} <= set(read)
    assert set(read["exercises"][0]["checks"][0]) >= {
        "id",
        "title",
        "points",
        "outcome",
        "message",
        "misconception",
    }


def test_writing_again_replaces_the_document_and_leaves_nothing_beside_it(tmp_path: Path):
    document.write(result(ExerciseResult("f", 1, 3, [])), tmp_path)
    document.write(result(ExerciseResult("f", 2, 3, [])), tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["dropout.json"]
    assert document.decode((tmp_path / "ada/dropout.json").read_bytes()).score == 2


def test_an_unknown_outcome_is_refused():
    encoded = document.encode(result(score_exercise("f", [check(Outcome.PASSED)], []))).replace(b'"passed"', b'"great"')
    with pytest.raises(msgspec.ValidationError):
        document.decode(encoded)
