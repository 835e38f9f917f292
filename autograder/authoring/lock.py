"""What a unit's known mistakes trip, as `verify` found it: kept beside them, so that a check that no longer notices one is seen."""

from __future__ import annotations

from pathlib import Path

import msgspec

from autograder.course import CourseError, Unit

FILE = "lock.json"


class Lock(msgspec.Struct, forbid_unknown_fields=True):
    """trips: misconception -> the checks that fail for it, in the suite's order. spared: hints that were written before
    the rules on hints, by a hash of their words; a changed hint has to keep the rules."""

    trips: dict[str, list[str]] = {}
    spared: list[str] = []


def read_lock(unit: Unit) -> Lock:
    """The unit's lock; an empty one if there is none. Raises CourseError where it cannot be read."""
    path = unit.home / FILE
    if not path.is_file():
        return Lock()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Lock)
    except (OSError, msgspec.DecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}; delete it and run autograder verify --accept") from error


def lock_text(lock: Lock) -> str:
    return msgspec.json.format(msgspec.json.encode(lock), indent=1).decode() + "\n"


def write_lock(unit: Unit, lock: Lock) -> Path:
    path = unit.home / FILE
    path.write_text(lock_text(lock), encoding="utf-8")
    return path
