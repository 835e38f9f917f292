"""A run grades what is missing and nothing else, whatever is killed on the way, and the results are the same."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec
import psutil
import pytest
from classroom import SLOW, WAYS, at_work, hand_in, kill_first, own_zygote, workers_of, zygotes_of
from conftest import COURSE, GOOD
from rich.console import Console

from autograder.bulk.display import Display
from autograder.bulk.grading import LOST_IN_A_ROW, TaskGrader
from autograder.bulk.running import Keys, Plan, Report, plan, run, sensible_jobs
from autograder.bulk.tasks import Graded, RunError, Settings, Task
from autograder.course import Course, CourseError, load_course
from autograder.files import replace_file
from autograder.grader import keys
from autograder.grader.grading import Grader, UnitGrader
from autograder.grader.keys import submission_key, unit_key
from autograder.grader.launching import launch
from autograder.grader.workers import Zygote
from autograder.results import document
from autograder.results.document import REQUIRED_LAYERS, CheckResult, Outcome, SubmissionResult, score_exercise
from autograder.submissions.cells import Cell
from autograder.submissions.gathering import Found


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


@pytest.mark.parametrize("name", ["test_hidden.py", "wrong.py", "reference/doubling.py", "solutions/doubling.py"])
def test_a_units_key_changes_with_each_of_its_files(course: Course, name: str):
    unit = course.unit("doubling")
    before = unit_key(unit, 1)
    assert unit_key(unit, 1) == before
    file = course.root / name if "/" in name else unit.home / name
    file.write_text(file.read_text() + "\n# changed\n")
    assert unit_key(unit, 1) != before


def test_a_units_key_changes_with_its_rules_the_seed_the_language_and_the_hardware(course: Course):
    unit = course.unit("doubling")
    index = unit.home / "unit.toml"
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


def test_gpus_are_known_by_the_drivers_own_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "_DRIVER", tmp_path)
    assert keys.gpus() == []
    for place, model in (("0000:01:00.0", "NVIDIA H200"), ("0000:02:00.0", "Tesla T4")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 52\n")
    assert keys.gpus() == ["NVIDIA H200", "Tesla T4"]


def test_the_engine_version_follows_the_sources_but_not_their_views(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "autograder"
    views = ("cli/frame.py", "results/text.py", "results/exporting/junit.py")
    for name in ("grader/assessing.py", "results/document.py", "locale/zh.po", *views):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("x = 1")
    monkeypatch.setattr(keys, "_PACKAGE", package)

    def version() -> str:
        keys.engine_version.cache_clear()
        return keys.engine_version()

    first = version()
    for name in views:
        (package / name).write_text("x = 2")
    assert version() == first
    seen = {first}
    for name in ("grader/assessing.py", "results/document.py", "locale/zh.po"):
        (package / name).write_text("x = 2")
        seen.add(version())
    assert len(seen) == 4
    keys.engine_version.cache_clear()


def result_of(student: str, key: str, isolation: str = "landlock+seccomp+rlimits") -> SubmissionResult:
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
        document.write(result_of(each.student, made.task(each).key), out)
    (tmp_path / "in/bob/doubling.py").write_text("x = 5")
    (out / "eve").mkdir()
    (out / "eve/doubling.json").write_text('{"student": "eve", ')
    document.write(result_of("gone", "key"), out)
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
    document.write(result_of("ada", made.task(found[0]).key, "none"), tmp_path / "out")
    document.write(result_of("bob", made.task(found[1]).key, "+".join([*REQUIRED_LAYERS, "uid"])), tmp_path / "out")
    strict = msgspec.structs.replace(settings, require_isolation=True)
    assert len(plan(found, made, settings, tmp_path / "out").todo) == 0
    assert [each.student for each in plan(found, made, strict, tmp_path / "out").todo] == ["ada"]


def test_units_are_graded_one_after_the_other(course: Course, settings: Settings, tmp_path: Path):
    index = course.root / "solutions/course.toml"
    index.write_text(index.read_text().replace('"doubling"', '"adding", "doubling"'))
    adding = course.root / "tests/units/adding/unit.toml"
    adding.parent.mkdir()
    adding.write_text('title = "Adding"\nstable = true\n')
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


def test_a_graded_task_has_its_key_and_its_score(grader: TaskGrader, shared: Settings):
    task = task_of(GOOD, shared)
    graded = grader.grade(task)
    assert graded.result is not None
    assert (graded.result.score, graded.result.key, graded.student) == (7, task.key, "ada")
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(graded), type=Graded)
    assert sent.result is not None
    assert document.encode(sent.result) == document.encode(graded.result)


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


def test_a_grader_that_cannot_be_closed_costs_its_task_and_no_other(shared: Settings, monkeypatch: pytest.MonkeyPatch):
    def fails(self: Grader) -> None:
        close(self)
        raise RecursionError("too deep")

    close = Grader.close
    with TaskGrader() as grader:
        assert grader.grade(task_of(GOOD, shared)).result is not None
        with monkeypatch.context() as patched:
            patched.setattr(Grader, "close", fails)
            lost = grader.grade(task_of(GOOD, msgspec.structs.replace(shared, seed=2)))
        assert "the grader broke: RecursionError: too deep" in lost.failure
        assert grader.grade(task_of(GOOD, shared)).result is not None


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

    monkeypatch.setattr(collect, lambda path, unit, seed: collected.append(path) or original(path, unit, seed))
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
    assert again.results == [
        document.decode((tmp_path / f"out/{s}/doubling.json").read_bytes()) for s in ("ada", "bob")
    ]


def test_what_is_fatal_stops_a_run_and_what_is_not_does_not(
    course: Course, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found = hand_in(tmp_path / "in", ada="x = 1", bob="x = 2")
    answers = [Graded("ada", "doubling", failure="a slip"), Graded("bob", "doubling", failure="no wall", fatal=True)]
    monkeypatch.setattr("autograder.bulk.running._locally", lambda tasks, jobs: (answer for answer in answers))
    watcher = Silent()
    with pytest.raises(RunError, match="no wall"):
        run(found, course, settings, tmp_path / "out", watcher, jobs=1)
    assert watcher.seen == answers[:1]


def test_where_no_result_can_be_written_nothing_is_graded(course: Course, settings: Settings, tmp_path: Path):
    found = hand_in(tmp_path / "in", ada="x = 1")
    (tmp_path / "out").write_text("a file")
    for out in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(CourseError, match="no folder you may write to; choose another --out"):
            run(found, course, settings, out, Silent(), jobs=1)


def test_a_result_that_may_not_be_written_is_a_failure(
    course: Course, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found = hand_in(tmp_path / "in", ada="x = 1")
    bad = msgspec.structs.replace(result_of("ada", ""), score=5.0)
    monkeypatch.setattr(
        "autograder.bulk.running._locally", lambda tasks, jobs: (Graded("ada", "doubling", result=bad) for _ in tasks)
    )
    report = run(found, course, settings, tmp_path / "out", Silent(), jobs=1)
    assert report.grader_failed
    assert "could not be written" in report.failures[0].failure
    assert not list(tmp_path.glob("out/*/*.json"))


def screened(*, terminal: bool, width: int = 120) -> tuple[Display, io.StringIO]:
    """A display, and what it shows."""
    text = io.StringIO()
    screen = Console(file=text, force_terminal=terminal, width=width, markup=False, highlight=False, soft_wrap=True)
    return Display(screen=screen), text


def test_elsewhere_than_in_a_terminal_each_submission_is_one_line():
    display, text = screened(terminal=False)
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
    display, text = screened(terminal=True)
    lost = CheckResult("t", "It holds.", 1, Outcome.TIMED_OUT)
    hung = SubmissionResult("ada", "doubling", 0.0, 1.0, "none", 1, [score_exercise("double", [lost], [])])
    with display.begin(Plan([Found("ada", "doubling", Path())] * 4), "two processes"):
        display.add(Graded("ada", "doubling", hung))
        display.add(Graded("bob", "doubling", failure="no wall"))
    assert "2/4" in text.getvalue()
    assert "1 not graded, 1 hung or crashed, 1 with mistakes" in text.getvalue()


def test_in_a_narrow_terminal_the_numbers_stay_and_the_least_grave_count_gives_way():
    display, text = screened(terminal=True, width=60)
    with display.begin(Plan([Found("ada", "doubling", Path())] * 1000), "two processes"):
        display.add(Graded("bob", "doubling", failure="no wall"))
        for _ in range(9):
            display.add(Graded("ada", "doubling", msgspec.structs.replace(result_of("ada", ""), score=0.0)))
    assert "10/1000" in text.getvalue()
    assert "1 not graded" in text.getvalue()


def test_the_summary_says_what_was_graded_and_names_failures_once_for_each_reason():
    display, text = screened(terminal=False)
    failures = [Graded(f"s{n}", "doubling", failure="the suite is broken") for n in range(7)]
    display.summary(Report([], failures, graded=7, unchanged=990, others=3))
    said = text.getvalue()
    assert "graded 7, 990 unchanged; 3 other results were left as they are" in said
    assert said.count("the suite is broken") == 1
    assert "s4/doubling and 2 more" in said


def test_a_wall_that_lacks_a_layer_is_said_at_once_and_once():
    display, text = screened(terminal=False)
    with display.begin(Plan(todo=[Found("ada", "doubling", Path("a.py"))] * 3), "one process"):
        for isolation in ("landlock+seccomp+uid+rlimits", "seccomp+rlimits", "seccomp+rlimits"):
            display.add(Graded("ada", "doubling", result_of("ada", "", isolation)))
    said = " ".join(text.getvalue().split())
    assert said.count("WARNING: the wall around student code is incomplete on this machine: landlock missing") == 1


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_a_folder_that_takes_no_results_is_found_before_anything_starts(
    course: Course, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
):
    def refuses(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", refuses)
    with pytest.raises(CourseError, match=str(error.strerror)):
        run([], course, settings, tmp_path / "out", Silent(), jobs=1)
    assert not (tmp_path / "out").exists()


def test_what_killed_writers_left_is_cleared_away(course: Course, settings: Settings, tmp_path: Path):
    (tmp_path / "ada").mkdir()
    for place in (tmp_path / "x.part", tmp_path / "ada/doubling.json.part"):
        place.write_text("half")
    run([], course, settings, tmp_path, Silent(), jobs=1)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_file_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
):
    def refuses(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, refuses)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "a.json", b"x", lasting=True)
    assert not list(tmp_path.iterdir())


def test_workers_live_where_tmpdir_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tmp_path.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Zygote() as zygote:
        worker = zygote.fork()
        assert Path(worker.folder).is_relative_to(tmp_path)
        worker.close()
    assert not list(tmp_path.glob("autograder-*"))


def test_a_zygote_that_is_still_importing_dies_with_its_grader():
    launched = launch()
    launched.control.close()
    assert launched.process.wait(30) == 1
