"""Record what torch is asked to do while student code runs.

Three views, because each misses something: the function mode sees `torch.dropout` before it is decomposed, the dispatch
mode sees the operator that a renamed or scripted function ends in, and only the interpreter sees that an operator which
torchvision writes in Python was called at all.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

_WRITTEN_IN_PYTHON = "torchvision.ops"


@dataclass
class Recording:
    """operations: dispatcher operator -> number of times. functions: torch functions by their own name, those of
    torchvision.ops as `torchvision.ops.NAME`."""

    operations: Counter[str] = field(default_factory=Counter)
    functions: set[str] = field(default_factory=set)


class _Dispatches(TorchDispatchMode):
    def __init__(self, operations: Counter[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._operations = operations

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the default imports the compiler, a second of work, to keep it out of this method

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self._operations[func._schema.name.partition("::")[2]] += 1
        return func(*args, **(kwargs or {}))


class _Functions(TorchFunctionMode):
    def __init__(self, functions: set[str]) -> None:
        super().__init__()
        self._functions = functions

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", type(func).__name__)
        self._functions.add(name.partition(".")[0])  # _softmax.default is an overload of _softmax
        return func(*args, **(kwargs or {}))


@contextmanager
def recording(record: Recording) -> Iterator[None]:
    """Add every torch function and operator of this thread to `record` until the block ends."""
    with _Functions(record.functions), _Dispatches(record.operations), _calls(record.functions):
        yield


@contextmanager
def _calls(functions: set[str]) -> Iterator[None]:
    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and str(frame.f_globals.get("__name__")).startswith(_WRITTEN_IN_PYTHON):
            functions.add(f"{_WRITTEN_IN_PYTHON}.{frame.f_code.co_name}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
