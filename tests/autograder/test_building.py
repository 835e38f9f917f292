"""Stubs are cut out of solutions, and bad markers are refused with file and line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import COURSE

from autograder.authoring import building, cutting, notebooks
from autograder.authoring.cutting import BuildError
from autograder.course import load_course

SOLUTION = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"


def test_a_region_becomes_a_placeholder_with_its_indentation():
    assert cutting.cut(SOLUTION, "f.py") == "def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "### BEGIN SOLUTION\nx\n### BEGIN SOLUTION\n",
            "f.py:3: ### BEGIN SOLUTION inside the region that began in line 1",
        ),
        ("x\n### END SOLUTION\n", "f.py:2: ### END SOLUTION without ### BEGIN SOLUTION"),
        ("x\n### BEGIN SOLUTION\ny\n", "f.py:2: ### BEGIN SOLUTION is never closed"),
        ("### BEGIN SOLUTION\n\n### END SOLUTION\n", "f.py:1: the solution region is empty"),
    ],
)
def test_bad_markers_are_refused_with_file_and_line(text: str, said: str):
    with pytest.raises(BuildError, match=said):
        cutting.cut(text, "f.py")


def test_a_notebook_is_the_same_bytes_each_time():
    first, second = (notebooks.notebook_text(SOLUTION, "f") for _ in range(2))
    assert first == second


def test_a_notebook_has_prose_and_code_cells():
    text = notebooks.notebook_text("# %% [markdown]\n# # Title\n\n# %%\nx = 1\n", "f")
    cells = json.loads(text)["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code"]
    assert "".join(cells[0]["source"]) == "# Title"
    assert len({cell["id"] for cell in cells}) == 2


def test_drift_is_noticed_and_mended(tmp_path: Path):
    shutil.copytree(COURSE, tmp_path / "course")
    unit = load_course(tmp_path / "course").unit("doubling")
    assert building.drifted(unit) == []
    unit.stub.write_text("edited by hand")
    unit.notebook.unlink()
    assert building.drifted(unit) == [unit.stub, unit.notebook]
    assert building.update(building.build(unit)) == [unit.stub, unit.notebook]
    assert building.drifted(unit) == []


def test_no_stub_holds_a_solution():
    stub = (COURSE / "assignments/doubling/doubling.py").read_text()
    assert "SOLUTION" not in stub
    assert "2 * X" not in stub


def test_a_unit_without_a_solution_says_so(tmp_path: Path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/course.toml").write_text('[[parts]]\ntitle = "All"\nunits = ["ghost"]\n')
    (tmp_path / "tests/units/ghost").mkdir(parents=True)
    (tmp_path / "tests/units/ghost/unit.toml").write_text('title = "Ghost"\nstable = true\n')
    with pytest.raises(BuildError, match=r"ghost\.py does not exist"):
        building.build(load_course(tmp_path).unit("ghost"))


def test_the_readmes_table_of_units_follows_the_index(tmp_path: Path):
    shutil.copytree(COURSE, tmp_path / "course")
    course = load_course(tmp_path / "course")
    readme = tmp_path / "course/README.md"
    assert building.readme(course) == {}
    readme.write_text(f"before\n{building.TABLE_BEGIN}\nold\n{building.TABLE_END}\nafter\n")
    assert building.update(building.readme(course)) == [readme]
    assert "1 of the course's 3 units are built." in readme.read_text()
    assert "| Numbers | `doubling` | Doubling | 0.1 |" in readme.read_text()
    assert "old" not in readme.read_text()
    assert readme.read_text().startswith("before\n")
    assert readme.read_text().endswith("after\n")
    assert building.updates(building.readme(course)) == []
