"""`autograder verify` finds what is wrong with a unit, and finds out again only what a change touches."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import COURSE

from autograder.authoring import generic, planning
from autograder.authoring.bench import Bench
from autograder.authoring.finding import Finder
from autograder.authoring.linting import lint
from autograder.authoring.planning import Asked, Found, Piece
from autograder.authoring.verifying import Finding, Verifier
from autograder.course import CourseError, Unit, load_course
from autograder.grader import keys

REFERENCE_TEST = '"""Independent."""\n\nfrom pathlib import Path\n\n\ndef test_it():\n    assert {claim}\n'
MORE_ACCEPTED = """

@accepted("double", "product")
def times(X):
    return 2 * X


@accepted("double", "stack")
def stacked(X):
    import torch
    return torch.stack([X, X]).sum(0)
"""


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, str, str], Unit]:
    """A copy of the test course in which `old` is replaced by `new` in one file."""

    def plant(file: str, old: str, new: str) -> Unit:
        unit = copied(tmp_path)
        if file:
            replace(unit.root / file, old, new)
        return unit

    return plant


def copied(folder: Path) -> Unit:
    """The test course's unit, with all the files it should have."""
    root = folder / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    unit = load_course(root).unit("doubling")
    unit.reference_tests.write_text(REFERENCE_TEST.format(claim="Path('reference').is_dir()"))
    unit.accepted.write_text(unit.accepted.read_text() + MORE_ACCEPTED)
    return unit


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench(1) as bench:
        yield bench


def problems(unit: Unit, bench: Bench) -> dict[str, str]:
    found: list[Finding] = list(Verifier(Finder(1, bench=bench)).verify([unit]))
    ours = [finding for finding in found if not finding.problem.endswith("are wanted")]  # it has few accepted variants
    assert len(ours) > 5
    return {finding.subject: finding.problem for finding in ours if finding.problem}


