"""The course that `autograder course` writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from nbcourse import CANARIES, POINTS, NbCourse, cell_of
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.cutting import BuildError
from autograder.authoring.notebooks import notebook_of
from autograder.course import CourseError, find_course, load_course
from autograder.nbgrading.cells import nbgrader_of
from autograder.nbgrading.source import source_notebook, source_text
from autograder.nbgrading.writing import CONFIG, points_of, write_course
from autograder.submissions.submission import checked_exercises


def grade_ids(root: Path) -> list[str]:
    unit = load_course(root).unit("doubling")
    cells = source_notebook(unit, POINTS).cells
    return [nbgrader_of(cell)["grade_id"] for cell in cells if nbgrader_of(cell)]


@pytest.fixture
def copied(planted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planted, tmp_path / "course"))


def rewrite(root: Path, old: str, new: str) -> None:
    path = root / "solutions" / "doubling.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize("name", list(find_course().units))
def test_every_unit_makes_a_notebook_that_nbgrader_accepts(name: str) -> None:
    unit = find_course().unit(name)
    points = points_of(unit, 1)
    notebook = source_notebook(unit, points)
    MetadataValidator().validate_nb(notebook)
    graded = {
        nbgrader_of(c)["grade_id"]: nbgrader_of(c)["points"] for c in notebook.cells if "points" in nbgrader_of(c)
    }
    assert graded == points
    for exercise in points:
        assert checked_exercises(cell_of(notebook, exercise).source) == [exercise]


def test_points_are_the_sum_of_the_hidden_checks(planted: Path) -> None:
    assert points_of(load_course(planted).unit("doubling"), 1) == POINTS


def test_prose_and_grade_cells_are_locked_and_solutions_are_not(planted: Path) -> None:
    notebook = source_notebook(load_course(planted).unit("doubling"), POINTS)
    locked = {nbgrader_of(c)["grade_id"]: nbgrader_of(c)["locked"] for c in notebook.cells if nbgrader_of(c)}
    assert locked == {
        "text-double": True, "solution-double": False, "double": True, "solution-Scale": False, "Scale": True,
        "solution-softmax": False, "softmax": True, "solution-noise": False, "noise": True,
    }  # fmt: skip
    imports = next(cell for cell in notebook.cells if cell.source.startswith("import torch"))
    assert not nbgrader_of(imports)  # students add their own imports there


def test_grade_ids_stay_when_other_cells_come_and_move(copied: Path) -> None:
    before = grade_ids(copied)
    rewrite(copied, "# %%\nimport torch", "# %%\nSIZE = 3\n\n# %%\nimport torch")
    rewrite(copied, "# %%\ndef noise", "# %% [markdown]\n# Noise\n\n# %%\ndef noise")
    assert set(before) < set(grade_ids(copied))
    assert set(grade_ids(copied)) - set(before) == {"text-noise"}


def test_the_same_unit_gives_the_same_bytes(planted: Path) -> None:
    unit = load_course(planted).unit("doubling")
    assert source_text(unit, POINTS) == source_text(unit, POINTS)


def test_an_exercise_without_a_solution_is_refused(planted: Path) -> None:
    with pytest.raises(BuildError, match="defines no triple, which the hidden suite grades"):
        source_notebook(load_course(planted).unit("doubling"), {**POINTS, "triple": 1.0})


def test_a_solution_region_in_a_nameless_cell_is_refused(copied: Path) -> None:
    rewrite(copied, "# %%\nimport torch", "# %%\n### BEGIN SOLUTION\nprint(1)\n### END SOLUTION\n\n# %%\nimport torch")
    with pytest.raises(BuildError, match="defines no name"):
        source_notebook(load_course(copied).unit("doubling"), POINTS)


def test_a_missing_solution_is_refused(copied: Path) -> None:
    (copied / "solutions" / "doubling.py").unlink()
    with pytest.raises(BuildError, match="does not exist"):
        source_notebook(load_course(copied).unit("doubling"), POINTS)


def test_writing_again_keeps_what_the_instructor_added(planted: Path, tmp_path: Path) -> None:
    course = load_course(planted)
    config = tmp_path / CONFIG
    assert all(file.changed for file in write_course(tmp_path, course, [course.unit("doubling")]))
    config.write_text(config.read_text().replace("OverwriteCells", "Outdated") + "c.Mine.option = 1\n")
    assert [file.changed for file in write_course(tmp_path, course, [course.unit("doubling")])] == [True, False]
    assert "c.Mine.option = 1" in config.read_text()
    assert "Outdated" not in config.read_text()
    assert [file.changed for file in write_course(tmp_path, course, [course.unit("doubling")])] == [False, False]


def test_a_configuration_without_our_block_is_left_alone(planted: Path, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("c = get_config()\n")
    with pytest.raises(CourseError, match="has no block between"):
        write_course(tmp_path, load_course(planted), [])
    assert (tmp_path / CONFIG).read_text() == "c = get_config()\n"


def test_the_command_refuses_an_unknown_unit(nbcourse: NbCourse, tmp_path: Path) -> None:
    ran = nbcourse.command("autograder", "course", str(tmp_path / "new"), "doublin")
    assert ran.code == 2
    assert "there is no unit 'doublin' (did you mean doubling?)" in ran.log
    assert not (tmp_path / "new").exists()


def test_nothing_secret_is_released(nbcourse: NbCourse) -> None:
    """Every byte of every released file, and of its name."""
    files = [path for path in (nbcourse.folder / "release").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"doubling.ipynb", "fragile.ipynb"}
    for path in files:
        content = path.read_bytes().decode()
        assert not [canary for canary in [*CANARIES, "BEGIN SOLUTION", "2 * X"] if canary in content]
    secret = "".join(path.read_text() for path in nbcourse.root.rglob("*.py"))
    assert not [canary for canary in CANARIES if canary not in secret]


def test_released_stubs_are_those_of_the_assignment(nbcourse: NbCourse) -> None:
    from autograder.authoring.building import build

    unit = load_course(nbcourse.root).unit("doubling")
    stub = notebook_of(build(unit)[unit.stub], unit.name)
    code = [cell.source for cell in nbcourse.released().cells if cell.cell_type == "code"]
    assert [source for source in code if not checked_exercises(source)] == [
        cell.source for cell in stub.cells if cell.cell_type == "code"
    ]
