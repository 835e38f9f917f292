"""`nbgrader autograde` with the engine in Execute's place: scores, our own failures, and nbgrader's own bookkeeping."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
import torch
from nbcourse import CANARIES, POINTS, NbCourse, Ran, cell_of, feedback_text
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.bulk.processes import Pool
from autograder.bulk.tasks import Graded, Task
from autograder.course import load_course
from autograder.nbgrading import grading
from autograder.nbgrading.ahead import Ahead, grade_ahead
from autograder.nbgrading.cells import submission_of
from autograder.submissions.cells import Cell
from autograder.submissions.submission import Submission

ATTACK = "<script>document.title = 'taken'</script>"


def with_code(notebook: NotebookNode, **sources: str) -> NotebookNode:
    for name, source in sources.items():
        cell_of(notebook, f"solution-{name}")["source"] = source
    return notebook


@pytest.fixture(scope="module")
def graded(nbcourse: NbCourse) -> Ran:
    """One run over students whose exercises end in every way there is."""
    nbcourse.hand_in("good", nbcourse.source())
    nbcourse.hand_in("stub", nbcourse.released())
    nbcourse.hand_in(
        "various",
        with_code(
            nbcourse.source(),
            double=f'print("{ATTACK}")\ndef double(X):\n    raise ValueError("{ATTACK}")',
            Scale="import os\ndef Scale(factor):\n    os._exit(3)",
            softmax="def softmax(X):\n    return torch.softmax(X, dim=1)",
            noise="def noise(n):\n    while True: pass",
        ),
    )
    nbcourse.hand_in("wrong", with_code(nbcourse.source(), double="def double(X):\n    return X ** 2", noise="x = ("))
    return nbcourse.run("autograde", "doubling")


@pytest.mark.parametrize(
    ("student", "scores"),
    [
        ("good", POINTS),
        ("stub", dict.fromkeys(POINTS, 0.0)),
        ("various", dict.fromkeys(POINTS, 0.0)),
        ("wrong", {**POINTS, "double": 0.0, "noise": 0.0}),
    ],
)
def test_the_gradebook_gets_what_was_earned(
    nbcourse: NbCourse, graded: Ran, student: str, scores: dict[str, float]
) -> None:
    assert graded.code == 0, graded.log
    assert nbcourse.scores(student) == scores
    for_a_person = any(grade.needs_manual_grade for grade in nbcourse.grades(student))
    assert for_a_person == (student == "various")  # for its os._exit


def test_feedback_explains_each_outcome(nbcourse: NbCourse, graded: Ran) -> None:
    various, wrong = nbcourse.autograded("various"), nbcourse.autograded("wrong")
    assert "raised an error" in feedback_text(various, "double")
    assert "crashed" in feedback_text(various, "Scale")
    assert "build yourself" in feedback_text(various, "softmax")
    assert "timed out" in feedback_text(various, "noise")
    assert "squares instead of doubling" in feedback_text(wrong, "double")
    assert "Two times, not to the power two." in feedback_text(wrong, "double")
    assert "ag-heat" in feedback_text(wrong, "double")  # got beside expected, as a picture
    assert "SyntaxError" in cell_of(wrong, "solution-noise").outputs[0].data["text/plain"]


def test_what_students_print_and_raise_is_escaped(nbcourse: NbCourse, graded: Ran) -> None:
    page = "".join(feedback_text(nbcourse.autograded("various"), name) for name in POINTS)
    assert html.escape(ATTACK, quote=False) in page or html.escape(ATTACK) in page
    assert ATTACK not in page


def test_feedback_holds_nothing_of_the_hidden_suite(nbcourse: NbCourse, graded: Ran) -> None:
    assert nbcourse.run("generate_feedback", "doubling").code == 0
    pages = {name: nbcourse.folder / "feedback" / name / "doubling" / "doubling.html" for name in ("various", "wrong")}
    for path in pages.values():
        text = html.unescape(path.read_text())
        assert "double(X) is twice X." in text  # the titles are meant to be read
        assert not [canary for canary in CANARIES if canary != "CANARY-SOLUTION" and canary in text]
        assert not [line for line in secret_lines(nbcourse.root) if line in text]
        assert ATTACK not in without_code(path.read_text())


def secret_lines(root: Path) -> Iterator[str]:
    """The code of the suite and the reference, line by line; titles, imports and what any solution holds left out."""
    solution = (root / "solutions" / "doubling.py").read_text()
    for path in (root / "tests/units/doubling/test_hidden.py", root / "reference/doubling.py"):
        for line in path.read_text().splitlines():
            code = line.strip()
            if (
                len(code) > 16
                and '"""' not in code
                and code not in solution
                and not code.startswith(("import", "from"))
            ):
                yield code


def without_code(page: str) -> str:
    """A page without its own scripts (MathJax's), which are in the head."""
    return page[page.index("<body") :]


