"""The instructor's regression for a unit: what must score full marks does, what must not does not."""

from __future__ import annotations

import contextlib
import gc
import itertools
import multiprocessing
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from autograder.authoring import building
from autograder.authoring.notebooks import notebook_text
from autograder.course import Unit
from autograder.grader.grading import Grader, UnitGrader
from autograder.grader.suite_file import SilentPlugin, forget_module
from autograder.grader.variants import Variant, accepted_variants, load_module, misconceptions, together
from autograder.language import translated
from autograder.results.document import CheckResult, Outcome, SubmissionResult
from autograder.submissions.cells import Cell
from autograder.submissions.submission import Submission, read_submission
from autograder.suite.checks import MisconceptionMark

ACCEPTED_PER_EXERCISE = 3


@dataclass(frozen=True)
class Finding:
    """One thing that was verified. problem: why it does not hold ('' if it does)."""

    unit: str
    subject: str
    problem: str = ""


def verify(unit: Unit, grader: Grader) -> Iterator[Finding]:
    """Verify a unit: files, solution, stub, reference, public checks, accepted variants, misconceptions."""
    missing = [path for path in _required_files(unit) if not path.is_file()]
    if missing:
        names = ", ".join(str(path.relative_to(unit.root)) for path in missing)
        yield Finding(unit.name, "files", f"missing: {names}")
        return
    graded = grader.unit(unit)
    if unit.stable:
        yield Finding(unit.name, "assignment", _drift(unit))
    yield from _solution(unit, graded)
    stub, again = _twice(graded, _stub(unit))
    yield Finding(unit.name, "stub", _scores_nothing(stub) or again)
    yield Finding(unit.name, "reference", _reference(unit, graded))
    yield Finding(unit.name, "reference against torch", _reference_tests(unit))
    yield from _accepted(unit, graded)
    yield from _misconceptions(unit, graded)


def verify_all(units: list[Unit], seed: int, jobs: int) -> Iterator[Finding]:
    """Verify several units in up to `jobs` processes; findings come unit by unit, as units are done.

    Units with many misconceptions go first: a long one begun last would keep one process busy and the others idle.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(units)), context, _start, (seed,)) as pool:
        begun = [pool.submit(_verify_one, unit) for unit in sorted(units, key=_effort, reverse=True)]
        for done in as_completed(begun):
            yield from done.result()


def _effort(unit: Unit) -> int:
    """How long a unit is likely to take: the bytes of what is graded twice."""
    return unit.misconceptions.stat().st_size if unit.misconceptions.is_file() else 0


_hidden: Grader
_public: Grader


def _start(seed: int) -> None:
    """Give this process its graders; their zygotes end when the process does."""
    global _hidden, _public
    _hidden = Grader(seed, shrinks=False)
    _public = Grader(seed, public=True, walled=False)
    gc.freeze()  # torch's modules stay: a tenth of the time went into looking through them for garbage


def _verify_one(unit: Unit) -> list[Finding]:
    findings = [*verify(unit, _hidden), verify_public(unit, _public)]
    _hidden.forget()
    _public.forget()
    return findings


def verify_public(unit: Unit, grader: Grader) -> Finding:
    """The public checks pass on the solution and fail on the stub. `grader` grades public suites."""
    if not unit.public_suite.is_file() or not unit.solution.is_file():
        return Finding(unit.name, "public checks", "there are none")
    public = grader.unit(unit)
    problem = _full_marks(public.grade(read_submission(unit.solution)))
    return Finding(unit.name, "public checks", problem or _scores_nothing(public.grade(_stub(unit))))


def _stub(unit: Unit) -> Submission:
    """The stub as it is handed out, or will be: a draft's is not written anywhere."""
    return Submission(unit.name, unit.stub, [Cell(unit.stub.name, building.stub_text(unit))])


def _required_files(unit: Unit) -> list[Path]:
    return [unit.solution, unit.reference, unit.hidden_suite, unit.public_suite, unit.misconceptions]


def _drift(unit: Unit) -> str:
    drifted = building.drifted(unit)
    return f"drifted from the solution, run `autograder build`: {', '.join(p.name for p in drifted)}" if drifted else ""


def _solution(unit: Unit, graded: UnitGrader) -> Iterator[Finding]:
    result, again = _twice(graded, read_submission(unit.solution))
    yield Finding(unit.name, "solution", _full_marks(result) or again)
    notebook = notebook_text(unit.solution.read_text(encoding="utf-8"), unit.name)
    yield Finding(unit.name, "solution as a notebook", _full_marks(graded.grade(_as_notebook(unit, notebook))))


def _as_notebook(unit: Unit, text: str) -> Submission:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{unit.name}.ipynb"
        path.write_text(text, encoding="utf-8")
        return read_submission(path)


