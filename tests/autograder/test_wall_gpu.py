"""The second kind of worker: for checks that need a GPU, and no others. /dev/full stands in for a GPU's device node:
it is there on every Linux, and an ordinary worker cannot open it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import COURSE, GOOD, call, load

from autograder.cli.diagnosing import diagnose
from autograder.course import Unit, find_course, load_course
from autograder.grader import hardware as hardware_module
from autograder.grader.faults import TimeoutFault
from autograder.grader.grading import Grader, UnitGrader
from autograder.grader.hardware import GpuError, hardware, wake
from autograder.grader.suite_file import collect
from autograder.grader.workers import WorkerBroke, WorkerTimeout, Zygote, ZygoteError
from autograder.protocol.messages import Call, Name, Probe, Returned
from autograder.protocol.zygote import Fork
from autograder.results.document import Outcome, SubmissionResult
from autograder.submissions.submission import read_submission
from autograder.worker import gpu_profile, nvidia

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is Linux's")

NODE = Path("/dev/full")
FRONTEND, UVM, UVM_START = 0xC020462A, 27, 0x30000001  # requests as the driver's library makes them
THREAD_FLAGS = 0x3D0F00  # what the C library clones a thread with


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote(devices=[NODE]) as zygote:
        yield zygote


# What a worker tries. An action is refused if it raises, or says so with `refuse()`.
ATTEMPTS = """
import concurrent.futures, ctypes, fcntl, mmap, os, socket, struct, threading
libc = ctypes.CDLL(None, use_errno=True)
node, kept = "/dev/full", []
def refuse():
    raise PermissionError
def done(value):
    return value >= 0 or refuse()
def socket_of(family, kind):
    return socket.socket(family, kind)
def in_a_thread(action=lambda: None):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(action).result()
def named_thread():
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait)
    thread.start()
    try:
        with open(f"/proc/self/task/{thread.native_id}/comm", "r+b", buffering=0) as file:
            return file.write(b"cuda-EvtHandlr")
    finally:
        wait.set()
        thread.join()
def listening(number=1):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    name = "\\0cuda-uvmfd-%d-%d" % (number, os.getpid())
    made.bind(name)
    made.listen(1)
    kept.append(made)
    return name
def kernel_program():
    accept_all = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xFFFF))  # for SO_ATTACH_FILTER
    kept.append(accept_all)
    return ctypes.addressof(accept_all)
def known(request, path=node):
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.ioctl(descriptor, request, bytearray(64))
    except OSError as error:
        return error.errno == 25 or refuse()  # ENOTTY: the request arrived at a device that does not know it
def attack(actions):
    outcomes = []
    for action in actions:
        try:
            eval(action)
            outcomes.append("done")
        except (OSError, RuntimeError, ValueError):
            outcomes.append("refused")
    return outcomes
