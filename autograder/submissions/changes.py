"""Small changes of a solution's code: what stands in comments and docstrings is not code."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping

_OPEN = "({["


class ChangeError(Exception):
    """A change that cannot be made; the message says which and why."""


def changed(source: str, definition: str, replacements: Mapping[str, str]) -> str:
    """A function or class of a source with some of its code replaced, all at once.

    Each piece must occur exactly once in the whole definition, given lines included, comments and docstrings not; spaces
    within a line count as they stand. Raises ChangeError, also where nothing changes or what comes out is no Python.
    """
    text = _definition(source, definition)
    hidden = list(_without_meaning(text))
    spans = sorted((_place(text, piece, hidden, definition), other) for piece, other in replacements.items())
    if not spans:
        raise ChangeError("it replaces nothing")
    pieces, end = [], 0
    for (start, stop), other in spans:
        if start < end:
            raise ChangeError("two of the pieces that are replaced overlap")
        pieces += [text[end:start], other]
        end = stop
    result = "".join([*pieces, text[end:]])
    try:
        tree = ast.parse(result)
    except SyntaxError as error:
        raise ChangeError(f"what comes out is no Python: {error.msg}, line {error.lineno}") from None
    if ast.dump(tree) == ast.dump(ast.parse(text)):
        raise ChangeError("it changes nothing that runs")
    return result


def _definition(source: str, name: str) -> str:
    """The text of a top-level function or class, decorators included."""
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            return "\n".join(source.split("\n")[first - 1 : node.end_lineno]) + "\n"
    raise ChangeError(f"the solution defines no {name}")


def _place(text: str, piece: str, hidden: list[tuple[int, int]], name: str) -> tuple[int, int]:
    found = [
        (at.start(), at.end())
        for at in re.finditer(re.escape(piece), text)
        if not any(start < at.end() and at.start() < stop for start, stop in hidden)
    ]
    if not piece.strip() or len(found) != 1:
        raise ChangeError(f"{piece!r} occurs {len(found)} times in {name}, and must occur once")
    return found[0]


def _without_meaning(text: str) -> Iterator[tuple[int, int]]:
    """Where comments and docstrings stand, as (start, end) in the text."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            literal = node.body[0]
            assert literal.end_lineno is not None
            yield starts[literal.lineno - 1], starts[literal.end_lineno] - 1
