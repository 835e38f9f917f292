"""A run grades what is missing and nothing else, whatever is killed on the way, and the results are the same."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest
import stand_ins
from conftest import COURSE, GOOD
from rich.console import Console

from autograder import results
from autograder.bulk import keys, processes
from autograder.bulk.display import Display
from autograder.bulk.grading import LOST_IN_A_ROW, TaskGrader
from autograder.bulk.keys import submission_key, unit_key
from autograder.bulk.processes import ATTEMPTS, Pool
from autograder.bulk.running import FULL_ISOLATION, Keys, Plan, Report, plan, run, sensible_jobs
from autograder.bulk.tasks import Graded, RunError, Settings, Task
from autograder.cells import Cell
from autograder.course import Course, load_course
from autograder.gathering import Found, gather
from autograder.grader.grading import UnitGrader
from autograder.results import CheckResult, Outcome, SubmissionResult, score_exercise

PATIENCE = 60.0
SLOW = "import time\ntime.sleep(0.4)\n"
WAYS = {
    "right": GOOD,
    "stub": (COURSE / "assignments/doubling/doubling.py").read_text(),
    "broken": GOOD + "\ndef later(:\n",
    "exits": GOOD.replace("return 2 * X", "import os; os._exit(3)"),
    "forbidden": GOOD.replace("return E / E.sum(dim=1, keepdim=True)", "return torch.softmax(X, dim=1)"),
    "lacks": GOOD.replace("def double", "def dubble"),
}


# ---------------------------------------------------------------- keys


@pytest.fixture
def course(tmp_path: Path) -> Course:
    shutil.copytree(COURSE, tmp_path / "course")
    return load_course(tmp_path / "course")


def test_a_submissions_key_changes_with_its_code_and_nothing_else():
    base = [Cell("a.py", "x = 1")]
    key = submission_key(base, "", "unit")
    assert submission_key([Cell("a.py", "x = 1")], "", "unit") == key
    others = [
        submission_key([Cell("a.py", "x = 2")], "", "unit"),
        submission_key([Cell("b.py", "x = 1")], "", "unit"),
        submission_key([Cell("a.py", "x ="), Cell("", " 1")], "", "unit"),
        submission_key(base, "unreadable", "unit"),
        submission_key(base, "", "another unit"),
    ]
    assert len({key, *others}) == len(others) + 1


def test_cells_cannot_be_shifted_into_each_other():
    assert submission_key([Cell("a", "bc")], "", "u") != submission_key([Cell("ab", "c")], "", "u")


@pytest.mark.parametrize("folder", ["tests/hidden", "tests/misconceptions", "reference", "solutions"])
def test_a_units_key_changes_with_each_of_its_files(course: Course, folder: str):
    unit = course.unit("doubling")
    before = unit_key(unit, 1)
    assert unit_key(unit, 1) == before
    file = next(path for path in (course.root / folder).glob("*doubling.py"))
    file.write_text(file.read_text() + "\n# changed\n")
    assert unit_key(unit, 1) != before


def test_a_units_key_changes_with_the_index_the_seed_the_language_and_the_hardware(course: Course):
    unit = course.unit("doubling")
    index = course.root / "solutions/course.toml"
    index.write_text(index.read_text().replace("*softmax*", "*max*"))
    changed = load_course(course.root).unit("doubling")
    made = [
        unit_key(unit, 1),
        unit_key(changed, 1),
        unit_key(unit, 2),
        unit_key(unit, 1, language="zh"),
        unit_key(unit, 1, hardware=["H200"]),
    ]
    assert len(set(made)) == len(made)


def test_a_units_key_changes_with_the_engine(course: Course, monkeypatch: pytest.MonkeyPatch):
    before = unit_key(course.unit("doubling"), 1)
    monkeypatch.setattr(keys, "engine_version", lambda: "another")
    assert unit_key(course.unit("doubling"), 1) != before


def test_the_engine_version_follows_the_sources_but_not_their_views(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "autograder"
    for name in ("grader/assessing.py", "cli/frame.py", "locale/zh.po"):
        (package / name).parent.mkdir(parents=True)
        (package / name).write_text("x = 1")
    monkeypatch.setattr(keys, "_PACKAGE", package)

    def version() -> str:
        keys.engine_version.cache_clear()
        return keys.engine_version()

    first = version()
    (package / "cli/frame.py").write_text("x = 2")
    assert version() == first
    (package / "grader/assessing.py").write_text("x = 2")
    second = version()
    (package / "locale/zh.po").write_text("x = 2")
    assert len({first, second, version()}) == 3
    keys.engine_version.cache_clear()


# ---------------------------------------------------------------- what is to do


def hand_in(folder: Path, **sources: str) -> list[Found]:
    for student, source in sources.items():
        (folder / student).mkdir(parents=True, exist_ok=True)
        (folder / student / "doubling.py").write_text(source)
    return gather([folder], ["doubling"]).submissions


def result_of(student: str, key: str, isolation: str = "none") -> SubmissionResult:
    exercise = score_exercise("double", [CheckResult("t", "It holds.", 1, Outcome.PASSED)], [])
    return SubmissionResult(student, "doubling", 1.0, 1.0, isolation, 1, [exercise], key=key)


@pytest.fixture
def settings(course: Course) -> Settings:
    return Settings(str(course.root), 1)


def test_only_what_is_missing_or_changed_is_to_be_graded(course: Course, settings: Settings, tmp_path: Path):
    found = hand_in(tmp_path / "in", ada="x = 1", bob="x = 2", eve="x = 3", kim="x = 4")
    out = tmp_path / "out"
    made = Keys(course, settings, [])
    for each in found[:2]:
        results.write(result_of(each.student, made.task(each).key), out)
    (tmp_path / "in/bob/doubling.py").write_text("x = 5")
    (out / "eve").mkdir()
    (out / "eve/doubling.json").write_text('{"student": "eve", ')
    results.write(result_of("gone", "key"), out)
    planned = plan(found, Keys(course, settings, []), settings, out)
    assert [each.student for each in planned.todo] == ["bob", "eve", "kim"]
    assert [result.student for result in planned.unchanged] == ["ada"]
    assert planned.others == 1
    assert len(plan(found, made, settings, out, force=True).todo) == 4


def test_a_result_made_without_the_wall_does_not_do_where_it_is_required(
    course: Course, settings: Settings, tmp_path: Path
):
    found = hand_in(tmp_path / "in", ada="x = 1", bob="x = 1")
    made = Keys(course, settings, [])
    results.write(result_of("ada", made.task(found[0]).key), tmp_path / "out")
    results.write(result_of("bob", made.task(found[1]).key, "+".join([*FULL_ISOLATION, "uid"])), tmp_path / "out")
    strict = msgspec.structs.replace(settings, require_isolation=True)
    assert len(plan(found, made, settings, tmp_path / "out").todo) == 0
    assert [each.student for each in plan(found, made, strict, tmp_path / "out").todo] == ["ada"]


def test_units_are_graded_one_after_the_other(course: Course, settings: Settings, tmp_path: Path):
    index = course.root / "solutions/course.toml"
    index.write_text(index.read_text() + 'adding = { title = "Adding" }\n')
    course = load_course(course.root)
    found = [Found("ada", "doubling", tmp_path), Found("ada", "adding", tmp_path), Found("bob", "adding", tmp_path)]
    planned = plan(found, Keys(course, settings, []), settings, tmp_path / "out")
    assert [(each.unit, each.student) for each in planned.todo] == [
        ("adding", "ada"),
        ("adding", "bob"),
        ("doubling", "ada"),
    ]


def test_there_are_no_more_processes_than_pay_off():
    assert [sensible_jobs(8, n) for n in (1, 7, 8, 31, 1000)] == [1, 1, 2, 7, 8]


# ---------------------------------------------------------------- one process


class Silent:
    """A watcher that only keeps what it was told."""

    def __init__(self) -> None:
        self.seen: list[Graded] = []

    def begin(self, plan: Plan, place: str) -> AbstractContextManager[None]:
        return nullcontext()

    def add(self, graded: Graded) -> None:
        self.seen.append(graded)


@pytest.fixture(scope="module")
def grader() -> Iterator[TaskGrader]:
    with TaskGrader() as grader:
        yield grader


@pytest.fixture(scope="module")
def shared() -> Settings:
    return Settings(str(COURSE), 1)


def task_of(source: str, settings: Settings, student: str = "ada") -> Task:
    cells = [Cell("doubling.py", source)]
    unit = unit_key(load_course(Path(settings.root)).unit("doubling"), settings.seed)
    return Task(student, "doubling", "doubling.py", cells, "", unit, submission_key(cells, "", unit), settings)


def plain(result: SubmissionResult | None) -> SubmissionResult:
    assert result is not None
    return msgspec.structs.replace(result, seconds=0.0)


def workers_of(zygote: psutil.Process) -> list[psutil.Process]:
    return zygote.children()


def zygotes_of(process: psutil.Process) -> list[psutil.Process]:
    return [p for p in process.children() if "autograder.worker" in command(p)]


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def at_work(workers: list[psutil.Process]) -> list[psutil.Process]:
    """Workers that are old enough to have begun with their submission."""
    return [worker for worker in workers if time.time() - worker.create_time() > 1]


def own_zygote(before: set[int]) -> psutil.Process:
    return next(p for p in zygotes_of(psutil.Process()) if p.pid not in before)


def test_a_graded_task_has_its_key_and_its_score(grader: TaskGrader, shared: Settings):
    task = task_of(GOOD, shared)
    graded = grader.grade(task)
    assert graded.result is not None
    assert (graded.result.score, graded.result.key, graded.student) == (7, task.key, "ada")
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(graded), type=Graded)
    assert sent.result is not None
    assert results.encode(sent.result) == results.encode(graded.result)


def test_a_worker_killed_from_outside_changes_no_result(shared: Settings):
    """The submission is graded again. One that kills itself gets the same result twice, and keeps it."""
    before = {p.pid for p in zygotes_of(psutil.Process())}
    with TaskGrader() as grader:
        task = task_of("import time\ntime.sleep(3)\n" + GOOD, shared)
        undisturbed = grader.grade(task)
        zygote = own_zygote(before)
        killed = threading.Thread(target=kill_first, args=(lambda: at_work(workers_of(zygote)),))
        killed.start()
        disturbed = grader.grade(task)
        killed.join()
        assert plain(disturbed.result) == plain(undisturbed.result)


def kill_first(candidates: Callable[[], list[psutil.Process]]) -> None:
    """Wait for a process to appear and kill it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = candidates()
        if found:
            found[0].kill()
            return
        time.sleep(0.02)
    raise AssertionError("nothing to kill appeared")


