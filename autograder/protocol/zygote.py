"""What a grader may ask of its zygote. Kept apart from the zygote, so that asking does not import it."""

from __future__ import annotations

import msgspec


class Ready(msgspec.Struct, frozen=True):
    """A zygote's first words. scratch: the folder it works in; whoever outlives the other deletes it."""

    scratch: str


class Fork(msgspec.Struct, frozen=True, tag=True):
    """Fork a worker that serves the descriptor sent along.

    devices: nodes of the GPUs that the wall leaves reachable; empty for an ordinary worker.
    """

    walled: bool
    devices: list[str] = []


class Kill(msgspec.Struct, frozen=True, tag=True):
    """Kill a worker (if it still runs), delete what it left, and say how it ended."""

    pid: int


class Forked(msgspec.Struct, frozen=True, tag=True):
    """scratch: the folder the worker may write to."""

    pid: int
    scratch: str


class Ended(msgspec.Struct, frozen=True, tag=True):
    """status: the exit code, or minus the signal's number."""

    status: int


class Started(msgspec.Struct, frozen=True):
    """A worker's first words: the layers of the wall that hold, or why it could not start."""

    layers: list[str]
    error: str = ""
