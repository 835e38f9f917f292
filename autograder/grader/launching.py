"""Start a zygote process early: this module imports neither torch nor anything that does, so that the zygote's import
of torch and the grader's run side by side."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.worker import nvidia

# The worker's engine is the grader's own, also where another checkout is the one that is installed.
_START = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('autograder.worker', run_name='__main__')"
)
_COMMAND = [sys.executable, "-c", _START, str(Path(__file__).resolve().parents[2])]
# What student code of any unit may import or trigger; paid once in the zygote instead of in each worker.
PRELOADED = ("torch.optim", "torch.utils.data", "torch._dynamo", "torchvision")
# Without these a Python on Windows neither finds its libraries nor opens a socket.
_NEEDED_BY_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "USERPROFILE")


@dataclass(frozen=True)
class Launched:
    """A zygote on its way up, and our end of its control socket.

    Where no worker can be forked it is a spare worker instead, which connects to `control`.
    token: what that worker says first; '' for a zygote. scratch: the folder it works in.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    token: str = ""
    scratch: str = ""


def launch(preload: tuple[str, ...] = PRELOADED, *, walled: bool = True) -> Launched:
    """Start a zygote, or a spare worker where none can be forked, that imports torch and `preload`; returns at once."""
    return _launch_zygote(preload) if can_fork(walled) else launch_spare(preload)


def can_fork(walled: bool) -> bool:
    """Whether workers are forked from a zygote: on Linux, always; a local check obeys AUTOGRADER_PORTABLE=1.

    The variable never takes the wall away: where workers are walled it has no say.
    """
    return sys.platform == "linux" and (walled or os.environ.get("AUTOGRADER_PORTABLE", "") in ("", "0"))


def _launch_zygote(preload: tuple[str, ...]) -> Launched:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [*_COMMAND, str(theirs.fileno()), *preload],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
    return Launched(process, ours)


def launch_spare(preload: tuple[str, ...] = ()) -> Launched:
    """Start one worker process that will connect over the loopback interface and prove itself by a token.

    Its folder and the token travel through its standard input, whose end also tells it that we are gone.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=1)
    token, scratch = os.urandom(32).hex(), tempfile.mkdtemp(prefix="autograder-")
    process = subprocess.Popen(
        [*_COMMAND, f"port:{listener.getsockname()[1]}", *preload],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=os.path.abspath(os.sep),
        start_new_session=os.name == "posix",
    )
    assert process.stdin is not None
    process.stdin.write(f"{token}\n{scratch}\n".encode())
    process.stdin.flush()
    return Launched(process, listener, token, scratch)


def _environment() -> dict[str, str]:
    """Nothing of the grader's environment: only what Python needs to start and to speak UTF-8, and CUDA to be found."""
    system = {name: os.environ[name] for name in _NEEDED_BY_WINDOWS if os.name == "nt" and name in os.environ}
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        **{name: os.environ[name] for name in ("TMPDIR",) if os.environ.get(name)},  # where folders of workers belong
        "PYTORCH_JIT": "0",  # what would be compiled runs as Python, where it can be recorded
        **system,
        **nvidia.settings(),
    }
