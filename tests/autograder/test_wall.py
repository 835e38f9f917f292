"""What code inside a worker cannot do. Every attack here works in a process without the wall."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import COURSE, GOOD, Grade, RunInside, call, load

from autograder.course import find_course
from autograder.grader.workers import Worker, WorkerBroke, WorkerError, WorkerOverfull, WorkerTimeout, Zygote
from autograder.protocol.messages import Call, Name, Returned, encode
from autograder.protocol.wire import HandleRef

ROOT = find_course(Path(__file__).parent.parent.parent).root

READ = """
import os
def attack(path):
    try:
        with open(path, "rb") as file:
            return repr(file.read(100))
    except OSError as error:
        return type(error).__name__
"""

LIST = """
import os
def attack(path):
    try:
        return os.listdir(path)
    except OSError as error:
        return type(error).__name__
"""


@pytest.fixture
def secret_in_home() -> str:
    home = Path.home()
    with tempfile.NamedTemporaryFile("w", dir=home, prefix="secret", delete=False) as file:
        file.write("CANARY")
    yield file.name
    os.unlink(file.name)


def test_the_wall_holds_on_this_machine(worker: Worker):
    assert {"landlock", "seccomp", "rlimits"} <= set(worker.layers)


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "tests/units/softmax_regression/test_hidden.py",
        ROOT / "reference/softmax_regression.py",
        ROOT / "solutions/softmax_regression.py",
        ROOT / "tests/units/softmax_regression/wrong.py",
        ROOT / "autograder/grader/grading.py",
        COURSE / "tests/units/doubling/test_hidden.py",
        Path("/etc/passwd"),
        Path("/etc/shadow"),
        Path("/proc/self/environ"),
        Path("/proc/self/mem"),
        Path("/proc/self/maps"),
        Path("/proc/1/environ"),
        Path("/proc/version"),
        Path("/sys/kernel/osrelease"),
    ],
    ids=str,
)
def test_files_outside_the_environment_cannot_be_read(run_inside: RunInside, path: Path):
    assert run_inside(READ, str(path)) in ("PermissionError", "FileNotFoundError")


def test_another_submission_cannot_be_read(run_inside: RunInside, tmp_path: Path):
    other = tmp_path / "classmate.py"
    other.write_text("CANARY")
    other.chmod(0o644)
    assert run_inside(READ, str(other)) == "PermissionError"


def test_the_home_folder_cannot_be_read(run_inside: RunInside, secret_in_home: str):
    assert run_inside(READ, secret_in_home) == "PermissionError"


@pytest.mark.parametrize("path", ["/", "/tmp", "/proc", "/home", str(ROOT), str(Path.home())])
def test_folders_cannot_be_listed(run_inside: RunInside, path: str):
    assert run_inside(LIST, path) in ("PermissionError", "FileNotFoundError")


def test_the_graders_memory_cannot_be_read(run_inside: RunInside):
    assert run_inside(READ, f"/proc/{os.getpid()}/mem") == "PermissionError"


def test_a_link_in_the_scratch_folder_does_not_lead_out(run_inside: RunInside):
    source = """
import os
def attack(path):
    for make in (os.symlink, os.link):
        try:
            make(path, "link")
            return open("link").read(20)
        except OSError:
            pass
    return "refused"
"""
    assert run_inside(source, str(ROOT / "reference/softmax_regression.py")) == "refused"


def test_the_course_cannot_be_imported(run_inside: RunInside):
    source = """
import importlib
def attack(path):
    import sys
    sys.path.insert(0, path)
    found = []
    for name in ("reference.softmax_regression", "solutions.softmax_regression", "tests.units.softmax_regression.test_hidden",
                 "autograder.grader.grading", "autograder.submissions.variants"):
        try:
            importlib.import_module(name)
            found.append(name)
        except (ImportError, OSError):
            pass
    return found
"""
    assert run_inside(source, str(ROOT)) == []


def test_nothing_of_the_suite_is_in_the_workers_memory(run_inside: RunInside):
    source = """
import gc, sys
def attack(needle):
    needle = needle[::-1]
    modules = [name for name in sys.modules if "hidden" in name or "reference" in name.split(".")[0]]
    texts = [o for o in gc.get_objects() if isinstance(o, str) and needle in o]
    frames = []
    frame = sys._getframe()
    while frame:
        frames += [k for k, v in frame.f_locals.items() if isinstance(v, str) and needle in v and k != "needle"]
        frame = frame.f_back
    return [modules, len(texts), frames]
