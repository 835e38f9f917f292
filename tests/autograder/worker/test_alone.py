"""What a worker cannot have, it does without; and what a kernel, a script or a folder offers, it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import GOOD, Grade

from autograder.grader.grading import UnitGrader
from autograder.submissions.submission import modules_beside, read_submission

LOADER = """
import torch
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(torch.arange(6.0)), 2, {options})
assert [len(batch) for [batch] in loader] == [2, 2, 2]
"""


@pytest.mark.parametrize(
    "line",
    [
        "import torch; torch.set_num_threads(2)",
        "import torch; torch.set_num_interop_threads(4); torch.set_num_interop_threads(4)",
        "import torch; torch.set_num_threads(torch.get_num_threads() + 1); torch.ones(10**6).exp().sum()",
        LOADER.format(options="num_workers=2"),
        LOADER.format(options="shuffle=False, num_workers=2, persistent_workers=True, prefetch_factor=4"),
        LOADER.format(options="num_workers=4, pin_memory=True, timeout=10, multiprocessing_context='fork'"),
        LOADER.format(options="False, None, None, 2"),
    ],
)
def test_asking_for_threads_or_processes_has_no_effect(grade: Grade, line: str):
    result = grade(f"{line}\n{GOOD}")
    assert result.problems == []
    assert result.score == result.max_score


def test_a_wrong_number_of_threads_is_said_in_its_line(grade: Grade):
    result = grade(f"import torch\ntorch.set_num_threads(0)\n{GOOD}")
    assert "line 2" in result.problems[0]
    assert result.score == result.max_score


def test_a_thread_of_ones_own_is_refused_in_its_line(grade: Grade):
    result = grade(f"import threading\nthreading.Thread(target=print).start()\n{GOOD}")
    assert "line 2" in result.problems[0]
    assert result.score == result.max_score


@pytest.mark.parametrize(
    "line",
    [
        "display('training'); display(1, 2, clear=True)",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "get_ipython().system('pip install d2l'); lines = get_ipython().getoutput('ls'); assert lines == []",
        "import os; os.path.dirname(os.path.abspath(__file__))",
        "from pathlib import Path; Path(__file__).parent.joinpath('notes.txt').write_text('mine')",
    ],
)
def test_what_a_kernel_or_a_script_has_is_there(grade: Grade, line: str):
    result = grade(f"{line}\n{GOOD}")
    assert result.problems == []
    assert result.score == result.max_score


def hand_in(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return folder / "doubling.py"


def graded_with_its_folder(graded: UnitGrader, path: Path):
    return graded.grade(read_submission(path, "ada", modules_beside(path, ["doubling"])))


def test_modules_beside_a_submission_can_be_imported(graded: UnitGrader, tmp_path: Path):
    other = "from third import *\ndef double(X):\n    return TWO * X\n"
    main = GOOD.replace("def double(X):", "from second import double\ndef unused(X):")
    path = hand_in(tmp_path, doubling=main, second=other, third="TWO = 2\n")
    result = graded_with_its_folder(graded, path)
    assert result.problems == []
    assert result.score == result.max_score


def test_an_error_in_such_a_module_is_shown_in_its_own_line(graded: UnitGrader, tmp_path: Path):
    path = hand_in(tmp_path, doubling=f"import second\n{GOOD}", second="x = 1\ny = x / 0\n")
    assert "second.py, line 2" in graded_with_its_folder(graded, path).problems[0]


def test_such_a_module_stands_in_for_no_library(graded: UnitGrader, tmp_path: Path):
    path = hand_in(tmp_path, doubling=f"import json\njson.dumps(1)\n{GOOD}", json="raise SystemExit")
    assert graded_with_its_folder(graded, path).problems == []


def test_a_file_that_cannot_be_read_is_no_module(graded: UnitGrader, tmp_path: Path):
    path = hand_in(tmp_path, doubling=GOOD)
    (tmp_path / "second.py").write_bytes(b"\xff\xfe")
    (tmp_path / "not-a-name.py").write_text("")
    assert graded_with_its_folder(graded, path).problems == []


def test_what_such_a_module_reaches_for_counts_as_the_students_own(graded: UnitGrader, tmp_path: Path):
    path = hand_in(tmp_path, doubling=GOOD, second="import torch\ntorch._C._disabled = 1\n")
    submission = read_submission(path, "ada", modules_beside(path, ["doubling"]))
    with graded.open(submission) as session:
        session.load()
        assert [statement.label for statement in session.beside] == ["second.py", "second.py"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# -*- coding: latin-1 -*-\nname = 'Andr\xe9'\n", ""),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nname = '\x80'\n", ""),
        (b"\xef\xbb\xbfname = '\xc3\xa9'\n", ""),
        (b"# coding: gbk\nname = '\xc0\xee'\n", ""),
        (b"name = 'Andr\xe9'\n", "byte 12"),
        (b"# coding: no-such-encoding\nname = '\xe9'\n", "save it as UTF-8"),
        (b"# coding: punycode\nname = 1\n", "save it as UTF-8"),
        (b"# coding: zlib\nname = 1\n", "save it as UTF-8"),
        (b"\0" * 100, "only a part of it"),
    ],
)
def test_a_file_is_read_in_the_encoding_it_declares(tmp_path: Path, content: bytes, said: str):
    path = tmp_path / "doubling.py"
    path.write_bytes(content)
    submission = read_submission(path)
    assert said in submission.problem
    assert bool(submission.problem) == bool(said)
