"""The preprocessors that take the place of nbgrader's Execute: grade behind the wall, and leave to people what they must judge.

This module imports no torch: nbgrader loads it whenever it autogrades, the engine when the first notebook is graded.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Bool, Unicode

from autograder.course import Course, Unit, find_course, load_course
from autograder.grader.keys import unit_key
from autograder.language import _, language
from autograder.nbgrading.ahead import Ahead
from autograder.nbgrading.cells import is_grade_cell, nbgrader_of, submission_of
from autograder.nbgrading.outputs import grade_outputs, shown
from autograder.nbgrading.restoring import notes_of
from autograder.pages import exercise_html
from autograder.results.document import ExerciseResult, Outcome, SubmissionResult
from autograder.results.scoring import GradeError, earned
from autograder.submissions.submission import Submission, cell_label

if TYPE_CHECKING:
    from autograder.grader.grading import Grader

FOR_A_PERSON = "autograder_review"
_graders: dict[tuple[Path, bool], Grader] = {}
_collected: dict[str, str] = {}


class Grade(NbGraderPreprocessor):
    """Grades a notebook's own cells in a worker and writes each grade cell's outputs."""

    course = Unicode(
        "", help="Folder of the course that holds the units; found as the command line does if empty."
    ).tag(config=True)
    require_isolation = Bool(False, help="Refuse to grade where a layer of the wall is missing.").tag(config=True)
    ahead = Unicode("", help="Folder of results graded ahead by `autograder nbgrader-autograde`.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Raises GradeError, CourseError and the engine's own errors; nbgrader then writes no grade and goes on."""
        place = resources["nbgrader"]
        course = load_course(Path(self.course)) if self.course else find_course()
        submission = submission_of(nb, place["notebook"], place["student"])
        result = self._result(course, place["assignment"], submission)
        if result.grader_errors:
            failed = ", ".join(check.id for check in result.grader_errors)
            raise GradeError(
                f"the grader itself failed in {failed}; no grade was written for {place['student']}. "
                f"Mend the suite, then run nbgrader autograde {place['assignment']} again."
            )
        for line in result.review:
            self.log.warning("%s should be looked at by a person: %s", place["student"], line)
        resources["nbgrader"][FOR_A_PERSON] = write_result(nb, result)
        return nb, resources

    def _result(self, course: Course, assignment: str, submission: Submission) -> SubmissionResult:
        unit = course.unit(assignment)
        if self.ahead:
            found = Ahead(Path(self.ahead)).read(unit, course.seed, submission)
            if found is not None:
                self.log.info("%s of %s was graded ahead", assignment, submission.student)
                return found
        grader = _grader(course, require_isolation=self.require_isolation)
        _forget_what_changed(grader, unit, course.seed)
        try:
            return grader.unit(unit).grade(submission)
        except Exception:
            # Whatever it was, the next submission gets a grader that has not seen it.
            _graders.pop((course.root, self.require_isolation)).close()
            raise


