"""Grades as tables: one for people, and those that Canvas and Moodle import.

Canvas and Moodle take an empty cell for "no grade" and would clear one that is there, so they get one file per unit
with the students who have a result, and no others.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.files import write_file
from autograder.results.document import Outcome, SubmissionResult
from autograder.results.reading import Reading, file_names

# A cell that begins like this is a formula to a spreadsheet, whoever wrote it.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# How `autograder grade` calls the students of a Canvas or Moodle archive: NAME_NUMBER.
_NUMBERED = re.compile(r"(?P<name>.+)_(?P<number>\d+)")

Row = Sequence[str | float | int]


def write_csv(reading: Reading, target: Path, titles: Mapping[str, str]) -> list[Path]:
    """One row per submission, for people and spreadsheets (with the byte order mark that Excel needs)."""
    header = (
        "student",
        "unit",
        "title",
        "score",
        "max_score",
        "percent",
        "passed",
        "checks",
        "misconceptions",
        "flags",
    )
    rows = [_summary(result, titles) for result in reading.results]
    return [write_file(target, "\ufeff".encode() + _table([header, *rows]))]


def write_canvas(reading: Reading, target: Path, titles: Mapping[str, str]) -> list[Path]:
    """TARGET/UNIT.csv for each unit, as Canvas' gradebook imports it.

    A number at the end of a student's name, as in Canvas' own archive, is the user's id; any other name is taken for
    the login.
    """
    header = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
    written = []
    for name, unit, results in _by_unit(reading):
        most = max(result.max_score for result in results)
        rows = [
            (*header, titles.get(unit, unit)),
            ("    Points Possible", "", "", "", "", _number(most)),
            *((*_canvas_user(result.student), "", _scaled(result, most)) for result in results),
        ]
        written.append(write_file(target / f"{name}.csv", _table(rows)))
    return written


def write_moodle(reading: Reading, target: Path, titles: Mapping[str, str]) -> list[Path]:
    """TARGET/UNIT.csv for each unit, as an assignment's grading worksheet and as the gradebook's CSV import read it.

    A number at the end of a student's name, as in Moodle's own archive, is the participant's; any other name is taken
    for the username.
    """
    header = (
        "Identifier", "Full name", "Username", "Grade", "Maximum Grade", "Last modified (grade)", "Feedback comments",
    )  # fmt: skip
    written = []
    for name, _, results in _by_unit(reading):
        most = max(result.max_score for result in results)
        rows = [
            (*_moodle_user(result.student), _scaled(result, most), _number(most), "", feedback(result))
            for result in results
        ]
        written.append(write_file(target / f"{name}.csv", _table([header, *rows])))
    return written


def feedback(result: SubmissionResult) -> str:
    """A few lines of HTML: each exercise's score, the checks it lost, the mistakes that were recognised."""
    parts = [f"<p>{html.escape(problem.split(chr(10))[0])}</p>" for problem in result.problems]
    for exercise in result.exercises:
        lines = [
            html.escape(check.title + (f" {check.misconception.hint}" if check.misconception else ""))
            for check in exercise.checks
            if check.outcome not in (Outcome.PASSED, Outcome.NOT_ASSESSED)
        ]
        lost = "".join(f"<li>{line}</li>" for line in dict.fromkeys(lines))
        score = f"{html.escape(exercise.name)}: {_number(exercise.score)} of {_number(exercise.max_score)}"
        parts.append(f"<p>{score}</p>" + (f"<ul>{lost}</ul>" if lost else ""))
    return "".join(parts)


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before whatever begins like one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _summary(result: SubmissionResult, titles: Mapping[str, str]) -> Row:
    assessed = [check for check in result.checks if check.outcome is not Outcome.NOT_ASSESSED]
    mistakes = {check.misconception.name: None for check in result.checks if check.misconception is not None}
    flags = ["problem in the source"] if result.problems else []
    flags += ["to be reviewed"] if result.review else []
    flags += [f"graded without {layer}" for layer in result.missing_layers]
    flags += sorted({o.value for c in assessed if (o := c.outcome) in (Outcome.CRASHED, Outcome.TIMED_OUT)})
    return (
        result.student,
        result.unit,
        titles.get(result.unit, result.unit),
        _number(result.score),
        _number(result.max_score),
        round(100 * result.score / result.max_score, 2) if result.max_score else "",
        sum(check.outcome is Outcome.PASSED for check in assessed),
        len(assessed),
        "; ".join(mistakes),
        "; ".join(flags),
    )


def _by_unit(reading: Reading) -> Iterator[tuple[str, str, list[SubmissionResult]]]:
    names = file_names(reading.units)
    for unit in reading.units:
        yield names[unit], unit, [result for result in reading.results if result.unit == unit]


def _canvas_user(student: str) -> tuple[str, str, str, str]:
    found = _NUMBERED.fullmatch(student)
    return (found["name"], found["number"], "", "") if found else (student, "", "", student)


def _moodle_user(student: str) -> tuple[str, str, str]:
    found = _NUMBERED.fullmatch(student)
    return (f"Participant {found['number']}", found["name"], "") if found else ("", student, student)


def _scaled(result: SubmissionResult, most: float) -> float | int:
    """The score out of `most`, where checks that could not be assessed for this student left fewer points to earn."""
    share = result.score / result.max_score if result.max_score else 1.0
    return _number(round(most * share, 4))


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _table(rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode()
