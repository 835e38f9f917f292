"""The instructor's regression for a unit: what must score full marks does, what must not does not.

Each finding is kept by a key of all that it depends on, so that after a change only what it touches is found out again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograder.authoring.cutting import BuildError
from autograder.authoring.declared import declared, exercises
from autograder.authoring.finding import Finder
from autograder.authoring.lock import Lock, read_lock
from autograder.authoring.nonanswers import MOST
from autograder.authoring.planning import (
    NOT_LOST,
    VARIANTS,
    Asked,
    Basis,
    Found,
    Obstacle,
    Piece,
    accepted_piece,
    missing_files,
    plan,
)
from autograder.course import SuiteError, Unit
from autograder.grader.keys import digest, gpus, hash_of, package_version
from autograder.keeping import shelf
from autograder.language import speaking, translated
from autograder.results.document import Outcome
from autograder.submissions.variants import accepted_variants


@dataclass(frozen=True)
class Finding:
    """One thing that was verified. problem: why it does not hold ('' if it does). remark: what an author should know."""

    unit: str
    subject: str
    problem: str = ""
    remark: str = ""


@dataclass
class Verifier:
    """Verifies units.

    only: a single exercise. own_seed: whether the inputs are drawn from the course's seed, for which locks hold. flawed:
    the units that have a problem. locks: what each unit's known mistakes trip, as far as it was found.
    """

    finder: Finder
    only: str = ""
    own_seed: bool = True
    flawed: set[str] = field(default_factory=set)
    locks: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def verify(self, units: Sequence[Unit]) -> Iterator[Finding]:
        """Everything about some units, as it is found out. What is missing is said, and the rest is verified."""
        for finding in self._verified(units):
            if finding.problem:
                self.flawed.add(finding.unit)
            yield finding

    def _verified(self, units: Sequence[Unit]) -> Iterator[Finding]:
        self._kept = shelf("findings")
        self._kept.prune()
        self._lost: dict[str, set[str]] = {}
        pieces: list[Piece] = []
        with speaking("en"):  # or a finding would depend on the author's language
            for unit in units:
                yield from self._looked_at(unit)
                for each in plan(unit, self.finder.seed, gpus(), self.only):
                    if isinstance(each, Obstacle):
                        yield Finding(unit.name, each.subject, each.problem)
                    else:
                        pieces.append(each)
            yield from self._found(pieces)
            for unit in units:
                yield from self._compared_with_lock(unit)

    def _looked_at(self, unit: Unit) -> Iterator[Finding]:
        """What needs no grading."""
        missing = missing_files(unit)
        yield Finding(unit.name, "files", f"missing: {', '.join(missing)}" if missing else "")
        if unit.stable and unit.solution.is_file():
            yield Finding(unit.name, "assignment", self._drift(unit))
        yield from _few_variants(unit, self.only)

    def _drift(self, unit: Unit) -> str:
        """Whether what students get is what the sources make of it. What does not drift is kept, like other findings."""
        sources = [unit.solution, unit.public_suite, unit.home / "unit.toml", *unit.home.glob("*.po")]
        made = sorted((unit.root / "assignments").glob(f"**/{unit.name}/*"))
        key = digest([package_version(), unit.name, *(f"{path} {hash_of(path)}" for path in [*sources, *made])])
        if not self.finder.cold and self._kept.read(key) is not None:
            return ""
        from autograder.authoring.building import drifted  # jupytext takes a second

        names = [path.name for path in drifted(unit)]
        if names:
            return f"drifted from the solution, run `autograder build`: {', '.join(names)}"
        self._kept.write(key, b"")
        return ""

    def _found(self, pieces: list[Piece]) -> Iterator[Finding]:
        said: set[str] = set()
        for piece, found in self.finder.find(pieces):
            if not isinstance(found, str):
                yield from self._judged(piece, found)
            elif found not in said:
                said.add(found)
                yield Finding(piece.unit.name, "suite", found)

    def _judged(self, piece: Piece, found: dict[str, Found]) -> Iterator[Finding]:
        checks = [check for name in piece.exercises if name in found for check in found[name].checks]
        problems = list(dict.fromkeys(problem for each in found.values() for problem in each.problems))
        again = "is graded differently the second time" if any(each.differs for each in found.values()) else ""
        if piece.kind == "accepted":  # what the solution itself loses says nothing about them
            others = [check for check in checks if check.id not in self._lost.get(piece.unit.name, ())]
            yield from self._accepted(piece, _full_marks(others, problems) or again)
        elif piece.kind == "generic":
            caught = any(check.id == piece.caught and check.outcome not in NOT_LOST for check in checks)
            yield Finding(piece.unit.name, piece.subject, "" if caught else f"is not noticed by {piece.caught}")
        elif piece.kind == "non-answer":
            share = max((each.share for each in found.values()), default=0.0)
            said = f"earns {share:.0%} of the exercise, and may earn {MOST:.0%}" if share > MOST else ""
            yield Finding(piece.unit.name, piece.subject, said)
        elif piece.kind == "misconception":
            yield Finding(piece.unit.name, piece.subject, self._misconception(piece, checks) or again)
        else:
            if piece.kind == "solution" and not piece.public:
                self._lost[piece.unit.name] = {check.id for check in checks if check.outcome not in NOT_LOST}
            yield Finding(piece.unit.name, piece.subject, _JUDGES[piece.kind](checks, problems) or again)

    def _accepted(self, piece: Piece, problem: str) -> Iterator[Finding]:
        """Styles of different exercises need not agree with each other (strides as a number here, as a pair there), so a
        group that loses points is graded one by one."""
        if problem and len(piece.variants) > 1:
            basis = Basis(piece.unit, self.finder.seed, tuple(gpus()), piece.exercises)
            yield from self._found([accepted_piece(basis, [variant]) for variant in piece.variants])
            return
        for variant in piece.variants:
            yield Finding(piece.unit.name, f"accepted {variant.identifier}", problem)

    def _misconception(self, piece: Piece, checks: list[Asked]) -> str:
        (variant,) = piece.variants
        failed = [check for check in checks if check.outcome not in NOT_LOST]
        trips = [check.id for check in failed if not check.hardware]
        self.locks.setdefault(piece.unit.name, {})[variant.identifier] = trips
        if not failed:
            return "is not caught: it gets full marks"
        named = [check.named for check in failed if check.named]
        if not named:
            return "is not recognised"
        return "" if named[0] == translated(variant.name, piece.unit.home) else f"is recognised as {named[0]!r}"

    def _compared_with_lock(self, unit: Unit) -> Iterator[Finding]:
        """Checks that no longer notice a mistake are a problem, checks that do now are worth a remark."""
        found = self.locks.get(unit.name, {})
        if not self.own_seed or not found:
            return
        lock = read_lock(unit)
        there = {each.name for each in declared(unit.hidden_suite, "check")}
        for name, trips in found.items():
            known = [check for check in lock.trips.get(name, []) if check.split("[")[0] in there]  # others are retired
            lost = [check for check in known if check not in trips]
            new = [check for check in trips if check not in known]
            if lost:
                yield Finding(
                    unit.name, f"lock {name}", f"no longer trips {', '.join(lost)}; if that is right: --accept"
                )
            elif new and name in lock.trips:
                yield Finding(unit.name, f"lock {name}", remark=f"trips {', '.join(new)}")

    def locked(self, unit: Unit) -> Lock:
        """The unit's lock with what was found this time."""
        lock, found = read_lock(unit), self.locks.get(unit.name, {})
        gone = set() if self.only else lock.trips.keys() - found.keys()
        trips = {name: trips for name, trips in {**lock.trips, **found}.items() if name not in gone}
        return Lock(trips, lock.spared)


