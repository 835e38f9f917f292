"""What is done with an exercise to see whether it keeps a promise: each step is one question, whatever it calls on the way.

A step calls a `Subject` and returns plain values; what is right is known on the other side only.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from autograder.protocol.messages import Watch
from autograder.worker.gradients import tracked, vector_jacobian_product
from autograder.worker.recording import Recording, recording
from autograder.worker.rig import Rig
from autograder.worker.simulation import SimulatedGPUs

Arguments = list[Any]
Options = dict[str, Any]
GPU = "cuda:1"


@dataclass
class Subject:
    """What a question is about.

    make: gives what is called, a module built anew each time (with other constructor arguments, by name, if given).
    recorded: watches the submission's own work, and nothing else. at: which call of the step was the last one, for messages.
    """

    make: Callable[..., Any]
    seed: int
    recorded: Callable[[], AbstractContextManager[Any]]
    at: str = ""

    def made(self, **changes: Any) -> Any:
        """The function, or a new module."""
        self.at = "made"
        seed_everything(self.seed)
        with self.recorded():
            return self.make(**changes)

    def module(self, **changes: Any) -> nn.Module:
        """A new module."""
        made: nn.Module = self.made(**changes)
        return made

    def call(self, function: Callable[..., Any], args: Arguments, at: str = "", salt: int = 0) -> Any:
        """Call it with the generators at their seed. at: what is special about this call."""
        self.at = at
        seed_everything(self.seed + salt)
        with self.recorded():
            return function(*args)


def seed_everything(seed: int) -> None:
    """Set the generators of torch, numpy and random, so that a call's randomness depends on its seed alone."""
    torch.default_generator.manual_seed(seed)  # torch.manual_seed would also queue a call per seed for a lazy CUDA
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


def fill(module: nn.Module, weights: int) -> nn.Module:
    """Give every parameter of a module multiples of 1/8 from -1 to 1 that follow from `weights` and the parameter's name.

    Two modules whose parameters have the same names and shapes get the same numbers. Returns the module.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            shaped: bool = not is_lazy(parameter)
            if shaped:
                generator = torch.Generator().manual_seed(zlib.crc32(name.encode()) + weights)
                parameter.copy_(torch.randint(-8, 9, parameter.shape, generator=generator) / 8)
    return module


class Rigged:
    """A probe that runs a network of the engine's: it is given a `Rig` before its other arguments."""

    def __init__(self, probe: Callable[..., Any], rig: Rig) -> None:
        self.probe, self.rig = probe, rig

    def __call__(self, *args: Any) -> Any:
        return self.probe(self.rig, *args)


