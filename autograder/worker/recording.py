"""Record what torch is asked to do while student code runs.

Two views, because each misses something: the function mode sees `torch.dropout` before it is decomposed, the dispatch
mode sees the operator that a renamed or scripted function ends in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


@dataclass
class Recording:
    """operations: dispatcher operator -> number of times. functions: torch functions by their own name."""

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
        self._functions.add(getattr(func, "__name__", type(func).__name__))
        return func(*args, **(kwargs or {}))


@contextmanager
def recording(record: Recording) -> Iterator[None]:
    """Add every torch function and operator of this thread to `record` until the block ends."""
    with _Functions(record.functions), _Dispatches(record.operations):
        yield
