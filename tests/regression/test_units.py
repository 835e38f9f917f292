"""What holds for every unit of the course, whoever wrote it."""

from __future__ import annotations

import pytest

from autograder.authoring.building import drifted
from autograder.course import Unit, find_course
from autograder.grader.suite_file import collect
from autograder.submissions.variants import accepted_variants, misconceptions

COURSE = find_course()


@pytest.fixture(params=COURSE.units.values(), ids=lambda unit: unit.name)
def unit(request: pytest.FixtureRequest) -> Unit:
    return request.param


def test_stubs_match_their_solutions(unit: Unit):
    assert drifted(unit) == []


def test_every_exercise_has_a_public_check(unit: Unit):
    hidden, public = collect(unit.hidden_suite, unit.name, 0), collect(unit.public_suite, unit.name, 0)
    assert set(hidden.exercises()) == set(public.exercises())


def test_every_random_check_draws_at_least_thirty_inputs(unit: Unit):
    suite = collect(unit.hidden_suite, unit.name, COURSE.seed)
    for check in suite.checks:
        if check.wrapper is not None:
            distinct = {repr(example) for example in suite.examples(check)}
            assert len(suite.examples(check)) >= 30 or len(distinct) == len(suite.examples(check)), check.id


def test_every_exercise_has_a_misconception_with_a_hint_and_a_check_it_trips(unit: Unit):
    suite = collect(unit.hidden_suite, unit.name, COURSE.seed)
    wrong = misconceptions(unit)
    assert {variant.exercise for variant in wrong} == set(suite.exercises())
    assert len({(variant.exercise, variant.name) for variant in wrong}) == len(wrong)


def test_every_exercise_has_three_accepted_variants(unit: Unit):
    counts = dict.fromkeys(collect(unit.hidden_suite, unit.name, 0).exercises(), 0)
    for variant in accepted_variants(unit):
        counts[variant.exercise] += 1
    assert min(counts.values()) >= 3, counts


def test_rules_name_exercises_that_exist(unit: Unit):
    assert set(unit.forbidden) <= set(collect(unit.hidden_suite, unit.name, 0).exercises())


def test_the_stub_holds_nothing_of_the_solution(unit: Unit):
    solution = unit.solution.read_text()
    stub = unit.stub.read_text() + unit.notebook.read_text()
    regions = [part.split("### END SOLUTION")[0] for part in solution.split("### BEGIN SOLUTION")[1:]]
    lines = {line.strip() for region in regions for line in region.split("\n") if len(line.strip()) > 30}
    assert regions
    assert not [line for line in lines if line in stub]
