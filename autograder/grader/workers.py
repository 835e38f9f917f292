"""Start zygotes and workers, put questions to them under a deadline, and bury what does not answer."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from autograder.grader.launching import Launched, launch
from autograder.grader.quota import LOOK_SECONDS, Quota
from autograder.language import _
from autograder.protocol.messages import Reply, Request, encode, weigh_reply
from autograder.protocol.wire import Channel, WireError
from autograder.protocol.zygote import Ended, Fork, Forked, Kill, Ready, Started
from autograder.worker import nvidia, scratch

START_SECONDS = 120.0
WORKER_START_SECONDS = 20.0
_CPU_CLOCK = 2  # what clock_getcpuclockid(3) adds to a process to name its clock


class WorkerError(Exception):
    """A worker gave no usable answer. Subclasses say why; the worker is gone by the time one is raised.

    WorkerError
    ├── WorkerTimeout   no answer by the deadline
    ├── WorkerDied      the process ended (status: exit code, or minus the signal's number)
    │   └── WorkerOverfull  it was ended because it filled the disk
    └── WorkerBroke     it answered, but not with a reply
    """


class WorkerTimeout(WorkerError):
    def __init__(self, seconds: float) -> None:
        super().__init__(_("no answer within {seconds} s").format(seconds=f"{seconds:g}"))
        self.seconds = seconds


class WorkerDied(WorkerError):
    def __init__(self, status: int, said: str = "") -> None:
        super().__init__(said or _describe_status(status))
        self.status = status


class WorkerOverfull(WorkerDied):
    pass


class WorkerBroke(WorkerError):
    pass


class ZygoteError(Exception):
    """The zygote did not start or is gone: the grader's fault, never the submission's."""


class Worker:
    """A process that runs one submission. folder: the one it may write to. read_bytes: what its answers cost to read."""

    def __init__(self, zygote: Zygote, pid: int, channel: Channel, layers: list[str], folder: str) -> None:
        self._zygote = zygote
        self._channel = channel
        self._quota = Quota(folder, pid)
        self.pid, self.folder = pid, folder
        self.layers = layers
        self.read_bytes = 0

    def ask(self, request: Request, seconds: float, busy_seconds: float = math.inf) -> Reply:
        """Put one question; `exchange` says what the limits are and what it raises."""
        return self.exchange([encode(request)], seconds, busy_seconds)

    def exchange(self, frames: Sequence[bytes], seconds: float, busy_seconds: float = math.inf) -> Reply:
        """Send encoded questions and wait for the first answer that is due; the others wait for calls to come.

        It may take `seconds` by the clock and `busy_seconds` of processor time: a loop without end is known by what it
        burns, while a machine with too much to do must cost nobody a grade.

        Raises WorkerError; the worker is then dead and must be replaced.
        """
        deadline = time.monotonic() + seconds
        try:
            if frames:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    # It may have died of a later question and have answered the one that is due: read on.
                    self._channel.send(*frames, deadline=deadline)
            reply, weight = weigh_reply(self._receive(deadline, self.busy_seconds() + busy_seconds))
            self.read_bytes += weight
            return reply
        except TimeoutError:
            self.close()
            raise WorkerTimeout(min(seconds, busy_seconds)) from None
        except (EOFError, OSError):
            raise WorkerDied(self.close()) from None
        except WireError as error:
            self.close()
            raise WorkerBroke(str(error)) from None

    def _receive(self, deadline: float, busy_until: float) -> bytes:
        """Raises TimeoutError at the deadline, or when the worker has been busy for too long; WorkerOverfull."""
        while True:
            self._check_quota()
            left = busy_until - self.busy_seconds()
            if left <= 0:
                raise TimeoutError
            try:
                answer = self._channel.receive(min(deadline, time.monotonic() + min(left, LOOK_SECONDS)))
            except TimeoutError:
                if time.monotonic() >= deadline:
                    raise
            else:
                self._check_quota(answered=True)
                return answer

    def _check_quota(self, *, answered: bool = False) -> None:
        if excess := self._quota.excess(answered=answered):
            raise WorkerOverfull(self.close(), excess)

    def busy_seconds(self) -> float:
        """Processor time the worker has used; 0 where the system does not say."""
        if not sys.platform.startswith("linux"):
            return 0.0
        try:
            return time.clock_gettime((~self.pid << 3) | _CPU_CLOCK)
        except OSError:  # it is gone
            return 0.0

    def close(self) -> int:
        """Kill the worker and all it holds; return how it ended."""
        self._channel.close()
        return self._zygote.bury(self.pid)


class Zygote:
    """A process with torch imported, from which workers are forked. Use as a context manager.

    walled: put workers behind the wall. devices: nodes of the GPUs that a worker for GPU checks may use (default: those
    of this machine).
    """

    def __init__(
        self, launched: Launched | None = None, *, walled: bool = True, devices: Sequence[Path] | None = None
    ) -> None:
        self.walled = walled
        self._devices = devices
        started = launched or launch()
        self._control, self._process = started.control, started.process
        self._scratch = ""  # known once it is ready
        self._live: set[int] = set()

    def prepare(self) -> None:
        """Get ready for the next `fork` in the background; a zygote always is."""

    def interrupt(self) -> None:
        """From another thread: kill every worker at once; whoever waits for an answer gets WorkerDied."""
        for pid in list(self._live):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def fork(self) -> Worker:
        """Fork a worker behind the wall. Raises ZygoteError if the zygote is gone."""
        return self._fork(Fork(self.walled))

    def fork_gpu(self) -> Worker:
        """Fork a worker whose wall leaves GPUs reachable. Raises ZygoteError, also where there are none to reach."""
        if not self.walled:
            return self.fork()
        devices = nvidia.device_nodes() if self._devices is None else self._devices
        if not devices:
            raise ZygoteError("this machine has no NVIDIA device nodes; without /dev/nvidia0 no worker can use a GPU")
        return self._fork(Fork(True, [str(device) for device in devices]))

    def _fork(self, command: Fork) -> Worker:
        self._wait_until_ready()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            answer = self._command(command, [theirs.fileno()])
        if not isinstance(answer, Forked):
            raise ZygoteError(f"the zygote answered {answer!r} instead of forking")
        channel = Channel(ours)
        try:
            first = channel.receive(time.monotonic() + WORKER_START_SECONDS)
            started = msgspec.msgpack.decode(first, type=Started)
        except (TimeoutError, EOFError, OSError, WireError, msgspec.MsgspecError) as error:
            channel.close()
            status = self.bury(answer.pid)
            raise ZygoteError(f"a worker did not start ({_describe_status(status)}): {error}") from error
        if started.error:
            channel.close()
            self.bury(answer.pid)
            raise ZygoteError(f"a worker could not raise its wall: {started.error}")
        self._live.add(answer.pid)
        return Worker(self, answer.pid, channel, started.layers, answer.scratch)

    def bury(self, pid: int) -> int:
        """Kill a worker and return its exit status (minus the signal's number if a signal ended it)."""
        self._live.discard(pid)
        answer = self._command(Kill(pid), [])
        return answer.status if isinstance(answer, Ended) else 0

    def close(self) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._scratch:  # a killed zygote could not delete it
            scratch.delete(self._scratch)

    def __enter__(self) -> Zygote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait_until_ready(self) -> None:
        if self._scratch:
            return
        self._control.settimeout(START_SECONDS)
        try:
            self._scratch = msgspec.msgpack.decode(self._receive(), type=Ready).scratch
        except msgspec.MsgspecError:
            raise ZygoteError("the zygote did not come up; `autograder doctor` says what is missing") from None

    def _command(self, command: Fork | Kill, descriptors: list[int]) -> Forked | Ended:
        try:
            socket.send_fds(self._control, [msgspec.msgpack.encode(command)], descriptors)
            return msgspec.msgpack.decode(self._receive(), type=Forked | Ended)
        except (OSError, msgspec.MsgspecError) as error:
            raise ZygoteError(f"the zygote is gone: {error}") from error

    def _receive(self) -> bytes:
        try:
            return self._control.recv(4096)
        except OSError as error:
            raise ZygoteError(f"the zygote does not answer: {error}") from error


def _describe_status(status: int) -> str:
    if status >= 0:
        return _("the process ended with exit code {status}").format(status=status)
    with contextlib.suppress(ValueError):
        return _("the process was ended by {signal}").format(signal=signal.Signals(-status).name)
    return _("the process was ended by signal {number}").format(number=-status)
