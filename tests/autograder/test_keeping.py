"""What is kept between commands comes back as it was, or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import torch
from conftest import COURSE

from autograder.grader import suite_file
from autograder.grader.grading import Grader
from autograder.grader.suite_file import collect
from autograder.keeping import DAYS, Shelf, shelf

SUITE = COURSE / "tests/units/doubling/test_hidden.py"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUTOGRADER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_value_comes_back_by_its_key_alone(cache: Path):
    shelf("findings").write("ab12", b"value")
    assert shelf("findings").read("ab12") == b"value"
    assert shelf("findings").read("ab13") is None
    assert shelf("inputs").read("ab12") is None
    assert (cache / "findings").stat().st_mode & 0o077 == 0


def test_nothing_is_kept_where_that_is_not_wanted_or_not_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AUTOGRADER_CACHE", "off")
    shelf("findings").write("ab12", b"value")
    assert shelf("findings").read("ab12") is None
    file = tmp_path / "file"
    file.write_text("no folder")
    Shelf(file / "below").write("ab12", b"value")
    assert Shelf(file / "below").read("ab12") is None


def test_what_nobody_asked_for_is_deleted(cache: Path):
    for key in ("ab12", "cd34"):
        shelf("findings").write(key, b"value")
    old = time.time() - (DAYS + 1) * 86_400
    os.utime(cache / "findings/ab/ab12", (old, old))
    shelf("findings").prune()
    assert [shelf("findings").read(key) for key in ("ab12", "cd34")] == [None, b"value"]


def test_drawn_inputs_come_back_as_they_were_drawn(cache: Path, monkeypatch: pytest.MonkeyPatch):
    drawn = collect(SUITE, "doubling", 1)
    first = {check.id: drawn.examples(check) for check in drawn.checks}
    monkeypatch.setattr(suite_file, "draw", lambda *_: pytest.fail("drawn again"))
    again = collect(SUITE, "doubling", 1)
    assert all(suite_file._same(first[check.id], again.examples(check)) for check in again.checks)
    other = collect(SUITE, "doubling", 2)
    with pytest.raises(pytest.fail.Exception, match="drawn again"):
        other.examples(other.checks[0])


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        {"a": object()},
        [torch.ones(2, requires_grad=True)],
        [torch.ones(2, 3).t().unsqueeze(0)[:, :1]],
        {1: True, 2: 1.0},
        [2**70],
    ],
    ids=["a tuple", "an object", "a gradient", "odd strides", "keys of numbers", "a large number"],
)
def test_inputs_that_would_change_on_the_way_are_drawn_each_time(value: object):
    encoded = suite_file._encoded([{"x": value}])
    assert encoded is None or suite_file._same([{"x": value}], suite_file._decoded(encoded))


def test_tuples_are_not_kept():
    assert suite_file._encoded([{"x": (1, 2)}]) is None
    assert suite_file._encoded([{"x": [1, 2]}]) is not None


def test_what_a_reference_answered_is_not_worked_out_again(cache: Path, unit: object, tmp_path: Path):
    from autograder.course import Unit
    from autograder.submissions.submission import read_submission

    assert isinstance(unit, Unit)
    with Grader(seed=1) as grader:
        before = grader.unit(unit).grade(read_submission(unit.solution))
    assert list((cache / "answers").glob("*/*"))
    with Grader(seed=1) as grader:
        graded = grader.unit(unit)
        known = dict(graded._assessor.answers)
        assert len(known) > 20
        after = graded.grade(read_submission(unit.solution))
        assert graded._assessor.answers == known
    assert [check.outcome for check in after.checks] == [check.outcome for check in before.checks]
