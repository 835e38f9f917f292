"""Grade tasks in this process: the same function whether the run is one process, several, or a cluster."""

from __future__ import annotations

import os
import signal
import time
import traceback
from pathlib import Path
from types import TracebackType

import msgspec

from autograder.bulk.tasks import Graded, Settings, Task, failed
from autograder.course import CourseError, SuiteError, Unit, load_course
from autograder.grader.grading import Grader, IsolationError
from autograder.grader.keys import gpus, unit_key
from autograder.grader.launching import Launched, launch
from autograder.grader.session import SUBMISSION_SECONDS
from autograder.grader.workers import Zygote, ZygoteError
from autograder.language import speak
from autograder.results.document import SubmissionResult

ZYGOTES_PER_TASK = 3
LOST_IN_A_ROW = 2
GRADINGS = 3
_PF_EXITING = 0x4


class TaskGrader:
    """Grades tasks one at a time and keeps what they share: the zygote, and the suite of the unit it is at.

    A killed zygote is replaced and the submission graded again. Use as a context manager.
    launched: a zygote started earlier.
    """

    def __init__(self, launched: Launched | None = None) -> None:
        self._launched = launched
        self._grader: _WatchfulGrader | None = None
        self._settings: Settings | None = None
        self._units: dict[str, Unit | str] = {}
        self._unit = ""
        self._lost_in_a_row = 0

    def grade(self, task: Task) -> Graded:
        """Never raises for what a submission, a killed process or a broken unit does: the failure is in what it returns."""
        try:
            self._adopt(task.settings)
            unit = self._known_unit(task)
            return self._grade_with_fresh_zygotes(task, unit)
        except (IsolationError, CourseError) as error:
            return failed(task, str(error), fatal=True)
        except SuiteError as error:
            self._units[task.unit] = str(error)
            return failed(task, str(error))
        except Exception as error:
            return failed(task, f"the grader broke: {_last_line(error)}")

    def close(self) -> None:
        grader, self._grader = self._grader, None  # a failure to end one must not break the next
        if grader is not None:
            grader.close()

    def __enter__(self) -> TaskGrader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _adopt(self, settings: Settings) -> None:
        if settings != self._settings:
            self.close()
            self._units.clear()
            self._settings = settings
            speak(settings.language)

    def _known_unit(self, task: Task) -> Unit:
        """The unit of a task, which must be the one the run was planned with. Raises SuiteError, CourseError."""
        known = self._units.get(task.unit)
        if known is None:
            known = load_course(Path(task.settings.root)).unit(task.unit)
            here = unit_key(known, task.settings.seed, language=task.settings.language, hardware=gpus())
            if here != task.unit_key:
                raise CourseError(
                    f"{task.unit} differs between the machine that started this run and {os.uname().nodename} (course "
                    "files, autograder, torch or GPUs), or it was edited meanwhile; make them the same and start again"
                )
            self._units[task.unit] = known
        if isinstance(known, str):
            raise SuiteError(known)
        return known

    def _grade_with_fresh_zygotes(self, task: Task, unit: Unit) -> Graded:
        for _ in range(ZYGOTES_PER_TASK):
            try:
                result = self._grade_until_settled(task, unit)
            except ZygoteError as error:
                self.close()
                lost = error
                continue
            self._lost_in_a_row = 0
            return Graded(task.student, task.unit, _as_read_back(msgspec.structs.replace(result, key=task.key)))
        self._lost_in_a_row += 1
        reason = f"{ZYGOTES_PER_TASK} zygotes were lost while grading this ({lost}); `autograder doctor` may say why"
        return failed(task, reason, fatal=self._lost_in_a_row >= LOST_IN_A_ROW)

    def _grade_until_settled(self, task: Task, unit: Unit) -> SubmissionResult:
        """A worker that was killed from outside (by an administrator, or for want of memory) says nothing about the
        submission: it is graded again, until nobody interferes or the same happens twice in a row. What goes on for
        longer is the submission's own doing."""
        grader = self._ready_grader(unit)
        result: SubmissionResult | None = None
        until = time.monotonic() + SUBMISSION_SECONDS
        for _ in range(GRADINGS):
            grader.forgive()
            before = result
            result = grader.unit(unit).grade(task.submission)
            if not grader.killed or (before is not None and _same(before, result)) or time.monotonic() > until:
                return result
        assert result is not None
        return result

    def _ready_grader(self, unit: Unit) -> _WatchfulGrader:
        assert self._settings is not None
        if self._grader is None:
            launched, self._launched = self._launched or launch(), None
            self._grader = _WatchfulGrader(self._settings, launched)
            self._unit = unit.name
        if self._unit != unit.name:  # tasks come unit by unit: what the last one needed is not needed again
            self._grader.forget()
            self._unit = unit.name
        return self._grader


class _WatchfulGrader(Grader):
    """A grader that counts the workers which somebody else killed."""

    def __init__(self, settings: Settings, launched: Launched) -> None:
        # A process that forks workers, as everywhere on Linux; others cannot be watched.
        self._watched = _WatchedZygote(launched) if not launched.token else None
        super().__init__(
            settings.seed, launched=launched, zygote=self._watched, require_isolation=settings.require_isolation
        )

    @property
    def killed(self) -> int:
        return self._watched.killed if self._watched is not None else 0

    def forgive(self) -> None:
        """Count from nought again."""
        if self._watched is not None:
            self._watched.killed = 0


class _WatchedZygote(Zygote):
    killed = 0

    def bury(self, pid: int) -> int:
        """A worker that was on its way out before we ended it, and by signal 9, was killed by somebody else."""
        ending = _is_ending(pid)
        status = super().bury(pid)
        self.killed += ending and status == -signal.SIGKILL
        return status


def _is_ending(pid: int) -> bool:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] in "ZX" or bool(int(fields[6]) & _PF_EXITING)


def _as_read_back(result: SubmissionResult) -> SubmissionResult:
    """Two points and 2.0 points are written differently; what travelled between processes has only the latter."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=SubmissionResult)


def _same(first: SubmissionResult, second: SubmissionResult) -> bool:
    return msgspec.structs.replace(first, seconds=0.0) == msgspec.structs.replace(second, seconds=0.0)


def _last_line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
