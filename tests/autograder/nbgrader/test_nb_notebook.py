"""`check("softmax")` in a student's notebook, and nbgrader's validate, which must agree with it."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from nbcourse import NbCourse, cell_of

from autograder.course import CourseError
from autograder.grader.grading import Grader
from autograder.student import notebook
from autograder.student.notebook import ChecksFailed, check
from autograder.submissions.submission import checked_exercises, read_submission

TWICE = "def double(X):\n    return 2 * X\n"


@pytest.fixture
def names(planted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A stand-in for the kernel's names."""
    monkeypatch.setenv("AUTOGRADER_COURSE", str(planted))
    found: dict[str, Any] = {"torch": torch}
    monkeypatch.setattr(notebook, "_namespace", lambda: found)
    notebook._benches.clear()
    yield found
    notebook._benches.clear()


def test_a_right_function_passes_and_says_so(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    exec(TWICE, names)
    check("double")
    check("double", unit="doubling")
    assert capsys.readouterr().out.count("double") == 2


def test_a_wrong_function_fails_with_what_came_back(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    exec("def double(X):\n    return X\n", names)
    with pytest.raises(ChecksFailed, match=r"double: 0 of 1 public checks passed\."):
        check("double")
    assert "double([[1.]]) is [[2.]]." in capsys.readouterr().out


def test_a_missing_function_fails(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ChecksFailed):
        check("double")
    assert "There is no double" in capsys.readouterr().out


def test_what_nbgrader_validates_is_told_in_full(names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(ChecksFailed, match="There is no double"):
        check("double")


def test_an_unknown_exercise_is_refused(names: dict[str, Any]) -> None:
    with pytest.raises(CourseError, match="no unit has an exercise 'tripel'"):
        check("tripel")
    with pytest.raises(CourseError, match="did you mean doubling"):
        check("double", unit="doublin")


def test_an_exercise_of_two_units_wants_the_unit(
    names: dict[str, Any], planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    root = Path(shutil.copytree(planted, tmp_path / "course"))
    public = root / "tests/units/fragile/test_public.py"
    public.write_text(public.read_text().replace('"answer"', '"double"'))
    monkeypatch.setenv("AUTOGRADER_COURSE", str(root))
    with pytest.raises(
        CourseError, match=r'write check\("double", unit="doubling"\) or check\("double", unit="fragile"\)'
    ):
        check("double")


def test_checks_leave_names_and_random_generators_alone(names: dict[str, Any]) -> None:
    exec("def noise(n):\n    return torch.rand(n)\n", names)
    before = dict(names)
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(7)
    expected = torch.rand(1), np.random.rand(), random.random()
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(7)
    check("noise")
    assert (torch.rand(1), np.random.rand(), random.random()) == expected
    assert names == before


def test_what_checks_replace_comes_back() -> None:
    """A probe may put something else in a name's place."""
    names = {"double": 1, "softmax": 2}
    with notebook._untouched(names):
        names.update(double=3, extra=4)
        del names["softmax"]
    assert names == {"double": 1, "softmax": 2}


def test_an_interruption_stops_the_checks(names: dict[str, Any]) -> None:
    exec("def double(X):\n    raise KeyboardInterrupt\n", names)
    with pytest.raises(KeyboardInterrupt):
        check("double")


def test_importing_it_costs_no_torch() -> None:
    code = "import sys; from autograder import check; sys.exit('torch' in sys.modules or 'pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_check_does_nothing_where_a_submission_is_graded(nbcourse: NbCourse, tmp_path: Path) -> None:
    """Behind the wall, even in a cell that holds the student's code too."""
    from autograder.course import load_course

    nb = nbcourse.source()
    cell = cell_of(nb, "solution-double")
    cell["source"] = f"from autograder import check\n{cell.source}\ncheck('double')"
    path = tmp_path / "doubling.ipynb"
    path.write_text(nbformat.writes(nb))
    with Grader(1) as grader:
        result = grader.unit(load_course(nbcourse.root).unit("doubling")).grade(read_submission(path))
    assert result.problems == []
    assert result.score == result.max_score
    assert result.printed == ""


def test_check_cells_are_no_part_of_a_submission(nbcourse: NbCourse, tmp_path: Path) -> None:
    path = tmp_path / "doubling.ipynb"
    path.write_text(nbformat.writes(nbcourse.source()))
    cells = read_submission(path).cells
    assert not [cell for cell in cells if "check(" in cell.source]
    assert [cell.label for cell in cells][:3] == [f"doubling.ipynb cell {number}" for number in (1, 2, 4)]


@pytest.mark.parametrize(
    ("source", "exercises"),
    [
        ('from autograder import check; check("double")', ["double"]),
        ("# my own words\ncheck('double', unit=\"doubling\")\ncheck('Scale')", ["double", "Scale"]),
        ('check("double")\nprint(1)', []),
        ('y = check("double")', []),
        ("from autograder import check", []),
        ("# only words", []),
    ],
)
def test_a_check_cell_does_nothing_but_check(source: str, exercises: list[str]) -> None:
    assert checked_exercises(source) == exercises


@pytest.fixture(scope="module")
def validated(nbcourse: NbCourse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What nbgrader validate says of a solved notebook, and of one with one wrong and one unwritten exercise."""
    folder = tmp_path_factory.mktemp("validate")
    solved = nbcourse.source()
    half = nbcourse.source()
    cell_of(half, "solution-double")["source"] = "def double(X):\n    return X"
    cell_of(half, "solution-noise")["source"] = cell_of(nbcourse.released(), "solution-noise").source
    said = {}
    for name, nb in (("solved", solved), ("half", half)):
        path = folder / f"{name}.ipynb"
        path.write_text(nbformat.writes(nb))
        said[name] = nbcourse.command("nbgrader", "validate", str(path)).log
    return said


def test_validate_agrees_that_a_solved_notebook_passes(validated: dict[str, str]) -> None:
    assert "Success! Your notebook passes all the tests." in validated["solved"]


def test_validate_agrees_on_what_fails_and_prints_why(validated: dict[str, str]) -> None:
    said = validated["half"]
    assert "VALIDATION FAILED ON 2 CELL(S)" in said
    assert "double([[1.]]) is [[2.]]." in said
    assert "Not written yet." in said
