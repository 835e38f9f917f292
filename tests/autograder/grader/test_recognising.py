"""A known mistake is named for a reason: it gives the same wrong values, or raises the same and says the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import COURSE, GOOD

from autograder.course import load_course
from autograder.grader.grading import Grader, UnitGrader
from autograder.grader.workers import Zygote
from autograder.submissions.cells import Cell
from autograder.submissions.submission import Submission

WRONG = """
from autograder.suite import misconception


@misconception("double", "wide inputs are refused", hint="Any number of columns will do. Which line looks at it?")
def refuses(X):
    if X.shape[1] > 1:
        raise ValueError(f"{X.shape[1]} columns are more than 1")
    return 3 * X


@misconception("double", "nothing is returned for any input", hint="It always ends in an error. What is spelt wrongly?")
def raises(X):
    raise NameError("name 'Y' is not defined")
"""


@pytest.fixture(scope="module")
def named(grader: Grader, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """What the mistakes of a `double` are called."""
    root = tmp_path_factory.mktemp("recognising") / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    unit = load_course(root).unit("doubling")
    unit.misconceptions.write_text(WRONG)
    graded = UnitGrader(unit, grader.unit(load_course(COURSE).unit("doubling")).suite, zygote)

    def named(body: str) -> set[str]:
        source = f"{GOOD}\n\ndef double(X):\n    " + body.replace("\n", "\n    ")
        result = graded.grade(Submission("s", Path("s.py"), [Cell("s.py", source)]), only=["double"])
        assert any(check.outcome.value != "passed" for check in result.checks)
        return {check.misconception.name for check in result.checks if check.misconception is not None}

    return named


def test_the_same_words_name_it(named: Callable[[str], set[str]]):
    assert named("raise NameError(\"name 'Y' is not defined\")") == {"nothing is returned for any input"}


def test_the_same_kind_in_other_words_does_not(named: Callable[[str], set[str]]):
    assert named("raise NameError(\"name 'X2' is not defined\")") == set()


def test_numbers_may_differ(named: Callable[[str], set[str]]):
    body = "if X.shape[1] > 1:\n    raise ValueError(f'{X.shape[1] + 5} columns are more than 6')\nreturn 3 * X"
    assert named(body) == {"wide inputs are refused"}


def test_a_wrong_value_in_common_is_reason_enough(named: Callable[[str], set[str]]):
    body = "if X.shape[1] > 1:\n    raise ValueError('too wide')\nreturn 3 * X"
    assert "wide inputs are refused" in named(body)
    assert named("if X.shape[1] > 1:\n    raise ValueError('too wide')\nreturn 2 * X") == set()
