"""Mutants of a solution: small changes that a suite should notice. Cosmic Ray's operators and a few for tensor code."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Keyword, Name

from autograder.authoring.cutting import BEGIN, END
from autograder.authoring.declared import declared
from autograder.authoring.finding import Finder
from autograder.authoring.lock import read_lock
from autograder.authoring.planning import NOT_LOST, Basis, Found, Piece
from autograder.course import Equivalent, SuiteError, Unit
from autograder.grader.keys import digest, gpus, hash_of, package_version
from autograder.keeping import shelf
from autograder.protocol.messages import Cell
from autograder.submissions.submission import Submission
from autograder.submissions.variants import misconceptions

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

    @property
    def entry(self) -> str:
        """What says in unit.toml that no suite could tell it from the solution."""
        told = {"exercise": self.exercise, "before": self.before, "after": self.after, "reason": "TODO why"}
        return "[[equivalent]]\n" + msgspec.toml.encode(told).decode()


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
    """Every mutant of the unit's solution regions, each once. To make them takes seconds, so they are kept."""
    kept, key = shelf("mutants"), digest([package_version(), unit.name, hash_of(unit.solution)])
    known = kept.read(key)
    if known is not None:
        return msgspec.msgpack.decode(known, type=list[Mutant])
    made = _made(unit)
    kept.write(key, msgspec.msgpack.encode(made))
    return made


def _made(unit: Unit) -> list[Mutant]:
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
    """What became of a mutant.

    notices: the checks that it loses. reason: why it is known to be equivalent ('' if it is not). named: the known mistake
    it was taken for. answers: a hash of all that it answered; mutants of one exercise that agree in it are the same mistake.
    """

    mutant: Mutant
    notices: tuple[str, ...]
    reason: str = ""
    named: str = ""
    answers: str = ""

    @property
    def killed(self) -> bool:
        return bool(self.notices)

    @property
    def survived(self) -> bool:
        return not self.killed and not self.reason


def judge(unit: Unit, finder: Finder) -> Iterator[Verdict]:
    """Grade every mutant of a unit: by the checks of the exercise it changes, and if these let it live by all others.

    What was found before of a mutant, and has not changed, is not found out again. Raises SuiteError for a suite that
    cannot be used.
    """
    found = mutants(unit)
    names = tuple(dict.fromkeys(each.exercise for each in declared(unit.hidden_suite, "check")))
    basis = Basis(unit, finder.seed, tuple(gpus()), names)
    # A mutant that is named depends on what there is to be named.
    wrong = [part for variant in misconceptions(unit) for part in (variant.name, variant.definition)]
    own = [_piece(basis, mutant, wrong, (mutant.exercise,) if mutant.exercise in names else names) for mutant in found]
    by_piece = {id(piece): mutant for piece, mutant in zip(own, found, strict=True)}
    alive: list[Mutant] = []
    for piece, result in finder.find(own):
        verdict = _verdict(unit, by_piece[id(piece)], result)
        if verdict.killed or len(names) == len(piece.exercises):
            yield verdict
        else:
            alive.append(verdict.mutant)
    others = [
        _piece(basis, mutant, wrong, tuple(name for name in names if name != mutant.exercise)) for mutant in alive
    ]
    by_piece = {id(piece): mutant for piece, mutant in zip(others, alive, strict=True)}
    for piece, result in finder.find(others):
        yield _verdict(unit, by_piece[id(piece)], result)


def _piece(basis: Basis, mutant: Mutant, wrong: Sequence[str], exercises: tuple[str, ...]) -> Piece:
    keys = tuple(basis.key(name, "mutant", mutant.source, *wrong) for name in exercises)
    return Piece(basis.unit, "mutant", f"line {mutant.line}", exercises, keys, mutant.submission)


def _verdict(unit: Unit, mutant: Mutant, result: dict[str, Found] | str) -> Verdict:
    if isinstance(result, str):
        raise SuiteError(result)
    lost = [check for each in result.values() for check in each.checks if check.outcome not in NOT_LOST]
    reasons = [entry.reason for entry in unit.equivalents if covers(entry, mutant)]
    named = next((check.named for check in lost if check.named), "")
    answers = "".join(each.answers for each in result.values())
    return Verdict(
        mutant, tuple(check.id for check in lost), reasons[0] if reasons and not lost else "", named, answers
    )


@dataclass(frozen=True)
class Noticed:
    """What a check is for. alone: the mutants and known mistakes that it alone notices. shared: those others notice, too."""

    check: str
    alone: int
    shared: int


def noticed(unit: Unit, verdicts: Sequence[Verdict]) -> list[Noticed]:
    """For each check of a unit, how many mutants and known mistakes it notices, alone and among others."""
    seen = [verdict.notices for verdict in verdicts] + [tuple(trips) for trips in read_lock(unit).trips.values()]
    ids = [each.name for each in declared(unit.hidden_suite, "check")]
    sets = [{check.split("[")[0] for check in checks} for checks in seen]
    return [Noticed(name, sum(s == {name} for s in sets), sum(name in s and len(s) > 1 for s in sets)) for name in ids]


def unnamed(verdicts: Iterable[Verdict]) -> list[list[Mutant]]:
    """Mutants without a name, those of the same answers together, the largest groups first: mistakes worth a name. What
    nobody would write is left out: a statement that is gone, numbers compared by `is`."""
    groups: dict[tuple[str, str], list[Mutant]] = {}
    for verdict in verdicts:
        written = verdict.mutant.after != "pass" and (
            " is " not in verdict.mutant.after or " is " in verdict.mutant.before
        )
        if written and verdict.killed and not verdict.named and verdict.answers:
            groups.setdefault((verdict.mutant.exercise, verdict.answers), []).append(verdict.mutant)
    return sorted((group for group in groups.values() if len(group) > 1), key=len, reverse=True)


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
