"""The course: where its files lie, what its index says, and what each unit says of itself."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from autograder.language import _, catalog_path, translated

INDEX = Path("solutions") / "course.toml"
HANDED_OUT = Path("assignments") / "index.toml"
UNITS = Path("tests") / "units"

_OLD_LAYOUT = (
    "{path} is in the layout of version 0.1: move tests/hidden/test_UNIT.py, tests/public/test_UNIT.py, "
    "tests/misconceptions/UNIT.py and tests/accepted/UNIT.py to tests/units/UNIT/ as test_hidden.py, test_public.py, "
    "wrong.py and right.py, each line of [units] to tests/units/UNIT/unit.toml, and list the units' names under [[parts]]"
)


class CourseError(Exception):
    """The course, its index or a unit cannot be found or read; the message says what to do."""


class SuiteError(Exception):
    """A suite, misconception or variant is written wrongly; the message says where and how to mend it."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the course. units: the names of its units in lecture order, those that are not built yet too."""

    title: str
    units: list[str]


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant that no suite can tell from the solution, and why. line: only there (0: wherever the text stands)."""

    exercise: str
    before: str
    after: str
    reason: str
    line: int = 0


class UnitFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What students' installs know of a unit (`assignments/index.toml`). number: its place in the whole course, from 1.

    forbidden: exercise -> shell patterns over torch operator names that a from-scratch solution may not reach.
    """

    title: str
    lecture: str = ""
    forbidden: dict[str, list[str]] = {}
    number: int = 0


class UnitFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit says of itself (`unit.toml`). stable: whether it is handed out; a unit that is not is a draft. points:
    exercise -> its weight; without one, the sum of what its checks are worth."""

    title: str
    lecture: str = ""
    stable: bool = False
    points: dict[str, Annotated[float, msgspec.Meta(gt=0)]] = {}
    forbidden: dict[str, list[str]] = {}
    equivalent: list[Equivalent] = []


class CourseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`solutions/course.toml`: what no unit could say itself."""

    title: str = ""
    seed: int = 0
    parts: list[Part] = []


class HandedOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`assignments/index.toml`, which `autograder build` writes: the course as students know it."""

    title: str
    seed: int = 0
    parts: list[Part] = []
    units: dict[str, UnitFacts] = {}


@dataclass(frozen=True)
class Unit:
    """A lecture topic and where its files lie.

    home: the folder with its public checks and its catalogs. number: its place in the whole course, from 1. stable:
    whether it is handed out; a unit that is not is a draft.
    forbidden: exercise -> shell patterns over torch operator names that a from-scratch solution may not reach.
    points: exercise -> what it is worth, where the unit says so; students' installs do not know it.
    """

    name: str
    title: str
    lecture: str
    forbidden: dict[str, tuple[str, ...]]
    root: Path
    home: Path
    number: int = 1
    stable: bool = True
    equivalents: tuple[Equivalent, ...] = ()
    points: dict[str, float] = field(default_factory=dict)

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / f"{self.name}.py"

    @property
    def reference(self) -> Path:
        return self.root / "reference" / f"{self.name}.py"

    @property
    def hidden_suite(self) -> Path:
        return self.home / "test_hidden.py"

    @property
    def public_suite(self) -> Path:
        return self.home / "test_public.py"

    @property
    def handed_out_suite(self) -> Path:
        """The public checks as students have them, with what `build` adds; a draft's own, of which nothing is made."""
        made = self.assignment / self.public_suite.name
        return made if made.is_file() else self.public_suite

    @property
    def misconceptions(self) -> Path:
        return self.home / "wrong.py"

    @property
    def accepted(self) -> Path:
        return self.home / "right.py"

    @property
    def reference_tests(self) -> Path:
        return self.home / "test_reference.py"

    @property
    def assignment(self) -> Path:
        return self.root / "assignments" / self.name

    @property
    def stub(self) -> Path:
        return self.assignment / f"{self.name}.py"

    @property
    def notebook(self) -> Path:
        return self.assignment / f"{self.name}.ipynb"

    @property
    def heading(self) -> str:
        """The title in the reader's language."""
        return translated(self.title, self.home)

    def catalog(self, language: str) -> Path:
        """Where the translations of the unit's sentences lie."""
        return catalog_path(self.home, language)


