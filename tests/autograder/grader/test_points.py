"""Points follow what there is to learn: kinds share an exercise's weight, in hundredths that sum exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grader.points import allotted, weighted, withheld
from autograder.grader.suite_file import Check, Suite
from autograder.promises import Kind
from autograder.results.document import CheckResult, Outcome, score_exercise
from autograder.suite.checks import CheckMark

DEFINITION, SPECIAL, GRADIENT, CLAUSE, PROPERTY = Kind


def check(name: str, kind: Kind, points: float = 1, exercise: str = "f") -> Check:
    return Check(name, "T.", exercise, points, print, None, {}, frozenset(), (), CheckMark(exercise, points, kind))


def result(each: Check, outcome: Outcome, void: frozenset[str] = frozenset()) -> CheckResult:
    return CheckResult(each.id, "T.", each.points, outcome, withheld=each.id in void)


ALL = [
    check("matches", DEFINITION, 4), check("large", SPECIAL, 2), check("sums", PROPERTY, 2),
    check("gradient", GRADIENT), check("form", CLAUSE), check("keeps", CLAUSE),
]  # fmt: skip


def test_the_definition_has_four_fifths_gradients_and_promises_a_tenth_each():
    points = {each.id: each.points for each in allotted(ALL, 10)}
    assert points == {"matches": 4, "large": 2, "sums": 2, "gradient": 1, "form": 0.5, "keeps": 0.5}


def test_a_kind_that_is_missing_gives_its_share_to_the_definition():
    points = {each.id: each.points for each in allotted(ALL[:4], 10)}
    assert points == {"matches": 4.5, "large": 2.25, "sums": 2.25, "gradient": 1}
    assert {each.id: each.points for each in allotted(ALL[4:], 10)} == {"form": 5, "keeps": 5}


@given(
    weight=st.integers(1, 5000).map(lambda n: n / 100),
    checks=st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(1, 9)), min_size=1, max_size=30),
)
def test_points_are_hundredths_that_sum_exactly(weight: float, checks: list[tuple[Kind, int]]):
    made = allotted([check(str(n), kind, points) for n, (kind, points) in enumerate(checks)], weight)
    hundredths = [each.points * 100 for each in made]
    assert all(abs(value - round(value)) < 1e-9 and value >= 0 for value in hundredths)
    assert sum(map(round, hundredths)) == round(weight * 100)


@pytest.mark.parametrize(
    "outcome", [Outcome.FAILED, Outcome.RAISED, Outcome.MISSING, Outcome.TIMED_OUT, Outcome.FORBIDDEN]
)
def test_without_the_definition_only_special_cases_earn(outcome: Outcome):
    results = [result(each, outcome if each.id == "matches" else Outcome.PASSED) for each in ALL]
    assert withheld(ALL, results) == {"sums", "gradient", "form", "keeps"}


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.NOT_ASSESSED])
def test_with_the_definition_everything_earns(outcome: Outcome):
    results = [result(each, outcome if each.id == "matches" else Outcome.PASSED) for each in ALL]
    assert withheld(ALL, results) == set()


def test_an_exercise_without_a_definition_is_defined_by_all_that_is_no_clause():
    results = [result(each, Outcome.FAILED if each.id == "large" else Outcome.PASSED) for each in ALL[1:]]
    assert withheld(ALL[1:], results) == set()
    results = [result(each, Outcome.FAILED if each.id in ("large", "sums") else Outcome.PASSED) for each in ALL[1:]]
    assert withheld(ALL[1:], results) >= {"gradient", "form", "keeps"}


def test_what_is_withheld_passed_and_earns_nothing():
    checks = allotted(ALL, 10)
    results = [result(each, Outcome.FAILED if each.id == "matches" else Outcome.PASSED) for each in checks]
    void = frozenset(withheld(checks, results))
    scored = score_exercise("f", [result(each, r.outcome, void) for each, r in zip(checks, results, strict=True)], [])
    assert (scored.score, scored.max_score) == (2.0, 10.0)


def test_exercises_without_a_weight_stay_as_they_are():
    other = [check("a", PROPERTY, 3, "g"), check("b", PROPERTY, 1, "g")]
    suite = weighted(Suite(Path("s.py"), "unit", 1, [*ALL, *other]), {"f": 20})
    points = {each.id: each.points for each in suite.checks}
    assert list(points) == ["matches", "large", "sums", "gradient", "form", "keeps", "a", "b"]
    assert (points["matches"], points["a"], points["b"]) == (8, 3, 1)
