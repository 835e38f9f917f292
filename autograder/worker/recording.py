"""Record what torch is asked to do while student code runs.

Three views, because each misses something: the function mode sees `torch.dropout` before it is decomposed, the dispatch
mode sees the operator that a renamed function ends in, and the interpreter sees the calls themselves: of operators that are
written in Python, and of built-in ones while the modes are switched off.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.protocol.messages import Watch

# Operators, and decompositions of operators into others, that are written in Python.
_WRITTEN_IN_PYTHON = ("torchvision.ops", "torch._refs", "torch._decomp", "torch._prims", "torch._inductor")
# In the place of an operator: the interpreter was told to stop reporting calls.
RECORD_SWITCHED_OFF = "record switched off"


@dataclass
class Recording:
    """operations: dispatcher operator -> number of times. functions: torch functions by their own name, those of
    torchvision.ops as `torchvision.ops.NAME`."""

    operations: Counter[str] = field(default_factory=Counter)
    functions: set[str] = field(default_factory=set)


# While a mode is on it only notes names, by nothing that the interpreter reports as a call: each report is dear.


class _Dispatches(TorchDispatchMode):
    def __init__(self, operations: Counter[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._operations = operations
        self._names: Counter[str] = Counter()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the default imports the compiler, a second of work, to keep it out of this method

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self._names[func._schema.name] += 1
        return func(*args, **(kwargs or {}))

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)  # type: ignore[no-untyped-call]
        for name, count in self._names.items():
            self._operations[name.partition("::")[2]] += count


class _Functions(TorchFunctionMode):
    def __init__(self, functions: set[str]) -> None:
        super().__init__()
        self._functions = functions
        self._names: dict[str, None] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            self._names[func.__name__] = None
        except AttributeError:
            self._names[type(func).__name__] = None
        return func(*args, **(kwargs or {}))

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)  # type: ignore[no-untyped-call]
        self._functions.update(name.partition(".")[0] for name in self._names)  # _softmax.default is an overload of it


@contextmanager
def recording(record: Recording, watch: Watch = Watch.EVERYTHING) -> Iterator[None]:
    """Add the torch functions and operators of this thread to `record` until the block ends."""
    with ExitStack() as views:
        if watch >= Watch.FUNCTIONS:
            views.enter_context(_Functions(record.functions))
        if watch >= Watch.OPERATORS:
            views.enter_context(_Dispatches(record.operations))
        if watch >= Watch.EVERYTHING:
            views.enter_context(_calls(record.functions))
        yield


@contextmanager
def _calls(functions: set[str]) -> Iterator[None]:
    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            module = str(frame.f_globals.get("__name__"))
            if module.startswith(_WRITTEN_IN_PYTHON):
                name = frame.f_code.co_name
                functions.add(name if module.startswith("torch.") else f"torchvision.ops.{name}")
        elif event == "c_call" and _is_torchs(called):
            functions.add(called.__name__)

    before = sys.getprofile()
    overrun = False
    sys.setprofile(note)
    try:
        yield
    except RecursionError:
        overrun = True  # at the very end of the stack there is no room for `note` either, and the interpreter drops it
        raise
    finally:
        if sys.getprofile() is not note and not overrun:
            functions.add(RECORD_SWITCHED_OFF)
        sys.setprofile(before)


def _is_torchs(function: Any) -> bool:
    """Whether a built-in function is a method of tensors or lies in one of torch's modules."""
    owner = type(getattr(function, "__self__", None))
    return (
        issubclass(owner, Tensor)
        or owner.__module__.startswith("torch")
        or str(getattr(function, "__module__", "")).startswith("torch")
    )
