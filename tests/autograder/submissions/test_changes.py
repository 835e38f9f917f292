"""A known mistake is the smallest change of the solution: what is code is replaced, once, and something else comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import SuiteError, load_course
from autograder.submissions.changes import ChangeError, changed
from autograder.submissions.variants import misconceptions

SOURCE = '''
import torch

def softmax(X):
    """Divide by E.sum(): rows sum to 1."""
    # E.sum() once more
    E = torch.exp(X)  # torch.exp(X)
    return E / E.sum()


@torch.no_grad()
class Layer:
    """A layer."""

    def __init__(self, n):
        """given lines count too"""
        self.n = n

    def forward(self, X):
        return self.n * X
'''


def test_code_is_replaced_and_comments_are_not():
    text = changed(SOURCE, "softmax", {"E.sum()": "E.sum(dim=0)", "torch.exp(X)": "torch.exp(-X)"})
    assert "E = torch.exp(-X)  # torch.exp(X)\n    return E / E.sum(dim=0)\n" in text
    assert '"""Divide by E.sum(): rows sum to 1."""\n    # E.sum() once more' in text


def test_given_lines_of_a_class_can_be_changed_too():
    assert "@torch.no_grad()\nclass Layer" in changed(SOURCE, "Layer", {"self.n = n": "self.n = 1"})


@pytest.mark.parametrize(
    ("definition", "replacements", "said"),
    [
        ("softmax", {"X.max()": "0"}, r"'X.max\(\)' occurs 0 times in softmax"),
        ("softmax", {"E": "F"}, "'E' occurs 3 times"),
        ("softmax", {"rows": "lines"}, "'rows' occurs 0 times"),
        ("softmax", {"E / E.sum()": "E /  E.sum()"}, "changes nothing that runs"),
        ("softmax", {"E / E.sum()": "E / ("}, "is no Python"),
        ("softmax", {"E / E.sum()": "E", "E.sum()": "1"}, "overlap"),
        ("softmax", {}, "replaces nothing"),
        ("softmax", {" ": "  "}, "occurs"),
        ("net", {"E": "F"}, "defines no net"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(definition: str, replacements: dict[str, str], said: str):
    with pytest.raises(ChangeError, match=said):
        changed(SOURCE, definition, replacements)


def unit_with(course: Path, tmp_path: Path, text: str):
    import shutil

    root = tmp_path / "course"
    shutil.copytree(course, root, ignore=shutil.ignore_patterns("__pycache__"))
    unit = load_course(root).unit("doubling")
    unit.misconceptions.write_text("from autograder.suite import wrong\n\n" + text)
    return unit


COURSE = Path(__file__).parent.parent / "course"


def test_a_change_is_a_misconception_like_any_other(tmp_path: Path):
    unit = unit_with(
        COURSE, tmp_path, 'wrong("double", "adds 2", {"2 * X": "2 + X"}, hint="Twice, and not two more.")\n'
    )
    (variant,) = misconceptions(unit)
    assert (variant.exercise, variant.name, variant.identifier) == ("double", "adds 2", "double_adds_2")
    assert "return 2 + X" in variant.definition
    assert variant.source.startswith(unit.solution.read_text())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('wrong("double", "adds 2", {"3 * X": "2 + X"}, hint="Twice.")', r":3: 'adds 2': '3 \* X' occurs 0 times"),
        ('wrong("double", "adds 2", {"2 * X": "2 + X"})', ':3: write wrong\\("exercise"'),
        ('wrong("double", "adds 2", {"2 * X": 3}, hint="Twice.")', ':3: write wrong\\("exercise"'),
        ('wrong("double", {"2 * X": "2 + X"}, hint="Twice.")', ':3: write wrong\\("exercise"'),
        (
            'wrong("double", "a", {"2 * X": "X"}, hint="H.")\nwrong("double", "a", {"2": "3"}, hint="H.")',
            ":4: there are two",
        ),
    ],
)
def test_a_change_that_is_written_wrongly_says_where(tmp_path: Path, text: str, said: str):
    with pytest.raises(SuiteError, match=said):
        misconceptions(unit_with(COURSE, tmp_path, text + "\n"))
