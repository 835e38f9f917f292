"""Start a zygote process early: this module imports neither torch nor anything that does, so that the zygote's import
of torch and the grader's run side by side."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass

# What student code of any unit may import or trigger; paid once in the zygote instead of in each worker.
PRELOADED = ("torch.optim", "torch.utils.data", "torch._dynamo", "torchvision")


@dataclass(frozen=True)
class Launched:
    """A zygote on its way up, and our end of its control socket."""

    process: subprocess.Popen[bytes]
    control: socket.socket


def launch(preload: tuple[str, ...] = PRELOADED) -> Launched:
    """Start a zygote that imports torch and the modules in `preload`; returns at once."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "autograder.worker", str(theirs.fileno()), *preload],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
    return Launched(process, ours)


def _environment() -> dict[str, str]:
    """Nothing of the grader's environment: only what Python needs to start and to speak UTF-8."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
