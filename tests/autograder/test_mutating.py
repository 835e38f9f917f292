"""Mutants change one thing inside a solution region; those a suite does not notice are shown."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE

from autograder.authoring import equivalence
from autograder.authoring.equivalence import doubts
from autograder.authoring.finding import Finder
from autograder.authoring.mutating import covers, judge, mutants, noticed, unnamed
from autograder.course import CourseError, Unit, load_course


@pytest.fixture
def course(tmp_path: Path) -> Path:
    shutil.copytree(COURSE, tmp_path / "course")
    return tmp_path / "course"


def test_mutants_change_one_place_inside_a_solution_region(unit: Unit):
    found = mutants(unit)
    solution = unit.solution.read_text().split("\n")
    assert len({mutant.source for mutant in found}) == len(found)
    for mutant in found:
        assert solution[mutant.line - 1].strip().startswith(mutant.before[:10])
        assert mutant.exercise in ("double", "Scale", "softmax", "noise")
    changes = {(m.exercise, m.after) for m in found}
    assert ("double", "return 3 * X") in {(e, " ".join(a.split())) for e, a in changes}
    assert ("double", "return 2 + X") in changes
    assert ("double", "pass") in changes
    assert any("keepdim=False" in after for _, after in changes)
    assert any(after == "return E / E.mean(dim=1, keepdim=True)" for _, after in changes)


def test_a_good_suite_kills_them_and_a_weak_one_lets_them_live(course: Path, unit: Unit):
    survivors = [v.mutant for v in judge(unit, Finder(1)) if v.survived]
    assert {m.exercise for m in survivors} <= {"noise", "softmax"}
    weak = (
        (course / "tests/units/doubling/test_hidden.py")
        .read_text()
        .replace("close(submission.softmax(X), reference.softmax(X))", "submission.softmax(X)")
    )
    (course / "tests/units/doubling/test_hidden.py").write_text(weak)
    verdicts = list(judge(load_course(course).unit("doubling"), Finder(1)))
    assert len([v for v in verdicts if v.survived]) > len(survivors) + 5
    assert any(v.killed for v in verdicts)


def test_a_survivor_on_the_list_is_equivalent_and_others_fail_the_command(course: Path):
    unit = load_course(course).unit("doubling")
    assert unit.equivalents == ()
    entry = (
        '\n[[equivalent]]\nexercise = "double"\nbefore = "return 2 * X"\nafter = "return 2 / X"\nreason = "no reason"\n'
    )
    listed = unit.home / "unit.toml"
    listed.write_text(listed.read_text() + entry)
    assert [entry.reason for entry in load_course(course).unit("doubling").equivalents] == ["no reason"]
    weak = (
        (course / "tests/units/doubling/test_hidden.py")
        .read_text()
        .replace("close(submission.double(X), reference.double(X))", "submission.double(X)")
        .replace("close(mine.inputs[0], right", "close(right.inputs[0], right")
    )
    (course / "tests/units/doubling/test_hidden.py").write_text(weak)
    command = [sys.executable, "-m", "autograder", "verify", "--mutants", "--jobs", "1", "doubling"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert "1 equivalent" in done.stdout
    assert "- return 2 * X\n    + return 2 + X" in done.stdout
    assert "return 2 / X" not in done.stdout


def test_an_equivalent_may_be_bound_to_a_line_and_a_bad_list_is_refused(course: Path):
    unit = load_course(course).unit("doubling")
    mutant = mutants(unit)[0]
    listed = unit.home / "unit.toml"
    before = listed.read_text()
    entry = f'{before}\n[[equivalent]]\nexercise = "{mutant.exercise}"\nbefore = "{mutant.before}"\nafter = "{mutant.after}"\nreason = "r"\n'
    for line, covered in ((0, True), (mutant.line, True), (mutant.line + 1, False)):
        listed.write_text(f"{entry}line = {line}\n")
        assert covers(load_course(course).unit("doubling").equivalents[0], mutant) is covered
    listed.write_text(f'{before}\n[[equivalent]]\nexercise = "double"\n')
    with pytest.raises(CourseError, match=r"unit\.toml.*before"):
        load_course(course)


def test_what_only_one_check_notices_and_mistakes_without_a_name_are_told(unit: Unit):
    verdicts = list(judge(unit, Finder(1)))
    told = {each.check: each for each in noticed(unit, verdicts)}
    assert told["test_softmax"].alone > 5
    assert told["test_double_gradient"].alone == 0
    assert told["test_double_is_twice_the_input"].shared > 2
    assert told["test_noise_on_a_gpu"].alone == told["test_noise_on_a_gpu"].shared == 0
    groups = unnamed(verdicts)
    assert all(len(group) > 1 and len({mutant.exercise for mutant in group}) == 1 for group in groups)
    assert sorted(map(len, groups), reverse=True) == list(map(len, groups))
    changes = [{" ".join(mutant.after.split()) for mutant in group} for group in groups]
    assert not any({"return 2 + X", "return X**2"} & change for change in changes)  # known mistakes have names


def test_a_mutant_is_graded_once_until_something_changes(course: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AUTOGRADER_CACHE", str(tmp_path / "cache"))
    unit = load_course(course).unit("doubling")
    first = list(judge(unit, Finder(1)))
    monkeypatch.setattr(Finder, "_work_out", lambda _self, pieces: pytest.fail("graded again") if pieces else iter(()))
    again = list(judge(unit, Finder(1)))
    assert sorted(v.mutant.source for v in first) == sorted(v.mutant.source for v in again)
    assert {v.mutant.source: v.notices for v in first} == {v.mutant.source: v.notices for v in again}


def listed(course: Path, **entry: str) -> Unit:
    """The test course's unit with an entry in its list of equivalents."""
    path = course / "tests/units/doubling/unit.toml"
    lines = "".join(f'{key} = "{value}"\n' for key, value in {"reason": "none", **entry}.items())
    path.write_text(f"{path.read_text()}\n[[equivalent]]\n{lines}")
    return load_course(course).unit("doubling")


def test_equivalents_are_compared_on_other_inputs(course: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equivalence, "INPUTS", 60)
    shift = "E = torch.exp(X - X.max(dim=1, keepdim=True).values)"
    unit = listed(course, exercise="double", before="return 2 * X", after="return 2 + X")
    (doubt,) = doubts(unit, 1)
    assert "answers otherwise than the solution in test_double_is_twice_the_input, drawn from seed 2" in doubt.problem
    unit = listed(course, exercise="softmax", before="gone", after=shift)
    assert "stands for no mutant any more; take it out" in [doubt.problem for doubt in doubts(unit, 1)]


def test_a_mutant_that_is_the_same_function_raises_no_doubt(course: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equivalence, "INPUTS", 60)
    solution = course / "solutions/doubling.py"
    solution.write_text(solution.read_text().replace("return 2 * X", "unused = 1 + 1\n    return 2 * X"))
    unit = listed(course, exercise="double", before="unused = 1 + 1", after="unused = 1 - 1")
    assert list(doubts(unit, 1)) == []
