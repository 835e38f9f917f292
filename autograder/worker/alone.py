"""What a worker cannot have, it does without: it is a single process with a single thread, and asking for more has no effect.

Results are the same with fewer threads, so an answer that asks for some is as right as one that does not.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import torch
from torch.utils.data import DataLoader

# What DataLoader takes only along with processes of its own.
_OF_PROCESSES = {
    "num_workers": 0, "multiprocessing_context": None, "persistent_workers": False, "prefetch_factor": None, "timeout": 0,
}  # fmt: skip


def do_without_threads() -> None:
    """Let this process ignore what it is told of threads and of further processes."""
    for name in ("set_num_threads", "set_num_interop_threads"):
        setattr(torch, name, _ignoring(getattr(torch, name)))
    _load_in_this_process()


def _ignoring(setter: Any) -> Any:
    @functools.wraps(setter)
    def ignored(threads: int, /) -> None:
        if not isinstance(threads, int) or threads < 1:
            setter(threads)  # which says what is wrong with it

    return ignored


def _load_in_this_process() -> None:
    make = DataLoader.__init__
    signature = inspect.signature(make)

    @functools.wraps(make)
    def __init__(*args: Any, **kwargs: Any) -> None:
        given = signature.bind(*args, **kwargs)
        if given.arguments.get("num_workers"):
            given.arguments.update({name: value for name, value in _OF_PROCESSES.items() if name in given.arguments})
        make(*given.args, **given.kwargs)

    DataLoader.__init__ = __init__  # type: ignore[method-assign]