def observed(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """One call: its value, of a module what it keeps under the names of `buffers` afterwards (registered or not), and what
    became of a network that it ran."""
    function = subject.made()
    value = subject.call(function, args)
    found = function.rig.found() if isinstance(function, Rigged) else {}
    kept = {name: getattr(function, name, None) for name in options.get("buffers", ())}
    return {"value": value, "buffers": frozen(kept), "network": found}


def repeated(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """A call, a call with `other` arguments, and one more with the first arguments' own tensors, which then hold the
    others' numbers: what each gave, what a new module gives for the others, and what became of everything that should stay.
    recording: of gradients, meanwhile. buffers: those of a module that are part of what it promises; others are its own
    affair while the results are right."""
    other, buffers = options["other"], options["buffers"]
    with torch.set_grad_enabled(options["recording"]):
        function = subject.made()
        state, modes = _state(function, buffers), _modes(function)
        first = subject.call(function, args)
        kept = frozen(first)
        after = {
            "arguments": frozen(args),
            "settings": [torch.is_grad_enabled(), str(torch.get_default_dtype())],
            "modes": _modes(function) == modes,
            "state": [state, _state(function, buffers)],
        }
        function = subject.made() if isinstance(function, Rigged) else function  # a network that learned is another one
        second = frozen(subject.call(function, other, "other"))
        later = frozen(first)
        _refill(args, other)
        function = subject.made() if isinstance(function, Rigged) else function
        again = frozen(subject.call(function, args, "refilled"))
        # What a module made of its first arguments goes unnoticed if all its later calls use it alike.
        new = frozen(subject.call(subject.made(), other)) if isinstance(function, nn.Module) else None
    return {"first": kept, "later": later, "second": second, "again": again, "new": new, **after}


def differentiated(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """Forward and backward. only: the places of the arguments that gradients are wanted of. through: of which output.
    slips: in the form of the result, put right on the way, so that the gradient is asked for what was meant."""
    function = subject.made()
    subject.at = ""
    seed_everything(subject.seed)
    with subject.recorded():
        return vector_jacobian_product(
            function, args, {}, None, subject.seed, only=options["only"], through=options["through"],
            formed=lambda value: _put_right(value, options["slips"]),
        )  # fmt: skip


def relaid(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """The same call with the arguments as they are, and as they lie in memory in `relaid`."""
    plain = frozen(subject.call(subject.made(), frozen(args)))
    return {"plain": plain, "relaid": subject.call(subject.made(), options["relaid"], "relaid")}


def moved(subject: Subject, args: Arguments, _options: Options) -> dict[str, Any]:
    """The same call on the CPU and on a simulated GPU: both values, and where the second one's tensors are."""
    plain = frozen(subject.call(subject.made(), frozen(args)))
    function = subject.made()
    with SimulatedGPUs():  # type: ignore[no-untyped-call]
        if isinstance(function, nn.Module):
            function.to(GPU)
        value = subject.call(function, _mapped(args, lambda tensor: tensor.to(GPU)), "moved")
        places = _mapped(value, lambda tensor: str(tensor.device))
        return {"plain": plain, "places": places, "moved": _mapped(value, lambda tensor: tensor.detach().to("cpu"))}


def recorded_or_not(subject: Subject, args: Arguments, _options: Options) -> dict[str, Any]:
    """The same call while gradients are recorded and while they are not, each with the buffers afterwards; of a module, by the
    mode that it was in."""

    def called(mode: str, *, recording_gradients: bool) -> list[Any]:
        function = subject.made()
        if mode:
            function.train(mode == "training")
        with torch.set_grad_enabled(recording_gradients):
            at = "recording" if recording_gradients else "not recording"
            return [frozen(subject.call(function, frozen(args), at)), _buffers(function)]

    modes = ("training", "evaluation") if isinstance(subject.made(), nn.Module) else ("",)
    return {mode: [called(mode, recording_gradients=on) for on in (True, False)] for mode in modes}


def one_by_one(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """The call with all examples, and one with each of them. batched: the places of the arguments that hold examples."""
    places = options["batched"]
    together = frozen(subject.call(subject.made(), frozen(args)))
    alone = []
    for i in range(len(args[places[0]])):
        own = [arg[i : i + 1] if place in places and arg is not None else arg for place, arg in enumerate(args)]
        alone.append(frozen(subject.call(subject.made(), frozen(own), "alone")))
    return {"together": together, "alone": alone}


def dropped(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """A module that drops with the probability that its constructor calls `name`, in every mode, and one that does not.
    Each call draws other numbers, so that what is dropped in the wrong mode shows. draws: how often it is called in training.
    """
    name, probability = options["name"], options["probability"]
    drops, whole = subject.module(**{name: probability}), subject.module(**{name: 0.0})
    return {
        "whole": frozen(subject.call(whole.train(), frozen(args), "probability 0")),
        "evaluated": frozen(subject.call(drops.eval(), frozen(args), "evaluated", -1)),
        "dropped": [frozen(subject.call(drops.train(), frozen(args), "training", n)) for n in range(options["draws"])],
    }


def counted(subject: Subject, args: Arguments, options: Options) -> list[dict[str, int]]:
    """How often each tensor operation runs, with these arguments and with `larger` ones."""
    counts = []
    for given in (args, options["larger"]):
        record = Recording()
        with recording(record, Watch.OPERATORS):
            subject.call(subject.made(), given)
        counts.append(dict(record.operations))
    return counts


def registered(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """What a module knows of right after it was made; of `buffers`, what became of them in a pass over inputs that require
    gradients, and in a move to float64."""
    module = subject.module()
    new = {"parameters": frozen(dict(module.named_parameters())), "buffers": _buffers(module)}
    names = options["buffers"]
    if not names:
        return new
    subject.call(module.train(), tracked(args))
    graph = [bool(getattr(getattr(module, name, None), "requires_grad", False)) for name in names]
    saved = sorted(module.state_dict())
    module.double()
    return {**new, "graph": graph, "saved": saved, "moved": [getattr(module, name, None) for name in names]}


def restored(subject: Subject, args: Arguments, options: Options) -> dict[str, Any]:
    """What a module gives in evaluation after passes in training, and what a new one gives that loads its state."""
    used, new = subject.module(), subject.module()
    fill(new, options["other"])
    for _ in range(2):
        subject.call(used.train(), frozen(args))
    new.load_state_dict(used.state_dict())
    return {
        "used": frozen(subject.call(used.eval(), frozen(args))),
        "new": frozen(subject.call(new.eval(), frozen(args), "restored")),
    }


STEPS: dict[str, Callable[[Subject, Arguments, Options], Any]] = {
    step.__name__: step
    for step in (
        observed, repeated, differentiated, relaid, moved, recorded_or_not, one_by_one, dropped, counted, registered,
        restored,
    )
}  # fmt: skip


def frozen(value: Any) -> Any:
    """A copy that later calls cannot reach."""
    return _mapped(value, lambda tensor: tensor.detach().clone())


def _mapped(value: Any, change: Callable[[Tensor], Any]) -> Any:
    """A value with every tensor in it changed; containers become plain ones."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return [_mapped(item, change) for item in value]
    return np.array(value) if isinstance(value, np.ndarray) else value


def _put_right(value: Any, slips: list[list[str]]) -> Any:
    """A result without slips in form that gradients can pass: a list of equal tensors, an axis of length 1 at the end."""
    kinds = dict(slips)
    if isinstance(value, (list, tuple)) and "list" in kinds and all(isinstance(item, Tensor) for item in value):
        value = torch.stack(list(value))
    if isinstance(value, Tensor) and "axis" in kinds:
        return value.squeeze(-1) if kinds["axis"] == "more" else value.unsqueeze(-1)
    return value


def _refill(args: Arguments, other: Arguments) -> None:
    """Put other numbers into the arguments' own tensors, as a training step does."""
    with torch.no_grad():
        for mine, its in zip(args, other, strict=True):
            if isinstance(mine, Tensor) and mine.shape == its.shape:
                mine.copy_(its)
            elif isinstance(mine, list) and isinstance(its, list):
                _refill(mine, its)


def _buffers(function: Any) -> dict[str, Tensor]:
    return frozen(dict(function.named_buffers())) if isinstance(function, nn.Module) else {}


def _state(function: Any, buffers: Sequence[str]) -> dict[str, Any]:
    if isinstance(function, Rigged):
        found = function.rig.found()
        return {**found["parameters"], "net.requires_grad": found["trainable"]}
    if not isinstance(function, nn.Module):
        return {}
    promised = {*dict(function.named_parameters()), *buffers}
    kept: dict[str, Any] = frozen({name: value for name, value in function.state_dict().items() if name in promised})
    return kept


def _modes(function: Any) -> list[bool]:
    return [module.training for module in function.modules()] if isinstance(function, nn.Module) else []