"""
    assert run_inside(source, "CANARY-HIDDEN-SUITE"[::-1]) == [[], 0, []]


def test_the_environment_holds_no_secrets(run_inside: RunInside, monkeypatch: pytest.MonkeyPatch):
    source = "import os\ndef attack():\n    return dict(os.environ)"
    environment = run_inside(source)
    assert "CANARY" not in str(environment)
    assert set(environment) <= {
        "PATH", "LANG", "HOME", "TMPDIR", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "KMP_INIT_AT_FORK", "KMP_DUPLICATE_LIB_OK", "LC_CTYPE",
        "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "PYTORCH_JIT",
    }  # fmt: skip


def test_a_secret_in_the_graders_environment_stays_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AUTOGRADER_TEST_SECRET", "CANARY")
    with Zygote() as zygote:
        worker = zygote.fork()
        load(worker, "import os\ndef attack():\n    return sorted(os.environ)")
        reply = call(worker, "attack")
    assert isinstance(reply, Returned)
    assert "AUTOGRADER_TEST_SECRET" not in reply.value


def test_only_its_own_descriptors_are_open(run_inside: RunInside):
    source = """
import os, stat
def attack():
    kinds = []
    for fd in range(4096):
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            continue
        kinds.append([fd, "socket" if stat.S_ISSOCK(mode) else "character device" if stat.S_ISCHR(mode) else "other"])
    return kinds
"""
    kinds = run_inside(source)
    assert [kind for fd, kind in kinds if fd <= 2] == ["character device"] * 3
    assert [kind for fd, kind in kinds if fd > 2] == ["socket"]


FAMILIES = [name for name in dir(socket) if name.startswith("AF_")]


def test_no_socket_of_any_family_can_be_made(run_inside: RunInside):
    source = """
import socket
def attack(families):
    made = []
    for family in families:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try:
                socket.socket(family, kind).close()
                made.append([family, kind])
            except OSError:
                pass
    try:
        socket.socketpair()
        made.append("socketpair")
    except OSError:
        pass
    return made
"""
    assert run_inside(source, [int(getattr(socket, name)) for name in FAMILIES]) == []


@pytest.mark.parametrize(
    "action",
    [
        "os.fork()",
        "os.forkpty()",
        "os.system('true') == 0 or refuse()",
        "subprocess.run(['/bin/true'])",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "multiprocessing.Process(target=print).start()",
        "threading.Thread(target=print).start()",
        "ctypes.CDLL(None).syscall(57) >= 0 or refuse()",
        "ctypes.CDLL(None).syscall(58) >= 0 or refuse()",
        "ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0) >= 0 or refuse()",
        "ctypes.CDLL(None).syscall(435, 0, 0) >= 0 or refuse()",
    ],
)
def test_no_process_or_thread_can_be_started(run_inside: RunInside, action: str):
    source = f"""
import ctypes, multiprocessing, os, subprocess, threading
def refuse():
    raise PermissionError
def attack():
    try:
        {action}
    except (OSError, RuntimeError):
        return "refused"
    return "done"
"""
    assert run_inside(source) == "refused"


@pytest.mark.parametrize(
    "action",
    [
        "os.kill(os.getppid(), 0)",
        "os.kill(os.getppid(), 9)",
        "os.kill(grader, 0)",
        "os.kill(-1, 9)",
        "os.killpg(0, 9)",
        "os.pidfd_open(grader)",
        "ctypes.CDLL(None, use_errno=True).ptrace(16, grader, 0, 0) == 0 or refuse()",
        "ctypes.CDLL(None, use_errno=True).ptrace(0x4206, os.getppid(), 0, 0) == 0 or refuse()",
        "ctypes.CDLL(None).syscall(310, grader, 0, 0, 0, 0, 0) >= 0 or refuse()",
        "ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, 0) == 0 or refuse()",
        "ctypes.CDLL(None).unshare(0x10000000) == 0 or refuse()",
        "ctypes.CDLL(None).syscall(321, 0, 0, 0) >= 0 or refuse()",
        "ctypes.CDLL(None).syscall(425, 8, 0) >= 0 or refuse()",
        "ctypes.CDLL(None).shmget(0, 4096, 0o1600) >= 0 or refuse()",
        "os.memfd_create('x')",
        "os.chmod('.', 0o777)",
        "os.setuid(0) if os.getuid() else refuse()",
        "resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))",
        "open('/dev/shm/left-behind', 'w')",
        "open('/tmp/left-behind', 'w')",
        "open(torch.__file__, 'a')",
    ],
)
def test_nothing_outside_can_be_touched(run_inside: RunInside, action: str):
    source = f"""
