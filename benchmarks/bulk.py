"""`python -m benchmarks.bulk`: what grading a class costs, printed as ratios from one run on one machine.

A class is made of a unit's solution, accepted variants, stub and misconceptions, a few submissions that hang among them,
always the same ones for the same numbers. The command itself grades it; the limit it is compared with makes the same
calls in one process without any isolation.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.course import Unit, find_course
from autograder.protocol.messages import Reply, Request
from autograder.results import document
from autograder.results.document import SubmissionResult
from benchmarks.machine import machine

# Of a hundred submissions; the rest have one known mistake each.
RIGHT, UNWRITTEN, SEVERAL_MISTAKES = 40, 10, 15
SEED = 5


@dataclass(frozen=True)
class Figures:
    """One run of the command. seconds: from start to end. steady: from the first result to the last, for each of the
    others. peak: bytes of all its processes together, shared pages counted once."""

    seconds: float
    steady: float
    peak: int
    results: list[SubmissionResult]


def main() -> None:
    options = parsed()
    print(machine(), flush=True)
    unit = find_course().unit(options.unit)
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as name:
        folder = Path(name)
        sources = make_class(unit, folder / "class", options.submissions, options.hanging)
        one = graded(unit, folder / "class", folder / "one", 1)
        two = graded(unit, folder / "class", folder / "two", 2)
        report("one process", one)
        report("two processes", two)
        print(
            f"1 -> 2 processes: {one.seconds / two.seconds:.2f} x as fast, {one.steady / two.steady:.2f} x once started (aim 1.8)"
        )
        print_again(unit, folder)
        print_hanging(one)
        print_limit(unit, sources, one)
        if options.nbgrader:
            print_nbgrader(unit, folder)
        print_growth(unit, folder, options.small, options.large)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unit", default="softmax_regression")
    parser.add_argument("--submissions", type=int, default=200, help="size of the class")
    parser.add_argument("--hanging", type=int, default=4, help="how many of them hang")
    parser.add_argument("--small", type=int, default=100, help="for the cost per submission of a small class ...")
    parser.add_argument("--large", type=int, default=1000, help="... against a large one; 0 leaves this out")
    parser.add_argument(
        "--nbgrader", action=argparse.BooleanOptionalAction, default=True, help="compare with nbgrader's own autograde"
    )
    return parser.parse_args()


def make_class(unit: Unit, folder: Path, count: int, hanging: int) -> dict[str, str]:
    """Write FOLDER/STUDENT/UNIT.py for `count` students; student -> source."""
    from autograder.submissions.variants import accepted_variants, misconceptions

    chance = random.Random(f"{SEED} {unit.name} {count} {hanging}")
    right = [unit.solution.read_text(), *(v.source for v in accepted_variants(unit))]
    wrong = [v.source for v in misconceptions(unit)]
    sources: dict[str, str] = {}
    for number in range(count):
        kind = number * 100 // count
        if number < hanging:
            source = hang(unit, chance)
        elif kind < RIGHT:
            source = chance.choice(right)
        elif kind < RIGHT + UNWRITTEN:
            source = unit.stub.read_text()
        elif kind < RIGHT + UNWRITTEN + SEVERAL_MISTAKES:
            source = "\n\n".join(chance.sample(wrong, 2))
        else:
            source = chance.choice(wrong)
        sources[f"student{number:04}"] = source
    students = list(sources)
    chance.shuffle(students)  # so that kinds come mixed, as in a class
    sources = dict(zip(students, sources.values(), strict=True))
    for student, source in sources.items():
        (folder / student).mkdir(parents=True)
        (folder / student / f"{unit.name}.py").write_text(source)
    return sources


def hang(unit: Unit, chance: random.Random) -> str:
    """The solution with one function that never returns."""
    solution = unit.solution.read_text()
    functions = [node.name for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef)]
    return f"{solution}\n\ndef {chance.choice(functions)}(*args, **kwargs):\n    while True:\n        pass\n"


def hangs(result: SubmissionResult) -> bool:
    return any(check.outcome == "timed_out" for check in result.checks)


def graded(unit: Unit, folder: Path, out: Path, jobs: int) -> Figures:
    """Run the command on a class and watch it."""
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(folder),
        "--out",
        str(out),
        "--jobs",
        str(jobs),
        "--json",
    ]
    environment = {**os.environ, "AUTOGRADER_COURSE": str(unit.root), "AUTOGRADER_LANG": "en"}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    with watched_memory(process.pid) as peak:
        said = [(time.perf_counter(), line) for line in process.stderr]
        if process.wait() != 0:
            raise SystemExit(f"the command failed with exit code {process.returncode}: {said[-1][1] if said else ''}")
    seconds = time.perf_counter() - started
    found = [document.decode(path.read_bytes()) for path in sorted(out.glob("*/*.json"))]
    times = [when for when, line in said if line.startswith("[")]
    steady = (times[-1] - times[0]) / max(len(times) - 1, 1) if times else 0.0
    return Figures(seconds, steady, max(peak, default=0), found)


@contextmanager
def watched_memory(pid: int, every: float = 0.5) -> Iterator[list[int]]:
    """Collects, now and then, the proportional memory of a process and all below it, in bytes."""
    seen: list[int] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(every):
            seen.append(tree_memory(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def tree_memory(pid: int) -> int:
    total = 0
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


def report(name: str, figures: Figures) -> None:
    count = len(figures.results)
    print(
        f"{count} submissions, {name}: {figures.seconds:.1f} s, {figures.seconds / count:.3f} s each with the start, "
        f"{figures.steady:.3f} s once started; peak memory {figures.peak / 1e9:.2f} GB",
        flush=True,
    )


def print_again(unit: Unit, folder: Path) -> None:
    again = graded(unit, folder / "class", folder / "two", 2)
    print(f"the same again, nothing changed: {again.seconds:.2f} s", flush=True)


def print_hanging(figures: Figures) -> None:
    hanging = [result.seconds for result in figures.results if hangs(result)]
    others = [result.seconds for result in figures.results if not hangs(result)]
    if hanging:
        print(
            f"a submission that hangs: median {statistics.median(hanging):.2f} s, at most {max(hanging):.2f} s; "
            f"another one: median {statistics.median(others):.3f} s"
        )


def print_limit(unit: Unit, sources: dict[str, str], figures: Figures) -> None:
    """The same calls in one process without isolation: run in a fresh one, so that it shares nothing with this."""
    hanging = {result.student for result in figures.results if hangs(result)}
    code = "import json, sys; from benchmarks.bulk import limit; print(json.dumps(limit(*json.load(sys.stdin))))"
    harmless = {student: source for student, source in sources.items() if student not in hanging}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([unit.name, harmless]),
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: dict[str, tuple[float, float]] = json.loads(ran.stdout.splitlines()[-1])
    ours = statistics.mean(result.seconds for result in figures.results if result.student in seconds)
    bare = statistics.mean(total for total, _ in seconds.values())
    own = statistics.mean(own for _, own in seconds.values())
    print(
        f"{len(seconds)} submissions that do not hang: {ours:.3f} s each; the same checks on the same calls in one process "
        f"without isolation: {bare:.3f} s, {ours / bare:.2f} x (aim 3); of that inside the calls: {own:.3f} s, {ours / own:.2f} x",
        flush=True,
    )


def limit(name: str, sources: dict[str, str]) -> dict[str, tuple[float, float]]:
    """Seconds per submission when its checks run on it right here, and how many of them are spent inside its calls."""
    from autograder.grader.grading import Grader
    from autograder.grader.trusted import run_source
    from autograder.worker.serving import Server

    course = find_course()
    inside = [0.0]
    handle = Server.handle

    def timed(self: Server, request: Request) -> Reply:
        started = time.perf_counter()
        try:
            return handle(self, request)
        finally:
            inside[0] += time.perf_counter() - started

    Server.handle = timed  # type: ignore[method-assign]
    with Grader(course.seed) as grader:
        unit = grader.unit(course.unit(name))
        unit.assess_locally(run_source(course.unit(name).solution.read_text(), "first"))
        seconds = {}
        for student, source in sources.items():
            inside[0], started = 0.0, time.perf_counter()
            unit.assess_locally(run_source(source, student))
            seconds[student] = (time.perf_counter() - started, inside[0])
    return seconds


def print_nbgrader(unit: Unit, folder: Path) -> None:
    """nbgrader's own autograde and ours on the same notebooks, each without what is paid once."""
    from benchmarks import nbgrader

    theirs = statistics.median(nbgrader.with_execute(folder / "nbgrader"))
    ours = graded(unit, folder / "nbgrader", folder / "notebooks", 1)
    print(
        f"nbgrader's autograde: median {theirs:.2f} s a notebook; grade, one process, on the same notebooks: "
        f"{ours.steady:.3f} s, {theirs / ours.steady:.1f} x as fast (aim 30)",
        flush=True,
    )


def print_growth(unit: Unit, folder: Path, small: int, large: int) -> None:
    if not large:
        return
    each = []
    for count in (small, large):
        make_class(unit, folder / f"class{count}", count, 2 * count // 100)
        figures = graded(unit, folder / f"class{count}", folder / f"out{count}", 2)
        report("two processes", figures)
        each.append(figures.steady)
    change = 100 * (each[1] / each[0] - 1)
    print(f"{small} -> {large} submissions: {change:+.1f} % per submission once started (aim within 10 %)")


if __name__ == "__main__":
    main()
