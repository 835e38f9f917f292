"""`python -m benchmarks.student`: what a student waits for. Medians, and the machine they were measured on.

`watch` runs in a pseudo-terminal of 80 x 24; the clock runs from just before the file is saved until the verdict is on the
screen. Saves alternate between a right and a wrong version, so that each verdict differs from the one before.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.course import find_course
from autograder.student.outline import exercises
from benchmarks.machine import machine

UNITS = ("softmax_regression", "attention_scoring", "bert")
SAVES = 20
RUNS = 7
PATIENCE = 60.0


def main() -> None:
    print(machine())
    importing = command(["-c", "import torch"])
    report("import torch", importing)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder, "exercises")
        autograder = ["-m", "autograder"]
        subprocess.run([sys.executable, *autograder, "start", here], check=True, stdout=subprocess.DEVNULL)
        report("autograder --help", command([*autograder, "--help"], here), aim=0.3)
        report("autograder list", command([*autograder, "list"], here), aim=0.3)
        report("autograder hint softmax", command([*autograder, "hint", "softmax"], here))
        for unit in UNITS:
            aim = statistics.median(importing) + 1.5
            report(f"autograder check {unit}, cold", command([*autograder, "check", unit], here), aim=aim)
        for portable in ("", "1"):
            for unit in UNITS:
                kind = "watch, portable workers" if portable else "watch"
                report(f"{kind}: save to verdict, {unit}", saves(here, unit, portable), aim=0.5)


def report(name: str, seconds: list[float], aim: float | None = None) -> None:
    aimed = f"   aim {aim:.2f} s" if aim is not None else ""
    print(
        f"{name:<58} median {statistics.median(seconds):6.3f} s   worst {max(seconds):6.3f} s   of {len(seconds):>2}{aimed}"
    )


def command(arguments: list[str], folder: Path | None = None) -> list[float]:
    """Seconds per run of a fresh interpreter; the first run, which warms the disk cache, does not count."""
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, check=False)
        times.append(time.perf_counter() - started)
    return times[1:]


def saves(workspace: Path, unit: str, portable: str) -> list[float]:
    """Seconds from each save to its verdict on the screen."""
    (path,) = workspace.glob(f"*_{unit}/{unit}.py")
    stub = path.read_text()
    right = find_course().unit(unit).solution.read_text()
    wrong = f"{right}\n{list(exercises(find_course().unit(unit)))[-1]} = None\n"
    times = []
    try:
        with watching(workspace, unit, portable) as screen:
            until(screen, "after the save")
            for number in range(SAVES + 2):
                text, verdict = (right, "Well done") if number % 2 else (wrong, "✗")
                time.sleep(2.5 if portable else 0.3)  # a student thinks; meanwhile the next portable worker warms up
                started = time.perf_counter()
                path.write_text(text)
                until(screen, verdict)
                times.append(time.perf_counter() - started)
    finally:
        path.write_text(stub)
    return times[2:]


@contextlib.contextmanager
def watching(workspace: Path, unit: str, portable: str) -> Iterator[int]:
    """`autograder watch UNIT` in a pseudo-terminal; the descriptor its screen can be read from."""
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "AUTOGRADER_PORTABLE": portable}
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "watch", unit],
        cwd=workspace, env=environment, stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True,
    )  # fmt: skip
    os.close(terminal)
    try:
        yield screen
    finally:
        os.write(screen, b"q")
        with contextlib.suppress(OSError):
            while os.read(screen, 65536):
                pass
        process.wait(PATIENCE)
        os.close(screen)


def until(screen: int, text: str) -> None:
    """Read what is drawn until it holds the text."""
    seen = b""
    deadline = time.monotonic() + PATIENCE
    while text.encode() not in seen:
        ready, _, _ = select.select([screen], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise SystemExit(f"no {text!r} on the screen within {PATIENCE:g} s:\n{seen.decode(errors='replace')}")
        seen += os.read(screen, 65536)


if __name__ == "__main__":
    main()
