"""Make what students get out of what lecturers write: stubs, notebooks, public checks, their translations, and the index."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from autograder.authoring.catalogs import OTHERS, excerpt
from autograder.authoring.cutting import cut
from autograder.authoring.notebooks import notebook_text
from autograder.authoring.prose import retold
from autograder.authoring.sentences import course_messages, public_messages
from autograder.authoring.stubs import public_text, stub_text, with_promises
from autograder.course import HANDED_OUT, Course, HandedOut, Part, Unit, UnitFacts
from autograder.language import catalog_path, read_catalog, speaking

TABLE_BEGIN, TABLE_END = "<!-- units: made by autograder build -->", "<!-- end of units -->"
_MADE = "# Made by `autograder build` out of solutions/course.toml and the units' unit.toml.\n\n"


def build(unit: Unit) -> dict[Path, str]:
    """The files that students get of a unit, and their contents: stub and notebook, in English and in every language that
    the prose is translated into; the public checks; and what is translated of these. Raises BuildError for bad markers."""
    stub = stub_text(unit)
    files = {unit.stub: stub, unit.notebook: notebook_text(stub, unit.name)}
    if unit.public_suite.is_file():
        files[unit.assignment / unit.public_suite.name] = public_text(unit)
    for language in OTHERS:
        catalog = unit.catalog(language)
        if catalog.is_file():
            marked = cut(unit.solution.read_text(encoding="utf-8"), unit.solution.name)
            with speaking(language):
                told = with_promises(unit, retold(marked, read_catalog(catalog).say))
            folder = unit.root / "assignments" / language / unit.name
            files |= {folder / unit.stub.name: told, folder / unit.notebook.name: notebook_text(told, unit.name)}
            files[catalog_path(unit.assignment, language)] = excerpt(catalog, public_messages(unit), language)
    return files


def index(course: Course) -> dict[Path, str]:
    """What students get of the course's index and of its translations: the units that are handed out, no draft."""
    parts = [Part(part.title, [unit.name for unit in units]) for part, units in course.by_part()]
    facts = {
        unit.name: UnitFacts(unit.title, unit.lecture, {name: [*p] for name, p in unit.forbidden.items()}, unit.number)
        for unit in course.units.values()
    }
    handed_out = HandedOut(course.title, course.seed, parts, facts)
    path = course.root / HANDED_OUT
    files = {path: _MADE + msgspec.toml.encode(handed_out).decode()}
    titles = {course.title, *(part.title for part in parts)}
    for language in OTHERS:
        catalog = catalog_path(course.home, language)
        if catalog.is_file():
            shown = [message for message in course_messages(course) if message.text in titles]
            files[catalog_path(path.parent, language)] = excerpt(catalog, shown, language)
    return files


def handed_out(course: Course) -> dict[Path, str]:
    """Everything that students get of a course: the index and its units. Raises BuildError."""
    files = index(course)
    for unit in course.units.values():
        files |= build(unit)
    return files


def strays(course: Course, made: Collection[Path]) -> list[Path]:
    """Files among the assignments that are not `made`: of a unit that was renamed or became a draft again, say."""
    folder = (course.root / HANDED_OUT).parent
    return sorted(path for path in folder.rglob("*") if path.is_file() and path not in made)


def readme(course: Course) -> dict[Path, str]:
    """The course's README with its table of units made anew; nothing if it has no place for one."""
    path = course.root / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if TABLE_BEGIN not in text or TABLE_END not in text:
        return {}
    before, after = text.split(TABLE_BEGIN)[0], text.split(TABLE_END)[1]
    return {path: f"{before}{TABLE_BEGIN}\n{_units_table(course)}\n{TABLE_END}{after}"}


def drifted(unit: Unit) -> list[Path]:
    """The unit's generated files that do not match their sources, or are missing."""
    return updates(build(unit))


def updates(files: dict[Path, str]) -> list[Path]:
    """Those of some generated files that are missing or hold something else."""
    return [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def update(files: dict[Path, str]) -> list[Path]:
    """Write those of some generated files that are missing or hold something else, and name them."""
    changed = updates(files)
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    return changed


def _units_table(course: Course) -> str:
    lines = [f"{len(course.units)} of the course's {course.planned} units are built.", ""]
    lines += ["| part | unit | title | lecture |", "|---|---|---|---|"]
    for part, units in course.by_part():
        for unit in units:
            shown = part.title if unit is units[0] else ""
            lines.append(f"| {shown} | `{unit.name}` | {unit.title} | {unit.lecture} |")
    return "\n".join(lines)
