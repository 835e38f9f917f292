"""The questions a grader asks and the answers a worker gives, as plain typed data."""

from __future__ import annotations

import gc
from enum import IntEnum
from typing import Annotated, Any

import msgspec

from autograder.protocol import wire
from autograder.protocol.limits import PRINT_LIMIT, check_limits
from autograder.submissions.cells import Cell as Cell

# An honest worker cuts what it sends to well below these; a longer one is refused when it is decoded.
Short = Annotated[str, msgspec.Meta(max_length=1_000)]
Words = Annotated[str, msgspec.Meta(max_length=4_000)]
Printed = Annotated[str, msgspec.Meta(max_length=PRINT_LIMIT + 100)]
Operations = Annotated[dict[Short, int], msgspec.Meta(max_length=10_000)]
Functions = Annotated[list[Short], msgspec.Meta(max_length=10_000)]


class Name(msgspec.Struct, frozen=True, tag=True):
    """A top-level name of the submission."""

    name: str


class Held(msgspec.Struct, frozen=True, tag=True):
    """An object the worker holds, by number."""

    number: int


class Probe(msgspec.Struct, frozen=True, tag=True):
    """A function shipped as source. It is called with the submission's names as its first argument.

    shown: what it does, as a student would write it (the first line of its docstring).
    """

    name: str
    source: str
    shown: str = ""

    def showing(self, call: str) -> Probe:
        """The same probe, with another call to stand for it in messages."""
        return msgspec.structs.replace(self, shown=call)


class Build(msgspec.Struct, frozen=True, tag=True):
    """A module of the submission's class `name`, made anew for each call.

    args: of its constructor, by name, passed in their order. dtype: what it is cast to (None: as it is). weights: what its
    parameters are filled from (None: as it starts). training: its mode.
    """

    name: str
    args: dict[str, Any] = {}
    dtype: Any = None
    weights: int | None = None
    training: bool = True


Target = Name | Held | Probe | Build


class Parse(msgspec.Struct, frozen=True, tag=True):
    """Split the source into top-level statements, running none of it; cells that are modules can be imported by them."""

    cells: list[Cell]


class Execute(msgspec.Struct, frozen=True, tag=True):
    """Run one of the parsed statements."""

    index: int
    seed: int = 0


class Watch(IntEnum):
    """What is recorded while a call runs; each includes those before it, and costs more.

    FUNCTIONS: torch functions by their names (the call takes half as long again). OPERATORS: also those of the
    dispatcher, which they end in (three times as long). EVERYTHING: also what only the interpreter sees (ten times).
    """

    NOTHING = 0
    FUNCTIONS = 1
    OPERATORS = 2
    EVERYTHING = 3


class Call(msgspec.Struct, frozen=True, tag=True):
    """Call the target, or one of its attributes, with the given arguments.

    seed: what every random generator is set to first. fresh: forget all held objects before. watch: what to report of
    the operators it used. vjp: also run backward and return the vector-Jacobian products (`cotangent` None: drawn from
    the seed, one per floating-point output). step: what is done with the target instead of calling it once
    (`autograder.worker.steps`), with `options` of its own.
    """

    target: Target
    attribute: str = ""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    seed: int = 0
    fresh: bool = False
    watch: Watch = Watch.NOTHING
    vjp: bool = False
    cotangent: Any = None
    step: str = ""
    options: dict[str, Any] = {}


class Get(msgspec.Struct, frozen=True, tag=True):
    """Read an attribute of the target ('' for the target itself)."""

    target: Target
    attribute: str = ""
    fresh: bool = False


class Items(msgspec.Struct, frozen=True, tag=True):
    """Iterate over the target and return at most `limit` items."""

    target: Target
    limit: int = 1000
    seed: int = 0


Request = Parse | Execute | Call | Get | Items


