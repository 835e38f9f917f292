"""What crosses the wall between grader and worker: length-prefixed msgpack frames.

Nothing here can execute: a frame decodes to numbers, strings, lists, maps and the bytes of tensors, or is refused.
"""

from __future__ import annotations

import math
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from autograder.protocol.limits import WireError as WireError

MAX_FRAME_BYTES = 64 * 1024 * 1024
RECEIVED_BYTES = 64 * 1024
MAX_DEPTH = 24
MAX_ITEMS = 100_000
MAX_TEXT = 100_000
MAX_SMALL_BYTES = 4096
_TENSOR_OBJECT_BYTES, _OBJECT_BYTES = 1000, 64

_DTYPES: list[torch.dtype] = [
    torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.complex128,
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool,
]  # fmt: skip
_DTYPE_NUMBERS = {dtype: number for number, dtype in enumerate(_DTYPES)}
_DTYPE_NAMES = {str(dtype).removeprefix("torch."): dtype for dtype in _DTYPES}

_TENSOR, _STRIDED, _ARRAY, _HANDLE, _DTYPE, _DEVICE, _SIZE, _OPAQUE = range(1, 9)
_DENSE, _META = 0, 1


class HandleRef(msgspec.Struct, frozen=True):
    """Stands for an object that stays in the worker: its number there and the name of its type."""

    number: int
    type_name: Annotated[str, msgspec.Meta(max_length=200)]


class Opaque(msgspec.Struct, frozen=True):
    """A value that could not be sent, described in words (a huge tensor, a sparse one, a set of objects)."""

    description: str


def pack(value: Any) -> Any:
    """Turn a value into the tree msgpack can carry.

    Raises WireError for objects (callers that may keep objects replace them by HandleRef first), for nesting deeper
    than MAX_DEPTH and for containers of more than MAX_ITEMS items.
    """
    return _pack(value, 0)


def _pack(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"nested more than {MAX_DEPTH} levels deep")
    kind = type(value)
    if value is None or kind in (bool, float, bytes):
        return value
    if kind is int:
        return _pack_int(value)
    if kind is str:
        return value[:MAX_TEXT]
    if isinstance(value, Tensor):
        return _pack_tensor(value)
    if kind in (list, tuple):
        return _pack_items(value, depth)
    if isinstance(value, Mapping):
        return _pack_mapping(value, depth)
    return _pack_rare(value, depth)


