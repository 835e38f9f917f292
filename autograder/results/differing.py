"""What changed between two gradings of a class: whose grade, and by which check."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.results.document import CheckResult, Outcome, SubmissionResult
from autograder.results.reading import Reading


@dataclass(frozen=True)
class CheckChange:
    """A check that ended differently, or counts differently. before, after: outcome and points; None where it is not."""

    exercise: str
    check: str
    title: str
    before: Outcome | None
    after: Outcome | None
    points_before: float
    points_after: float

    @property
    def earned(self) -> float:
        """How many points more it earns."""
        return _earned(self.after, self.points_after) - _earned(self.before, self.points_before)


@dataclass(frozen=True)
class GradeChange:
    """A submission that is graded differently, with the checks that differ (none where only one side has it)."""

    student: str
    unit: str
    score_before: float | None
    score_after: float | None
    most_before: float | None
    most_after: float | None
    checks: list[CheckChange]


@dataclass(frozen=True)
class Difference:
    """changed: graded on both sides, differently. same: how many are not. only_old, only_new: graded on one side."""

    changed: list[GradeChange]
    only_old: list[GradeChange]
    only_new: list[GradeChange]
    same: int

    @property
    def empty(self) -> bool:
        return not (self.changed or self.only_old or self.only_new)


def compare(old: Reading, new: Reading) -> Difference:
    """Compare two gradings submission by submission and check by check; messages and seconds do not count."""
    before = {(result.student, result.unit): result for result in old.results}
    after = {(result.student, result.unit): result for result in new.results}
    both = [(before[key], after[key]) for key in sorted(before.keys() & after.keys())]
    changed = [change for pair in both if (change := _change(*pair)) is not None]
    return Difference(
        changed,
        [_one_sided(before[key], old=True) for key in sorted(before.keys() - after.keys())],
        [_one_sided(after[key], old=False) for key in sorted(after.keys() - before.keys())],
        len(both) - len(changed),
    )


def described(difference: Difference) -> Iterator[str]:
    """The difference as lines of text: a summary by unit and check, then each submission."""
    for unit in sorted({change.unit for change in difference.changed}):
        yield from _unit_summary(unit, [change for change in difference.changed if change.unit == unit])
    for change in difference.changed:
        yield f"{_printable(change.student)}  {change.unit}  {_grades(change)}"
        for check in change.checks:
            gained = f"  ({check.earned:+g})" if check.earned else ""
            yield f"    {check.exercise}: {check.title}  {_outcomes(check)}{gained}"
    for change in difference.only_old:
        yield f"only in OLD: {_printable(change.student)}  {change.unit}  {_number(change.score_before)}"
    for change in difference.only_new:
        yield f"only in NEW: {_printable(change.student)}  {change.unit}  {_number(change.score_after)}"
    yield f"{len(difference.changed)} changed, {difference.same} the same" + "".join(
        f", {len(found)} only in {side}"
        for side, found in (("OLD", difference.only_old), ("NEW", difference.only_new))
        if found
    )


def _change(before: SubmissionResult, after: SubmissionResult) -> GradeChange | None:
    old, new = dict(_checks(before)), dict(_checks(after))
    pairs = [(key, old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new])]
    checks = [_check_change(exercise, was, now) for (exercise, _), was, now in pairs if _verdict(was) != _verdict(now)]
    if not checks and (before.score, before.max_score) == (after.score, after.max_score):
        return None
    return GradeChange(
        before.student, before.unit, before.score, after.score, before.max_score, after.max_score, checks
    )


def _checks(result: SubmissionResult) -> Iterator[tuple[tuple[str, str], CheckResult]]:
    for exercise in result.exercises:
        for check in exercise.checks:
            yield (exercise.name, check.id), check


def _verdict(check: CheckResult | None) -> tuple[Outcome, float] | None:
    return (check.outcome, check.points) if check is not None else None


def _check_change(exercise: str, before: CheckResult | None, after: CheckResult | None) -> CheckChange:
    known = after or before
    assert known is not None
    return CheckChange(
        exercise,
        known.id,
        known.title,
        before.outcome if before else None,
        after.outcome if after else None,
        before.points if before else 0.0,
        after.points if after else 0.0,
    )


def _one_sided(result: SubmissionResult, *, old: bool) -> GradeChange:
    score, most = result.score, result.max_score
    if old:
        return GradeChange(result.student, result.unit, score, None, most, None, [])
    return GradeChange(result.student, result.unit, None, score, None, most, [])


def _unit_summary(unit: str, changes: list[GradeChange]) -> Iterator[str]:
    shifts = [(change.score_after or 0) - (change.score_before or 0) for change in changes]
    up, down = sum(shift > 0 for shift in shifts), sum(shift < 0 for shift in shifts)
    yield f"{unit}: {up} up, {down} down, {len(changes) - up - down} with the same score"
    ways: dict[str, Counter[str]] = defaultdict(Counter)
    for change in changes:
        for check in change.checks:
            ways[f"{check.exercise}: {check.title}"][_outcomes(check)] += 1
    for title, counted in sorted(ways.items(), key=lambda item: -item[1].total()):
        yield f"  {title}  {_counts(counted.most_common())}"
    yield ""


def _counts(counted: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {way}" for way, count in counted)


def _outcomes(check: CheckChange) -> str:
    before, after = _word(check.before), _word(check.after)
    if before != after:
        return f"{before} → {after}"
    return f"{after}, {check.points_before:g} → {check.points_after:g} points"


def _word(outcome: Outcome | None) -> str:
    return outcome.value.replace("_", " ") if outcome is not None else "no such check"


def _grades(change: GradeChange) -> str:
    if change.most_before == change.most_after:
        return f"{_number(change.score_before)} → {_number(change.score_after)} of {_number(change.most_after)}"
    before, after = _number(change.score_before), _number(change.score_after)
    return f"{before} of {_number(change.most_before)} → {after} of {_number(change.most_after)}"


def _number(value: float | None) -> str:
    return f"{value or 0:g}"


def _earned(outcome: Outcome | None, points: float) -> float:
    return points if outcome is Outcome.PASSED else 0.0


def _printable(name: str) -> str:
    """A student's name that cannot steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in name)
