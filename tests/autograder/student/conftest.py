"""Fixtures of the student's side: a small course of two units, and workspaces made from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from studentcourse import make_course

from autograder.course import Course
from autograder.student import workspace


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("course") / "course")


@pytest.fixture
def space(course: Course, tmp_path: Path) -> Path:
    """A fresh workspace of the small course."""
    workspace.start(course, tmp_path / "work", list(course.units.values()))
    return tmp_path / "work"
