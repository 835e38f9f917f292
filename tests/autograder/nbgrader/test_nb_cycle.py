"""The whole cycle by the real command lines, the gradebook in SQLite and in PostgreSQL, and what a browser shows."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbcourse import CANARIES, POINTS, NbCourse, Ran, cell_of, on_path
from nbgrader.api import Gradebook

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nbgrader's exchange needs Unix")


@pytest.fixture(scope="module")
def cycle(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """Every command once, as the README tells; two students, one of whom hands in the stub."""
    return Cycle(NbCourse(tmp_path_factory.mktemp("cycle") / "dl101", planted))


class Cycle:
    def __init__(self, course: NbCourse) -> None:
        self.course = course
        self.said: dict[str, str] = {}
        self.homes = {name: course.folder.parent / name for name in ("ada", "ben")}
        course.folder.mkdir()
        self._do("autograder", "course", str(course.folder), "doubling")
        course.write("doubling")  # the exchange in a temporary folder
        self._nbgrader("generate_assignment", "doubling")
        self._nbgrader("release_assignment", "doubling")
        for name, home in self.homes.items():
            home.mkdir()
            shutil.copy(course.folder / "nbgrader_config.py", home)  # as a hub does for its students
            self._student(name, "list")
            self._student(name, "fetch_assignment", "doubling")
            if name == "ada":
                shutil.copy(course.folder / "source/doubling/doubling.ipynb", home / "doubling")
            self._student(name, "submit", "doubling")
        self._nbgrader("collect", "doubling")
        self._nbgrader("autograde", "doubling")
        self._nbgrader("generate_feedback", "doubling")
        self._nbgrader("release_feedback", "doubling")
        for name in self.homes:
            self._student(name, "fetch_feedback", "doubling")
        self._nbgrader("export")

    def feedback(self, name: str) -> Path:
        return next((self.homes[name] / "doubling" / "feedback").rglob("doubling.html"))

    def _nbgrader(self, *arguments: str) -> None:
        self._do("nbgrader", *arguments)

    def _student(self, name: str, command: str, *arguments: str) -> None:
        cache = f"--Exchange.cache={self.homes[name] / 'cache'}"
        root = f"--CourseDirectory.root={self.homes[name]}"
        who = [] if command == "fetch_assignment" else [f"--student={name}"]
        self._do("nbgrader", command, *arguments, *who, cache, root, folder=self.homes[name])

    def _do(self, *arguments: str, folder: Path | None = None) -> None:
        ran: Ran = self.course.command(*arguments, folder=folder)
        assert ran.code == 0, f"{arguments}\n{ran.log}"
        self.said[arguments[1]] = ran.log


def test_the_whole_cycle_runs(cycle: Cycle) -> None:
    with (cycle.course.folder / "grades.csv").open() as file:
        grades = {row["student_id"]: (row["score"], row["max_score"]) for row in csv.DictReader(file)}
    assert grades == {"ada": ("8.0", "8.0"), "ben": ("0.0", "8.0")}
    assert cycle.course.scores("ada") == POINTS
    assert "[Released]" in cycle.said["list"] or "doubling" in cycle.said["list"]


def test_the_exchange_and_the_students_get_no_secret(cycle: Cycle) -> None:
    """What is released is in the exchange's outbound folder, and in what students fetched."""
    outbound = cycle.course.folder.parent / "dl101-exchange" / "dl101" / "outbound"
    files = [path for folder in (outbound, cycle.homes["ben"]) for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".ipynb" for path in files)
    for path in files:
        content = path.read_bytes().decode("utf-8", "replace")
        assert not [canary for canary in CANARIES if canary in content], path


def test_writing_the_course_again_touches_no_submission_and_no_grade(cycle: Cycle) -> None:
    watched = [p for p in cycle.course.folder.rglob("*") if p.is_file() and "source" not in p.parts]
    before = {path: path.read_bytes() for path in watched}
    ran = cycle.course.command("autograder", "course", str(cycle.course.folder), "doubling")
    assert ran.code == 0
    assert ran.log.count("up to date") == 2
    assert {path: path.read_bytes() for path in watched} == before


