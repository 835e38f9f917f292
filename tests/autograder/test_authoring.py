"""An author's loop: begin a unit, lint it, keep its ids; none of it runs the unit or imports torch."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import COURSE

from autograder.authoring import linting
from autograder.authoring.building import update
from autograder.authoring.catalogs import course_catalogs
from autograder.authoring.cutting import BuildError
from autograder.authoring.declared import declared, exercises
from autograder.authoring.ids import ids_text, problems_of_ids, read_ids
from autograder.authoring.linting import Flaw, flaws_of_hint, hash_of_hint, lint
from autograder.authoring.lock import Lock, write_lock
from autograder.authoring.planning import plan
from autograder.authoring.scaffolding import scaffold
from autograder.course import Course, CourseError, Unit, load_course
from autograder.language import catalog_path
from autograder.submissions.variants import accepted_variants, misconceptions

SENTENCE = (
    "Two times a number is not its square: they agree for 0 and 2 alone. What happens to a 3 in the first column?"
)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    return load_course(root)


@pytest.fixture
def fine(course: Course) -> Unit:
    """A unit without a flaw: the test course's, with what it lacks."""
    unit = course.unit("doubling")
    variants = [f'\n\n@accepted("{n}", "style {i}")\n{code(n, i)}\n' for n in NAMES for i in range(3)]
    unit.accepted.write_text("from autograder.suite import accepted\n" + "".join(variants))
    wrong = [f'\n\n@misconception("{n}", "{n} is wrong", hint="{SENTENCE}")\n{code(n, 9)}\n' for n in NAMES]
    unit.misconceptions.write_text("from autograder.suite import misconception\n" + "".join(wrong))
    hints = "".join(f'\n\nhints("{name}", question="Why?", idea="It is.", formula="y = 2x")\n' for name in NAMES)
    unit.public_suite.write_text(unit.public_suite.read_text() + hints)
    unit.reference_tests.write_text("def test_nothing():\n    pass\n")
    write_lock(unit, Lock({f"{name}_9": ["test_double_is_twice_the_input"] for name in NAMES}))
    unit = load_course(course.root).unit("doubling")
    refresh(course, unit)
    return unit


NAMES = ("double", "Scale", "softmax", "noise")


def code(name: str, number: int) -> str:
    return f"def {name}_{number}(X):\n    return {number}" if name != "Scale" else f"class {name}_{number}:\n    pass"


def refresh(course: Course, unit: Unit) -> None:
    """Bring what the tools write up to date, and translate every sentence by itself."""
    update(ids_text(unit))
    catalog = catalog_path(unit.home, "zh")
    for _ in range(2):
        (text,) = course_catalogs(course, [unit]).values()
        lines = [line for line in text.split("\n") if line != "#, fuzzy"]
        for i, line in enumerate(lines):
            if line.startswith("msgid ") and i > 2:
                lines[i + 1] = line.replace("msgid", "msgstr", 1)
        catalog.write_text("\n".join(lines))


def flaws(course: Course, name: str = "doubling") -> list[str]:
    again = load_course(course.root)
    return [f"{flaw.place}: {flaw.problem}" for flaw in lint(again, [again.unit(name, drafts=True)])]


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1))


def test_a_finished_unit_has_no_flaw(course: Course, fine: Unit):
    assert flaws(course) == []


