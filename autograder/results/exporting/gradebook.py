"""nbgrader's gradebook, written through nbgrader's own interface."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.course import CourseError
from autograder.results.document import SubmissionResult
from autograder.results.reading import Reading
from autograder.results.scoring import earned


def write_gradebook(reading: Reading, target: str, titles: Mapping[str, str]) -> list[str]:
    """Write every score as its grade cell's automatic score; what a person entered there stays.

    target: a file for SQLite, or a database URL. A unit is an assignment with one notebook of the same name, an exercise
    a grade cell, as `autograder course` makes them; what is missing is created, the points of cells that exist are kept.
    Raises CourseError without nbgrader, or where the database cannot be used.
    """
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError as error:
        raise CourseError(f"this needs the extra nbgrader: pip install 'autograder[nbgrader]' ({error})") from error
    url = target if "://" in target else f"sqlite:///{Path(target).resolve()}"
    try:
        with _programs_at_hand(), Gradebook(url) as gradebook:
            for unit in reading.units:
                _write_unit(gradebook, unit, [result for result in reading.results if result.unit == unit])
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).split("\n")[0]
        raise CourseError(f"{target} cannot be used as a gradebook ({reason}); name another with --out") from error
    return [target]


@contextmanager
def _programs_at_hand() -> Iterator[None]:
    """nbgrader asks `alembic` for its version; it lies beside our Python, which need not be on the path."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _write_unit(gradebook: Any, unit: str, results: list[SubmissionResult]) -> None:
    gradebook.update_or_create_assignment(unit)
    gradebook.update_or_create_notebook(unit, unit)
    most: dict[str, float] = defaultdict(float)
    for result in results:
        for exercise in result.exercises:
            most[exercise.name] = max(most[exercise.name], exercise.max_score)
    existing = {cell.name: float(cell.max_score) for cell in gradebook.find_notebook(unit, unit).grade_cells}
    for name in most.keys() - existing.keys():
        gradebook.add_grade_cell(name, unit, unit, max_score=most[name], cell_type="code")
    points = {**most, **existing}
    for result in results:
        _write_submission(gradebook, result, points)


def _write_submission(gradebook: Any, result: SubmissionResult, points: Mapping[str, float]) -> None:
    from nbgrader.api import Grade

    gradebook.update_or_create_student(result.student)
    # nbgrader builds a submission before it adds it; flushing in between would warn about every part of it.
    with gradebook.db.no_autoflush:
        submission = gradebook.update_or_create_submission(result.unit, result.student)
    notebook = next(each for each in submission.notebooks if each.name == result.unit)
    grades = {grade.name: grade for grade in notebook.grades}
    for exercise in result.exercises:
        grade = grades.get(exercise.name)
        if grade is None:  # the cell is newer than the submission
            cell = gradebook.find_grade_cell(exercise.name, result.unit, result.unit)
            grade = Grade(cell_id=cell.id, notebook=notebook)
            gradebook.db.add(grade)
        # Where nothing could be assessed a person must judge; a share of the points is kept where some could.
        judged = exercise.max_score > 0
        grade.auto_score = earned(points[exercise.name], exercise.score, exercise.max_score) if judged else None
        grade.needs_manual_grade = not judged
    gradebook.db.commit()
