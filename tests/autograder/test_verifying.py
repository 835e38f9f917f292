"""`autograder verify` finds what is wrong with a unit: each kind of fault is planted and must be named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import COURSE

from autograder.authoring.verifying import Finding, verify
from autograder.course import Unit, load_course
from autograder.grader.grading import Grader

REFERENCE_TEST = '"""Independent."""\n\nfrom pathlib import Path\n\n\ndef test_it():\n    assert {claim}\n'
MORE_ACCEPTED = """

@accepted("double", "product")
def times(X):
    return 2 * X


@accepted("double", "stack")
def stacked(X):
    import torch
    return torch.stack([X, X]).sum(0)
"""


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, str, str], Unit]:
    """A copy of the test course in which `old` is replaced by `new` in one file."""

    def plant(file: str, old: str, new: str) -> Unit:
        root = tmp_path / "course"
        shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        unit = load_course(root).unit("doubling")
        unit.reference_tests.write_text(REFERENCE_TEST.format(claim="Path('reference').is_dir()"))
        unit.accepted.write_text(unit.accepted.read_text() + MORE_ACCEPTED)
        if file:
            path = root / file
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))
        return unit

    return plant


def problems(unit: Unit, grader: Grader) -> dict[str, str]:
    grader.forget()
    found: list[Finding] = list(verify(unit, grader))
    grader.forget()
    ours = [finding for finding in found if not finding.problem.endswith("are wanted")]  # it has few accepted variants
    assert len(ours) > 8
    return {finding.subject: finding.problem for finding in ours if finding.problem}


PLANTED = {
    "nothing": ("", "", "", "", ""),
    "a reference that is wrong": (
        "reference/doubling.py", "return X + X", "return X + X + X",
        "solution", "loses points in test_double",
    ),
    "a failing test of the reference": (
        "tests/units/doubling/test_reference.py", "is_dir", "is_file",
        "reference against torch", "assert Path('reference').is_file()",
    ),
    "a test of the reference that cannot run": (
        "tests/units/doubling/test_reference.py", "from pathlib", "from nowhere",
        "reference against torch", "No module named 'nowhere'",
    ),
    "a misconception that is right": (
        "tests/units/doubling/wrong.py", "return X + 2", "return X + X",
        "misconception add_two", "is not caught",
    ),
    "a misconception that trips another check": (
        "tests/units/doubling/wrong.py", '"adds two", trips="test_double_is_twice_the_input"',
        '"adds two", trips="test_softmax"', "misconception add_two", "does not trip test_softmax",
    ),
    "two misconceptions that cannot be told apart": (
        "tests/units/doubling/wrong.py", "return X + 2", "return X**2",
        "misconception add_two", "is recognised as 'squares instead of doubling'",
    ),
    "an accepted variant that is wrong": (
        "tests/units/doubling/right.py", "return 2 * X", "return 2.5 * X",
        "accepted times", "loses points in test_double",
    ),
    "a stub that drifted": (
        "assignments/doubling/doubling.py", "def double", "def double_it",
        "assignment", "run `autograder build`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named(fault: str, broken: Callable[[str, str, str], Unit], grader: Grader):
    file, old, new, subject, said = PLANTED[fault]
    found = problems(broken(file, old, new), grader)
    if not subject:
        assert found == {}
    else:
        assert said in found.get(subject, ""), found


def test_a_missing_file_is_named(broken: Callable[[str, str, str], Unit], grader: Grader):
    unit = broken("", "", "")
    unit.public_suite.unlink()
    assert [f.problem for f in verify(unit, grader)] == ["missing: tests/units/doubling/test_public.py"]
