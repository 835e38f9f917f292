"""What a check sees as `submission` and as `reference`: the same interface, one remote, the other local."""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from autograder.grader.faults import CrashFault, ForbiddenFault, MissingFault, RaisedFault
from autograder.language import N_, _, say
from autograder.protocol import wire
from autograder.protocol.limits import PRINT_LIMIT
from autograder.protocol.messages import (
    Absent,
    Build,
    Call,
    Get,
    Held,
    Items,
    Name,
    Probe,
    Raised,
    Reply,
    Request,
    Returned,
    Target,
    Watch,
    decode_reply,
    decode_request,
    encode,
)
from autograder.results.feedback import call_code, shown_argument
from autograder.suite.forms import Conversion
from autograder.worker.recording import RECORD_SWITCHED_OFF
from autograder.worker.serving import Server


class Respondent(Protocol):
    """Whoever answers requests: a worker behind the wall, or a server in this process."""

    def ask(self, request: Request) -> Reply:
        """Raises Fault (a worker's) or whatever the local code raises."""


class Expecting(Respondent, Protocol):
    """A respondent that can be told the opening questions of the examples to come."""

    def expect(self, openings: Iterable[bytes]) -> None: ...

    def ask_expected(self) -> Reply: ...


class Local:
    """Answers from a namespace in this process, through the same wire format as a worker.

    It is trusted code with seeded generators, so the same questions in the same order get the same answers: they are
    worked out once and remembered (up to REMEMBERED_BYTES), and the objects behind them are rebuilt only when a
    question comes that was never asked before.
    """

    REMEMBERED_BYTES = 256 * 2**20

    def __init__(
        self, namespace: dict[str, Any], *, remembers: bool = True, answers: dict[bytes, bytes] | None = None
    ) -> None:
        """answers: those known already, by a hash of all questions of an example up to theirs; new ones are added."""
        self._server = Server(namespace)
        self.answers: dict[bytes, bytes] = {} if answers is None else answers
        self._room = self.REMEMBERED_BYTES if remembers else 0
        self._history: list[bytes] = []
        self._performed = 0
        self._digest = b""

    def ask(self, request: Request) -> Reply:
        frame = encode(request)
        if getattr(request, "fresh", False):
            self._history, self._performed, self._digest = [], 0, b""
        self._history.append(frame)
        self._digest = hashlib.blake2b(self._digest + frame, digest_size=16).digest()
        answer = self.answers.get(self._digest)
        if answer is None:
            answer = self._perform()
            if self._room > len(answer):
                self._room -= len(answer) + 100
                self.answers[self._digest] = answer
        return decode_reply(answer)

    def _perform(self) -> bytes:
        """Put to the server every question of this example that it has not seen; return its last answer."""
        answer = b""
        for frame in self._history[self._performed :]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answer = encode(self._server.handle(decode_request(frame)))
        self._performed = len(self._history)
        return answer


@dataclass
class Room:
    """How many bytes of answers may still be kept, shared by the desks it is given to."""

    left: int = 256 * 2**20

    def take(self, reply: Reply) -> bool:
        """Whether there was room for a reply, which is then taken."""
        size = wire.memory_of(reply.value) if isinstance(reply, Returned) else wire.memory_of(None)
        if size > self.left:
            return False
        self.left -= size
        return True


@dataclass
class Sitting:
    """What is known of one exercise of one submission while its checks are asked.

    room: for the answers that are kept. replies: what was answered to questions that were known beforehand, and may be put
    by several checks. conversion: the slip in form that all answers have, which costs the check on form alone.
    """

    room: Room = field(default_factory=Room)
    replies: dict[bytes, Reply] = field(default_factory=dict)
    conversion: Conversion = ()