FLAWS: dict[str, tuple[Callable[[Unit], object], str]] = {
    "a missing file": (lambda u: u.reference_tests.unlink(), "test_reference.py: is missing"),
    "a file nobody expects": (lambda u: (u.home / "helpers.py").write_text(""), "helpers.py: is no file of a unit; take it out"),
    "another order": (
        lambda u: replaced(u.accepted, 'accepted("double", "style 0")', 'accepted("noise", "style 0")'),
        "`accepted` in another order than the solution: noise, double, Scale, softmax",
    ),
    "too few variants": (
        lambda u: replaced(u.accepted, 'accepted("double", "style 0")', 'accepted("noise", "style 0")'),
        "double has 2 of `accepted`, at least 3 wanted",
    ),
    "no public check": (
        lambda u: replaced(u.public_suite, '@check("noise"', '@check("double"'), "noise has 0 of `check`, at least 1 wanted",
    ),
    "no help": (
        lambda u: replaced(u.public_suite, 'hints("noise"', 'hints("double"'), "noise has 0 of `hints`, at least 1 wanted",
    ),
    "an exercise nobody asks for": (
        lambda u: replaced(u.misconceptions, 'misconception("noise"', 'misconception("halve"'),
        "`misconception` of halve, which the solution does not ask for",
    ),
    "a rule for no exercise": (
        lambda u: replaced(u.home / "unit.toml", "softmax =", "sofmax ="), "has a rule for sofmax, which is no exercise",
    ),
    "a hint that gives no question": (
        lambda u: replaced(u.misconceptions, "What happens to a 3 in the first column?", "A 3 stays a 3."),
        "double_9: the hint ends with neither a question nor a place to look at",
    ),
    "one name for two": (
        lambda u: replaced(u.misconceptions, '"Scale", "Scale is wrong"', '"double", "double is wrong"'),
        "2 mistakes of double are called 'double is wrong'",
    ),
    "a mistake the lock does not know": (
        lambda u: replaced(u.misconceptions, "def double_9", "def double_10"), "lock.json: is out of date; run `autograder verify",
    ),
    "a spared hint that is gone": (
        lambda u: write_lock(u, Lock({f"{n}_9": [] for n in NAMES}, ["0123456789ab"])),
        "spares hints that have changed: 0123456789ab; take them out",
    ),
    "a sentence nobody translated": (
        lambda u: replaced(u.home / "zh.po", 'msgstr "Why?"', 'msgstr ""'), "'Why?' is not translated",
    ),
    "a changed sentence": (
        lambda u: replaced(u.hidden_suite, "double(X) is twice X.", "double(X) is X, twice."), "zh.po: is out of date",
    ),
    "an id that came back": (
        lambda u: replaced(u.home / "ids.txt", "test_softmax softmax", "test_softmax softmax retired"),
        "test_softmax was retired; give the new check an id of its own",
    ),
    "an id of another exercise": (
        lambda u: replaced(u.home / "ids.txt", "test_softmax softmax", "test_softmax noise"),
        "test_softmax was a check of noise, not of softmax; give the new check an id of its own",
    ),
    "an id nobody noted": (
        lambda u: replaced(u.home / "ids.txt", "test_softmax softmax\n", ""), "ids.txt: is out of date; run `autograder build",
    ),
    "something left to fill in": (
        lambda u: replaced(u.solution, "# # Doubling", "# # TODO title"), "solutions/doubling.py:2: is still to be written",
    ),
    "a stranger's file of another name": (
        lambda u: (u.home / "blind/right").mkdir(parents=True) or (u.home / "blind/right/halve_1.py").write_text(""),
        "halve_1.py is not named blind/right/EXERCISE_NUMBER.py",
    ),
    "code Python cannot read": (lambda u: u.hidden_suite.write_text("def ("), "test_hidden.py cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FLAWS)
def test_each_flaw_is_named(kind: str, course: Course, fine: Unit):
    assert flaws(course) == []
    change, said = FLAWS[kind]
    change(fine)
    assert [flaw for flaw in flaws(course) if said in flaw], flaws(course)


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("Too short?", ["the hint has 2 words, and not 15 to 80"]),
        (" ".join(["word"] * 81) + "?", ["the hint has 81 words, and not 15 to 80"]),
        (f"Use X.sum(dim=1) instead. {SENTENCE}", ["the hint holds code"]),
        (f"{SENTENCE} It is wrong.", ["the hint ends with neither a question nor a place to look at: 'It is wrong.'"]),
        (f"{SENTENCE} Look at the axis of the sum.", []),
    ],
)
def test_a_hint_is_short_in_words_and_leads_on(hint: str, said: list[str]):
    assert list(flaws_of_hint(hint)) == said


def test_a_hint_from_before_is_spared_until_it_changes(course: Course, fine: Unit):
    old = "A square is no double, and that is all there is to say about it, so mend it before anything else here."
    replaced(fine.misconceptions, SENTENCE, old)
    refresh(course, fine)
    assert len(flaws(course)) == 1
    write_lock(fine, Lock({f"{name}_9": [] for name in NAMES}, [hash_of_hint(old)]))
    assert flaws(course) == []
    replaced(fine.misconceptions, old, old.replace("all there is", "everything there is"))
    refresh(course, fine)
    assert len(flaws(course)) == 2  # the new words, and a spared hint that is gone


def test_linting_knows_what_it_saw_and_sees_what_changed(course: Course, fine: Unit, monkeypatch: pytest.MonkeyPatch):
    assert flaws(course) == []
    with monkeypatch.context() as patched:
        patched.setattr(linting, "_RULES", (lambda _course, unit: [Flaw(unit.name, "", "looked at again")],))
        assert flaws(course) == []
        fine.reference_tests.write_text("# another\n")
        assert flaws(course) == [": looked at again"]
    fine.reference_tests.unlink()
    assert flaws(course) == ["tests/units/doubling/test_reference.py: is missing"]


def test_ids_are_added_and_retired_and_never_deleted(fine: Unit):
    replaced(fine.hidden_suite, "def test_softmax(", "def test_softmax_by_rows(")
    update(ids_text(fine))
    known = {each.id: each for each in read_ids(fine)}
    assert known["test_softmax"].retired
    assert not known["test_softmax_by_rows"].retired
    assert list(problems_of_ids(fine)) == []
    (fine.home / "ids.txt").write_text("test_a double gone\n")
    with pytest.raises(CourseError, match=r"ids\.txt, line 1: an id, its exercise and perhaps `retired`"):
        read_ids(fine)


