"""What a class's results say together: distributions, failure rates, misconceptions, and what needs a look."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median

from autograder.results.document import CheckResult, Outcome, SubmissionResult

SLOWEST = 10
BINS = 10
ABRUPT = (Outcome.CRASHED, Outcome.TIMED_OUT)


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart: its label, how many, and the bar's length in percent of the longest."""

    label: str
    count: int
    length: int


@dataclass(frozen=True)
class CheckRate:
    """How often a check did not pass. assessed: by how many submissions. ways: (outcome, how often), most first."""

    exercise: str
    title: str
    failed: int
    assessed: int
    percent: int
    ways: Sequence[tuple[Outcome, int]]


@dataclass(frozen=True)
class Mistake:
    """A recognised misconception and the students who have it."""

    name: str
    exercise: str
    students: list[str]


@dataclass(frozen=True)
class Timed:
    """A submission and how long grading it took."""

    student: str
    seconds: float


@dataclass(frozen=True)
class UnitSurvey:
    """One unit over all its submissions.

    scores: shares of the points, 0 to 1, in ascending order. abrupt: students whose code crashed or timed out, with
    the checks it did so in. broken: with a problem in the source as a whole. review: with lines a person should see.
    unassessed: titles of checks that could not be assessed for somebody, and for how many.
    """

    unit: str
    submissions: int
    most: float
    mean: float
    median: float
    full: int
    none: int
    distribution: list[Bar]
    rates: list[CheckRate]
    mistakes: list[Mistake]
    slowest: list[Timed]
    abrupt: list[tuple[str, list[str]]]
    broken: list[tuple[str, list[str]]]
    review: list[tuple[str, list[str]]]
    unassessed: list[tuple[str, int]]


def survey(unit: str, results: list[SubmissionResult]) -> UnitSurvey:
    """Sum up one unit's results, of which there is at least one."""
    scores = [result.score for result in results]
    shares = [share(result) for result in results]
    return UnitSurvey(
        unit,
        submissions=len(results),
        most=max(result.max_score for result in results),
        mean=mean(scores),
        median=median(scores),
        full=sum(result.score == result.max_score for result in results),
        none=sum(result.score == 0 for result in results),
        distribution=_distribution(shares),
        rates=_rates(results),
        mistakes=_mistakes(results),
        slowest=_slowest(results),
        abrupt=[(r.student, titles) for r in results if (titles := _titles(r.checks, ABRUPT))],
        broken=[(r.student, [problem.split("\n")[0] for problem in r.problems]) for r in results if r.problems],
        review=[(r.student, r.review) for r in results if r.review],
        unassessed=_unassessed(results),
    )


def share(result: SubmissionResult) -> float:
    """The part of the points that was earned, 0 to 1; 1 where there were none to earn."""
    return result.score / result.max_score if result.max_score else 1.0


def _distribution(shares: list[float]) -> list[Bar]:
    """Full marks first, then tenths from the top down."""
    counted = Counter(BINS if each == 1 else min(BINS - 1, math.floor(each * BINS)) for each in shares)
    longest = max(counted.values())
    width = 100 // BINS
    labels = {BINS: "100 %", **{n: f"{n * width} to under {(n + 1) * width} %" for n in range(BINS)}}
    return [
        Bar(labels[n], counted[n], math.ceil(100 * counted[n] / longest) if counted[n] else 0)
        for n in range(BINS, -1, -1)
    ]


def _rates(results: list[SubmissionResult]) -> list[CheckRate]:
    """Checks by how often they did not pass, most first; those that always pass too."""
    titles: dict[tuple[str, str], str] = {}
    ways: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for result in results:
        for exercise in result.exercises:
            for check in exercise.checks:
                titles.setdefault((exercise.name, check.id), check.title)
                ways[exercise.name, check.id][check.outcome] += 1
    rates = [_rate(exercise, titles[exercise, identity], counted) for (exercise, identity), counted in ways.items()]
    return sorted((rate for rate in rates if rate.assessed), key=lambda rate: -rate.failed / rate.assessed)


def _rate(exercise: str, title: str, counted: Counter[Outcome]) -> CheckRate:
    assessed = counted.total() - counted[Outcome.NOT_ASSESSED]
    failed = assessed - counted[Outcome.PASSED]
    ways = [(way, n) for way, n in counted.most_common() if way not in (Outcome.PASSED, Outcome.NOT_ASSESSED)]
    return CheckRate(exercise, title, failed, assessed, round(100 * failed / assessed) if assessed else 0, ways)


def _mistakes(results: list[SubmissionResult]) -> list[Mistake]:
    students: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for result in results:
        for exercise in result.exercises:
            for check in exercise.checks:
                if check.misconception is not None:
                    students[check.misconception.name, exercise.name][result.student] = None
    found = [Mistake(name, exercise, list(who)) for (name, exercise), who in students.items()]
    return sorted(found, key=lambda mistake: (-len(mistake.students), mistake.exercise, mistake.name))


def _slowest(results: list[SubmissionResult]) -> list[Timed]:
    timed = sorted(results, key=lambda result: (-result.seconds, result.student))[:SLOWEST]
    return [Timed(result.student, result.seconds) for result in timed]


def _titles(checks: Iterable[CheckResult], outcomes: tuple[Outcome, ...]) -> list[str]:
    return [check.title for check in checks if check.outcome in outcomes]


def _unassessed(results: list[SubmissionResult]) -> list[tuple[str, int]]:
    counted = Counter(title for result in results for title in _titles(result.checks, (Outcome.NOT_ASSESSED,)))
    return counted.most_common()
