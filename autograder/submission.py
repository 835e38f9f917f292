"""Read what a student handed in: a Python file or a notebook, as text and nothing more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.messages import Cell

SIZE_LIMIT = 8 * 2**20
SUFFIXES = (".py", ".ipynb")


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
    if not any(cell.source.strip() for cell in cells):
        return Submission(name, path, [], f"{path.name} contains no code.")
    return Submission(name, path, cells)


class _UnreadableError(Exception):
    """The file cannot be read as code; the message is for the student."""


def _cells(path: Path) -> list[Cell]:
    text = _text(path)
    return _notebook_cells(path.name, text) if path.suffix == ".ipynb" else [Cell(path.name, text)]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise _UnreadableError(
                f"{path.name} is larger than {SIZE_LIMIT // 2**20} MiB; clear its outputs and hand it in again."
            )
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _UnreadableError(f"{path.name} was not found.") from None
    except UnicodeDecodeError as error:
        raise _UnreadableError(f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except OSError as error:
        raise _UnreadableError(f"{path.name} cannot be read: {error.strerror}.") from None


def _notebook_cells(name: str, text: str) -> list[Cell]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(f"{name} is not a notebook: {error}.") from None
    cells = _cell_list(notebook)
    if cells is None:
        raise _UnreadableError(f"{name} is not a notebook: it has no list of cells.")
    code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return [Cell(f"{name} cell {number}", _source(cell)) for number, cell in enumerate(code, start=1)]


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
