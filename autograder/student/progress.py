"""How far a student has come: the outcome of every public check, kept in the workspace after each run."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path
from typing import Any

import msgspec

from autograder.course import Course, Unit
from autograder.files import replace_file
from autograder.language import says
from autograder.results.document import NOT_WRITTEN, Outcome, SubmissionResult
from autograder.student.outline import exercises
from autograder.student.workspace import Workspace

FILE = "progress.json"


class CheckState(msgspec.Struct):
    """How a check ended last. begun: whether there was anything to check."""

    exercise: str
    points: float
    outcome: str
    begun: bool = True

    @property
    def passed(self) -> bool:
        return self.outcome == Outcome.PASSED

    @property
    def settled(self) -> bool:
        """Passed, or not to be judged on this machine: nothing is left to do."""
        return self.outcome in (Outcome.PASSED, Outcome.NOT_ASSESSED)


class UnitState(msgspec.Struct):
    """checks: id -> how it ended last. checked: when, UTC."""

    checks: dict[str, CheckState] = {}
    checked: str = ""


class Progress(msgspec.Struct):
    """streak: checks fixed one after the other without breaking another. hints: `unit/exercise` -> steps shown."""

    units: dict[str, UnitState] = {}
    streak: int = 0
    best_streak: int = 0
    fixed: int = 0
    hints: dict[str, int] = {}
    schema: int = 1

    def note(self, result: SubmissionResult) -> None:
        """Take in the outcome of a run; exercises that did not run keep theirs."""
        unit = self.units.setdefault(result.unit, UnitState())
        unit.checked = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        for exercise in result.exercises:
            before = {id: state for id, state in unit.checks.items() if state.exercise == exercise.name}
            for id in before:
                del unit.checks[id]
            for check in exercise.checks:
                begun = check.outcome is not Outcome.MISSING and not says(check.message, NOT_WRITTEN)
                state = CheckState(exercise.name, check.points, check.outcome.value, begun)
                self._count(before.get(check.id), state)
                unit.checks[check.id] = state

    def _count(self, before: CheckState | None, now: CheckState) -> None:
        if now.passed and not (before is not None and before.passed):
            self.streak += 1
            self.fixed += 1
            self.best_streak = max(self.best_streak, self.streak)
        elif before is not None and before.passed and not now.settled:
            self.streak = 0

    def solved(self, unit: Unit) -> list[str]:
        """The exercises of a unit all of whose checks passed when they ran last."""
        state = self.units.get(unit.name, UnitState())
        return [name for name in exercises(unit) if _solved(name, state)]

    def open(self, unit: Unit) -> list[str]:
        """The exercises of a unit that are not solved, in order."""
        solved = self.solved(unit)
        return [name for name in exercises(unit) if name not in solved]

    def next_open(self, course: Course) -> tuple[Unit, str] | None:
        """The first exercise of the course, in lecture order, that is not solved; None if all are."""
        for unit in course.units.values():
            for name in self.open(unit):
                return unit, name
        return None

    def points(self, unit: Unit) -> tuple[float, float]:
        """Points of the public checks of a unit: earned, and in all."""
        earned = dict.fromkeys(exercises(unit), 0.0)
        for state in self.units.get(unit.name, UnitState()).checks.values():
            if state.passed and state.exercise in earned:
                earned[state.exercise] += state.points
        worth = exercises(unit)
        return sum(min(earned[name], worth[name]) for name in worth), sum(worth.values())


def _solved(name: str, state: UnitState) -> bool:
    checks = [check for check in state.checks.values() if check.exercise == name]
    return bool(checks) and all(check.settled for check in checks)


def read(workspace: Workspace | None) -> Progress:
    """The progress kept in a workspace; none outside of one, or if the file cannot be understood."""
    if workspace is None:
        return Progress()
    try:
        return msgspec.json.decode((workspace.notes / FILE).read_bytes(), type=Progress)
    except FileNotFoundError:
        return Progress()
    except (OSError, msgspec.DecodeError):
        return Progress()


def write(progress: Progress, workspace: Workspace | None) -> None:
    """Keep the progress in one step. What a newer version added to the file stays; an unreadable file is set aside.

    Failing to write loses no work of the student's and is no reason to stop.
    """
    if workspace is None:
        return
    path = workspace.notes / FILE
    with contextlib.suppress(OSError):
        document = msgspec.json.encode(_merged(_raw(path), msgspec.to_builtins(progress)))
        replace_file(path, msgspec.json.format(document) + b"\n")


def _raw(path: Path) -> dict[str, Any]:
    try:
        document = path.read_bytes()
        msgspec.json.decode(document, type=Progress)
        kept: dict[str, Any] = msgspec.json.decode(document)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError):
        path.replace(path.with_suffix(".unreadable.json"))
        return {}
    return kept


def _merged(kept: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    units = {name: {**kept.get("units", {}).get(name, {}), **unit} for name, unit in ours["units"].items()}
    return {**kept, **ours, "units": {**kept.get("units", {}), **units}}
