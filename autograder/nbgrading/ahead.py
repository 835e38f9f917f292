"""Grade an assignment's submissions ahead, in several processes, for nbgrader to find the results when it comes to them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder import results
from autograder.bulk.keys import submission_key, unit_key
from autograder.course import Course, Unit, load_course
from autograder.language import language, speak
from autograder.results import SubmissionResult
from autograder.submission import Submission

if TYPE_CHECKING:
    from autograder.grader.grading import Grader


@dataclass(frozen=True)
class Ahead:
    """A folder of results, each under a key of all it depends on: another code, suite or seed does not find it."""

    folder: Path

    def read(self, unit: Unit, seed: int, submission: Submission) -> SubmissionResult | None:
        """The result graded ahead for this code, under this student's name; None if there is none."""
        try:
            result = results.decode(self.path(unit, seed, submission).read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None
        return msgspec.structs.replace(result, student=submission.student)

    def write(self, unit: Unit, seed: int, submission: Submission, result: SubmissionResult) -> None:
        """Keep a result, unless the grader itself failed in it: that is tried again."""
        if not result.grader_errors:
            self.path(unit, seed, submission).write_bytes(results.encode(result))

    def path(self, unit: Unit, seed: int, submission: Submission) -> Path:
        key = submission_key(submission.cells, submission.problem, unit_key(unit, seed, language=language()))
        return self.folder / f"{key}.json"


def grade_ahead(course: Course, unit: Unit, notebooks: Iterable[Path], folder: Path, jobs: int) -> Iterator[str]:
    """Grade notebooks (SUBMITTED/STUDENT/UNIT/UNIT.ipynb) in up to `jobs` processes; what they give goes to `folder`.

    Yields a line for each that could not be graded ahead: nbgrader meets it again and reports it in its own way.
    """
    context = multiprocessing.get_context("spawn")
    settings = (str(course.root), unit.name, str(folder), language())
    with ProcessPoolExecutor(jobs, context, _start, settings) as pool:
        for problem in pool.map(_grade_one, [str(path) for path in notebooks]):
            if problem:
                yield problem


@dataclass(frozen=True)
class _Bench:
    """What one grading process works with."""

    grader: Grader
    course: Course
    unit: Unit
    ahead: Ahead


_bench: _Bench


def _start(root: str, unit: str, folder: str, spoken: str) -> None:
    global _bench
    speak(spoken)
    from autograder.grader.launching import launch

    launched = launch()
    from autograder.grader.grading import Grader

    course = load_course(Path(root))
    _bench = _Bench(Grader(course.seed, launched=launched), course, course.unit(unit), Ahead(Path(folder)))


def _grade_one(path: str) -> str:
    try:
        submission = _read(Path(path))
        result = _bench.grader.unit(_bench.unit).grade(submission)
        _bench.ahead.write(_bench.unit, _bench.course.seed, submission, result)
    except Exception as error:
        return f"{path}: {type(error).__name__}: {error}"
    return ""


def _read(path: Path) -> Submission:
    import nbformat

    from autograder.nbgrading.grading import submission_of

    return submission_of(nbformat.read(path, as_version=4), path.stem, path.parent.parent.name)
