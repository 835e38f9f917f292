"""One nbgrader course for each file of tests; each test hands in under names of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from nbcourse import NbCourse, plant

from autograder.course import load_course
from autograder.grader.grading import Grader
from autograder.nbgrading import grading


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planted") / "course"
    plant(root)
    return root


@pytest.fixture(scope="module")
def nbcourse(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NbCourse]:
    """Written, generated, nothing handed in; what never returns is given two seconds."""
    course = NbCourse(tmp_path_factory.mktemp("nb") / "demo", planted, 'c.LateSubmissionPlugin.penalty_method = "zero"')
    grading._graders[planted, False] = Grader(load_course(planted).seed, call_seconds=2.0)
    course.write("doubling", "fragile")
    for unit in ("doubling", "fragile"):
        assert course.run("generate_assignment", unit).code == 0
    yield course
    for grader in grading._graders.values():
        grader.close()
    grading._graders.clear()
