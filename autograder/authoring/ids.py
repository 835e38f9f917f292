"""The ids of a unit's checks, all that there ever were: results keep them, so an id never changes its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.declared import declared
from autograder.course import CourseError, Unit

FILE = "ids.txt"
RETIRED = "retired"
_NOTE = (
    "# Ids of this unit's checks, each with its exercise, kept by `autograder build`. A retired id never comes back.\n"
)


@dataclass(frozen=True)
class KnownId:
    """A line of the list. retired: whether no check has this id any more."""

    id: str
    exercise: str
    retired: bool = False


def read_ids(unit: Unit) -> list[KnownId]:
    """The list that is checked in; empty if there is none. Raises CourseError for a line that is none of it."""
    path = unit.home / FILE
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.split()
        if line.startswith("#") or not words:
            continue
        if len(words) not in (2, 3) or words[2:] not in ([], [RETIRED]):
            raise CourseError(f"{path}, line {number}: an id, its exercise and perhaps `{RETIRED}`, not {line!r}")
        found.append(KnownId(words[0], words[1], len(words) == 3))
    return found


def ids_text(unit: Unit) -> dict[Path, str]:
    """The list as it should be: what it has, what is new at its end, what is gone retired."""
    now = dict(_ids_now(unit))
    known = read_ids(unit)
    kept = [KnownId(each.id, each.exercise, each.retired or each.id not in now) for each in known]
    listed = {each.id for each in known}
    lines = [*kept, *(KnownId(name, exercise) for name, exercise in now.items() if name not in listed)]
    return {unit.home / FILE: _NOTE + "".join(f"{' '.join(_words(each))}\n" for each in lines)}


def problems_of_ids(unit: Unit) -> Iterator[str]:
    """Ids that came back, and ids that now stand for another exercise."""
    now = dict(_ids_now(unit))
    for each in read_ids(unit):
        if each.id in now and each.retired:
            yield f"{each.id} was retired; give the new check an id of its own"
        elif each.id in now and now[each.id] != each.exercise:
            yield f"{each.id} was a check of {each.exercise}, not of {now[each.id]}; give the new check an id of its own"


def _words(each: KnownId) -> list[str]:
    return [each.id, each.exercise, *([RETIRED] if each.retired else [])]


def _ids_now(unit: Unit) -> Iterator[tuple[str, str]]:
    if unit.hidden_suite.is_file():
        for each in declared(unit.hidden_suite, "check"):
            yield each.name, each.exercise