import ctypes, os, resource, torch
def refuse():
    raise PermissionError
def attack(grader):
    try:
        {action}
    except (OSError, ValueError):
        return "refused"
    return "done"
"""
    assert run_inside(source, os.getpid()) == "refused"


def test_the_scratch_folder_can_be_used_and_is_deleted(zygote: Zygote):
    worker = zygote.fork()
    load(worker, "import os, tempfile\ndef attack():\n    open('mine', 'w').write('x')\n    return tempfile.mkdtemp()")
    reply = call(worker, "attack")
    assert isinstance(reply, Returned)
    folder = Path(reply.value)
    assert folder.exists()
    worker.close()
    assert not folder.exists()
    assert not folder.parent.exists()


def test_nothing_survives_the_worker(zygote: Zygote):
    worker = zygote.fork()
    load(worker, "import time\ndef attack():\n    time.sleep(60)")
    with pytest.raises(WorkerTimeout):
        worker.ask(Call(Name("attack")), 0.3)
    assert not Path(f"/proc/{worker.pid}").exists()


def test_workers_die_with_their_zygote():
    zygote = Zygote()
    worker = zygote.fork()
    load(worker, "def attack():\n    while True: pass")
    worker._channel.send(encode(Call(Name("attack"))))
    zygote._process.kill()
    zygote._process.wait()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{worker.pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{worker.pid}").exists()


def test_what_a_killed_zygote_leaves_is_deleted():
    zygote = Zygote()
    worker = zygote.fork()
    load(worker, "import tempfile\ndef attack():\n    return tempfile.mkdtemp()")
    reply = call(worker, "attack")
    zygote._process.kill()
    assert isinstance(reply, Returned)
    assert Path(reply.value).exists()
    zygote.close()
    assert not Path(reply.value).parent.parent.exists()


def test_a_tree_too_deep_to_walk_is_deleted_and_the_zygote_goes_on(zygote: Zygote):
    worker = zygote.fork()
    load(worker, "import os\ndef attack():\n    for _ in range(1100): os.mkdir('deep'), os.chdir('deep')")
    with pytest.raises(WorkerOverfull, match="nobody can look into"):
        worker.ask(Call(Name("attack")), 60)
    assert not Path(worker.folder).exists()
    zygote.fork().close()


FILLED = """
import os, time
def write(name):
    file = os.open(name, os.O_CREAT | os.O_RDWR)
    os.posix_fallocate(file, 0, 60 * 2**20)
    return file
def waits():
    large(), time.sleep(60)
def large():
    for name in "abcde": os.close(write(name))
def unlinked():
    files = [write(name) for name in "abcde"]
    for name in "abcde": os.unlink(name)
    time.sleep(60)
def many():
    for number in range(2100): os.close(os.open(str(number), os.O_CREAT))
"""


@pytest.mark.parametrize(
    ("way", "said"),
    [("waits", "256 MiB"), ("large", "256 MiB"), ("unlinked", "256 MiB"), ("many", "2000 files")],
)
def test_a_worker_that_fills_the_disk_is_ended_and_its_files_are_deleted(worker: Worker, way: str, said: str):
    load(worker, FILLED)
    with pytest.raises(WorkerOverfull, match=said):
        worker.ask(Call(Name(way)), 30)
    assert not Path(worker.folder).exists()
    assert not Path(f"/proc/{worker.pid}").exists()


def test_a_worker_may_write_some_files(worker: Worker):
    load(worker, FILLED + "def some():\n    os.makedirs('d/e'), write('d/e/a'), time.sleep(0.6), write('b')")
    assert isinstance(call(worker, "some"), Returned)
    assert isinstance(call(worker, "write", "c"), Returned)


def test_a_statement_that_fills_the_disk_is_left_out_and_says_why(grade: Grade):
    result = grade(FILLED + "large()\n" + GOOD)
    assert result.score == result.max_score
    assert "it wrote files of more than 256 MiB in all" in result.problems[0]


PICKLE = """
import pickle, torch
class Payload:
    def __reduce__(self):
        import os
        return os.system, ("touch {canary}",)
def attack():
    return Payload()
def in_a_list():
    return [torch.ones(1), {{"x": Payload()}}]
def as_bytes():
    return pickle.dumps(Payload())
class Sly(torch.Tensor):
    def __reduce_ex__(self, protocol):
        return Payload().__reduce__()
