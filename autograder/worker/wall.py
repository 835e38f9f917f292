"""The wall around a worker: what a process gives up before it runs student code (Linux).

Each layer is applied where the kernel has it; the names of those that held are returned and end up in the result.
There are two walls: the ordinary one, and one with the openings of `gpu_profile` for checks that need a GPU.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import resource
import signal
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

import pyprctl
import pyseccomp
from py_landlock import AccessFs, Landlock, LandlockError

from autograder.worker import gpu_profile, nvidia

MEMORY_BYTES = 2 * 2**30
FILE_BYTES = 64 * 2**20
OPEN_FILES = 256
UNPRIVILEGED_ID = 65534

_READABLE = AccessFs.READ_FILE | AccessFs.READ_DIR
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")

# What CPython, numpy and torch on the CPU need. Everything else does not exist for a worker: no sockets, processes,
# threads, ptrace, mounts, System V memory that would outlive it, or kernel interfaces.
_SYSCALLS = [
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "close",
    "close_range",
    "lseek",
    "open",
    "openat",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "getdents64",
    "getcwd",
    "readlink",
    "readlinkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "rename",
    "renameat",
    "renameat2",
    "ftruncate",
    "truncate",
    "fsync",
    "fdatasync",
    "flock",
    "fallocate",
    "fadvise64",
    "copy_file_range",
    "sendfile",
    "dup",
    "dup2",
    "dup3",
    "pipe",
    "pipe2",
    "umask",
    "chdir",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "eventfd2",
    "recvfrom",
    "sendto",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "brk",
    "msync",
    "mincore",
    "membarrier",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigtimedwait",
    "rt_sigsuspend",
    "sigaltstack",
    "futex",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "set_tid_address",
    "gettid",
    "getpid",
    "getppid",
    "getpgrp",
    "getsid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getcpu",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "times",
    "getrusage",
    "alarm",
    "setitimer",
    "getitimer",
    "sched_yield",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getrlimit",
    "sysinfo",
    "uname",
    "getrandom",
    "exit",
    "exit_group",
    "restart_syscall",
    "arch_prctl",
    "rseq",
    "get_mempolicy",
]
_REFUSED = [
    "recvmsg",
    "sendmsg",
    "recvmmsg",
    "sendmmsg",
    "socket",
    "socketpair",
    "connect",
    "accept",
    "accept4",
    "bind",
    "listen",
    "fork",
    "vfork",
    "clone",
    "execve",
    "execveat",
    "ptrace",
    "kill",
    "tkill",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "mount",
    "umount2",
    "unshare",
    "setns",
    "chroot",
    "pivot_root",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "io_uring_setup",
    "shmget",
    "msgget",
    "semget",
    "mq_open",
    "memfd_create",
    "memfd_secret",
    "open_by_handle_at",
    "name_to_handle_at",
    "mknod",
    "mknodat",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "setpriority",
    "sched_setscheduler",
    "sched_setaffinity",
    "personality",
]
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX
_PRCTL_NAMES = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA (glibc names its mappings)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, locks, F_DUPFD_CLOEXEC: none that has a signal sent to somebody (F_SETOWN, F_SETSIG, leases).
_FCNTLS = (0, 1, 2, 3, 5, 6, 7, 36, 37, 38, 1030)
_F_SETFL = 4
# To itself, for abort() and the like; what no process can survive or notice would look as if somebody else had done it.
_OWN_SIGNALS = tuple(set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP})


def prepare() -> None:
    """Do in the zygote, once, what every wall needs: find the environment, collect the rules."""
    readable_paths()
    _reachable_by_all()
    _readable_rules()
    _syscall_rules()
    if nvidia.device_nodes():
        nvidia.library_folders()


def raise_wall(scratch: Path, own_descriptors: set[int], devices: Sequence[Path] = ()) -> list[str]:
    """Give up everything a submission does not need, for good; return the names of the layers that hold.

    scratch: the only folder that stays writable. own_descriptors: the descriptors that stay open. devices: nodes of the
    GPUs; with any, the wall has the openings that CUDA needs, and no others.
    """
    _close_others(own_descriptors)
    os.chdir(scratch)
    if devices:
        gpu_profile.settle()
    _limit_resources(devices)
    landlock = _landlock(scratch, devices)
    groups = gpu_profile.groups_of(devices)
    held = []
    if os.geteuid() == 0 and _try(lambda: _drop_root(groups, keep_reading=landlock is not None)):
        held.append("uid")
    pyprctl.set_pdeathsig(signal.SIGKILL)
    pyprctl.set_no_new_privs()
    if landlock is not None and _try(landlock.apply):
        held.insert(0, "landlock")
    if _try(lambda: _filter_syscalls(devices)):
        held.insert(len(held) and 1, "seccomp")
    return [*held, "rlimits"]


@functools.cache
def readable_paths() -> list[Path]:
    """The Python environment and the shared libraries it loads: all that a worker can read besides its scratch."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    environment = {Path(sysconfig.get_path(name)) for name in names}
    base = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    shared = {path for path in base.glob("libpython*") if path.exists()}
    system = {Path(path) for path in _SYSTEM_LIBRARIES}
    return sorted(path for path in environment | shared | system if path.exists())


