"""One cause is told once."""

from __future__ import annotations

from autograder.results.causes import causes
from autograder.results.document import NOT_WRITTEN, CheckResult, Outcome, Recognised, score_exercise
from autograder.results.text import exercise_text

KNOWN = Recognised("Z and 1 - Z are exchanged", "Which of the two keeps the old state?")


def check(name: str, message: str, outcome: Outcome = Outcome.FAILED, known: Recognised | None = None) -> CheckResult:
    return CheckResult(name, f"Title of {name}.", 1, outcome, message, known)


def told(*checks: CheckResult, first: list[str] | None = None) -> list[tuple[str, list[str]]]:
    exercise = score_exercise("gru_cell", list(checks), [], first or [])
    return [(c.shown.id if c.shown else "", [other.id for other in c.others]) for c in causes(exercise)]


def test_a_known_mistake_stands_first_with_its_smallest_input():
    large = check("a", "f(X) is wrong.\n  X = [1, 2, 3, 4]", known=KNOWN)
    small = check("b", "g(X) is wrong.\n  X = [1]", known=KNOWN)
    other = check("c", "h(X) raised ValueError.", Outcome.RAISED)
    assert told(other, large, small) == [("b", ["a"]), ("c", [])]


def test_checks_that_say_the_same_but_for_numbers_have_one_cause():
    assert told(
        check("a", "f(X) differs in 3 of 12 entries.\n  long"), check("b", "f(X) differs in 1 of 4 entries.\n  X")
    ) == [("b", ["a"])]


def test_what_says_something_else_is_told_apart():
    assert told(
        check("a", "f(X) must be a tensor."), check("b", "f(X) is changed."), check("c", "", Outcome.PASSED)
    ) == [
        ("a", []),
        ("b", []),
    ]


def test_where_another_exercise_comes_first_only_titles_are_given():
    assert told(check("a", "one"), check("b", "two"), first=["softmax"]) == [("", ["a"]), ("", ["b"])]
    # What is known to be wrong here, or to hang here, is told still.
    assert told(check("a", "one", known=KNOWN), check("b", "slow", Outcome.TIMED_OUT), first=["softmax"]) == [
        ("a", []),
        ("b", []),
    ]


def test_an_exercise_that_is_missing_or_not_written_is_one_line():
    for message, outcome in (
        ("There is no gru_cell in the submission.", Outcome.MISSING),
        (NOT_WRITTEN, Outcome.RAISED),
    ):
        exercise = score_exercise("gru_cell", [check("a", message, outcome), check("b", message, outcome)], [])
        assert exercise_text(exercise).split("\n")[1:] == [f"      {message}"]


def test_a_single_missing_part_is_told_under_its_title():
    assert "Title of a." in exercise_text(
        score_exercise(
            "gru_cell", [check("a", "There is no GRU.W.", Outcome.MISSING), check("b", "", Outcome.PASSED)], []
        )
    )