def _pack_int(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise WireError("an integer beyond 64 bits")
    return value


def _pack_items(value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    if len(value) > MAX_ITEMS:
        raise WireError(f"a {type(value).__name__} of {len(value)} items")
    return [_pack(item, depth + 1) for item in value]


def _pack_mapping(value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
    if len(value) > MAX_ITEMS:
        raise WireError(f"a mapping of {len(value)} items")
    if any(type(key) not in (str, int) for key in value):
        raise WireError("a mapping whose keys are not all strings or integers")
    return {key: _pack(item, depth + 1) for key, item in value.items()}


def _pack_rare(value: Any, depth: int) -> Any:
    if isinstance(value, np.ndarray):
        return _pack_array(value)
    if isinstance(value, np.generic):
        return _pack(value.item(), depth + 1)
    if isinstance(value, torch.Size):
        return msgspec.msgpack.Ext(_SIZE, msgspec.msgpack.encode(list(value)))
    if isinstance(value, torch.dtype):
        return msgspec.msgpack.Ext(_DTYPE, str(value).removeprefix("torch.").encode())
    if isinstance(value, torch.device):
        return msgspec.msgpack.Ext(_DEVICE, str(value).encode())
    if isinstance(value, HandleRef):
        return msgspec.msgpack.Ext(_HANDLE, msgspec.msgpack.encode(value))
    if isinstance(value, Opaque):
        return msgspec.msgpack.Ext(_OPAQUE, value.description[:500].encode())
    if isinstance(value, tuple):
        return _pack_items(value, depth)
    # A subclass: what it holds crosses, what it overrides does not.
    if isinstance(value, int):
        return _pack(int(value), depth + 1)
    if isinstance(value, float):
        return _pack(float(value), depth + 1)
    if isinstance(value, str):
        return _pack(str(value), depth + 1)
    if isinstance(value, list):
        return _pack_items(value, depth)
    raise WireError(f"an object of type {type(value).__name__}")


def _pack_tensor(value: Tensor) -> msgspec.msgpack.Ext:
    with torch._C.DisableTorchFunctionSubclass():
        tensor = value.detach()
        if tensor.layout is not torch.strided:
            raise WireError(f"a tensor with layout {tensor.layout}")
        if tensor.dtype not in _DTYPE_NUMBERS:
            raise WireError(f"a tensor of dtype {tensor.dtype}")
        size = tensor.numel() * tensor.element_size()
        if tensor.device.type == "meta":
            return msgspec.msgpack.Ext(_TENSOR, _header(tensor, _META))
        if size > MAX_FRAME_BYTES // 2:
            raise WireError(f"a tensor of shape {tuple(tensor.shape)}, {size / 2**20:,.0f} MiB")
        return msgspec.msgpack.Ext(_TENSOR, _header(tensor, _DENSE) + _raw(tensor.cpu()))


def _raw(tensor: Tensor) -> bytes:
    """The entries in the order of its indices, whatever its strides."""
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.resolve_conj().resolve_neg()
    # numpy has no bfloat16
    return (tensor.view(torch.int16) if tensor.dtype is torch.bfloat16 else tensor).numpy().tobytes()


def _header(tensor: Tensor, storage: int) -> bytes:
    return struct.pack(f"!BBB{tensor.ndim}Q", _DTYPE_NUMBERS[tensor.dtype], storage, tensor.ndim, *tensor.shape)


def _pack_array(array: np.ndarray[Any, Any]) -> msgspec.msgpack.Ext:
    try:
        packed = _pack_tensor(torch.from_numpy(np.ascontiguousarray(array)))
    except TypeError as error:
        raise WireError(f"a numpy array of dtype {array.dtype}") from error
    return msgspec.msgpack.Ext(_ARRAY, packed.data)


def pack_layout(tensor: Tensor) -> Any:
    """Pack a tensor with its strides, so that a transposed or sliced input arrives transposed or sliced.

    Only the grader sends these; a reply that carries one is refused.
    """
    if tensor.is_contiguous() or tensor.device.type != "cpu":
        return _pack_tensor(tensor)
    span = 1 + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
    storage = torch.as_strided(tensor.detach(), (span,), (1,), tensor.storage_offset())
    layout = msgspec.msgpack.encode((list(tensor.shape), list(tensor.stride())))
    frame = _header(storage, _DENSE) + _raw(storage)
    return msgspec.msgpack.Ext(_STRIDED, struct.pack("!I", len(layout)) + layout + frame)


def pack_request(value: Any) -> Any:
    """`pack` for values the grader sends: tensors keep their memory layout."""
    if isinstance(value, Tensor):
        return pack_layout(value)
    if type(value) in (list, tuple):
        return [pack_request(item) for item in value]
    if type(value) is dict:
        return {key: pack_request(item) for key, item in value.items()}
    return pack(value)


def unpack_reply(code: int, data: memoryview) -> Any:
    """Decode one extension value sent by a worker. Raises WireError for anything malformed."""
    if code == _STRIDED:
        raise WireError("a reply may not carry strides")
    if code not in (_TENSOR, _ARRAY) and len(data) > MAX_SMALL_BYTES:
        raise WireError(f"extension {code} of {len(data)} bytes")
    return unpack_request(code, data)


def unpack_request(code: int, data: memoryview) -> Any:
    """Decode one extension value sent by the grader. Raises WireError for anything malformed."""
    try:
        return _UNPACK[code](data)
    except KeyError:
        raise WireError(f"unknown extension {code}") from None
    except WireError:
        raise
    except Exception as error:  # torch and numpy raise many kinds; whatever it is, the sender is at fault
        raise WireError(f"malformed extension {code}: {str(error)[:200]}") from error


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors of a decoded value, at any depth."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(item)


def memory_of(value: Any) -> int:
    """Bytes that a decoded value occupies, roughly."""
    if isinstance(value, Tensor):
        content = 0 if value.device.type == "meta" else value.numel() * value.element_size()
        return _TENSOR_OBJECT_BYTES + content
    if isinstance(value, np.ndarray):
        return _TENSOR_OBJECT_BYTES + value.nbytes
    if isinstance(value, dict):
        return _OBJECT_BYTES + sum(map(memory_of, value)) + sum(map(memory_of, value.values()))
    if isinstance(value, (list, tuple)):
        return _OBJECT_BYTES + sum(map(memory_of, value))
    return _OBJECT_BYTES + len(value) if isinstance(value, (str, bytes)) else _OBJECT_BYTES


def _unpack_tensor(data: memoryview) -> Tensor:
    dtype_index, storage, ndim = struct.unpack_from("!BBB", data)
    if ndim > 16:
        raise WireError("a tensor of more than 16 dimensions")
    shape = struct.unpack_from(f"!{ndim}Q", data, 3)
    dtype = _DTYPES[dtype_index]
    raw = data[3 + 8 * ndim :]
    numel = math.prod(shape)
    if storage == _META or numel == 0:
        return _unpack_without_bytes(shape, numel, dtype, storage, raw)
    if numel * dtype.itemsize != len(raw):
        raise WireError("a tensor whose bytes do not fill its shape")
    if dtype is torch.bool:  # a byte other than 0 and 1 must not become a bool that is neither
        return torch.frombuffer(bytearray(raw), dtype=torch.uint8).reshape(shape) != 0
    return torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape)


def _unpack_without_bytes(
    shape: tuple[int, ...], numel: int, dtype: torch.dtype, storage: int, raw: memoryview
) -> Tensor:
    if numel >= 2**62 or any(n >= 2**62 for n in shape):
        raise WireError("a tensor too large to exist")
    if len(raw):
        raise WireError("a tensor with bytes that belong to no entry")
    return torch.empty(shape, dtype=dtype, device="meta" if storage == _META else "cpu")


def _unpack_strided(data: memoryview) -> Tensor:
    (length,) = struct.unpack_from("!I", data)
    shape, stride = msgspec.msgpack.decode(data[4 : 4 + length], type=tuple[list[int], list[int]])
    return _unpack_tensor(data[4 + length :]).as_strided(shape, stride)


_UNPACK: dict[int, Any] = {
    _TENSOR: _unpack_tensor,
    _STRIDED: _unpack_strided,
    _ARRAY: lambda data: _unpack_tensor(data).numpy(),
    _HANDLE: lambda data: msgspec.msgpack.decode(data, type=HandleRef),
    _DTYPE: lambda data: _DTYPE_NAMES[bytes(data).decode()],
    _DEVICE: lambda data: torch.device(bytes(data).decode()),
    _SIZE: lambda data: torch.Size(msgspec.msgpack.decode(data, type=list[int])),
    _OPAQUE: lambda data: Opaque(bytes(data).decode(errors="replace")),
}


class Channel:
    """One end of a stream socket that carries frames."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = bytearray()  # what arrived beyond the frame asked for

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, *frames: bytes, deadline: float | None = None) -> None:
        """Send frames. Raises TimeoutError after `deadline` (time.monotonic), OSError if the peer is gone."""
        for frame in frames:
            if len(frame) > MAX_FRAME_BYTES:
                raise WireError(f"a frame of {len(frame) / 2**20:,.0f} MiB")
        self._set_timeout(deadline)
        self._socket.sendall(b"".join(struct.pack("!I", len(frame)) + frame for frame in frames))

    def receive(self, deadline: float | None = None) -> bytes:
        """Receive one frame.

        Raises TimeoutError after `deadline` (time.monotonic; what arrived so far is kept for the next call), EOFError
        if the peer closed, WireError if the frame announces more than MAX_FRAME_BYTES (nothing is allocated for it).
        """
        self._receive_until(4, deadline)
        (length,) = struct.unpack_from("!I", self._buffer)
        if length > MAX_FRAME_BYTES:
            raise WireError(f"a frame of {length / 2**20:,.0f} MiB")
        self._receive_until(4 + length, deadline)
        frame = bytes(memoryview(self._buffer)[4 : 4 + length])
        del self._buffer[: 4 + length]
        return frame

    def _receive_until(self, count: int, deadline: float | None) -> None:
        while len(self._buffer) < count:
            self._set_timeout(deadline)
            chunk = self._socket.recv(max(RECEIVED_BYTES, count - len(self._buffer)))
            if not chunk:
                raise EOFError("the other side closed the channel")
            self._buffer += chunk

    def _set_timeout(self, deadline: float | None) -> None:
        if deadline is None:
            self._socket.settimeout(None)
            return
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("deadline passed")
        self._socket.settimeout(remaining)