def test_one_zygote_serves_the_whole_run(nbcourse: NbCourse, graded: Ran) -> None:
    before = grading._graders[nbcourse.root, False]._zygote._process.pid
    nbcourse.hand_in("another", nbcourse.source())
    assert nbcourse.run("autograde", "doubling", "--student=another").code == 0
    assert grading._graders[nbcourse.root, False]._zygote._process.pid == before


def test_our_own_failure_writes_no_grade_and_costs_nobody_else(nbcourse: NbCourse) -> None:
    none = "def answer(X):\n    return None"
    submitted = nbcourse.hand_in("breaks", with_code(nbcourse.source("fragile"), answer=none), "fragile")
    handed_in = submitted.read_bytes()
    nbcourse.hand_in("later", nbcourse.source("fragile"), "fragile")
    ran = nbcourse.run("autograde", "fragile")
    assert ran.code == 1
    assert "the grader itself failed in test_answer; no grade was written for breaks" in ran.log
    assert nbcourse.scores("breaks", "fragile") == {"answer": None, "on_gpu": None}
    assert not (nbcourse.folder / "autograded" / "breaks" / "fragile").exists()
    assert submitted.read_bytes() == handed_in
    assert nbcourse.scores("later", "fragile")["answer"] == 2.0


def test_a_dead_zygote_costs_one_submission(nbcourse: NbCourse) -> None:
    for name in ("first", "second"):
        nbcourse.hand_in(name, nbcourse.source())
    grading._graders[nbcourse.root, False]._zygote._process.kill()
    grading._graders[nbcourse.root, False]._zygote._process.wait()
    ran = nbcourse.run("autograde", "doubling")
    assert ran.code == 1
    assert set(nbcourse.scores("first").values()) == {None}
    assert nbcourse.scores("second") == POINTS, ran.log


@pytest.mark.skipif(torch.cuda.device_count() > 1, reason="here it can be assessed")
def test_what_cannot_be_assessed_waits_for_a_person(nbcourse: NbCourse) -> None:
    nbcourse.hand_in("no_gpu", nbcourse.source("fragile"), "fragile")
    nbcourse.run("autograde", "fragile", "--student=no_gpu")
    grade = {each.name: each for each in nbcourse.grades("no_gpu", "fragile")}
    assert (grade["on_gpu"].auto_score, grade["on_gpu"].needs_manual_grade) == (None, True)
    assert (grade["answer"].auto_score, grade["answer"].needs_manual_grade) == (2.0, False)
    assert "a person will grade it" in feedback_text(nbcourse.autograded("no_gpu", "fragile"), "on_gpu")


def test_suspicious_code_is_graded_and_shown_to_a_person(nbcourse: NbCourse) -> None:
    code = 'exec("def double(X): return 2 * X")'
    nbcourse.hand_in("suspicious", with_code(nbcourse.source(), double=code))
    ran = nbcourse.run("autograde", "doubling", "--student=suspicious")
    assert "suspicious should be looked at by a person" in ran.log
    assert all(grade.needs_manual_grade for grade in nbcourse.grades("suspicious"))
    assert nbcourse.scores("suspicious")["Scale"] == 1.0


def test_a_suite_that_is_mended_meanwhile_is_read_anew(nbcourse: NbCourse) -> None:
    """As in nbgrader's formgrader, whose process goes on."""
    wrong = with_code(nbcourse.source("fragile"), answer="def answer(X):\n    return X + 1")
    nbcourse.hand_in("meanwhile", wrong, "fragile")
    nbcourse.run("autograde", "fragile", "--student=meanwhile")
    suite = nbcourse.root / "tests/units/fragile/test_hidden.py"
    text = suite.read_text()
    suite.write_text(text.replace("answer(X) is X.", "answer(X) is still X."))
    nbcourse.run("autograde", "fragile", "--student=meanwhile", "--force")
    suite.write_text(text)
    assert "answer(X) is still X." in feedback_text(nbcourse.autograded("meanwhile", "fragile"), "answer")


def test_an_assignment_that_is_no_unit_is_refused(nbcourse: NbCourse) -> None:
    folder = nbcourse.folder / "source" / "essay"
    folder.mkdir()
    text = (nbcourse.folder / "source/doubling/doubling.ipynb").read_text()
    (folder / "essay.ipynb").write_text(text)
    assert nbcourse.run("generate_assignment", "essay").code == 0
    nbcourse.hand_in("writer", text, "essay")
    ran = nbcourse.run("autograde", "essay")
    shutil.rmtree(folder)
    assert ran.code == 1
    assert "there is no unit 'essay'" in ran.log


