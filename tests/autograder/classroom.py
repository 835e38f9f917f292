"""Submissions of every kind for the test course, and the processes that grade them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from conftest import COURSE, GOOD

from autograder.submissions.gathering import Found, gather

PATIENCE = 60.0
SLOW = "import time\ntime.sleep(0.4)\n"
WAYS = {
    "right": GOOD,
    "stub": (COURSE / "assignments/doubling/doubling.py").read_text(),
    "broken": GOOD + "\ndef later(:\n",
    "exits": GOOD.replace("return 2 * X", "import os; os._exit(3)"),
    "forbidden": GOOD.replace("return E / E.sum(dim=1, keepdim=True)", "return torch.softmax(X, dim=1)"),
    "lacks": GOOD.replace("def double", "def dubble"),
    "squares": GOOD.replace("return 2 * X", "return X**2"),
}


def hand_in(folder: Path, **sources: str) -> list[Found]:
    for student, source in sources.items():
        (folder / student).mkdir(parents=True, exist_ok=True)
        (folder / student / "doubling.py").write_text(source)
    return gather([folder], ["doubling"]).submissions


def workers_of(zygote: psutil.Process) -> list[psutil.Process]:
    return zygote.children()


def zygotes_of(process: psutil.Process) -> list[psutil.Process]:
    return [p for p in process.children() if "autograder.worker" in command(p)]


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def at_work(workers: list[psutil.Process]) -> list[psutil.Process]:
    """Workers that are old enough to have begun with their submission."""
    return [worker for worker in workers if time.time() - worker.create_time() > 1]


def own_zygote(before: set[int]) -> psutil.Process:
    return next(p for p in zygotes_of(psutil.Process()) if p.pid not in before)


def kill_first(candidates: Callable[[], list[psutil.Process]]) -> None:
    """Wait for a process to appear and kill it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = candidates()
        if found:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended just now: wait for another
                found[0].kill()
                return
        time.sleep(0.02)
    raise AssertionError("nothing to kill appeared")
