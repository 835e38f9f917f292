"""What the failed checks of an exercise have in common: one cause is told once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.language import says
from autograder.results.document import NOT_WRITTEN, CheckResult, ExerciseResult, Outcome

_NUMBER = re.compile(r"-?\d[\d.e+-]*")


@dataclass(frozen=True)
class Cause:
    """Checks that seem to fail for one reason. shown: the one that shows it best, told in full (None: another exercise
    comes first). others: those of which the titles say enough. whole: the reason is about the exercise as a whole (it is
    not there, or not written yet), so that no title says more."""

    shown: CheckResult | None
    others: list[CheckResult]
    whole: bool = False


def causes(exercise: ExerciseResult) -> list[Cause]:
    """The checks that did not pass, by their causes: known mistakes first, then in the order of the suite.

    One cause have those that look like one known mistake, and those that say the same, numbers left out.
    """
    grouped: dict[tuple[str, ...], list[CheckResult]] = {}
    for check in exercise.checks:
        if check.outcome is not Outcome.PASSED:
            grouped.setdefault(_symptom(check), []).append(check)
    ordered = sorted(grouped, key=lambda symptom: symptom[0] != "known")
    missing = all(check.outcome is Outcome.MISSING for check in exercise.checks)
    return [_cause(grouped[symptom], aside=bool(exercise.first), missing=missing) for symptom in ordered]


def _symptom(check: CheckResult) -> tuple[str, ...]:
    if check.misconception is not None:
        return ("known", check.misconception.name)
    return ("said", check.outcome.value, _NUMBER.sub("#", check.message.split("\n")[0]))


def _cause(checks: list[CheckResult], *, aside: bool, missing: bool) -> Cause:
    if aside and checks[0].outcome in (Outcome.FAILED, Outcome.RAISED) and checks[0].misconception is None:
        return Cause(None, checks)
    # What is shortest has the smallest input; a picture says more than any.
    shown = min(checks, key=lambda check: (check.figure is None and len(check.message), len(check.message)))
    whole = missing or says(shown.message, NOT_WRITTEN)
    return Cause(shown, [] if whole else [check for check in checks if check is not shown], whole)
