"""What the record of a call names, and what a rule on torchvision's operators finds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from autograder.course import find_course
from autograder.grader.grading import Grader, UnitGrader
from autograder.protocol.messages import Watch
from autograder.results.document import Outcome
from autograder.submissions.submission import read_submission
from autograder.worker.recording import Recording, recording

BOXES = torch.tensor([[0.0, 0.0, 2.0, 1.0], [1.0, 0.0, 3.0, 1.0]])
SCORES = torch.tensor([0.75, 0.5])
ALIAS = torchvision.ops.boxes.box_iou

CALLS: dict[str, tuple[Callable[[], object], str, str]] = {
    "a function": (lambda: torch.softmax(BOXES, 1), "softmax", "_softmax"),
    "a module": (lambda: nn.Softmax(1)(BOXES), "softmax", "_softmax"),
    "an overload": (lambda: torch.ops.aten._softmax.default(BOXES, 1, False), "_softmax", "_softmax"),
    "torchvision's, in Python": (lambda: ALIAS(BOXES, BOXES), "torchvision.ops.box_iou", "clamp"),
    "torchvision's, compiled": (lambda: torchvision.ops.nms(BOXES, SCORES, 0.5), "torchvision.ops.nms", "nms"),
}


@pytest.mark.parametrize("kind", CALLS)
def test_an_operator_is_recorded(kind: str):
    call, function, operation = CALLS[kind]
    record = Recording()
    with recording(record):
        call()
    assert function in record.functions
    assert operation in record.operations


def test_each_way_of_watching_sees_more():
    seen = {}
    for watch in Watch:
        record = Recording()
        with recording(record, watch):
            nn.functional.cross_entropy(BOXES, torch.tensor([0, 1]))
            ALIAS(BOXES, BOXES)
        seen[watch] = (
            "cross_entropy" in record.functions, "_log_softmax" in record.operations,
            "torchvision.ops.box_iou" in record.functions,
        )  # fmt: skip
    assert seen == {
        Watch.NOTHING: (False, False, False),
        Watch.FUNCTIONS: (True, False, False),
        Watch.OPERATORS: (True, True, False),
        Watch.EVERYTHING: (True, True, True),
    }


def test_nothing_is_recorded_outside_the_block():
    record, before = Recording(), sys.getprofile()
    with pytest.raises(ZeroDivisionError), recording(record):
        raise ZeroDivisionError
    ALIAS(BOXES, BOXES)
    assert sys.getprofile() is before
    assert record == Recording()


@pytest.fixture(scope="module")
def anchors() -> Iterator[UnitGrader]:
    course = find_course(Path(__file__).parent)
    with Grader(course.seed) as grader:
        yield grader.unit(course.unit("anchors"))


BORROWED = {
    "whole": "return torchvision.ops.box_iou(boxes1, boxes2)",
    "in part": "i, u = torchvision.ops.boxes._box_inter_union(boxes1, boxes2); return i / u",
    "with its name hidden": "import importlib; o = importlib.import_module('torchvision.' + 'ops'); "
    "return getattr(o, 'box_' + 'iou')(boxes1, boxes2)",
}


@pytest.mark.parametrize("how", BORROWED)
def test_what_torchvision_writes_in_python_is_ruled_out(how: str, anchors: UnitGrader, tmp_path: Path):
    path = tmp_path / "anchors.py"
    written = f"\nimport torchvision\ndef box_iou(boxes1, boxes2):\n    {BORROWED[how]}\n"
    path.write_text(anchors.unit.solution.read_text() + written)
    result = anchors.grade(read_submission(path))
    borrowed = {check.id for check in anchors.suite.checks if check.exercise == "box_iou"}
    assert {check.outcome for check in result.checks if check.id in borrowed} == {Outcome.FORBIDDEN}
    assert {check.outcome for check in result.checks if check.id not in borrowed} == {Outcome.PASSED}
