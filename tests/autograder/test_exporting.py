"""Every export is read back by a real reader of its format, with the names and texts that students could choose."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import junitparser
import msgspec
import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import CourseError
from autograder.results import document
from autograder.results.document import (
    REQUIRED_LAYERS,
    CheckResult,
    Outcome,
    Recognised,
    SubmissionResult,
    score_exercise,
)
from autograder.results.exporting import FORMATS
from autograder.results.exporting.gradebook import write_gradebook
from autograder.results.exporting.tables import safe_cell, write_csv
from autograder.results.reading import Reading

FORMULA = '=HYPERLINK("http://x","y")'
SCRIPT = "<script>alert(1)</script>"
P, F, R, T, N = Outcome.PASSED, Outcome.FAILED, Outcome.RAISED, Outcome.TIMED_OUT, Outcome.NOT_ASSESSED


def check(name: str, outcome: Outcome, points: float, message: str = "") -> CheckResult:
    known = Recognised("max not subtracted", "exp(1000) is inf.") if outcome is F else None
    return CheckResult(name, f"Title of {name}.", points, outcome, message, known)


def graded(student: str, unit: str = "dropout", message: str = "f(X) is wrong.\n  came back: 1") -> SubmissionResult:
    exercises = [
        score_exercise("f", [check("a", P, 2), check("b", F, 1.5, message)], ["look at g first"]),
        score_exercise("g", [check("c", R, 1, "boom"), check("d", T, 1, "slow"), check("e", N, 4, "no gpu")], []),
    ]
    score, most = sum(e.score for e in exercises), sum(e.max_score for e in exercises)
    return SubmissionResult(
        student, unit, score, most, "landlock+seccomp+rlimits", 7, exercises, printed=message, seconds=0.5
    )


def perfect(student: str, unit: str = "dropout") -> SubmissionResult:
    exercises = [
        score_exercise("f", [check("a", P, 2), check("b", P, 1.5)], []),
        score_exercise("g", [check("e", P, 6)], []),
    ]
    return SubmissionResult(student, unit, 9.5, 9.5, "landlock+seccomp+rlimits", 7, exercises)


STUDENTS = ["leeann_12345", "ada", FORMULA, "张伟", "Ann, Lee\nJr_77", SCRIPT]
READING = Reading(
    [*(graded(student, message=f"{FORMULA}\n{SCRIPT}\x00\x1b[0m") for student in STUDENTS), perfect("ada", "gru")], []
)
TITLES = {"dropout": "Dropout", "gru": "Gated recurrent units"}

Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(form: str) -> Path:
        FORMATS[form].write(READING, str(tmp_path / FORMATS[form].target), TITLES)
        return tmp_path / FORMATS[form].target

    return write


def rows(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


# Tables


@pytest.mark.parametrize("text", [FORMULA, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_cell_that_begins_like_a_formula_is_text(text: str):
    assert safe_cell(text) == f"'{text}"


def test_harmless_text_stays_as_it_is():
    assert [safe_cell(text) for text in ("ada", "", "a=b", "x-1")] == ["ada", "", "a=b", "x-1"]


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_table_holds_a_formula_and_every_row_is_complete(written: Written, form: str):
    target = written(form)
    for path in [target] if target.is_file() else sorted(target.iterdir()):
        table = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        assert len({len(row) for row in table}) == 1
        assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_csv_has_a_row_per_submission(written: Written):
    table = rows(written("csv"), "utf-8-sig")
    assert [row["student"] for row in table] == [*STUDENTS[:2], f"'{FORMULA}", *STUDENTS[3:], "ada"]
    assert table[1] == {
        "student": "ada", "unit": "dropout", "title": "Dropout", "score": "2", "max_score": "5.5", "percent": "36.36",
        "passed": "1", "checks": "4", "misconceptions": "max not subtracted", "flags": "timed_out",
    }  # fmt: skip


def test_canvas_finds_users_points_and_scores(written: Written):
    folder = written("canvas")
    assert sorted(path.name for path in folder.iterdir()) == ["dropout.csv", "gru.csv"]
    table = rows(folder / "dropout.csv")
    # The order Canvas' importer insists on: who, then the section, then the assignment.
    assert list(table[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Dropout"]
    assert (table[0]["Student"].strip(), table[0]["Dropout"]) == ("Points Possible", "5.5")
    assert (table[1]["Student"], table[1]["ID"], table[1]["SIS Login ID"]) == ("leeann", "12345", "")
    assert (table[2]["Student"], table[2]["ID"], table[2]["SIS Login ID"]) == ("ada", "", "ada")
    # An empty cell would clear a grade.
    assert [row["Dropout"] for row in table[1:]] == ["2"] * len(STUDENTS)
    assert len(rows(folder / "gru.csv")) == 2


def test_moodle_finds_participants_and_shows_feedback_as_text(written: Written):
    table = rows(written("moodle") / "dropout.csv")
    assert {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"} <= set(table[0])
    assert (table[0]["Identifier"], table[0]["Full name"], table[0]["Username"]) == ("Participant 12345", "leeann", "")
    assert (table[1]["Identifier"], table[1]["Username"]) == ("", "ada")
    assert (table[1]["Grade"], table[1]["Maximum Grade"]) == ("2", "5.5")
    assert "<p>f: 2 of 3.5</p><ul><li>Title of b. exp(1000) is inf.</li></ul>" in table[1]["Feedback comments"]
    assert "Title of e" not in table[1]["Feedback comments"]


def test_moodle_feedback_escapes_what_a_student_wrote(tmp_path: Path):
    result = SubmissionResult("ada", "u", 0, 0, "none", 1, [], problems=[f"{SCRIPT}\nmore"])
    FORMATS["moodle"].write(Reading([result], []), str(tmp_path), {})
    assert rows(tmp_path / "u.csv")[0]["Feedback comments"] == f"<p>{html.escape(SCRIPT)}</p>"


def test_a_score_with_checks_left_out_is_scaled_to_the_units_points(tmp_path: Path):
    reading = Reading([graded("ada"), perfect("ben")], [])
    FORMATS["canvas"].write(reading, str(tmp_path), {})
    table = rows(tmp_path / "dropout.csv")
    assert [float(row["dropout"]) for row in table] == [9.5, pytest.approx(9.5 * 2 / 5.5, abs=1e-4), 9.5]


# Gradescope

_TEXT = {"type": "string"}
_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
_SHOWN = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
_SCORE = {"type": "number", "minimum": 0}
# The fields that Gradescope documents for results.json.
SPECIFICATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": _SCORE,
        "execution_time": _SCORE,
        "output": _TEXT,
        "output_format": _FORMAT,
        "test_output_format": _FORMAT,
        "test_name_format": _FORMAT,
        "visibility": _SHOWN,
        "stdout_visibility": _SHOWN,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "dependentRequired": {"score": ["max_score"]},
                "properties": {
                    "score": _SCORE,
                    "max_score": _SCORE,
                    "status": {"enum": ["passed", "failed"]},
                    "name": _TEXT,
                    "name_format": _FORMAT,
                    "number": {"type": "string", "pattern": r"^\d+(\.\d+)*$"},
                    "output": _TEXT,
                    "output_format": _FORMAT,
                    "tags": {"type": "array", "items": _TEXT},
                    "visibility": _SHOWN,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


def test_gradescope_gets_what_it_documents(written: Written):
    folder = written("gradescope")
    found = sorted(folder.rglob("*"))
    documents = [path for path in found if path.is_file()]
    assert len(documents) == len(READING.results)
    assert {path.name for path in documents} == {"results.json"}
    for path in documents:
        document = json.loads(path.read_bytes())
        jsonschema.Draft202012Validator(SPECIFICATION).validate(document)
        assert document["score"] == sum(test.get("score", 0) for test in document["tests"])
    ada = json.loads((folder / "ada" / "dropout" / "results.json").read_bytes())
    assert (ada["score"], ada["execution_time"]) == (2, 0.5)
    tests = {test["number"]: test for test in ada["tests"]}
    assert list(tests) == ["1.1", "1.2", "2.1", "2.2", "2.3"]
    assert tests["1.2"]["output"].endswith("This looks like: max not subtracted. exp(1000) is inf.")
    assert (tests["1.1"]["status"], tests["1.2"]["status"]) == ("passed", "failed")
    assert "score" not in tests["2.3"]
    assert "look at g first" in ada["output"]


def test_gradescope_names_stay_inside_the_folder(tmp_path: Path):
    reading = Reading([graded("../../evil", "../unit"), graded("/etc/passwd")], [])
    for name in FORMATS["gradescope"].write(reading, str(tmp_path / "out"), {}):
        assert Path(name).resolve().is_relative_to(tmp_path / "out")


def test_one_submission_may_be_one_file_where_gradescope_looks_for_it(tmp_path: Path):
    target = tmp_path / "results" / "results.json"
    assert FORMATS["gradescope"].write(Reading([graded("ada")], []), str(target), {}) == [str(target)]
    jsonschema.validate(json.loads(target.read_bytes()), SPECIFICATION)
    with pytest.raises(CourseError, match=r"one file and there are 7 submissions; name a folder"):
        FORMATS["gradescope"].write(READING, str(target), {})


# JUnit


def test_junit_is_read_by_junitparser(written: Written):
    suites = list(junitparser.JUnitXml.fromfile(str(written("junit"))))
    assert [suite.name for suite in suites] == [f"{r.student}/{r.unit}" for r in READING.results]
    suite = suites[1]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 2, 1)
    assert suite.time == 0.5
    assert {p.name: p.value for p in suite.properties()} == {
        "score": "2", "max_score": "5.5", "seed": "7", "isolation": "landlock+seccomp+rlimits",
    }  # fmt: skip
    cases = list(suite)
    assert [case.classname for case in cases] == ["dropout.f"] * 2 + ["dropout.g"] * 3
    kinds = [[type(outcome).__name__ for outcome in case.result] for case in cases]
    assert kinds == [[], ["Failure"], ["Error"], ["Error"], ["Skipped"]]
    assert SCRIPT in cases[1].result[0].text
    assert "\x00" not in cases[1].result[0].text
    whole = junitparser.JUnitXml.fromfile(str(written("junit")))
    counted = (whole.tests, whole.failures, whole.errors)
    whole.update_statistics()
    assert counted == (whole.tests, whole.failures, whole.errors)


# What the schema that Jenkins publishes for JUnit allows: attributes (those it requires marked), then children in order.
SCHEMA = {
    "testsuites": ("name time tests failures disabled errors", "testsuite*"),
    "testsuite": (
        "name! tests! failures errors time disabled skipped timestamp hostname id package",
        "properties? testcase* system-out? system-err?",
    ),
    "properties": ("", "property*"),
    "property": ("name! value!", ""),
    "testcase": ("name! classname assertions time status", "skipped? error* failure* system-out? system-err?"),
    "skipped": ("message", ""),
    "failure": ("message type", ""),
    "error": ("message type", ""),
    "system-out": ("", ""),
    "system-err": ("", ""),
}


def test_junit_keeps_to_the_common_schema(tmp_path: Path):
    broken = SubmissionResult("eve", "u", 0, 0, "none", 1, [], problems=["SyntaxError"])
    FORMATS["junit"].write(Reading([*READING.results, broken], []), str(tmp_path / "junit.xml"), {})
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = SCHEMA[element.tag]
        assert set(element.attrib) <= {name.rstrip("!") for name in attributes.split()}
        assert {name.rstrip("!") for name in attributes.split() if name.endswith("!")} <= set(element.attrib)
        order = "".join(f"({name[:-1]} ){name[-1]}" for name in children.split())
        assert re.fullmatch(order, "".join(f"{child.tag} " for child in element))


# nbgrader


@pytest.fixture(scope="module")
def gradebook_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook with our scores, written into one that already had a cell, a manual score and another assignment."""
    api = pytest.importorskip("nbgrader.api")
    path = tmp_path_factory.mktemp("nbgrader") / "gradebook.db"
    reading = Reading([graded("ada"), perfect("ben")], [])
    write_gradebook(reading, str(path), {})
    with api.Gradebook(f"sqlite:///{path}") as gradebook:
        gradebook.add_assignment("essay")
        gradebook.find_grade("f", "dropout", "dropout", "ben").manual_score = 1.0
        gradebook.find_grade_cell("g", "dropout", "dropout").max_score = 12
        gradebook.add_student("cleo")
        with gradebook.db.no_autoflush:
            gradebook.add_submission("dropout", "cleo")
        gradebook.add_grade_cell("h", "dropout", "dropout", max_score=2, cell_type="code")
        gradebook.db.commit()
    newer = SubmissionResult(
        "cleo", "dropout", 1, 2, "none", 1, [score_exercise("h", [check("x", P, 1), check("y", F, 1)], [])]
    )
    unjudged = SubmissionResult("dan", "dropout", 0, 0, "none", 1, [score_exercise("f", [check("x", N, 1)], [])])
    write_gradebook(Reading([*reading.results, newer, unjudged], []), f"sqlite:///{path}", {})
    return path


