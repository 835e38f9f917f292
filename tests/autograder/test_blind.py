"""Files of strangers: graded once for the record, never changed, and never forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import COURSE, GOOD

from autograder.authoring.bench import Bench
from autograder.authoring.blind import (
    First,
    Graded,
    Rate,
    Stranger,
    grade_strangers,
    interval,
    rates,
    strangers,
    write_task,
)
from autograder.authoring.finding import Finder
from autograder.course import CourseError, Unit, load_course
from autograder.submissions.submission import read_submission


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    unit = load_course(tmp_path / "course").unit("doubling")
    files = {
        "right/double_1.py": GOOD.replace("return 2 * X", "return X + X"),
        "right/double_2.py": GOOD.replace("return 2 * X", "return X.repeat(2, 1)"),
        "wrong/double_1.py": GOOD.replace("return 2 * X", "return X**2"),
        "wrong/double_2.py": GOOD,
        "wrong/softmax_1.py": GOOD.replace("E / E.sum", "E * E.sum"),
    }
    for name, text in files.items():
        (unit.home / "blind" / name).parent.mkdir(parents=True, exist_ok=True)
        (unit.home / "blind" / name).write_text(text)
    return unit


def test_the_first_grading_is_what_counts(unit: Unit):
    with Bench(1) as bench:
        first = list(grade_strangers(unit, Finder(1, bench=bench)))
        assert {each.stranger.path for each in first if each.stranger.right == bool(each.first)} == {
            "right/double_2.py", "wrong/double_2.py",
        }  # fmt: skip
        assert [str(rate) for rate in rates(first)] == ["1 of 2 (9% to 91%)", "1 of 3 (6% to 79%)"]
        record = (unit.home / "blind/first.json").read_text()
        # The suite is mended: what got through is caught, and still counts as having got through.
        suite = unit.hidden_suite.read_text()
        unit.hidden_suite.write_text(suite.replace("reference.double(X))", "reference.double(X) + 1)", 1))
        again = {each.stranger.path: each for each in grade_strangers(unit, Finder(1, bench=bench))}
    assert (again["wrong/double_2.py"].first, bool(again["wrong/double_2.py"].now)) == ((), True)
    assert [str(rate) for rate in rates(again.values())] == ["1 of 2 (9% to 91%)", "1 of 3 (6% to 79%)"]
    assert (unit.home / "blind/first.json").read_text() == record


def test_a_file_that_was_changed_after_its_first_grading_is_refused(unit: Unit):
    (unit.home / "blind/first.json").write_text('{"wrong/double_2.py": {"file": "another", "lost": []}}')
    with pytest.raises(CourseError, match=r"double_2\.py was changed after its first grading"):
        list(grade_strangers(unit, Finder(1)))
    (unit.home / "blind/first.json").write_text("{")
    with pytest.raises(CourseError, match=r"first\.json cannot be read"):
        list(grade_strangers(unit, Finder(1)))


@pytest.mark.parametrize("name", ["right/halve_1.py", "right/double.py", "double_1.py", "right/more/double_1.py"])
def test_a_file_of_another_name_is_refused(unit: Unit, name: str):
    path = unit.home / "blind" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(GOOD)
    with pytest.raises(CourseError, match="is not named blind/right/EXERCISE_NUMBER"):
        strangers(unit)


def test_who_writes_them_gets_the_stub_and_nothing_else(unit: Unit, tmp_path: Path):
    path = write_task(unit, tmp_path / "task")
    assert [each.name for each in (tmp_path / "task").iterdir()] == ["doubling.py"]
    assert path.read_text() == unit.stub.read_text()
    assert not read_submission(path).problem
    with pytest.raises(CourseError, match="is not empty"):
        write_task(unit, tmp_path / "task")


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval(count: int, of: int, low: float, high: float):
    """Against published values."""
    assert interval(count, of) == pytest.approx((low, high), abs=5e-4)


def test_rates_tell_right_from_wrong():
    graded = [Graded(Stranger("f", right, "p"), lost, ()) for right, lost in ((True, ()), (True, ("a",)), (False, ()))]
    assert rates(graded) == (Rate(1, 2), Rate(1, 1))
    assert First("h", []).lost == []
