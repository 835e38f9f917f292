"""`pytest SUITE --submission FILE` gives the verdicts of the command line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from conftest import COURSE, GOOD

SUITE = COURSE / "tests/units/doubling/test_hidden.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *arguments]
    return subprocess.run(command, cwd=COURSE, capture_output=True, text=True, check=False, timeout=120)


def test_the_solution_passes():
    done = run(str(SUITE))
    assert done.returncode == 0, done.stdout
    assert "6 passed, 1 skipped" in done.stdout


def test_a_wrong_submission_fails_with_the_students_message(tmp_path: Path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(GOOD.replace("return 2 * X", "return X**2"))
    done = run(str(SUITE), "--submission", str(wrong))
    assert done.returncode == 1
    assert "2 failed, 4 passed, 1 skipped" in done.stdout
    assert "This looks like: squares instead of doubling" in done.stdout
    assert "Smallest input found that shows it" in done.stdout
    assert "close(submission" not in done.stdout


def test_a_slip_in_form_is_forgiven_as_on_the_command_line(tmp_path: Path):
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    suite = root / "tests/units/doubling/test_hidden.py"
    contract = 'contract("double", inputs={"X": matrices(dtype=torch.float64)}, matches="Twice as large.", keeps=True)'
    suite.write_text(suite.read_text() + f"\n\nfrom autograder.suite import contract\n\n{contract}\n")
    wrong = tmp_path / "wrong.py"
    wrong.write_text(GOOD.replace("return 2 * X", "return (2 * X).float()"))
    for chosen, said in (("double__", "1 failed, 2 passed"), ("double__matches", "1 passed")):
        done = run(str(suite), "--submission", str(wrong), "-k", chosen)
        assert said in done.stdout, done.stdout


def test_the_public_suite_runs_too():
    done = run(str(COURSE / "tests/units/doubling/test_public.py"))
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_ordinary_tests_are_left_alone(tmp_path: Path):
    path = tmp_path / "test_plain.py"
    path.write_text("def test_plain():\n    assert 1 + 1 == 2\n")
    assert "1 passed" in run(str(path)).stdout