def read_gradebook(path: Path, read: Callable[[Any], Any]) -> Any:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}") as gradebook:
        return read(gradebook)


def test_nbgrader_adds_up_the_scores(gradebook_file: Path):
    def read(gradebook: Any) -> None:
        f = gradebook.find_grade("f", "dropout", "dropout", "ada")
        assert (f.auto_score, f.max_score, f.needs_manual_grade) == (2, 3.5, False)
        assert gradebook.find_submission("dropout", "ada").score == 2
        assert {assignment.name for assignment in gradebook.assignments} == {"dropout", "essay"}
        assert {student.id for student in gradebook.students} == {"ada", "ben", "cleo", "dan"}

    read_gradebook(gradebook_file, read)


def test_nbgraders_own_points_and_a_persons_scores_stay(gradebook_file: Path):
    def read(gradebook: Any) -> None:
        ben = gradebook.find_grade("f", "dropout", "dropout", "ben")
        assert (ben.auto_score, ben.manual_score, ben.score) == (3.5, 1, 1)
        assert gradebook.find_grade_cell("g", "dropout", "dropout").max_score == 12
        assert gradebook.find_grade("g", "dropout", "dropout", "ben").auto_score == 12

    read_gradebook(gradebook_file, read)


def test_a_cell_newer_than_the_submission_gets_its_grade(gradebook_file: Path):
    assert read_gradebook(gradebook_file, lambda g: g.find_grade("h", "dropout", "dropout", "cleo").auto_score) == 1


