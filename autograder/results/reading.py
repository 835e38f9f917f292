"""Read a folder of results back. What cannot be read is named, and the rest is used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec

from autograder.course import CourseError
from autograder.results.document import ResultError, SubmissionResult, decode, validate

LONGEST_NAME = 80


@dataclass(frozen=True)
class Reading:
    """results: by student, then unit. remarks: the files that were left out, each with the reason."""

    results: list[SubmissionResult]
    remarks: list[str]

    @property
    def units(self) -> list[str]:
        return sorted({result.unit for result in self.results})

    @property
    def students(self) -> list[str]:
        return sorted({result.student for result in self.results})

    def only(self, units: Iterable[str]) -> Reading:
        """The results of these units, or of all where none is named. Raises CourseError where that leaves none."""
        wanted = set(units)
        missing = wanted - set(self.units)
        if missing:
            raise CourseError(f"there is no result for {', '.join(sorted(missing))}; there are {', '.join(self.units)}")
        if not self.results:
            named = "".join(f"\n{remark}" for remark in self.remarks)
            raise CourseError(f"there are no results; `autograder grade --out DIR` writes some{named}")
        return Reading([result for result in self.results if not wanted or result.unit in wanted], self.remarks)


def read_results(folder: Path) -> Reading:
    """Read every FOLDER/<student>/<unit>.json.

    A document that is broken, out of bounds or in another's folder is left out. Raises CourseError without a folder.
    """
    if not folder.is_dir():
        raise CourseError(f"{folder} is not a folder; name the one that `autograder grade --out` wrote")
    results: list[SubmissionResult] = []
    remarks: list[str] = []
    for path in sorted(folder.rglob("*.json")):
        inside = path.relative_to(folder)
        if len(inside.parts) < 2 or any(part.startswith(".") for part in inside.parts):
            continue
        try:
            results.append(_read(path, inside))
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, ResultError, RecursionError) as error:
            remarks.append(f"{path}: {str(error) or type(error).__name__}; grade this submission again")
    return Reading(sorted(results, key=lambda r: (r.student, r.unit)), remarks)


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A file name for each name: letters, digits, '.', '-' and '_' stay, and no two differ only in case.

    What had to be changed or told apart gets a hash of the name, so that the same class yields the same files.
    """
    safe = {name: re.sub(r"[^\w.-]|^[.-]", "_", name)[:LONGEST_NAME] for name in names}
    taken = Counter(each.casefold() for each in safe.values())
    return {
        name: each if each == name and taken[each.casefold()] == 1 else f"{each}-{_digest(name)}"
        for name, each in safe.items()
    }


def _read(path: Path, inside: Path) -> SubmissionResult:
    result = decode(path.read_bytes())
    validate(result)
    if (inside.parent.as_posix(), inside.stem) != (result.student, result.unit):
        raise ResultError(f"it says it is {result.student}/{result.unit}, which belongs elsewhere")
    return result


def _digest(name: str) -> str:
    return blake2b(name.encode(), digest_size=4).hexdigest()
