"""Progress survives corrupt files and newer versions, counts what was fixed, and is shown in a terminal and a page."""

from __future__ import annotations

import dataclasses
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from studentcourse import run

from autograder.course import Course
from autograder.results.document import CheckResult, ExerciseResult, Outcome, SubmissionResult, score_exercise
from autograder.student import overview
from autograder.student.outline import exercises
from autograder.student.progress import Progress, read, write
from autograder.student.workspace import find_workspace

NAMES = {"double": "test_double_one", "Scale": "test_scale_by_three"}


def result(**outcomes: Outcome) -> SubmissionResult:
    scored: list[ExerciseResult] = [
        score_exercise(name, [CheckResult(NAMES[name], "title", 1.0, outcome, "message")], [])
        for name, outcome in outcomes.items()
    ]
    return SubmissionResult("me", "doubling", 0.0, 2.0, "none", 1, scored)


def test_exercises_and_points_are_read_without_running_the_suite(course: Course):
    assert exercises(course.unit("doubling")) == {"double": 1, "Scale": 1, "softmax": 1, "noise": 1}
    assert exercises(course.unit("tripling")) == {"triple": 2}


def test_a_streak_grows_with_each_fixed_check_and_ends_when_one_breaks():
    progress = Progress()
    progress.note(result(double=Outcome.FAILED, Scale=Outcome.MISSING))
    assert (progress.streak, progress.fixed) == (0, 0)
    progress.note(result(double=Outcome.PASSED, Scale=Outcome.PASSED))
    assert (progress.streak, progress.fixed) == (2, 2)
    progress.note(result(double=Outcome.PASSED, Scale=Outcome.PASSED))
    assert progress.streak == 2
    progress.note(result(Scale=Outcome.RAISED))
    assert (progress.streak, progress.best_streak, progress.fixed) == (0, 2, 2)


def test_what_is_solved_open_and_next(course: Course):
    progress = Progress()
    progress.note(result(double=Outcome.PASSED, Scale=Outcome.NOT_ASSESSED))
    unit = course.unit("doubling")
    assert progress.solved(unit) == ["double", "Scale"]
    assert progress.points(unit) == (1.0, 4.0)
    assert progress.next_open(course) == (unit, "softmax")
    progress.note(result(double=Outcome.FAILED))
    assert progress.next_open(course) == (unit, "double")


def test_progress_is_kept_and_what_a_newer_version_added_stays(space: Path):
    workspace = find_workspace(space)
    progress = Progress()
    progress.note(result(double=Outcome.PASSED))
    write(progress, workspace)
    path = space / ".autograder/progress.json"
    document = json.loads(path.read_text())
    document["medals"] = 3
    document["units"]["doubling"]["mood"] = "good"
    document["units"]["later"] = {"checks": {}}
    path.write_text(json.dumps(document))
    again = read(workspace)
    assert again.units["doubling"].checks["test_double_one"].passed
    again.note(result(Scale=Outcome.PASSED))
    write(again, workspace)
    document = json.loads(path.read_text())
    assert (document["medals"], document["units"]["doubling"]["mood"]) == (3, "good")
    assert set(document["units"]["doubling"]["checks"]) == set(NAMES.values())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"units": 3}', '{"streak": "many"}', "\x00\xff"])
def test_a_corrupt_file_is_set_aside_and_stops_nothing(space: Path, content: str):
    workspace = find_workspace(space)
    path = space / ".autograder/progress.json"
    path.write_text(content, encoding="latin-1")
    progress = read(workspace)
    progress.note(result(double=Outcome.PASSED))
    write(progress, workspace)
    assert read(workspace).fixed == 1


def test_outside_a_workspace_nothing_is_kept(tmp_path: Path):
    write(Progress(), find_workspace(tmp_path))
    assert list(tmp_path.iterdir()) == []


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not {"src", "href"} & {name for name, _ in attrs}, "the page must need nothing from elsewhere"

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_page_holds_the_course_map_and_needs_nothing_else(course: Course, tmp_path: Path):
    progress = Progress()
    progress.note(result(double=Outcome.PASSED, Scale=Outcome.FAILED))
    overview.write_page(overview.overview(course, progress), tmp_path / "map.html")
    parsed = Text()
    parsed.feed((tmp_path / "map.html").read_text())
    assert "script" not in parsed.tags
    assert parsed.tags.count("h3") == 2
    words = " ".join(parsed.said.split())
    assert "0 of 2 units and 1 of 5 exercises done, 1 of 6 points." in words
    assert "✓ double solved" in words
    assert "◐ Scale begun" in words
    assert "○ softmax" in words


def test_what_a_lecturer_writes_cannot_break_out_of_the_page(course: Course, tmp_path: Path):
    hostile = dataclasses.replace(course, title="<script>alert(1)</script> & more")
    page = overview.page(overview.overview(hostile, Progress()))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


def test_the_command_says_where_it_works_and_what_comes_next(space: Path, course: Course, tmp_path: Path):
    outside = run(tmp_path, "progress", AUTOGRADER_COURSE=str(course.root))
    assert outside.returncode == 2
    assert "autograder start" in outside.stderr
    shown = run(space, "progress")
    assert "0 of 2 units and 0 of 5 exercises done, 0 of 6 points." in shown.stdout
    assert "Next: double in doubling." in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert json.loads(run(space, "progress", "--json").stdout)["next_exercise"] == "double"
    written = run(space, "progress", "--html", "map.html")
    assert written.returncode == 0, written.stderr
    assert "Tripling" in (space / "map.html").read_text()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_accessible_and_fits_a_phone(course: Course, tmp_path: Path, width: int):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    overview.write_page(overview.overview(course, Progress()), tmp_path / "map.html")
    with sync_playwright() as playwright:
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto((tmp_path / "map.html").as_uri())
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        browser.close()
    assert [each["id"] for each in violations] == []
    assert overflow <= 0
