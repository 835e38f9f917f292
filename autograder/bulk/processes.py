"""Grade with several processes of this machine, any of which may be killed at any moment.

Why not a process pool of the standard library or another: their processes share queues, so one that is killed leaves a
lock held or half a message behind, and the pool is given up as a whole. Here nothing is shared: one pipe per process.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import msgspec

from autograder.bulk.tasks import Graded, Task, failed

ATTEMPTS = 4
STARTS_IN_A_ROW = 3
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(eq=False)
class _Helper:
    """A grading process, its pipe, and what it is working on (None before it says that it is up)."""

    process: SpawnProcess
    pipe: Connection
    task: Task | None = None
    ready: bool = False


class Pool:
    """Grading processes, restarted when they die. Use as a context manager."""

    def __init__(self, jobs: int) -> None:
        self._helpers = [_start() for _ in range(jobs)]
        self._attempts: Counter[str] = Counter()
        self._failed_starts = 0

    def grade(self, tasks: Iterable[Task]) -> Iterator[Graded]:
        """Grade tasks; they come back as they are done. A task whose process died is done again, by a new process."""
        waiting = iter(tasks)
        again: deque[Task] = deque()
        heard: list[Graded] = []
        more = True
        while more or again or heard or self._busy():
            for helper in [h for h in self._helpers if h.ready and h.task is None]:
                task = again.popleft() if again else next(waiting, None) if more else None
                if task is None:
                    more = False
                    break
                _hand(helper, task)
            yield from heard  # only now: whoever takes them writes to disk, and nobody should wait for that
            heard.clear()
            if more or again or self._busy():
                for pipe in wait([helper.pipe for helper in self._helpers]):
                    helper = next(h for h in self._helpers if h.pipe is pipe)
                    heard += self._hear(helper, again)

    def close(self) -> None:
        for helper in self._helpers:
            _end(helper)
        self._helpers.clear()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _busy(self) -> bool:
        return any(helper.task is not None for helper in self._helpers)

    def _hear(self, helper: _Helper, again: deque[Task]) -> Iterator[Graded]:
        try:
            said = helper.pipe.recv_bytes()
        except (EOFError, OSError):
            yield from self._bury(helper, again)
            return
        if not helper.ready:
            helper.ready, self._failed_starts = True, 0
            return
        helper.task = None
        yield msgspec.msgpack.decode(said, type=Graded)

    def _bury(self, helper: _Helper, again: deque[Task]) -> Iterator[Graded]:
        """Replace a process that died, and see to the task it was at."""
        _end(helper)
        self._helpers[self._helpers.index(helper)] = _start()
        if not helper.ready:
            self._failed_starts += 1
        task = helper.task
        if self._failed_starts >= STARTS_IN_A_ROW * len(self._helpers):
            yield Graded("", "", failure="grading processes end before they are up; is memory short?", fatal=True)
        elif task is not None:
            self._attempts[_name(task)] += 1
            if self._attempts[_name(task)] < ATTEMPTS:
                again.append(task)
            else:
                yield failed(task, f"its grading process was killed {ATTEMPTS} times; grade it by itself to see why")


def _name(task: Task) -> str:
    return f"{task.student}/{task.unit}"


def _start() -> _Helper:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=serve, args=(theirs, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    return _Helper(process, ours)


def _hand(helper: _Helper, task: Task) -> None:
    """A process that is dead by now is noticed by whoever waits for its answer."""
    helper.task = task
    with contextlib.suppress(OSError):
        helper.pipe.send_bytes(msgspec.msgpack.encode(task))


def _end(helper: _Helper) -> None:
    helper.pipe.close()
    helper.process.kill()
    helper.process.join()
    helper.process.close()


def serve(pipe: Connection, parent: int) -> None:
    """What a grading process does: say that it is up, then answer tasks until the run is over or gone."""
    _end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to handle
    from autograder.grader.launching import launch

    launched = launch()  # its import of torch and ours run side by side
    from autograder.bulk.grading import TaskGrader

    with TaskGrader(launched) as grader:
        gc.freeze()  # torch's modules stay: no collection needs to look through them
        pipe.send_bytes(b"")
        while True:
            try:
                task = msgspec.msgpack.decode(pipe.recv_bytes(), type=Task)
            except EOFError:
                return
            pipe.send_bytes(msgspec.msgpack.encode(grader.grade(task)))


def _end_with(parent: int) -> None:
    """End when the run does, even if it is killed while a submission hangs here. Elsewhere than on Linux this process
    ends after the submission it is at."""
    if sys.platform == "linux":
        import pyprctl

        pyprctl.set_pdeathsig(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
