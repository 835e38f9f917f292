"""`python -m benchmarks.nbgrader`: seconds per submission of `nbgrader autograde`, with its own Execute and with ours.

The same notebooks are graded twice. For Execute the grade cells hold plain asserts on the same exercises, with random
inputs and torch's own operators to compare with; for ours they hold the public check, and the hidden suite decides.
"""

from __future__ import annotations

import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course import find_course
from autograder.nbgrading.cells import is_grade_cell, nbgrader_of
from autograder.nbgrading.writing import write_course
from benchmarks.machine import machine

UNIT = "softmax_regression"
SUBMISSIONS = 8
AIM = 0.5
WRONG = ("exponentials.sum(dim=1, keepdim=True)", "exponentials.sum(dim=0, keepdim=True)")


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        theirs, ours = Path(place) / "theirs", Path(place) / "ours"
        course = find_course()
        for folder in (theirs, ours):
            write_course(folder, course, [course.unit(UNIT)])
        _let_the_kernel_decide(theirs)
        figures = {name: _autograde(folder) for name, folder in (("Execute", theirs), ("Grade", ours))}
    for name, (first, rest) in figures.items():
        total = (first + sum(rest)) / (1 + len(rest))
        print(
            f"{name:<8} first {first:6.2f} s   then median {statistics.median(rest):6.2f} s a submission "
            f"({min(rest):.2f} to {max(rest):.2f}, {len(rest)})   over the whole run {total:6.2f} s"
        )
    ratio = statistics.median(figures["Execute"][1]) / statistics.median(figures["Grade"][1])
    print(f"Grade is {ratio:.1f} times as fast; aim {AIM} s a submission")


def with_execute(folder: Path) -> list[float]:
    """Make a course in a new folder and grade it with nbgrader's own Execute: seconds of each submission but the first."""
    course = find_course()
    write_course(folder, course, [course.unit(UNIT)])
    _let_the_kernel_decide(folder)
    return _autograde(folder)[1]


def _let_the_kernel_decide(folder: Path) -> None:
    """nbgrader as it comes: no preprocessor of ours, and plain tests in the grade cells."""
    (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "theirs"\n')
    path = folder / "source" / UNIT / f"{UNIT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in filter(is_grade_cell, notebook.cells):
        cell["source"] = TESTS[nbgrader_of(cell)["grade_id"]]
    nbformat.write(notebook, path)


def _autograde(folder: Path) -> tuple[float, list[float]]:
    """Seconds of the first submission, with all that is paid once, and of each of the others."""
    _nbgrader(folder, "generate_assignment")
    source = nbformat.read(folder / "source" / UNIT / f"{UNIT}.ipynb", as_version=4)
    for number in range(SUBMISSIONS):
        path = folder / "submitted" / f"student{number}" / UNIT / f"{UNIT}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(_of_student(source, number), path)
    return _nbgrader(folder, "autograde")


def _of_student(source: NotebookNode, number: int) -> NotebookNode:
    """Every second student makes a mistake; all write something of their own."""
    notebook: NotebookNode = nbformat.from_dict(source)
    for cell in notebook.cells:
        if "def softmax" in cell.source:
            code = cell.source.replace(*WRONG) if number % 2 else cell.source
            cell["source"] = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", code) + f"\n# student {number}"
    return notebook


def _nbgrader(folder: Path, command: str) -> tuple[float, list[float]]:
    """Run a command; the time between the lines in which nbgrader names the next student."""
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [programs / "nbgrader", command, UNIT], cwd=folder, env=environment, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    ends, said = [], []
    for line in process.stderr:
        said.append(line)
        if "Setting destination file permissions" in line:
            ends.append(time.perf_counter())
    if process.wait() != 0:
        raise SystemExit(f"nbgrader {command} failed:\n{''.join(said)}")
    return ends[0] - started, [later - earlier for earlier, later in itertools.pairwise(ends)]


TESTS = {
    "softmax": """\
for seed in range(30):
    torch.manual_seed(seed)
    X = torch.randn(4, 7, dtype=torch.float64) * 10
    assert torch.allclose(softmax(X), torch.softmax(X, 1))
    assert softmax(X + 50000).isfinite().all()
    assert torch.allclose(softmax(X).sum(1), torch.ones(4, dtype=torch.float64))
    assert softmax(X.float()).dtype == torch.float32
    Z, V = X.clone().requires_grad_(), torch.randn(4, 7, dtype=torch.float64)
    mine, = torch.autograd.grad(softmax(Z), Z, V)
    right, = torch.autograd.grad(torch.softmax(Z, 1), Z, V)
    assert torch.allclose(mine, right)""",
    "cross_entropy": """\
for seed in range(30):
    torch.manual_seed(seed)
    P, y = torch.softmax(torch.randn(6, 4, dtype=torch.float64), 1), torch.randint(4, (6,))
    assert torch.allclose(cross_entropy(P, y), nn.functional.nll_loss(P.log(), y, reduction="none"))""",
    "net": """\
for seed in range(30):
    torch.manual_seed(seed)
    X, W, b = torch.randn(5, 1, 2, 3), torch.randn(6, 4), torch.randn(4)
    assert torch.allclose(net(X, W, b), torch.softmax(X.reshape(5, 6) @ W + b, 1), atol=1e-6)""",
    "accuracy": """\
for seed in range(30):
    torch.manual_seed(seed)
    P, y = torch.randn(9, 3), torch.randint(3, (9,))
    assert accuracy(P, y) == (P.argmax(1) == y).sum()
    assert accuracy(P.argmax(1), y) == (P.argmax(1) == y).sum()""",
    "Accumulator": """\
metric = Accumulator(2)
for k in range(30):
    metric.add(k, 2 * k)
assert (metric[0], metric[1]) == (435, 870)
metric.reset()
assert metric[0] == 0""",
    "evaluate_accuracy": """\
for seed in range(30):
    torch.manual_seed(seed)
    data = [(torch.randn(n, 3), torch.randint(3, (n,))) for n in (4, 4, 2)]
    right = sum(int((X.argmax(1) == y).sum()) for X, y in data)
    assert abs(evaluate_accuracy(nn.Identity(), data) - right / 10) < 1e-9""",
    "train_epoch_ch3": """\
for seed in range(30):
    torch.manual_seed(seed)
    layer = nn.Linear(3, 2)
    twin = nn.Linear(3, 2)
    twin.load_state_dict(layer.state_dict())
    data = [(torch.randn(4, 3), torch.randint(2, (4,))) for _ in range(3)]
    loss = nn.CrossEntropyLoss(reduction="none")
    train_epoch_ch3(layer, data, loss, torch.optim.SGD(layer.parameters(), 0.1))
    optimizer = torch.optim.SGD(twin.parameters(), 0.1)
    for X, y in data:
        optimizer.zero_grad()
        loss(twin(X), y).mean().backward()
        optimizer.step()
    assert torch.allclose(layer.weight, twin.weight, atol=1e-6)""",
    "predict_labels": """\
for seed in range(30):
    torch.manual_seed(seed)
    X = torch.randn(8, 5)
    assert (predict_labels(nn.Identity(), X) == X.argmax(1)).all()""",
}


if __name__ == "__main__":
    main()