PLANTED = {
    "nothing": ("", "", "", "", ""),
    "a reference that is wrong": (
        "reference/doubling.py", "return X + X", "return X + X + X",
        "solution", "loses points in test_double",
    ),
    "a failing test of the reference": (
        "tests/units/doubling/test_reference.py", "is_dir", "is_file",
        "reference against torch", "assert Path('reference').is_file()",
    ),
    "a test of the reference that cannot run": (
        "tests/units/doubling/test_reference.py", "from pathlib", "from nowhere",
        "reference against torch", "No module named 'nowhere'",
    ),
    "a misconception that is right": (
        "tests/units/doubling/wrong.py", "return X + 2", "return X + X",
        "misconception add_two", "is not caught",
    ),
    "two misconceptions that cannot be told apart": (
        "tests/units/doubling/wrong.py", "return X + 2", "return X**2",
        "misconception add_two", "is recognised as 'squares instead of doubling'",
    ),
    "an accepted variant that is wrong": (
        "tests/units/doubling/right.py", "return 2 * X", "return 2.5 * X",
        "accepted times", "loses points in test_double",
    ),
    "a stub that drifted": (
        "assignments/doubling/doubling.py", "def double", "def double_it",
        "assignment", "run `autograder build`",
    ),
    "a suite that cannot be collected": (
        "tests/units/doubling/test_hidden.py", "import torch\n", "import torch\nimport nothing_like_it\n",
        "suite", "No module named 'nothing_like_it'",
    ),
    "a mark that is no plain string": (
        "tests/units/doubling/wrong.py", '"adds two"', 'f"adds two"',
        "misconceptions", 'wrong.py:15: write @misconception("exercise", "what is done", hint="...")',
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named(fault: str, broken: Callable[[str, str, str], Unit], bench: Bench):
    file, old, new, subject, said = PLANTED[fault]
    found = problems(broken(file, old, new), bench)
    if not subject:
        assert found == {}
    else:
        assert said in found.get(subject, ""), found


def test_what_is_missing_is_named_and_the_rest_is_verified(broken: Callable[[str, str, str], Unit], bench: Bench):
    unit = broken("tests/units/doubling/wrong.py", "return X + 2", "return X + X")
    unit.public_suite.unlink()
    unit.accepted.unlink()
    found = problems(unit, bench)
    assert found["files"] == "missing: tests/units/doubling/test_public.py, tests/units/doubling/right.py"
    assert "is not caught" in found["misconception add_two"]
    assert set(found) == {"files", "misconception add_two"}


def test_the_solutions_own_faults_are_not_laid_to_the_accepted_variants(
    broken: Callable[[str, str, str], Unit], bench: Bench
):
    found = problems(broken("solutions/doubling.py", "E / E.sum(dim=1, keepdim=True)", "E"), bench)
    assert "test_softmax" in found["solution"]
    assert not [subject for subject in found if subject.startswith("accepted")]


def test_one_exercise_alone(broken: Callable[[str, str, str], Unit], bench: Bench):
    unit = broken("tests/units/doubling/wrong.py", "return X + 2", "return X + X")
    found = list(Verifier(Finder(1, bench=bench), only="softmax").verify([unit]))
    assert not [f for f in found if f.subject.startswith("misconception")]
    found = list(Verifier(Finder(1, bench=bench), only="double").verify([unit]))
    assert [f.problem for f in found if f.subject == "misconception add_two"] == ["is not caught: it gets full marks"]
    with pytest.raises(CourseError, match="doubling has no exercise halve; it has double, Scale, softmax, noise"):
        list(Verifier(Finder(1, bench=bench), only="halve").verify([unit]))


class Notes:
    """Stands for a bench: notes what is asked of it, and answers as a flawless unit would."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str]] = set()

    def find(self, piece: Piece) -> dict[str, Found]:
        self.asked |= {(piece.subject, name) for name in piece.exercises}
        outcome = "failed" if piece.kind in ("stub", "misconception") else "passed"
        named = piece.variants[0].name if piece.kind == "misconception" else ""
        return {name: Found([Asked(f"test_{name}", outcome, named=named)]) for name in piece.exercises}

    def forget(self) -> None:
        pass


def asked_again(unit: Unit, **settings: Any) -> set[tuple[str, str]]:
    notes = Notes()
    list(Verifier(Finder(settings.pop("seed", 1), bench=notes, **settings)).verify([unit]))  # type: ignore[arg-type]
    return notes.asked


NAMES = ("double", "Scale", "softmax", "noise")
WHOLE = ("solution", "solution as a notebook", "public checks", "stub", "stub by the public checks", "reference")
GROUPS = ("accepted add", "accepted times", "accepted stacked")
WRONG = ("misconception square", "misconception add_two")
BY_HIDDEN = {s for s in (*WHOLE, *GROUPS) if "public" not in s}


def of(subjects: Any, *names: str) -> set[tuple[str, str]]:
    """The questions about some subjects in some exercises (the public checks know no noise)."""
    return {(s, n) for s in subjects for n in names if not (s in WRONG and n != "double")}


EVERYTHING = of((*WHOLE, *GROUPS, *WRONG), *NAMES) | {("reference against torch", "")}
SUITE, OTHERS = "tests/units/doubling/test_hidden.py", "tests/units/doubling/wrong.py"
CHANGES: dict[str, tuple[str, str, str, set[tuple[str, str]]]] = {
    "nothing": (SUITE, "import", "import", set()),
    "a check's title": (SUITE, "double(X) is twice X.", "double(X) is X + X.", set()),
    "a comment in the suite": (SUITE, "import pytest\n", "# ours\nimport pytest\n", set()),
    "the body of a check": (
        SUITE, "close(submission.softmax(X), reference.softmax(X))", "close(submission.softmax(X + 0), reference.softmax(X))",
        of(BY_HIDDEN, "softmax"),
    ),
    "the body of a check of an exercise with known mistakes": (
        SUITE, "close(submission.double(X), reference.double(X))", "close(submission.double(X + 0), reference.double(X))",
        of((*BY_HIDDEN, *WRONG), "double"),
    ),
    "what the checks share": (SUITE, "import pytest\n", "import pytest\n\nLIMIT = 3\n", of((*BY_HIDDEN, *WRONG), *NAMES)),
    "a public check": (
        "tests/units/doubling/test_public.py", 'double([[1.]]) is [[2.]]', 'double([[1.]]) is [[2.]]', set(),
    ),
    "the reference": ("reference/doubling.py", "return X + X", "return X + X + 0", EVERYTHING),
    "the solution's code": (
        "solutions/doubling.py", "return 2 * X", "return X * 2",
        of(("solution", "solution as a notebook", "public checks", *GROUPS, *WRONG), *NAMES),
    ),
    "the solution's prose": (
        "solutions/doubling.py", "# # Doubling", "# # Doubling twice", of(("stub", "stub by the public checks"), *NAMES),
    ),
    "a known mistake": (OTHERS, "return X + 2", "return 2 + X", of(WRONG, "double")),
    "the name of a known mistake": (OTHERS, '"adds two"', '"adds 2"', of(WRONG, "double")),
    "a hint": (OTHERS, "Two times, not two more.", "Twice, not two more.", set()),
    "an accepted variant": (
        "tests/units/doubling/right.py", "return 2 * X", "return 2 * X + 0", of(("accepted times",), *NAMES),
    ),
    "a rule": (
        "tests/units/doubling/unit.toml", '["*softmax*"]', '["*softmax*", "exp"]',
        of(WHOLE, "softmax") | of(GROUPS, "softmax"),
    ),
    "the unit's title": ("tests/units/doubling/unit.toml", "Doubling", "Twofold", set()),
    "the test of the reference": (
        "tests/units/doubling/test_reference.py", "is_dir()", "exists()", {("reference against torch", "")},
    ),
}  # fmt: skip


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """A unit about which everything was found out."""
    monkeypatch.setenv("AUTOGRADER_CACHE", str(tmp_path / "cache"))
    unit = copied(tmp_path)
    assert asked_again(unit) == EVERYTHING
    return unit


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_exactly_what_depends_on_it_be_found_out_again(change: str, known: Unit):
    file, old, new, again = CHANGES[change]
    replace(known.root / file, old, new)
    os.utime(known.root / file, (1, 1))  # a change within the clock's tick is a change, too
    assert asked_again(load_course(known.root).unit("doubling")) == again
    assert asked_again(load_course(known.root).unit("doubling")) == set()


def test_the_order_of_known_mistakes_counts(known: Unit):
    text = known.misconceptions.read_text()
    head, first, second = text.split("@misconception(")
    known.misconceptions.write_text(f"{head}@misconception({second.rstrip()}\n\n\n@misconception({first.rstrip()}\n")
    assert asked_again(known) == of(WRONG, "double")


def test_seed_engine_versions_and_hardware_count(known: Unit, monkeypatch: pytest.MonkeyPatch):
    graded = EVERYTHING - {("reference against torch", "")}
    assert asked_again(known, seed=2) == graded
    with monkeypatch.context() as patched:
        patched.setattr(keys, "_DRIVER", hardware(known.root))
        assert asked_again(known) == graded
    with monkeypatch.context() as patched:
        for module in (keys, planning):
            patched.setattr(module, "engine_version", lambda: "another")
        assert asked_again(known) == EVERYTHING
    assert asked_again(known) == set()


def hardware(folder: Path) -> Path:
    """The driver's list on a machine with a GPU."""
    place = folder / "gpus" / "0000:01:00.0"
    place.mkdir(parents=True)
    (place / "information").write_text("Model: \t\t NVIDIA H200\n")
    return folder / "gpus"


def test_cold_looks_at_nothing(known: Unit):
    assert asked_again(known, cold=True) == EVERYTHING


def test_a_damaged_value_is_found_out_again(known: Unit, tmp_path: Path):
    for path in (tmp_path / "cache/findings").glob("*/*"):
        path.write_bytes(b"\xc1")
    assert asked_again(known) == EVERYTHING - {("assignment", "")}


def verified(course: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "verify", "doubling", *options]
    return subprocess.run(command, cwd=course, capture_output=True, text=True, check=False, timeout=300)


def test_a_mistake_that_trips_fewer_checks_is_a_problem_until_it_is_accepted(tmp_path: Path):
    """The gradient's check stops noticing that squares are no doubles."""
    unit = copied(tmp_path)
    for name in ("Scale", "softmax", "noise"):  # three variants each
        more = "".join(VARIANTS[name].format(number=number) for number in range(3))
        unit.accepted.write_text(unit.accepted.read_text() + more)
    lock = unit.home / "lock.json"
    done = verified(unit.root)
    assert done.returncode == 0, done.stdout
    trips = json.loads(lock.read_text())["trips"]
    assert trips["square"] == ["test_double_is_twice_the_input", "test_double_gradient"]
    replace(unit.hidden_suite, "close(mine.inputs[0], right", "close(right.inputs[0], right")
    done = verified(unit.root)
    assert done.returncode == 1
    assert "lock square no longer trips test_double_gradient; if that is right: --accept" in done.stdout
    assert json.loads(lock.read_text())["trips"] == trips
    assert verified(unit.root, "--accept").returncode == 0
    assert json.loads(lock.read_text())["trips"]["square"] == ["test_double_is_twice_the_input"]
    replace(unit.hidden_suite, "close(right.inputs[0], right", "close(mine.inputs[0], right")
    done = verified(unit.root)
    assert (done.returncode, "lock square trips test_double_gradient" in done.stdout) == (0, True)
    assert json.loads(lock.read_text())["trips"] == trips


VARIANTS = {
    "Scale": '\n\n@accepted("Scale", "style {number}")\nclass Scale{number}(nn.Module):\n    def __init__(self, factor):\n'
    "        super().__init__()\n        self.factor = nn.Parameter(torch.tensor(float(factor), dtype=torch.float64))\n\n"
    "    def forward(self, X):\n        return X * self.factor\n",
    "softmax": '\n\n@accepted("softmax", "style {number}")\ndef softmax_{number}(X):\n    E = torch.exp(X - X.max())\n'
    "    return E / E.sum(1, keepdim=True)\n",
    "noise": '\n\n@accepted("noise", "style {number}")\ndef noise_{number}(n):\n    return torch.rand(n)\n',
}


# Contracts: what must be noticed, and what must earn nothing


CONTRACT = '''
from autograder.suite import contract

contract("double", inputs={"X": matrices()}, matches="Every entry is twice as large.", keeps=True, also={})
'''


def with_contract(tmp_path: Path, more: str = "", points: str = "[points]\ndouble = 4\n") -> Unit:
    unit = copied(tmp_path)
    unit.hidden_suite.write_text(unit.hidden_suite.read_text() + CONTRACT + more)
    home = unit.home / "unit.toml"
    home.write_text(home.read_text().replace("[forbidden]", f"{points}\n[forbidden]", 1))
    return load_course(unit.root).unit("doubling")


def said_of(unit: Unit, bench: Bench, kind: str) -> dict[str, str]:
    findings = Verifier(Finder(1, bench=bench), only="double").verify([unit])
    return {each.subject: each.problem for each in findings if each.subject.startswith(kind)}


def test_each_promise_is_broken_once_and_must_be_noticed(tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch):
    unit = with_contract(tmp_path)
    assert set(said_of(unit, bench, "generic").values()) == {""}
    # A mistake that breaks nothing stands for a clause that notices nothing.
    monkeypatch.setitem(generic._BODIES["keeps"], "a setting is switched", "return right(*args)")
    found = said_of(unit, bench, "generic")
    assert found.pop("generic double.keeps: a setting is switched") == "is not noticed by double.keeps"
    assert set(found.values()) == {""}


def test_what_answers_nothing_earns_next_to_nothing(tmp_path: Path, bench: Bench):
    unit = with_contract(tmp_path)
    assert set(said_of(unit, bench, "non-answer").values()) == {""}
    easy = '\n\n@check("easy", points=1)\n@given(X=matrices())\ndef test_easy(submission, X):\n    """Anything will do."""\n'
    unit = with_contract(tmp_path / "easy", easy.replace('"easy"', '"double"').replace("test_easy", "test_anything"))
    assert set(said_of(unit, bench, "non-answer").values()) == {""}, "a property earns nothing without the definition"
    unit = with_contract(tmp_path / "loose", easy.replace('"easy"', '"double"').replace("test_easy", "test_anything"))
    replace(unit.hidden_suite, CONTRACT, "")
    found = said_of(unit, bench, "non-answer")
    assert found["non-answer double: zeros"] == "earns 25% of the exercise, and may earn 5%"


def test_points_are_given_to_every_exercise_or_to_none(tmp_path: Path):
    unit = with_contract(tmp_path, points="[points]\ndouble = 4\nhalve = 2\n")
    said = [flaw.problem for flaw in lint(load_course(unit.root), [unit])]
    assert "gives points for halve, which is no exercise" in said
    assert "gives points for other exercises, but not for noise" in said
    with pytest.raises(CourseError, match="points"):
        with_contract(tmp_path / "bad", points="[points]\ndouble = 0\n")