def landlock_version() -> int:
    """Landlock's ABI version on this kernel; 0 where it is missing or switched off."""
    try:
        return int(Landlock(strict=False).abi_version)
    except (LandlockError, OSError):
        return 0


def _close_others(own: set[int]) -> None:
    borders = sorted({0, 1, 2} | own)
    for low, high in zip(borders, [*borders[1:], OPEN_FILES * 16], strict=True):
        os.closerange(low + 1, high)


def _limit_resources(devices: Sequence[Path]) -> None:
    user = UNPRIVILEGED_ID if os.geteuid() == 0 else os.geteuid()
    for limit, value in gpu_profile.limits(user) if devices else _limits():
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def _limits() -> list[tuple[int, int]]:
    return [
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_AS, _address_space() + MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ]


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _landlock(scratch: Path, devices: Sequence[Path]) -> Landlock | None:
    rules = _readable_rules()
    if rules is None:
        return None
    for path, access in gpu_profile.path_rules(devices) if devices else ():
        rules.add_path_rule(path, access=access)
    return rules.allow_read_write(scratch)


@functools.cache
def _readable_rules() -> Landlock | None:
    if not landlock_version():
        return None
    rules = Landlock(strict=False)
    for path in readable_paths():
        rules.add_path_rule(path, access=_READABLE if path.is_dir() else AccessFs.READ_FILE)
    devices = [path for path in _DEVICES if os.path.exists(path)]
    return rules.add_path_rule(*devices, access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)


def _drop_root(groups: Sequence[int], *, keep_reading: bool) -> None:
    """Become nobody. Where Landlock already names what may be read, keep the right to reach a Python environment that
    lies below a private home folder; every other capability goes."""
    kept = {pyprctl.Cap.DAC_READ_SEARCH} if keep_reading and not _reachable_by_all() else set()
    pyprctl.cap_set_ids(uid=UNPRIVILEGED_ID, gid=UNPRIVILEGED_ID, groups=groups, preserve_effective_caps=True)
    pyprctl.CapState(effective=kept, permitted=kept, inheritable=set()).set_current()


@functools.cache
def _reachable_by_all() -> bool:
    folders = {parent for path in readable_paths() for parent in [path, *path.parents] if parent.is_dir()}
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in folders)


def _filter_syscalls(devices: Sequence[Path]) -> None:
    rules = _gpu_syscall_rules() if devices else _syscall_rules()
    for number in _OWN_SIGNALS:
        own, this = pyseccomp.Arg(0, pyseccomp.EQ, os.getpid()), pyseccomp.Arg(2, pyseccomp.EQ, number)
        _rule(rules, pyseccomp.ALLOW, "tgkill", own, this)
    rules.load()


@functools.cache
def _syscall_rules() -> pyseccomp.SyscallFilter:
    return _rules(_REFUSED, _SYSCALLS)


def _gpu_syscall_rules() -> pyseccomp.SyscallFilter:
    # clone3 hides its flags behind a pointer: as an unknown call it makes the C library turn to clone.
    refused = [name for name in _REFUSED if name not in gpu_profile.NOT_REFUSED]
    rules = _rules(refused, [*_SYSCALLS, *gpu_profile.CALLS])
    for name, conditions in gpu_profile.CONDITIONAL:
        _rule(rules, pyseccomp.ALLOW, name, *conditions)
    return rules


def _rules(refused: Sequence[str], allowed: Sequence[str]) -> pyseccomp.SyscallFilter:
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    for name in refused:
        _rule(rules, pyseccomp.ERRNO(errno.EPERM), name)
    for name in allowed:
        _rule(rules, pyseccomp.ALLOW, name)
    for request in _IOCTLS:
        _rule(rules, pyseccomp.ALLOW, "ioctl", pyseccomp.Arg(1, pyseccomp.EQ, request))
    for option in _PRCTL_NAMES:
        _rule(rules, pyseccomp.ALLOW, "prctl", pyseccomp.Arg(0, pyseccomp.EQ, option))
    for command in _FCNTLS:
        _rule(rules, pyseccomp.ALLOW, "fcntl", pyseccomp.Arg(1, pyseccomp.EQ, command))
    quiet = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, os.O_ASYNC, 0)
    _rule(rules, pyseccomp.ALLOW, "fcntl", pyseccomp.Arg(1, pyseccomp.EQ, _F_SETFL), quiet)
    # Its own limits can be read. A lower one of processor time would end it by a signal that seems to come from outside.
    own, reading = pyseccomp.Arg(0, pyseccomp.EQ, 0), pyseccomp.Arg(2, pyseccomp.EQ, 0)
    _rule(rules, pyseccomp.ALLOW, "prlimit64", own, reading)
    return rules


def _rule(rules: pyseccomp.SyscallFilter, action: int, name: str, *args: pyseccomp.Arg) -> None:
    with contextlib.suppress(OSError):  # a call that this architecture or libseccomp does not know needs no rule
        rules.add_rule(action, name, *args)


def _try(layer: Callable[[], None]) -> bool:
    try:
        layer()
    except (OSError, LandlockError):
        return False
    return True
