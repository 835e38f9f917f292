"""Write an nbgrader course: the units' source notebooks and the configuration that grades with this engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course, CourseError, Unit
from autograder.grader.points import weighted
from autograder.grader.suite_file import collect
from autograder.nbgrading.source import source_text

CONFIG = "nbgrader_config.py"
BEGIN, END = "# autograder: begin", "# autograder: end"


@dataclass(frozen=True)
class Written:
    """A file of the course. changed: whether it had to be written."""

    path: Path
    changed: bool


def write_course(folder: Path, course: Course, units: list[Unit]) -> list[Written]:
    """Write FOLDER/source/UNIT/UNIT.ipynb for each unit, and FOLDER/nbgrader_config.py.

    Nothing else is touched: no submission, no gradebook, no line of the configuration outside its marked block.
    Raises CourseError, SuiteError, BuildError.
    """
    files = {folder / CONFIG: _config(folder, course)}
    for unit in units:
        path = folder / "source" / unit.name / f"{unit.name}.ipynb"
        files[path] = source_text(unit, points_of(unit, course.seed))
    return [Written(path, _write(path, text)) for path, text in files.items()]


def points_of(unit: Unit, seed: int) -> dict[str, float]:
    """exercise -> its weight, or the sum of its hidden checks' points, in the suite's order."""
    exercises = weighted(collect(unit.hidden_suite, unit.name, seed), unit.points).exercises()
    return {name: round(float(sum(check.points for check in checks)), 2) for name, checks in exercises.items()}


def _write(path: Path, text: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def _config(folder: Path, course: Course) -> str:
    """The configuration: new, or the existing one with its marked block brought up to date."""
    path = folder / CONFIG
    block = f"{BEGIN} (made by `autograder course`; change what is below the end)\n{_settings(course)}\n{END}"
    if not path.is_file():
        return _NEW.format(block=block, course_id=_course_id(folder))
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise CourseError(
            f"{path} has no block between `{BEGIN}` and `{END}`; put these two lines into it, below get_config(), "
            "and run again"
        )
    return text[: text.index(BEGIN)] + block + text[text.index(END) + len(END) :]


def _settings(course: Course) -> str:
    return _SETTINGS.format(root=str(course.root.resolve()))


def _course_id(folder: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-") or "course"


_NEW = """from pathlib import Path

c = get_config()

{block}

# Yours from here on.
c.CourseDirectory.course_id = "{course_id}"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
# c.CourseDirectory.db_url = "postgresql+psycopg2://user@host/gradebook"
# c.Exchange.root = "/srv/nbgrader/exchange"
"""

_SETTINGS = """\
# Student notebooks are mended by Restore, graded behind the wall by Grade instead of running in a kernel here, and what
# could not be assessed is left to a person by Review.
c.Grade.course = {root!r}
c.Autograde.sanitize_preprocessors = [
    "autograder.nbgrading.restoring.Restore",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrading.grading.Grade",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "autograder.nbgrading.grading.Review",
    "nbgrader.preprocessors.AssignLatePenalties",
]
c.Autograde.pre_convert_hook = "autograder.nbgrading.restoring.warn_of_renamed\""""
