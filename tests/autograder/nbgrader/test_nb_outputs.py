"""nbgrader takes odd results for full marks; ours are never odd."""

from __future__ import annotations

import math
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from autograder.nbgrading.cells import code_cell, metadata
from autograder.nbgrading.grading import FOR_A_PERSON, write_result
from autograder.nbgrading.outputs import grade_outputs
from autograder.results.document import CheckResult, ExerciseResult, Outcome, SubmissionResult, score_exercise
from autograder.results.scoring import GradeError, earned

assert FOR_A_PERSON


def notebook(points: float = 6.0) -> NotebookNode:
    cell = code_cell('check("double")', "double")
    cell["metadata"]["nbgrader"] = metadata("double", "code", points=points)
    return nbformat.v4.new_notebook(cells=[code_cell("def double(X): ...", "code"), cell])


def result(*outcomes: Outcome, exercise: ExerciseResult | None = None, printed: str = "") -> SubmissionResult:
    checks = [
        CheckResult(f"check{i}", "A title", 2.0, outcome, "A <b>message</b>") for i, outcome in enumerate(outcomes)
    ]
    made = exercise or score_exercise("double", checks, [])
    return SubmissionResult(
        "ada", "doubling", made.score, made.max_score, "none", 1, [made], printed=printed,
        problems=["doubling.ipynb cell 1, line 1: <SyntaxError>"],
    )  # fmt: skip


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in (Outcome.NOT_ASSESSED, Outcome.GRADER_ERROR)])
@pytest.mark.parametrize("other", [Outcome.PASSED, Outcome.FAILED])
def test_nbgrader_reads_the_points_that_were_earned(outcome: Outcome, other: Outcome) -> None:
    nb = notebook(4.0)
    write_result(nb, result(outcome, other))
    wanted = 2.0 * [outcome, other].count(Outcome.PASSED)
    assert determine_grade(nb.cells[1]) == (wanted, 4.0)


def test_unassessed_checks_count_neither_for_nor_against() -> None:
    passed, failed = Outcome.PASSED, Outcome.FAILED
    for others, wanted in [([passed], 9.0), ([failed], 0.0), ([passed, passed, failed], 6.0)]:
        nb = notebook(9.0)
        assert write_result(nb, result(*others, Outcome.NOT_ASSESSED)) == {}
        assert determine_grade(nb.cells[1]) == (wanted, 9.0)
        assert "counts as" in nb.cells[1].outputs[0].data["text/html"]


def test_what_nothing_could_assess_is_left_to_a_person_and_earns_nothing_meanwhile() -> None:
    nb = notebook(6.0)
    assert write_result(nb, result(Outcome.NOT_ASSESSED)) == {"double": False}
    assert determine_grade(nb.cells[1]) == (0.0, 6.0)


def test_an_exercise_the_suite_has_lost_is_left_to_a_person() -> None:
    nb = notebook(6.0)
    assert write_result(nb, result(exercise=ExerciseResult("other", 1.0, 1.0, []))) == {"double": False}
    assert determine_grade(nb.cells[1]) == (0.0, 6.0)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, -1.0, 6.5])
def test_a_score_that_is_none_writes_nothing(score: float) -> None:
    nb = notebook(6.0)
    checks = [CheckResult("check", "A title", 6.0, Outcome.PASSED)]
    with pytest.raises(GradeError, match="is no grade"):
        write_result(nb, result(exercise=ExerciseResult("double", score, 6.0, checks)))
    assert nb.cells[1].outputs == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.5, 6.1])
def test_a_value_outside_the_points_has_no_outputs(value: float) -> None:
    with pytest.raises(GradeError, match="is outside"):
        grade_outputs(value, 6.0, "", "")


def test_no_points_and_no_score_have_no_value() -> None:
    assert earned(0.0, 0.0, 3.0) == 0.0
    with pytest.raises(GradeError, match="nothing was assessed"):
        earned(2.0, 0.0, 0.0)
    with pytest.raises(GradeError, match="is no grade"):
        earned(math.nan, 1.0, 1.0)


@given(points=st.floats(0, 1e6), max_score=st.floats(1e-6, 1e6), part=st.floats(0, 1))
def test_what_nbgrader_reads_is_what_was_earned(points: float, max_score: float, part: float) -> None:
    value = earned(points, min(max_score, part * max_score), max_score)
    cell = SimpleNamespace(
        cell_type="code",
        outputs=grade_outputs(value, points, "<p>nan</p>", "-1"),
        metadata={"nbgrader": metadata("x", "code", points=points)},
    )
    assert determine_grade(cell) == (value, points)


def test_messages_titles_problems_and_prints_are_escaped() -> None:
    nb = notebook(4.0)
    write_result(nb, result(Outcome.FAILED, Outcome.PASSED, printed="<script>alert(1)</script>"))
    html = "".join(o.data.get("text/html", "") for cell in nb.cells for o in cell.outputs)
    assert "&lt;SyntaxError&gt;" in html
    assert "&lt;b&gt;message" in html
    assert "&lt;script&gt;" in html
    assert not [raw for raw in ("<b>message", "<script", "<SyntaxError") if raw in html]


def test_a_problem_stands_under_the_cell_at_fault_and_says_nothing_about_points() -> None:
    nb = notebook(4.0)
    write_result(nb, result(Outcome.PASSED, Outcome.PASSED))
    assert "SyntaxError" in nb.cells[0].outputs[0].data["text/plain"]
    assert determine_grade(nb.cells[1]) == (4.0, 4.0)
