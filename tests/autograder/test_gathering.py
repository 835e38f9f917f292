"""Submissions are found in the layouts instructors have; what is not understood is listed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.gathering import Found, gather

UNITS = ["dropout", "softmax_regression"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "submissions"


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1")


def whose(found: list[Found]) -> list[tuple[str, str]]:
    return [(f.student, f.unit) for f in found]


def test_a_folder_per_student(folder: Path):
    put(folder, "ada/dropout.py", "bob/softmax_regression.ipynb", "ada/softmax_regression.py")
    gathered = gather([folder], UNITS)
    assert whose(gathered.submissions) == [
        ("ada", "dropout"),
        ("ada", "softmax_regression"),
        ("bob", "softmax_regression"),
    ]
    assert gathered.remarks == []


def test_a_folder_per_student_and_unit(folder: Path):
    put(folder, "ada/dropout/dropout.ipynb", "bob/dropout/homework.ipynb")
    assert whose(gather([folder], UNITS).submissions) == [("ada", "dropout"), ("bob", "dropout")]


def test_one_flat_folder(folder: Path):
    put(folder, "ada_dropout.py", "bob_lee_softmax_regression.ipynb")
    assert whose(gather([folder], UNITS).submissions) == [("ada", "dropout"), ("bob_lee", "softmax_regression")]


def test_a_single_file(folder: Path):
    put(folder, "ada/dropout.py", "homework.py")
    assert whose(gather([folder / "ada/dropout.py"], UNITS).submissions) == [("ada", "dropout")]
    assert whose(gather([folder / "homework.py"], UNITS, "dropout").submissions) == [("homework", "dropout")]


def test_one_unit_only(folder: Path):
    put(folder, "ada/dropout.py", "ada/softmax_regression.py")
    assert whose(gather([folder], UNITS, "dropout").submissions) == [("ada", "dropout")]


def test_what_is_not_understood_is_listed(folder: Path):
    put(folder, "ada/homework.py", "ada/notes.txt", "ada/dropout.py")
    os.symlink(folder / "ada/dropout.py", folder / "linked.py")
    remarks = gather([folder, folder / "missing"], UNITS).remarks
    assert len(remarks) == 4
    for said in ("no unit's name", "neither .py nor .ipynb", "symbolic link", "no such file"):
        assert any(said in remark for remark in remarks)


def test_of_two_files_the_newer_is_graded_and_the_other_listed(folder: Path):
    put(folder, "ada/dropout.py", "ada/dropout.ipynb")
    os.utime(folder / "ada/dropout.py", (1, 1))
    gathered = gather([folder], UNITS)
    assert [f.path.name for f in gathered.submissions] == ["dropout.ipynb"]
    assert "newer file" in gathered.remarks[0]


def test_editor_leftovers_are_passed_over(folder: Path):
    put(folder, "ada/dropout.py", "ada/.ipynb_checkpoints/dropout-checkpoint.ipynb", "ada/__pycache__/dropout.py")
    gathered = gather([folder], UNITS)
    assert len(gathered.submissions) == 1
    assert gathered.remarks == []