def test_what_nobody_could_assess_is_left_to_a_person(gradebook_file: Path):
    def read(gradebook: Any) -> None:
        grade = gradebook.find_grade("f", "dropout", "dropout", "dan")
        assert grade.auto_score is None
        assert grade.needs_manual_grade

    read_gradebook(gradebook_file, read)


def test_every_score_in_the_gradebook_is_a_grade(gradebook_file: Path):
    def read(gradebook: Any) -> None:
        for submission in gradebook.assignment_submissions("dropout"):
            for grade in submission.notebooks[0].grades:
                assert grade.auto_score is None or (
                    math.isfinite(grade.auto_score) and 0 <= grade.auto_score <= grade.max_score
                )

    read_gradebook(gradebook_file, read)


@pytest.mark.parametrize("target", ["nowhere://x", "sqlite:////nowhere/at/all.db", "not_a_database.db"])
def test_a_database_that_cannot_be_used_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str):
    pytest.importorskip("nbgrader.api")
    monkeypatch.chdir(tmp_path)
    Path("not_a_database.db").write_text("hello, world, this is not a database at all" * 10)
    with pytest.raises(CourseError, match="cannot be used as a gradebook"):
        write_gradebook(Reading([graded("ada")], []), target, {})


# The command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for result in (graded("ada"), perfect("ada", "gru")):
        document.write(result, tmp_path / "results")
    return tmp_path / "results"


