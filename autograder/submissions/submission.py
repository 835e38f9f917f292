"""Read what a student handed in: a Python file or a notebook, as text and nothing more."""

from __future__ import annotations

import codecs
import contextlib
import io
import itertools
import json
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.language import _
from autograder.submissions.cells import Cell

# Of the code. What else a notebook holds, pictures above all, is read and left aside.
CODE_LIMIT = 2 * 2**20
FILE_LIMIT = 64 * 2**20
MOST_MODULES = 20
# They are text to Python, but decoding them is no matter of looking up characters.
_NO_ENCODINGS = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7")
SUFFIXES = (".py", ".ipynb")
_IMPORT_CHECK = re.compile(r"from\s+autograder\s+import\s+check")
_CHECK = re.compile(r"""check\(\s*["'](?P<name>\w+)["']\s*(,[^()]*)?\)""")


@dataclass(frozen=True)
class Submission:
    """One student's file for one unit.

    cells: its code, in order. problem: why there is no code to grade ('' if there is). unread: nobody can say what was
    handed in, so it is not graded at all: the disk or the permissions failed, or the file was not saved or copied whole.
    """

    student: str
    path: Path
    cells: list[Cell]
    problem: str = ""
    unread: bool = False


def read_submission(path: Path, student: str | None = None, beside: Iterable[Path] = ()) -> Submission:
    """Read a submission; whatever is wrong with the file becomes its `problem`, never an exception.

    beside: Python files handed in with it, which it can import; those that cannot be read it has to do without.
    """
    name = student or path.stem
    try:
        return _submission(name, path, [*_cells(path), *_modules(beside)])
    except _UnreadableError as error:
        return Submission(name, path, [], str(error), error.unread)


def _submission(student: str, path: Path, cells: list[Cell]) -> Submission:
    if not any(cell.source.strip() for cell in cells if not cell.module):
        return Submission(student, path, [], _("{file} contains no code.").format(file=path.name))
    if sum(len(cell.source) for cell in cells) > CODE_LIMIT:
        said = _("{file} holds more than {limit} MiB of code; hand in the code alone, and no data.")
        return Submission(student, path, [], said.format(file=path.name, limit=CODE_LIMIT // 2**20))
    return Submission(student, path, cells)


def modules_beside(path: Path, units: Iterable[str]) -> list[Path]:
    """The Python files in a submission's own folder that it may import: none named after a unit, which may be somebody
    else's answer, and no tests."""
    others = [each for each in sorted(path.parent.glob("*.py")) if each != path and each.is_file()]
    names = (*units, "conftest")
    return [each for each in others if not each.stem.startswith("test_") and not any(n in each.stem for n in names)]


def notebook_submission(notebook: Any, path: Path, student: str) -> Submission:
    """A submission from a notebook's parsed JSON, as if it were read from `path`."""
    try:
        return _submission(student, path, _notebook_cells(path.name, notebook))
    except _UnreadableError as error:
        return Submission(student, path, [], str(error), error.unread)


def checked_exercises(source: str) -> list[str]:
    """The exercises a cell checks, if it does nothing but import and call `autograder.check`; else none."""
    parts = [
        part.strip() for line in source.splitlines() if not line.lstrip().startswith("#") for part in line.split(";")
    ]
    matches = [_CHECK.fullmatch(part) for part in parts if part and not _IMPORT_CHECK.fullmatch(part)]
    return [match["name"] for match in matches if match] if all(matches) else []


class _UnreadableError(Exception):
    """The file cannot be read as code; the message is for the student. unread: as in `Submission`."""

    def __init__(self, said: str, *, unread: bool = False) -> None:
        super().__init__(said)
        self.unread = unread


def _cells(path: Path) -> list[Cell]:
    content = _content(path)
    if ".ipynb" in path.suffixes[-2:]:
        return _notebook_cells(path.name, _parsed(path.name, content))
    return [Cell(path.name, _decoded(path.name, content))]


def _modules(paths: Iterable[Path]) -> Iterator[Cell]:
    for path in itertools.islice((each for each in paths if each.stem.isidentifier()), MOST_MODULES):
        with contextlib.suppress(_UnreadableError):
            yield Cell(path.name, _decoded(path.name, _content(path)), path.stem)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > FILE_LIMIT:
            said = _("{file} is larger than {limit} MiB; clear its outputs and hand it in again.")
            raise _UnreadableError(said.format(file=path.name, limit=FILE_LIMIT // 2**20))
        content = path.read_bytes()
    except FileNotFoundError:
        raise _UnreadableError(_("{file} was not found.").format(file=path.name), unread=True) from None
    except OSError as error:
        said = _("{file} cannot be read: {error}.")
        raise _UnreadableError(said.format(file=path.name, error=error.strerror), unread=True) from None
    if not content:
        raise _UnreadableError(_("{file} is empty (0 bytes); save it and hand it in again.").format(file=path.name))
    if not content.strip(b"\0"):
        raise _torn(path.name)
    return content


def _torn(name: str) -> _UnreadableError:
    said = _("{file} is damaged: only a part of it was saved or copied. Save it and hand it in again.")
    return _UnreadableError(said.format(file=name), unread=True)


def _decoded(name: str, content: bytes) -> str:
    """Python source as text, in the encoding that its first lines declare (PEP 263); else UTF-8."""
    try:
        encoding, _lines = tokenize.detect_encoding(io.BytesIO(content).readline)
        if codecs.lookup(encoding).name in _NO_ENCODINGS:
            raise SyntaxError(encoding)
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        place = error.start
    except (
        SyntaxError,
        LookupError,
        UnicodeError,
    ):  # an encoding that nobody knows, or bytes beside the one that is declared
        place = next((error.start for error in [_misfit(content)] if error), 0)
    said = _("{file} is not UTF-8 text (byte {place}); save it as UTF-8.")
    raise _UnreadableError(said.format(file=name, place=place))


def _misfit(content: bytes) -> UnicodeDecodeError | None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error
    return None


def _parsed(name: str, content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        said = _("{file} is not UTF-8 text (byte {place}); save it as UTF-8.")
        raise _UnreadableError(said.format(file=name, place=error.start)) from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string") or "\0" in text[error.pos :]:
            raise _torn(name) from None
        raise _UnreadableError(_("{file} is not a notebook: {error}.").format(file=name, error=error)) from None
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
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    # JSON can hold halves of characters, which no file and no message can.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
