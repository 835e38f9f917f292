"""Answer a grader's requests with a namespace: the submission's in a worker, the reference's in the grader itself."""

from __future__ import annotations

import builtins
import contextlib
import functools
import itertools
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.language import _
from autograder.protocol import wire
from autograder.protocol.messages import (
    Absent,
    Build,
    Call,
    Execute,
    Executed,
    Frame,
    Get,
    Held,
    Items,
    Name,
    Parse,
    Probe,
    Raised,
    Reply,
    Request,
    Returned,
    SourceProblem,
    Target,
    Watch,
)
from autograder.worker.alone import do_without_threads
from autograder.worker.beside import offer
from autograder.worker.gradients import vector_jacobian_product
from autograder.worker.kernel import names_of_a_kernel
from autograder.worker.printing import CappedOutput
from autograder.worker.recording import Recording, recording
from autograder.worker.rig import Rig
from autograder.worker.source import ParsedSource
from autograder.worker.steps import STEPS, Rigged, Subject, fill, seed_everything

MESSAGE_LIMIT = 1000
FRAME_LIMIT = 6
MODULE_NAME = "submission"
PROBE_MODULE = "autograder_probe"
_KERNEL_CELL = re.compile(r"[/\\]ipykernel_\d+[/\\]|^<ipython-input-")


