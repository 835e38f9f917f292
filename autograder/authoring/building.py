"""Cut stubs and notebooks out of the solutions."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.authoring.prose import retold
from autograder.course import Course, Unit
from autograder.language import LANGUAGES, catalog_path, read_catalog

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
TABLE_BEGIN, TABLE_END = "<!-- units: made by autograder build -->", "<!-- end of units -->"
PLACEHOLDER = ("# YOUR CODE HERE", "raise NotImplementedError()")
_MARKER = re.compile(r"^(?P<indent>\s*)###\s*(?P<kind>BEGIN|END) SOLUTION\s*$")


class BuildError(Exception):
    """A solution that cannot be cut into a stub; the message gives file and line."""


def build(unit: Unit) -> dict[Path, str]:
    """The unit's generated files and their contents: stub and notebook, in English and in every language that the
    solution's prose is translated into. Raises BuildError for bad markers."""
    if not unit.solution.is_file():
        raise BuildError(f"{unit.solution} does not exist; write it, or take {unit.name} out of the index")
    stub = cut(unit.solution.read_text(encoding="utf-8"), unit.solution.name)
    files = {unit.stub: stub, unit.notebook: notebook_text(stub, unit.name)}
    for language in LANGUAGES:
        catalog = catalog_path(unit.solution, language)
        if catalog.is_file():
            told = retold(stub, read_catalog(catalog).say)
            folder = unit.root / "assignments" / language / unit.name
            files |= {folder / unit.stub.name: told, folder / unit.notebook.name: notebook_text(told, unit.name)}
    return files


def write(unit: Unit) -> list[Path]:
    """Write the generated files that differ; return which did."""
    return update(build(unit))


def drifted(unit: Unit) -> list[Path]:
    """The generated files that do not match the solution (or are missing)."""
    return updates(build(unit))


def write_readme(course: Course) -> list[Path]:
    """Bring the README's table of units up to date."""
    return update(_readme(course))


def drifted_readme(course: Course) -> list[Path]:
    """The README, if its table of units does not match the index."""
    return updates(_readme(course))


def _readme(course: Course) -> dict[Path, str]:
    made = readme_with_units(course)
    return {} if made is None else dict([made])


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


def readme_with_units(course: Course) -> tuple[Path, str] | None:
    """The course's README with its table of units made anew from the index; None if it has no place for one."""
    path = course.root / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if TABLE_BEGIN not in text or TABLE_END not in text:
        return None
    before, after = text.split(TABLE_BEGIN)[0], text.split(TABLE_END)[1]
    return path, f"{before}{TABLE_BEGIN}\n{_units_table(course)}\n{TABLE_END}{after}"


def _units_table(course: Course) -> str:
    rows = ["| unit | title | lecture |", "|---|---|---|"]
    rows += [f"| `{unit.name}` | {unit.title} | {unit.lecture} |" for unit in course.units.values()]
    return "\n".join(rows)


def cut(solution: str, name: str) -> str:
    """Replace every solution region by a placeholder. Raises BuildError for nested, unclosed or empty regions."""
    kept: list[str] = []
    opened: int | None = None
    filled = False
    for number, line in enumerate(solution.split("\n"), start=1):
        marker = _MARKER.match(line)
        if marker is None:
            filled = filled or bool(line.strip())
            if opened is None:
                kept.append(line)
            continue
        if marker["kind"] == "BEGIN":
            if opened is not None:
                raise BuildError(f"{name}:{number}: {BEGIN} inside the region that began in line {opened}")
            opened, filled = number, False
            kept += [marker["indent"] + text for text in PLACEHOLDER]
        elif opened is None:
            raise BuildError(f"{name}:{number}: {END} without {BEGIN}")
        elif not filled:
            raise BuildError(f"{name}:{opened}: the solution region is empty")
        else:
            opened = None
    if opened is not None:
        raise BuildError(f"{name}:{opened}: {BEGIN} is never closed by {END}")
    return "\n".join(kept)


def notebook_text(percent: str, name: str) -> str:
    """A notebook (nbformat 4.5) of a percent-format file; the same text gives the same bytes."""
    text: str = nbformat.writes(notebook_of(percent, name))
    return text + "\n"


def notebook_of(percent: str, name: str) -> NotebookNode:
    """Parse a percent-format file; cell ids depend on the unit and the cell's place alone."""
    notebook: NotebookNode = jupytext.reads(percent, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha256(f"{name}/{number}".encode()).hexdigest()[:12]
        cell["metadata"] = {}
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook
