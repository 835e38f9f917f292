"""What can be said of a unit without running it: its files, its exercises, its sentences, its ids. Nothing imports torch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring import blind, ids, lock
from autograder.authoring.catalogs import OTHERS, course_catalogs, gaps
from autograder.authoring.cutting import BuildError
from autograder.authoring.declared import contracts, declared, exercises
from autograder.authoring.planning import VARIANTS
from autograder.authoring.stubs import unmarked
from autograder.course import Course, CourseError, SuiteError, Unit
from autograder.grader.keys import digest, hash_of, package_version
from autograder.keeping import shelf
from autograder.language import CatalogError
from autograder.submissions.variants import WRONG, misconceptions

REQUIRED = ("unit.toml", "test_hidden.py", "test_public.py", "wrong.py", "right.py", "test_reference.py", "zh.po")
MADE = (lock.FILE, ids.FILE)
TODO = "TODO"
SHOWN_GAPS = 3
SHORTEST_HINT, LONGEST_HINT = 15, 80
_CODE = re.compile(r"`|\btorch\.\w|\bnn\.\w|\bself\.\w|\w\.\w+\(|\w\(\w*\)|\w\[\w")
_LOOKING = re.compile(
    r"(Look|Compare|Print|Try|See|Check|Read|Think|Write|Count|Ask|Follow|Draw|Work|Which|What|How|Where)\b"
)


@dataclass(frozen=True)
class Flaw:
    """Something that must be mended. place: the file, with a line where there is one."""

    unit: str
    place: str
    problem: str


def lint(course: Course, units: list[Unit]) -> Iterator[Flaw]:
    """Every flaw of some units, one unit after the other. A unit that had none is looked at again once a file changed."""
    fine = shelf("linted")
    for unit in units:
        key = _key(course, unit)
        if fine.read(key) is None:
            flaws = list(_flaws(course, unit))
            yield from flaws
            if not flaws:
                fine.write(key, b"")


def _key(course: Course, unit: Unit) -> str:
    """Of all that the flaws of a unit depend on."""
    files = [
        unit.solution,
        unit.reference,
        *sorted(p for p in unit.home.rglob("*") if p.is_file() and p.suffix != ".pyc"),
    ]
    return digest([package_version(), repr(unit), *(f"{path} {hash_of(path)}" for path in files)])


def _flaws(course: Course, unit: Unit) -> Iterator[Flaw]:
    said: list[Flaw] = []
    for rule in _RULES:
        try:
            yield from rule(course, unit)
        except (BuildError, CatalogError, SuiteError, CourseError) as error:
            if (flaw := Flaw(unit.name, "", str(error))) not in said:
                said.append(flaw)
                yield flaw


def _files(_course: Course, unit: Unit) -> Iterator[Flaw]:
    """Every file a unit needs is there, and no other."""
    for path in (unit.solution, unit.reference, *(unit.home / name for name in REQUIRED)):
        if not path.is_file():
            yield Flaw(unit.name, _place(unit, path), "is missing")
    for path in sorted(unit.home.iterdir()):
        if path.name not in (*REQUIRED, *MADE, blind.FOLDER, "__pycache__"):
            yield Flaw(unit.name, _place(unit, path), "is no file of a unit; take it out")


def _exercises(_course: Course, unit: Unit) -> Iterator[Flaw]:
    """The same exercises in the same order everywhere, each with all it needs."""
    wanted = exercises(unit.solution) if unit.solution.is_file() else []
    if not wanted:
        yield Flaw(
            unit.name, _place(unit, unit.solution), "has no exercise: a function or class with a solution region"
        )
    files = {
        "check": (unit.hidden_suite, unit.public_suite),
        "hints": (unit.public_suite,),
        WRONG: (unit.misconceptions,),
        "accepted": (unit.accepted,),
    }
    for kind, paths in files.items():
        for path in paths:
            if path.is_file():
                yield from _compared(unit, path, kind, wanted)
    for name in sorted(unit.forbidden.keys() - set(wanted)):
        yield Flaw(unit.name, _place(unit, unit.home / "unit.toml"), f"has a rule for {name}, which is no exercise")


def _weights(_course: Course, unit: Unit) -> Iterator[Flaw]:
    """Where a unit says what its exercises are worth, it says so of each, and of nothing else."""
    wanted = exercises(unit.solution) if unit.solution.is_file() else []
    place = _place(unit, unit.home / "unit.toml")
    for name in unit.points:
        if name not in wanted:
            yield Flaw(unit.name, place, f"gives points for {name}, which is no exercise")
    for name in wanted if unit.points else []:
        if name not in unit.points:
            yield Flaw(unit.name, place, f"gives points for other exercises, but not for {name}")


def _compared(unit: Unit, path: Path, kind: str, wanted: list[str]) -> Iterator[Flaw]:
    counts = Counter(each.exercise for each in declared(path, kind))
    if kind == "check" and path == unit.public_suite and unit.hidden_suite.is_file():
        counts.update(each.exercise for each in contracts(unit.hidden_suite) if each.options.get("public"))
        counts = Counter({name: counts[name] for name in [*wanted, *counts] if name in counts})
    found = list(counts)
    least = VARIANTS if kind == "accepted" else 1
    for name in wanted:
        if counts[name] < least:
            yield Flaw(unit.name, _place(unit, path), f"{name} has {counts[name]} of `{kind}`, at least {least} wanted")
    for name in found:
        if name not in wanted:
            yield Flaw(unit.name, _place(unit, path), f"`{kind}` of {name}, which the solution does not ask for")
    if found != wanted and sorted(found) == sorted(wanted):
        yield Flaw(unit.name, _place(unit, path), f"`{kind}` in another order than the solution: {', '.join(found)}")


def _promises(_course: Course, unit: Unit) -> Iterator[Flaw]:
    """What is checked is promised: every contract has a place in the stub."""
    if unit.solution.is_file() and unit.hidden_suite.is_file():
        for name in unmarked(unit):
            problem = f"has no line {{promises of {name}}}, in whose place build puts what is promised of {name}"
            yield Flaw(unit.name, _place(unit, unit.solution), problem)


def _unfinished(_course: Course, unit: Unit) -> Iterator[Flaw]:
    """Nothing that `autograder new` marked is left to be filled in."""
    catalogs = tuple(f"{language}.po" for language in OTHERS)  # what waits there is another flaw
    for path in (unit.solution, unit.reference, *(unit.home / name for name in REQUIRED if name not in catalogs)):
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for number, line in enumerate(lines, start=1):
            if TODO in line:
                yield Flaw(unit.name, f"{_place(unit, path)}:{number}", f"is still to be written: {line.strip()[:60]}")


def _mistakes(_course: Course, unit: Unit) -> Iterator[Flaw]:
    """Known mistakes have names of their own, and hints that are short, in words, and leave the reader with a question or
    a place to look at. The lock knows them all."""
    where, known = _place(unit, unit.misconceptions), lock.read_lock(unit)
    variants = misconceptions(unit)
    for (exercise, name), count in Counter((each.exercise, each.name) for each in variants).items():
        if count > 1:
            yield Flaw(unit.name, where, f"{count} mistakes of {exercise} are called {name!r}")
    hashes = {hash_of_hint(each.hint): each for each in variants}
    for code, each in hashes.items():
        if code not in known.spared:
            yield from (Flaw(unit.name, where, f"{each.identifier}: {flaw}") for flaw in flaws_of_hint(each.hint))
    place = _place(unit, unit.home / lock.FILE)
    if gone := [code for code in known.spared if code not in hashes]:
        yield Flaw(unit.name, place, f"spares hints that have changed: {', '.join(gone)}; take them out")
    names = [each.identifier for each in variants]
    if unit.stable and sorted(known.trips) != sorted(names):
        yield Flaw(unit.name, place, f"is out of date; run `autograder verify {unit.name}`")


def hash_of_hint(hint: str) -> str:
    """By which a lock spares a hint."""
    return digest([" ".join(hint.split())])[:12]


def flaws_of_hint(hint: str) -> Iterator[str]:
    """What is wrong with the hint of a known mistake."""
    words = len(hint.split())
    if not SHORTEST_HINT <= words <= LONGEST_HINT:
        yield f"the hint has {words} words, and not {SHORTEST_HINT} to {LONGEST_HINT}"
    if _CODE.search(hint):
        yield "the hint holds code"
    last = re.split(r"(?<=[.?!:;]) ", hint.strip())[-1]
    if not last.endswith("?") and not _LOOKING.match(last):
        yield f"the hint ends with neither a question nor a place to look at: {last[:60]!r}"


def _translations(course: Course, unit: Unit) -> Iterator[Flaw]:
    for path, text in course_catalogs(course, [unit]).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield Flaw(unit.name, _place(unit, path), f"is out of date; run `autograder translate {unit.name}`")
        found = gaps(path, text)
        for gap in found[:SHOWN_GAPS]:
            yield Flaw(unit.name, _place(unit, path), f"{gap.text[:60]!r} {gap.problem}")
        if len(found) > SHOWN_GAPS:
            problem = f"and {len(found) - SHOWN_GAPS} more sentences; `autograder translate {unit.name}` lists them"
            yield Flaw(unit.name, _place(unit, path), problem)


def _strangers(_course: Course, unit: Unit) -> Iterator[Flaw]:
    """Files of strangers are named after exercises; raises CourseError for one that is not."""
    blind.strangers(unit)
    yield from ()


def _ids(_course: Course, unit: Unit) -> Iterator[Flaw]:
    for path, text in ids.ids_text(unit).items():
        yield from (Flaw(unit.name, _place(unit, path), problem) for problem in ids.problems_of_ids(unit))
        if unit.stable and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            yield Flaw(unit.name, _place(unit, path), f"is out of date; run `autograder build {unit.name}`")


def _place(unit: Unit, path: Path) -> str:
    return str(path.relative_to(unit.root))


_RULES: tuple[Callable[[Course, Unit], Iterator[Flaw]], ...] = (
    _files, _unfinished, _exercises, _weights, _promises, _mistakes, _translations, _ids, _strangers,
)  # fmt: skip
