"""The course: where its files lie and what its index says."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.language import _

INDEX = Path("solutions") / "course.toml"


class CourseError(Exception):
    """The course, its index or a unit cannot be found or read; the message says what to do."""


@dataclass(frozen=True)
class Unit:
    """One line of the index.

    forbidden: exercise -> shell patterns over torch operator names that a from-scratch solution may not reach.
    """

    name: str
    title: str
    lecture: str
    forbidden: dict[str, tuple[str, ...]]
    root: Path

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / f"{self.name}.py"

    @property
    def reference(self) -> Path:
        return self.root / "reference" / f"{self.name}.py"

    @property
    def hidden_suite(self) -> Path:
        return self.root / "tests" / "hidden" / f"test_{self.name}.py"

    @property
    def public_suite(self) -> Path:
        return self.root / "tests" / "public" / f"test_{self.name}.py"

    @property
    def misconceptions(self) -> Path:
        return self.root / "tests" / "misconceptions" / f"{self.name}.py"

    @property
    def accepted(self) -> Path:
        return self.root / "tests" / "accepted" / f"{self.name}.py"

    @property
    def reference_tests(self) -> Path:
        return self.root / "tests" / "regression" / "reference" / f"test_{self.name}.py"

    @property
    def assignment(self) -> Path:
        return self.root / "assignments" / self.name

    @property
    def stub(self) -> Path:
        return self.assignment / f"{self.name}.py"

    @property
    def notebook(self) -> Path:
        return self.assignment / f"{self.name}.ipynb"


@dataclass(frozen=True)
class Course:
    """The index: title, the seed every input is drawn from, and the units in lecture order."""

    title: str
    seed: int
    units: dict[str, Unit]
    root: Path

    @property
    def installed(self) -> bool:
        """Whether this is the course that came with the package."""
        return self.root in _installed()

    def unit(self, name: str) -> Unit:
        """Raises CourseError, naming the closest unit, if there is none of this name."""
        if name in self.units:
            return self.units[name]
        said = _("there is no unit {name!r}{closest}; `autograder list` shows them all")
        raise CourseError(said.format(name=name, closest=closest(name, self.units)))

    def select(self, names: list[str]) -> list[Unit]:
        """The named units, or all of them."""
        return [self.unit(name) for name in names] or list(self.units.values())


def find_course(start: Path | None = None) -> Course:
    """AUTOGRADER_COURSE, else the course a student's workspace came from, else the one around the working folder, else
    the one this package was installed with."""
    for root in _candidates(start or Path.cwd()):
        if (root / INDEX).is_file():
            return load_course(root)
    said = _("no {index} here or above; run inside the course or set AUTOGRADER_COURSE to its folder")
    raise CourseError(said.format(index=INDEX))


def load_course(root: Path) -> Course:
    """Read ROOT/solutions/course.toml. Raises CourseError with the line at fault."""
    path = root / INDEX
    try:
        index = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from error
    units = index.get("units", {})
    return Course(
        title=str(index.get("title", root.name)),
        seed=int(index.get("seed", 0)),
        units={name: _unit(name, line, root, path) for name, line in units.items()},
        root=root,
    )


def _unit(name: str, line: Any, root: Path, path: Path) -> Unit:
    if not isinstance(line, dict) or "title" not in line:
        raise CourseError(f'{path}: unit {name} needs at least a title, as in {name} = {{ title = "..." }}')
    unknown = set(line) - {"title", "lecture", "forbidden"}
    if unknown:
        raise CourseError(f"{path}: unit {name} has unknown keys: {', '.join(sorted(unknown))}")
    forbidden = {exercise: tuple(patterns) for exercise, patterns in line.get("forbidden", {}).items()}
    return Unit(name, line["title"], line.get("lecture", ""), forbidden, root)


def _candidates(start: Path) -> list[Path]:
    chosen = [Path(os.environ["AUTOGRADER_COURSE"])] if os.environ.get("AUTOGRADER_COURSE") else []
    return [*chosen, *_remembered(start), start, *start.parents, *_installed()]


def _installed() -> list[Path]:
    package = Path(__file__).resolve().parent
    return [package.parent, package / "student_course"]


def _remembered(start: Path) -> list[Path]:
    """The course that `autograder start` noted in the workspace around a folder."""
    for folder in [start, *start.parents]:
        try:
            record = json.loads((folder / ".autograder" / "workspace.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        course = record.get("course") if isinstance(record, dict) else None
        return [Path(course)] if isinstance(course, str) and course else []
    return []


def closest(name: str, known: Iterable[str]) -> str:
    """` (did you mean softmax?)` for the known name most like this one; '' if none is."""
    import difflib

    matches = difflib.get_close_matches(name, list(known), n=1)
    return _(" (did you mean {name}?)").format(name=matches[0]) if matches else ""
