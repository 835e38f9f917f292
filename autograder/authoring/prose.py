"""The prose of a percent-format file, passage by passage: what a translation replaces while the code stays as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len

WIDTH = 100
_ITEM = re.compile(r"(?P<marker> *(?:[-*]|\d+\.) +)(?P<text>.*)")
_HEADING = re.compile(r"(?P<marker>#+ +)(?P<text>.*)")
_CODE = re.compile(r"`[^`]*`|\$[^$]*\$")
# Where a line may be broken: at a space, or after punctuation of full width, never inside code, formulas or brackets.
_UNBROKEN = re.compile(r"(?:`[^`]*`|\$[^$]*\$|\([^()]*\)|[^\s、，。；：？！])+[、，。；：？！]*|[、，。；：？！]+")


@dataclass(frozen=True)
class Passage:
    """A paragraph, list item, heading, table row or docstring paragraph.

    first, last: its lines, counted from 0, last excluded. text: in one line. head, hang: what stands before the text in
    the first line and in the others. tail: what follows it. wraps: whether it may take several lines.
    """

    first: int
    last: int
    text: str
    head: str
    hang: str
    tail: str = ""
    wraps: bool = True


def passages(source: str) -> list[Passage]:
    """The passages of a percent-format file that hold words, top to bottom. Raises SyntaxError for broken code."""
    lines = source.split("\n")
    found = [*_markdown(lines), *_docstrings(source, lines)]
    return sorted((each for each in found if _has_words(each.text)), key=lambda each: each.first)


def retold(source: str, say: Callable[[str], str]) -> str:
    """The file with every passage for which `say` gives another text replaced by it."""
    lines = source.split("\n")
    for passage in reversed(passages(source)):
        text = say(passage.text)
        if text != passage.text:
            lines[passage.first : passage.last] = laid_out(passage, text)
    return "\n".join(lines)


def _markdown(lines: list[str]) -> Iterator[Passage]:
    inside = False
    cell: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, "# %%"]):
        if line.startswith("# %%") or (inside and not line.startswith("#")):
            yield from _cell(cell)
            inside, cell = line.startswith("# %% [markdown]"), []
        elif inside:
            cell.append((number, line[2:]))


def _cell(lines: list[tuple[int, str]]) -> Iterator[Passage]:
    """Cut a cell where something new begins: at empty lines, formulas, headings, table rows and list items."""
    open_passage: Passage | None = None
    in_formula = False
    for number, text in lines:
        begins_formula = text.startswith("$$")
        fresh = None if in_formula or begins_formula or not text.strip() else _begun(number, text)
        in_formula = (in_formula or begins_formula) and not text.removeprefix("$$").rstrip(" .,").endswith("$$")
        if fresh is None or open_passage is None or fresh.head != "# " or not open_passage.wraps:
            if open_passage is not None:
                yield open_passage
            open_passage = fresh
        else:
            joined = f"{open_passage.text} {fresh.text}"
            open_passage = Passage(open_passage.first, number + 1, joined, open_passage.head, open_passage.hang)
    if open_passage is not None:
        yield open_passage


def _begun(number: int, text: str) -> Passage:
    """The passage that a line begins; an ordinary line has the head `# ` and may continue the one before."""
    heading, item = _HEADING.match(text), _ITEM.match(text)
    if heading is not None:
        return Passage(number, number + 1, heading["text"], f"# {heading['marker']}", "# ", wraps=False)
    if text.startswith("|"):
        return Passage(number, number + 1, text, "# ", "# ", wraps=False)
    if item is not None:
        return Passage(number, number + 1, item["text"], f"# {item['marker']}", "# " + " " * len(item["marker"]))
    return Passage(number, number + 1, text.strip(), "# ", "# ")


def _docstrings(source: str, lines: list[str]) -> Iterator[Passage]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            literal = node.body[0]
            assert literal.end_lineno is not None
            yield from _docstring(lines, literal.lineno - 1, literal.end_lineno)


def _docstring(lines: list[str], first: int, last: int) -> Iterator[Passage]:
    """A passage for each run of lines up to one that ends a sentence or comes before an empty one."""
    indent = " " * (len(lines[first]) - len(lines[first].lstrip()))
    open_passage: Passage | None = None
    for number in range(first, last):
        body = lines[number].strip()
        head = indent + '"""' if number == first else indent
        text = body.removeprefix('"""') if number == first else body
        tail = '"""' if number == last - 1 and text.endswith('"""') else ""
        text = text.removesuffix('"""').strip()
        if open_passage is None or not text:
            if open_passage is not None:
                yield open_passage
            open_passage = Passage(number, number + 1, text, head, indent, tail) if text else None
        else:
            joined = f"{open_passage.text} {text}"
            open_passage = Passage(open_passage.first, number + 1, joined, open_passage.head, indent, tail)
        if open_passage is not None and (tail or text.endswith(".")):
            yield open_passage
            open_passage = None
    if open_passage is not None:
        yield open_passage


def _has_words(text: str) -> bool:
    if text.startswith("{promises of "):  # the engine's sentences come there
        return False
    return re.search(r"[A-Za-z]{2}", _CODE.sub("", text)) is not None


def laid_out(passage: Passage, text: str) -> list[str]:
    """The lines of a passage with another text, none wider than WIDTH columns where it can be broken."""
    if not passage.wraps:
        return [f"{passage.head}{text}{passage.tail}"]
    lines, line = [], passage.head
    for found in _UNBROKEN.finditer(text):
        piece = found.group()
        gap = " " if text[found.start() - 1 : found.start()].isspace() else ""
        if _width(line + gap + piece) > WIDTH and line not in (passage.head, passage.hang):
            lines.append(line)
            line = passage.hang + piece
        else:
            line += gap + piece
    return [*lines, line + passage.tail]


@lru_cache(maxsize=4096)
def _width(line: str) -> int:
    return cell_len(line)
