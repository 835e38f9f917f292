"""The source notebook of a unit: nbgrader cuts the released one out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from autograder.authoring.cutting import BEGIN, BuildError, cut
from autograder.authoring.notebooks import notebook_of
from autograder.authoring.stubs import with_promises
from autograder.course import Unit
from autograder.nbgrading.cells import SOLUTION, TEXT, cell_id, code_cell, defined_names, grade_source, metadata


def source_text(unit: Unit, points: dict[str, float]) -> str:
    """The source notebook as text; the same unit gives the same bytes. points: exercise -> sum of its hidden checks.

    Raises BuildError for a solution that cannot be cut, or one that lacks an exercise of the suite.
    """
    text: str = nbformat.writes(source_notebook(unit, points))
    return text + "\n"


def source_notebook(unit: Unit, points: dict[str, float]) -> NotebookNode:
    """The unit's solution with nbgrader's metadata, and a locked grade cell behind each exercise."""
    if not unit.solution.is_file():
        raise BuildError(f"{unit.solution} does not exist; write it, or take {unit.name} out of the index")
    percent = unit.solution.read_text(encoding="utf-8")
    cut(percent, unit.solution.name)  # refuses bad markers, with file and line
    notebook = notebook_of(with_promises(unit, percent), unit.name)
    places = _last_definitions(notebook.cells, points)
    missing = sorted(set(points) - set(places))
    if missing:
        raise BuildError(f"{unit.solution.name} defines no {', '.join(missing)}, which the hidden suite grades")
    notebook.cells = list(_marked(notebook.cells, unit, points, places))
    return notebook


def _last_definitions(cells: list[NotebookNode], exercises: dict[str, float]) -> dict[str, int]:
    """exercise -> the last cell that defines it."""
    return {
        name: index
        for index, cell in enumerate(cells)
        if cell.cell_type == "code"
        for name in defined_names(cell.source)
        if name in exercises
    }


def _marked(
    cells: list[NotebookNode], unit: Unit, points: dict[str, float], places: dict[str, int]
) -> Iterator[NotebookNode]:
    taken: Counter[str] = Counter()
    for index, cell in enumerate(cells):
        yield _with_metadata(cell, _subject(cells[index:], points), unit, taken)
        for exercise, place in places.items():
            if place == index:
                yield _grade_cell(exercise, points[exercise], unit)


def _subject(cells: list[NotebookNode], exercises: dict[str, float]) -> str:
    """The exercise a cell belongs to: its own, else the next one; prose keeps its name when other cells come."""
    defined = (name for cell in cells if cell.cell_type == "code" for name in defined_names(cell.source))
    return next((name for name in defined if name in exercises), "end")


def _with_metadata(cell: NotebookNode, subject: str, unit: Unit, taken: Counter[str]) -> NotebookNode:
    """Prose is locked, a cell with a solution region is a solution cell, other code stays free for imports."""
    solves = cell.cell_type == "code" and BEGIN in cell.source
    own = defined_names(cell.source) if solves else []
    if solves and not own:
        raise BuildError(f"{unit.solution.name}: a solution region stands in a cell that defines no name")
    if own and subject not in own:
        subject = own[0]
    prefix = SOLUTION if solves else TEXT if cell.cell_type == "markdown" else "code-"
    name = prefix + subject
    taken[name] += 1
    grade_id = name if taken[name] == 1 else f"{name}-{taken[name]}"
    cell["id"] = cell_id(unit.name, grade_id)
    if solves or cell.cell_type == "markdown":
        cell["metadata"]["nbgrader"] = metadata(grade_id, cell.cell_type, solution=solves, locked=not solves)
    return cell


def _grade_cell(exercise: str, points: float, unit: Unit) -> NotebookNode:
    cell = code_cell(grade_source(exercise, unit.name), cell_id(unit.name, exercise))
    cell["metadata"]["nbgrader"] = metadata(exercise, "code", points=points)
    return cell
