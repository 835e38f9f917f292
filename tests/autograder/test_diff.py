"""Two gradings are compared grade by grade and check by check, and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.results import document
from autograder.results.differing import compare, described
from autograder.results.document import CheckResult, Outcome, SubmissionResult, score_exercise
from autograder.results.reading import Reading

P, F, C, N = Outcome.PASSED, Outcome.FAILED, Outcome.CRASHED, Outcome.NOT_ASSESSED


def graded(student: str, *checks: tuple[str, Outcome, float], **fields: Any) -> SubmissionResult:
    made = [CheckResult(name, f"Title of {name}.", points, outcome) for name, outcome, points in checks]
    exercise = score_exercise("f", made, [])
    values = {"isolation": "none", "seed": 1, "exercises": [exercise], **fields}
    return SubmissionResult(student, "dropout", exercise.score, exercise.max_score, **values)


def text(old: list[SubmissionResult], new: list[SubmissionResult]) -> str:
    return "\n".join(described(compare(Reading(old, []), Reading(new, []))))


def test_messages_seconds_and_printed_text_are_no_difference():
    old = graded("ada", ("a", F, 1))
    reworded = CheckResult("a", "Other title.", 1, F, "other message")
    exercises = [score_exercise("f", [reworded], ["a note"])]
    new = msgspec.structs.replace(old, seconds=9.0, printed="hello", isolation="landlock", seed=2, exercises=exercises)
    difference = compare(Reading([old], []), Reading([new], []))
    assert difference.empty
    assert difference.same == 1
    assert text([old], [new]) == "0 changed, 1 the same"


def test_it_says_whose_grade_changed_by_which_check_and_by_how_much():
    old = [
        graded("ada", ("a", P, 2), ("b", F, 3)),
        graded("ben", ("a", P, 2), ("b", P, 3)),
        graded("cleo", ("a", P, 2)),
    ]
    new = [
        graded("ada", ("a", P, 2), ("b", P, 3)),
        graded("ben", ("a", F, 2), ("b", P, 3)),
        graded("cleo", ("a", P, 2)),
    ]
    assert text(old, new).split("\n") == [
        "dropout: 1 up, 1 down, 0 with the same score",
        "  f: Title of b.  1 failed → passed",
        "  f: Title of a.  1 passed → failed",
        "",
        "ada  dropout  2 → 5 of 5",
        "    f: Title of b.  failed → passed  (+3)",
        "ben  dropout  5 → 3 of 5",
        "    f: Title of a.  passed → failed  (-2)",
        "2 changed, 1 the same",
    ]


def test_another_outcome_for_the_same_score_is_a_change():
    assert "ada  dropout  0 → 0 of 1\n    f: Title of a.  failed → crashed\n" in text(
        [graded("ada", ("a", F, 1))], [graded("ada", ("a", C, 1))]
    )


def test_checks_that_came_went_or_count_differently_are_named():
    said = text(
        [graded("ada", ("gone", P, 1), ("same", P, 1), ("heavier", P, 1), ("unseen", N, 4))],
        [graded("ada", ("same", P, 1), ("heavier", P, 3), ("come", F, 2), ("unseen", P, 4))],
    )
    assert "ada  dropout  3 of 3 → 8 of 10" in said
    assert "f: Title of gone.  passed → no such check  (-1)" in said
    assert "f: Title of come.  no such check → failed" in said
    assert "f: Title of heavier.  passed, 1 → 3 points  (+2)" in said
    assert "f: Title of unseen.  not assessed → passed  (+4)" in said
    assert "Title of same" not in said


def test_students_on_one_side_only_are_listed():
    said = text([graded("ada", ("a", P, 1))], [graded("ben\x1b[2J", ("a", F, 1))])
    assert "only in OLD: ada  dropout  1" in said
    assert "only in NEW: ben�[2J  dropout  0" in said
    assert said.endswith("0 changed, 0 the same, 1 only in OLD, 1 only in NEW")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    document.write(graded("ada", ("a", F, 1)), tmp_path / "old")
    document.write(graded("ada", ("a", P, 1)), tmp_path / "new")
    return str(tmp_path / "old"), str(tmp_path / "new")


def test_the_command_exits_like_diff(folders: tuple[str, str], tmp_path: Path):
    old, new = folders
    run = CliRunner().invoke(app, ["diff", old, new])
    assert (run.exit_code, run.stderr) == (1, "")
    assert "ada  dropout  0 → 1 of 1" in run.stdout
    assert CliRunner().invoke(app, ["diff", old, old]).exit_code == 0
    missing = CliRunner().invoke(app, ["diff", old, str(tmp_path / "nowhere")])
    assert missing.exit_code == 2
    assert "nowhere is not a folder" in missing.stderr


def test_as_json_it_is_complete(folders: tuple[str, str]):
    run = CliRunner().invoke(app, ["diff", *folders, "--json"])
    document = json.loads(run.stdout)
    assert run.exit_code == 1
    assert document["changed"][0]["student"] == "ada"
    assert document["changed"][0]["checks"][0] == {
        "exercise": "f", "check": "a", "title": "Title of a.", "before": "failed", "after": "passed",
        "points_before": 1, "points_after": 1,
    }  # fmt: skip
    assert (document["only_old"], document["only_new"], document["same"]) == ([], [], 0)


def test_a_result_that_cannot_be_read_is_named_and_no_silent_agreement(folders: tuple[str, str]):
    old, _ = folders
    (Path(old) / "ada" / "other.json").write_text("{")
    run = CliRunner().invoke(app, ["diff", old, old])
    assert run.exit_code == 1
    assert "left out: " in run.stderr
    assert "other.json" in run.stderr