def export(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["export", *arguments])


def test_the_command_writes_where_it_says_and_only_the_units_named(folder: Path):
    run = export("results", "--format", "canvas", "--unit", "gru")
    assert run.exit_code == 0, run.stderr
    assert run.stdout == "written: canvas/gru.csv\n"
    assert [path.name for path in Path("canvas").iterdir()] == ["gru.csv"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["results", "--format", "excel"], "there is no format 'excel'; choose one of csv, gradescope"),
        (["nowhere", "--format", "csv"], "nowhere is not a folder"),
        (["results", "--format", "csv", "--unit", "lstm"], "there is no result for lstm; there are dropout, gru"),
        (["results", "--format", "csv", "--out", "results/ada/gru.json/x.csv"], "cannot be written"),
        (["empty", "--format", "csv"], "there are no results; `autograder grade"),
    ],
)
def test_a_wrong_request_is_one_clear_line(folder: Path, arguments: list[str], words: str):
    Path("empty").mkdir()
    run = export(*arguments)
    assert run.exit_code == 2
    assert words in run.stderr
    assert not Path("grades.csv").exists()


def test_a_broken_result_is_named_and_the_others_are_exported(folder: Path):
    (folder / "ada" / "lstm.json").write_text("{")
    run = export("results", "--format", "csv")
    assert run.exit_code == 1
    assert "left out: results/ada/lstm.json" in run.stderr
    assert len(rows(Path("grades.csv"), "utf-8-sig")) == 2


@pytest.mark.parametrize(("isolation", "lacking"), [("seccomp+rlimits", ["landlock"]), ("none", list(REQUIRED_LAYERS))])
def test_what_the_wall_lacked_stands_in_the_table(tmp_path: Path, isolation: str, lacking: list[str]):
    result = msgspec.structs.replace(READING.results[0], isolation=isolation)
    [path] = write_csv(Reading([result], []), tmp_path / "grades.csv", {})
    flags = next(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))["flags"]
    assert [f"graded without {layer}" in flags for layer in lacking] == [True] * len(lacking)
