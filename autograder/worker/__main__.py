"""Entry point of the zygote: `python -m autograder.worker DESCRIPTOR [MODULE...]`, started by the grader.

With `port:PORT` in place of the descriptor the process becomes a single worker that connects there.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import sysconfig
from collections.abc import Callable


def main() -> None:
    ready = end_with_the_grader()
    # Before torch: one thread, so that forking is safe and each worker costs one core.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    import torch

    torch.set_num_threads(1)
    warm_up(sys.argv[2:])
    forget_origin()
    ready()
    gc.collect()
    gc.freeze()  # or a worker's first full collection touches, and so copies, every page it shares (270 ms measured)
    if sys.argv[1].startswith("port:"):
        from autograder.worker.spare import serve_alone

        serve_alone(int(sys.argv[1].removeprefix("port:")))
    else:
        from autograder.worker.zygote import Zygote

        Zygote(socket.socket(fileno=int(sys.argv[1]))).serve()


def end_with_the_grader() -> Callable[[], None]:
    """While torch is imported, which takes seconds, notice in a thread that the grader is gone, and end.

    Returns what ends that thread: a process with several cannot be forked safely.
    """
    if sys.platform != "linux" or sys.argv[1].startswith("port:"):
        return lambda: None
    import select
    import threading

    up = threading.Event()

    def watch() -> None:
        poll = select.poll()
        poll.register(int(sys.argv[1]), 0)  # a closed end is reported whatever one asks for
        while not up.is_set():
            if poll.poll(20):
                os._exit(1)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()

    def ready() -> None:
        up.set()
        thread.join()

    return ready


def warm_up(modules: list[str]) -> None:
    """Pay once, before any fork, for what student code and the wall load on first use."""
    import importlib

    import torch

    from autograder.protocol import wire
    from autograder.worker.recording import Recording, recording

    for name in modules:
        importlib.import_module(name)
    if sys.platform == "linux" and not sys.argv[1].startswith("port:"):
        from autograder.worker import wall

        wall.prepare()
    handle = wire.pack(wire.HandleRef(1, ""))
    wire.unpack_request(
        handle.code, memoryview(handle.data)
    )  # msgspec looks up its types' modules, which will be hidden
    with recording(Recording()):
        x = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
        (x @ x).exp().sum().backward()


def forget_origin() -> None:
    """Leave only the installed environment on the import path, not the course's own folder."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    sys.path[:] = [p for p in sys.path if p.endswith(("site-packages", "dist-packages")) or _inside(p, own)]


def _inside(path: str, folders: set[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)


main()
