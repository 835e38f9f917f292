"""Stand-ins for grading processes, in a module that spawned processes import quickly: nothing here needs torch."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from autograder.bulk.tasks import Graded, Task


def serve(pipe: Connection, parent: int) -> None:
    """Answer at once, without grading; be killed by students called `always`, and the first time by one called `once`.

    A task's `problem` is the path of the file that remembers the first time.
    """
    pipe.send_bytes(b"")
    while True:
        task = msgspec.msgpack.decode(pipe.recv_bytes(), type=Task)
        flag = Path(task.problem)
        if task.student == "always" or (task.student == "once" and not flag.exists()):
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send_bytes(msgspec.msgpack.encode(Graded(task.student, task.unit)))


def never_up(pipe: Connection, parent: int) -> None:
    """End before being up."""


def grade_bytes(task: bytes) -> bytes:
    """The same for a cluster's worker."""
    decoded = msgspec.msgpack.decode(task, type=Task)
    if decoded.student == "always":
        os.kill(os.getpid(), signal.SIGKILL)
    return msgspec.msgpack.encode(Graded(decoded.student, decoded.unit))


def grade_slowly(task: bytes) -> bytes:
    """Take long enough to be caught at work."""
    time.sleep(1)
    return grade_bytes(task)


def gpus() -> list[str]:
    """The GPUs that a test says a worker has."""
    return [os.environ["STAND_IN_GPU"]]
