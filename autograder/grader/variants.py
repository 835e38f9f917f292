"""Wrong and right implementations kept beside the suites, and the submissions they make."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.course import Unit
from autograder.protocol.messages import Cell
from autograder.submissions.submission import Submission
from autograder.suite.checks import AcceptedMark, MisconceptionMark, SuiteError, mark_of


@dataclass(frozen=True)
class Variant:
    """One marked function or class of a variants file.

    source: a complete submission that differs from the solution in this one exercise. definition: that exercise alone.
    """

    mark: MisconceptionMark | AcceptedMark
    identifier: str
    source: str
    definition: str

    @property
    def submission(self) -> Submission:
        return together([self])

    def namespace(self) -> dict[str, Any]:
        """The submission's names, run in this process: these files are the instructor's own."""
        return run_source(self.source, self.identifier)


def together(variants: Sequence[Variant]) -> Submission:
    """The submission that differs from the solution in several exercises, by variants of one file."""
    label = "+".join(variant.identifier for variant in variants) + ".py"
    source = variants[0].source + "".join(f"\n\n# %%\n{other.definition}\n" for other in variants[1:])
    return Submission(Path(label).stem, Path(label), [Cell(label, source)])


def misconceptions(unit: Unit) -> list[Variant]:
    """The unit's named wrong implementations, in the order they are written."""
    return _variants(unit, unit.misconceptions, MisconceptionMark)


def accepted_variants(unit: Unit) -> list[Variant]:
    """The unit's correct implementations in other styles."""
    return _variants(unit, unit.accepted, AcceptedMark)


def load_module(path: Path) -> ModuleType:
    """Import a trusted file of the course under a name of its own. Raises SuiteError where it cannot be."""
    name = f"{path.parent.name}_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SuiteError(f"{path} does not exist or is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SuiteError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def run_source(source: str, name: str) -> dict[str, Any]:
    """Run trusted source as a module of its own and return its names."""
    module = ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, f"<{name}>", "exec", dont_inherit=True), vars(module))
    return vars(module)


def _variants(unit: Unit, path: Path, kind: type[Any]) -> list[Variant]:
    """A variant is the solution followed by the file's own helpers and the one marked definition, renamed to the
    exercise it implements: later definitions win, so only that exercise differs from the solution."""
    marked = {name: mark for name, value in vars(load_module(path)).items() if isinstance(mark := mark_of(value), kind)}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    solution = unit.solution.read_text(encoding="utf-8")
    helpers = [node for node in tree.body if not _is_suite_import(node) and _name(node) not in marked]
    found = []
    for node in tree.body:
        name = _name(node)
        if name in marked:
            shared = ast.unparse(ast.Module(helpers, type_ignores=[]))
            own = _renamed(node, marked[name].exercise)
            found.append(Variant(marked[name], name, f"{solution}\n\n# %%\n{shared}\n\n# %%\n{own}\n", own))
    if len(found) != len(marked):
        raise SuiteError(f"{path}: two definitions share a name, so one of them would never be used")
    return found


def _is_suite_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder")


def _name(node: ast.stmt) -> str:
    return node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else ""


def _renamed(node: ast.stmt, exercise: str) -> str:
    copy = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(copy, (ast.FunctionDef, ast.ClassDef))
    original, copy.name = copy.name, exercise
    copy.decorator_list = [d for d in copy.decorator_list if not _is_mark(d)]
    for leaf in ast.walk(copy):
        if isinstance(leaf, ast.Name) and leaf.id == original:
            leaf.id = exercise
    return ast.unparse(copy)


def _is_mark(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(call, ast.Name) and call.id in ("misconception", "accepted")
