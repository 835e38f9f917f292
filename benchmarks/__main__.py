"""`python -m benchmarks`: measure the engine and print medians with the machine they were measured on."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

from autograder.course import find_course
from autograder.grader.grading import Grader
from autograder.grader.workers import Zygote
from autograder.protocol.messages import Call, Cell, Execute, Name, Parse
from autograder.protocol.wire import pack_request
from autograder.submissions.submission import read_submission
from benchmarks.machine import machine

UNIT = "softmax_regression"


def main() -> None:
    print(machine())
    fork, call = worker_figures()
    report("fresh, isolated worker, fork to first answer", fork, "ms", aim=25)
    report("one call with an 8 x 10 float64 tensor", call, "ms", aim=0.3)
    report(f"one submission of {UNIT}, warm grader", submission_figures(), "s", aim=0.5)
    importing = command_figures(["-c", "import torch"])
    checking = command_figures(["-m", "autograder", "check", UNIT, str(find_course().unit(UNIT).solution)])
    report("import torch", importing, "s")
    report(f"autograder check {UNIT}, cold", checking, "s", aim=statistics.median(importing) + 1.5)


def report(name: str, values: list[float], unit: str, aim: float | None = None) -> None:
    aimed = f"   aim {aim:.3g} {unit}" if aim is not None else ""
    print(f"{name:<52} median {statistics.median(values):8.3f} {unit}   of {len(values):>4}{aimed}")


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def worker_figures(workers: int = 30, calls: int = 1000) -> tuple[list[float], list[float]]:
    """Milliseconds from fork to first answer, and per call."""
    source = Cell(
        "softmax.py", "import torch\ndef softmax(X):\n    E = torch.exp(X)\n    return E / E.sum(1, keepdim=True)\n"
    )
    forks: list[float] = []
    with Zygote() as zygote:
        zygote.fork().close()
        for _ in range(workers):
            started = time.perf_counter()
            worker = zygote.fork()
            worker.ask(Parse([source]), 10)
            forks.append(1000 * (time.perf_counter() - started))
            worker.close()
        worker = zygote.fork()
        parsed = worker.ask(Parse([source]), 10)
        for index in range(len(parsed.statements)):  # type: ignore[union-attr]
            worker.ask(Execute(index), 10)
        X = torch.randn(8, 10, dtype=torch.float64)
        request = Call(Name("softmax"), args=[pack_request(X)])
        each = [1000 * timed(lambda: worker.ask(request, 10)) for _ in range(calls)]
        worker.close()
    return forks, each


def submission_figures(repeats: int = 15) -> list[float]:
    """Seconds per correct submission once the grader is warm."""
    course = find_course()
    with Grader(course.seed) as grader:
        unit = grader.unit(course.unit(UNIT))
        submission = read_submission(course.unit(UNIT).solution)
        unit.grade(submission)
        return [timed(lambda: unit.grade(submission)) for _ in range(repeats)]


def command_figures(arguments: list[str], repeats: int = 7) -> list[float]:
    """Seconds per run of a fresh interpreter; the first run, which warms the disk cache, does not count."""

    def run() -> None:
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)

    run()
    return [timed(run) for _ in range(repeats)]


main()
