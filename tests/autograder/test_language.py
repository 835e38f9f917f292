"""Every student-facing sentence has its translation, and choosing a language changes words and nothing else."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE, Grade
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from autograder import language
from autograder.authoring import building, catalogs, prose, sentences
from autograder.authoring.declared import declared
from autograder.authoring.finding import Finder
from autograder.authoring.verifying import Verifier
from autograder.cli import app
from autograder.course import Course, Unit, load_course
from autograder.grader.grading import Grader
from autograder.language import CatalogError, catalog_path, speaking
from autograder.results.document import NOT_WRITTEN, SubmissionResult
from autograder.results.wrapping import wrap
from autograder.student.hinting import read_hints
from autograder.student.outline import exercises
from autograder.submissions.variants import misconceptions

REAL = load_course(Path(__file__).resolve().parents[2])
UNITS = list(REAL.units.values())
HAN = re.compile(r"[\u4e00-\u9fff]")
PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def in_units(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(name, UNITS, ids=[unit.name for unit in UNITS])


@pytest.fixture
def course(tmp_path: Path) -> Course:
    folder = tmp_path / "course"
    shutil.copytree(COURSE, folder)
    return load_course(folder)


def write_catalog(path: Path, **sentences: str) -> Path:
    return write_sentences(path, sentences)


def write_sentences(path: Path, sentences: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = "\n".join(f'msgid "{text}"\nmsgstr "{said}"\n' for text, said in sentences.items())
    path.write_text(PO + entries, encoding="utf-8")
    language.read_catalog.cache_clear()
    return path


# Nothing lacks its translation


def lacking(texts: dict[Path, str]) -> list[str]:
    out_of_date = [f"{path}: run autograder translate" for path in building.updates(texts)]
    return out_of_date + [f"{g.catalog}: {g.text!r} {g.problem}" for p, t in texts.items() for g in catalogs.gaps(p, t)]


def test_no_message_of_the_engine_lacks_its_translation():
    assert lacking(catalogs.engine_catalogs()) == []


@in_units("unit")
def test_no_sentence_of_a_unit_lacks_its_translation(unit: Unit):
    found = catalogs.course_catalogs(REAL, [unit])
    assert list(found) == [unit.home / "zh.po"]
    assert lacking(found) == []


def test_no_title_of_the_course_lacks_its_translation():
    assert lacking(catalogs.course_catalogs(REAL, UNITS, index=True)) == []


def test_every_message_is_said_from_a_literal():
    """`_(f"...")` and `_(variable)` cannot be found by whoever translates; a constant made by N_ can."""
    bad = []
    for path in (language.ENGINE.parent).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                said = node.args[0]
                literal = isinstance(said, ast.Constant) or (isinstance(said, ast.Name) and said.id.isupper())
                bad += [] if literal else [f"{path.name}:{node.lineno}"]
    assert [each for each in bad if not each.startswith("language.py")] == []


# The hints


@in_units("unit")
def test_every_exercise_has_hints_in_three_steps_and_none_is_code_of_the_solution(unit: Unit):
    hints = read_hints(unit.public_suite)
    assert list(hints) == list(dict.fromkeys(hints))
    assert set(hints) == set(exercises(unit)) == {each.exercise for each in declared(unit.hidden_suite, "check")}
    regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", unit.solution.read_text(encoding="utf-8"), re.S)
    lines = {line.strip() for region in regions for line in region.split("\n") if len(line.strip()) > 8}
    for exercise, each in hints.items():
        assert each.question.rstrip().endswith("?"), exercise
        for step in each.steps:
            assert re.search(r"`|torch|\bnn\.|self\.\w|\w\.\w+\(", step) is None, step
            assert [line for line in lines if line in step] == [], exercise


# Stubs in other languages


@in_units("unit")
def test_a_translated_stub_has_other_prose_and_the_same_code(unit: Unit):
    files = building.build(unit)
    folder = unit.root / "assignments" / "zh" / unit.name
    stub = files[folder / unit.stub.name]
    assert code(stub) == code(files[unit.stub])
    assert [
        p.text for p in prose.passages(stub) if not HAN.search(p.text) and " " in p.text and "->" not in p.text
    ] == []
    assert formulas(stub) == formulas(files[unit.stub])
    assert max(map(cell_len, stub.split("\n"))) <= 132
    assert building.updates(files) == []
    assert '"cell_type": "markdown"' in files[folder / unit.notebook.name]


def code(stub: str) -> str:
    """The syntax tree without docstrings; comments are not part of it."""
    tree = ast.parse(stub)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body.pop(0)
    return ast.dump(tree)


def formulas(stub: str) -> list[str]:
    return re.findall(r"^# \$\$.*?\$\$", stub, re.M | re.S)


def test_a_stub_is_built_in_every_language_that_has_a_catalog_and_drift_is_seen(course: Course):
    unit = course.unit("doubling")
    chinese = course.root / "assignments" / "zh" / "doubling" / "doubling.py"
    assert chinese not in building.build(unit)
    catalog = unit.catalog("zh")
    write_sentences(catalog, {prose.passages(unit.stub.read_text(encoding="utf-8"))[0].text: "加倍"})
    assert "# # 加倍\n" in building.build(unit)[chinese]
    assert chinese in building.update(building.build(unit))
    assert building.drifted(unit) == []
    chinese.write_text("changed", encoding="utf-8")
    assert building.drifted(unit) == [chinese]


# Prose


PERCENT = '''# %% [markdown]
# # Title of it
#
# A paragraph of two
# lines with $x = 1$.
#
# $$y = \\text{not touched}
# \\text{at all}$$
# - an item that
#   goes on
# 2. another one
#
# | a table | with words |
# |---|---|

# %%
def f(x):
    """One sentence.

    x: (n,) and
    more of it. -> (n,)
    """
    "a string, no docstring"
    return x  # a comment
'''


def test_passages_are_paragraphs_items_headings_rows_and_docstrings():
    assert [passage.text for passage in prose.passages(PERCENT)] == [
        "Title of it",
        "A paragraph of two lines with $x = 1$.",
        "an item that goes on",
        "another one",
        "| a table | with words |",
        "One sentence.",
        "x: (n,) and more of it. -> (n,)",
    ]


def test_retelling_replaces_the_passages_and_nothing_else():
    assert prose.retold(PERCENT, lambda text: text) == PERCENT
    told = {"an item that goes on": "一项", "One sentence.": "一句话。", "Title of it": "标题"}
    expected = PERCENT.replace("an item that\n#   goes on", "一项").replace("One sentence.", "一句话。")
    assert prose.retold(PERCENT, lambda text: told.get(text, text)) == expected.replace("Title of it", "标题")


@pytest.mark.parametrize("offset", range(0, 20, 2))
def test_long_passages_wrap_at_punctuation_and_never_inside_code_formulas_or_brackets(offset: int):
    sentence = "字" * offset + "把`X.sum(dim=1, keepdim=True)`与$a + b$相加，形状是(n, q, 1)，" * 8
    lines = prose.retold("# %% [markdown]\n# - An item.\n", lambda _text: sentence).split("\n")[1:-1]
    assert len(lines) > 3
    assert all(cell_len(line) <= prose.WIDTH for line in lines)
    assert all(line.startswith("# - " if line is lines[0] else "#   ") for line in lines)
    assert all(line.count("(") == line.count(")") and line.count("`") % 2 == line.count("$") % 2 == 0 for line in lines)
    assert "".join(line[4:] for line in lines) == sentence


# Catalogs


def test_a_sentence_with_values_in_it_is_translated_around_them(tmp_path: Path):
    write_sentences(
        catalog_path(tmp_path, "zh"),
        {
            "must be {value1}, not {value2}": "必须是{value1}，而不是{value2}",
            "the sums": "总和",
            "{value1} alone": "单独的{value1}",
            "{rest} alone in {mode} mode": "{mode}模式下单独的{rest}",
            "training": "训练",
        },
    )
    with speaking("zh"):
        assert language.translated("must be 3, not 4 (of 5)", tmp_path) == "必须是3，而不是4 (of 5)"
        assert language.translated("the sums[0]['a']", tmp_path) == "总和[0]['a']"
        assert language.translated("f(X)[2] alone", tmp_path) == "单独的f(X)[2]"
        assert language.translated("the sums alone in training mode", tmp_path) == "训练模式下单独的总和"
        assert language.translated("must be", tmp_path) == "must be"
    with speaking("en"):
        assert language.translated("the sums", tmp_path) == "the sums"


def test_a_translation_marked_fuzzy_is_not_shown(tmp_path: Path):
    path = write_catalog(catalog_path(tmp_path, "zh"), word="词")
    path.write_text(
        path.read_text(encoding="utf-8").replace('msgid "word"', '#, fuzzy\nmsgid "word"'), encoding="utf-8"
    )
    language.read_catalog.cache_clear()
    with speaking("zh"):
        assert language.translated("word", tmp_path) == "word"


def test_a_malformed_catalog_is_named(tmp_path: Path):
    path = tmp_path / "zh.po"
    path.write_text(PO + '<<<<<<< ours\nmsgid "a"\nmsgstr "b"\n', encoding="utf-8")
    with pytest.raises(CatalogError, match=r"zh\.po, line 5, is not what a PO file holds: <<<<<<< ours"):
        language.read_catalog(path)
    with pytest.raises(CatalogError, match="line 5"):
        catalogs.updated(path, [], "zh")
    path.write_bytes(PO.encode() + 'msgid "a"\nmsgstr "\xe9"\n'.encode("latin-1"))
    with pytest.raises(CatalogError, match=r"cannot be read: .*utf-8"):
        language.read_catalog(path)


def test_updating_keeps_translations_drops_what_is_gone_and_marks_what_changed(tmp_path: Path):
    path = write_sentences(
        tmp_path / "zh.po",
        {"A row sums to one.": "一行之和为一。", "The result is a new tensor.": "新张量。", "gone": "没了"},
    )
    messages = ["A row sums to one.", "The result is a new tensor!", "Something else entirely"]
    text = catalogs.updated(path, [sentences.Message(each, "title") for each in messages], "zh")
    assert text == catalogs.updated(path, [sentences.Message(each, "title") for each in messages], "zh")
    assert "一行之和为一。" in text
    assert "没了" not in text
    assert {gap.text: gap.problem for gap in catalogs.gaps(path, text)} == {
        "The result is a new tensor!": "has a translation of an older sentence",
        "Something else entirely": "is not translated",
    }


@pytest.mark.parametrize(
    ("text", "said", "problem"),
    [
        ("{name} is missing", "缺少{nam}", "has other placeholders than its translation"),
        ("{name} and {name}", "两个{name}", ""),
        ("call `f` on $x$", "对$x$调用`g`", "has other code or formulas than its translation"),
        ("call `f` on $x$", "对$x$调用`f`", ""),
    ],
)
def test_placeholders_code_and_formulas_must_survive(tmp_path: Path, text: str, said: str, problem: str):
    path = write_sentences(tmp_path / "zh.po", {text: said})
    found = catalogs.gaps(path, path.read_text(encoding="utf-8"))
    assert [gap.problem for gap in found] == ([problem] if problem else [])


SUITE = '''
from autograder.suite import check, close, expect, hints, probe

hints("f", question="Why?", idea="Because.", formula="x")

def helper(got, what):
    close(got, 1, what=what)

@probe
def made(names):
    """An object"""

@check("f")
def test_f(submission, reference):
    """It adds
    one."""
    problem = f"must be {1 + 1} in all"
    helper(submission.f(1), "the first sum")
    expect(False, problem, what="f(1)" if reference else "the other sum")
    expect(False, "must hold", what=f"f({submission})")
    helper(submission.f(1), "the value of {} at {}".format(1, 2))
    helper(submission.f(1), "f(1)" + (" as it was" if reference else " after " + submission))
'''


def test_the_sentences_of_a_suite_are_found_and_its_code_is_not(tmp_path: Path):
    path = tmp_path / "test_f.py"
    path.write_text(SUITE, encoding="utf-8")
    assert {message.text for message in sentences.suite_messages(path)} == {
        "Why?", "Because.", "x", "An object", "It adds one.", "must be {value1} in all", "the first sum", "the other sum",
        "must hold", "{rest} as it was", "{rest} after {value1}", "the value of {value1} at {value2}",
    }  # fmt: skip


# Choosing a language


@pytest.fixture
def _no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_chosen", "")
    for name in (language.VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_no_choice")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "AUTOGRADER_LANG": "zh"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "AUTOGRADER_LANG": "en"}, "en"),
    ],
)
def test_the_language_comes_from_the_variable_else_from_the_locale(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language.language() == expected


def test_a_language_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="choose one of en, zh"):
        language.speak("fr")


def test_processes_started_later_speak_the_same_language():
    with speaking("zh"):
        code = "from autograder.language import language; print(language())"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "zh\n"
    assert os.environ.get(language.VARIABLE) != "zh"


def invoke(*arguments: str, course: Course = REAL, **environment: str) -> tuple[int, str]:
    with speaking("en"):
        variables = {"AUTOGRADER_COURSE": str(course.root), "COLUMNS": "100", "NO_COLOR": "1", **environment}
        result = CliRunner().invoke(app, list(arguments), env=variables)
    return result.exit_code, result.output


def test_the_list_is_shown_in_chinese_with_its_columns_in_line():
    status, output = invoke("--lang", "zh", "list")
    assert status == 0
    *rows, count = [line for line in output.split("\n") if line.strip()][1:]
    assert rows[0].split() == ["单元", "标题", "课程章节"]
    assert [row.strip() for row in rows[1:] if not row.startswith(" ")][:2] == ["线性神经网络", "多层感知机"]
    rows = [rows[0], *(row for row in rows if row.startswith(" "))]
    assert len(rows) == len(UNITS) + 1
    assert count.strip() == f"课程共有72个单元，已完成{len(UNITS)}个。"
    starts = {cell_len(row[: len(row.rstrip()) - len(re.split(r"  +", row.rstrip())[-1])]) for row in rows}
    assert len(starts) == 1
    assert "注意力评分函数" in output


def test_an_unknown_language_is_wrong_usage():
    status, output = invoke("--lang", "xx", "list")
    assert status == 2
    assert "xx" in output


def test_translate_writes_catalogs_and_check_fails_until_they_are_filled(course: Course):
    status, output = invoke("translate", "--check", course=course)
    assert status == 1
    assert "out of date" in output
    assert not course.unit("doubling").catalog("zh").exists()
    assert invoke("translate", course=course)[0] == 0
    status, output = invoke("translate", "--check", "doubling", course=course)
    assert status == 1
    assert "is not translated" in output
    for path in course.root.rglob("zh.po"):
        lines = path.read_text(encoding="utf-8").split("\n")
        texts = {i: line.removeprefix("msgid ") for i, line in enumerate(lines) if line.startswith("msgid ")}
        lines = [f"msgstr {texts[i - 1]}" if i - 1 in texts and i > 5 else line for i, line in enumerate(lines)]
        path.write_text("\n".join(lines), encoding="utf-8")
    status, output = invoke("translate", "--check", course=course)
    assert (status, "0 sentences wait" in output) == (0, True), output


# Grading in Chinese


def test_the_engine_speaks_chinese_while_grading(grade: Grade, course: Course):
    broken = (COURSE / "solutions" / "doubling.py").read_text().replace("return 2 * X", "return X + 2")
    with speaking("zh"):
        result = grade(broken)
        stub = grade(course.unit("doubling").stub.read_text(encoding="utf-8"))
    message = next(check.message for check in result.checks if check.outcome == "failed")
    assert re.search(r"double\(X\)在\[0, 0\]处的元素是2，而正确的值是0", message), message
    assert "能说明问题的最小输入：\n    X = torch.tensor(" in message
    assert next(check.message for check in stub.checks if check.outcome == "raised") == "还没有编写。"
    assert language.says("还没有编写。", NOT_WRITTEN)
    assert language.says("Not written yet.", NOT_WRITTEN)
    english = grade(broken)
    assert scores(english) == scores(result)


def scores(result: SubmissionResult) -> list[tuple[str, str, float]]:
    return [(check.id, str(check.outcome), check.points) for check in result.checks]


def test_titles_sentences_of_the_suite_and_misconceptions_are_chinese_too(grader: Grader):
    unit = REAL.unit("softmax_regression")
    with speaking("zh"):
        variant = next(v for v in misconceptions(unit) if v.name.startswith("normalised over the examples"))
        grader.forget()
        result = grader.unit(unit).grade(variant.submission, only=["softmax"])
        named = language.translated(variant.name, unit.home)  # type: ignore[union-attr]
    grader.forget()
    failed = [check for check in result.checks if check.outcome == "failed"]
    assert failed
    assert all(HAN.search(check.title) for check in result.checks)
    assert {check.misconception.name for check in failed if check.misconception} == {named}
    assert HAN.search(named)
    assert any("softmax(X).sum(dim=1)在" in check.message for check in failed)


# Lines on the screen

WRAPPED = "大的logit的exp是无穷大，而无穷大除以无穷大是nan（见autograder hint softmax）。给一行的每个元素减去同一个数：softmax不变。"


@pytest.mark.parametrize("width", range(12, 60, 5))
def test_chinese_lines_fit_and_none_begins_with_a_comma_or_a_full_stop(width: int):
    lines = [line.plain for line in wrap(Text(WRAPPED), Console(width=width), width)]
    assert "".join(lines).replace(" ", "") == WRAPPED.replace(" ", "")
    assert all(0 < cell_len(line) <= width for line in lines)
    assert [line for line in lines if line[0] in "，。：）" or line[-1] in "（"] == []
    longest = max(map(cell_len, lines[:-1]))
    assert longest > width - 12


def test_a_word_wider_than_the_line_is_broken():
    lines = [line.plain for line in wrap(Text("值" + "x" * 25), Console(), 10)]
    assert lines == ["值", "x" * 10, "x" * 10, "x" * 5]


def test_english_lines_wrap_as_ever_and_keep_their_style():
    lines = wrap(Text("one two three", "red"), Console(), 8)
    assert [line.plain for line in lines] == ["one two", "three"]
    assert str(lines[1].style) == "red"


def test_verifying_a_unit_does_not_depend_on_the_language(course: Course):
    unit = course.unit("doubling")
    named = {each.name: f"误解{number}" for number, each in enumerate(misconceptions(unit))}
    write_sentences(unit.catalog("zh"), named)
    with speaking("zh"):
        found = [f for f in Verifier(Finder(1)).verify([unit]) if f.subject.startswith("misconception")]
    assert len(found) == len(named)
    assert [finding for finding in found if finding.problem] == []