def test_a_renamed_notebook_is_named_on_the_command_line(cycle: Cycle) -> None:
    cycle.course.hand_in("cleo", cycle.course.source(), name="my version")
    ran = cycle.course.command("nbgrader", "autograde", "doubling", "--student=cleo")
    assert ran.code == 1
    assert "cleo handed in my version.ipynb, but the notebook of this assignment is called doubling.ipynb" in ran.log


def test_a_browser_shows_the_feedback(cycle: Cycle) -> None:
    with page_of(cycle.feedback("ada")) as page:
        text = page.inner_text("body")
        assert "doubling (Score: 8.0 / 8.0)" in text
        assert page.locator(".ag-exercise").count() == len(POINTS)
        assert page.locator(".ag-exercise").first.is_visible()
    with page_of(cycle.feedback("ben")) as page:
        assert "doubling (Score: 0.0 / 8.0)" in page.inner_text("body")
        assert "Not written yet." in page.locator(".ag-exercise").first.inner_text()


def test_a_browser_shows_the_released_notebook(cycle: Cycle, tmp_path: Path) -> None:
    released = cycle.homes["ben"] / "doubling" / "doubling.ipynb"
    program = Path(sys.executable).parent / "jupyter-nbconvert"
    command = [str(program), "--to", "html", "--output", str(tmp_path / "page"), str(released)]
    subprocess.run(command, check=True, capture_output=True)
    with page_of(tmp_path / "page.html") as page:
        text = page.inner_text("body")
        assert "YOUR CODE HERE" in text
        assert 'check("double", unit="doubling")' in " ".join(text.split())
        assert "SOLUTION" not in text


@contextlib.contextmanager
def page_of(path: Path) -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(offline=True)
        page = context.new_page()
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        yield page
        browser.close()


def test_the_gradebook_in_postgresql(nbcourse: NbCourse, tmp_path_factory: pytest.TempPathFactory) -> None:
    nbcourse.hand_in("in_postgres", nbcourse.source())
    with postgres(tmp_path_factory.mktemp("postgres")) as url, on_path():
        assert nbcourse.run("generate_assignment", "doubling", f"--db={url}", "--force").code == 0
        ran = nbcourse.run("autograde", "doubling", "--student=in_postgres", f"--db={url}")
        assert ran.code == 0, ran.log
        with Gradebook(url) as gradebook:
            notebook = gradebook.find_submission_notebook("doubling", "doubling", "in_postgres")
            assert {grade.name: grade.auto_score for grade in notebook.grades} == POINTS
            gradebook.engine.dispose()
    with Gradebook(nbcourse.db_url) as gradebook:
        assert "in_postgres" not in [student.id for student in gradebook.students]


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server of our own, as an unprivileged user where we are root."""
    initdb = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None) or shutil.which("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed")
    programs = Path(initdb).resolve().parent
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, "nobody", "nogroup")
        for parent in [folder, *folder.parents][:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    initialise = [str(programs / "initdb"), "-D", str(data), "-U", "autograder", "--auth=trust", "--no-sync"]
    subprocess.run(initialise, check=True, capture_output=True, cwd="/", env={"PATH": os.defpath}, **user)
    serve = [
        str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1",
        "-c", "fsync=off",
    ]  # fmt: skip
    server = subprocess.Popen(
        serve, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", env={"PATH": os.defpath}, **user
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if "ready to accept connections" in line:
                break
        else:
            pytest.fail("PostgreSQL did not start")
        yield f"postgresql+psycopg2://autograder@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def test_cells_keep_their_points_in_the_released_notebook(cycle: Cycle) -> None:
    released = cycle.course.released()
    assert {name: cell_of(released, name).metadata.nbgrader.points for name in POINTS} == POINTS
