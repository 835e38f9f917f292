"""Put a submitted notebook's nbgrader cells back as they were released, and keep what the student wrote in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets.log import get_logger

from autograder.language import _
from autograder.nbgrading.cells import SOLUTION, cell_id, code_cell, metadata, nbgrader_of
from autograder.submissions.submission import checked_exercises

NOTES = "autograder"


@dataclass(frozen=True)
class Released:
    """A cell that nbgrader knows. points: of a grade cell, else None."""

    name: str
    cell_type: str
    source: str
    locked: bool
    solution: bool
    points: float | None

    @property
    def graded(self) -> bool:
        """Whether this engine grades it."""
        return self.points is not None and not self.solution

    def metadata(self) -> NotebookNode:
        return metadata(
            self.name, self.cell_type, points=self.points, solution=self.solution, locked=self.locked or self.graded
        )


class Restore(NbGraderPreprocessor):
    """Runs before nbgrader's own sanitizing, which stops at metadata that a student, or another program, has changed.

    Cells are known by their grade_id, then by what they check or define. Of two with the same grade_id the last is
    kept, as nbgrader does; the other's code still counts as the student's. Grade cells that are gone come back.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            released = _released(gradebook, place["notebook"], place["assignment"])
        nb.cells = restored(nb.cells, released)
        nb["nbformat_minor"] = max(5, nb["nbformat_minor"])  # the first with cell ids
        return nb, resources


def restored(cells: list[NotebookNode], released: list[Released]) -> list[NotebookNode]:
    """The cells of a submitted notebook with those of `released` put back, each with an id of its own."""
    mended = _Mending(list(cells), {each.name: each for each in released}).cells()
    taken: set[str] = set()
    for place, cell in enumerate(mended):
        if cell.get("id", "") in {"", *taken}:
            cell["id"] = cell_id("place", str(place))
        taken.add(cell["id"])
    return mended


def notes_of(cell: NotebookNode) -> list[str]:
    """What was done to a grade cell, for the student."""
    return [str(note) for note in cell.metadata.get(NOTES, [])]


def warn_of_renamed(assignment: str, student: str, notebooks: list[str]) -> None:
    """nbgrader's pre_convert_hook: say which file is in the way where it would only say that it found none."""
    for path in map(Path, notebooks):
        expected = path.parent.name
        if path.stem != expected and not path.with_name(f"{expected}.ipynb").exists():
            get_logger().error(
                "%s handed in %s, but the notebook of this assignment is called %s.ipynb. Rename it in %s and run "
                "nbgrader autograde again; until then nothing is graded.",
                path.parent.parent.name, path.name, expected, path.parent,
            )  # fmt: skip


def _released(gradebook: Gradebook, notebook: str, assignment: str) -> list[Released]:
    entry = gradebook.find_notebook(notebook, assignment)
    points = {cell.name: float(cell.max_score) for cell in entry.grade_cells}
    solutions = {cell.name for cell in entry.solution_cells}
    tasks = {cell.name for cell in entry.task_cells}
    return [
        Released(
            cell.name, cell.cell_type, cell.source, bool(cell.locked), cell.name in solutions, points.get(cell.name)
        )
        for cell in entry.source_cells
        if cell.name not in tasks
    ]


@dataclass
class _Mending:
    """One notebook being mended. claims: grade_id -> its cell, by object identity."""

    submitted: list[NotebookNode]
    released: dict[str, Released]
    claims: dict[str, int] = field(default_factory=dict)

    def cells(self) -> list[NotebookNode]:
        for cell in self.submitted:
            cell.metadata.pop(NOTES, None)
        self._claim_by_id()
        self._claim_by_content()
        mended = [each for cell in self.submitted for each in self._mended(cell)]
        for name, each in self.released.items():
            if each.graded and name not in self.claims:
                mended.insert(_place_for(name, mended), _new_grade_cell(each))
        return mended

    def _claim_by_id(self) -> None:
        """Of several cells with one grade_id, the last; the rest lose nbgrader's metadata and keep their code."""
        for cell in reversed(self.submitted):
            name = nbgrader_of(cell).get("grade_id")
            task = nbgrader_of(cell).get("task") is True
            if isinstance(name, str) and name in self.released and name not in self.claims:
                self.claims[name] = id(cell)
            elif not task:
                cell.metadata.pop("nbgrader", None)

    def _claim_by_content(self) -> None:
        """Cells whose metadata was lost: a call of `check` is that exercise's grade cell, a definition its solution."""
        for name, each in self.released.items():
            if name in self.claims or not (each.graded or each.solution):
                continue
            for cell in self.submitted:
                if cell.cell_type == "code" and "nbgrader" not in cell.metadata and _looks_like(cell.source, each):
                    self.claims[name] = id(cell)
                    cell.metadata["nbgrader"] = each.metadata()
                    break

    def _mended(self, cell: NotebookNode) -> Iterator[NotebookNode]:
        name = nbgrader_of(cell).get("grade_id")
        each = self.released.get(name) if isinstance(name, str) else None
        if each is None or self.claims.get(each.name) != id(cell):
            yield cell
            return
        notes = []
        if each.locked and each.cell_type == "code" and not _same(cell.source, each.source):
            notes.append(_("This cell had been changed. It was put back; what stood in it is kept above and counts."))
            if cell.cell_type == "code":
                yield code_cell(cell.source, cell_id("kept", each.name, cell.source))
        yield _put_back(cell, each, notes)


def _put_back(cell: NotebookNode, each: Released, notes: list[str]) -> NotebookNode:
    if each.cell_type == "code" and cell.cell_type != "code":
        back = code_cell(cell.source, cell.get("id") or cell_id(each.name))
        if each.graded:
            notes = [*notes, _("This cell was no code cell any more. It was made one again.")]
    else:
        back = cell
    if each.locked:
        back["source"] = each.source
    back["metadata"]["nbgrader"] = each.metadata()
    if notes:
        back["metadata"][NOTES] = notes
    return back


def _new_grade_cell(each: Released) -> NotebookNode:
    cell = code_cell(each.source, cell_id("restored", each.name))
    cell["metadata"]["nbgrader"] = each.metadata()
    cell["metadata"][NOTES] = [
        _("This cell was missing from the notebook. It was put back; your code counts as usual.")
    ]
    return cell


def _place_for(exercise: str, cells: list[NotebookNode]) -> int:
    """Behind the last cell that defines the exercise, else behind its solution cell, else at the end."""
    defining = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and _defines(cell.source, exercise)]
    solving = [i for i, cell in enumerate(cells) if nbgrader_of(cell).get("grade_id") == SOLUTION + exercise]
    return next((found[-1] + 1 for found in (defining, solving) if found), len(cells))


def _looks_like(source: str, each: Released) -> bool:
    if each.graded:
        return checked_exercises(source) == [each.name]
    return each.name.startswith(SOLUTION) and _defines(source, each.name.removeprefix(SOLUTION))


def _defines(source: str, name: str) -> bool:
    """By the look of it: a student's code need not parse."""
    return re.search(rf"^((async\s+)?def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", source, re.M) is not None


def _same(one: str, other: str) -> bool:
    """Equal but for the white space at the ends of lines, which editors add and take."""
    return [line.rstrip() for line in one.strip().splitlines()] == [
        line.rstrip() for line in other.strip().splitlines()
    ]
