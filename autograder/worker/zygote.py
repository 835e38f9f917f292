"""The process that imports torch once and forks a worker for each submission.

It is started by exec with an empty environment, so its memory holds nothing of the grader's: no suite, no reference.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import msgspec

from autograder.protocol import wire
from autograder.protocol.messages import Returned, decode_request, encode
from autograder.protocol.wire import Channel, WireError
from autograder.protocol.zygote import Ended, Fork, Forked, Kill, Ready, Started
from autograder.worker import nvidia, scratch
from autograder.worker.printing import redirect
from autograder.worker.serving import Server, describe_error
from autograder.worker.stand_in import check


class Zygote:
    """Forks and buries workers on the grader's command; dies, and takes them along, when the grader is gone."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._scratch.chmod(0o711)
        self._workers: dict[int, Path] = {}

    def serve(self) -> None:
        try:
            self._control.send(msgspec.msgpack.encode(Ready(str(self._scratch))))
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._control, 4096, 1)
                if not data:
                    return
                self._answer(msgspec.msgpack.decode(data, type=Fork | Kill), descriptors)
        finally:
            for pid in list(self._workers):
                self._bury(pid)
            scratch.delete(self._scratch)

    def _answer(self, command: Fork | Kill, descriptors: list[int]) -> None:
        match command:
            case Fork():
                pid = self._fork(descriptors[0], command)
                answer: Forked | Ended = Forked(pid, str(self._workers[pid]))
            case Kill():
                answer = Ended(self._bury(command.pid))
        self._control.send(msgspec.msgpack.encode(answer))

    def _fork(self, descriptor: int, command: Fork) -> int:
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        if os.geteuid() == 0:
            folder.chmod(0o777)
        pid = os.fork()
        if pid == 0:
            _be_worker(socket.socket(fileno=descriptor), folder, command)
        os.close(descriptor)
        self._workers[pid] = folder
        return pid

    def _bury(self, pid: int) -> int:
        folder = self._workers.pop(pid, None)
        if folder is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # the worker leads its own session
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        scratch.delete(folder)
        return os.waitstatus_to_exitcode(status)


def _be_worker(connection: socket.socket, folder: Path, command: Fork) -> None:
    """Never returns: the forked child becomes a worker and ends here."""
    try:
        os.setsid()
        channel = Channel(connection)
        output = redirect()
        channel.send(msgspec.msgpack.encode(_start(folder, connection.fileno(), command)))
        hide_engine()
        serve(channel, Server.of_submission(output))
    except BaseException:
        os._exit(70)
    os._exit(0)


def _start(folder: Path, descriptor: int, command: Fork) -> Started:
    try:
        return Started(_prepare(folder, descriptor, command))
    except Exception as error:
        return Started([], describe_error(error))


def _prepare(folder: Path, descriptor: int, command: Fork) -> list[str]:
    os.environ["TMPDIR"] = os.environ["HOME"] = str(folder)
    tempfile.tempdir = None
    if not command.walled:
        os.chdir(folder)
        return []
    from autograder.worker.wall import raise_wall

    if not command.devices:
        for name in nvidia.SETTINGS:
            os.environ.pop(name, None)
    return raise_wall(folder, {descriptor}, [Path(device) for device in command.devices])


def hide_engine() -> None:
    """Take this package's modules out of the reach of imports: patching what serves a submission would falsify what it
    reports. What a notebook imports stays, and does nothing."""
    for name in [name for name in sys.modules if name.split(".")[0] == "autograder"]:
        del sys.modules[name]
    package = sys.modules["autograder"] = ModuleType("autograder")
    package.check = check  # type: ignore[attr-defined]
    package.__path__ = []
    sys.modules["__main__"] = ModuleType("__main__")


def serve(channel: Channel, server: Server) -> None:
    """Answer requests until the grader hangs up."""
    while True:
        try:
            request = decode_request(channel.receive())
        except EOFError:
            return
        reply = encode(server.handle(request))
        try:
            channel.send(reply)
        except WireError:  # many values, each within its limit, together beyond the frame's
            channel.send(encode(_too_large(len(reply))))


def _too_large(size: int) -> Returned:
    return Returned(wire.pack(wire.Opaque(f"a result of {size / 2**20:,.0f} MiB")))
