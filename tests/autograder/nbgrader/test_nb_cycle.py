"""The whole cycle by the real command lines, the gradebook in SQLite and in PostgreSQL, and what a browser shows."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbcourse import CANARIES, POINTS, NbCourse, cell_of, on_path
from nbgrader.api import Gradebook
from nbgrader.utils import get_username

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nbgrader's exchange needs Unix")


README = Path(__file__).parents[3] / "README.md"
WORK = "# ... work on doubling/doubling.ipynb ..."
SOLVE = "cp ../dl101/source/doubling/doubling.ipynb doubling/"
COMMANDS = [
    "generate_assignment", "release_assignment", "list", "fetch_assignment", "validate", "submit", "collect", "autograde",
    "generate_feedback", "release_feedback", "fetch_feedback", "export",
]  # fmt: skip


@dataclass(frozen=True)
class Cycle:
    """What is there after the README's commands. student: the folder where a student worked."""

    course: NbCourse
    student: Path
    said: str


@pytest.fixture(scope="module")
def cycle(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """Every command as the README has it, on the small unit; the student, who is the test's user, solves it."""
    folder = tmp_path_factory.mktemp("cycle")
    section = README.read_text().split("## With nbgrader")[1].split("## ")[0]
    script = section.split("```")[1].replace("softmax_regression", "doubling")
    assert WORK in script
    (folder / "here").mkdir()
    course = NbCourse(folder / "dl101", planted)
    ran = subprocess.run(
        ["bash", "-ex"], input=script.replace(WORK, SOLVE), cwd=folder / "here", capture_output=True, text=True, check=False,
        env={**os.environ, **course.environment(), "JUPYTER_DATA_DIR": str(folder / "jupyter")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    course.hand_in("ben", course.released())
    assert course.run("autograde", "doubling", "--student=ben").code == 0
    assert course.run("generate_feedback", "doubling", "--student=ben").code == 0
    return Cycle(course, folder / "student", ran.stdout + ran.stderr)


def test_the_whole_cycle_runs_as_the_readme_has_it(cycle: Cycle) -> None:
    typed = [line.split()[2] for line in cycle.said.splitlines() if line.startswith("+ nbgrader ")]
    assert typed == COMMANDS
    assert "Success! Your notebook passes all the tests." in cycle.said
    with (cycle.course.folder / "grades.csv").open() as file:
        (grade,) = csv.DictReader(file)
    assert (grade["score"], grade["max_score"]) == ("8.0", "8.0")
    assert cycle.course.scores(get_username()) == POINTS


def test_the_exchange_and_the_students_get_no_secret(cycle: Cycle) -> None:
    """Every byte that is released, and of the feedback; the student's own solution stands in the latter."""
    exchange = cycle.course.folder.parent / "exchange" / "dl101"
    files = [path for kind in ("outbound", "feedback") for path in (exchange / kind).rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".ipynb", ".html"}
    for path in files:
        content = path.read_bytes().decode("utf-8", "replace")
        own = ["CANARY-SOLUTION"] if path.suffix == ".html" else []
        assert not [canary for canary in CANARIES if canary in content and canary not in own], path


def test_writing_the_course_again_touches_no_submission_and_no_grade(cycle: Cycle) -> None:
    watched = [p for p in cycle.course.folder.rglob("*") if p.is_file()]
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
    (fetched,) = (cycle.student / "doubling" / "feedback").rglob("doubling.html")
    with page_of(fetched) as page:
        text = page.inner_text("body")
        assert "doubling (Score: 8.0 / 8.0)" in text
        assert page.locator(".ag-exercise").count() == len(POINTS)
        assert page.locator(".ag-exercise").first.is_visible()
    with page_of(cycle.course.folder / "feedback/ben/doubling/doubling.html") as page:
        assert "doubling (Score: 0.0 / 8.0)" in page.inner_text("body")
        assert "Not written yet." in page.locator(".ag-exercise").first.inner_text()


def test_a_browser_shows_the_released_notebook(cycle: Cycle, tmp_path: Path) -> None:
    released = cycle.course.folder / "release" / "doubling" / "doubling.ipynb"
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
        for parent in [folder, *folder.parents][:4]:  # one more where tests run in several processes
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
        server.send_signal(signal.SIGINT)  # the fast way: does not wait for the pool's connections
        server.wait()
        server.stdout.close()


def test_cells_keep_their_points_in_the_released_notebook(cycle: Cycle) -> None:
    released = cycle.course.released()
    assert {name: cell_of(released, name).metadata.nbgrader.points for name in POINTS} == POINTS
