"""What is to be verified of a unit, piece by piece, and the key of all that each piece depends on. Nothing imports torch."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from autograder.authoring.cutting import BuildError
from autograder.authoring.declared import contracts, declared, exercises
from autograder.authoring.generic import generic_mistakes
from autograder.authoring.nonanswers import non_answers
from autograder.authoring.stubs import stub_text
from autograder.course import CourseError, SuiteError, Unit
from autograder.grader.keys import code_of, digest, engine_version, exercise_key
from autograder.results.document import Outcome
from autograder.submissions.cells import Cell
from autograder.submissions.submission import Submission, read_submission
from autograder.submissions.variants import Variant, accepted_variants, misconceptions, together

VARIANTS = 3  # right implementations of an exercise, at least
NOT_LOST = (Outcome.PASSED, Outcome.NOT_ASSESSED)
# One in so many wrong and right implementations is graded twice; so are the solution and the stub.
SAMPLED = 8


@dataclass(frozen=True)
class Piece:
    """Something to be found out.

    kind: "solution", "notebook", "stub", "accepted", "misconception", "generic", "non-answer" and "mutant" are graded, "reference" is asked in the
    submission's place, "reference tests" are run. exercises: those it is asked for, each with its key in `keys`. variants:
    what the submission is made of. public: graded by the public checks. twice: graded a second time, to be compared. caught:
    the check that must notice it, of a generic mistake.
    """

    unit: Unit
    kind: str
    subject: str
    exercises: tuple[str, ...]
    keys: tuple[str, ...]
    submission: Submission | None = None
    variants: tuple[Variant, ...] = ()
    public: bool = False
    twice: bool = False
    caught: str = ""

    def only(self, wanted: Iterable[str]) -> Piece:
        """The same piece for some of its exercises."""
        names = set(wanted)
        chosen = [(e, k) for e, k in zip(self.exercises, self.keys, strict=True) if e in names]
        return replace(self, exercises=tuple(e for e, _ in chosen), keys=tuple(k for _, k in chosen))


class Asked(msgspec.Struct, frozen=True):
    """How one check ended. named: the known mistake it was taken for. hardware: whether it needs a GPU."""

    id: str
    outcome: str
    message: str = ""
    named: str = ""
    hardware: bool = False


class Found(msgspec.Struct, frozen=True):
    """What a piece came to in one exercise. differs: whether grading it again gave another result. problems: what was
    wrong as a whole. answers: of a mutant, a hash of all its answers. share: of the exercise's points that it earned."""

    checks: list[Asked] = []
    problems: list[str] = []
    differs: bool = False
    answers: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class Obstacle:
    """Why a part of a unit cannot be verified yet."""

    subject: str
    problem: str


@dataclass(frozen=True)
class Basis:
    """What all pieces of a unit rest on."""

    unit: Unit
    seed: int
    hardware: tuple[str, ...]
    exercises: tuple[str, ...]

    def key(self, exercise: str, *parts: str, public: bool = False) -> str:
        met = exercise_key(self.unit, exercise, self.seed, public=public, hardware=self.hardware)
        return digest([met, *parts])


def plan(unit: Unit, seed: int, hardware: Sequence[str], only: str = "") -> Iterator[Piece | Obstacle]:
    """The pieces of a unit in the order in which an author wants to hear of them; an obstacle for what is not there yet.

    only: this exercise alone.
    """
    try:
        known = exercises(unit.solution) if unit.solution.is_file() else []
        checked = (
            [each.exercise for each in declared(unit.hidden_suite, "check")] if unit.hidden_suite.is_file() else []
        )
    except BuildError as error:
        yield Obstacle("files", str(error))
        return
    names = list(dict.fromkeys([*known, *checked]))
    if only and only not in names:
        raise CourseError(f"{unit.name} has no exercise {only}; it has {', '.join(names) or 'none'}")
    chosen = tuple(name for name in names if name in checked and only in ("", name))
    basis = Basis(unit, seed, tuple(hardware), chosen)
    for make in (_solution, _stub, _reference, _reference_tests, _accepted, _misconceptions, _generic, _non_answers):
        try:
            yield from make(basis)
        except (BuildError, SuiteError, CourseError, OSError) as error:
            yield Obstacle(make.__name__.strip("_").replace("_", " "), str(error))


def missing_files(unit: Unit) -> list[str]:
    """The files that a finished unit has and this one lacks, as paths in the course."""
    wanted = (unit.solution, unit.reference, unit.hidden_suite, unit.public_suite, unit.misconceptions, unit.accepted,
              unit.reference_tests)  # fmt: skip
    return [str(path.relative_to(unit.root)) for path in wanted if not path.is_file()]


def _solution(basis: Basis) -> Iterator[Piece]:
    unit = basis.unit
    if not unit.solution.is_file():
        return
    submission = read_submission(unit.solution)
    yield _graded(basis, "solution", "solution", submission, [code_of(unit.solution)], twice=True)
    yield _graded(basis, "notebook", "solution as a notebook", None, [code_of(unit.solution), "as a notebook"])
    if unit.public_suite.is_file():
        yield _graded(basis, "solution", "public checks", submission, [code_of(unit.solution)], public=True)