class Server:
    """Holds a namespace and the objects made from it, and turns each request into a reply."""

    def __init__(self, namespace: dict[str, Any], output: CappedOutput | None = None) -> None:
        self._namespace = namespace
        self._output = output
        self._objects: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._source = ParsedSource([])
        self._probes: dict[str, Callable[..., Any]] = {}
        self._at = ""

    @classmethod
    def of_submission(cls, output: CappedOutput) -> Server:
        """A server whose namespace is a fresh module, as if the submission were being imported."""
        module = ModuleType(MODULE_NAME)
        module.__file__ = os.path.join(os.getcwd(), f"{MODULE_NAME}.py")
        sys.modules[MODULE_NAME] = module
        vars(builtins).update(names_of_a_kernel())
        do_without_threads()
        return cls(vars(module), output)

    def handle(self, request: Request) -> Reply:
        match request:
            case Parse():
                self._source = ParsedSource(request.cells)
                offer(cell for cell in request.cells if cell.module)
                return self._source.report()
            case Execute():
                return self._execute(request)
            case Call(step=""):
                return self._answered(request.fresh, lambda: self._call(request), request.watch)
            case Call():
                return self._step(request)
            case Get():
                return self._answered(request.fresh, lambda: self._get(request))
            case Items():
                return self._answered(False, lambda: self._items(request))

    def _execute(self, request: Execute) -> Executed:
        seed_everything(request.seed)
        statement = self._source.statements[request.index]
        problem = None
        try:
            exec(self._source.code(request.index), self._namespace)
        except BaseException as error:
            frames = own_frames(error)
            line = frames[-1].line if frames else statement.line
            label = frames[-1].label if frames else statement.label
            text = frames[-1].text if frames else ""
            problem = SourceProblem(label, line, describe_error(error), text)
        return Executed(problem, self._printed())

    def _step(self, request: Call) -> Reply:
        """Perform a step; what it does beside calling the submission is not the submission's work."""
        record = Recording()
        subject = Subject(
            lambda **changes: self._subject(request, changes), request.seed, lambda: recording(record, request.watch)
        )
        args, options = self._held(request.args), self._held(request.options)

        def perform() -> Any:
            try:
                return STEPS[request.step](subject, args, options)
            finally:
                self._at = subject.at or self._at

        return self._answered(request.fresh, perform, Watch.NOTHING, record)

    def _subject(self, request: Call, changes: dict[str, Any]) -> Callable[..., Any]:
        match request.target:
            case Build():
                return self._built(request.target, changes)
            case Probe():
                called = functools.partial(self._probe(request.target), self._names())
                return Rigged(called, _rig(request)) if "rig" in request.options else called
        return self._resolve(request.target, request.attribute)  # type: ignore[no-any-return]

    def _built(self, build: Build, changes: dict[str, Any]) -> nn.Module:
        module = _lookup(self._namespace, build.name)(*self._held({**build.args, **changes}).values())
        if not isinstance(module, nn.Module):
            raise TypeError(f"{build.name} is not an nn.Module")
        if build.dtype is not None:
            module.to(build.dtype)
        if build.weights is not None:
            fill(module, build.weights)
        return module.train(build.training)

    def _answered(
        self, fresh: bool, answer: Callable[[], Any], watch: Watch = Watch.NOTHING, record: Recording | None = None
    ) -> Reply:
        if fresh:  # numbers start anew too: the same questions get the same answers
            self._objects.clear()
            self._numbers = itertools.count(1)
        self._at = ""
        record, reading = record or Recording(), Recording()
        try:
            with default_modes(), recording(record, watch):
                value = answer()
            # A value may work itself out only when it is read; what is needed to pack it is not the submission's work.
            with recording(reading, watch if watch is Watch.EVERYTHING else Watch.NOTHING):
                packed = self._export(value, 0)
            record.functions |= reading.functions | set(reading.operations)
        except _MissingError as missing:
            return Absent(missing.args[0])
        except BaseException as error:
            return Raised(
                type(error).__name__, error_text(error), own_frames(error), self._printed(),
                dict(record.operations), sorted(record.functions), self._at[:MESSAGE_LIMIT],
            )  # fmt: skip
        return Returned(packed, self._printed(), dict(record.operations), sorted(record.functions))

    def _call(self, request: Call) -> Any:
        function = self._resolve(request.target, request.attribute)
        args, kwargs = self._held(request.args), self._held(request.kwargs)
        if isinstance(request.target, Probe):
            args = [self._names(), *args]
        seed_everything(request.seed)
        if request.vjp:
            return vector_jacobian_product(function, args, kwargs, request.cotangent, request.seed)
        return function(*args, **kwargs)

    def _get(self, request: Get) -> Any:
        return self._resolve(request.target, request.attribute)

    def _items(self, request: Items) -> list[Any]:
        seed_everything(request.seed)
        return list(itertools.islice(self._resolve(request.target, ""), request.limit))

    def _resolve(self, target: Target, attribute: str) -> Any:
        match target:
            case Name(name):
                value = _lookup(self._namespace, name)
            case Held(number):
                value = self._objects[number]
            case Probe():
                value = self._probe(target)
            case Build():
                value = self._built(target, {})
        for part in attribute.split(".") if attribute else []:
            try:
                value = getattr(value, part)
            except AttributeError as error:
                if own_frames(error):
                    raise
                raise _MissingError(f"{type(value).__name__}.{part}") from None
        return value

    def _probe(self, probe: Probe) -> Callable[..., Any]:
        if probe.source not in self._probes:
            namespace: dict[str, Any] = {
                "torch": torch,
                "np": np,
                "nn": nn,
                "Tensor": Tensor,
                "Any": Any,
                "at": self._is_at,
            }
            # A warning about the probe's own code is no business of the student's; it goes by this name.
            namespace["__name__"] = PROBE_MODULE
            warnings.filterwarnings("ignore", module=PROBE_MODULE)
            exec(compile(probe.source, "<probe>", "exec", dont_inherit=True), namespace)
            self._probes[probe.source] = namespace[probe.name]
        return self._probes[probe.source]

    def _is_at(self, call: str) -> None:
        """What a probe says before each of its calls, so that the one that raises is the one that is shown."""
        self._at = call

    def _names(self) -> _Names:
        return _Names(self._namespace)

    def _held(self, value: Any) -> Any:
        """Replace references to held objects by the objects, at any depth."""
        if isinstance(value, wire.HandleRef):
            return self._objects[value.number]
        if isinstance(value, list):
            return [self._held(item) for item in value]
        if isinstance(value, dict):
            return {key: self._held(item) for key, item in value.items()}
        return value

    def _export(self, value: Any, depth: int) -> Any:
        """Pack a result; what cannot cross becomes a handle (objects) or a description (oversized values).

        Containers, tensors and numbers of the submission's own classes cross as what they hold.
        """
        if depth > wire.MAX_DEPTH:
            return wire.pack(wire.Opaque("a value nested too deeply"))
        if isinstance(value, list):
            return self._exported(list.__iter__(value), depth)
        if isinstance(value, tuple) and not isinstance(value, torch.Size):
            return self._exported(tuple.__iter__(value), depth)
        if isinstance(value, Mapping):
            pairs = dict(itertools.islice(value.items(), wire.MAX_ITEMS))
            if sum(len(key) for key in pairs if isinstance(key, str)) > wire.MAX_TEXT:
                return wire.pack(wire.Opaque(f"a dictionary of {len(pairs)} long keys"))
            if all(type(key) in (str, int) for key in pairs):
                return {key: self._export(item, depth + 1) for key, item in pairs.items()}
        try:
            return wire.pack(_plain(value))
        except wire.WireError as error:
            is_data = isinstance(value, (Tensor, np.ndarray, int))
            return wire.pack(wire.Opaque(str(error)) if is_data else self._keep(value))

    def _exported(self, items: Iterator[Any], depth: int) -> list[Any]:
        return [self._export(item, depth + 1) for item in itertools.islice(items, wire.MAX_ITEMS)]

    def _keep(self, value: Any) -> wire.HandleRef:
        number = next(self._numbers)
        self._objects[number] = value
        return wire.HandleRef(number, type(value).__name__[:200])

    def _printed(self) -> str:
        return self._output.take() if self._output is not None else ""


