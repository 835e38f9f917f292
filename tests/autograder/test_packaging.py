"""What a student installs: the engine, stubs and public checks; no answer, no hidden check."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.authoring import building
from autograder.course import find_course

COURSE = find_course(Path(__file__).parent.parent.parent)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=COURSE.root, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_no_answers_and_no_hidden_checks(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        content = b"".join(archive.read(name) for name in names)
    course = {name.partition("/student_course/")[2] for name in names if "/student_course/" in name}
    assert course == {str(path.relative_to(COURSE.root)) for path in building.handed_out(COURSE)}
    assert not [name for name in names if Path(name).name in ("unit.toml", "test_hidden.py", "wrong.py", "right.py")]
    for unit in COURSE.units.values():
        assert f"assignments/{unit.name}/test_public.py" in course
        assert f"assignments/zh/{unit.name}/{unit.name}.ipynb" in course
        assert f"assignments/{unit.name}/zh.po" in course
        assert unit.reference.read_bytes() not in content
        solved = unit.solution.read_text().split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
        assert solved.strip().encode() not in content


def test_the_wheel_holds_the_pages_templates(wheel: Path):
    templates = COURSE.root / "autograder" / "pages" / "templates"
    with zipfile.ZipFile(wheel) as archive:
        for path in templates.iterdir():
            assert archive.read(f"autograder/pages/templates/{path.name}") == path.read_bytes()


def test_a_student_can_list_and_check_with_the_wheel_alone(wheel: Path, tmp_path: Path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site-packages")
    work = tmp_path / "work"
    work.mkdir()
    solution = COURSE.unit("softmax_regression").solution.read_text()
    (work / "softmax_regression.py").write_text(solution)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site-packages"), "COLUMNS": "100"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "autograder", *arguments]
        return subprocess.run(
            command, cwd=work, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    assert "从零开始实现softmax回归" in run("--lang", "zh", "list").stdout
    listed = run("list")
    assert "softmax_regression" in listed.stdout, listed.stderr
    checked = run("check", "softmax_regression")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "20 of 20 points" in checked.stdout
    graded = run("grade", "softmax_regression.py")
    assert graded.returncode == 2
    assert "no hidden suites here" in graded.stderr
