"""The course's sense of proportion: what a slip keeps of its exercise. The table lies in `proportion/`, one file a unit."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import find_course
from autograder.grader.grading import Grader
from autograder.submissions.cells import Cell
from autograder.submissions.changes import changed
from autograder.submissions.submission import Submission

COURSE = find_course()
SLIPS = [
    (path.stem, slip)
    for path in sorted((Path(__file__).parent / "proportion").glob("*.toml"))
    for slip in tomllib.loads(path.read_text(encoding="utf-8"))["slip"]
]


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(COURSE.seed, shrinks=False) as grader:
        yield grader


@pytest.mark.parametrize(("name", "slip"), SLIPS, ids=[f"{name}: {slip['what']}" for name, slip in SLIPS])
def test_a_slip_keeps_its_share(name: str, slip: dict, grader: Grader):
    unit = COURSE.unit(name)
    solution = unit.solution.read_text(encoding="utf-8")
    source = f"{solution}\n\n{changed(solution, slip['exercise'], slip['change'])}"
    label = f"{name}.py"
    submission = Submission("slip", Path(label), [Cell(label, source)])
    (exercise,) = grader.unit(unit).grade(submission, only=[slip["exercise"]]).exercises
    lowest, highest = slip["keeps"]
    share = exercise.score / exercise.max_score
    lost = [check.id for check in exercise.checks if not check.earned]
    assert lowest <= share <= highest, f"keeps {share:.0%}, loses {', '.join(lost)}; {slip['why']}"
