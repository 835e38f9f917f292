"""What a contract says, read without running it: sentences of the stub, students' checks, ids, keys, what must be noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.authoring.building import build
from autograder.authoring.cutting import BuildError
from autograder.authoring.declared import contracts, declared
from autograder.authoring.generic import generic_mistakes
from autograder.authoring.sentences import suite_messages
from autograder.authoring.stubs import public_text, stub_text, unmarked
from autograder.course import SuiteError, Unit, load_course
from autograder.grader.keys import exercise_key, suite_code
from autograder.grader.suite_file import collect
from autograder.language import speaking

COURSE = Path(__file__).parent.parent / "course"
CONTRACT = """

CASES = {"large": ("Large X are doubled too.", {"X": matrices(elements=st.just(1e6))})}

contract(
    "double",
    inputs={"X": matrices(dtype=torch.float64)},
    matches="Every entry is twice as large.",
    also=CASES,
    gradient=["X"],
    keeps=True,
    device=True,
    public={"X": torch.tensor([[1.0, 2.0]])},
)
"""
MARKED = "# %% [markdown]\n# ## double\n#\n# - {promises of double}\n\n\n# %%\ndef double"


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    """The test course's unit with a contract in its suite and a place for its sentences in the solution."""
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    unit = load_course(root).unit("doubling")
    suite = unit.hidden_suite.read_text().replace("import check,", "import check, contract,")
    unit.hidden_suite.write_text(suite + CONTRACT)
    unit.solution.write_text(unit.solution.read_text().replace("# %%\ndef double", MARKED))
    return unit


IDS = ["double.form", "double.matches", "double.also.large", "double.gradient", "double.keeps", "double.device"]


def test_clauses_are_checks_with_ids_of_their_own(unit: Unit):
    assert [each.name for each in declared(unit.hidden_suite, "check") if "." in each.name] == IDS
    suite = collect(unit.hidden_suite, unit.name, 1)
    assert [check.id for check in suite.checks if "." in check.id] == IDS


def test_the_stub_says_what_is_checked(unit: Unit):
    said = (
        "# - Gradients reach `X`. What goes in stays as it is, and a call remembers nothing of earlier ones.\n"
        "#   It works on the device that `X` is on, a GPU too.\n"
    )
    stub = stub_text(unit)
    assert said in stub or said.replace("\n#   ", " ") in stub.replace("\n#   ", " ")
    assert "{promises" not in stub


def test_the_stub_says_it_in_chinese(unit: Unit):
    unit.catalog("zh").write_text('msgid ""\nmsgstr ""\n"Language: zh\\n"\n')
    with speaking("en"):
        files = build(unit)
    (told,) = [text for path, text in files.items() if "zh" in path.parts and path.suffix == ".py"]
    assert "# - 梯度能传到`X`。" in told.replace("\n#   ", "")


def test_a_contract_without_a_place_in_the_stub_is_seen(unit: Unit):
    assert unmarked(unit) == []
    unit.solution.write_text(unit.solution.read_text().replace("# - {promises of double}\n", ""))
    assert unmarked(unit) == ["double"]


def test_a_place_without_a_contract_is_refused(unit: Unit):
    unit.solution.write_text(unit.solution.read_text().replace("promises of double", "promises of noise"))
    with pytest.raises(BuildError, match="noise has no contract that promises anything"):
        stub_text(unit)


def test_students_get_what_needs_no_reference(unit: Unit, tmp_path: Path):
    text = public_text(unit)
    assert text.startswith(unit.public_suite.read_text().rstrip("\n"))
    for secret in ("matches", "twice as large", "inputs=", "Large"):
        assert secret not in text[len(unit.public_suite.read_text()) :]
    path = tmp_path / "test_public.py"
    path.write_text(text)
    found = [check.id for check in collect(path, unit.name, 1).checks if "." in check.id]
    assert found == ["double.gradient", "double.keeps", "double.device"]
    assert build(unit)[unit.assignment / "test_public.py"] == text


