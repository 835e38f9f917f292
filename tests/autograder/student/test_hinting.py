"""Hints are read out of a public suite without running it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import CourseError, SuiteError
from autograder.student.hinting import Hints, read_hints
from autograder.suite import hints


def suite(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "test_unit.py"
    path.write_text(text)
    return path


def test_hints_are_read_without_running_the_file(tmp_path: Path):
    path = suite(
        tmp_path,
        'from nowhere import hints\nhints("double", question="Twice?",\n idea="Add " "it.", formula="2x")\nraise SystemExit\n',
    )
    assert read_hints(path) == {"double": Hints("double", "Twice?", "Add it.", "2x")}


def test_reading_hints_does_not_import_torch():
    code = "import sys, autograder.student.hinting\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "call",
    [
        'hints("double", question="?", idea="!")',
        'hints(question="?", idea="!", formula="=")',
        'hints("double", question="?" * 2, idea="!", formula="=")',
        'hints("double", question=1, idea="!", formula="=")',
    ],
)
def test_hints_written_wrongly_are_named_with_their_line(tmp_path: Path, call: str):
    with pytest.raises(CourseError, match=r"test_unit.py, line 2: .*hints\("):
        read_hints(suite(tmp_path, f"\n{call}\n"))


def test_a_file_that_cannot_be_parsed_is_named(tmp_path: Path):
    with pytest.raises(CourseError, match=r"test_unit\.py cannot be read"):
        read_hints(suite(tmp_path, "def"))


def test_an_empty_step_is_refused_when_the_suite_is_collected():
    with pytest.raises(SuiteError, match="the idea is empty"):
        hints("double", question="?", idea=" ", formula="=")