"""

ONLY_WITH_A_GPU = [
    "in_a_thread()",
    "in_a_thread(lambda: os.open(node, os.O_RDWR))",
    "named_thread()",
    "os.open(node, os.O_RDWR)",
    f"known({FRONTEND})",
    f"known({UVM})",
    f"known({UVM_START})",
    "listening()",
    "os.memfd_create('x')",
    "mmap.mmap(-1, 2**42, flags=0x4022, prot=0)",  # reserved, not used: MAP_NORESERVE, no rights
    "open('/proc/self/maps').read()",
    "open('/proc/meminfo').read()",
    "open('/sys/devices/system/cpu/online').read()",
]
NEVER = [
    "os.fork() or os._exit(0)",
    "os.forkpty()[0] or os._exit(0)",
    "os.execv('/bin/true', ['true'])",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "done(libc.syscall(57))",
    "done(libc.syscall(58))",
    "done(libc.syscall(56, 17, 0, 0, 0, 0))",
    "done(libc.syscall(435, 0, 0))",
    f"done(libc.syscall(56, {THREAD_FLAGS | 0x20000}, 0, 0, 0, 0))",  # with a new namespace
    "in_a_thread(lambda: os.fork()) or os._exit(0)",
    "socket_of(socket.AF_UNIX, socket.SOCK_STREAM)",
    "socket_of(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "socket_of(socket.AF_INET, socket.SOCK_STREAM)",
    "socket_of(socket.AF_INET, socket.SOCK_SEQPACKET)",
    "socket_of(socket.AF_NETLINK, socket.SOCK_RAW)",
    "socket.socketpair()",
    "socket_of(socket.AF_UNIX, socket.SOCK_SEQPACKET).setsockopt(1, 26, struct.pack('HxxxxxxP', 1, kernel_program()))",
    "socket_of(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(listening(2))",
    "socket_of(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind('in-the-scratch-folder')",
    "(listening(3), kept[-1].accept())",
    "socket_of(socket.AF_UNIX, socket.SOCK_SEQPACKET).sendto(b'x', '\\0elsewhere')",
    "known(0x5412)",  # TIOCSTI
    "known(0x8912)",  # SIOCGIFCONF
    f"known({FRONTEND}, '/dev/null')",
    "os.open('/dev/kmsg', os.O_RDONLY)",
    "os.open('/dev/tty', os.O_RDWR)",
    "open('/etc/passwd')",
    "open('/proc/self/root/etc/passwd')",
    "open(f'/proc/{os.getppid()}/status')",
    "open('/proc/1/cmdline')",
    "open(f'/proc/self/task/{os.getpid()}/mem', 'r+b')",
    "os.listdir('/dev')",
    "open('/dev/shm/left-behind', 'w')",
    "open('/tmp/left-behind', 'w')",
    "os.kill(os.getppid(), 0)",
    "done(libc.ptrace(16, os.getppid(), 0, 0))",
    "done(libc.unshare(0x10000000))",
    "__import__('resource').setrlimit(6, (-1, -1))",
    "__import__('torch').empty(3 * 2**30)",  # 12 GiB that nobody touches
]


@pytest.fixture(scope="module")
def outcomes(zygote: Zygote) -> dict[str, dict[str, str]]:
    """What became of every action in an ordinary worker and in one for GPU checks."""
    tried = [*ONLY_WITH_A_GPU, *NEVER]
    seen = {}
    for kind, worker in (("ordinary", zygote.fork()), ("gpu", zygote.fork_gpu())):
        load(worker, ATTEMPTS)
        reply = worker.ask(Call(Name("attack"), args=[tried]), 60)
        assert isinstance(reply, Returned), reply
        seen[kind] = dict(zip(tried, reply.value, strict=True))
        worker.close()
    return seen


@pytest.mark.parametrize("action", ONLY_WITH_A_GPU)
def test_what_cuda_needs_works_in_a_gpu_worker_alone(outcomes: dict[str, dict[str, str]], action: str):
    assert [outcomes["gpu"][action], outcomes["ordinary"][action]] == ["done", "refused"]


@pytest.mark.parametrize("action", NEVER)
def test_everything_else_stays_refused_in_both_kinds(outcomes: dict[str, dict[str, str]], action: str):
    assert [outcomes["gpu"][action], outcomes["ordinary"][action]] == ["refused", "refused"]


def test_both_kinds_have_every_layer(zygote: Zygote):
    kinds = [zygote.fork(), zygote.fork_gpu()]
    for worker in kinds:
        worker.close()
    assert kinds[0].layers == kinds[1].layers
    assert {"landlock", "seccomp", "rlimits"} <= set(kinds[1].layers)


def test_nothing_starts_cuda_before_a_worker_is_forked(zygote: Zygote):
    worker = zygote.fork_gpu()
    load(worker, "import torch\ndef attack():\n    return torch.cuda._is_in_bad_fork()")
    reply = call(worker, "attack")
    worker.close()
    assert reply == Returned(False)  # or CUDA would refuse to start in it


def test_an_ordinary_worker_cannot_turn_itself_into_a_gpu_worker(zygote: Zygote):
    source = f"""
import os, threading
from pathlib import Path
def attack():
    try:
        from autograder.worker import wall
        wall.raise_wall(Path("."), set(range(64)), [Path("{NODE}")])
    except (ImportError, OSError, RuntimeError):
        pass
    got = []
    for action in (lambda: os.open("{NODE}", os.O_RDWR), threading.Thread(target=print).start):
        try:
            got.append(action())
        except (OSError, RuntimeError):
            pass
    return got
"""
    worker = zygote.fork()
    load(worker, source)
    reply = call(worker, "attack")
    worker.close()
    assert isinstance(reply, Returned)
    assert reply.value == []


def test_a_worker_that_asks_for_a_gpu_worker_is_not_answered(zygote: Zygote):
    import msgspec

    source = """
import os, stat
def attack(command):
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, len(command).to_bytes(4, "big") + command)
        except OSError:
            pass