def _rig(request: Call) -> Rig:
    options = dict(request.options["rig"])
    weights = options.pop("weights")
    return Rig(fill=lambda network: fill(network, weights), **options)


class _MissingError(Exception):
    """The submission has no such name or attribute."""


class _Names:
    """The submission's top-level names, as a probe sees them: `names.softmax`, and `names.softmax = ...`."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        object.__setattr__(self, "_namespace", namespace)

    def __getattr__(self, name: str) -> Any:
        return _lookup(self._namespace, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._namespace[name] = value


def _lookup(namespace: Mapping[str, Any], name: str) -> Any:
    if name not in namespace:
        raise _MissingError(name)
    return namespace[name]


def _plain(value: Any) -> Any:
    """A tensor or number without what its class overrides; anything else as it is."""
    kind = type(value)
    if isinstance(value, float):
        return float.__float__(value)
    if not isinstance(value, Tensor) or kind in (Tensor, nn.Parameter):
        return value
    if kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
        return wire.Opaque(f"a tensor of a class of its own, {kind.__name__}"[:200])
    with torch._C.DisableTorchFunctionSubclass():
        return Tensor.as_subclass(value, Tensor)


@contextlib.contextmanager
def default_modes() -> Iterator[None]:
    """Torch's modes as they are at its start; afterwards as before. What one exercise leaves switched off costs itself."""
    dtype = torch.get_default_dtype()
    with torch.enable_grad():
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


def describe_error(error: BaseException) -> str:
    text = error_text(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def error_text(error: BaseException) -> str:
    try:
        return str(error)[:MESSAGE_LIMIT]
    except BaseException:
        return "(its message cannot be shown)"


def own_frames(error: BaseException) -> list[Frame]:
    """The traceback's lines inside the submission, outermost first; torch's and the engine's are left out."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if _is_students(f.filename)]
    return [Frame(_label(f.filename), f.lineno or 0, f.name, (f.line or "")[:200]) for f in own[-FRAME_LIMIT:]]


def _label(filename: str) -> str:
    """A kernel's name for a cell says nothing to its reader."""
    return _("a cell of this notebook") if _KERNEL_CELL.search(filename) else filename


@functools.cache
def _is_students(filename: str) -> bool:
    own = not filename.startswith(("/", "<")) and ":" not in filename[:3]
    return own or _KERNEL_CELL.search(filename) is not None
