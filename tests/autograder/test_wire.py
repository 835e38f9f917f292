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

from autograder.protocol import wire
from autograder.protocol.messages import Call, Name, Returned, decode_reply, decode_request, encode
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


def returned(value: bytes) -> bytes:
    return b"\x82\xa4type\xa8Returned\xa5value" + value


META = b"\xc7\x03\x01\x00\x01\x00"
RAISED = {"type": "Raised", "type_name": "E", "message": "m"}
FRAME = {"label": "f.py", "line": 1, "function": "f", "text": "x"}


@pytest.mark.parametrize(
    "frame",
    [
        returned(b"\xdd" + struct.pack("!I", 10_001) + META * 10_001),
        returned(b"\xdd" + struct.pack("!I", 400_001) + b"\x90" * 400_001),
        returned(b"\xdd\xff\xff\xff\xff"),
        returned(b"\xdf\xff\xff\xff\xff"),
        returned(b"\x91" * 100 + b"\xc0"),
        returned(b"\x81" + META + b"\x01"),
        returned(b"\x81\x90\x01"),
        returned(b"\xdb" + struct.pack("!I", 500_000) + b"x" * 500_000),
        returned(b"\x81\xda\x07\xd0" + b"x" * 2000 + b"\x01"),
        returned(b"\xd6\xff\0\0\0\0"),
        returned(b"\xc1"),
        returned(b""),
        returned(b"\xc8\x20\0\x08" + b"x" * 0x2000),
        returned(b"\xc7\x0d\x03\x03\0\x01\0\0\0\0\0\0\0\x01\0\0"),
        encode(Returned(msgspec.msgpack.Ext(4, msgspec.msgpack.encode({"number": 1, "type_name": "x" * 201})))),
        encode(Returned(1, printed="x" * 11_000)),
        encode(Returned(1, functions=["f"] * 10_001)),
        encode(Returned(1, operations={"x" * 1001: 1})),
        msgspec.msgpack.encode({**RAISED, "type_name": "x" * 1001}),
        msgspec.msgpack.encode({**RAISED, "message": "x" * 4001}),
        msgspec.msgpack.encode({**RAISED, "frames": [FRAME] * 101}),
        msgspec.msgpack.encode({**RAISED, "frames": [{**FRAME, "text": "x" * 1001}]}),
        msgspec.msgpack.encode({"type": "Absent", "name": "x" * 1001}),
        msgspec.msgpack.encode({"type": "Executed", "printed": "x" * 11_000}),
        msgspec.msgpack.encode({"type": "Executed", "problem": {"label": "f", "line": 1, "error": "x" * 4001}}),
    ],
)  # fmt: skip
def test_replies_beyond_the_limits_are_refused_at_once(frame: bytes):
    """The worker keeps these limits too, but runs the code that could change them."""
    started = time.process_time()
    with pytest.raises(wire.WireError):
        decode_reply(frame)
    assert time.process_time() - started < 3


def test_large_honest_replies_arrive():
    numbers = [index / 7 for index in range(100_000)]
    assert through_reply(numbers) == numbers
    assert len(through_reply([torch.ones(2)] * 5000)) == 5000
    assert through_reply(b"x" * 500_000) == b"x" * 500_000
    assert len(through_reply("x" * 200_000)) == 100_000
    deep: list = []
    for _ in range(20):
        deep = [deep]
    assert through_reply({"output": deep}) == {"output": deep}


@pytest.mark.parametrize("dtype", range(12))
@pytest.mark.parametrize("storage", [0, 1])
@pytest.mark.parametrize("code", [1, 3])
def test_a_forged_tensor_of_any_kind_is_a_value_or_refused(dtype: int, storage: int, code: int):
    """numpy knows no bfloat16 and nothing without data; it says so with a TypeError."""
    for shape, size in (([], 1), ([2], 2), ([0, 2**61], 0), ([2**40, 0], 0), ([2**50], 0)):
        raw = b"" if storage else b"\1" * (size * wire._DTYPES[dtype].itemsize)
        header = struct.pack(f"!BBB{len(shape)}Q", dtype, storage, len(shape), *shape)
        with contextlib.suppress(wire.WireError):
            decode_reply(encode(Returned(msgspec.msgpack.Ext(code, header + raw))))
