"""Mutants of a solution: small changes that a suite should notice. Cosmic Ray's operators and a few for tensor code."""

from __future__ import annotations

import ast
import difflib
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Keyword, Name

from autograder.authoring.cutting import BEGIN, END
from autograder.course import Equivalent, Unit, load_course
from autograder.grader.grading import Grader, UnitGrader
from autograder.protocol.messages import Cell
from autograder.submissions.submission import Submission

MUTANT_SECONDS = 2.0

_SIBLINGS = {
    "mean": "sum",
    "sum": "mean",
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "argmin": "argmax",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "train": "eval",
    "eval": "train",
    "rand": "randn",
    "unsqueeze": "squeeze",
    "tanh": "sigmoid",
    "sigmoid": "tanh",
}
# Replacing + by << says no more about a suite than replacing it by -.
_TELLING = (
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Eq",
    "NotEq",
    "Lt",
    "LtE",
    "Gt",
    "GtE",
    "Is",
    "IsNot",
    "USub",
    "Not",
    "Delete",
)


@dataclass(frozen=True)
class Mutant:
    """A solution with one change. before, after: the changed lines, stripped."""

    unit: str
    exercise: str
    line: int
    before: str
    after: str
    source: str

    @property
    def submission(self) -> Submission:
        label = f"{self.unit}.py"
        return Submission(f"line {self.line}", Path(label), [Cell(label, self.source)])

    @property
    def diff(self) -> str:
        return f"line {self.line} of {self.exercise}:\n    - {self.before}\n    + {self.after}"


class DropStatement(Operator):
    """Replace a simple statement by `pass`."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if node.type == "simple_stmt" and node.children[0].type not in ("string", "import_name", "import_from"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        first = node.get_first_leaf()
        node.children[0] = Keyword("pass", first.start_pos, first.prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


class SwapArguments(Operator):
    """Swap the first two positional arguments of a call."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if node.type == "arglist" and all(child.type != "argument" for child in node.children[:3]):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        first, comma, second = node.children[:3]
        first.get_first_leaf().prefix, second.get_first_leaf().prefix = " ", ""
        node.children[:3] = [second, comma, first]
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


class DropKeyword(Operator):
    """Leave out a keyword argument, so that its default holds."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if node.type == "arglist":
            for child in node.children[2:]:
                if child.type == "argument" and child.children[1] == "=":
                    yield child.start_pos, child.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        places = [i for i, c in enumerate(node.children) if i >= 2 and c.type == "argument" and c.children[1] == "="]
        place = places[index]
        del node.children[place - 1 : place + 1]
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


class ReplaceBySibling(Operator):
    """Replace a tensor operation by one it is easily confused with."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if isinstance(node, Name) and node.value in _SIBLINGS and node.parent and node.parent.type == "trailer":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return Name(_SIBLINGS[node.value], node.start_pos, node.prefix)

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


def mutants(unit: Unit) -> list[Mutant]:
    """Every mutant of the unit's solution regions, each once."""
    source = unit.solution.read_text(encoding="utf-8")
    exercises = _exercise_by_line(source)
    regions = _region_lines(source)
    found: dict[str, Mutant] = {}
    for mutated in _mutated_sources(source):
        mutant = _describe(unit.name, source, mutated, exercises, regions)
        if mutant is not None and _compiles(mutated):
            found.setdefault(mutated, mutant)
    return sorted(found.values(), key=lambda m: (m.line, m.after))


def covers(entry: Equivalent, mutant: Mutant) -> bool:
    """Whether an entry of the unit's list is about this mutant."""
    same = (entry.exercise, entry.before, entry.after) == (mutant.exercise, mutant.before, mutant.after)
    return same and entry.line in (0, mutant.line)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant. reason: why it is known to be equivalent ('' if it is not)."""

    mutant: Mutant
    killed: bool
    reason: str = ""

    @property
    def survived(self) -> bool:
        return not self.killed and not self.reason


def judge(unit: Unit, seed: int, jobs: int) -> Iterator[Verdict]:
    """Grade every mutant of a unit in `jobs` processes, each with a grader of its own."""
    found = mutants(unit)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _start, (unit.root, unit.name, seed)) as pool:
        for mutant, killed in zip(found, pool.map(_is_killed, found, chunksize=4), strict=True):
            reasons = [entry.reason for entry in unit.equivalents if covers(entry, mutant)]
            yield Verdict(mutant, killed, reasons[0] if reasons and not killed else "")


_graded: UnitGrader


def _start(root: Path, name: str, seed: int) -> None:
    """Give this process its grader; its zygote ends when the process does."""
    global _graded
    _graded = Grader(seed, call_seconds=MUTANT_SECONDS).unit(load_course(root).unit(name, drafts=True))


def _is_killed(mutant: Mutant) -> bool:
    return not _graded.full_marks(mutant.submission, first=mutant.exercise)


def _operators() -> Iterable[Operator]:
    for name in operator_names():
        parts = name.split("/")[1].split("_")
        replaces = parts[0].startswith("Replace") and len(parts) == 3
        if parts[0] in ("VariableReplacer", "VariableInserter", "ExceptionReplacer", "RemoveDecorator"):
            continue  # they take arguments, or change what no exercise is about
        if not replaces or (parts[1] in _TELLING and parts[2] in _TELLING):
            yield get_operator(name)()
    yield from (DropStatement(), SwapArguments(), DropKeyword(), ReplaceBySibling())


def _mutated_sources(source: str) -> Iterator[str]:
    for operator in _operators():
        occurrence = 0
        while (mutated := mutate_code(source, operator, occurrence)) is not None:
            yield mutated
            occurrence += 1


def _describe(unit: str, source: str, mutated: str, exercises: dict[int, str], regions: set[int]) -> Mutant | None:
    before, after = source.split("\n"), mutated.split("\n")
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            if i1 + 1 not in regions:
                return None
            old, new = (" ".join(line.strip() for line in lines) for lines in (before[i1:i2], after[j1:j2]))
            return Mutant(unit, exercises.get(i1 + 1, ""), i1 + 1, old, new, mutated)
    return None


def _region_lines(source: str) -> set[int]:
    inside, lines = False, set()
    for number, line in enumerate(source.split("\n"), start=1):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            lines.add(number)
    return lines


def _exercise_by_line(source: str) -> dict[int, str]:
    return {
        line: node.name
        for node in ast.parse(source).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