def test_what_is_declared_is_read_without_running(tmp_path: Path):
    path = tmp_path / "test_f.py"
    path.write_text(
        'import gone\nhints("g")\n@check("f", points=2)\ndef test_f(x):\n    pass\n@check(f)\ndef test_g(): ...\n'
    )
    found = declared(path, "check")
    assert next(found).name == "test_f"
    with pytest.raises(BuildError, match=r"test_f\.py:6: name the exercise in quotes"):
        next(found)
    assert [each.exercise for each in declared(path, "hints")] == ["g"]
    assert exercises(COURSE / "solutions/doubling.py") == list(NAMES)


# Handing translations over


def translate(course: Course, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "translate", *options]
    return subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False, timeout=60)


def test_what_waits_is_handed_over_in_one_file_and_taken_back(course: Course, tmp_path: Path):
    (course.home / "glossary.toml").write_text('[zh]\n"tensor" = "张量"\n')
    file = tmp_path / "waiting.po"
    done = translate(course, "doubling", "--export", str(file))
    assert "sentences that wait" in done.stdout, done.stderr
    text = file.read_text()
    assert text.startswith("# The course's words:\n# tensor = 张量\n")
    assert '#. doubling: title\nmsgid "double(X) is twice X."\nmsgstr ""' in text
    assert text.count('msgid "Numbers"') == 1  # the part of the course, too
    file.write_text(
        text.replace('msgid "double(X) is twice X."\nmsgstr ""', 'msgid "double(X) is twice X."\nmsgstr "双倍"')
    )
    with file.open("a") as more:
        more.write('\nmsgid "gone"\nmsgstr "没了"\n')
    done = translate(course, "doubling", "--import", str(file))
    assert "'gone' stands in none of these units" in done.stderr
    assert 'msgid "double(X) is twice X."\nmsgstr "双倍"' in (course.unit("doubling").home / "zh.po").read_text()
    assert "double(X) is twice X." not in done.stdout
    file.write_text('msgid "a\n')
    done = translate(course, "--import", str(file))
    assert (done.returncode, "cannot be read as what `autograder translate --export` wrote" in done.stderr) == (2, True)


def test_what_is_translated_elsewhere_is_filled_in(course: Course):
    scaffold(course, "tripling", ["triple"])
    unit = load_course(course.root).unit("tripling", drafts=True)
    (course.unit("doubling").home / "zh.po").write_text(
        'msgid "TODO the formula, in mathematics, without code."\nmsgstr "公式"\n'
    )
    translate(course, "tripling")
    assert 'msgid "TODO the formula, in mathematics, without code."\nmsgstr "公式"' in (unit.home / "zh.po").read_text()


# Beginning a unit


def test_a_new_unit_has_all_its_files_and_is_a_draft(course: Course):
    written = scaffold(course, "tripling", ["triple(X, factor=3)", "Triple"])
    assert {path.name for path in written if path.parent.name == "tripling"} == {
        "unit.toml", "test_hidden.py", "test_public.py", "wrong.py", "right.py", "test_reference.py", "zh.po",
    }  # fmt: skip
    unit = load_course(course.root).unit("tripling", drafts=True)
    assert not unit.stable
    assert exercises(unit.solution) == ["triple", "Triple"]
    for path in written:
        if path.suffix == ".py":
            ast.parse(path.read_text())
    assert len(accepted_variants(unit)) == 6
    assert {variant.exercise for variant in misconceptions(unit)} == {"triple", "Triple"}
    assert len(list(plan(unit, 1, []))) > 8
    said = flaws(course, "tripling")
    assert said
    assert all("is still to be written" in each or "zh.po" in each for each in said if "hint" not in each), said


@pytest.mark.parametrize(
    ("unit", "names", "said"),
    [
        ("Tripling", ["triple"], "'Tripling' is no name for a unit"),
        ("tripling", [], "name at least one exercise"),
        ("tripling", ["a-b"], "'a-b' is no name for an exercise"),
        ("tripling", ["a", "a(X)"], "a stands there twice"),
        ("tripling", ["a(X"], r"'a\(X' is no name for an exercise; write softmax, or 'softmax\(X\)'"),
        ("halving", ["halve"], r"list halving in the part of solutions/course\.toml that it belongs to"),
        ("doubling", ["double"], r"solutions/doubling\.py.* are there already; nothing was written"),
    ],
)
def test_a_unit_that_cannot_be_begun_is_told_why(course: Course, unit: str, names: list[str], said: str):
    before = sorted(course.root.rglob("*"))
    with pytest.raises(CourseError, match=said):
        scaffold(course, unit, names)
    assert sorted(course.root.rglob("*")) == before


@pytest.mark.parametrize("command", [["lint"], ["new", "tripling", "triple"], ["list"], ["build", "--check"]])
def test_an_authors_commands_do_without_torch(course: Course, command: list[str]):
    code = "import sys\nfrom autograder.cli import app\ntry:\n    app(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
    code += "sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=course.root, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