@dataclass
class Desk:
    """Where a check's questions go over, one example at a time.

    forbidden: shell patterns over operator names; using one raises ForbiddenFault. transcript: the replies of the
    current example, without those there was no room for (`complete` is then False). last_reply: the last of them,
    kept or not. last_call: the last question in words. sitting: what its checks share. expecting: the respondent knows the opening question of
    the example already, and only waits to be asked it. known: the answer to that question, if it was put before. watched:
    look for forbidden operators more closely.
    """

    respondent: Respondent
    forbidden: Sequence[str] = ()
    transcript: list[Reply] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    last_call: str = ""
    expecting: Expecting | None = None
    known: Reply | None = None
    watched: bool = False
    sitting: Sitting = field(default_factory=Sitting)
    complete: bool = True
    last_reply: Reply | None = None
    _seed: int = 0
    _names: dict[int, str] = field(default_factory=dict)
    _asked: int = 0
    _last_arguments: tuple[str, Sequence[Any], dict[str, Any]] | None = None

    def begin(self, seed: int, example: dict[str, Any]) -> None:
        """Start an example: forget held objects, restart the seeds, learn what the inputs are called."""
        self._seed, self._asked = seed, 0
        # Small numbers and None are one object wherever they stand; only what was made for this example has a name.
        self._names = {id(v): name for name, v in example.items() if isinstance(v, (Tensor, list, dict))}
        self.transcript, self.complete, self.last_reply = [], True, None
        self.last_call = ""
        self._last_arguments = None

    def call_code(self) -> str:
        """The last call as code to paste; '' if it was none, or its arguments are too large or no plain values."""
        return call_code(*self._last_arguments) if self._last_arguments is not None else ""

    def call(
        self,
        target: Target,
        attribute: str,
        args: Any,
        kwargs: Any,
        shown: str,
        *,
        watch: Watch = Watch.NOTHING,
        **options: Any,
    ) -> Returned:
        is_probe = isinstance(target, Probe)
        self.last_call = shown if is_probe else f"{shown}({self._shown_arguments(args, kwargs)})"
        self._last_arguments = None if is_probe else (shown, args, kwargs)
        seed = self._next_seed()
        return self._ask(
            lambda: Call(
                target, attribute, _sent(list(args)), _sent(dict(kwargs)),
                seed=seed, fresh=self._asked == 1, watch=max(watch, self._watch()), **options,
            )
        )  # fmt: skip

    def _watch(self) -> Watch:
        if not self.forbidden:
            return Watch.NOTHING
        return Watch.EVERYTHING if self.watched else Watch.FUNCTIONS

    def get(self, target: Target, attribute: str, shown: str) -> Any:
        self.last_call = shown
        self._asked += 1
        return self._ask(lambda: Get(target, attribute, fresh=self._asked == 1)).value

    def items(self, target: Target, shown: str) -> list[Any]:
        seed = self._next_seed()
        value = self._ask(lambda: Items(target, seed=seed)).value
        if not isinstance(value, list):  # a tensor without bytes would have items without end
            raise _other_question()
        return value

    def received(self, value: Any, shown: str) -> Any:
        """Turn references to held objects, at any depth, into handles."""
        if isinstance(value, wire.HandleRef):
            return Handle(self, value, shown)
        if isinstance(value, list):
            return [self.received(item, f"{shown}[{i}]") for i, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.received(item, f"{shown}[{key!r}]") for key, item in value.items()}
        return value

    @property
    def asked(self) -> int:
        """How many questions of the current example were put so far."""
        return self._asked

    def _ask(self, request: Callable[[], Request]) -> Returned:
        if self._asked == 1 and self.known is not None:
            reply = self.known
        elif self._asked == 1 and self.expecting is not None:
            reply = self.expecting.ask_expected()
        else:
            reply = self.respondent.ask(request())
        self.last_reply = reply
        if self.sitting.room.take(reply):
            self.transcript.append(reply)
        else:
            self.complete = False
        match reply:
            case Absent(name):
                raise MissingFault(_("There is no {name} in the submission.").format(name=name))
            case Raised():
                self._note(reply)
                self.last_call = _shown_at(reply.at, self.last_call)
                said = f"{reply.type_name}: {reply.message}" if reply.message else reply.type_name
                raise RaisedFault(_("{call} raised {error}").format(call=self.last_call or _("It"), error=said), reply)
            case Returned():
                self._note(reply)
                return reply
        raise _other_question()

    def _note(self, reply: Returned | Raised) -> None:
        if reply.printed and sum(map(len, self.printed)) < PRINT_LIMIT:
            self.printed.append(reply.printed)
        if self.forbidden:
            if RECORD_SWITCHED_OFF in reply.functions:
                raise ForbiddenFault(_("It switched off what records which operators it uses."))
            used = forbidden_operators([*reply.operations, *reply.functions], self.forbidden)
            if used:
                shortest = min(used, key=len)  # softmax rather than softmax_backward_data
                said = _("It used {operator}, which this exercise asks you to build yourself.")
                raise ForbiddenFault(said.format(operator=shortest))

    def _next_seed(self) -> int:
        self._asked += 1
        return (self._seed + 7919 * self._asked) % 2**31

    def _shown_arguments(self, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
        positional = [self._shown(value) for value in args]
        return ", ".join(positional + [f"{name}={self._shown(value)}" for name, value in kwargs.items()])

    def _shown(self, value: Any) -> str:
        return self._names.get(id(value)) or shown_argument(value)


def _other_question() -> CrashFault:
    return CrashFault(_("The answer could not be read: {error}.").format(error="an answer to another question"))


def forbidden_operators(used: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The operators among `used` that match a pattern; names are compared without underscores at either end."""
    asked = tuple(patterns)
    return sorted(n for n in {name.strip("_") for name in used} if _matches(n, asked))


@functools.lru_cache(maxsize=10_000)  # a submission uses the same few operators in every call
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


# The calls of a step that are not simply the call, by what the step calls them.
_AT = {
    "made": N_("making the module for {call}"),
    "other": N_("{call}, once more with other arguments,"),
    "refilled": N_("{call}, once more with the same tensors holding other numbers,"),
    "relaid": N_("{call} with arguments that are transposed or sliced"),
    "moved": N_("{call} on a simulated GPU"),
    "recording": N_("{call} while gradients are recorded"),
    "not recording": N_("{call} under torch.no_grad()"),
    "alone": N_("{call} for one example alone"),
    "probability 0": N_("{call} in training mode with probability 0"),
    "evaluated": N_("{call} in evaluation mode"),
    "training": N_("{call} in training mode"),
    "restored": N_("{call} of a module that loaded the state_dict() of another"),
}


def _shown_at(at: str, call: str) -> str:
    """The call that raised, in words: one of a step's, or what a probe said before it."""
    if at in _AT:
        return say(_AT[at]).format(call=call or _("It"))
    return at or call


class _Called:
    """Something of the submission's that can be called."""

    def __init__(self, desk: Desk, target: Target, attribute: str, shown: str) -> None:
        self._desk, self._target, self._attribute, self._shown = desk, target, attribute, shown

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        reply = self._desk.call(self._target, self._attribute, args, kwargs, self._shown)
        return self._desk.received(reply.value, self._desk.last_call)

    def vjp(self, *args: Any, cotangent: Tensor | Sequence[Tensor] | None = None, **kwargs: Any) -> Vjp:
        """Run forward and backward in one go; the cotangents are drawn unless given."""
        packed = None if cotangent is None else _sent(cotangent)
        reply = self._desk.call(self._target, self._attribute, args, kwargs, self._shown, vjp=True, cotangent=packed)
        value = reply.value
        if not isinstance(value, dict) or value.keys() != {"output", "inputs", "parameters"}:
            raise _other_question()
        output = self._desk.received(value["output"], self._desk.last_call)
        return Vjp(output, value["inputs"], value["parameters"], self._desk.last_call)

    def step(self, name: str, args: Sequence[Any], /, **options: Any) -> Any:
        """What a step (`autograder.worker.steps`) finds out about it: one question, plain values."""
        packed = {key: _sent(value) for key, value in options.items()}
        reply = self._desk.call(self._target, self._attribute, args, {}, self._shown, step=name, options=packed)
        return self._desk.received(reply.value, self._desk.last_call)

    def operations(self, *args: Any, **kwargs: Any) -> dict[str, int]:
        """Call it and return how often each of torch's dispatcher operators ran."""
        return self._desk.call(
            self._target, self._attribute, args, kwargs, self._shown, watch=Watch.OPERATORS
        ).operations


@dataclass(frozen=True)
class Vjp:
    """Vector-Jacobian products of one call.

    inputs: one gradient per floating-point tensor argument, None where no gradient arrived. parameters: the same by
    name, for modules. call: the call in words.
    """

    output: Any
    inputs: list[Tensor | None]
    parameters: dict[str, Tensor | None]
    call: str


class Exercise(_Called):
    """A top-level name of the submission."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, Name(name), "", name)


class Handle(_Called):
    """An object that lives on the other side: call it, read its attributes, iterate over it."""

    def __init__(self, desk: Desk, ref: wire.HandleRef, shown: str) -> None:
        super().__init__(desk, Held(ref.number), "", shown)
        self._ref = ref

    @property
    def type_name(self) -> str:
        return self._ref.type_name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        shown = f"{self._shown}.{name}"
        value = self._desk.get(self._target, name, shown)
        if isinstance(value, wire.HandleRef) and value.type_name in (
            "method",
            "function",
            "builtin_function_or_method",
        ):
            return _Called(self._desk, self._target, name, shown)
        return self._desk.received(value, shown)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._desk.received(self._desk.items(self._target, self._shown), self._shown))


class Exhibit:
    """The submission, or the reference: its top-level names as attributes, and `run` for probes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Exercise:
        if name.startswith("_"):
            raise AttributeError(name)
        return Exercise(self._desk, name)

    def get(self, name: str) -> Any:
        """The value of a top-level name that is not called: a constant, a table."""
        return self._desk.received(self._desk.get(Name(name), "", name), name)

    def built(
        self, name: str, args: dict[str, Any], *, dtype: torch.dtype | None, weights: int | None, training: bool = True
    ) -> _Called:
        """A module of the submission's own class, made anew in every step."""
        packed = None if dtype is None else wire.pack(dtype)
        return _Called(self._desk, Build(name, _sent(args), packed, weights, training), "", "layer")

    def probed(self, probe: Probe) -> _Called:
        """What a probe calls, for steps to call."""
        return _Called(self._desk, probe, "", probe.shown)

    def run(self, probe: Probe, *args: Any, **kwargs: Any) -> Any:
        """Run a probe where the submission lives and return what it returns."""
        reply = self._desk.call(probe, "", args, kwargs, probe.shown)
        return self._desk.received(reply.value, self._desk.last_call)


def _sent(value: Any) -> Any:
    """Pack arguments; handles become references again."""
    if isinstance(value, Handle):
        return wire.pack(value._ref)
    if type(value) in (list, tuple):
        return [_sent(item) for item in value]
    if type(value) is dict:
        return {key: _sent(item) for key, item in value.items()}
    return wire.pack_request(value)
