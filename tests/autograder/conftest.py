"""Fixtures of the engine's tests: a small course, one shared grader, and ways to run code behind the wall."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Unit, load_course
from autograder.grader.grading import Grader, UnitGrader
from autograder.grader.workers import Worker, Zygote
from autograder.protocol.messages import Call, Cell, Execute, Name, Parse, Reply, Returned
from autograder.results.document import SubmissionResult
from autograder.submissions.submission import Submission, read_submission

collect_ignore = ["course"]
os.environ["AUTOGRADER_CACHE"] = tempfile.mkdtemp(prefix="autograder-cache-")  # tests start with nothing known
atexit.register(shutil.rmtree, os.environ["AUTOGRADER_CACHE"], ignore_errors=True)
os.environ["AUTOGRADER_LANG"] = "en"  # whatever the machine's locale; tests that want another language say so
COURSE = Path(__file__).parent / "course"
GOOD = (COURSE / "solutions" / "doubling.py").read_text()


@pytest.fixture(scope="session")
def unit() -> Unit:
    return load_course(COURSE).unit("doubling")


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    with Grader(seed=1, call_seconds=5.0) as grader:
        yield grader


@pytest.fixture(scope="session")
def graded(grader: Grader, unit: Unit) -> UnitGrader:
    return grader.unit(unit)


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


Grade = Callable[[str], SubmissionResult]


@pytest.fixture
def grade(graded: UnitGrader, tmp_path: Path) -> Grade:
    """Grade source text as doubling.py."""

    def grade(source: str) -> SubmissionResult:
        path = tmp_path / "doubling.py"
        path.write_text(source)
        return graded.grade(read_submission(path))

    return grade


RunInside = Callable[..., Any]


@pytest.fixture
def worker(zygote: Zygote) -> Iterator[Worker]:
    worker = zygote.fork()
    yield worker
    worker.close()


def load(worker: Worker, source: str) -> None:
    """Run a submission's statements in a worker; fails the test if one raises."""
    parsed = worker.ask(Parse([Cell("attack.py", source)]), 10)
    for index in range(len(parsed.statements)):  # type: ignore[union-attr]
        executed = worker.ask(Execute(index), 10)
        assert executed.problem is None, executed  # type: ignore[union-attr]


def call(worker: Worker, name: str, *args: Any) -> Reply:
    return worker.ask(Call(Name(name), args=list(args)), 10)


@pytest.fixture
def run_inside(worker: Worker) -> RunInside:
    """Load source into a fresh worker, call its `attack(*args)` and return what came back."""

    def run(source: str, *args: Any) -> Any:
        load(worker, source)
        reply = call(worker, "attack", *args)
        assert isinstance(reply, Returned), reply
        return reply.value

    return run


def check_outcomes(result: SubmissionResult, exercise: str) -> list[str]:
    """The outcomes of an exercise's checks, in order."""
    return [check.outcome.value for e in result.exercises if e.name == exercise for check in e.checks]


def submission_of(*cells: str) -> Submission:
    return Submission("someone", Path("doubling.py"), [Cell("doubling.py", cell) for cell in cells])
