"""Cut stubs and notebooks out of the solutions."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.course import Unit

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
PLACEHOLDER = ("# YOUR CODE HERE", "raise NotImplementedError()")
_MARKER = re.compile(r"^(?P<indent>\s*)###\s*(?P<kind>BEGIN|END) SOLUTION\s*$")


class BuildError(Exception):
    """A solution that cannot be cut into a stub; the message gives file and line."""


def build(unit: Unit) -> dict[Path, str]:
    """The unit's generated files and their contents. Raises BuildError for bad markers."""
    if not unit.solution.is_file():
        raise BuildError(f"{unit.solution} does not exist; write it, or take {unit.name} out of the index")
    stub = cut(unit.solution.read_text(encoding="utf-8"), unit.solution.name)
    return {unit.stub: stub, unit.notebook: notebook_text(stub, unit.name)}


def write(unit: Unit) -> list[Path]:
    """Write the generated files that differ; return which did."""
    changed = drifted(unit)
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(build(unit)[path], encoding="utf-8")
    return changed


def drifted(unit: Unit) -> list[Path]:
    """The generated files that do not match the solution (or are missing)."""
    return [
        path for path, text in build(unit).items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


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
