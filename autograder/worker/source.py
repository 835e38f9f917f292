"""Split a submission's source into top-level statements, so that each can fail alone."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from types import CodeType

from autograder.protocol.messages import Cell, Parsed, SourceProblem, Statement

_PARSE_ERRORS = (SyntaxError, ValueError, MemoryError, RecursionError)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_LINE_MAGIC = re.compile(r"\s*([%!?].*|\w+\s*=\s*[!%].*|[\w.]+\?{1,2}\s*)")
_HARMLESS_CELL_MAGICS = {"time", "timeit", "capture"}
MENTIONS_LIMIT = 5000
# In the place of a name: code that no person wrote hides its names behind thousands of others.
MORE_THAN_IS_READ = "more names than are read"
# In the place of a name: getattr of anything but a name in quotes, unless it is asked of self.
A_COMPUTED_NAME = "a computed name"
_BLOCK_START = re.compile(r"(?!(else|elif|except|finally)\b)[\w@#]")


class ParsedSource:
    """The statements of a submission, ready to run one by one."""

    def __init__(self, cells: list[Cell]) -> None:
        self.statements: list[Statement] = []
        self.problems: list[SourceProblem] = []
        self.nodes: list[ast.stmt] = []
        for cell in cells:
            self._add(cell)

    def report(self) -> Parsed:
        return Parsed(self.statements, self.problems)

    def code(self, index: int) -> CodeType:
        """Compile one statement. Raises SyntaxError where only the compiler objects (`return` outside a function)."""
        module = ast.Module([self.nodes[index]], type_ignores=[])
        return compile(module, self.statements[index].label, "exec", dont_inherit=True)

    def _add(self, cell: Cell) -> None:
        source = _without_cell_magic(cell.source)
        linecache.cache[cell.label] = (len(source), None, source.splitlines(keepends=True), cell.label)
        for nodes, problem in _parse(cell.label, source):
            if problem is not None:
                self.problems.append(problem)
            for node in nodes:
                self.nodes.append(node)
                self.statements.append(_describe(cell.label, node))


def _without_cell_magic(source: str) -> str:
    match = _CELL_MAGIC.match(source)
    if match is None:
        return source
    if match[1] not in _HARMLESS_CELL_MAGICS:
        return ""
    _, newline, rest = source[match.start(1) :].partition("\n")
    return newline + rest


def _parse(label: str, source: str) -> Iterator[tuple[list[ast.stmt], SourceProblem | None]]:
    """Parse the whole; if that fails, without notebook magics; if that fails too, block by block."""
    for text in (source, _without_line_magics(source)):
        try:
            yield ast.parse(text).body, None
            return
        except _PARSE_ERRORS:
            continue
    for first_line, block in _blocks(_without_line_magics(source)):
        try:
            yield _shifted(ast.parse(block).body, first_line), None
        except _PARSE_ERRORS as error:
            yield [], _syntax_problem(label, error, block, first_line)


def _without_line_magics(source: str) -> str:
    return "\n".join("" if _LINE_MAGIC.fullmatch(line) else line for line in source.split("\n"))


def _blocks(source: str) -> Iterator[tuple[int, str]]:
    """Cut at the lines that start something new in column 0 (a decorator opens its definition)."""
    lines = source.split("\n")
    start, decorated = 0, False
    for number, line in enumerate(lines):
        if number > start and _BLOCK_START.match(line) and not decorated:
            yield start, "\n".join(lines[start:number])
            start = number
        decorated = line.startswith("@") or (decorated and not line.strip())
    yield start, "\n".join(lines[start:])


def _shifted(nodes: list[ast.stmt], lines: int) -> list[ast.stmt]:
    for node in nodes:
        ast.increment_lineno(node, lines)
    return nodes


def _syntax_problem(label: str, error: BaseException, block: str, first_line: int) -> SourceProblem:
    if not isinstance(error, SyntaxError):
        reason = str(error) or "too deeply nested to be read"
        return SourceProblem(label, first_line + 1, f"{type(error).__name__}: {reason}")
    line = error.lineno or 1
    lines = block.split("\n")
    text = lines[line - 1] if line <= len(lines) else ""
    caret = " " * max(0, (error.offset or 1) - 1) + "^" if text else ""
    return SourceProblem(label, first_line + line, f"{type(error).__name__}: {error.msg}", text[:200], caret[:200])


def _describe(label: str, node: ast.stmt) -> Statement:
    return Statement(label, node.lineno, _bound_names(node), _mentions(node), _made_inside(node))


def _bound_names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    stored = [leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name) and isinstance(leaf.ctx, ast.Store)]
    return sorted(set(stored))[:200]


def _made_inside(node: ast.stmt) -> list[str]:
    found: set[str] = set()
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.arg):
            found.add(leaf.arg)
        elif isinstance(leaf, (ast.Name, ast.Attribute)) and isinstance(leaf.ctx, ast.Store):
            found.update(_names_of(leaf))
        elif leaf is not node and isinstance(leaf, (ast.FunctionDef, ast.ClassDef)):
            found.update((leaf.name, "." + leaf.name))  # as a variable or as a method
    return sorted(found)[:2000]


def _mentions(node: ast.stmt) -> dict[str, int]:
    """Every name, attribute (`.name`), imported name and name in quotes (`"name`), with the line of its first mention."""
    found: dict[str, int] = {}
    for leaf in ast.walk(node):
        for name in _names_of(leaf):
            line = getattr(leaf, "lineno", node.lineno)
            found[name] = min(found.get(name, line), line)
    kept = dict(sorted(found.items())[:MENTIONS_LIMIT])
    return kept if len(kept) == len(found) else {MORE_THAN_IS_READ: node.lineno, **kept}


def _names_of(leaf: ast.AST) -> list[str]:
    if isinstance(leaf, ast.Name):
        return [leaf.id]
    if isinstance(leaf, ast.Attribute):
        return ["." + leaf.attr]
    if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
        return ['"' + part for part in leaf.value[:200].split(".") if part.isidentifier()]
    if isinstance(leaf, ast.Call) and isinstance(leaf.func, ast.Name) and leaf.func.id in ("getattr", "setattr"):
        own = any(isinstance(arg, ast.Name) and arg.id == "self" for arg in leaf.args[:1])
        known = any(isinstance(arg, ast.Constant) for arg in leaf.args[1:2])
        return [] if own or known else [A_COMPUTED_NAME]
    if isinstance(leaf, ast.alias):
        return leaf.name.split(".")
    if isinstance(leaf, ast.ImportFrom) and leaf.module:
        return leaf.module.split(".")
    return []
