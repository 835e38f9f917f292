"""Submissions are found in the layouts instructors have; what is not understood is listed."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from autograder.submissions.gathering import Found, gather

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


def test_a_link_to_a_folder_is_listed_too(folder: Path, tmp_path: Path):
    put(tmp_path / "elsewhere", "dropout.py")
    put(folder, "ada/dropout.py")
    os.symlink(tmp_path / "elsewhere", folder / "bob")
    gathered = gather([folder], UNITS)
    assert whose(gathered.submissions) == [("ada", "dropout")]
    assert "symbolic link" in gathered.remarks[0]


def test_in_nbgraders_course_only_what_was_submitted_is_graded(folder: Path):
    put(folder, "submitted/ada/dropout/dropout.ipynb", "submitted/ada/dropout/timestamp.txt")
    put(folder, "source/dropout/dropout.ipynb", "release/dropout/dropout.ipynb", "nbgrader_config.py")
    gathered = gather([folder], UNITS)
    assert whose(gathered.submissions) == [("ada", "dropout")]
    assert gathered.remarks == []
    assert "only its folder submitted/" in gathered.notes[0]
    assert whose(gather([folder / "submitted"], UNITS).submissions) == [("ada", "dropout")]


def test_of_a_students_files_for_a_unit_the_one_with_its_name_counts(folder: Path):
    put(folder, "ada/dropout/dropout.ipynb", "ada/dropout/scratch.ipynb")
    os.utime(folder / "ada/dropout/dropout.ipynb", (1, 1))
    gathered = gather([folder], UNITS)
    assert [f.path.name for f in gathered.submissions] == ["dropout.ipynb"]
    assert "scratch.ipynb: ada has a file with the right name" in gathered.remarks[0]


def owners(*names: str, under: Path, roots: list[Path] | None = None) -> dict[str, str]:
    """Whose each file is, by its path below the folder."""
    put(under, *names)
    return {f.path.relative_to(under).as_posix(): f.student for f in gather(roots or [under], UNITS).submissions}


def test_in_a_students_folder_no_name_makes_a_file_somebody_elses(folder: Path):
    put(folder, "bob/dropout.py", "mallory/bob_dropout.py", "mallory/softmax_regression.py")
    os.utime(folder / "bob/dropout.py", (1, 1))
    gathered = gather([folder], UNITS)
    assert {(f.student, f.unit, f.path.parent.name) for f in gathered.submissions} == {
        ("bob", "dropout", "bob"),
        ("mallory", "dropout", "mallory"),
        ("mallory", "softmax_regression", "mallory"),
    }
    assert gathered.remarks == []
    assert "mallory/bob_dropout.py: graded as mallory's" in gathered.notes[0]
    assert "not as bob's" in gathered.notes[0]


def test_in_a_students_folder_a_file_of_somebody_elses_name_gives_way(folder: Path):
    put(folder, "bob/dropout.py", "mallory/bob_dropout.py", "mallory/dropout.py")
    os.utime(folder / "mallory/dropout.py", (1, 1))
    gathered = gather([folder], UNITS)
    assert [f.path.name for f in gathered.submissions] == ["dropout.py", "dropout.py"]
    assert "bob_dropout.py: mallory has a file with the right name" in gathered.remarks[0]
    assert gathered.notes == []


def test_in_a_students_folder_the_students_own_name_or_any_other_word_may_precede_the_units(folder: Path):
    put(folder, "ada/Ada_dropout.py", "bob/final_dropout.py", "eve/dropout.py")
    gathered = gather([folder], UNITS)
    assert whose(gathered.submissions) == [("ada", "dropout"), ("bob", "dropout"), ("eve", "dropout")]
    assert len(gathered.notes) == 1


DISGUISES = [
    "mallory/bob/dropout/anything.py",
    "mallory/bob_2_7_dropout.py",
    "mallory/Bob_2_assignsubmission_file_dropout.py",
    "mallory/Bob_2_assignsubmission_file_/dropout.py",
]


@pytest.mark.parametrize("name", DISGUISES)
def test_in_a_students_folder_no_platforms_name_or_folder_changes_the_owner(folder: Path, name: str):
    assert owners(name, "bob/dropout.py", under=folder) == {name: "mallory", "bob/dropout.py": "bob"}


def test_in_nbgraders_folders_the_owner_is_the_folder(folder: Path):
    put(folder, "source/dropout/dropout.ipynb")
    names = ["submitted/mallory/dropout/bob_dropout.py", "submitted/bob/dropout/dropout.py"]
    assert owners(*names, under=folder) == dict(zip(names, ["mallory", "bob"], strict=True))


def test_folders_of_students_inside_folders_of_units_are_students_too(folder: Path):
    names = ["dropout/mallory/bob_dropout.py", "dropout/bob/dropout.py"]
    assert owners(*names, under=folder) == dict(zip(names, ["mallory", "bob"], strict=True))


def test_folders_of_students_that_are_given_one_by_one_are_students_too(folder: Path):
    names = ["mallory/bob_dropout.py", "bob/dropout.py"]
    found = owners(*names, under=folder, roots=[folder / "mallory", folder / "bob"])
    assert found == dict(zip(names, ["mallory", "bob"], strict=True))


def test_a_folder_around_a_flat_folder_is_nobodys(tmp_path: Path):
    archive = export(tmp_path / "class.zip", "class/ada_dropout.py", "class/bob_dropout.py")
    gathered = gather([archive], UNITS, scratch=tmp_path / "scratch")
    assert whose(gathered.submissions) == [("ada", "dropout"), ("bob", "dropout")]


def test_a_flat_folder_for_each_unit(folder: Path):
    names = ["dropout/ada_dropout.py", "softmax_regression/ada_softmax_regression.py", "dropout/bob_dropout.py"]
    assert owners(*names, under=folder) == dict(zip(names, ["ada", "ada", "bob"], strict=True))


def test_several_exports_beside_each_other(folder: Path):
    names = ["week 1/leeann_1_7_dropout.py", "week 2/leeann_1_9_softmax_regression.py", "week 2/yubo_2_8_dropout.py"]
    assert owners(*names, under=folder) == dict(zip(names, ["leeann_1", "leeann_1", "yubo_2"], strict=True))


IMITATIONS = [
    ("Mallory_1_assignsubmission_file_Bob_2_assignsubmission_file_dropout.py", "Mallory_1"),
    ("Mallory_1_assignsubmission_file_/Bob_2_assignsubmission_file_dropout.py", "Mallory_1"),
    ("Mallory_1_assignsubmission_file_bob_2_7_dropout.py", "Mallory_1"),
    ("mallory_1_7_bob_2_8_dropout.py", "mallory_1"),
    ("mallory_LATE_1_7_bob_2_8_dropout.py", "mallory_1"),
    ("mallory_1_7_Bob_2_assignsubmission_file_dropout.py", "mallory_1"),
]


@pytest.mark.parametrize(("name", "student"), IMITATIONS)
def test_in_an_export_the_students_part_of_a_name_imitates_nobody(folder: Path, name: str, student: str):
    assert owners(name, under=folder) == {name: student}


CANVAS = [
    ("leeann_12345_67890_dropout.py", "leeann_12345", "dropout"),
    ("leeann_LATE_12345_67890_dropout.py", "leeann_12345", "dropout"),
    ("leeann_12345_LATE_67890_dropout.py", "leeann_12345", "dropout"),
    ("leeann_12345_67890_dropout-2.py", "leeann_12345", "dropout"),
    ("leeann_12345_67890_softmax_regression-1.ipynb", "leeann_12345", "softmax_regression"),
    ("leeann_12345_67890_dropout (1).py", "leeann_12345", "dropout"),
    ("李雷_12345_67890_dropout.py", "李雷_12345", "dropout"),
]


@pytest.mark.parametrize(("name", "student", "unit"), CANVAS)
def test_the_names_canvas_gives(folder: Path, name: str, student: str, unit: str):
    put(folder, name)
    assert whose(gather([folder], UNITS).submissions) == [(student, unit)]


MOODLE = [
    ("Ann Lee_123456_assignsubmission_file_/dropout.py", "Ann Lee_123456"),
    ("Ann Lee_123456_assignsubmission_file/dropout.ipynb", "Ann Lee_123456"),
    ("Ann Lee_123456_assignsubmission_file_/work/dropout.py", "Ann Lee_123456"),
    ("Ann Lee_123456_assignsubmission_file_dropout.py", "Ann Lee_123456"),
    ("Group A-Ann Lee_123456_assignsubmission_file_/dropout.py", "Group A-Ann Lee_123456"),
    ("Participant_123456_assignsubmission_file_/dropout.py", "Participant_123456"),
]


@pytest.mark.parametrize(("name", "student"), MOODLE)
def test_the_names_moodle_gives(folder: Path, name: str, student: str):
    put(folder, name)
    assert whose(gather([folder], UNITS).submissions) == [(student, "dropout")]


def test_two_students_of_one_name_are_two_students(folder: Path):
    put(folder, "leeann_1_7_dropout.py", "leeann_2_8_dropout.py")
    assert len(gather([folder], UNITS).submissions) == 2


def test_files_of_any_name_are_understood_with_the_unit_given(folder: Path):
    put(folder, "leeann_1_7_homework.py", "Bo Yu_5_assignsubmission_file_/my work.ipynb")
    gathered = gather([folder], UNITS, "dropout")
    assert whose(gathered.submissions) == [("Bo Yu_5", "dropout"), ("leeann_1", "dropout")]


def export(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x = 1")
    return path


def test_a_zip_file_is_read_like_a_folder(tmp_path: Path):
    moodle = export(tmp_path / "Homework 3.zip", "Ann Lee_1_assignsubmission_file_/dropout.py", "essay.pdf")
    canvas = export(tmp_path / "submissions.ZIP", "leeann_1_7_dropout.py", "../evil.py", "leeann_1_9_homework.py")
    gathered = gather([moodle, canvas], UNITS, scratch=tmp_path / "scratch")
    assert whose(gathered.submissions) == [("Ann Lee_1", "dropout"), ("leeann_1", "dropout")]
    assert all(f.path.is_relative_to(tmp_path / "scratch") for f in gathered.submissions)
    assert sorted(gathered.remarks) == [
        f"{moodle}/essay.pdf: neither .py nor .ipynb",
        f"{canvas}/../evil.py: its name points outside the archive",
        f"{canvas}/leeann_1_9_homework.py: no unit's name in it; rename it to UNIT.py or pass --unit",
    ]


def test_a_zip_file_that_is_none_or_has_nowhere_to_go_is_listed(tmp_path: Path):
    (tmp_path / "broken.zip").write_text("x")
    assert "no zip file" in gather([tmp_path / "broken.zip"], UNITS, scratch=tmp_path / "scratch").remarks[0]
    assert "unpack it first" in gather([export(tmp_path / "a.zip", "dropout.py")], UNITS).remarks[0]


def test_a_zip_file_in_a_folder_is_listed(folder: Path):
    folder.mkdir()
    export(folder / "ada.zip", "dropout.py")
    assert "name it itself" in gather([folder], UNITS, scratch=folder / "scratch").remarks[0]


@pytest.mark.parametrize("student", ["..", ".", "a\nb", "\x1b[2J", "n" * 240])
def test_what_cannot_be_a_students_folder_is_listed_and_shown_escaped(folder: Path, student: str):
    put(folder, f"{student}_dropout.py")
    gathered = gather([folder / f"{student}_dropout.py"], UNITS)
    assert gathered.submissions == []
    assert "cannot be a student's name" in gathered.remarks[0]
    assert all(remark.isprintable() for remark in gathered.remarks)


def test_a_name_that_is_no_unicode_is_listed(folder: Path):
    folder.mkdir()
    (folder / os.fsdecode(b"\xff_dropout.py")).write_text("x = 1")
    gathered = gather([folder], UNITS)
    assert gathered.submissions == []
    "".join(gathered.remarks).encode()
