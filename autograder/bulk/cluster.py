"""Grade on a cluster: the same function, mapped over the workers of a dask scheduler (extra `cluster`)."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Generator, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from autograder.bulk.tasks import Graded, RunError, Task, failed
from autograder.grader.keys import gpus

if TYPE_CHECKING:
    from autograder.bulk.grading import TaskGrader

CONNECT_SECONDS = 30
# Submissions the scheduler holds at a time: enough for hundreds of workers, and no class's notebooks in one message.
WINDOW = 256
ATTEMPTS = 3
_MISSING = "--scheduler needs the extra cluster: pip install 'autograder[cluster]'"


class Cluster:
    """A connection to a scheduler. Use as a context manager. Raises RunError if there is none at the address."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise RunError(f"{_MISSING} ({error})") from error
        try:
            self._client: Any = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise RunError(f"no dask scheduler answers at {address}: {error}; is it started?") from error

    def hardware(self) -> list[str]:
        """The GPUs of each worker, which must be the same everywhere; waits for the first worker."""
        self._client.wait_for_workers(1)
        found = {tuple(names) for names in self._client.run(gpus).values()}
        if len(found) > 1:
            raise RunError(
                "the cluster's workers have different GPUs, so grades would depend on chance; use alike ones"
            )
        return list(found.pop())

    def grade(self, tasks: Iterable[Task]) -> Generator[Graded]:
        """Grade tasks; they come back as they are done. One whose worker dies is given to another by the scheduler."""
        from distributed import as_completed

        waiting = iter(tasks)
        running = {self._submit(task): task for task in itertools.islice(waiting, WINDOW)}
        finished = as_completed(list(running), loop=self._client.loop)
        attempts: Counter[str] = Counter()
        for future in finished:
            task = running.pop(future)
            graded = self._received(future, task)
            attempts[task.key + task.student] += 1
            following = list(itertools.islice(waiting, 1))
            if graded is None and attempts[task.key + task.student] < ATTEMPTS:
                following.append(task)
            else:
                yield graded or failed(
                    task, "several cluster workers died while grading it; grade it by itself to see why"
                )
            for each in following:
                submitted = self._submit(each)
                running[submitted] = each
                finished.add(submitted)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(self, task: Task) -> Any:
        return self._client.submit(grade_bytes, msgspec.msgpack.encode(task), pure=False)

    def _received(self, future: Any, task: Task) -> Graded | None:
        """What became of a task; None if the scheduler gave it up because workers died that it was given to, be it that
        they were at another one."""
        from distributed import KilledWorker

        try:
            return msgspec.msgpack.decode(future.result(), type=Graded)
        except KilledWorker:
            return None
        except Exception as error:
            gone = self._client.status != "running"
            said = (
                "the scheduler is gone; start it and run again to go on" if gone else f"{type(error).__name__}: {error}"
            )
            return failed(task, said, fatal=gone)
        finally:
            future.release()


_lock = threading.Lock()
_own: TaskGrader | None = None


def grade_bytes(task: bytes) -> bytes:
    """`TaskGrader.grade` in a cluster's worker process, which keeps one grader for as long as it lives."""
    from autograder.bulk.grading import TaskGrader

    global _own
    with _lock:  # a worker process with several threads still grades one submission at a time
        _own = _own or TaskGrader()
        return msgspec.msgpack.encode(_own.grade(msgspec.msgpack.decode(task, type=Task)))
