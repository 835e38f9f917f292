"""Read what a student handed in: a Python file or a notebook, as text and nothing more."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.language import _
from autograder.submissions.cells import Cell

SIZE_LIMIT = 8 * 2**20
SUFFIXES = (".py", ".ipynb")
_IMPORT_CHECK = re.compile(r"from\s+autograder\s+import\s+check")
_CHECK = re.compile(r"""check\(\s*["'](?P<name>\w+)["']\s*(,[^()]*)?\)""")


@dataclass(frozen=True)
class Submission:
    """One student's file for one unit.

    cells: its code, in order. problem: why there is no code to grade ('' if there is).
    """

    student: str
    path: Path
    cells: list[Cell]
    problem: str = ""


def read_submission(path: Path, student: str | None = None) -> Submission:
    """Read a submission; whatever is wrong with the file becomes its `problem`, never an exception."""
    name = student or path.stem
    try:
        cells = _cells(path)
    except _UnreadableError as error:
        return Submission(name, path, [], str(error))
    return _submission(name, path, cells)


def _submission(student: str, path: Path, cells: list[Cell]) -> Submission:
    if not any(cell.source.strip() for cell in cells):
        return Submission(student, path, [], _("{file} contains no code.").format(file=path.name))
    return Submission(student, path, cells)


def notebook_submission(notebook: Any, path: Path, student: str) -> Submission:
    """A submission from a notebook's parsed JSON, as if it were read from `path`."""
    try:
        cells = _notebook_cells(path.name, notebook)
    except _UnreadableError as error:
        return Submission(student, path, [], str(error))
    return _submission(student, path, cells)


def checked_exercises(source: str) -> list[str]:
    """The exercises a cell checks, if it does nothing but import and call `autograder.check`; else none."""
    parts = [
        part.strip() for line in source.splitlines() if not line.lstrip().startswith("#") for part in line.split(";")
    ]
    matches = [_CHECK.fullmatch(part) for part in parts if part and not _IMPORT_CHECK.fullmatch(part)]
    return [match["name"] for match in matches if match] if all(matches) else []


class _UnreadableError(Exception):
    """The file cannot be read as code; the message is for the student."""


def _cells(path: Path) -> list[Cell]:
    text = _text(path)
    return _notebook_cells(path.name, _parsed(path.name, text)) if path.suffix == ".ipynb" else [Cell(path.name, text)]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            said = _("{file} is larger than {limit} MiB; clear its outputs and hand it in again.")
            raise _UnreadableError(said.format(file=path.name, limit=SIZE_LIMIT // 2**20))
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _UnreadableError(_("{file} was not found.").format(file=path.name)) from None
    except UnicodeDecodeError as error:
        said = _("{file} is not UTF-8 text (byte {place}); save it as UTF-8.")
        raise _UnreadableError(said.format(file=path.name, place=error.start)) from None
    except OSError as error:
        raise _UnreadableError(
            _("{file} cannot be read: {error}.").format(file=path.name, error=error.strerror)
        ) from None


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(_("{file} is not a notebook: {error}.").format(file=name, error=error)) from None


def _notebook_cells(name: str, notebook: Any) -> list[Cell]:
    """The code cells, numbered as they stand; those that are empty or only check what others define are left out."""
    cells = _cell_list(notebook)
    if cells is None:
        raise _UnreadableError(_("{file} is not a notebook: it has no list of cells.").format(file=name))
    code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    numbered = [Cell(cell_label(name, number), _source(cell)) for number, cell in enumerate(code, start=1)]
    return [cell for cell in numbered if cell.source.strip() and not checked_exercises(cell.source)]


def cell_label(file: str, number: int) -> str:
    """What messages call the number-th code cell of a notebook."""
    return _("{file} cell {number}").format(file=file, number=number)


def _cell_list(notebook: Any) -> list[Any] | None:
    """The cells of a version 4 notebook, or of the first worksheet of a version 3 one."""
    if not isinstance(notebook, dict):
        return None
    cells = notebook.get("cells")
    worksheets = notebook.get("worksheets")
    if cells is None and isinstance(worksheets, list) and worksheets and isinstance(worksheets[0], dict):
        cells = worksheets[0].get("cells")
    return cells if isinstance(cells, list) else None


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""
