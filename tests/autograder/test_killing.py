"""Whatever is killed, and whenever, at most the submissions at work are lost; the results are the same."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import cycle
from pathlib import Path

import psutil
import pytest
import stand_ins
from classroom import PATIENCE, SLOW, WAYS, command, hand_in, kill_first, workers_of, zygotes_of
from conftest import COURSE, GOOD

from autograder.bulk import processes
from autograder.bulk.processes import ATTEMPTS, Pool
from autograder.bulk.tasks import Settings, Task


def tasks_named(*students: str, flag: str = "/dev/null") -> list[Task]:
    return [Task(student, "doubling", "", [], flag, "", "", Settings("", 1)) for student in students]


def test_a_task_whose_process_is_killed_is_graded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "serve", stand_ins.serve)
    with Pool(2) as pool:
        students = ["a", "b", "once", "c", "d"]
        graded = list(pool.grade(tasks_named(*students, flag=str(tmp_path / "flag"))))
    assert sorted(g.student for g in graded) == sorted(students)
    assert not any(g.failure for g in graded)


def test_a_task_that_always_loses_its_process_fails_and_the_others_are_graded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "serve", stand_ins.serve)
    with Pool(2) as pool:
        graded = {g.student: g.failure for g in pool.grade(tasks_named("a", "always", "b", "c"))}
    assert f"killed {ATTEMPTS} times" in graded.pop("always")
    assert graded == {"a": "", "b": "", "c": ""}


def test_processes_that_never_come_up_end_the_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "serve", stand_ins.never_up)
    with Pool(2) as pool:
        graded = next(pool.grade(tasks_named("a")))
    assert graded.fatal
    assert "before they are up" in graded.failure


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve submissions, each slow enough to be caught at work."""
    folder = tmp_path_factory.mktemp("bulk")
    hand_in(folder / "in", **{f"s{n:02}-{way}": SLOW + WAYS[way] for n, way in zip(range(12), cycle(WAYS))})
    return folder


def start(folder: Path, out: str, *options: str, submissions: str = "") -> subprocess.Popen[str]:
    given = submissions or str(folder / "in")
    arguments = [sys.executable, "-m", "autograder", "grade", given, "--out", str(folder / out), *options]
    environment = {**os.environ, "AUTOGRADER_COURSE": str(COURSE), "AUTOGRADER_LANG": "en"}
    return subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        # A shell's background job ignores Ctrl-C, and hands that on.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def documents(folder: Path) -> dict[str, bytes]:
    """The results, byte for byte, but for the seconds they took."""
    found = {}
    for path in sorted(folder.glob("*/*.json")):
        lines = path.read_bytes().split(b"\n")
        found[str(path.relative_to(folder))] = b"\n".join(line for line in lines if b'"seconds":' not in line)
    return found


@pytest.fixture(scope="module")
def undisturbed(classroom: Path) -> dict[str, bytes]:
    run = start(classroom, "calm", "--jobs", "2")
    _, said = run.communicate(timeout=300)
    assert run.returncode == 0, said
    assert "graded 12, 0 unchanged" in said
    return documents(classroom / "calm")


def graders_of(run: psutil.Process) -> list[psutil.Process]:
    return [p for p in run.children() if "spawn_main" in command(p)]


def family(run: psutil.Process) -> list[psutil.Process]:
    return [run, *run.children(recursive=True)]


def some(run: psutil.Process, kind: str) -> list[psutil.Process]:
    """The processes of a run that are graders, zygotes or workers just now."""
    with contextlib.suppress(psutil.Error):
        graders = graders_of(run)
        if kind == "grader":
            return graders
        zygotes = [z for g in graders for z in zygotes_of(g)]
        return zygotes if kind == "zygote" else [w for z in zygotes for w in workers_of(z)]
    return []


def wait_for_results(folder: Path, run: subprocess.Popen[str], count: int) -> None:
    until = time.monotonic() + 3 * PATIENCE
    while len(documents(folder)) < count:
        assert time.monotonic() < until, "no progress"
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)


def assert_all_gone(processes: list[psutil.Process]) -> None:
    """Nothing that belonged to a killed run is left, however long its submissions would still hang."""
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE / 2)
    assert [command(p) for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []


def test_kill_minus_nine_at_any_moment_loses_nothing_but_what_was_in_flight(
    classroom: Path, undisturbed: dict[str, bytes]
):
    out = classroom / "stormy"
    chance = random.Random(os.getpid())
    for attempt, whole in enumerate(("group", "run alone")):
        run = start(classroom, "stormy", "--jobs", "2")
        parent = psutil.Process(run.pid)
        # One worker each time: a submission that ends the same way twice in a row is taken at its word.
        for kind in chance.sample(["worker", "zygote", "grader"], 3):
            time.sleep(chance.random())
            kill_first(partial(some, parent, kind))
        wait_for_results(out, run, 3 * (attempt + 1))
        kept = documents(out)
        everyone = family(parent)
        if whole == "group":
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()
        assert_all_gone(everyone)
        run.communicate()
        assert kept.items() <= documents(out).items()
        strange = [text.decode() for name, text in documents(out).items() if undisturbed.get(name) != text]
        assert not strange, strange[0]
    done = len(documents(out))
    last = start(classroom, "stormy")
    _, said = last.communicate(timeout=300)
    assert last.returncode == 0, said
    assert f"graded {12 - done}, {done} unchanged" in said
    assert documents(out) == undisturbed


def test_one_process_writes_the_same_results_as_two(classroom: Path, undisturbed: dict[str, bytes]):
    for student in ("s00-right", "s03-exits"):
        shutil.rmtree(classroom / "calm" / student)
    run = start(classroom, "calm", "--jobs", "1")
    _, said = run.communicate(timeout=300)
    assert "2 to grade, 10 unchanged, on one process" in said
    assert "[2/2]" in said
    assert documents(classroom / "calm") == undisturbed


def test_a_run_killed_while_a_submission_hangs_leaves_no_process(tmp_path: Path):
    hangs = "while True: pass\n" * 3 + GOOD  # three statements, twenty seconds each
    hand_in(tmp_path / "in", ada=hangs, bob=hangs)
    run = start(tmp_path, "out", "--jobs", "2")
    parent = psutil.Process(run.pid)
    until = time.monotonic() + PATIENCE
    while len(some(parent, "worker")) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    everyone = family(parent)
    run.kill()
    assert_all_gone(everyone)  # before `communicate`, which would wait for whoever else holds the pipes
    run.communicate()


def test_ctrl_c_ends_the_run_and_says_how_to_go_on(classroom: Path):
    run = start(classroom, "interrupted", "--jobs", "2")
    parent = psutil.Process(run.pid)
    wait_for_results(classroom / "interrupted", run, 1)
    everyone = family(parent)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130, said
    assert "Run it again to go on" in said
    assert "Traceback" not in said
    assert_all_gone(everyone)


def test_json_goes_to_standard_output_and_nothing_else_does(classroom: Path, undisturbed: dict[str, bytes]):
    run = start(classroom, "calm", "--json")
    printed, said = run.communicate(timeout=300)
    assert len(json.loads(printed)) == 12
    assert "graded 0, 12 unchanged" in said


def test_a_zip_file_of_the_same_submissions_has_the_same_results(classroom: Path, undisturbed: dict[str, bytes]):
    archive = shutil.make_archive(str(classroom / "export"), "zip", classroom / "in")
    run = start(classroom, "calm", submissions=archive)
    _, said = run.communicate(timeout=300)
    assert "graded 0, 12 unchanged" in said
    assert run.returncode == 0
