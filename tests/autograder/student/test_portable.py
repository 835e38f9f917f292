"""Workers that are started instead of forked: the same verdicts, the same ends, and nothing left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from studentcourse import COURSE, GOOD, environment

from autograder.course import load_course
from autograder.grader.grading import Grader
from autograder.grader.launching import can_fork, launch, launch_spare
from autograder.grader.portable import Spares, open_zygote
from autograder.grader.workers import WorkerTimeout, ZygoteError
from autograder.protocol.messages import Call, Cell, Execute, Name, Parse, Returned
from autograder.protocol.wire import Channel
from autograder.results.document import Outcome
from autograder.submissions.submission import Submission


def submission(source: str) -> Submission:
    return Submission("someone", Path("doubling.py"), [Cell("doubling.py", source)])


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_PORTABLE", "1")
        with Grader(seed=1, public=True, walled=False, call_seconds=2.0) as grader:
            yield grader


def test_the_verdicts_are_those_of_a_forked_worker(grader: Grader):
    unit = grader.unit(load_course(COURSE).unit("doubling"))
    grader.prepare()
    assert unit.grade(submission(GOOD)).score == 4
    wrong = unit.grade(submission(GOOD.replace("return 2 * X", "import os; os._exit(3)")))
    assert wrong.score == 3
    assert "ended with exit code 3" in wrong.checks[0].message


def test_an_interrupt_ends_an_endless_loop(grader: Grader):
    unit = grader.unit(load_course(COURSE).unit("doubling"))
    endless = submission(GOOD.replace("return 2 * X", "while True: pass"))
    done: list[object] = []
    with unit.open(endless) as session:
        session.load()
        thread = threading.Thread(target=lambda: done.append(unit.assess(unit.suite.checks[0], session, {})[0]))
        thread.start()
        while thread.is_alive():
            grader.interrupt()
            time.sleep(0.02)
    assert done[0].outcome is Outcome.CRASHED  # type: ignore[attr-defined]


def test_workers_die_with_their_scratch_folders_whatever_they_do():
    with Spares() as spares:
        worker = spares.fork()
        scratch = spares._workers[worker.pid].scratch
        source = "import os\ndef where(): return [os.getcwd(), os.environ['HOME']]\ndef hang():\n    while True: pass\n"
        parsed = worker.ask(Parse([Cell("a.py", source)]), 10)
        for index in range(len(parsed.statements)):  # type: ignore[union-attr]
            worker.ask(Execute(index), 10)
        where = worker.ask(Call(Name("where")), 10)
        assert isinstance(where, Returned)
        assert [Path(p).resolve() for p in where.value] == [Path(scratch).resolve()] * 2
        with pytest.raises(WorkerTimeout):
            worker.ask(Call(Name("hang")), 0.2)
        assert not Path(scratch).exists()
        with pytest.raises(ProcessLookupError):
            os.kill(worker.pid, 0)


def test_a_stranger_on_the_same_port_is_turned_away():
    launched = launch_spare()
    with socket.create_connection(launched.control.getsockname()) as stranger:
        Channel(stranger).send(b"let me in")
        with Spares(launched) as spares:
            worker = spares.fork()
            assert worker.pid == launched.process.pid
            worker.close()


def test_a_worker_that_does_not_come_up_is_the_graders_failure(monkeypatch: pytest.MonkeyPatch):
    launched = launch_spare(preload=("no_such_module_to_preload",))
    with Spares(launched) as spares, pytest.raises(ZygoteError, match="autograder doctor"):
        spares.fork()
    assert not Path(launched.scratch).exists()


def test_a_spare_worker_ends_when_the_grader_is_gone():
    launched = launch_spare()
    assert launched.process.stdin is not None
    launched.process.stdin.close()
    launched.control.close()
    assert launched.process.wait(60) != 0
    os.rmdir(launched.scratch)


def test_the_variable_never_takes_the_wall_away(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AUTOGRADER_PORTABLE", "1")
    assert not can_fork(walled=False)
    assert can_fork(walled=True)
    launched = launch()
    assert not launched.token
    with open_zygote(launched, walled=True) as zygote:
        assert zygote.walled
        assert zygote.fork().layers


def test_an_unused_spare_is_ended_with_its_folder():
    with Spares() as spares:
        spares.prepare()
        spare = spares._spare
        assert spare is not None
    assert spare.process.poll() is not None
    assert not Path(spare.scratch).exists()


def test_a_check_needs_nothing_that_only_linux_has(tmp_path: Path):
    """As on Windows: no fork, no Unix sockets, and none of the modules the wall is built from."""
    (tmp_path / "doubling.py").write_text(GOOD)
    code = (
        "import os, socket, sys\n"
        "for name in ('resource', 'pwd', 'grp', 'termios', 'pyprctl', 'pyseccomp', 'py_landlock'):\n"
        "    sys.modules[name] = None\n"
        "del os.fork, socket.AF_UNIX, socket.socketpair\n"
        "sys.argv = ['autograder', 'check', 'doubling.py']\n"
        "from autograder.cli import main; main()"
    )
    variables = environment(AUTOGRADER_PORTABLE="1", AUTOGRADER_COURSE=str(COURSE))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "4 of 4 points" in done.stdout
