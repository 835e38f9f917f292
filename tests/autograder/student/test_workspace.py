"""`autograder start`: everything in lecture order, and never a change to a student's own file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from studentcourse import make_course, run, solve

from autograder.course import Course, CourseError, find_course, load_course
from autograder.language import speaking
from autograder.student import workspace
from autograder.student.workspace import files_for, find_workspace, last_worked_on, own_file


def start(course: Course, root: Path) -> workspace.Written:
    return workspace.start(course, root, list(course.units.values()))


def test_the_units_come_in_lecture_order_with_stub_notebook_and_checks(space: Path, course: Course):
    folders = sorted(path.name for path in space.iterdir() if path.is_dir() and not path.name.startswith("."))
    assert folders == ["01_doubling", "02_tripling"]
    assert {path.name for path in (space / "01_doubling").iterdir()} == {
        "doubling.py", "doubling.ipynb", "test_doubling.py",
    }  # fmt: skip
    assert (space / "01_doubling/doubling.py").read_bytes() == course.unit("doubling").stub.read_bytes()
    assert "| 02_tripling | Tripling | 0.2 |" in (space / "README.md").read_text()


def test_a_second_start_keeps_what_the_student_changed_and_says_so(space: Path, course: Course):
    stub = space / "01_doubling/doubling.py"
    solve(stub, "double", "return 2 * X")
    mine = stub.read_text()
    (space / "02_tripling/tripling.py").unlink()
    done = start(course, space)
    assert stub.read_text() == mine
    assert (done.kept, done.outdated) == (["01_doubling/doubling.py"], [])
    assert done.written == ["02_tripling/tripling.py"]


def test_a_newer_stub_replaces_an_untouched_one_only(course: Course, space: Path, tmp_path: Path):
    newer = load_course(course.root)
    changed = tmp_path / "newer"
    for path in course.root.rglob("*"):
        if path.is_file():
            (changed / path.relative_to(course.root)).parent.mkdir(parents=True, exist_ok=True)
            (changed / path.relative_to(course.root)).write_bytes(path.read_bytes())
    newer = load_course(changed)
    for name in ("doubling", "tripling"):
        stub = newer.unit(name).stub
        stub.write_text(stub.read_text() + "# newer\n")
    solve(space / "01_doubling/doubling.py", "double", "return 2 * X")
    done = start(newer, space)
    assert "# newer" not in (space / "01_doubling/doubling.py").read_text()
    assert "# newer" in (space / "02_tripling/tripling.py").read_text()
    assert (done.outdated, done.written) == (["01_doubling/doubling.py"], ["02_tripling/tripling.py"])


def test_a_unit_keeps_its_folder_when_the_order_changes(course: Course, space: Path):
    (space / "02_tripling").rename(space / "07_tripling")
    start(course, space)
    assert not (space / "02_tripling").exists()


def test_a_lost_record_means_that_every_different_file_is_the_students(space: Path, course: Course):
    (space / ".autograder/workspace.json").write_text("{broken")
    stub = space / "01_doubling/doubling.py"
    stub.write_text("mine")
    assert start(course, space).kept == ["01_doubling/doubling.py"]
    assert stub.read_text() == "mine"


def test_a_workspace_speaks_the_language_it_was_made_in_and_remembers_its_course(course: Course, tmp_path: Path):
    with speaking("zh"):
        start(course, tmp_path / "zh")
    found = find_workspace(tmp_path / "zh" / "01_doubling")
    assert found is not None
    assert found.record.language == "zh"
    assert find_course(tmp_path / "zh" / "01_doubling").root == course.root


def test_a_folder_that_cannot_be_written_is_named(course: Course, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="choose another folder"):
        start(course, tmp_path / "file")


def test_a_missing_notebook_names_the_command_that_makes_it(tmp_path: Path):
    lonely = make_course(tmp_path / "course")
    lonely.unit("doubling").notebook.unlink()
    with pytest.raises(CourseError, match="autograder build doubling"):
        start(lonely, tmp_path / "work")


def test_files_are_found_from_anywhere_in_the_workspace(space: Path, course: Course):
    for here in (space, space / "02_tripling"):
        assert own_file(course, course.unit("doubling"), here).resolve() == space / "01_doubling/doubling.py"
    assert files_for(course.unit("doubling"), space.parent) == []


def test_the_file_that_was_worked_on_is_the_one_meant(space: Path, course: Course):
    unit = course.unit("doubling")
    notebook = space / "01_doubling/doubling.ipynb"
    opened = json.loads(notebook.read_text())
    opened["metadata"]["kernelspec"]["display_name"] = "opened, not worked on"
    notebook.write_text(json.dumps(opened))
    assert own_file(course, unit, space).suffix == ".py"
    assert last_worked_on(course, space) is None
    opened["cells"][-1]["source"] += "\nx = 1"
    notebook.write_text(json.dumps(opened))
    assert own_file(course, unit, space) == notebook
    tripling = space / "02_tripling/tripling.py"
    solve(tripling, "triple", "return 3 * X")
    os.utime(notebook, (1, 1))
    assert last_worked_on(course, space) == (course.unit("tripling"), tripling)


def test_start_on_the_command_line(course: Course, tmp_path: Path):
    done = run(tmp_path, "start", "here", AUTOGRADER_COURSE=str(course.root))
    assert done.returncode == 0, done.stderr
    assert "Next: cd here, then autograder watch" in done.stdout
    (tmp_path / "here/01_doubling/doubling.py").write_text("mine")
    again = run(tmp_path / "here", "start", ".")
    assert "1 of yours kept" in again.stdout
    assert "newer" not in again.stdout
    stub = course.unit("doubling").stub
    before = stub.read_text()
    try:
        stub.write_text(before + "# newer\n")
        again = run(tmp_path / "here", "start", ".")
    finally:
        stub.write_text(before)
    assert "kept your 01_doubling/doubling.py; the course has a newer one" in again.stdout