"""
    children = Path(f"/proc/{zygote._process.pid}/task/{zygote._process.pid}/children")
    before = children.read_text().split()
    worker = zygote.fork()
    load(worker, source)
    with pytest.raises(WorkerBroke):
        call(worker, "attack", msgspec.msgpack.encode(Fork(True, [str(NODE)])))
    assert children.read_text().split() == before


THREADS = """
import threading, time
def loop():
    while True:
        time.sleep(0.01)
def leave_threads():
    threads = [threading.Thread(target=loop) for _ in range(3)]
    for thread in threads:
        thread.start()
    return [thread.native_id for thread in threads]
def hang():
    leave_threads()
    loop()
"""


def test_threads_that_are_left_behind_end_with_their_worker(zygote: Zygote):
    worker = zygote.fork_gpu()
    load(worker, THREADS)
    reply = call(worker, "leave_threads")
    assert isinstance(reply, Returned)
    assert all(Path(f"/proc/{thread}").exists() for thread in reply.value)
    worker.close()
    assert not any(Path(f"/proc/{thread}").exists() for thread in [worker.pid, *reply.value])


def test_a_gpu_worker_that_hangs_is_killed_with_its_threads(zygote: Zygote):
    worker = zygote.fork_gpu()
    load(worker, THREADS)
    with pytest.raises(WorkerTimeout):
        worker.ask(Call(Name("hang")), 0.5)
    assert not Path(f"/proc/{worker.pid}").exists()


def test_a_gpu_worker_cannot_flood_the_machine_with_threads(zygote: Zygote):
    source = """
import threading
def attack(limit):
    threading.stack_size(65536)
    wait, started = threading.Event(), 0
    try:
        while started <= limit:
            threading.Thread(target=wait.wait).start()
            started += 1
    except RuntimeError:
        pass
    wait.set()
    return started
"""
    worker = zygote.fork_gpu()
    if os.geteuid() == 0 and "uid" not in worker.layers:
        pytest.skip("the kernel counts no processes of root")
    load(worker, source)
    reply = worker.ask(Call(Name("attack"), args=[2 * gpu_profile.THREADS]), 120)
    worker.close()
    assert isinstance(reply, Returned)
    assert 8 < reply.value <= gpu_profile.THREADS


def test_a_gpu_worker_is_the_first_to_go_when_memory_runs_out(zygote: Zygote):
    worker = zygote.fork_gpu()
    score = Path(f"/proc/{worker.pid}/oom_score_adj").read_text()
    worker.close()
    assert int(score) == 1000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change a file's group")
def test_a_gpu_worker_is_in_the_group_that_owns_the_device():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        node = Path(folder, "nvidia0")
        node.touch()
        node.chmod(0o660)
        os.chown(node, 0, 4321)
        with Zygote(devices=[node]) as zygote:
            worker = zygote.fork_gpu()
            load(worker, "import os\ndef attack(path):\n    os.open(path, os.O_RDWR)\n    return os.getgroups()")
            reply = call(worker, "attack", str(node))
            ordinary = zygote.fork()
            load(ordinary, "import os\ndef attack():\n    return os.getgroups()")
            assert call(ordinary, "attack") == Returned([])
    assert reply == Returned([4321])


def test_the_nodes_of_a_gpu_are_found(tmp_path: Path):
    names = ["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"]
    for name in [*names, "nvidia-modeset", "null"]:
        (tmp_path / name).touch()
    (tmp_path / "nvidia-caps").mkdir()
    assert nvidia.device_nodes(tmp_path) == [tmp_path / name for name in [*names, "nvidia-caps"]]


def test_a_driver_without_a_gpu_is_none(tmp_path: Path):
    (tmp_path / "nvidiactl").touch()
    assert nvidia.device_nodes(tmp_path) == []


def test_the_drivers_library_is_looked_for_where_the_loader_looks():
    assert [(folder / "libm.so.6").exists() for folder in nvidia.library_folders("libm.so.6")] == [True]
    assert nvidia.library_folders("libno_such_driver.so.1") == []


def test_settings_reach_the_zygote_only_where_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("AUTOGRADER_TEST_SECRET", "CANARY")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setattr(nvidia, "device_nodes", list)
    assert nvidia.settings() == {}
    monkeypatch.setattr(nvidia, "device_nodes", lambda: [NODE])
    assert nvidia.settings() == {"CUDA_VISIBLE_DEVICES": "1"}


def test_settings_reach_gpu_workers_and_no_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setattr(nvidia, "device_nodes", lambda: [NODE])
    source = "import os\ndef attack():\n    return os.environ.get('CUDA_VISIBLE_DEVICES', '')"
    seen = []
    with Zygote() as zygote:
        for worker in (zygote.fork(), zygote.fork_gpu()):
            load(worker, source)
            seen.append(call(worker, "attack"))
    assert seen == [Returned(""), Returned("1")]


# The whole path, with a worker that says it reaches one GPU.

SUITE = '''
import pytest

from autograder.suite import check, expect, probe


@probe
def place(names, value):
    """double(X)"""
    import os
    import threading

    try:
        threading.Thread(target=int).start()
        os.close(os.open("/dev/full", os.O_RDWR))
        kind = "gpu"
    except (OSError, RuntimeError):
        kind = "ordinary"
    return [kind, float(names.double(torch.tensor(value)))]


@check("double", points=1)
def test_before(submission):
    """double works in an ordinary worker."""
    expect(submission.run(place, 1.0) == ["ordinary", 2.0], "must be asked in an ordinary worker")


@check("double", points=2)
@pytest.mark.gpu
def test_on_a_gpu(submission):
    """double works in a worker that reaches a GPU."""
    expect(submission.run(place, 2.0) == ["gpu", 4.0], "must be asked in a GPU worker")


@check("double", points=4)
@pytest.mark.gpu
@pytest.mark.multigpu
def test_on_two_gpus(submission):
    """double works in a worker that reaches two GPUs."""
    expect(submission.run(place, 2.0) == ["gpu", 4.0], "must be asked in a GPU worker")


@check("double", points=8)
def test_after(submission):
    """double still works in an ordinary worker."""
    expect(submission.run(place, 3.0) == ["ordinary", 6.0], "must be asked in an ordinary worker")
'''
ONE_GPU = Probe("reach", "def reach(names):\n    return 1")
NO_GPU = Probe("reach", "def reach(names):\n    raise RuntimeError('no such GPU')")


@pytest.fixture
def gpu_unit(tmp_path: Path) -> Unit:
    shutil.copytree(COURSE, tmp_path / "course")
    (tmp_path / "course/tests/units/doubling/test_hidden.py").write_text(SUITE)
    return load_course(tmp_path / "course").unit("doubling")


@pytest.fixture
def one_gpu(gpu_unit: Unit, zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> UnitGrader:
    """A grader that believes to reach one GPU."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(hardware_module, "REACH", ONE_GPU)
    return UnitGrader(gpu_unit, collect(gpu_unit.hidden_suite, "doubling", 1), zygote, call_seconds=5)


