"""What a notebook's kernel makes of a cell: indented cells, `%time x = f()`, `!pip install`, `%%prun`, a pasted ``` fence.

IPython's own transformer turns a cell into Python, in which a magic is a call of `get_ipython()`. Magics that run a
statement or a cell are replaced by what they run; they measure, and nobody wants to be graded on that. All others do
nothing (`Shell`): there is no network to install from and nobody to look at a plot.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Magics that run the statement after them, each with those of its options that take a value.
_RUN_A_STATEMENT = {
    "time": "", "timeit": "nr", "prun": "DlsT", "memit": "rti", "lprun": "fmTDu", "mprun": "fT",
}  # fmt: skip
_RUN_THEIR_CELL = {*_RUN_A_STATEMENT, "capture", "python", "python3"}
_FENCE = re.compile(r"[ \t]*```+[ \t]*\w*[ \t]*")
_OPTION = re.compile(r"\s*(-\w\S*)")


@dataclass(frozen=True)
class CellMagic:
    """A cell that is handed to a magic as a whole. line: its own, counted from 1; the cell's code is what follows it."""

    name: str
    line: int
    code: str

    @property
    def runs_its_cell(self) -> bool:
        return self.name in _RUN_THEIR_CELL


class Shell:
    """What `get_ipython()` gives while a submission is graded: nothing that is asked of it does anything."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None

    def getoutput(self, *args: Any, **kwargs: Any) -> list[str]:
        return []


def names_of_a_kernel() -> dict[str, Any]:
    """The names that every kernel has beside Python's own."""
    shell = Shell()
    return {"get_ipython": lambda: shell, "display": lambda *args, **kwargs: None}


def without_fences(source: str) -> str:
    """The source without the ``` lines that come along when an answer is pasted from a chat."""
    return "\n".join("" if _FENCE.fullmatch(line) else line for line in source.split("\n"))


def as_python(source: str) -> str:
    """A cell as Python, its lines where they were as far as that can be had."""
    from IPython.core.inputtransformer2 import TransformerManager

    leading = source[: len(source) - len(source.lstrip("\n"))]
    transformer = TransformerManager()  # type: ignore[no-untyped-call]
    return leading + transformer.transform_cell(source.lstrip("\n"))


def cell_magic(tree: ast.Module) -> CellMagic | None:
    """The magic that a whole cell is handed to, in what `as_python` made of it."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    asked = _asked_of_the_shell(tree.body[0].value, "run_cell_magic", 3)
    return CellMagic(asked[0], tree.body[0].lineno, asked[2]) if asked else None


def run_statements(tree: ast.Module) -> ast.Module:
    """The tree with each magic that runs a statement replaced by that statement."""
    return _Statements().visit(tree)  # type: ignore[no-any-return]


class _Statements(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> Any:
        parsed = _parsed(_statement_of(node.value), "exec")
        if not isinstance(parsed, ast.Module) or not parsed.body:
            return self.generic_visit(node)
        return [ast.increment_lineno(each, node.lineno - 1) for each in parsed.body]

    def visit_Call(self, node: ast.Call) -> Any:
        parsed = _parsed(_statement_of(node), "eval")
        if not isinstance(parsed, ast.Expression):
            return self.generic_visit(node)
        return ast.increment_lineno(parsed, node.lineno - 1).body


def _parsed(source: str, mode: str) -> ast.AST | None:
    try:
        return ast.parse(source, mode=mode) if source else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _statement_of(call: ast.expr) -> str:
    """What a magic is asked to run, without its options; '' if it runs nothing."""
    asked = _asked_of_the_shell(call, "run_line_magic", 2)
    if not asked or asked[0] not in _RUN_A_STATEMENT:
        return ""
    name, text = asked
    while option := _OPTION.match(text):
        text = text[option.end() :]
        if len(option[1]) == 2 and option[1][1] in _RUN_A_STATEMENT[name]:
            text = text.lstrip().partition(" ")[2]
    return text.strip()


def _asked_of_the_shell(call: ast.expr, method: str, count: int) -> list[str]:
    """The arguments of `get_ipython().METHOD(...)`, if that is what is called, with this many strings."""
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == method):
        return []
    shell = call.func.value
    if not (isinstance(shell, ast.Call) and isinstance(shell.func, ast.Name) and shell.func.id == "get_ipython"):
        return []
    said = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return said if len(said) == count else []
