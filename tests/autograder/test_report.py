"""The report on a class: complete, the same each time, safe to open, and readable for everybody."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from test_pages import ATTACK, DRAWN, GRID, Page
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import CourseError
from autograder.pages.site import write_report
from autograder.pages.survey import survey
from autograder.results import document
from autograder.results.document import (
    CheckResult,
    ExerciseResult,
    Outcome,
    Recognised,
    SubmissionResult,
    score_exercise,
)
from autograder.results.reading import Reading, file_names, read_results

NAMES = [
    "Ada Lovelace",
    ATTACK,
    "../../etc/passwd",
    "张伟",
    "%2e%2e%2f",
    "ADA",
    "ada",
    "x" * 300,
    "-o",
    ".hidden",
    "#?&",
]
SWAPPED = Recognised("width and height swapped", "Which comes first?")


def check(outcome: Outcome, number: int = 0, points: float = 1, **fields: Any) -> CheckResult:
    message = "" if outcome is Outcome.PASSED else f"Something about {outcome}.\n  came back: 1"
    return CheckResult(f"test_{number}", f"Check {number} holds.", points, outcome, message, **fields)


def graded(student: str, unit: str, *outcomes: Outcome, **fields: Any) -> SubmissionResult:
    """One exercise with a check per outcome; the first that failed has a picture and a recognised mistake."""
    checks = [check(outcome, number) for number, outcome in enumerate(outcomes)]
    failing = next((n for n, outcome in enumerate(outcomes) if outcome is Outcome.FAILED), None)
    if failing is not None:
        checks[failing] = check(Outcome.FAILED, failing, misconception=SWAPPED, figure=GRID if failing else DRAWN)
    exercise = score_exercise("softmax", checks, [])
    values = {"isolation": "landlock", "seed": 1, "exercises": [exercise], "seconds": 0.5, **fields}
    return SubmissionResult(student, unit, exercise.score, exercise.max_score, **values)


P, F, C, T, N = Outcome.PASSED, Outcome.FAILED, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.NOT_ASSESSED
CLASS = Reading(
    [
        *(graded(name, "softmax_regression", P, F, [P, C, T, N][n % 4], seconds=n) for n, name in enumerate(NAMES)),
        graded("ada", "dropout", F, P),
        graded(ATTACK, "dropout", P, C, printed=ATTACK, problems=[ATTACK], review=[ATTACK]),
    ],
    [f"results/bob/dropout.json: broken {ATTACK}"],
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "report"
    write_report(CLASS, out, {"dropout": "Dropout", "softmax_regression": "Softmax regression"})
    return out


def pages(site: Path) -> list[Path]:
    return [site / "index.html", *sorted((site / "students").iterdir())]


# What is written


def test_there_is_one_page_for_each_student_and_every_link_leads_to_it(site: Path):
    index = Page((site / "index.html").read_text())
    linked = {unquote(a["href"] or "") for a in index.tags("a") if (a["href"] or "").startswith("students/")}
    assert linked == {f"students/{path.name}" for path in (site / "students").iterdir()}
    assert len(linked) == len(NAMES)
    assert all((a["href"] or "").isascii() for a in index.tags("a"))
    for name in NAMES:
        assert name in index.text
    for path in (site / "students").iterdir():
        assert [a["href"] for a in Page(path.read_text()).tags("a")].count("../index.html") == 1
    assert {path.name for path in site.iterdir()} == {"index.html", "students"}


def test_file_names_stay_inside_differ_in_more_than_case_and_fit_a_file_system():
    names = list(file_names(NAMES).values())
    assert len({name.casefold() for name in names}) == len(NAMES)
    assert all(len(name.encode()) < 250 and not name.startswith((".", "-")) for name in names)
    assert all(not set(name) & set('/\\:*?"<>|%# ') for name in names)
    assert file_names(["zoe", "张伟"]) == {"zoe": "zoe", "张伟": "张伟"}
    assert file_names(["ada"])["ada"] == "ada"


def test_the_same_results_make_the_same_bytes(site: Path, tmp_path: Path):
    write_report(CLASS, tmp_path / "again", {"dropout": "Dropout", "softmax_regression": "Softmax regression"})
    for path in pages(site):
        assert (tmp_path / "again" / path.relative_to(site)).read_bytes() == path.read_bytes()


def test_nothing_a_student_wrote_becomes_an_element_and_nothing_is_fetched(site: Path):
    for path in pages(site):
        html = path.read_text()
        page = Page(html)
        assert not {"script", "img", "iframe", "object", "form"} & {tag for tag, _ in page.elements}
        assert not re.search(r"https?:|url\(|@import", re.sub(re.escape("http-equiv"), "", html))
        assert "default-src 'none'" in html
    assert "<script>alert('1')</script>" in Page((site / "index.html").read_text()).text


def test_a_students_page_holds_no_other_student_and_no_remark_for_the_instructor(site: Path):
    for path in (site / "students").iterdir():
        page = Page(path.read_text())
        assert sum(f"{name} " in page.text for name in ("Ada Lovelace", "张伟")) <= 1
        assert "review" not in page.text
    attacker = file_names(NAMES)[ATTACK]
    text = Page((site / "students" / f"{attacker}.html").read_text()).text
    assert "What the code printed <script>" in text
    assert "Problems with the file <script>" in text
    assert "1 of 2 points" in text


def test_writing_again_replaces_pages_and_removes_those_of_students_who_are_gone(tmp_path: Path):
    out = tmp_path / "report"
    write_report(Reading([graded("ada", "u", P), graded("ben", "u", F)], []), out)
    (out / "students" / "notes.html").write_text("mine")
    write_report(Reading([graded("ada", "u", F)], []), out)
    assert {path.name for path in (out / "students").iterdir()} == {"ada.html", "notes.html"}
    assert "0 of 1 points" in (out / "students" / "ada.html").read_text()


@pytest.mark.parametrize("name", ["index.html", "thesis.tex"])
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path, name: str):
    (tmp_path / name).write_text("mine")
    with pytest.raises(CourseError, match="something other than a report; name a new or empty folder"):
        write_report(CLASS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(CourseError, match="is a file"):
        write_report(CLASS, tmp_path / name)
    with pytest.raises(CourseError, match=r"cannot be written .*; name another place with --out"):
        write_report(CLASS, tmp_path / name / "report")


# What it says


def test_the_survey_counts_what_happened():
    results = [r for r in CLASS.results if r.unit == "softmax_regression"]
    found = survey("softmax_regression", results)
    assert (found.submissions, found.full, found.none, found.most) == (11, 0, 0, 3)
    # Passing one of two where a check was not assessed is 50 %, two of three 67 %, one of three 33 %.
    counted = {bar.label: bar.count for bar in found.distribution}
    assert counted["60 to under 70 %"] == 3
    assert counted["50 to under 60 %"] == 2
    assert counted["30 to under 40 %"] == 6
    assert sum(counted.values()) == 11
    first, second = found.rates[0], found.rates[1]
    assert (first.title, first.failed, first.assessed, list(first.ways)) == ("Check 1 holds.", 11, 11, [(F, 11)])
    assert (second.failed, second.assessed, second.percent, dict(second.ways)) == (6, 9, 67, {C: 3, T: 3})
    assert [(m.name, m.exercise, len(m.students)) for m in found.mistakes] == [(SWAPPED.name, "softmax", 11)]
    assert [timed.student for timed in found.slowest[:2]] == [NAMES[10], NAMES[9]]
    assert len(found.slowest) == 10
    assert [student for student, _ in found.abrupt] == [NAMES[n] for n in (1, 2, 5, 6, 9, 10)]
    assert found.unassessed == [("Check 2 holds.", 2)]


@pytest.mark.parametrize(
    ("score", "label"), [(0, "0 to under 10 %"), (29, "20 to under 30 %"), (99.9, "90 to under 100 %"), (100, "100 %")]
)
def test_a_score_lands_in_its_tenth(score: float, label: str):
    result = SubmissionResult("a", "u", score, 100, "none", 1, [ExerciseResult("f", score, 100, [])])
    assert [bar.label for bar in survey("u", [result]).distribution if bar.count] == [label]


def test_a_unit_without_points_to_earn_is_no_division_by_zero():
    found = survey("u", [graded("a", "u", N)])
    assert (found.full, found.mean, found.rates) == (1, 0, [])


def test_the_class_page_shows_the_survey_in_the_order_of_the_course(site: Path):
    text = Page((site / "index.html").read_text()).text
    assert text.index("Dropout dropout , 2 points") < text.index("Softmax regression softmax_regression , 3 points")
    for words in (
        "11 students, 2 units, 13 submissions",
        "Left out of this report results/bob/dropout.json: broken <script>",
        "Check 1 holds. softmax : 11 failed 100 % 11 of 11",
        "width and height swapped in softmax who",
        "ada 2 of 5 1 1",
        "problem in the source, to be reviewed",
    ):
        assert words in text, words


# Bad input


def test_broken_results_are_named_and_the_rest_is_reported(tmp_path: Path):
    folder = tmp_path / "results"
    document.write(graded("ada", "dropout", P, F), folder)
    good = (folder / "ada" / "dropout.json").read_bytes()
    broken = {
        "cut": good[: len(good) // 2],
        "empty": b"",
        "binary": bytes(range(256)),
        "list": b"[]",
        "nested": b"[" * 100_000,
        "high": good.replace(b'"ada"', b'"high"').replace(b'"score": 1.0', b'"score": 7.0'),
        "moved": good,
    }
    for student, content in broken.items():
        (folder / student).mkdir()
        (folder / student / "dropout.json").write_bytes(content)
    (folder / "summary.json").write_text("{}")
    (folder / ".state").mkdir()
    (folder / ".state" / "keys.json").write_text("{}")
    reading = read_results(folder)
    assert [result.student for result in reading.results] == ["ada"]
    assert len(reading.remarks) == len(broken)
    assert all(any(f"{student}/dropout.json: " in remark for remark in reading.remarks) for student in broken)

    run = CliRunner().invoke(app, ["report", str(folder), "--out", str(tmp_path / "report")])
    assert run.exit_code == 1
    assert "2 pages; open" in run.stdout
    assert run.stderr.count("left out: ") == len(broken)
    assert "moved" in Page((tmp_path / "report" / "index.html").read_text()).text


def test_a_class_of_which_nothing_could_be_read_is_a_page_that_says_so(tmp_path: Path):
    write_report(Reading([], ["a.json: broken"]), tmp_path / "report")
    text = Page((tmp_path / "report" / "index.html").read_text()).text
    assert "0 students, 0 units, 0 submissions" in text
    assert "a.json: broken" in text
    assert "No result could be read." in text


@pytest.mark.parametrize("argument", ["nowhere", "."])
def test_no_results_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str):
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(app, ["report", argument, "--out", "report"])
    assert run.exit_code == 2
    assert "autograder grade --out" in run.stderr
    assert not Path("report").exists()


def test_reading_results_needs_no_torch(tmp_path: Path):
    document.write(graded("ada", "u", P, F), tmp_path / "results")
    commands = [["report", "results"], ["export", "results", "--format", "csv"], ["diff", "results", "results"]]
    code = f"import sys\nfrom autograder.cli import app\nfor command in {commands}:\n    app(command, standalone_mode=False)\n"
    code += "assert not {'torch', 'numpy', 'nbformat', 'nbgrader'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report" / "students" / "ada.html").is_file()


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    contexts = []

    def opened(path: Path, width: int = 1280, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
        contexts.append(context)
        page = context.new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("dialog", lambda dialog: page.asked.append(f"dialog {dialog.message}"))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_accessibility_rule_is_broken(site: Path, open_page: Any, width: int, scheme: str):
    from axe_playwright_python.sync_playwright import Axe

    students = [site / "students" / f"{file_names(NAMES)[name]}.html" for name in (ATTACK, "ada")]
    for path in (site / "index.html", *students):
        page = open_page(path, width, scheme)
        page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_the_screen_and_ask_for_nothing(site: Path, open_page: Any, width: int):
    first, *others = pages(site)
    page = open_page(first, width)
    for path in (first, *others):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
    assert page.asked == [path.as_uri() for path in (first, first, *others)]


def test_the_keyboard_reaches_the_students_and_back(site: Path, open_page: Any):
    page = open_page(site / "index.html")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the table of students"
    assert skip.bounding_box()["x"] >= 0
    assert skip.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert first.evaluate("e => e.closest('section').id") == "students"
    name = first.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/students/**")
    assert page.locator("h1").inner_text() == name
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html")


def test_every_student_page_opens_by_its_link(site: Path, open_page: Any):
    page = open_page(site / "index.html")
    table = page.locator("#students tbody th a")
    assert table.count() == len(NAMES)
    for number in range(len(NAMES)):
        name = table.nth(number).text_content()
        table.nth(number).click()
        assert page.locator("h1").text_content() == name
        page.go_back()


def test_a_picture_is_seen_beside_its_numbers(site: Path, open_page: Any):
    page = open_page(site / "students" / f"{file_names(NAMES)['ada']}.html")
    assert page.locator("table.ag-heat").count() == 2
    assert page.locator("table.ag-heat td.ag-wrong").first.is_visible()
    assert page.locator("svg.ag-boxes").count() == 2
    wrong = page.locator("svg.ag-boxes rect[stroke-dasharray]").first.bounding_box()
    frame = page.locator("svg.ag-boxes").first.bounding_box()
    assert frame["x"] <= wrong["x"]
    assert wrong["x"] + wrong["width"] <= frame["x"] + frame["width"]