@dataclass(frozen=True)
class Course:
    """Title, the seed every input is drawn from, the parts, and the units in lecture order.

    home: the folder with the index and the translations of its titles. units: what is handed out. drafts: what is being
    written, for a lecturer's commands alone.
    """

    title: str
    seed: int
    parts: list[Part]
    units: dict[str, Unit]
    drafts: dict[str, Unit]
    root: Path
    home: Path

    @property
    def heading(self) -> str:
        """The title in the reader's language."""
        return translated(self.title, self.home)

    @property
    def installed(self) -> bool:
        """Whether this is the course that came with the package."""
        return self.root in _installed()

    @property
    def planned(self) -> int:
        """How many units the course has in all, those that are not built yet too."""
        return sum(len(part.units) for part in self.parts)

    def told(self, title: str) -> str:
        """The title of a part in the reader's language."""
        return translated(title, self.home)

    def by_part(self) -> list[tuple[Part, list[Unit]]]:
        """The parts that have a unit, each with its units."""
        grouped = [(part, [self.units[name] for name in part.units if name in self.units]) for part in self.parts]
        return [(part, units) for part, units in grouped if units]

    def unit(self, name: str, *, drafts: bool = False) -> Unit:
        """The unit of this name, a draft only where drafts are asked for.

        Raises CourseError, naming the closest unit, if there is none.
        """
        known = self.units | self.drafts if drafts else self.units
        if name in known:
            return known[name]
        if name in self.drafts:
            raise CourseError(f"{name} is a draft; it is handed out once its unit.toml says stable = true")
        said = _("there is no unit {name!r}{closest}; `autograder list` shows them all")
        raise CourseError(said.format(name=name, closest=closest(name, known)))

    def select(self, names: list[str], *, drafts: bool = False) -> list[Unit]:
        """The named units, or all that are handed out."""
        return [self.unit(name, drafts=drafts) for name in names] or list(self.units.values())


def find_course(start: Path | None = None) -> Course:
    """AUTOGRADER_COURSE, else the course a student's workspace came from, else the one around the working folder, else
    the one this package was installed with."""
    for root in _candidates(start or Path.cwd()):
        if (root / INDEX).is_file() or (root / HANDED_OUT).is_file():
            return load_course(root)
    said = _("no {index} here or above; run inside the course or set AUTOGRADER_COURSE to its folder")
    raise CourseError(said.format(index=INDEX))


def load_course(root: Path) -> Course:
    """Read the course in a folder: a lecturer's whole tree, or what students get of it.

    Raises CourseError with the file, and where TOML itself is broken the line.
    """
    return _whole(root) if (root / INDEX).is_file() or not (root / HANDED_OUT).is_file() else _handed_out(root)


def _whole(root: Path) -> Course:
    path = root / INDEX
    index = _read(path, CourseFile)
    names = list(chain.from_iterable(part.units for part in index.parts))
    homes = {file.parent.name: file for file in sorted((root / UNITS).glob("*/unit.toml"))}
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CourseError(f"{path} lists {', '.join(twice)} more than once")
    if lost := sorted(homes.keys() - set(names)):
        raise CourseError(f"{path} lists no {', '.join(lost)}; put the name into the part it belongs to")
    units: dict[str, Unit] = {}
    drafts: dict[str, Unit] = {}
    for number, name in enumerate(names, start=1):
        if name in homes:
            file = _read(homes[name], UnitFile)
            unit = Unit(
                name, file.title, file.lecture, _patterns(file.forbidden), root, homes[name].parent, number,
                file.stable, tuple(file.equivalent), dict(file.points),
            )  # fmt: skip
            (units if file.stable else drafts)[name] = unit
    return Course(index.title or root.name, index.seed, index.parts, units, drafts, root, path.parent)


def _handed_out(root: Path) -> Course:
    path = root / HANDED_OUT
    index = _read(path, HandedOut)
    units = {
        name: Unit(name, facts.title, facts.lecture, _patterns(facts.forbidden), root, path.parent / name, facts.number)
        for name, facts in index.units.items()
    }
    return Course(index.title, index.seed, index.parts, units, {}, root, path.parent)


def _patterns(forbidden: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {exercise: tuple(patterns) for exercise, patterns in forbidden.items()}


_File = TypeVar("_File")


def _read(path: Path, kind: type[_File]) -> _File:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        if kind is CourseFile and "units" in content:
            raise CourseError(_OLD_LAYOUT.format(path=path))
        return msgspec.convert(content, kind)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from error


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
