"""What each check of an exercise earns: in proportion to what there is to learn, not to the number of checks.

The definition and its special cases have about four fifths, gradients a tenth, all other promises together a tenth; a kind
that an exercise lacks gives its share to the definition. What can be had without the definition earns nothing without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from autograder.grader.suite_file import Check, Suite
from autograder.promises import Kind
from autograder.results.document import Outcome

SHARES = {Kind.GRADIENT: 0.1, Kind.CLAUSE: 0.1}
_FREE = (Kind.DEFINITION, Kind.SPECIAL)


class Judged(Protocol):
    """A check that was asked: by its id, and how it ended."""

    @property
    def id(self) -> str: ...

    @property
    def outcome(self) -> Outcome: ...


def weighted(suite: Suite, weights: Mapping[str, float]) -> Suite:
    """A suite whose exercises are worth what they weigh; of one without a weight, the sum of what its checks were declared."""
    checks: dict[str, Check] = {}
    for exercise, own in suite.exercises().items():
        given = allotted(own, weights[exercise]) if exercise in weights else own
        checks |= {check.id: check for check in given}
    return replace(suite, checks=[checks[check.id] for check in suite.checks])


def allotted(checks: Sequence[Check], weight: float) -> list[Check]:
    """The checks of one exercise with points that sum exactly to its weight, in hundredths.

    Within a kind they are in proportion to what each was declared to be worth.
    """
    groups: dict[Kind, list[Check]] = {}
    for check in checks:
        kind = check.mark.kind
        groups.setdefault(kind if kind in SHARES else Kind.DEFINITION, []).append(check)
    if Kind.DEFINITION not in groups:
        groups = {Kind.DEFINITION: list(checks)}
    given = {kind: SHARES[kind] for kind in groups if kind in SHARES}
    given[Kind.DEFINITION] = 1 - sum(given.values())
    parts = {
        check.id: given[kind] * check.points / sum(each.points for each in group)
        for kind, group in groups.items()
        for check in group
    }
    hundredths = _apportioned(parts, round(weight * 100))
    return [replace(check, points=hundredths[check.id] / 100) for check in checks]


def withheld(checks: Sequence[Check], results: Iterable[Judged]) -> set[str]:
    """The ids of checks that earn nothing although they passed: where the definition earns nothing, so do the clauses and the
    properties that somebody can have by chance. An exercise without a definition is defined by all that is no clause."""
    outcomes = {result.id: result.outcome for result in results}
    asked = [check for check in checks if check.id in outcomes]
    defining = [check for check in asked if check.mark.kind is Kind.DEFINITION]
    defining = defining or [check for check in asked if check.mark.kind not in SHARES]
    if not defining or any(outcomes[check.id] in (Outcome.PASSED, Outcome.NOT_ASSESSED) for check in defining):
        return set()
    return {check.id for check in checks if check.mark.kind not in _FREE}


def _apportioned(parts: dict[str, float], total: int) -> dict[str, int]:
    """A whole number split in these proportions by the largest remainders (Hamilton's method); earlier ones first."""
    exact = {name: part * total for name, part in parts.items()}
    whole = {name: int(value + 1e-9) for name, value in exact.items()}
    left = total - sum(whole.values())
    for name in _by_remainder(exact, whole)[:left]:
        whole[name] += 1
    return whole


def _by_remainder(exact: dict[str, float], whole: dict[str, int]) -> list[str]:
    return sorted(exact, key=lambda name: whole[name] - exact[name])