def test_late_work_is_penalised_by_nbgrader(nbcourse: NbCourse) -> None:
    with Gradebook(nbcourse.db_url) as gradebook:
        gradebook.update_or_create_assignment("doubling", duedate=datetime(2026, 1, 1, tzinfo=UTC))
    for name, day in [("late", "2026-01-02"), ("punctual", "2025-12-31")]:
        path = nbcourse.hand_in(name, nbcourse.source())
        path.with_name("timestamp.txt").write_text(f"{day} 12:00:00 UTC")
    assert nbcourse.run("autograde", "doubling").code == 0
    with Gradebook(nbcourse.db_url) as gradebook:
        gradebook.update_or_create_assignment("doubling", duedate=None)
        late, punctual = (gradebook.find_submission("doubling", name).notebooks[0] for name in ("late", "punctual"))
        assert (late.score, late.late_submission_penalty) == (8.0, 8.0)
        assert (punctual.score, punctual.late_submission_penalty) == (8.0, None)


def test_a_newer_submission_is_graded_anew_and_force_grades_everything(nbcourse: NbCourse) -> None:
    path = nbcourse.hand_in("again", nbcourse.released())
    path.with_name("timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    nbcourse.run("autograde", "doubling", "--student=again")
    assert set(nbcourse.scores("again").values()) == {0.0}
    nbcourse.hand_in("again", nbcourse.source())
    assert "Skipping existing assignment" in nbcourse.run("autograde", "doubling", "--student=again").log
    path.with_name("timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    nbcourse.run("autograde", "doubling", "--student=again")
    assert nbcourse.scores("again") == POINTS
    nbcourse.hand_in("again", nbcourse.released())
    nbcourse.run("autograde", "doubling", "--student=again", "--force")
    assert set(nbcourse.scores("again").values()) == {0.0}


def test_grading_ahead_gives_what_grading_gives(nbcourse: NbCourse) -> None:
    nbcourse.hand_in("ahead_good", nbcourse.source())
    nbcourse.hand_in("ahead_wrong", with_code(nbcourse.source(), double="def double(X):\n    return X ** 2"))
    nbcourse.hand_in("ahead_broken", "{")
    ran = nbcourse.command("autograder", "nbgrader-autograde", "doubling", "--jobs", "2", "--student=ahead_*")
    assert ran.code == 1
    assert "ahead_broken" in ran.log
    assert "doubling of ahead_good was graded ahead" in ran.log, ran.log
    assert "doubling of ahead_wrong was graded ahead" in ran.log
    assert nbcourse.scores("ahead_good") == POINTS
    assert nbcourse.scores("ahead_wrong") == {**POINTS, "double": 0.0}
    assert "squares instead of doubling" in feedback_text(nbcourse.autograded("ahead_wrong"), "double")


def test_grading_ahead_asks_for_the_isolation_that_autograding_asks_for(
    nbcourse: NbCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without the wall cannot be had here, so what goes to the grading processes is looked at."""
    asked: list[bool] = []

    class Listening(Pool):
        def grade(self, tasks: Iterable[Task]) -> Iterator[Graded]:
            asked.extend(task.settings.require_isolation for task in tasks)
            yield Graded("", "", failure="this machine lacks landlock", fatal=True)
            raise AssertionError("what is wrong for all is asked once")

    monkeypatch.setattr("autograder.nbgrading.ahead.Pool", Listening)
    course = load_course(nbcourse.root)
    notebook = tmp_path / "ada" / "doubling" / "doubling.ipynb"
    notebook.parent.mkdir(parents=True)
    nbformat.write(nbcourse.source(), notebook)
    for wanted in (False, True):
        said = list(grade_ahead(course, course.unit("doubling"), [notebook], tmp_path, 1, require_isolation=wanted))
        assert said == ["doubling: this machine lacks landlock"]
    assert asked == [False, True]


def test_grading_ahead_needs_our_configuration(tmp_path: Path, nbcourse: NbCourse) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    ran = nbcourse.command("autograder", "nbgrader-autograde", "doubling", folder=tmp_path)
    assert ran.code == 2
    assert "`autograder course` wrote" in ran.log


def test_a_result_graded_ahead_is_found_by_everything_it_depends_on(nbcourse: NbCourse, tmp_path: Path) -> None:
    root = Path(shutil.copytree(nbcourse.root, tmp_path / "course"))
    unit, ahead = load_course(root).unit("doubling"), Ahead(tmp_path)
    ada, bob = (submission_of(nbcourse.source(), "doubling", name) for name in ("ada", "bob"))
    result = grading._graders[nbcourse.root, False].unit(load_course(nbcourse.root).unit("doubling")).grade(ada)
    ahead.write(unit, 1, ada, result)
    found = ahead.read(unit, 1, bob)
    assert found is not None
    assert (found.student, found.score) == ("bob", result.score)
    other = Submission("ada", ada.path, [*ada.cells, Cell("doubling.ipynb cell 99", "x = 1")])
    assert ahead.read(unit, 1, other) is None
    assert ahead.read(unit, 2, ada) is None
    unit.hidden_suite.write_text(unit.hidden_suite.read_text() + "\n# changed\n")
    assert ahead.read(unit, 1, ada) is None