def test_public_inputs_that_cannot_be_copied_are_refused(unit: Unit):
    text = unit.hidden_suite.read_text().replace("torch.tensor([[1.0, 2.0]])", "matrices")
    unit.hidden_suite.write_text(text)
    with pytest.raises(BuildError, match="public of double goes to students, who have no matrices"):
        public_text(unit)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"double",\n    inputs', "NAME,\n    inputs", "name the exercise in quotes"),
        ('{"X": matrices(dtype=torch.float64)}', "dict(X=matrices())", "write inputs as a dictionary"),
        ("also=CASES", "also={**CASES}", "write also as a dictionary"),
    ],
)
def test_what_cannot_be_read_says_where(unit: Unit, old: str, new: str, said: str):
    unit.hidden_suite.write_text(unit.hidden_suite.read_text().replace(old, new))
    with pytest.raises(BuildError, match=said):
        contracts(unit.hidden_suite)


def test_titles_of_a_contract_are_translated(unit: Unit):
    titles = [message.text for message in suite_messages(unit.hidden_suite) if message.kind == "title"]
    assert {"Every entry is twice as large.", "Large X are doubled too."} <= set(titles)


def test_a_contract_counts_for_its_exercise_and_its_titles_do_not(unit: Unit):
    def keys() -> dict[str, str]:
        return {name: exercise_key(unit, name, 1) for name in ("double", "noise")}

    def replaced(old: str, new: str) -> dict[str, str]:
        text = unit.hidden_suite.read_text()
        assert old in text
        unit.hidden_suite.write_text(text.replace(old, new))
        return keys()

    first = keys()
    assert replaced("Every entry is twice as large.", "Twice as large.") == first
    changed = replaced("keeps=True", "keeps=False")
    assert changed["noise"] == first["noise"]
    assert changed["double"] != first["double"]
    assert replaced("st.just(1e6)", "st.just(1e7)") != changed


def test_checks_of_another_unit_can_be_taken(unit: Unit):
    other = unit.home.parent / "twofold"
    other.mkdir()
    suite = other / "test_hidden.py"
    taken = 'from autograder.suite import from_unit\n\nfrom_unit("doubling", "{}")\n'
    suite.write_text(
        taken.format("double.keeps") + taken.format("test_noise_lies_in_the_unit_interval").split("\n\n")[1]
    )
    assert [(each.exercise, each.name) for each in declared(suite, "check")] == [
        ("double", "double.keeps"), ("noise", "test_noise_lies_in_the_unit_interval"),
    ]  # fmt: skip
    checks = collect(suite, "twofold", 1).checks
    assert [(check.exercise, check.id.split("[")[0]) for check in checks] == [
        ("double", "double.keeps"), *[("noise", "test_noise_lies_in_the_unit_interval")] * 2,
    ]  # fmt: skip
    before = suite_code(suite, "double")
    unit.hidden_suite.write_text(unit.hidden_suite.read_text().replace("st.just(1e6)", "st.just(1e7)"))
    assert suite_code(suite, "double") != before


def test_a_check_that_another_unit_lacks_is_named(unit: Unit):
    other = unit.home.parent / "twofold"
    other.mkdir()
    suite = other / "test_hidden.py"
    suite.write_text('from autograder.suite import from_unit\nfrom_unit("doubling", "double.alone")\n')
    with pytest.raises(BuildError, match=r"doubling has no check double\.alone"):
        list(declared(suite, "check"))
    with pytest.raises(SuiteError, match=r"doubling has no check double\.alone"):
        collect(suite, "twofold", 1)
    suite.write_text('from autograder.suite import from_unit\nfrom_unit("halving", "halve.keeps")\n')
    with pytest.raises(SuiteError, match="there is no"):
        collect(suite, "twofold", 1)


def test_every_clause_has_something_that_it_must_notice(unit: Unit):
    (made,) = contracts(unit.hidden_suite)
    noticed = {mistake.clause.id for mistake in generic_mistakes(made)}
    assert noticed == set(IDS) - {"double.also.large"}
