"""What crosses the wall arrives as it was, and what may not cross is refused before anything is allocated."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder import wire
from autograder.messages import Call, Name, Returned, decode_reply, decode_request, encode
from autograder.suite import tensors

DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.int64, torch.int32, torch.int8,
    torch.uint8, torch.bool,
]  # fmt: skip


def through_reply(value: object) -> object:
    reply = decode_reply(encode(Returned(wire.pack(value))))
    assert isinstance(reply, Returned)
    return reply.value


def through_request(value: object) -> object:
    request = decode_request(encode(Call(Name("f"), args=[wire.pack_request(value)])))
    assert isinstance(request, Call)
    return request.args[0]


@given(X=tensors(st.lists(st.integers(0, 4), max_size=4).map(tuple), dtype=st.sampled_from(DTYPES)))
def test_tensors_arrive_as_they_were(X):
    for arrived in (through_reply(X), through_request(X)):
        assert arrived.dtype == X.dtype
        assert arrived.shape == X.shape
        assert torch.equal(arrived, X)


@given(X=tensors((st.integers(2, 4), st.integers(2, 4))))
def test_requests_keep_the_memory_layout(X):
    assert through_request(X).stride() == X.stride()
    assert through_reply(X).is_contiguous()


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -(2**63), 0.5, float("inf"), "text", b"bytes", [1, [2, "x"]], {"a": [1], 2: None}, torch.float16,
     torch.device("cpu"), torch.Size([2, 3]), [torch.Size([])]],
)  # fmt: skip
def test_plain_values_arrive_as_they_were(value: object):
    assert through_reply(value) == value
    assert type(through_reply(value)) is type(value)


def test_numpy_values_arrive():
    array = np.arange(6.0).reshape(2, 3).T
    assert (through_reply(array) == array).all()
    assert isinstance(through_reply(array), np.ndarray)
    assert through_reply(np.float32(0.5)) == 0.5
    assert through_reply(np.int64(3)) == 3


def test_a_meta_tensor_arrives_without_bytes():
    arrived = through_reply(torch.empty(10**9, device="meta"))
    assert arrived.device.type == "meta"
    assert arrived.shape == (10**9,)


def test_subclasses_cross_as_what_they_hold():
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    assert type(through_reply(Liar(3))) is int
    assert through_reply(Liar(3)) != 4


@pytest.mark.parametrize(
    "value",
    [object(), {1.5: 2}, 2**63, torch.ones(1).expand(10**12), torch.eye(2).to_sparse(), np.array(["text"]), lambda: 0],
    ids=["object", "float key", "huge int", "huge tensor", "sparse", "strings", "function"],
)
def test_what_may_not_cross_is_refused(value: object):
    with pytest.raises(wire.WireError):
        wire.pack(value)


def test_deep_and_wide_values_are_refused():
    deep: list = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(wire.WireError, match="levels deep"):
        wire.pack(deep)
    with pytest.raises(wire.WireError, match="100001 items"):
        wire.pack([0] * 100_001)
    with pytest.raises(wire.WireError, match="100001 items"):
        wire.pack(dict.fromkeys(range(100_001)))


def tensor_frame(dtype: int, storage: int, shape: list[int], raw: bytes) -> bytes:
    header = struct.pack(f"!BBB{len(shape)}Q", dtype, storage, len(shape), *shape)
    return encode(Returned(msgspec.msgpack.Ext(1, header + raw)))


@pytest.mark.parametrize(
    "frame",
    [
        tensor_frame(0, 0, [2**40], b""),
        tensor_frame(0, 0, [2**62, 4], b""),
        tensor_frame(0, 0, [2, 2], b"\0" * 15),
        tensor_frame(200, 0, [1], b"\0" * 4),
        tensor_frame(0, 1, [2], b"\0" * 8),
        encode(Returned(msgspec.msgpack.Ext(1, b""))),
        encode(Returned(msgspec.msgpack.Ext(1, b"\0\0\xff"))),
        encode(Returned(msgspec.msgpack.Ext(2, b"\0\0\0\1"))),
        encode(Returned(msgspec.msgpack.Ext(99, b""))),
        encode(Returned(msgspec.msgpack.Ext(4, b"\xff"))),
        encode(Returned(msgspec.msgpack.Ext(5, b"\xff\xff"))),
        encode(Returned(msgspec.msgpack.Ext(6, b"not a device"))),
        encode(Call(Name("f"))),
        b"",
        b"\x91" * 100_000,
        msgspec.msgpack.encode({"type": "Returned", "value": 1, "printed": 5}),
        msgspec.msgpack.encode({"type": "Raised", "type_name": "x", "message": "y", "frames": [1]}),
    ],
)
def test_malformed_replies_are_refused(frame: bytes):
    with pytest.raises(wire.WireError):
        decode_reply(frame)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_reply_or_refused(frame: bytes):
    with contextlib.suppress(wire.WireError):
        decode_reply(frame)


def test_a_bool_is_zero_or_one():
    reply = decode_reply(tensor_frame(11, 0, [3], b"\0\1\7"))
    assert reply.value.tolist() == [False, True, True]
    assert reply.value.view(torch.uint8).tolist() == [0, 1, 1]


def channels() -> tuple[wire.Channel, socket.socket]:
    ours, theirs = socket.socketpair()
    return wire.Channel(ours), theirs


def test_a_frame_that_announces_too_much_is_refused_before_it_is_read():
    channel, other = channels()
    other.sendall(struct.pack("!I", wire.MAX_FRAME_BYTES + 1))
    with pytest.raises(wire.WireError, match="64 MiB"):
        channel.receive(time.monotonic() + 1)


def test_half_a_frame_runs_into_the_deadline():
    channel, other = channels()
    other.sendall(struct.pack("!I", 10) + b"half")
    with pytest.raises(TimeoutError):
        channel.receive(time.monotonic() + 0.1)


def test_a_closed_channel_is_an_end_of_file():
    channel, other = channels()
    other.close()
    with pytest.raises(EOFError):
        channel.receive(time.monotonic() + 1)


def test_a_frame_too_large_to_send_is_refused():
    channel, _ = channels()
    with pytest.raises(wire.WireError):
        channel.send(b"\0" * (wire.MAX_FRAME_BYTES + 1))
