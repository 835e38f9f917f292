"""What one reply may hold, counted before any of it is built.

A worker runs student code, so the limits it keeps itself hold only for the honest. A value of one byte can cost the
grader a hundred, and some microseconds: what bounds a reply is the number of its values, not its length alone.
"""

from __future__ import annotations

MAX_VALUES = 400_000
MAX_EXTENSIONS = 10_000  # tensors, above all: each costs 10 us and a kilobyte, however few bytes it came in
MAX_NESTING = 64
MAX_TEXT_BYTES = 400_000
MAX_KEY_BYTES = 1_000
MAX_TEXTS_BYTES = 2_000_000  # of all texts and keys together
# What a reply costs to read, in bytes of a plain tensor: a value, and a tensor or object.
VALUE_WEIGHT, EXTENSION_WEIGHT = 400, 10_000
PRINT_LIMIT = 10_000  # characters of what a submission prints, over a worker's whole life


class WireError(Exception):
    """A value or frame that may not cross the wall; the message says which rule it breaks."""


def _sizes() -> bytes:
    """First byte of an encoded value -> how many bytes it takes in all; 0 where that is not known from the first."""
    sizes = bytearray(256)
    for first, last, size in ((0x00, 0x7F, 1), (0xC2, 0xC3, 1), (0xE0, 0xFF, 1)):
        sizes[first : last + 1] = bytes([size]) * (last + 1 - first)
    sizes[0xC0] = 1
    for lead, size in zip((*range(0xCA, 0xD0), *range(0xD0, 0xD4)), (5, 9, 2, 3, 5, 9, 2, 3, 5, 9), strict=True):
        sizes[lead] = size
    for length in range(32):
        sizes[0xA0 + length] = 1 + length
    return bytes(sizes)


_SIZES = _sizes()
_KEYS = frozenset((*range(0x80), *range(0xA0, 0xC0), *range(0xCC, 0xD4), *range(0xD9, 0xDC), *range(0xE0, 0x100)))
_BYTES, _EXTENSION, _TEXT, _LIST, _MAPPING = range(5)
# First byte -> kind, and how many bytes say how long it is.
_HEADS = {
    0xC4: (_BYTES, 1), 0xC5: (_BYTES, 2), 0xC6: (_BYTES, 4),
    0xC7: (_EXTENSION, 1), 0xC8: (_EXTENSION, 2), 0xC9: (_EXTENSION, 4),
    0xD9: (_TEXT, 1), 0xDA: (_TEXT, 2), 0xDB: (_TEXT, 4),
    0xDC: (_LIST, 2), 0xDD: (_LIST, 4), 0xDE: (_MAPPING, 2), 0xDF: (_MAPPING, 4),
}  # fmt: skip


def check_limits(frame: bytes) -> int:
    """What it will cost to read a msgpack frame, in bytes of a plain tensor.

    Values are counted where a container announces them, so that nothing but their first bytes is looked at.
    Raises WireError for a frame that holds more than a reply may, or keys that no honest reply has.
    """
    at, end = 0, len(frame)
    values = extensions = texts = 0
    left, is_mapping = 1, False  # what is still to come of the innermost open container; keys and values both count
    outer: list[tuple[int, bool]] = []
    while True:
        while not left:
            if not outer:
                return end + values * VALUE_WEIGHT + extensions * EXTENSION_WEIGHT
            left, is_mapping = outer.pop()
        left -= 1
        if at >= end:
            raise WireError("a frame that breaks off")
        lead = frame[at]
        if is_mapping and left & 1 and lead not in _KEYS:
            raise WireError("a mapping whose keys are not all strings or integers")
        size = _SIZES[lead]
        if size:
            at += size
            continue
        kind, length, at = _head(frame, at, lead)
        if kind in (_LIST, _MAPPING):
            count = length * 2 if kind == _MAPPING else length
            values += count
            if values > MAX_VALUES:
                raise WireError(f"more than {MAX_VALUES} values")
            if len(outer) >= MAX_NESTING:
                raise WireError(f"nested more than {MAX_NESTING} levels deep")
            outer.append((left, is_mapping))
            left, is_mapping = count, kind == _MAPPING
            continue
        if kind == _EXTENSION:
            extensions += 1
            if extensions > MAX_EXTENSIONS:
                raise WireError(f"more than {MAX_EXTENSIONS} tensors or objects")
        elif kind == _TEXT:
            texts += length
            if length > (MAX_KEY_BYTES if is_mapping and left & 1 else MAX_TEXT_BYTES) or texts > MAX_TEXTS_BYTES:
                raise WireError(f"a text of {length} bytes, of {texts} in all")
        at += length


def _head(frame: bytes, at: int, lead: int) -> tuple[int, int, int]:
    """Kind, length, and where the content begins (for an extension: after its code)."""
    if 0x80 <= lead <= 0x8F:
        return _MAPPING, lead & 0x0F, at + 1
    if 0x90 <= lead <= 0x9F:
        return _LIST, lead & 0x0F, at + 1
    if 0xD4 <= lead <= 0xD8:
        kind, length, at = _EXTENSION, 1 << (lead - 0xD4), at + 1
    elif lead in _HEADS:
        kind, size = _HEADS[lead]
        length, at = int.from_bytes(frame[at + 1 : at + 1 + size]), at + 1 + size
    else:
        raise WireError("not a message")
    if kind == _EXTENSION:
        if frame[at : at + 1] > b"\x7f":  # msgpack's own, dates
            raise WireError("an unknown extension")
        at += 1
    return kind, length, at
