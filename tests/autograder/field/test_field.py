"""What users of autograders run into: each folder here is a class of one or two students, and grading it gives what is right.

All files are `right.py` with one change.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.grader.grading import Grader
from autograder.results.document import SubmissionResult
from autograder.submissions.gathering import gather
from autograder.submissions.submission import modules_beside, read_submission

HERE = Path(__file__).parent / "cases"
ROOT = Path(__file__).resolve().parents[3]
UNIT = "softmax_regression"
FULL = 50.0


@dataclass(frozen=True)
class Case:
    """score: what `file` gets, at every door. said: what its result says, somewhere. unsaid: what it must not say."""

    file: str
    score: float = FULL
    said: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


CASES = [
    Case(f"future_annotations/ada/{UNIT}.py"),
    Case(f"future_annotations/bea/{UNIT}.py"),
    Case(f"set_num_threads/ada/{UNIT}.py"),
    Case(f"declared_encoding/ada/{UNIT}.py", unsaid=("UTF-8",)),
    Case(f"helper_module/ada/{UNIT}.py", unsaid=("helper", "review")),
    Case(f"indented_cell/ada/{UNIT}.ipynb"),
    Case(f"display/ada/{UNIT}.ipynb"),
    Case(f"cell_magic/ada/{UNIT}.ipynb", said=("cell 3, line 1: this cell was left out: %%script",)),
    Case(f"line_magic_time/ada/{UNIT}.ipynb"),
    Case(f"magic_under_if/ada/{UNIT}.ipynb", unsaid=("IndentationError", "review")),
    Case(f"lost_brackets/ada/{UNIT}.py", 36, said=("SyntaxError: '(' was never closed",), unsaid=("review",)),
    Case(f"fixed_cuda/ada/{UNIT}.py", 44, said=("The code asks for a GPU",), unsaid=("flattened",)),
    Case(f"name_used_again/ada/{UNIT}.py", 29, said=("accuracy is given another meaning",), unsaid=("only SGD",)),
    Case(f"lecture_signature/ada/{UNIT}.py", 42.73, said=("net() takes 1 positional argument",), unsaid=("look there first",)),
    Case(f"empty_notebook/ada/{UNIT}.ipynb", 0, said=("is empty (0 bytes)",), unsaid=("There is no",)),
    Case(f"newer_python/ada/{UNIT}.py", 45, said=("does not know newer syntax",)),
    Case(f"never_written/ada/{UNIT}.py", 45, said=("There is no predict_labels",), unsaid=("lost to the problem",)),
]


@pytest.fixture(scope="module")
def grader():
    course = load_course(ROOT)
    with Grader(course.seed) as grader:
        yield grader


@pytest.fixture(scope="module")
def checker():
    course = load_course(ROOT)
    with Grader(course.seed, public=True, walled=False) as grader:
        yield grader


def graded(grader: Grader, path: Path) -> SubmissionResult:
    course = load_course(ROOT)
    beside = modules_beside(path, course.units)
    return grader.unit(course.unit(UNIT)).grade(read_submission(path, "ada", beside))


def text_of(result: SubmissionResult) -> str:
    checks = [check.message for exercise in result.exercises for check in exercise.checks]
    notes = [note for exercise in result.exercises for note in exercise.notes]
    return "\n".join([*result.problems, *notes, *checks, *(f"review: {line}" for line in result.review)])


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(Path(case.file).parts[:2]))
def test_a_case_is_graded_rightly(grader: Grader, case: Case):
    result = graded(grader, HERE / case.file)
    assert result.score == pytest.approx(case.score)
    said = text_of(result)
    assert all(part in said for part in case.said), said
    assert not [part for part in case.unsaid if part in said], said


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(Path(case.file).parts[:2]))
def test_a_student_hears_the_same_at_home(checker: Grader, case: Case):
    result = graded(checker, HERE / case.file)
    assert (result.score == result.max_score) == (case.score == FULL)


def test_pictures_in_a_notebook_are_no_code(grader: Grader, tmp_path: Path):
    shutil.copytree(HERE / "display", tmp_path / "display")
    shutil.copy(HERE / "make_large_notebook.py", tmp_path)
    subprocess.run([sys.executable, "make_large_notebook.py"], cwd=tmp_path, check=True)
    made = tmp_path / f"large_notebook/ada/{UNIT}.ipynb"
    assert made.stat().st_size > 9_000_000
    assert graded(grader, made).score == FULL


def test_more_code_than_anybody_writes_is_refused_by_its_size(tmp_path: Path):
    path = tmp_path / f"{UNIT}.ipynb"
    cell = {"cell_type": "code", "source": "x = 1\n" * 500_000}
    path.write_text(json.dumps({"cells": [cell]}))
    assert "of code" in read_submission(path).problem
    (tmp_path / f"{UNIT}.py").write_text(cell["source"])
    assert "of code" in read_submission(tmp_path / f"{UNIT}.py").problem


def graded_class(folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "grade", str(folder), "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("language", ["", "zh"])
@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_an_untouched_stub_never_beats_work_whatever_its_time(tmp_path: Path, suffix: str, language: str):
    (tmp_path / "class/ada").mkdir(parents=True)
    answer = {".py": "stub_beside_answer/ada", ".ipynb": "set_num_threads/ada"}[suffix]
    [solved] = (HERE / answer).iterdir()
    shutil.copy(solved, tmp_path / "class/ada")
    stub = ROOT / "assignments" / language / UNIT / f"{UNIT}{suffix}"
    copied = Path(shutil.copy(stub, tmp_path / "class/ada"))
    os.utime(copied, (solved.stat().st_mtime + 10**6,) * 2)
    done = graded_class(tmp_path / "class", tmp_path / "out")
    assert json.loads((tmp_path / f"out/ada/{UNIT}.json").read_text())["score"] == FULL
    assert "ada has a file that was worked on" in done.stderr


def test_of_two_that_were_worked_on_the_newest_counts_and_the_other_is_named(tmp_path: Path):
    (tmp_path / "class/ada").mkdir(parents=True)
    for age, source in enumerate(["stub_beside_answer/ada", "lost_brackets/ada"]):
        [path] = (HERE / source).iterdir()
        os.utime(shutil.copy(path, tmp_path / "class/ada"), (10**9 - age,) * 2)
    done = graded_class(tmp_path / "class", tmp_path / "out")
    assert json.loads((tmp_path / f"out/ada/{UNIT}.json").read_text())["score"] == FULL
    assert f"{UNIT}.py: ada has a newer file" in done.stderr


def test_a_stub_alone_is_graded_as_what_it_is(tmp_path: Path):
    (tmp_path / "class/ada").mkdir(parents=True)
    shutil.copy(ROOT / "assignments" / UNIT / f"{UNIT}.py", tmp_path / "class/ada")
    assert graded_class(tmp_path / "class", tmp_path / "out").returncode == 0
    assert json.loads((tmp_path / f"out/ada/{UNIT}.json").read_text())["score"] == 0


def test_a_module_in_a_students_folder_is_taken_along(tmp_path: Path):
    done = graded_class(HERE / "helper_module", tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / f"ada/{UNIT}.json").read_text())
    assert (result["score"], result["review"]) == (FULL, [])
    assert "helper.py: taken along with" in done.stderr


def test_in_a_folder_of_several_students_nobody_imports_anything(tmp_path: Path):
    for student in ("ada", "bob"):
        shutil.copy(HERE / f"helper_module/ada/{UNIT}.py", tmp_path / f"{student}_{UNIT}.py")
    shutil.copy(HERE / "helper_module/ada/helper.py", tmp_path)
    gathered = gather([tmp_path], [UNIT])
    assert [found.beside for found in gathered.submissions] == [(), ()]
    assert "no unit's name in it" in gathered.remarks[0]


def test_another_answer_is_no_module(tmp_path: Path):
    for name in (UNIT, f"bob_{UNIT}", f"{UNIT}_old", "test_softmax", "helper"):
        (tmp_path / f"{name}.py").write_text("")
    assert [path.name for path in modules_beside(tmp_path / f"{UNIT}.py", [UNIT])] == ["helper.py"]


def test_renamed_files_are_all_graded_with_a_note_of_each(tmp_path: Path):
    done = graded_class(HERE / "renamed_files", tmp_path)
    assert done.returncode == 0, done.stderr
    scores = {path.parent.name: json.loads(path.read_text())["score"] for path in tmp_path.glob("*/*.json")}
    assert scores == dict.fromkeys(["s0", "s1", "s2", "s3", "s4", "s5"], FULL)
    assert done.stderr.count(f"taken for {UNIT}, by s") == 5


@pytest.mark.parametrize("archive", [False, True])
def test_a_folder_around_a_class_is_no_students(tmp_path: Path, archive: bool):
    folder = HERE / "class_in_a_folder"
    if archive:
        shutil.copytree(HERE, tmp_path / "cases")
        subprocess.run([sys.executable, "make_archives.py"], cwd=tmp_path / "cases", check=True)
        folder = tmp_path / "cases/archives/top_folder.zip"
    (tmp_path / "scratch").mkdir()
    gathered = gather([folder], [UNIT], scratch=tmp_path / "scratch")
    assert [found.student for found in gathered.submissions] == ["ada", "bob"]
    assert "a folder around 2 students" in gathered.notes[0]


@pytest.mark.parametrize(
    ("files", "students"),
    [
        (["hw3/all/ada/{}.py", "hw3/all/bob/{}.ipynb"], ["ada", "bob"]),
        (["ada/v1/{}.py", "ada/v2/{}.py"], ["ada"]),
        (["ada/attempt 1/{}.py", "ada/final/{}.py"], ["ada"]),
        (["ada/2026-03-01/{}.py", "ada/2026-03-02/{}.py"], ["ada"]),
        (["hw3/ada/{}.py", "hw3/bob/{}.py", "hw3/grades.xlsx"], ["ada", "bob"]),
        (["hw3/ada/v1/{}.py", "hw3/ada/v2/{}.py", "hw3/bob/{}.py"], ["ada", "bob"]),
        (["hw3/ada/{}.py"], ["hw3"]),
    ],
)
def test_whose_a_nested_file_is(tmp_path: Path, files: list[str], students: list[str]):
    for file in files:
        path = tmp_path / "handed in" / file.format(UNIT)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1")
    assert [found.student for found in gather([tmp_path / "handed in"], [UNIT]).submissions] == students