def _few_variants(unit: Unit, only: str) -> Iterator[Finding]:
    """Exercises that have too few right implementations."""
    try:
        counts = Counter(variant.exercise for variant in accepted_variants(unit))
        names = exercises(unit.solution) if unit.solution.is_file() else []
    except (BuildError, SuiteError):
        return  # whoever plans says so
    for name in names:
        if only in ("", name) and counts[name] < VARIANTS:
            said = f"{counts[name]} variants, at least {VARIANTS} are wanted"
            yield Finding(unit.name, f"accepted {name}", said)


def _full_marks(checks: list[Asked], problems: list[str]) -> str:
    lost = [check for check in checks if check.outcome not in NOT_LOST]
    if lost:
        return "loses points in " + "; ".join(f"{check.id} ({check.outcome}): {check.message}" for check in lost)
    return "; ".join(problems)


def _scores_nothing(checks: list[Asked], _problems: list[str]) -> str:
    won = [check.id for check in checks if check.outcome == Outcome.PASSED]
    return f"scores in {', '.join(won)}" if won else ""


def _passes(checks: list[Asked], _problems: list[str]) -> str:
    failed = [check.id for check in checks if check.outcome not in NOT_LOST]
    return f"the reference fails {', '.join(failed)}" if failed else ""


def _says_nothing(_checks: list[Asked], problems: list[str]) -> str:
    return "; ".join(problems)


_JUDGES = {
    "solution": _full_marks,
    "notebook": _full_marks,
    "stub": _scores_nothing,
    "reference": _passes,
    "reference tests": _says_nothing,
}
