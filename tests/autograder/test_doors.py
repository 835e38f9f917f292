"""Whatever text a submission holds or makes, it crosses every queue, file, page and export; and no file costs others theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest
from conftest import COURSE, GOOD
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.bulk import running
from autograder.bulk.running import run
from autograder.bulk.tasks import Graded, Settings, Task
from autograder.course import load_course
from autograder.protocol.messages import Executed, Frame, Raised, Returned, SourceProblem, decode_reply, encode
from autograder.submissions.gathering import Found
from autograder.submissions.submission import Submission, notebook_submission, read_submission

HALVES = st.text(st.characters())  # all of Python's, lone surrogates among them


class Unseen:
    def begin(self, plan: object, place: str):
        return nullcontext()

    def add(self, graded: Graded) -> None:
        pass


@given(source=HALVES)
@example(source="x = '\ud800'")
@example(source="\udfff\ud800")
def test_any_source_of_a_notebook_reaches_a_grading_process(source: str):
    submission = notebook_submission({"cells": [{"cell_type": "code", "source": source}]}, Path("a.ipynb"), "ada")
    task = Task("ada", "doubling", "a.ipynb", submission.cells, submission.problem, "", "", Settings(".", 1))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(task), type=Task) == task


@given(text=HALVES)
@example(text="\ud800")
def test_any_text_that_a_submission_makes_reaches_the_grader(text: str):
    text = text[:100]
    problem = SourceProblem("a.py", 1, text, text, text)
    for reply in (
        Returned({text: [text, {"key": text}]}, text, {text: 1}, [text]),
        Raised(text, text, [Frame("a.py", 1, text, text)], text, at=text),
        Executed(problem, text),
    ):
        assert type(decode_reply(encode(reply))) is type(reply)


HOSTILE = """
print("\\ud800")
globals()["\\ud801"] = "\\udfff"
def double(X):
    print("\\udc80 doubling")
    return {"\\ud800": "\\udfff", 1: ["\\ud800"]}
def scale(X, factor):
    raise ValueError("bad \\ud800")
class \u0130: pass
assert False, "\\udc00"
"""


def test_a_class_with_such_a_submission_in_it_is_graded_reported_and_exported(tmp_path: Path):
    for student, cells in {"ada": ["x = '\ud800'", HOSTILE], "bob": [GOOD], "cem": ["# \ud800\n" + GOOD]}.items():
        folder = tmp_path / "class" / student
        folder.mkdir(parents=True)
        notebook = {"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
        (folder / "doubling.ipynb").write_text(json.dumps(notebook))  # which writes them as \ud800
    out = tmp_path / "results"
    command = [sys.executable, "-m", "autograder"]
    for arguments in (
        ["grade", tmp_path / "class", "--out", out, "--jobs", "2"],
        ["report", out, "--out", tmp_path / "pages"],
        *(["export", out, "--format", form, "--out", tmp_path / form] for form in ("csv", "junit", "gradescope", "moodle")),
    ):
        done = subprocess.run(
            [*command, *map(str, arguments)], cwd=COURSE, capture_output=True, text=True, check=False, encoding="utf-8"
        )
        assert done.returncode == 0, (arguments[0], done.stdout, done.stderr)
    scores = {path.parent.name: json.loads(path.read_text())["score"] for path in out.glob("*/doubling.json")}
    assert scores["bob"] == scores["cem"] == 7
    assert scores["ada"] < 7


@pytest.mark.parametrize("error", [RecursionError("too deep"), UnicodeError("half"), KeyError("x"), MemoryError()])
def test_an_error_about_one_file_costs_that_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    def reads(path: Path, *arguments: object) -> Submission:
        if path.parent.name == "bob":
            raise error
        return read_submission(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "read_submission", reads)
    found = []
    for student in ("ada", "bob", "cem"):
        (tmp_path / student).mkdir()
        (tmp_path / student / "doubling.py").write_text(GOOD)
        found.append(Found(student, "doubling", tmp_path / student / "doubling.py"))
    report = run(found, load_course(COURSE), Settings(str(COURSE), 1), tmp_path / "out", Unseen(), jobs=1)
    assert [result.student for result in report.results] == ["ada", "cem"]
    assert [failure.student for failure in report.failures] == ["bob"]
    assert report.grader_failed


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("doubling.ipynb", b'{"cells": [{"cell_type": "code", "sou'),
        ("doubling.ipynb", b'{"cells": ['),
        ("doubling.ipynb", b'{"cells": []}'[:-1]),
        ("doubling.ipynb", b'{"cells": [{"a": "\0\0\0\0\0\0\0'),
        ("doubling.py", b"\0" * 4096),
    ],
)
def test_what_was_saved_in_part_is_not_graded(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    out = tmp_path / "out"
    report = run(
        [Found("ada", "doubling", tmp_path / name)],
        load_course(COURSE),
        Settings(str(COURSE), 1),
        out,
        Unseen(),
        jobs=1,
    )
    [failure] = report.failures
    assert failure.unread
    assert "only a part of it" in failure.failure
    assert report.graded == 0
    assert not list(out.rglob("*.json"))


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_file_that_the_disk_does_not_give_is_not_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
):
    def refuses(path: Path) -> bytes:
        raise error

    path = tmp_path / "doubling.py"
    path.write_text(GOOD)
    monkeypatch.setattr(Path, "read_bytes", refuses)
    submission = read_submission(path)
    assert submission.unread
    assert str(error.strerror) in submission.problem
