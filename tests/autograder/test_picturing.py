"""A mismatch becomes a picture of at most a window: the right numbers, the wrong entries, and nothing JSON cannot hold."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conftest import Grade
from torch import Tensor

from autograder.grader.assessing import Assessment, Trial
from autograder.grader.picturing import MOST_BOXES, SIDE, figure_of
from autograder.results import document
from autograder.results.document import Boxes, CheckResult, Matrices, Outcome, SubmissionResult, score_exercise
from autograder.suite import Mismatch, close


def pictured(got: Any, want: Any, **options: Any) -> Matrices | Boxes | None:
    """The figure of a failed `close`."""
    with pytest.raises(Mismatch) as caught:
        close(got, want, **options)
    trial = Trial({}, Outcome.FAILED, caught.value)
    return figure_of(Assessment(None, Outcome.FAILED, [trial], trial))  # type: ignore[arg-type]


def test_a_matrix_shows_both_sides_and_its_wrong_entries():
    want = torch.eye(3)
    got = want.clone()
    got[1, 2], got[2, 0] = 0.1, 5.0
    figure = pictured(got, want)
    assert figure == Matrices(
        got=[[1, 0, 0], [0, 1, 0.1], [5, 0, 1]],
        expected=[[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        wrong=[5, 6],
        shape=[3, 3],
        axes=[0, 1],
        corner=[0, 0],
    )


def test_entries_within_the_checks_own_tolerance_are_not_marked():
    got = torch.zeros(2, 2) + torch.tensor([[0.05, 0.5], [0, 0]])
    figure = pictured(got, torch.zeros(2, 2), atol=0.1)
    assert figure is not None
    assert figure.wrong == [1]


def test_a_large_tensor_is_cut_to_a_window_around_its_first_wrong_entry():
    want = torch.arange(2 * 50 * 60, dtype=torch.float64).reshape(2, 50, 60)
    got = want.clone()
    got[1, 20, 59] = -1
    figure = pictured(got, want)
    assert isinstance(figure, Matrices)
    assert (len(figure.got), len(figure.got[0])) == (SIDE, SIDE)
    row, column = divmod(figure.wrong[0], SIDE)
    assert figure.got[row][column] == -1
    batch, top, left = figure.corner
    assert (batch, top + row, left + column) == (1, 20, 59)
    assert figure.shape == [2, 50, 60]


def test_values_json_cannot_hold_survive_it():
    want = torch.zeros(2, 2)
    got = torch.tensor([[float("nan"), float("inf")], [-float("inf"), 0.1 + 0.2]])
    figure = pictured(got, want)
    assert figure is not None
    assert figure.got == [["nan", "inf"], ["-inf", 0.3]]
    check = CheckResult("test_f", "It holds.", 1, Outcome.FAILED, "no", None, figure)
    written = SubmissionResult("ada", "u", 0, 1, "none", 1, [score_exercise("f", [check], [])])
    assert document.decode(document.encode(written)) == written


def test_dimensions_of_one_entry_are_passed_over():
    want = torch.arange(8.0).reshape(1, 4, 1, 2, 1)
    got = want.clone()
    got[0, 3, 0, 1, 0] = 9
    figure = pictured(got, want)
    assert isinstance(figure, Matrices)
    assert figure.got == [[0, 1], [2, 3], [4, 5], [6, 9]]
    assert (figure.wrong, figure.axes, figure.corner) == ([7], [1, 3], [0, 0, 0, 0, 0])


def test_a_vector_is_one_row_and_a_handful_of_numbers_is_no_picture():
    figure = pictured(torch.ones(5), torch.zeros(5))
    assert isinstance(figure, Matrices)
    assert figure.got == [[1, 1, 1, 1, 1]]
    assert (figure.shape, figure.axes, figure.corner) == ([5], [0], [0])
    assert pictured(torch.ones(3), torch.zeros(3)) is None
    assert pictured(torch.tensor(1.0), torch.tensor(2.0)) is None


def corners(count: int) -> Tensor:
    left = torch.arange(count, dtype=torch.float64)[:, None]
    return torch.cat([left, left, left + 2, left + 1], dim=1)


def test_declared_boxes_are_kept_as_boxes():
    want = corners(3)
    got = want.clone()
    got[2] = torch.tensor([2.0, 2, 3, 3])
    figure = pictured(got, want, boxes=True)
    assert figure == Boxes(got.tolist(), want.tolist(), wrong=[2], first=0, count=3)
    assert isinstance(pictured(got, want), Matrices)


def test_of_many_boxes_those_from_the_first_wrong_one_on_are_kept():
    want = torch.cat([torch.ones(1, 100, 2, dtype=torch.float64), corners(100)[None]], dim=2)
    got = want.clone()
    got[0, 95, 3] += 1
    figure = pictured(got, want, boxes=True)
    assert isinstance(figure, Boxes)
    assert (len(figure.got), figure.first, figure.count) == (MOST_BOXES, 100 - MOST_BOXES, 100)
    assert figure.wrong == [95 - figure.first]
    assert figure.expected[15] == corners(100)[95].tolist()


def test_rows_whose_boxes_agree_are_drawn_as_a_matrix():
    want = torch.cat([torch.ones(3, 2, dtype=torch.float64), corners(3)], dim=1)
    got = want.clone()
    got[0, 0] = 7
    assert isinstance(pictured(got, want, boxes=True), Matrices)


@pytest.mark.parametrize("got", [None, "text", torch.zeros(2, 3), torch.zeros(2, 2, dtype=torch.float64)])
def test_a_value_of_another_kind_shape_or_dtype_has_no_picture(got: Any):
    assert pictured(got, torch.ones(2, 2)) is None


def test_no_picture_where_the_check_passed_or_never_compared():
    assert figure_of(Assessment(None, Outcome.PASSED, [])) is None  # type: ignore[arg-type]
    trial = Trial({}, Outcome.FAILED, Mismatch("sums to 2", torch.ones(2, 2)))
    assert figure_of(Assessment(None, Outcome.FAILED, [trial], trial)) is None  # type: ignore[arg-type]


def test_grading_puts_the_picture_beside_the_message(grade: Grade):
    source = "def double(X):\n    return 2 * X + (X.numel() > 3)\n"
    pictured = [check for check in grade(source).checks if check.figure is not None]
    assert pictured
    assert all(check.outcome is Outcome.FAILED for check in pictured)
