"""Plain `pytest` in a workspace, and so an editor's test view: the verdicts of `autograder check`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from studentcourse import environment, run, solve

from autograder.course import Course
from autograder.student import workspace


def by_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=180
    )


def verdicts(output: str) -> dict[str, bool]:
    """Check -> whether it passed, from pytest's summary."""
    lines = [line.split(" - ")[0].split() for line in output.splitlines() if line.startswith(("PASSED ", "FAILED "))]
    return {name.split("::")[1]: word == "PASSED" for word, name in lines}


@pytest.fixture(scope="module")
def worked(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a right, a wrong, an unwritten and a broken exercise, and a check of the student's own."""
    folder = tmp_path_factory.mktemp("worked") / "my work"
    workspace.start(course, folder, list(course.units.values()))
    stub = folder / "01_doubling/doubling.py"
    solve(stub, "double", "return 2 * X")
    solve(stub, "noise", "return torch.rand(n + 1)")
    stub.write_text(stub.read_text().replace("def softmax(X):", "def softmax(X:"))
    notebook = folder / "02_tripling/tripling.ipynb"
    document = json.loads(notebook.read_text())
    for cell in document["cells"]:
        cell["source"] = "".join(cell["source"]).replace("raise NotImplementedError()", "return 3 * X")
    notebook.write_text(json.dumps(document))
    suite = folder / "01_doubling/test_doubling.py"
    text = suite.read_text().replace("torch.full((1, 1), 2.0)", "torch.full((1, 1), 5.0)")
    mine = '\n\n@check("double")\ndef test_mine(submission):\n    """double(0) is 0."""\n    close(submission.double(torch.zeros(1)), torch.zeros(1))\n'
    suite.write_text(text + mine)
    return folder


def test_pytest_judges_as_check_does_even_where_a_copied_check_was_edited(worked: Path):
    done = by_pytest(worked)
    judged = verdicts(done.stdout)
    assert judged.pop("test_mine") is True
    checked: dict[str, bool] = {}
    for unit in ("doubling", "tripling"):
        (result,) = json.loads(run(worked, "check", unit, "--json").stdout)
        checked |= {c["id"]: c["outcome"] == "passed" for e in result["exercises"] for c in e["checks"]}
    assert judged == checked
    assert sorted(checked.values()) == [False] * 3 + [True] * 2


def test_a_failure_shows_the_message_and_the_broken_line_but_no_code_of_the_check(worked: Path):
    said = by_pytest(worked / "01_doubling").stdout
    assert "doubling.py, line " in said
    assert "SyntaxError" in said
    assert "noise(3) has 3 entries." in said
    assert "close(submission" not in said
    assert "Traceback" not in said


def test_an_editor_finds_every_check_below_its_units_folder(worked: Path):
    listed = by_pytest(worked, "--collect-only", "-q").stdout.splitlines()
    assert "01_doubling/test_doubling.py::test_scale_by_three" in listed
    assert "02_tripling/test_tripling.py::test_triple_one" in listed
    settings = json.loads((worked / ".vscode/settings.json").read_text())
    assert settings == {"python.testing.pytestEnabled": True, "python.testing.pytestArgs": ["."]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("doubling.py", b"", "is empty (0 bytes)"),
        ("doubling.py", "x = 'é'".encode("latin-1"), "save it as UTF-8"),
        ("doubling.py", b"def double(X):\r\n    return 2 * X\r\n", "✓ double"),
        ("doubling.py", b"\xef\xbb\xbfdef double(X):\n\treturn 2 * X\n", "✓ double"),
        ("doubling.ipynb", b"{", "only a part of it was saved"),
        ("doubling.ipynb", b"cells", "is not a notebook"),
        ("doubling.ipynb", b'{"cells": 3}', "has no list of cells"),
        ("doubling.py", b"import no_such_package\n", "No module named 'no_such_package'"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(
    course: Course, tmp_path: Path, name: str, content: bytes, said: str, checker: object
):
    from autograder.cli.console import console
    from autograder.student.checking import Checker
    from autograder.student.progress import Progress
    from autograder.student.showing import print_all, result_view

    assert isinstance(checker, Checker)
    path = tmp_path / name
    path.write_bytes(content)
    result, _progress = checker.check(course.unit("doubling"), path)
    screen = console()
    with screen.capture() as captured:
        print_all(screen, result_view(course, result, path, Progress()))
    assert said in captured.get()
    assert "Traceback" not in captured.get()


@pytest.fixture(scope="module")
def checker(course: Course):  # type: ignore[no-untyped-def]
    from autograder.student.checking import Checker

    with Checker(course) as checker:
        yield checker


def test_a_folder_in_place_of_a_file_is_refused_with_advice(course: Course, tmp_path: Path):
    (tmp_path / "doubling.py").mkdir()
    done = run(tmp_path, "check", "doubling.py", AUTOGRADER_COURSE=str(course.root))
    shutil.rmtree(tmp_path / "doubling.py")
    assert done.returncode == 2
    assert "doubling.py does not exist" in done.stderr
