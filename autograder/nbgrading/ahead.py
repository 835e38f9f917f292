"""Grade an assignment's submissions ahead, in several processes, for nbgrader to find the results when it comes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import nbformat

from autograder.bulk.processes import Pool
from autograder.bulk.running import Keys
from autograder.bulk.tasks import Settings, Task
from autograder.course import Course, Unit
from autograder.grader.keys import gpus, submission_key, unit_key
from autograder.language import language
from autograder.nbgrading.cells import submission_of
from autograder.results import document
from autograder.results.document import SubmissionResult
from autograder.submissions.submission import Submission


@dataclass(frozen=True)
class Ahead:
    """A folder of results, each under a key of all it depends on: another code, suite or seed does not find it."""

    folder: Path

    def read(self, unit: Unit, seed: int, submission: Submission) -> SubmissionResult | None:
        """The result graded ahead for this code, under this student's name; None if there is none."""
        try:
            result = document.decode(self.path(unit, seed, submission).read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None
        return msgspec.structs.replace(result, student=submission.student)

    def write(self, unit: Unit, seed: int, submission: Submission, result: SubmissionResult) -> None:
        """Keep a result, unless the grader itself failed in it: that is tried again."""
        if not result.grader_errors:
            self.path(unit, seed, submission).write_bytes(document.encode(result))

    def path(self, unit: Unit, seed: int, submission: Submission) -> Path:
        known = unit_key(unit, seed, language=language(), hardware=gpus())
        return self.folder / f"{submission_key(submission.cells, submission.problem, known)}.json"


def grade_ahead(
    course: Course, unit: Unit, notebooks: Iterable[Path], folder: Path, jobs: int, *, require_isolation: bool = False
) -> Iterator[str]:
    """Grade notebooks (SUBMITTED/STUDENT/UNIT/UNIT.ipynb) in up to `jobs` processes; what they give goes to `folder`.

    Yields a line for each that could not be graded ahead: nbgrader meets it again and reports it in its own way.
    """
    keys = Keys(course, Settings(str(course.root), course.seed, language(), require_isolation), gpus())
    ahead = Ahead(folder)
    submissions: dict[str, Submission] = {}
    tasks: list[Task] = []
    for path in notebooks:
        try:
            submission = _read(path)
            tasks.append(keys.task_of(submission, unit.name))
        except Exception as error:  # whatever stands in the file
            yield f"{path}: {type(error).__name__}: {error}"
        else:
            submissions[submission.student] = submission
    if not submissions:
        return
    with Pool(min(jobs, len(submissions))) as pool:
        for graded in pool.grade(tasks):
            if graded.result is not None:
                ahead.write(unit, course.seed, submissions[graded.student], graded.result)
            else:
                yield f"{graded.student or unit.name}: {graded.failure}"
            if graded.fatal:
                return


def _read(path: Path) -> Submission:
    return submission_of(nbformat.read(path, as_version=4), path.stem, path.parent.parent.name)