def _stub(basis: Basis) -> Iterator[Piece]:
    unit = basis.unit
    if not unit.solution.is_file():
        return
    # As it is handed out, or will be: a draft's is not written anywhere.
    text = stub_text(unit)
    stub = Submission(unit.name, unit.stub, [Cell(unit.stub.name, text)])
    yield _graded(basis, "stub", "stub", stub, [digest([text])], twice=True)
    if unit.public_suite.is_file():
        yield _graded(basis, "stub", "stub by the public checks", stub, [digest([text])], public=True)


def _reference(basis: Basis) -> Iterator[Piece]:
    if basis.unit.reference.is_file():
        keys = tuple(basis.key(name, "reference") for name in basis.exercises)
        yield Piece(basis.unit, "reference", "reference", basis.exercises, keys)


def _reference_tests(basis: Basis) -> Iterator[Piece]:
    unit = basis.unit
    if unit.reference_tests.is_file():
        key = digest([engine_version(), code_of(unit.reference), code_of(unit.reference_tests), unit.name])
        yield Piece(unit, "reference tests", "reference against torch", ("",), (key,))


def _accepted(basis: Basis) -> Iterator[Piece]:
    """Variants of different exercises share a submission, which is taken apart where it loses points."""
    variants = accepted_variants(basis.unit)
    if len(basis.exercises) == 1:
        variants = [variant for variant in variants if variant.exercise in basis.exercises]
    for number, group in enumerate(_one_of_each(variants)):
        yield accepted_piece(basis, group, twice=number % SAMPLED == 0)


def accepted_piece(basis: Basis, group: Sequence[Variant], *, twice: bool = False) -> Piece:
    """Right implementations of different exercises, graded as one submission."""
    subject = "accepted " + ", ".join(variant.identifier for variant in group)
    return _graded(
        basis, "accepted", subject, together(group), _parts(basis.unit, group), variants=tuple(group), twice=twice
    )  # fmt: skip


def _one_of_each(variants: list[Variant]) -> list[list[Variant]]:
    """Groups that hold at most one variant of an exercise, so that each group makes one submission."""
    by_exercise: dict[str, list[Variant]] = {}
    for variant in variants:
        by_exercise.setdefault(variant.exercise, []).append(variant)
    rows = itertools.zip_longest(*by_exercise.values())
    return [[variant for variant in row if variant is not None] for row in rows]


def _misconceptions(basis: Basis) -> Iterator[Piece]:
    """A mistake is recognised among all those of its exercise, so these count too, and their order."""
    by_exercise: dict[str, list[Variant]] = {}
    for variant in misconceptions(basis.unit):
        by_exercise.setdefault(variant.exercise, []).append(variant)
    for exercise, variants in by_exercise.items():
        if exercise not in basis.exercises:
            continue
        rivals = [part for variant in variants for part in (variant.name, variant.definition)]
        parts = [code_of(basis.unit.solution), variants[0].shared, *rivals]
        for number, variant in enumerate(variants):
            twice = number % SAMPLED == 0
            key = basis.key(exercise, *parts, variant.identifier, str(twice))
            subject = f"misconception {variant.identifier}"
            yield Piece(
                basis.unit, "misconception", subject, (exercise,), (key,), variant.submission, (variant,), twice=twice
            )


def _generic(basis: Basis) -> Iterator[Piece]:
    """The mistakes that can be made anywhere, for every clause that must notice them."""
    if not (basis.exercises and basis.unit.solution.is_file()):
        return
    for made in contracts(basis.unit.hidden_suite):
        for mistake in generic_mistakes(made) if made.exercise in basis.exercises else ():
            subject = f"{mistake.clause.id}: {mistake.name}"
            yield _spoilt(basis, "generic", subject, made.exercise, mistake.source, caught=mistake.clause.id)


def _non_answers(basis: Basis) -> Iterator[Piece]:
    """What must earn next to nothing, in proportion to what the exercise's checks are worth."""
    if not (basis.exercises and basis.unit.solution.is_file()):
        return
    for each in non_answers(basis.unit):
        if each.exercise in basis.exercises:
            weight = str(basis.unit.points[each.exercise])
            yield _spoilt(basis, "non-answer", f"{each.exercise}: {each.name}", each.exercise, each.source, weight)


def _spoilt(
    basis: Basis, kind: str, subject: str, exercise: str, source: str, *parts: str, caught: str = ""
) -> Piece:  # fmt: skip
    """The solution followed by code that replaces an exercise."""
    label = f"{exercise}.py"
    solution = basis.unit.solution.read_text(encoding="utf-8")
    submission = Submission(exercise, Path(label), [Cell(label, f"{solution}\n\n{source}")])
    key = basis.key(exercise, code_of(basis.unit.solution), source, *parts)
    return Piece(basis.unit, kind, f"{kind} {subject}", (exercise,), (key,), submission, caught=caught)


def _parts(unit: Unit, variants: Sequence[Variant]) -> list[str]:
    return [code_of(unit.solution), variants[0].shared, *(variant.definition for variant in variants)]


def _graded(
    basis: Basis, kind: str, subject: str, submission: Submission | None, parts: list[str], *,
    variants: tuple[Variant, ...] = (), public: bool = False, twice: bool = False,
) -> Piece:  # fmt: skip
    names = basis.exercises
    if public:
        shown = [each.exercise for each in declared(basis.unit.public_suite, "check")]
        names = tuple(name for name in names if name in shown)
    keys = tuple(basis.key(name, *parts, str(twice), public=public) for name in names)
    return Piece(basis.unit, kind, subject, names, keys, submission, variants, public, twice)