def test_a_killed_zygote_is_replaced_and_the_submission_graded_again(shared: Settings):
    before = {p.pid for p in zygotes_of(psutil.Process())}
    with TaskGrader() as grader:
        task = task_of(SLOW + GOOD, shared)
        undisturbed = grader.grade(task)
        zygote = own_zygote(before)
        killed = threading.Thread(target=kill_first, args=(lambda: [zygote] if workers_of(zygote) else [],))
        killed.start()
        disturbed = grader.grade(task)
        killed.join()
        assert plain(disturbed.result) == plain(undisturbed.result)
        assert own_zygote(before).pid != zygote.pid


def test_without_any_zygote_the_run_ends_with_a_reason(shared: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("autograder.grader.launching._environment", lambda: {"PYTHONHOME": "/nowhere"})
    with TaskGrader() as grader:
        outcomes = [grader.grade(task_of(GOOD, shared)) for _ in range(LOST_IN_A_ROW)]
    assert [graded.result for graded in outcomes] == [None] * LOST_IN_A_ROW
    assert "zygotes were lost" in outcomes[0].failure
    assert [graded.fatal for graded in outcomes] == [False] * (LOST_IN_A_ROW - 1) + [True]


def test_a_missing_layer_of_the_wall_ends_the_run_where_it_is_required(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("autograder.grader.grading.Grader.layers", lambda self: ["rlimits"])
    with TaskGrader() as grader:
        graded = grader.grade(task_of(GOOD, Settings(str(COURSE), 1, require_isolation=True)))
    assert graded.fatal
    assert "lacks landlock, seccomp" in graded.failure


def test_a_grader_with_another_course_than_the_run_refuses(grader: TaskGrader, shared: Settings):
    graded = grader.grade(msgspec.structs.replace(task_of(GOOD, shared), unit_key="made elsewhere"))
    grader.close()
    assert not graded.fatal or "differs" in graded.failure


def test_a_suite_that_cannot_be_collected_fails_its_unit_only_and_is_tried_once(
    course: Course, monkeypatch: pytest.MonkeyPatch
):
    course.unit("doubling").hidden_suite.write_text("import no_such_thing")
    settings = Settings(str(course.root), 1)
    collected = []
    collect = "autograder.grader.grading.collect"
    from autograder.grader.suite_file import collect as original

    monkeypatch.setattr(collect, lambda path, seed: collected.append(path) or original(path, seed))
    with TaskGrader() as grader:
        first, second = (grader.grade(task_of(GOOD, settings, student)) for student in ("ada", "bob"))
    assert "no_such_thing" in first.failure
    assert second.failure == first.failure
    assert not first.fatal
    assert len(collected) == 1


def test_an_error_of_the_engine_is_that_submissions_failure(
    grader: TaskGrader, shared: Settings, monkeypatch: pytest.MonkeyPatch
):
    def broken(self: UnitGrader, submission: object) -> SubmissionResult:
        raise ZeroDivisionError("a slip")

    with monkeypatch.context() as patched:
        patched.setattr(UnitGrader, "grade", broken)
        graded = grader.grade(task_of(GOOD, shared))
    assert graded.failure.startswith("the grader broke: ZeroDivisionError: a slip (test_bulk.py")
    assert grader.grade(task_of(GOOD, shared)).result is not None


def test_running_again_grades_nothing_and_says_so(tmp_path: Path, shared: Settings):
    found = hand_in(tmp_path / "in", ada=GOOD, bob=WAYS["lacks"])
    course = load_course(COURSE)
    first = run(found, course, shared, tmp_path / "out", Silent(), jobs=1)
    assert (first.graded, first.unchanged) == (2, 0)
    again = run(found, course, shared, tmp_path / "out", Silent(), jobs=1)
    assert (again.graded, again.unchanged) == (0, 2)
    assert again.results == [results.decode((tmp_path / f"out/{s}/doubling.json").read_bytes()) for s in ("ada", "bob")]


def test_what_is_fatal_stops_a_run_and_what_is_not_does_not(
    course: Course, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found = hand_in(tmp_path / "in", ada="x = 1", bob="x = 2")
    answers = [Graded("ada", "doubling", failure="a slip"), Graded("bob", "doubling", failure="no wall", fatal=True)]
    monkeypatch.setattr("autograder.bulk.running._locally", lambda tasks, jobs: iter(answers))
    watcher = Silent()
    with pytest.raises(RunError, match="no wall"):
        run(found, course, settings, tmp_path / "out", watcher, jobs=1)
    assert watcher.seen == answers[:1]


def test_a_result_that_may_not_be_written_is_a_failure(
    course: Course, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found = hand_in(tmp_path / "in", ada="x = 1")
    bad = msgspec.structs.replace(result_of("ada", ""), score=5.0)
    monkeypatch.setattr(
        "autograder.bulk.running._locally", lambda tasks, jobs: iter([Graded("ada", "doubling", result=bad)])
    )
    report = run(found, course, settings, tmp_path / "out", Silent(), jobs=1)
    assert report.grader_failed
    assert "could not be written" in report.failures[0].failure
    assert not list(tmp_path.glob("out/*/*.json"))


# ---------------------------------------------------------------- several processes


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


# ---------------------------------------------------------------- the whole command, and kill -9


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve submissions, each slow enough to be caught at work."""
    folder = tmp_path_factory.mktemp("bulk")
    names = list(WAYS)
    hand_in(folder / "in", **{f"s{n:02}-{names[n % 6]}": SLOW + WAYS[names[n % 6]] for n in range(12)})
    return folder


def start(folder: Path, out: str, *options: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", "autograder", "grade", str(folder / "in"), "--out", str(folder / out), *options]
    environment = {**os.environ, "AUTOGRADER_COURSE": str(COURSE), "AUTOGRADER_LANG": "en"}
    return subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
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
        for kind in chance.sample(["worker", "zygote", "grader", "worker"], 4):
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
        assert documents(out).items() <= undisturbed.items()
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
    assert run.returncode == 130
    assert "Run it again to go on" in said
    assert "Traceback" not in said
    assert_all_gone(everyone)


def test_json_goes_to_standard_output_and_nothing_else_does(classroom: Path, undisturbed: dict[str, bytes]):
    run = start(classroom, "calm", "--json")
    printed, said = run.communicate(timeout=300)
    assert len(json.loads(printed)) == 12
    assert "graded 0, 12 unchanged" in said


# ---------------------------------------------------------------- how it is shown


def shown(display: Display, *, terminal: bool) -> io.StringIO:
    text = io.StringIO()
    display._screen = Console(file=text, force_terminal=terminal, width=120, markup=False, highlight=False)
    return text


def test_elsewhere_than_in_a_terminal_each_submission_is_one_line():
    display = Display()
    text = shown(display, terminal=False)
    found = [Found(name, "doubling", Path()) for name in ("ada", "[bold]", "eve")]
    with display.begin(Plan(found), "two processes"):
        display.add(Graded("ada", "doubling", result_of("ada", "")))
        display.add(Graded("[bold]", "doubling", result_of("bob", "")))
        display.add(Graded("eve", "doubling", failure="no wall"))
    assert text.getvalue().splitlines() == [
        "3 to grade, 0 unchanged, on two processes",
        "[1/3] ada doubling 1/1 in 0.0 s",
        "[2/3] [bold] doubling 1/1 in 0.0 s",
        "[3/3] eve doubling not graded: no wall",
    ]


def test_in_a_terminal_a_bar_shows_how_far_it_is_and_what_went_wrong():
    display = Display()
    text = shown(display, terminal=True)
    lost = CheckResult("t", "It holds.", 1, Outcome.TIMED_OUT)
    hung = SubmissionResult("ada", "doubling", 0.0, 1.0, "none", 1, [score_exercise("double", [lost], [])])
    with display.begin(Plan([Found("ada", "doubling", Path())] * 4), "two processes"):
        display.add(Graded("ada", "doubling", hung))
        display.add(Graded("bob", "doubling", failure="no wall"))
    assert "2/4" in text.getvalue()
    assert "1 below full marks, 1 hung or crashed, 1 not graded" in text.getvalue()


def test_the_summary_says_what_was_graded_and_names_failures_once_for_each_reason():
    display = Display()
    text = shown(display, terminal=False)
    failures = [Graded(f"s{n}", "doubling", failure="the suite is broken") for n in range(7)]
    display.summary(Report([], failures, graded=7, unchanged=990, others=3))
    said = text.getvalue()
    assert "graded 7, 990 unchanged; 3 other results were left as they are" in said
    assert said.count("the suite is broken") == 1
    assert "s4/doubling and 2 more" in said
