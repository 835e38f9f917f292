"""What a worker for GPU checks may do beyond an ordinary one. CUDA does not start without it.

Threads, but no processes. The GPU's device nodes with the driver's own ioctls. Its own folder in /proc, where CUDA names
its threads. Anonymous memory files. And one kind of socket, which CUDA insists on opening and which can neither connect
nor be talked to: `connect`, `accept`, `sendmsg` and `recvmsg` stay refused.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
from collections.abc import Sequence
from pathlib import Path

import pyprctl
from py_landlock import AccessFs
from pyseccomp import EQ, MASKED_EQ, Arg

from autograder.worker import nvidia

# Private memory. The address space is not limited: CUDA reserves as much of it as the machine's memories together.
MEMORY_BYTES = 8 * 2**30
FILE_BYTES = 2**30
OPEN_FILES = 1024
# Beyond those its user runs already; the kernel counts by user.
THREADS = 1024

READABLE = AccessFs.READ_FILE | AccessFs.READ_DIR
DEVICE = READABLE | AccessFs.WRITE_FILE | AccessFs.IOCTL_DEV

CALLS = ("memfd_create", "mlock", "mlock2", "munlock", "mbind", "set_mempolicy", "bind", "listen")

_CLONE_THREAD = 0x00010000
# A thread shares everything with its process, so a flag for a new namespace, a parent or a tracer has no place in it.
_CLONE_OTHER = 0x7E02E000 | 0x00800000
_SOCKET_KIND = 0xF
_FRONTEND_IOCTLS = (0xFF00, ord("F") << 8)  # every request of /dev/nvidia* carries the driver's letter
_UVM_IOCTLS = (0xFFFFFF00, 0)  # those of /dev/nvidia-uvm are small numbers, and these two
_UVM_START, _UVM_END = 0x30000001, 0x30000002

# A call with conditions on its arguments is allowed where one of its rows holds, and does not exist otherwise.
CONDITIONAL: tuple[tuple[str, tuple[Arg, ...]], ...] = (
    ("clone", (Arg(0, MASKED_EQ, _CLONE_THREAD | _CLONE_OTHER, _CLONE_THREAD),)),
    ("socket", (Arg(0, EQ, socket.AF_UNIX), Arg(1, MASKED_EQ, _SOCKET_KIND, socket.SOCK_SEQPACKET))),
    ("setsockopt", (Arg(1, EQ, socket.SOL_SOCKET), Arg(2, EQ, socket.SO_PASSCRED))),
    ("ioctl", (Arg(1, MASKED_EQ, *_FRONTEND_IOCTLS),)),
    ("ioctl", (Arg(1, MASKED_EQ, *_UVM_IOCTLS),)),
    ("ioctl", (Arg(1, EQ, _UVM_START),)),
    ("ioctl", (Arg(1, EQ, _UVM_END),)),
)
# What an ordinary worker is told is forbidden and this one may do.
NOT_REFUSED = {*CALLS, *(name for name, _ in CONDITIONAL)}


def limits(user: int) -> list[tuple[int, int]]:
    """Resource limits of a GPU worker that runs as `user`."""
    return [
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, _threads_of(user) + THREADS),
    ]


def path_rules(devices: Sequence[Path]) -> list[tuple[Path, AccessFs]]:
    """Paths a GPU worker reaches beyond an ordinary one, with its rights there. To be asked for in the worker itself:
    /proc/self is another folder in every process."""
    own = Path("/proc/self").resolve()
    read = [own, *nvidia.library_folders(), *nvidia.looked_up()]
    rules = [(path, READABLE if path.is_dir() else AccessFs.READ_FILE) for path in read]
    rules.append((own / "task", READABLE | AccessFs.WRITE_FILE))
    return rules + [(path, DEVICE if path.is_dir() else DEVICE & ~AccessFs.READ_DIR) for path in devices]


def groups_of(devices: Sequence[Path]) -> list[int]:
    """The groups (never root's) a process must be in to open device nodes that are not open to all."""
    modes = [path.stat() for path in devices]
    return sorted({mode.st_gid for mode in modes if mode.st_gid and mode.st_mode & 0o066 == 0o060})


def settle() -> None:
    """Last steps before the wall: be the first to go when memory runs out, and hide one's own memory in /proc."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    pyprctl.set_dumpable(False)
    os.environ["CUDA_CACHE_DISABLE"] = "1"


def _threads_of(user: int) -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if process.stat().st_uid == user:
                count += len(os.listdir(process / "task"))
    return count