class SourceProblem(msgspec.Struct, frozen=True):
    """Something wrong with the source at a line: what Python said, the line itself and a caret line (or '')."""

    label: Short
    line: int
    error: Words
    text: Short = ""
    caret: Short = ""


class Statement(msgspec.Struct, frozen=True):
    """One top-level statement: where it stands, the names it binds, the names and attributes it mentions (with lines),
    those among them that it makes inside (parameters, variables, attributes that are assigned), and those it imports."""

    label: Short
    line: int
    binds: list[str] = []
    mentions: dict[str, int] = {}
    makes: list[str] = []
    imports: list[str] = []


class Parsed(msgspec.Struct, frozen=True, tag=True):
    """The statements of a submission. beside: those of the modules that were handed in with it."""

    statements: list[Statement]
    problems: list[SourceProblem]
    beside: list[Statement] = []


class Executed(msgspec.Struct, frozen=True, tag=True):
    problem: SourceProblem | None = None
    printed: Printed = ""


class Returned(msgspec.Struct, frozen=True, tag=True):
    """What came back, what was printed, and what torch was asked to do meanwhile.

    operations: dispatcher operator -> how often. functions: torch functions called by name.
    """

    value: Any
    printed: Printed = ""
    operations: Operations = {}
    functions: Functions = []


class Frame(msgspec.Struct, frozen=True):
    label: Short
    line: int
    function: Short
    text: Short


class Raised(msgspec.Struct, frozen=True, tag=True):
    """The call raised: type, message and the student's own lines of the traceback, outermost first.

    at: which call of a step or a probe it was ('' for the first, or the only one).
    """

    type_name: Short
    message: Words
    frames: Annotated[list[Frame], msgspec.Meta(max_length=100)] = []
    printed: Printed = ""
    operations: Operations = {}
    functions: Functions = []
    at: Short = ""

    @property
    def unwritten(self) -> bool:
        """Whether this is a stub as it was handed out; torch raises NotImplementedError too, from inside."""
        return self.type_name == "NotImplementedError" and bool(self.frames) and "raise" in self.frames[-1].text


class Absent(msgspec.Struct, frozen=True, tag=True):
    """The submission has no such name, or the object no such attribute."""

    name: Short


Reply = Parsed | Executed | Returned | Raised | Absent

_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(Request, ext_hook=wire.unpack_request)
_reply_decoder = msgspec.msgpack.Decoder(Reply, ext_hook=wire.unpack_reply)


def encode(message: Request | Reply) -> bytes:
    """Encode a message whose values were packed (`wire.pack`); a half of a character becomes a question mark."""
    try:
        return _encoder.encode(message)
    except UnicodeEncodeError:
        return _encoder.encode(_whole(message))


def _whole(value: Any) -> Any:
    """The same with texts that can be encoded: Python's may hold lone surrogates, halves of characters."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **{n: _whole(getattr(value, n)) for n in value.__struct_fields__})
    return value


def decode_request(frame: bytes) -> Request:
    """Decode what a grader sent. Raises WireError."""
    return _decode(_request_decoder, frame)  # type: ignore[no-any-return]


def decode_reply(frame: bytes) -> Reply:
    """`weigh_reply` for whoever reads but a few."""
    return weigh_reply(frame)[0]


def weigh_reply(frame: bytes) -> tuple[Reply, int]:
    """Decode what a worker sent, trusting none of it; and what reading it costs, in bytes of a plain tensor.

    Raises WireError for anything but a well-formed reply within the limits.
    """
    weight = check_limits(frame)
    return _decode(_reply_decoder, frame), weight


def _decode(decoder: Any, frame: bytes) -> Any:
    # While containers are made by the hundred thousand, the collector would look through all of them again and again.
    collects = gc.isenabled()
    gc.disable()
    try:
        return decoder.decode(frame)
    except wire.WireError:
        raise
    except Exception as error:
        raise wire.WireError(f"not a message: {str(error)[:200]}") from error
    finally:
        if collects:
            gc.enable()
