"""A run: find out what is to be graded, have it graded, write what comes back. Running again does only what is missing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from autograder.bulk.tasks import Graded, RunError, Settings, Task
from autograder.course import Course, CourseError
from autograder.files import PART, clear_parts
from autograder.grader.keys import gpus, submission_key, unit_key
from autograder.results import document
from autograder.results.document import ResultError, SubmissionResult
from autograder.submissions.gathering import Found
from autograder.submissions.submission import Submission, read_submission

SUBMISSIONS_PER_JOB = 4
TRIAL_BYTES = 2**20


class Watcher(Protocol):
    """Whoever shows how a run goes."""

    def begin(self, plan: Plan, place: str) -> AbstractContextManager[object]: ...

    def add(self, graded: Graded) -> None: ...


@dataclass
class Plan:
    """What a run has to do. todo: unit by unit. unchanged: results that are as they would be again. others: results in
    the folder that belong to no submission of this run."""

    todo: list[Found] = field(default_factory=list)
    unchanged: list[SubmissionResult] = field(default_factory=list)
    others: int = 0


@dataclass
class Report:
    """What a run yielded. results: new and unchanged ones, by student and unit. failures: what was not graded, because
    the grader failed or nobody can read it. graded: how many results are new."""

    results: list[SubmissionResult]
    failures: list[Graded]
    graded: int
    unchanged: int
    others: int

    @property
    def grader_failed(self) -> bool:
        return bool(self.failures) or any(result.grader_errors for result in self.results)


class Keys:
    """Makes tasks, and works out each unit's key once."""

    def __init__(self, course: Course, settings: Settings, hardware: Iterable[str]) -> None:
        self._course, self._settings, self._hardware = course, settings, list(hardware)
        self._units: dict[str, str] = {}

    def task(self, found: Found) -> Task | Graded:
        """The task of grading a submission as it lies there now; if that cannot be read, what became of it.

        Never raises for what a single file holds: it must not cost the others their grades.
        """
        try:
            submission = read_submission(found.path, found.student, found.beside)
            if submission.unread:
                return Graded(found.student, found.unit, failure=submission.problem, unread=True)
            return self.task_of(submission, found.unit)
        except CourseError:
            raise
        except Exception as error:
            return Graded(found.student, found.unit, failure=f"{type(error).__name__}: {error}", unread=True)

    def task_of(self, submission: Submission, name: str) -> Task:
        """The task of grading a submission for the unit of this name."""
        unit = self.unit(name)
        key = submission_key(submission.cells, submission.problem, unit)
        return Task(
            submission.student,
            name,
            submission.path.name,
            submission.cells,
            submission.problem,
            unit,
            key,
            self._settings,
        )

    def unit(self, name: str) -> str:
        """The key of a unit as it was when it was first asked for."""
        if name not in self._units:
            settings = self._settings
            self._units[name] = unit_key(
                self._course.unit(name), settings.seed, language=settings.language, hardware=self._hardware
            )
        return self._units[name]


def plan(found: Iterable[Found], keys: Keys, settings: Settings, out: Path, *, force: bool = False) -> Plan:
    """Compare the submissions with the results that are there."""
    made = Plan()
    for each in sorted(found, key=lambda f: (f.unit, f.student)):
        keys.unit(each.unit)  # now, so that a course edited during the run is noticed
        known = None if force else _known(out, each)
        task = keys.task(each) if known is not None else None
        if known is not None and isinstance(task, Task) and known.key == task.key and _isolated(known, settings):
            made.unchanged.append(known)
        else:
            made.todo.append(each)
    given = {document.location(out, each.student, each.unit) for each in found}
    made.others = sum(path not in given for path in out.glob("*/*.json"))
    return made