def _reference(unit: Unit, graded: UnitGrader) -> str:
    assessments = graded.assess_locally(vars(load_module(unit.reference)))
    failed = [a.check.id for a in assessments if a.outcome not in (Outcome.PASSED, Outcome.NOT_ASSESSED)]
    return f"the reference fails {', '.join(failed)}" if failed else ""


def _reference_tests(unit: Unit) -> str:
    """Run the unit's own comparison of the reference with independent operators, where it has one."""
    if not unit.reference_tests.is_file():
        return f"{unit.reference_tests.relative_to(unit.root)} is missing"
    failures = _Failures()
    arguments = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", str(unit.root)]
    forget_module(unit.reference_tests)
    with contextlib.chdir(unit.root):
        status = pytest.main([*arguments, str(unit.reference_tests)], plugins=[failures])
    return "" if status == pytest.ExitCode.OK else (failures.problems or f"pytest ended with {status!r}")[-2000:]


class _Failures(SilentPlugin):
    """Keeps what pytest would have printed about failed tests."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.problems += f"{report.nodeid}\n{report.longreprtext}\n"


def _accepted(unit: Unit, graded: UnitGrader) -> Iterator[Finding]:
    variants = accepted_variants(unit) if unit.accepted.is_file() else []
    for exercise in graded.suite.exercises():
        count = sum(v.mark.exercise == exercise for v in variants)
        if count < ACCEPTED_PER_EXERCISE:
            yield Finding(
                unit.name, f"accepted {exercise}", f"{count} variants, at least {ACCEPTED_PER_EXERCISE} are wanted"
            )
    for group in _one_of_each(variants):
        problems = _problems_of(group, graded)
        yield from (Finding(unit.name, f"accepted {v.identifier}", problems[v.identifier]) for v in group)


def _one_of_each(variants: list[Variant]) -> list[list[Variant]]:
    """Groups that hold at most one variant of an exercise, so that each group makes one submission."""
    by_exercise: dict[str, list[Variant]] = {}
    for variant in variants:
        by_exercise.setdefault(variant.mark.exercise, []).append(variant)
    rows = itertools.zip_longest(*by_exercise.values())
    return [[variant for variant in row if variant is not None] for row in rows]


def _problems_of(group: list[Variant], graded: UnitGrader) -> dict[str, str]:
    """What is wrong with each variant of a group: graded together, and one by one where that loses points.

    Styles of different exercises need not agree with each other (strides as a number here, as a pair there).
    """
    if len(group) > 1 and not _full_marks(graded.grade(together(group))):
        return dict.fromkeys((variant.identifier for variant in group), "")
    return {variant.identifier: _full_marks(graded.grade(variant.submission)) for variant in group}


def _misconceptions(unit: Unit, graded: UnitGrader) -> Iterator[Finding]:
    for variant in misconceptions(unit):
        assert isinstance(variant.mark, MisconceptionMark)
        result, again = _twice(graded, variant.submission, only=variant.mark.exercise)
        problem = _misconception(variant.mark, result, translated(variant.mark.name, unit.home))
        yield Finding(unit.name, f"misconception {variant.identifier}", problem or again)


def _misconception(mark: MisconceptionMark, result: SubmissionResult, name: str) -> str:
    """`name`: the misconception's, in the language that the result speaks."""
    failed = [check for check in result.checks if check.outcome is not Outcome.PASSED]
    if not failed:
        return "is not caught: it gets full marks"
    if not any(_matches(check, mark.trips) for check in failed):
        return f"does not trip {mark.trips}, but {', '.join(check.id for check in failed)}"
    named = [check.misconception.name for check in failed if check.misconception is not None]
    if not named or named[0] != name:
        return f"is recognised as {named[0]!r}" if named else "is not recognised"
    return "" if mark.hint.strip() else "has no hint"


def _matches(check: CheckResult, trips: str) -> bool:
    return check.id == trips or check.id.split("[")[0] == trips


def _full_marks(result: SubmissionResult) -> str:
    lost = [check for check in result.checks if check.outcome not in (Outcome.PASSED, Outcome.NOT_ASSESSED)]
    if lost:
        return "loses points in " + "; ".join(f"{check.id} ({check.outcome}): {check.message}" for check in lost)
    return "; ".join(result.problems) or ("" if result.max_score > 0 else "has nothing to score")


def _scores_nothing(result: SubmissionResult) -> str:
    won = [check.id for check in result.checks if check.outcome is Outcome.PASSED]
    return f"scores in {', '.join(won)}" if won else ""


def _twice(graded: UnitGrader, submission: Submission, only: str | None = None) -> tuple[SubmissionResult, str]:
    """A submission's result, and what is wrong if grading it again gives other bytes."""
    first, second = (graded.grade(submission, only=only) for _ in range(2))
    same = _without_time(first) == _without_time(second)
    return first, "" if same else "is graded differently the second time"


def _without_time(result: SubmissionResult) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(result, seconds=0.0))