def grade(grader: UnitGrader, source: str) -> tuple[dict[str, Outcome], SubmissionResult]:
    path = grader.unit.solution.with_name("submitted.py")
    path.write_text(source)
    result = grader.grade(read_submission(path))
    return {check.id: check.outcome for check in result.checks}, result


def test_only_checks_that_need_a_gpu_are_asked_in_a_gpu_worker(one_gpu: UnitGrader):
    outcomes, result = grade(one_gpu, GOOD)
    assert outcomes == {
        "test_before": Outcome.PASSED,
        "test_on_a_gpu": Outcome.PASSED,
        "test_on_two_gpus": Outcome.NOT_ASSESSED,
        "test_after": Outcome.PASSED,
    }
    assert result.score == result.max_score == 11


def test_no_gpu_worker_is_forked_where_no_gpu_is_reached(gpu_unit: Unit, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Zygote) -> Any:
        raise AssertionError("a GPU worker was forked")

    monkeypatch.setattr(Zygote, "fork_gpu", refuse)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with Zygote() as zygote:
        outcomes, result = grade(UnitGrader(gpu_unit, collect(gpu_unit.hidden_suite, "doubling", 1), zygote), GOOD)
    assert outcomes["test_on_a_gpu"] is Outcome.NOT_ASSESSED
    assert result.score == result.max_score == 9


def test_a_crash_in_the_gpu_worker_costs_only_the_check_that_needed_it(one_gpu: UnitGrader):
    crashing = GOOD.replace("return 2 * X", "return 2 * X if X != 2 else __import__('os')._exit(3)")
    outcomes, result = grade(one_gpu, crashing)
    assert outcomes["test_on_a_gpu"] is Outcome.CRASHED
    assert [outcomes["test_before"], outcomes["test_after"]] == [Outcome.PASSED, Outcome.PASSED]
    assert result.score == 9


