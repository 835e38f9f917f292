"""Questions sent ahead: the answers, and whose they are, are the same as without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import submission_of
from hypothesis import given
from hypothesis import strategies as st

from autograder.grader.assessing import Assessor
from autograder.grader.faults import CrashFault, TimeoutFault
from autograder.grader.session import Session
from autograder.grader.suite_file import Check, Suite
from autograder.grader.workers import Zygote
from autograder.protocol.messages import Call, Name, Returned, encode
from autograder.results.document import Outcome
from autograder.suite.checks import CheckMark

SOURCE = """
import os, time
def double(n):
    if n == 13: os._exit(3)
    if n == 17: time.sleep(60)
    return 2 * n
calls = 0
def count():
    global calls
    calls += 1
    return calls
class Box:
    def __init__(self, n): self.n = n
"""


@pytest.fixture
def session(zygote: Zygote) -> Iterator[Session]:
    with Session(zygote, submission_of(SOURCE), seed=0, call_seconds=2) as session:
        yield session


def opening(n: int) -> bytes:
    return encode(Call(Name("double"), args=[n], fresh=True))


def value(reply: object) -> object:
    assert isinstance(reply, Returned)
    return reply.value


def check_of(function, wrapper) -> Check:
    parameters = ("submission", "reference", "n")
    return Check("test_it", "A title.", "double", 1, function, wrapper, {}, frozenset(), parameters, CheckMark("double", 1))


@given(n=st.integers(0, 1000))
def drawn(submission, reference, n):
    """A title."""


def assessor() -> Assessor:
    return Assessor(Suite(Path("suite.py"), "doubling", 1, []), {"double": lambda n: 2 * n}, frozenset())


def test_answers_come_in_the_order_of_the_questions(session: Session):
    session.expect([opening(n) for n in range(100, 200)])
    assert [value(session.ask_expected()) for _ in range(100)] == [2 * n for n in range(100, 200)]


def test_what_was_announced_and_not_asked_is_dropped(session: Session):
    session.expect([opening(n) for n in range(100, 140)])
    assert value(session.ask_expected()) == 200
    session.expect([opening(50)])
    assert value(session.ask_expected()) == 100
    session.expect([])
    assert value(session.ask(Call(Name("double"), args=[7]))) == 14


@pytest.mark.parametrize(("bad", "fault"), [(13, CrashFault), (17, TimeoutFault)])
def test_a_lost_worker_costs_the_question_it_was_lost_at(session: Session, bad: int, fault: type[Exception]):
    session.expect([opening(n) for n in (1, 2, bad, 3, 4)])
    assert [value(session.ask_expected()) for _ in range(2)] == [2, 4]
    with pytest.raises(fault):
        session.ask_expected()
    assert [value(session.ask_expected()) for _ in range(2)] == [6, 8]


def test_questions_larger_than_the_socket_holds_do_not_block(session: Session):
    frames = [encode(Call(Name("double"), args=[[0.0] * 40_000], fresh=True)) for _ in range(6)]
    session.expect(frames)
    assert all(len(value(session.ask_expected())) == 80_000 for _ in frames)  # type: ignore[arg-type]


def test_an_example_that_asks_on_is_begun_again(session: Session):
    """One question for most examples, two for some: what the worker holds for an example is not lost."""
    seen: list[int] = []

    def body(submission, reference, n):
        if n % 3:
            assert submission.double(n) == reference.double(n)
        else:
            box = submission.Box(n)
            seen.append(box.n)
            assert submission.double(box.n) == 2 * n

    check = check_of(body, drawn)
    judge = assessor()
    suite = judge._suite
    inputs = [1, 2, 3, 4, 6, 7]
    suite._examples[check.id] = [{"n": n} for n in inputs]
    assessment = judge.assess(check, session)
    assert assessment.outcome is Outcome.PASSED, assessment.shown
    assert len(assessment.trials) == len(inputs)
    assert seen == [3, 6]


def test_sending_ahead_asks_no_question_twice(session: Session):
    """Code that counts its calls counts as many as there are examples."""
    counted: list[int] = []

    def body(submission, reference, n):
        counted.append(submission.count())

    check = check_of(body, drawn)
    judge = assessor()
    judge._suite._examples[check.id] = [{"n": n} for n in range(30)]
    judge.assess(check, session)
    assert counted == list(range(1, 31))


def test_an_early_end_leaves_no_answer_behind(session: Session):
    def body(submission, reference, n):
        assert submission.double(n) == reference.double(n)

    check = check_of(body, drawn)
    judge = assessor()
    judge._suite._examples[check.id] = [{"n": n} for n in (1, 2, 13, *range(20, 40))]
    first = judge.assess(check, session)
    assert (first.outcome, len(first.trials)) == (Outcome.CRASHED, 3)
    judge._suite._examples[check.id] = [{"n": n} for n in (5, 6)]
    judge._opened.clear()
    assert judge.assess(check, session).outcome is Outcome.PASSED
