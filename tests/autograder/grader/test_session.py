"""What a submission can cost at most: every question, repeat and answer sent ahead counts against the same budgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.grader import session as module
from autograder.grader.faults import CrashFault, Fault, TimeoutFault
from autograder.grader.session import (
    AHEAD_QUESTIONS,
    EXERCISE_BYTES,
    EXERCISE_SECONDS,
    SUBMISSION_BYTES,
    SUBMISSION_SECONDS,
    Session,
)
from autograder.grader.workers import WorkerTimeout
from autograder.protocol.messages import Call, Executed, Name, Parsed, Returned, encode
from autograder.submissions.cells import Cell
from autograder.submissions.submission import Submission

QUESTION = Call(Name("double"))


@dataclass
class Clock:
    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class StandIn:
    """A zygote whose workers take `seconds` for each answer, which costs `weight` bytes to read, or never answer."""

    clock: Clock
    seconds: float = 1.0
    weight: int = 0
    hangs: bool = False
    asked: int = 0
    layers: list[str] = field(default_factory=list)
    read_bytes: int = 0

    def fork(self) -> StandIn:
        return self

    def close(self) -> int:
        return 0

    def busy_seconds(self) -> float:
        return 0.0

    def ask(self, request: Any, seconds: float, busy_seconds: float = 0.0) -> Any:
        return Parsed([], []) if hasattr(request, "cells") else Executed()

    def exchange(self, frames: list[bytes], seconds: float, busy_seconds: float) -> Returned:
        self.asked += 1
        if self.hangs:
            self.clock.now += seconds
            raise WorkerTimeout(seconds)
        self.clock.now += self.seconds
        self.read_bytes += self.weight
        return Returned(None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def session_of(worker: StandIn) -> Session:
    return Session(worker, Submission("ada", Path("doubling.py"), [Cell("doubling.py", "")]), 1)  # type: ignore[arg-type]


def ask_for_ever(session: Session, most: int = 10**6) -> Fault:
    for _ in range(most):
        try:
            session.ask(QUESTION)
        except Fault as fault:
            if "in all" in str(fault) or "together" in str(fault) or "too much" in str(fault):
                return fault
    raise AssertionError("no budget ended it")


def test_an_exercise_ends_however_many_questions_it_has(clock: Clock):
    worker = StandIn(clock)
    fault = ask_for_ever(session_of(worker))
    assert isinstance(fault, TimeoutFault)
    assert worker.asked == EXERCISE_SECONDS + 1


def test_questions_that_hang_count_with_all_they_take(clock: Clock):
    worker = StandIn(clock, hangs=True)
    ask_for_ever(session_of(worker))
    assert clock.now < EXERCISE_SECONDS + 10


def test_all_exercises_together_end_too(clock: Clock):
    worker = StandIn(clock)
    session = session_of(worker)
    for _ in range(20):
        session.begin_exercise()
        fault = ask_for_ever(session)
    assert "together" in str(fault)
    assert worker.asked == SUBMISSION_SECONDS + 1


def test_answers_sent_ahead_are_not_waited_for_beyond_a_budget(clock: Clock):
    worker = StandIn(clock, seconds=EXERCISE_SECONDS / 2)
    session = session_of(worker)
    session.expect([encode(QUESTION)] * AHEAD_QUESTIONS)
    session.ask_expected()
    session.expect([])
    assert worker.asked <= 4
    with pytest.raises(TimeoutFault):
        session.ask(QUESTION)


def test_what_comes_back_is_read_up_to_so_many_bytes(clock: Clock):
    worker = StandIn(clock, seconds=0.0, weight=EXERCISE_BYTES // 10)
    session = session_of(worker)
    for _ in range(20):
        session.begin_exercise()
        fault = ask_for_ever(session)
    assert isinstance(fault, CrashFault)
    assert worker.read_bytes <= SUBMISSION_BYTES + worker.weight
