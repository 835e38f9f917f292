"""`python -m benchmarks.authoring [UNIT]`: what a lecturer waits for, as multiples of one `import torch`.

Works on a copy of the course, with a cache of its own. `--all` also verifies every unit, which takes minutes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from autograder.authoring.declared import declared
from autograder.course import Unit, find_course, load_course
from benchmarks.machine import machine

RUNS = 5
EDITS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("unit", nargs="?", default="softmax_regression")
    parser.add_argument("--all", action="store_true", help="also verify all units, twice")
    chosen = parser.parse_args()
    print(machine())
    importing = statistics.median(seconds([sys.executable, "-c", "import torch"]) for _ in range(RUNS))
    print(f"import torch: {importing:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(
            shutil.copytree(find_course().root, Path(folder, "course"), ignore=shutil.ignore_patterns(".*", "results"))
        )
        unit = load_course(root).unit(chosen.unit)
        os.environ |= {"AUTOGRADER_COURSE": str(root), "AUTOGRADER_CACHE": str(Path(folder, "cache"))}

        def report(name: str, times: list[float], aim: float | None = None) -> None:
            middle = statistics.median(times)
            aimed = f"   aim {aim:g}" if aim is not None else ""
            print(f"{name:<44} {middle:7.2f} s   {middle / importing:6.1f} imports of torch{aimed}", flush=True)

        report("verify of one unit, cold", [autograder("verify", "--cold", unit.name) for _ in range(EDITS)], 8)
        report("after one misconception was edited", edited(unit, edit_mistake), 2.5)
        report("after one check was edited", edited(unit, edit_check), 2.5)
        report("mutants of the unit", [autograder("verify", "--mutants", unit.name)], 7)
        report("the same again", [autograder("verify", "--mutants", unit.name)])
        shutil.rmtree(Path(folder, "cache/linted"), ignore_errors=True)
        report("lint, all units, for the first time", [autograder("lint")], 1)
        report("lint, nothing changed", [autograder("lint") for _ in range(RUNS)], 1)
        if chosen.all:
            report("verify of all units, cold", [autograder("verify")])
            report("nothing changed, all units", [autograder("verify") for _ in range(RUNS)], 3)


def edited(unit: Unit, edit: Callable[[Unit, int], None]) -> list[float]:
    """Seconds of `verify` after each of a few edits; the first, which warms the cache, does not count."""
    times = []
    for number in range(EDITS + 1):
        edit(unit, number)
        times.append(autograder("verify", unit.name))
    return times[1:]


def edit_mistake(unit: Unit, number: int) -> None:
    """Add a statement that changes nothing to the unit's first known mistake."""
    add_statement(unit.misconceptions, next(declared(unit.misconceptions, "misconception")).name, number)


def edit_check(unit: Unit, number: int) -> None:
    """Add a statement that changes nothing to the unit's first check."""
    add_statement(unit.hidden_suite, next(declared(unit.hidden_suite, "check")).name, number)


def add_statement(path: Path, name: str, number: int) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    place = next(i for i, line in enumerate(lines) if line.startswith((f"def {name}(", f"class {name}")))
    while not lines[place].rstrip().endswith(":"):
        place += 1
    if lines[place + 1].strip().startswith('"""'):
        place += 1
        while not lines[place].endswith('"""'):
            place += 1
    lines.insert(place + 1, f"    edit = {number}")
    path.write_text("\n".join(lines), encoding="utf-8")


def autograder(*arguments: str) -> float:
    return seconds([sys.executable, "-m", "autograder", *arguments])


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
