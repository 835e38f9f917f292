"""Workers for systems that cannot fork one with torch imported: each is a fresh process, started ahead of its use.

They speak the protocol of the forked ones over a loopback connection, and stand behind no wall: this is for checks on a
student's own machine. A grade made this way says `isolation: none`.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import signal
import subprocess
import time

import msgspec

from autograder.grader.launching import Launched, can_fork, launch_spare
from autograder.grader.workers import START_SECONDS, Worker, Zygote, ZygoteError
from autograder.protocol.wire import Channel, WireError
from autograder.protocol.zygote import Started
from autograder.worker import scratch


def open_zygote(launched: Launched | None, *, walled: bool) -> Zygote:
    """Where workers come from on this machine: a zygote, or processes started one by one."""
    forks = not launched.token if launched is not None else can_fork(walled)
    return Zygote(launched, walled=walled) if forks else Spares(launched)


class Spares(Zygote):
    """Hands out processes with torch imported. `prepare` starts the next one ahead of need."""

    def __init__(self, launched: Launched | None = None) -> None:
        self.walled = False
        self._spare = launched
        self._workers: dict[int, Launched] = {}

    def prepare(self) -> None:
        if self._spare is None:
            self._spare = launch_spare()

    def fork(self) -> Worker:
        """Take the spare worker, once it is ready. Raises ZygoteError if it does not come up."""
        self.prepare()
        spare, self._spare = self._spare, None
        assert spare is not None
        try:
            channel = _accept(spare)
        except (ZygoteError, OSError, EOFError, WireError, msgspec.MsgspecError) as error:
            _end(spare)
            raise ZygoteError(f"a worker did not start ({error}); `autograder doctor` says what is missing") from error
        spare.control.close()
        self._workers[spare.process.pid] = spare
        return Worker(self, spare.process.pid, channel, [], spare.scratch)

    def bury(self, pid: int) -> int:
        worker = self._workers.pop(pid, None)
        return _end(worker) if worker is not None else 0

    def interrupt(self) -> None:
        for worker in list(self._workers.values()):
            _kill(worker.process)

    def close(self) -> None:
        for pid in list(self._workers):
            self.bury(pid)
        if self._spare is not None:
            _end(self._spare)
            self._spare = None


def _accept(spare: Launched) -> Channel:
    """The connection of the process we started, and of no other on this machine."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        spare.control.settimeout(0.2)
        try:
            connection, _ = spare.control.accept()
        except TimeoutError:
            if spare.process.poll() is not None:
                raise ZygoteError(f"its process ended with exit code {spare.process.returncode}") from None
            continue
        channel = Channel(connection)
        with contextlib.suppress(TimeoutError, EOFError, OSError, WireError):
            if hmac.compare_digest(channel.receive(time.monotonic() + 5), spare.token.encode()):
                started = msgspec.msgpack.decode(channel.receive(deadline), type=Started)
                if started.error:
                    raise ZygoteError(started.error)
                return channel
        channel.close()
    raise ZygoteError(f"it was not ready after {START_SECONDS:g} seconds")


def _end(worker: Launched) -> int:
    """End a worker and all it started, and delete its folder; the exit code, or minus the number of the signal."""
    process = worker.process
    worker.control.close()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        # A worker whose connection has just closed is on its way out: its own exit code says more than our signal.
        process.wait(0.05)
    _kill(process)
    status = process.wait()
    scratch.delete(worker.scratch)
    return status


def _kill(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # the worker leads its own session
    elif process.poll() is None:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    process.kill()
