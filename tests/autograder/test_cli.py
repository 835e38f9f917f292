"""The command line as it is typed: output, files and exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE, GOOD

from autograder.results import document


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "course"
    shutil.copytree(COURSE, folder)
    students = folder / "students"
    for name, text in {"ada": GOOD, "bob": GOOD.replace("return 2 * X", "return X**2"), "eve": "def double("}.items():
        (students / name).mkdir(parents=True)
        (students / name / "doubling.py").write_text(text)
    return folder


def run(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from autograder.cli import main; main()", *arguments]
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    environment.pop("AUTOGRADER_COURSE", None)
    return subprocess.run(
        command, cwd=course, capture_output=True, text=True, env=environment, check=False, timeout=300
    )


def test_list_shows_the_units_without_importing_torch(course: Path):
    done = run(course, "list")
    assert done.returncode == 0
    assert "doubling" in done.stdout
    code = "import sys; sys.argv = ['autograder', 'list']\nfrom autograder.cli import app\n"
    code += "app(standalone_mode=False)\nassert 'torch' not in sys.modules, 'torch was imported'"
    imported = subprocess.run([sys.executable, "-c", code], cwd=course, capture_output=True, text=True, check=False)
    assert imported.returncode == 0, imported.stderr


def test_list_as_json(course: Path):
    assert json.loads(run(course, "list", "--json").stdout) == [
        {"unit": "doubling", "title": "Doubling", "part": "Numbers", "lecture": "0.1"}
    ]


def test_grade_a_folder_of_students(course: Path, tmp_path: Path):
    done = run(course, "grade", "students", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line for line in done.stdout.split("\n") if line.strip()}
    assert rows["ada"].split()[2:4] == ["7", "7"]
    assert "squares instead of doubling" in rows["bob"]
    assert rows["eve"].split()[2] == "0"
    written = {path.parent.name: document.decode(path.read_bytes()) for path in tmp_path.rglob("*.json")}
    assert {name: result.score for name, result in written.items()} == {"ada": 7, "bob": 4, "eve": 0}


def test_grading_one_file_prints_its_feedback(course: Path, tmp_path: Path):
    done = run(course, "grade", "students/bob/doubling.py", "--out", str(tmp_path))
    assert "✗ double(X) is twice X." in done.stdout
    assert "This looks like: squares instead of doubling." in done.stdout
    assert "X = torch.tensor([[" in done.stdout


def test_grading_as_json(course: Path, tmp_path: Path):
    done = run(course, "grade", "students/ada/doubling.py", "--json", "--out", str(tmp_path))
    assert json.loads(done.stdout)[0]["score"] == 7


def test_what_is_not_understood_is_said_and_changes_the_exit_code(course: Path, tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/ada_doubling.py").write_text(GOOD)
    (tmp_path / "in/notes.txt").write_text("x")
    done = run(course, "grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "notes.txt: neither .py nor .ipynb" in done.stderr
    assert (tmp_path / "out/ada/doubling.json").exists()


def test_check_runs_the_public_checks(course: Path):
    done = run(course, "check", "doubling", "students/ada/doubling.py")
    assert done.returncode == 0
    assert "4 of 4 points" in done.stdout
    done = run(course, "check", "doubling", "students/bob/doubling.py")
    assert done.returncode == 1
    assert "✗ double([[1.]]) is [[2.]]." in done.stdout


def test_check_finds_the_stub_and_one_exercise(course: Path):
    done = run(course, "check", "doubling", "--exercise", "noise")
    assert done.returncode == 1
    assert "Not written yet." in done.stdout
    assert "Scale" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "dubling"], "did you mean doubling?"),
        (["check", "doubling", "nowhere.py"], "nowhere.py does not exist"),
        (["check", "doubling", "--exercise", "triple"], "has no exercise 'triple'"),
        (["grade", "nowhere"], "no such file or folder"),
        (["grade", "students", "--unit", "tripling"], "there is no unit 'tripling'"),
        (["verify", "tripling"], "there is no unit 'tripling'"),
        (["grade"], "Missing argument"),
        (["nonsense"], "No such command"),
    ],
)
def test_wrong_usage_says_what_to_do_and_exits_with_2(course: Path, arguments: list[str], said: str):
    done = run(course, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_course_the_installed_one_is_used_or_the_error_is_clear(tmp_path: Path):
    done = run(tmp_path, "list")
    assert done.returncode == 0
    assert "softmax_regression" in done.stdout


def test_a_broken_index_is_named_with_its_line(tmp_path: Path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/course.toml").write_text("[units]\ndropout = 3 4\n")
    done = run(tmp_path, "list")
    assert done.returncode == 2
    assert "line 2" in done.stderr


def test_a_course_in_the_old_layout_is_told_what_to_move(tmp_path: Path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/course.toml").write_text('[units]\ndropout = { title = "Dropout" }\n')
    done = run(tmp_path, "list")
    assert done.returncode == 2
    assert "layout of version 0.1: move tests/hidden/test_UNIT.py" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_build_check_fails_on_drift_and_build_mends_it(course: Path):
    stub = course / "assignments/doubling/doubling.py"
    before = stub.read_text()
    stub.write_text("drifted")
    assert run(course, "build", "--check").returncode == 1
    assert run(course, "build").returncode == 0
    assert stub.read_text() == before
    assert run(course, "build", "--check").returncode == 0


def test_verify_finds_what_is_wrong_with_a_unit(course: Path):
    done = run(course, "verify", "doubling")
    assert done.returncode == 1
    assert "0 variants, at least 3 are wanted" in done.stdout
    assert "files missing: tests/units/doubling/test_reference.py" in done.stdout
    for fine in ("solution ", "stub ", "misconception"):
        assert f"✗ doubling: {fine}" not in done.stdout


def test_doctor_names_versions_and_layers(course: Path):
    done = run(course, "doctor", "--json")
    parts = {part["name"]: part for part in json.loads(done.stdout)}
    assert parts["landlock"]["state"].startswith("held")
    assert parts["torch"]["fine"]
    assert done.returncode == 0


def test_a_suite_that_cannot_be_collected_is_the_graders_failure(course: Path, tmp_path: Path):
    shutil.copytree(course, tmp_path / "course")
    (tmp_path / "course/tests/units/doubling/test_hidden.py").write_text("import no_such_thing")
    done = run(tmp_path / "course", "grade", "students", "--out", "out")
    assert done.returncode == 3
    assert "no_such_thing" in done.stderr
    assert not (tmp_path / "course/out").exists()