def test_a_check_on_a_gpu_is_given_more_time(one_gpu: UnitGrader):
    source = "import time\ndef nap(seconds):\n    time.sleep(seconds)\n    return seconds\n"
    path = one_gpu.unit.solution.with_name("napping.py")
    path.write_text(source)
    grader = UnitGrader(one_gpu.unit, one_gpu.suite, one_gpu._zygote, call_seconds=1)
    with grader.open(read_submission(path)) as session:
        assert session.on_gpu().ask(Call(Name("nap"), args=[1.5])) == Returned(1.5)
        with pytest.raises(TimeoutFault):
            session.ask(Call(Name("nap"), args=[30]))


def test_loading_twice_is_told_once(one_gpu: UnitGrader):
    _, result = grade(one_gpu, GOOD + "\nprint('hello')\nno_such_name\n")
    assert len(result.problems) == 1
    assert result.printed == "hello\n"


def test_a_problem_that_shows_only_in_the_gpu_worker_is_told(one_gpu: UnitGrader):
    source = "\ntry:\n    open('/dev/full')\nexcept OSError:\n    pass\nelse:\n    no_such_name\n"
    _, result = grade(one_gpu, GOOD + source)
    assert len(result.problems) == 1
    assert "no_such_name" in result.problems[0]


def test_a_statement_that_kills_its_worker_is_not_run_again_in_the_gpu_worker(one_gpu: UnitGrader):
    outcomes, result = grade(one_gpu, GOOD + "\nimport os\nos._exit(3)\n")
    assert outcomes["test_on_a_gpu"] is Outcome.PASSED
    assert len(result.problems) == 1


def test_no_worker_of_either_kind_outlives_its_submission(one_gpu: UnitGrader, zygote: Zygote):
    grade(one_gpu, GOOD)
    children = Path(f"/proc/{zygote._process.pid}/task/{zygote._process.pid}/children")
    assert children.read_text().split() == []


def test_a_gpu_that_is_lost_while_grading_is_the_graders_failure(
    one_gpu: UnitGrader, zygote: Zygote, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hardware_module, "REACH", NO_GPU)
    outcomes, result = grade(one_gpu, GOOD)
    assert outcomes["test_on_a_gpu"] is Outcome.GRADER_ERROR
    assert outcomes["test_after"] is Outcome.PASSED
    assert [check.id for check in result.grader_errors] == ["test_on_a_gpu"]


def test_why_no_gpu_is_reached_is_said(zygote: Zygote, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "CUDA" in hardware(zygote).reason
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(hardware_module, "REACH", NO_GPU)
    assert hardware(zygote).reason == "CUDA does not come up in a worker: RuntimeError: no such GPU"
    assert hardware(zygote).marks == frozenset()
    monkeypatch.setattr(hardware_module, "REACH", Probe("reach", "def reach(names):\n    return 2"))
    assert hardware(zygote).marks == {"gpu", "multigpu"}
    monkeypatch.setattr(zygote, "_devices", [])
    assert "/dev/nvidia0" in hardware(zygote).reason
    with pytest.raises(ZygoteError):
        zygote.fork_gpu()


def test_cuda_without_a_gpu_does_not_come_up(zygote: Zygote, monkeypatch: pytest.MonkeyPatch):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert "CUDA does not come up in a worker" in hardware(zygote).reason


def test_the_doctor_says_why_workers_reach_no_gpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda index: "A GPU")
    monkeypatch.setattr(nvidia, "device_nodes", list)
    part = next(part for part in diagnose() if part.name == "gpu")
    assert part.state == "A GPU; workers reach none"
    assert "not assessed: this machine has no NVIDIA device nodes" in part.advice


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and this machine has none")


@pytest.mark.gpu
@needs_gpu
def test_a_real_gpu_is_reached_by_gpu_workers_alone():
    with Zygote() as zygote:
        assert hardware(zygote).gpus == torch.cuda.device_count(), hardware(zygote).reason
        with contextlib.closing(zygote.fork()) as ordinary, pytest.raises(GpuError):
            wake(ordinary)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize("name", ["devices", "data_parallel"])
def test_on_a_real_gpu_no_gpu_check_is_left_out(name: str):
    course = find_course(Path(__file__).parent)
    unit = course.unit(name)
    with Grader(course.seed) as grader:
        found = hardware(grader._zygote)
        result = grader.unit(unit).grade(read_submission(unit.solution))
        needing = {check.id for check in grader.unit(unit).suite.checks if check.needs and check.needs <= found.marks}
    assert found.gpus == torch.cuda.device_count(), found.reason
    assert needing
    assert {check.id: check.outcome for check in result.checks if check.id in needing} == dict.fromkeys(
        needing, Outcome.PASSED
    )
