"""nbgrader's own autograde, with the submissions graded ahead in several processes."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from traitlets.config import Config

from autograder.course import Course, CourseError, find_course, load_course
from autograder.nbgrading.ahead import grade_ahead

_logger = logging.getLogger(__name__)


def autograde(unit: str, jobs: int, arguments: list[str]) -> int:
    """Do what `nbgrader autograde UNIT ARGUMENTS` does in this folder; return its exit code.

    Raises CourseError where there is no nbgrader course that `autograder course` wrote, or nothing to grade.
    """
    app = AutogradeApp()
    app.initialize([unit, *arguments])
    coursedir = app.coursedir
    assert coursedir is not None  # nbgrader makes it while it initialises
    coursedir.assignment_id = unit
    app.extra_args = []
    course = _course(app.config)
    with tempfile.TemporaryDirectory(prefix="autograder-ahead-") as folder:
        pending = list(_pending(Autograde(coursedir=coursedir, parent=app)))
        isolated = bool(app.config.Grade.get("require_isolation", False))
        for problem in grade_ahead(course, course.unit(unit), pending, Path(folder), jobs, require_isolation=isolated):
            _logger.warning("not graded ahead: %s", problem)
        app.update_config(Config({"Grade": {"ahead": folder}}))
        try:
            app.start()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1
    return 0


def _course(config: Config) -> Course:
    if "autograder.nbgrading.grading.Grade" not in config.Autograde.get("autograde_preprocessors", []):
        raise CourseError(
            "nbgrader_config.py here does not grade with this engine; run this in a folder that `autograder course` wrote"
        )
    root = config.Grade.get("course", "")
    return load_course(Path(root)) if root else find_course()


def _pending(converter: Autograde) -> Iterator[Path]:
    """The submitted notebooks that nbgrader will grade: new ones, newer ones, or all of them with --force."""
    try:
        converter.init_notebooks()
    except NbGraderException as error:
        raise CourseError(f"{error} Did you run nbgrader collect?") from error
    for source, notebooks in converter.assignments.items():
        submitted = Path(source)
        done = converter._format_dest(submitted.name, submitted.parent.name)
        if not Path(done).exists() or converter.force or _newer(converter.coursedir, source, done):
            yield from (Path(path) for path in notebooks if Path(path).stem == submitted.name)


def _newer(coursedir: Any, source: str, done: str) -> bool:
    handed_in, graded = (coursedir.get_existing_timestamp(path) for path in (source, done))
    return handed_in is not None and graded is not None and handed_in > graded