def as_tensor():
    return torch.ones(2).as_subclass(Sly)
"""


def test_a_pickle_payload_never_runs(worker: Worker, tmp_path: Path):
    canary = tmp_path / "ran"
    load(worker, PICKLE.format(canary=canary))
    assert isinstance(call(worker, "attack").value, HandleRef)
    assert isinstance(call(worker, "in_a_list").value[1]["x"], HandleRef)
    assert isinstance(call(worker, "as_bytes").value, bytes)
    assert call(worker, "as_tensor").value.tolist() == [1.0, 1.0]
    assert not canary.exists()


CHANNEL = """
import os, pickle, socket, stat, struct
def channel():
    for fd in range(3, 4096):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                return fd
        except OSError:
            pass
def attack(frame):
    os.write(channel(), frame)
    return "later"
"""


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x00\x00\x04\x80\x04N.",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x05hello",
        b"\x00\x00\x00\x01\xc1",
        b"\x00\x00\x00\x04" + b"\x91" * 4,
        b"\x00\x00\x10\x00" + b"\x91" * 4096,
    ],
)
def test_a_forged_frame_ends_the_worker_not_the_grader(worker: Worker, frame: bytes):
    load(worker, CHANNEL)
    with pytest.raises(WorkerBroke):
        call(worker, "attack", frame)
    assert not Path(f"/proc/{worker.pid}").exists()


def test_a_reply_after_the_deadline_is_dropped(zygote: Zygote):
    worker = zygote.fork()
    load(worker, "import time\ndef attack():\n    time.sleep(0.5)\n    return 'late'")
    with pytest.raises(WorkerTimeout):
        worker.ask(Call(Name("attack")), 0.2)
    with pytest.raises(WorkerError):
        worker.ask(Call(Name("attack")), 2)


def test_memory_is_limited(worker: Worker):
    load(worker, "import torch\ndef attack():\n    return torch.ones(2**40).sum()\ndef shared():\n"
         "    import mmap\n    return len(mmap.mmap(-1, 2**34))")  # fmt: skip
    assert call(worker, "attack").type_name in ("RuntimeError", "MemoryError")
    assert call(worker, "shared").type_name in ("OSError", "MemoryError")


ALONE = """
import ctypes, fcntl, os, resource, signal, sys, threading
sys.path.insert(0, {package!r})
from autograder.worker import wall
os.setsid()
wall._filter_syscalls([])
def tgkill(number):
    if ctypes.CDLL(None, use_errno=True).syscall(234, os.getpid(), threading.get_native_id(), int(number)):
        raise OSError(ctypes.get_errno(), "tgkill")
try:
    {action}
    print("done")
except OSError as error:
    print("refused", error.errno)
"""


def with_the_filter_alone(action: str) -> str:
    """What an action comes to where the kernel has no Landlock and nobody gives up being root."""
    code = ALONE.format(package=str(ROOT), action=action)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60).stdout


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls")
@pytest.mark.parametrize(
    "action",
    [
        "fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
        "fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpgid(os.getppid()))",
        "fcntl.fcntl(0, 15, bytes(8))",  # F_SETOWN_EX
        "fcntl.fcntl(0, fcntl.F_SETSIG, signal.SIGKILL)",
        "fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)",
        "fcntl.ioctl(0, 0x5452, b'\\1\\0\\0\\0')",  # FIOASYNC
        "fcntl.ioctl(0, 0x8901, bytes(4))",  # FIOSETOWN
        "fcntl.fcntl(0, fcntl.F_SETLEASE, fcntl.F_WRLCK)",
        "fcntl.fcntl(os.open('.', os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_CREATE)",
        "os.kill(os.getppid(), signal.SIGSTOP)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "tgkill(signal.SIGKILL)",
        "tgkill(signal.SIGSTOP)",
        "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    ],
)
def test_no_signal_or_limit_reaches_anybody_where_only_the_filter_stands(action: str):
    assert with_the_filter_alone(action).startswith("refused")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls")
@pytest.mark.parametrize(
    "action",
    [
        "fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_NONBLOCK)",
        "fcntl.fcntl(0, fcntl.F_SETFD, fcntl.FD_CLOEXEC); os.close(fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 10))",
        "resource.getrlimit(resource.RLIMIT_CPU); resource.prlimit(0, resource.RLIMIT_CPU)",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN); tgkill(signal.SIGUSR1)",
    ],
)
def test_what_python_itself_asks_for_is_allowed(action: str):
    assert with_the_filter_alone(action) == "done\n"
