"""`autograder check`: which file it takes, what it says, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from studentcourse import environment, run, solve

from autograder.course import Course


def test_without_an_argument_the_next_open_unit_is_checked(space: Path):
    done = run(space, "check")
    assert done.returncode == 1
    assert done.stdout.startswith("Doubling · 01_doubling/doubling.py\n")
    assert "· double                       Not written yet." in done.stdout
    assert "Next: double. For help: autograder hint double" in done.stdout


def test_without_an_argument_the_file_changed_last_is_checked(space: Path):
    solve(space / "02_tripling/tripling.py", "triple", "return 3 * X")
    done = run(space / "01_doubling", "check")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 points" in done.stdout
    assert "Well done. Next unit: doubling" in done.stdout
    reached = json.loads(run(space, "progress", "--json").stdout)
    assert [(unit["name"], unit["earned"]) for unit in reached["units"]] == [("doubling", 0), ("tripling", 2)]


@pytest.fixture(scope="module")
def wrong(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a wrong answer, an error, a printed line and a statement that cannot be parsed."""
    folder = tmp_path_factory.mktemp("wrong")
    path = folder / "doubling.py"
    path.write_bytes(course.unit("doubling").stub.read_bytes())
    solve(path, "double", "print('been here')\n    return X + X * X")
    solve(path, "noise", "return torch.rand(n) @ torch.rand(n + 1)")
    path.write_text(path.read_text() + "\nif n = 3:\n    pass\n")
    return path


def test_a_failed_check_says_what_came_back_what_must_hold_and_how_to_see_it(course: Course, wrong: Path):
    text = wrong.read_text()
    wrong.write_text(text.replace("return X + X * X", "return X + 2 * X"))
    said = run(wrong.parent, "check", "doubling.py", AUTOGRADER_COURSE=str(course.root)).stdout
    wrong.write_text(text)
    for line in (
        "  ✗ double                       0 of 1 points",
        "    ✗ double([[1.]]) is [[2.]].",
        "        came back: Tensor float32 (1, 1)",
        "        expected:  Tensor float32 (1, 1)",
        "      The last call was:",
        "          double(torch.tensor([[1.]]))",
    ):
        assert line in said.splitlines(), said


def test_an_error_shows_the_students_own_line_and_the_broken_one_its_place(course: Course, wrong: Path):
    done = run(wrong.parent, "check", "doubling.py", AUTOGRADER_COURSE=str(course.root))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "  doubling.py, line " in done.stdout
    assert "SyntaxError" in done.stdout
    assert any(line.strip() == "if n = 3:" for line in lines)
    assert any(line.strip() == "return torch.rand(n) @ torch.rand(n + 1)" for line in lines)
    assert "  │ been here" in lines
    for inside in ("Traceback", "site-packages", "autograder/", "serving.py", "pytest"):
        assert inside not in done.stdout
    assert "\x1b" not in done.stdout
    assert not (wrong.parent / ".autograder").exists()


def test_marks_stay_readable_where_the_output_cannot_encode_them(course: Course, wrong: Path):
    done = run(wrong.parent, "check", "doubling.py", AUTOGRADER_COURSE=str(course.root), PYTHONIOENCODING="ascii")
    assert done.returncode == 1, done.stderr
    assert "  x noise " in done.stdout
    assert "  | been here" in done.stdout


def test_a_portable_worker_says_the_same(course: Course, wrong: Path):
    forked, started = (
        run(wrong.parent, "check", "doubling.py", AUTOGRADER_COURSE=str(course.root), AUTOGRADER_PORTABLE=portable)
        for portable in ("0", "1")
    )
    assert started.stdout == forked.stdout
    assert started.stderr == ""