class Review(NbGraderPreprocessor):
    """Runs after SaveAutoGrades: marks for a person the grade cells that `Grade` could not judge, or not alone."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        place = resources["nbgrader"]
        marked: dict[str, bool] = place.get(FOR_A_PERSON, {})
        if marked:
            self._mark(place, marked)
        return nb, resources

    def _mark(self, place: dict[str, str], marked: dict[str, bool]) -> None:
        with Gradebook(place["db_url"]) as gradebook:
            for grade_id, judged in marked.items():
                grade: Any = gradebook.find_grade(grade_id, place["notebook"], place["assignment"], place["student"])
                grade.needs_manual_grade = True
                if not judged:
                    grade.auto_score = None
            gradebook.db.commit()


def write_result(nb: NotebookNode, result: SubmissionResult) -> dict[str, bool]:
    """Write the outputs of every cell; return the grade cells that a person must see: grade_id -> whether judged.

    Raises GradeError before anything is written if a score is no grade.
    """
    exercises = {exercise.name: exercise for exercise in result.exercises}
    graded = [cell for cell in nb.cells if is_grade_cell(cell)]
    review = {}
    outputs: list[list[NotebookNode]] = []
    for cell in graded:
        name, points = nbgrader_of(cell)["grade_id"], float(nbgrader_of(cell)["points"])
        made, judged = _outputs(exercises.get(name), name, points, notes_of(cell), styled=not outputs)
        outputs.append(made)
        if not judged or result.review:
            review[name] = judged
    for cell, made in zip(graded, outputs, strict=True):
        cell["outputs"] = made
    _show_problems(nb, result, graded)
    return review


def _outputs(
    exercise: ExerciseResult | None, name: str, points: float, notes: list[str], *, styled: bool
) -> tuple[list[NotebookNode], bool]:
    """A grade cell's outputs, and whether they are a judgement. styled: whether to bring the page's style sheet."""
    judged = exercise is not None and not _unassessed(exercise)
    exercise = exercise or ExerciseResult(name, 0.0, 0.0, [])
    value = earned(points, exercise.score, exercise.max_score) if judged else 0.0
    block = msgspec.structs.replace(
        exercise, notes=[*notes, *_weighing(exercise, points, judged=judged), *exercise.notes]
    )
    return grade_outputs(value, points, exercise_html(block, styled=styled), f"{name}: {value:g} / {points:g}"), judged


def _unassessed(exercise: ExerciseResult) -> bool:
    return all(check.outcome is Outcome.NOT_ASSESSED for check in exercise.checks)


def _weighing(exercise: ExerciseResult, points: float, *, judged: bool) -> list[str]:
    """Where nbgrader's points are not simply the checks' points: why."""
    if not judged:
        return [_("None of this could be assessed here; a person will grade it.")]
    if exercise.max_score == points:
        return []
    said = _("What could be assessed here decides: {score} of {max_score} counts as {value} of {points} points.")
    value = earned(points, exercise.score, exercise.max_score)
    numbers = (exercise.score, exercise.max_score, value, points)
    score, max_score, value_text, points_text = (f"{number:g}" for number in numbers)
    return [said.format(score=score, max_score=max_score, value=value_text, points=points_text)]


def _show_problems(nb: NotebookNode, result: SubmissionResult, graded: list[NotebookNode]) -> None:
    """What was wrong with the source stands under the cell at fault, what was printed under the last grade cell."""
    labels = {
        cell_label(f"{result.unit}.ipynb", number): cell
        for number, cell in enumerate((cell for cell in nb.cells if cell.cell_type == "code"), start=1)
    }
    for problem in result.problems:
        cell = next((c for label, c in labels.items() if re.match(rf"{re.escape(label)}\b", problem)), None)
        target = cell if cell is not None else graded[0] if graded else None
        if target is not None:
            target.outputs.append(shown(_preformatted(problem), problem))
    if result.printed.strip() and graded:
        heading = _paragraphs([_("What your code printed:")])
        graded[-1].outputs.append(shown(heading + _preformatted(result.printed), result.printed))


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _preformatted(text: str) -> str:
    return f'<pre style="white-space: pre-wrap">{html.escape(text)}</pre>'


def _grader(course: Course, *, require_isolation: bool) -> Grader:
    """One grader, and so one zygote, for all that this process grades."""
    key = (course.root, require_isolation)
    if key not in _graders:
        from autograder.grader.launching import launch

        launched = launch()
        from autograder.grader.grading import Grader

        _graders[key] = Grader(course.seed, launched=launched, require_isolation=require_isolation)
    return _graders[key]


def _forget_what_changed(grader: Grader, unit: Unit, seed: int) -> None:
    """Under nbgrader's formgrader this process lives for days, and a suite may be mended meanwhile."""
    key = unit_key(unit, seed, language=language())
    if _collected.get(unit.name, key) != key:
        grader.forget()
    _collected[unit.name] = key
