"""However a file was renamed, its unit is read from its name, and nobody's answer is given to somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.submissions.gathering import gather
from autograder.submissions.naming import Named, plain_stem, read_name

UNITS = ["linear_regression_concise", "softmax_regression", "linear_regression", "dropout"]


@pytest.mark.parametrize("stem", ["dropout", "dropout-1", "dropout (2)", "dropout - Copy", "dropout - Copy (3)"])
def test_what_a_platform_adds_leaves_the_name_what_it_is(stem: str):
    assert read_name(stem, UNITS) == Named("dropout")


@pytest.mark.parametrize(
    "stem",
    [
        "Copy of softmax_regression", "softmax_regression copy", "softmax_regression copy 2", "softmax_regression-Copy1",
        "softmax_regression_final", "softmax_regression_final_v2", "softmax_regression_FINAL (1)", "softmax-regression",
        "Softmax_Regression", "softmax regression", "SoftmaxRegression", "softmax_regression_solution", "softmax_regression_2",
        "Kopie von softmax_regression", "softmax_regression 副本",
    ],
)  # fmt: skip
def test_what_people_add_is_read_past(stem: str):
    assert read_name(stem, UNITS) == Named("softmax_regression", "", loosely=True)


@pytest.mark.parametrize(
    ("stem", "student"),
    [
        ("softmax_regression_ada", "ada"), ("ada - softmax_regression", "ada"), ("Ada Lovelace - Softmax Regression", "Ada Lovelace"),
        ("softmax-regression-s1234567", "s1234567"), ("ada-softmax-regression-final", "ada"),
    ],
)  # fmt: skip
def test_a_student_beside_the_unit_is_read_too(stem: str, student: str):
    assert read_name(stem, UNITS) == Named("softmax_regression", student, loosely=True)


def test_a_longer_unit_is_not_taken_for_a_shorter_one():
    assert read_name("Linear-Regression-Concise", UNITS).unit == "linear_regression_concise"
    assert read_name("linear regression (1)", UNITS).unit == "linear_regression"


@pytest.mark.parametrize("stem", ["homework 3", "helper", "notes on dropouts", "ada_softmax_regression_of_bob"])
def test_other_names_say_nothing(stem: str):
    """A name with something on both sides could be anybody's."""
    assert read_name(stem, UNITS) == Named()


@pytest.mark.parametrize(
    "name", ["dropout.ipynb.txt", "dropout.ipynb.json", "dropout.py.txt", "dropout.ipynb", "dropout.py"]
)
def test_a_suffix_behind_the_suffix_is_read_past(tmp_path: Path, name: str):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / name).write_text("{}")
    (tmp_path / "ada" / "notes.txt").write_text("")
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob/dropout.py").write_text("")
    assert plain_stem(Path(name)) == "dropout"
    gathered = gather([tmp_path], UNITS)
    assert [(found.student, found.path.name) for found in gathered.submissions] == [
        ("ada", name),
        ("bob", "dropout.py"),
    ]
    assert len(gathered.remarks) == 1


def test_the_right_name_comes_before_one_that_is_alike(tmp_path: Path):
    (tmp_path / "ada").mkdir()
    for name in ("dropout.py", "dropout_final.py"):
        (tmp_path / "ada" / name).write_text("")
    gathered = gather([tmp_path / "ada"], UNITS)
    assert [found.path.name for found in gathered.submissions] == ["dropout.py"]
    assert "has a file with the right name" in gathered.remarks[0]
