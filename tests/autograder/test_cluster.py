"""The same work on a cluster: a real scheduler and worker processes on the loopback interface, one of them killed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
import stand_ins
from conftest import COURSE, GOOD

from autograder.bulk.running import Plan, Report, run
from autograder.bulk.tasks import Graded, RunError, Settings
from autograder.course import load_course
from autograder.submissions.gathering import Found, gather

Client = pytest.importorskip("distributed").Client
PATIENCE = 120.0
SLOW = "import time\ntime.sleep(0.5)\n"


def spawned(*arguments: str, said: Path | None = None, **environment: str) -> subprocess.Popen[bytes]:
    """A process of dask's, which finds what stands in for grading; what it says goes to a file or nowhere."""
    with (said or Path(os.devnull)).open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), **environment},
        )


def worker(address: str, name: str, **environment: str) -> subprocess.Popen[bytes]:
    options = ["--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name]
    return spawned("distributed.cli.dask_worker", address, *options, **environment)


def started(folder: Path, **environment: str) -> tuple[subprocess.Popen[bytes], str]:
    """A scheduler and its address."""
    said = folder / "scheduler.txt"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    process = spawned("distributed.cli.dask_scheduler", *options, said=said, **environment)
    until = time.monotonic() + PATIENCE
    while not (found := re.search(r"tcp://127\.0\.0\.1:\d+", said.read_text())):
        assert time.monotonic() < until
        time.sleep(0.05)
    return process, found[0]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, address = started(tmp_path_factory.mktemp("scheduler"))
    yield address
    end(process)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A scheduler that gives a task up when it has cost one worker."""
    process, address = started(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    yield process, address
    end(process)


def end(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        process.kill()
        process.wait()


class Silent:
    """A watcher that shows nothing."""

    def begin(self, plan: Plan, place: str) -> AbstractContextManager[None]:
        return nullcontext()

    def add(self, graded: Graded) -> None:
        pass


class Saboteur(Silent):
    """Kills a process once some results have come."""

    def __init__(self, victim: subprocess.Popen[bytes], after: int) -> None:
        self.victim, self.left = victim, after

    def add(self, graded: Graded) -> None:
        self.left -= 1
        if self.left == 0:
            self.victim.kill()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    folder = tmp_path_factory.mktemp("class")
    ways = [GOOD, GOOD.replace("def double", "def dubble"), GOOD.replace("return 2 * X", "import os; os._exit(3)")]
    for number in range(8):
        (folder / f"s{number}").mkdir()
        (folder / f"s{number}/doubling.py").write_text(SLOW + ways[number % 3])
    return gather([folder], ["doubling"]).submissions


def plain(folder: Path) -> dict[str, bytes]:
    paths = sorted(folder.glob("*/*.json"))
    return {
        path.parent.name: b"\n".join(line for line in path.read_bytes().split(b"\n") if b'"seconds":' not in line)
        for path in paths
    }


def test_a_cluster_that_loses_a_worker_writes_the_same_results(scheduler: str, found: list[Found], tmp_path: Path):
    settings = Settings(str(COURSE), 1)
    course = load_course(COURSE)
    workers = [worker(scheduler, name) for name in ("kept", "lost")]
    try:
        saboteur = Saboteur(workers[1], after=3)
        report: Report = run(found, course, settings, tmp_path / "far", saboteur, jobs=1, scheduler=scheduler)
        assert (report.graded, report.failures) == (8, [])
        assert workers[1].wait(PATIENCE) != 0
        assert workers[0].poll() is None
        again = run(found, course, settings, tmp_path / "far", Silent(), jobs=1, scheduler=scheduler)
        assert (again.graded, again.unchanged) == (0, 8)
        for student in ("s0", "s1", "s2"):
            shutil.copytree(tmp_path / "far" / student, tmp_path / "near" / student)
            (tmp_path / "near" / student / "doubling.json").write_text("")
        run(found[:3], course, settings, tmp_path / "near", Silent(), jobs=1)
        near, far = plain(tmp_path / "near"), plain(tmp_path / "far")
        assert near == {student: far[student] for student in near}
        assert len(far) == 8
    finally:
        end(*workers)


def test_workers_with_another_course_refuse_and_the_run_says_why(scheduler: str, found: list[Found], tmp_path: Path):
    """The course is edited between the planning and the grading."""
    shutil.copytree(COURSE, tmp_path / "course")
    course = load_course(tmp_path / "course")
    suite = course.unit("doubling").hidden_suite

    class Editor(Silent):
        def begin(self, plan: Plan, place: str) -> AbstractContextManager[None]:
            suite.write_text(suite.read_text() + "\n# edited\n")
            return nullcontext()

    process = worker(scheduler, "other")
    settings, out = Settings(str(course.root), 1), tmp_path / "out"
    try:
        with pytest.raises(RunError, match="differs between the machine that started this run and"):
            run(found, course, settings, out, Editor(), jobs=1, scheduler=scheduler)
        assert not list(out.glob("*/*.json"))
    finally:
        end(process)


def test_an_address_where_nobody_listens_is_said(found: list[Found], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("autograder.bulk.cluster.CONNECT_SECONDS", 2)
    with pytest.raises(RunError, match=r"no dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run(
            found,
            load_course(COURSE),
            Settings(str(COURSE), 1),
            tmp_path,
            Silent(),
            jobs=1,
            scheduler="tcp://127.0.0.1:9",
        )


def test_without_the_extra_the_command_names_it(found: list[Found], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError, match=r"pip install 'autograder\[cluster\]'"):
        run(found, load_course(COURSE), Settings(str(COURSE), 1), tmp_path, Silent(), jobs=1, scheduler="tcp://x")


def graded_far(found: list[Found], out: Path, address: str, watcher: Silent | None = None) -> Report:
    settings = Settings(str(COURSE), 1)
    return run(found, load_course(COURSE), settings, out, watcher or Silent(), jobs=1, scheduler=address)


def test_a_submission_that_costs_the_cluster_its_workers_fails_and_the_others_are_graded(
    strict: tuple[subprocess.Popen[bytes], str], found: list[Found], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("autograder.bulk.cluster.grade_bytes", stand_ins.grade_bytes)
    _, address = strict
    workers = [worker(address, name) for name in ("one", "two", "three", "four", "five")]
    try:
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(5, timeout=PATIENCE)
        deadly = Found("always", "doubling", found[0].path)
        report = graded_far([deadly, *found[:3]], tmp_path / "out", address)
        failures = {failure.student: failure.failure for failure in report.failures}
        assert "several cluster workers died" in failures.pop("always")
        assert failures == dict.fromkeys(("s0", "s1", "s2"), "")
    finally:
        end(*workers)


def test_a_scheduler_that_is_gone_ends_the_run_with_advice(
    strict: tuple[subprocess.Popen[bytes], str], found: list[Found], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("autograder.bulk.cluster.grade_bytes", stand_ins.grade_slowly)
    monkeypatch.setattr("autograder.bulk.cluster.CONNECT_SECONDS", 3)
    scheduler, address = strict
    process = worker(address, "one")
    try:
        with pytest.raises(RunError, match="the scheduler is gone; start it and run again to go on"):
            graded_far(found, tmp_path / "out", address, Saboteur(scheduler, after=1))
    finally:
        end(process)


def test_workers_with_different_gpus_are_refused(
    strict: tuple[subprocess.Popen[bytes], str], found: list[Found], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("autograder.bulk.cluster.gpus", stand_ins.gpus)
    _, address = strict
    workers = [worker(address, name, STAND_IN_GPU=name) for name in ("H200", "T4")]
    try:
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE)
        with pytest.raises(RunError, match="different GPUs"):
            graded_far(found, tmp_path / "out", address)
    finally:
        end(*workers)
