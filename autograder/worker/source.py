"""Split a submission's source into top-level statements, so that each can fail alone."""

from __future__ import annotations
import __future__

import ast
import contextlib
import functools
import linecache
import operator
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

import msgspec

from autograder.language import _
from autograder.protocol.messages import Cell, Parsed, SourceProblem, Statement
from autograder.worker.kernel import as_python, cell_magic, run_statements, without_fences

_PARSE_ERRORS = (SyntaxError, ValueError, MemoryError, RecursionError)
# Syntax that came after the oldest Python this package runs on: type aliases, generics, exceptions without brackets.
_NEWER = re.compile(r"\s*(type \w+.*=|(async )?(def|class) \w+\[|except \w+, )")
MENTIONS_LIMIT = 5000
# In the place of a name: code that no person wrote hides its names behind thousands of others.
MORE_THAN_IS_READ = "more names than are read"
# In the place of a name: getattr of anything but a name in quotes, unless it is asked of self.
A_COMPUTED_NAME = "a computed name"
_BLOCK_START = re.compile(r"(?!(else|elif|except|finally)\b)[\w@#%!]")


class ParsedSource:
    """The statements of a submission, ready to run one by one."""

    def __init__(self, cells: list[Cell]) -> None:
        self.statements: list[Statement] = []
        self.problems: list[SourceProblem] = []
        self.nodes: list[ast.stmt] = []
        # What `from __future__ import ...` asks of the compiler: in a file and in a kernel it holds from there on.
        self._flags: list[int] = []
        self._beside = [cell for cell in cells if cell.module]
        for cell in cells:
            if not cell.module:
                self._add(cell)

    def report(self) -> Parsed:
        beside = ParsedSource([Cell(cell.label, cell.source) for cell in self._beside])
        return Parsed(self.statements, self.problems, beside.statements)

    def code(self, index: int) -> CodeType:
        """Compile one statement. Raises SyntaxError where only the compiler objects (`return` outside a function)."""
        module = ast.Module([self.nodes[index]], type_ignores=[])
        label, flags = self.statements[index].label, self._flags[index]
        return compile(module, label, "exec", flags, dont_inherit=True)  # type: ignore[no-any-return]

    def _add(self, cell: Cell) -> None:
        linecache.cache[cell.label] = (len(cell.source), None, cell.source.splitlines(keepends=True), cell.label)
        nodes, problems = _parse(cell.label, cell.source)
        self.problems += problems
        for node in nodes:
            self._flags.append((self._flags[-1] if self._flags else 0) | _future_flags(node))
            self.nodes.append(node)
            self.statements.append(_describe(cell.label, node))


def _future_flags(node: ast.stmt) -> int:
    if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
        return 0
    known = [name.name for name in node.names if name.name in __future__.all_feature_names]
    return functools.reduce(operator.or_, (getattr(__future__, name).compiler_flag for name in known), 0)


Parts = tuple[list[ast.stmt], list[SourceProblem]]


def _parse(label: str, source: str) -> Parts:
    """Parse the whole; if that fails, as a kernel would; if that fails too, block by block."""
    with contextlib.suppress(*_PARSE_ERRORS):
        return ast.parse(source).body, []
    bare = without_fences(source)
    whole = _as_a_kernel(label, bare)
    if whole is not None and _lines_in(whole.text) == _lines_in(bare):
        return whole.parts
    pieces = [_parse_block(label, block, first_line) for first_line, block in _blocks(bare)]
    problems = [problem for _, said in pieces for problem in said]
    if problems and whole is not None:
        return whole.parts
    return [node for nodes, _ in pieces for node in nodes], problems


def _lines_in(source: str) -> int:
    return source.rstrip("\n").count("\n")


@dataclass(frozen=True)
class _Transformed:
    text: str
    parts: Parts


def _as_a_kernel(label: str, source: str, first_line: int = 0) -> _Transformed | None:
    """What a kernel makes of a source; None if no Python comes of it."""
    try:
        text = as_python(source)
        tree = ast.parse(text)
    except _PARSE_ERRORS:
        return None
    magic = cell_magic(tree)
    if magic is None:
        return _Transformed(text, (_shifted(run_statements(tree).body, first_line), []))
    if magic.runs_its_cell:
        nodes, problems = _parse(label, magic.code)
        moved = [msgspec.structs.replace(each, line=each.line + first_line + magic.line) for each in problems]
        return _Transformed(source, (_shifted(nodes, first_line + magic.line), moved))
    said = _("this cell was left out: {magic} hands it to something else than Python").format(magic=f"%%{magic.name}")
    return _Transformed(source, ([], [SourceProblem(label, first_line + magic.line, said)]))


def _parse_block(label: str, block: str, first_line: int) -> Parts:
    try:
        return _shifted(ast.parse(block).body, first_line), []
    except _PARSE_ERRORS as error:
        transformed = _as_a_kernel(label, block, first_line)
        return transformed.parts if transformed else ([], [_syntax_problem(label, error, block, first_line)])


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
    said = f"{type(error).__name__}: {error.msg}"
    if _NEWER.match(text) or said.startswith("SyntaxError: f-string"):
        version = ".".join(map(str, sys.version_info[:2]))
        said += " " + _("(Python {version} reads this; it does not know newer syntax)").format(version=version)
    return SourceProblem(label, first_line + line, said, text[:200], caret[:200])


def _describe(label: str, node: ast.stmt) -> Statement:
    return Statement(label, node.lineno, _bound_names(node), _mentions(node), _made_inside(node), _imported(node))


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


def _imported(node: ast.stmt) -> list[str]:
    """What a statement imports, by the names that the modules have for it."""
    aliases = [a for leaf in ast.walk(node) if isinstance(leaf, (ast.Import, ast.ImportFrom)) for a in leaf.names]
    return sorted({alias.name for alias in aliases})[:200]


def _mentions(node: ast.stmt) -> dict[str, int]:
    """Every name, attribute (`.name`), imported name and name in quotes (`"name`), with the line of its first mention."""
    found: dict[str, int] = {}
    harmless = _only_looked_at(node)
    called = {id(leaf.func) for leaf in ast.walk(node) if isinstance(leaf, ast.Call)}
    for leaf in ast.walk(node):
        if id(leaf) in harmless:
            continue
        names = _names_of(leaf)
        if isinstance(leaf, ast.Name) and leaf.id in ("getattr", "setattr") and id(leaf) not in called:
            names = [A_COMPUTED_NAME]  # handed on, to be called elsewhere
        for name in names:
            line = getattr(leaf, "lineno", node.lineno)
            found[name] = min(found.get(name, line), line)
    kept = dict(sorted(found.items())[:MENTIONS_LIMIT])
    return kept if len(kept) == len(found) else {MORE_THAN_IS_READ: node.lineno, **kept}


def _only_looked_at(node: ast.stmt) -> set[int]:
    """The containers in `'google.colab' in sys.modules`, of which nothing is taken."""
    looks = [leaf for leaf in ast.walk(node) if isinstance(leaf, ast.Compare) and len(leaf.ops) == 1]
    return {id(leaf.comparators[0]) for leaf in looks if isinstance(leaf.ops[0], (ast.In, ast.NotIn))}


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
    if isinstance(leaf, ast.MatchClass):  # `case object(_C=core)` reads an attribute
        return ["." + name for name in leaf.kwd_attrs]
    if isinstance(leaf, ast.ImportFrom) and leaf.module:
        return leaf.module.split(".")
    return []
