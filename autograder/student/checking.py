"""Run a student's public checks on the student's own machine: workers without a wall, nothing hidden in reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from autograder.course import Course, CourseError, Unit
from autograder.grader.assessing import Assessment
from autograder.grader.grading import Grader
from autograder.grader.launching import Launched
from autograder.language import _
from autograder.results.document import SubmissionResult
from autograder.student import progress as progress_file
from autograder.student.progress import Progress
from autograder.student.workspace import find_workspace
from autograder.submissions.submission import modules_beside, read_submission


class Checker:
    """Checks files of a course with a warm worker, and keeps the progress of the workspace they lie in.

    Use as a context manager.
    """

    def __init__(self, course: Course, launched: Launched | None = None) -> None:
        self._course = course
        self._grader = Grader(course.seed, launched=launched, public=True, walled=False)

    def check(
        self,
        unit: Unit,
        path: Path,
        *,
        only: str | None = None,
        seen: Callable[[Assessment], None] | None = None,
    ) -> tuple[SubmissionResult, Progress]:
        """Run a unit's checks (of one exercise) on a file; `seen` is told of each as it ends.

        Raises CourseError for an exercise the unit does not have.
        """
        graded = self._grader.unit(unit)
        names = list(graded.suite.exercises())
        if only is not None and only not in names:
            raise CourseError(
                _("{unit} has no exercise {exercise!r}; it has {names}").format(
                    unit=unit.name, exercise=only, names=", ".join(names)
                )
            )
        submission = read_submission(path, beside=modules_beside(path, self._course.units))
        result = graded.grade(submission, only=None if only is None else [only], progress=seen)
        workspace = find_workspace(path.parent)
        progress = progress_file.read(workspace)
        progress.note(result)
        progress_file.write(progress, workspace)
        return result, progress

    def warm(self, unit: Unit) -> None:
        """Collect the unit's checks now, so that the first result does not wait for it."""
        self._grader.unit(unit)

    def prepare(self) -> None:
        """Get a worker ready for the next check, in the background."""
        self._grader.prepare()

    def interrupt(self) -> None:
        """From another thread: end the check under way; its result is worth nothing."""
        self._grader.interrupt()

    def __enter__(self) -> Checker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._grader.close()
