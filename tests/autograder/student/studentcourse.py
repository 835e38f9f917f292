"""A small course of two units for the tests of the student's side, and ways to act as a student."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.authoring import building
from autograder.course import Course, load_course

COURSE = Path(__file__).parent.parent / "course"
GOOD = (COURSE / "solutions" / "doubling.py").read_text()
HINTS = """
hints("double", question="What is half of the result?", idea="Add X to itself.", formula="Y = 2X")
"""
SECOND_SUITE = '''"""Public suite of the second unit."""

import torch

from autograder.suite import check, close


@check("triple", points=2)
def test_triple_one(submission):
    """triple([[1.]]) is [[3.]]."""
    close(submission.triple(torch.ones(1, 1)), torch.full((1, 1), 3.0))
'''
SECOND_SOLUTION = '''# %% [markdown]
# # Tripling

# %%
def triple(X):
    """X: (n, m) -> (n, m), three times X."""
    ### BEGIN SOLUTION
    return 3 * X
    ### END SOLUTION
'''


def make_course(root: Path) -> Course:
    """The engine's test course with a second unit, hints, and its generated files."""
    shutil.copytree(COURSE, root)
    suite = root / "tests/units/doubling/test_public.py"
    text = suite.read_text().replace("import check, close, tensor_of", "import check, close, hints, tensor_of")
    suite.write_text(text + HINTS)
    (root / "tests/units/tripling").mkdir()
    (root / "tests/units/tripling/test_public.py").write_text(SECOND_SUITE)
    (root / "tests/units/tripling/unit.toml").write_text('title = "Tripling"\nlecture = "0.2"\nstable = true\n')
    (root / "solutions/tripling.py").write_text(SECOND_SOLUTION)
    course = load_course(root)
    building.update(building.handed_out(course))
    return course


def environment(**more: str) -> dict[str, str]:
    """An environment in which only what a test says decides course, language and colour."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AUTOGRADER_", "LC_", "LANG", "NO_COLOR"))}
    return {**kept, "LANG": "C.UTF-8", "COLUMNS": "80", "OMP_NUM_THREADS": "1", **more}


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`autograder ARGUMENTS` in a folder, not on a terminal."""
    command = [sys.executable, "-m", "autograder", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(**more), capture_output=True, text=True, check=False, timeout=180
    )


def solve(path: Path, name: str, body: str) -> None:
    """Write `body` in place of an exercise's placeholder."""
    text = path.read_text()
    begin = text.index(f"def {name}(")
    placeholder = text.index("    # YOUR CODE HERE", begin)
    end = text.index("raise NotImplementedError()", placeholder) + len("raise NotImplementedError()")
    path.write_text(text[:placeholder] + f"    {body}" + text[end:])
