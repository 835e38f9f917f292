"""A small nbgrader course for the tests: the engine's test course with canaries, and ways to drive nbgrader."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import apps
from nbgrader.api import Gradebook

from autograder.course import load_course
from autograder.nbgrading.cells import nbgrader_of
from autograder.nbgrading.writing import write_course

COURSE = Path(__file__).parents[1] / "course"
UNIT = "doubling"
POINTS = {"double": 3.0, "Scale": 1.0, "softmax": 1.0, "noise": 3.0}
# Planted in what students must never see.
CANARIES = [
    "CANARY-SOLUTION", "CANARY-REFERENCE", "CANARY-HIDDEN-SUITE", "CANARY-CHECK", "424242.125", "CANARY-MISCONCEPTION",
    "CANARY-ACCEPTED",
]  # fmt: skip

FRAGILE = {
    "solutions/fragile.py": "# %%\ndef answer(X):\n    ### BEGIN SOLUTION\n    return X\n    ### END SOLUTION\n\n\n"
    "# %%\ndef on_gpu(X):\n    ### BEGIN SOLUTION\n    return X\n    ### END SOLUTION\n",
    "tests/units/fragile/unit.toml": 'title = "Fragile"\nstable = true\n',
    "reference/fragile.py": "def answer(X):\n    return X + 0\n\n\ndef on_gpu(X):\n    return X\n",
    "tests/units/fragile/test_hidden.py": '"""Fails itself when the answer is None; one exercise needs what no worker here has."""\n'
    "import pytest\nimport torch\nfrom autograder.suite import check, close\n\n\n"
    '@check("answer", points=2)\ndef test_answer(submission, reference):\n    """answer(X) is X."""\n'
    "    X = torch.ones(2)\n    close(reference.answer(submission.answer(X)), X)\n\n\n"
    '@check("on_gpu", points=2)\n@pytest.mark.multigpu\n@pytest.mark.gpu\ndef test_on_gpu(submission):\n'
    '    """on_gpu(X) stays on its device."""\n    close(submission.on_gpu(torch.ones(1)), torch.ones(1))\n',
    "tests/units/fragile/test_public.py": "import torch\nfrom autograder.suite import check, close\n\n\n"
    '@check("answer", points=1)\ndef test_answer(submission):\n    """answer(X) is X."""\n'
    "    close(submission.answer(torch.ones(1)), torch.ones(1))\n",
}


def plant(root: Path) -> None:
    """Copy the test course to `root`, with a canary in every secret file and a second unit."""
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__", "assignments"))
    planted = {
        "solutions/doubling.py": ("    return 2 * X\n", "    return 2 * X  # CANARY-SOLUTION\n"),
        "reference/doubling.py": ('"""Oracle', '"""CANARY-REFERENCE Oracle'),
        "tests/units/doubling/right.py": ('"""Other', '"""CANARY-ACCEPTED Other'),
        "tests/units/doubling/wrong.py": ('"""Known', '"""CANARY-MISCONCEPTION Known'),
        "tests/units/doubling/test_hidden.py": (
            '@check("noise", points=1)\n@pytest.mark.parametrize',
            'SECRET = "CANARY-CHECK", 424242.125\n\n\n@check("noise", points=1)\n@pytest.mark.parametrize',
        ),
    }
    for name, (old, new) in planted.items():
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))
    for name, text in FRAGILE.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    log: str


@dataclass
class NbCourse:
    """An nbgrader course in a temporary folder, its exchange beside it."""

    folder: Path
    root: Path
    options: str = ""
    handlers: list[logging.Handler] = field(default_factory=list)

    def write(self, *units: str) -> None:
        course = load_course(self.root)
        write_course(self.folder, course, [course.unit(name) for name in units])
        exchange = self.folder.parent / f"{self.folder.name}-exchange"
        exchange.mkdir(exist_ok=True)
        exchange.chmod(0o777)
        own = f'c.Exchange.root = "{exchange}"\nc.Exchange.cache = "{exchange}/cache"\n{self.options}\n'
        with (self.folder / "nbgrader_config.py").open("a") as config:
            config.write(own)

    def run(self, command: str, *arguments: str) -> Ran:
        """An nbgrader command in this process."""
        kind = getattr(apps, f"{command.title().replace('_', '')}App")
        kind.clear_instance()
        app = kind.instance()
        lines = _Lines()
        with contextlib.chdir(self.folder), on_path():
            try:
                app.initialize(list(arguments))
                app.log.addHandler(lines)
                app.start()
            except SystemExit as ended:
                return Ran(ended.code if isinstance(ended.code, int) else 1, lines.text())
            finally:
                app.log.removeHandler(lines)
                kind.clear_instance()
        return Ran(0, lines.text())

    def command(self, *arguments: str, folder: Path | None = None, **environment: str) -> Ran:
        """A real command line: `nbgrader ...` or `autograder ...`."""
        program = Path(sys.executable).parent / arguments[0]
        ran = subprocess.run(
            [str(program), *arguments[1:]], cwd=folder or self.folder, capture_output=True, text=True, check=False,
            env={**os.environ, **self.environment(), **environment},
        )  # fmt: skip
        return Ran(ran.returncode, ran.stdout + ran.stderr)

    def environment(self) -> dict[str, str]:
        """An active environment, and the planted course as the one to be found."""
        programs = Path(sys.executable).parent
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "AUTOGRADER_COURSE": str(self.root), "OMP_NUM_THREADS": "1"}

    def released(self, unit: str = UNIT) -> NotebookNode:
        return nbformat.read(self.folder / "release" / unit / f"{unit}.ipynb", as_version=4)

    def source(self, unit: str = UNIT) -> NotebookNode:
        return nbformat.read(self.folder / "source" / unit / f"{unit}.ipynb", as_version=4)

    def hand_in(self, student: str, notebook: NotebookNode | str, unit: str = UNIT, name: str = "") -> Path:
        path = self.folder / "submitted" / student / unit / f"{name or unit}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook))
        return path

    def autograded(self, student: str, unit: str = UNIT) -> NotebookNode:
        return nbformat.read(self.folder / "autograded" / student / unit / f"{unit}.ipynb", as_version=4)

    @property
    def db_url(self) -> str:
        return f"sqlite:///{self.folder / 'gradebook.db'}"

    def scores(self, student: str, unit: str = UNIT) -> dict[str, float | None]:
        """grade_id -> what nbgrader recorded."""
        return {grade.name: grade.auto_score for grade in self.grades(student, unit)}

    def grades(self, student: str, unit: str = UNIT) -> list[Any]:
        with Gradebook(self.db_url) as gradebook:
            notebook = gradebook.find_submission_notebook(unit, unit, student)
            return [_Grade(g.name, g.auto_score, g.needs_manual_grade, g.max_score) for g in notebook.grades]


@dataclass(frozen=True)
class _Grade:
    name: str
    auto_score: float | None
    needs_manual_grade: bool
    max_score: float


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())

    def text(self) -> str:
        return "\n".join(self.records)


@contextlib.contextmanager
def on_path() -> Iterator[None]:
    """nbgrader starts alembic by its bare name."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if nbgrader_of(cell).get("grade_id") == grade_id)


def index_of(notebook: NotebookNode, grade_id: str) -> int:
    return notebook.cells.index(cell_of(notebook, grade_id))


Change = Callable[[NotebookNode], Any]


def feedback_text(notebook: NotebookNode, grade_id: str) -> str:
    """The HTML a student gets for an exercise."""
    outputs = cell_of(notebook, grade_id).outputs
    return "".join(output.data.get("text/html", "") for output in outputs if "data" in output)