def run(
    found: list[Found],
    course: Course,
    settings: Settings,
    out: Path,
    watcher: Watcher,
    *,
    jobs: int,
    scheduler: str | None = None,
    force: bool = False,
) -> Report:
    """Grade what has no result yet, or one that would be another today.

    Raises CourseError if results cannot be written to `out`, and RunError if nothing can be graded.
    """
    _check_writable(out)
    if scheduler is not None:
        from autograder.bulk.cluster import Cluster

        with Cluster(scheduler) as cluster:
            keys = Keys(course, settings, cluster.hardware())
            made = plan(found, keys, settings, out, force=force)
            return _carry_out(made, keys, out, watcher, cluster.grade, scheduler)
    keys = Keys(course, settings, gpus())
    made = plan(found, keys, settings, out, force=force)
    jobs = min(jobs, len(made.todo))
    return _carry_out(made, keys, out, watcher, lambda tasks: _locally(tasks, jobs), _processes(jobs))


def sensible_jobs(cores: int, submissions: int) -> int:
    """Each process costs some seconds to start: no more of them than cores, or than pay off."""
    return max(1, min(cores, submissions // SUBMISSIONS_PER_JOB))


def _processes(jobs: int) -> str:
    return f"{jobs} processes" if jobs > 1 else "one process"


def _check_writable(out: Path) -> None:
    """Write as much as a result, and delete it: better now than after an hour of grading."""
    nearest = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise CourseError(
            f"results cannot be written to {out}: {nearest} is no folder you may write to; choose another --out"
        )
    try:
        with tempfile.NamedTemporaryFile(dir=nearest, suffix=PART) as trial:
            trial.write(bytes(TRIAL_BYTES))
            trial.flush()
            os.fsync(trial.fileno())
    except OSError as error:
        raise CourseError(f"results cannot be written to {out}: {error.strerror}; choose another --out") from error
    clear_parts(out)


def _locally(tasks: Iterator[Task], jobs: int) -> Generator[Graded]:
    if jobs > 1:
        from autograder.bulk.processes import Pool

        with Pool(jobs) as pool:
            yield from pool.grade(tasks)
        return
    from autograder.grader.launching import launch

    launched = launch()  # before what follows imports torch: the two imports run side by side
    from autograder.bulk.grading import TaskGrader

    with TaskGrader(launched) as grader:
        yield from map(grader.grade, tasks)


def _carry_out(
    made: Plan,
    keys: Keys,
    out: Path,
    watcher: Watcher,
    grade: Callable[[Iterator[Task]], Generator[Graded]],
    place: str,
) -> Report:
    done: list[SubmissionResult] = []
    failures: list[Graded] = []
    if not made.todo:
        return Report(_ordered(made.unchanged), [], 0, len(made.unchanged), made.others)

    def readable() -> Iterator[Task]:
        for found in made.todo:
            task = keys.task(found)
            if isinstance(task, Task):
                yield task
            else:
                failures.append(task)
                watcher.add(task)

    with watcher.begin(made, place), closing(grade(readable())) as outcomes:
        for graded in outcomes:
            if graded.fatal:
                raise RunError(graded.failure)
            kept = _write(graded, out)
            watcher.add(kept)
            if kept.result is not None:
                done.append(kept.result)
            else:
                failures.append(kept)
    ordered = _ordered([*made.unchanged, *done])
    return Report(ordered, failures, len(done), len(made.unchanged), made.others)


def _ordered(found: list[SubmissionResult]) -> list[SubmissionResult]:
    return sorted(found, key=lambda result: (result.student, result.unit))


def _write(graded: Graded, out: Path) -> Graded:
    """Write a result as soon as it is there, unless the grader failed in it."""
    if graded.result is None or graded.result.grader_errors:
        return graded
    try:
        document.write(graded.result, out)
    except (ResultError, OSError) as error:
        return Graded(graded.student, graded.unit, failure=f"the result could not be written: {error}")
    return graded


def _known(out: Path, found: Found) -> SubmissionResult | None:
    try:
        return document.decode(document.location(out, found.student, found.unit).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def _isolated(result: SubmissionResult, settings: Settings) -> bool:
    """Whether the wall stood when a result was made, if that is asked for."""
    return not settings.require_isolation or not result.missing_layers