def test_a_file_of_any_name_is_checked_with_its_unit_in_either_order(course: Course, wrong: Path, tmp_path: Path):
    mine = tmp_path / "my version.py"
    mine.write_bytes(wrong.read_bytes())
    for arguments in (["doubling", "my version.py"], ["my version.py", "doubling"]):
        done = run(tmp_path, "check", *arguments, "--exercise", "double", "--json", AUTOGRADER_COURSE=str(course.root))
        (result,) = json.loads(done.stdout)
        assert [(e["name"], e["score"]) for e in result["exercises"]] == [("double", 1)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "dubling"], "did you mean doubling?"),
        (["check", "doubling"], "autograder start"),
        (["check", "mine.py"], "autograder check UNIT mine.py"),
        (["check", "doubling.py"], "doubling.py does not exist"),
        (["watch", "doubling"], "autograder start"),
        (["hint", "duble"], "did you mean double?"),
        (["hint", "triple"], "no hint for triple yet"),
        (["hint", "double", "--step", "4"], "less than or equal to 3"),
    ],
)
def test_every_message_ends_with_what_to_do(course: Course, tmp_path: Path, arguments: list[str], said: str):
    done = run(tmp_path, *arguments, AUTOGRADER_COURSE=str(course.root))
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split()), done.stderr
    assert "Traceback" not in done.stderr


def test_hints_come_step_by_step_and_the_step_is_remembered(space: Path):
    first, second = run(space, "hint", "double").stdout, run(space, "hint").stdout
    assert first.startswith("double: hint 1 of 3, a question\n\nWhat is half of the result?\n\nNext, the idea:")
    assert second.startswith("double: hint 2 of 3, the idea\n\nAdd X to itself.")
    for _ in range(2):
        last = run(space, "hint", "doubling").stdout
        assert last.startswith("double: hint 3 of 3, the formula\n\nY = 2X\n\nThat was the last step.")
    assert run(space, "hint", "double", "--step", "1").stdout == first
    assert run(space, "hint", "double", "--unit", "doubling").stdout == second


def test_doctor_works_without_torch_and_names_the_command(space: Path):
    code = "import sys; sys.modules['torch'] = None; sys.argv = ['autograder', {}]\nfrom autograder.cli import main; main()"

    def without_torch(command: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-c", code.format(repr(command))]
        return subprocess.run(arguments, cwd=space, env=environment(), capture_output=True, text=True, check=False)

    doctor = without_torch("doctor")
    assert doctor.returncode == 1
    assert "✗ torch" in doctor.stdout
    assert f"{sys.executable} -m pip install --force-reinstall torch" in doctor.stdout
    assert "Traceback" not in doctor.stderr
    check = without_torch("check")
    assert check.returncode == 3
    assert check.stderr == "autograder: torch is not installed; `autograder doctor` says which command mends that\n"


def test_doctor_notices_a_workspace_that_cannot_be_written(space: Path, monkeypatch: pytest.MonkeyPatch):
    from autograder.cli import diagnosing

    monkeypatch.chdir(space)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    (part,) = [each for each in diagnosing._course_and_workspace() if each.name == "workspace"]
    assert not part.fine
    assert "cannot be written" in part.state
    assert "autograder start ~/exercises" in part.advice


def test_an_old_python_is_told_what_to_install():
    source = Path(__file__).parent.parent.parent.parent / "autograder/__init__.py"
    code = f"import sys; sys.version_info = (3, 10, 0); exec(open({str(source)!r}).read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "autograder needs Python 3.11 or later" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "completed"),
    [
        ("autograder check dou", "doubling"),
        ("autograder hint no", "noise"),
        ("autograder watch ", "tripling"),
        ("autograder check --exercise tri", "triple"),
    ],
)
def test_the_shell_completes_units_and_exercises_without_torch(space: Path, arguments: str, completed: str):
    asked = {"_AUTOGRADER_COMPLETE": "complete_bash", "COMP_WORDS": arguments, "COMP_CWORD": str(arguments.count(" "))}
    code = "import sys; sys.argv = ['autograder']\nimport atexit\n"
    code += "atexit.register(lambda: print('torch' if 'torch' in sys.modules else 'light', file=sys.stderr))\n"
    code += "from autograder.cli import app; app(prog_name='autograder')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=space, env=environment(**asked), capture_output=True, text=True, check=False
    )
    assert completed in done.stdout.split(), done.stdout + done.stderr
    assert done.stderr.strip() == "light"


@pytest.mark.parametrize("command", ["start", "list", "check", "watch", "hint", "progress", "doctor", "release"])
def test_every_help_has_an_example(command: str):
    from typer.testing import CliRunner

    from autograder.cli import app

    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert f"autograder {command}" in shown.output.split("Example")[1]
