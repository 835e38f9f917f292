"""Keep the first of what student code prints and drop the rest, so that a gigabyte of output costs nothing."""

from __future__ import annotations

import io
import sys

from autograder.protocol.limits import PRINT_LIMIT


class CappedOutput(io.TextIOBase):
    """A text stream that remembers at most PRINT_LIMIT characters over its whole life."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._room = PRINT_LIMIT
        self._dropped = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._room:
            self._kept.append(text[: self._room])
            self._room = max(0, self._room - len(text))
        elif not self._dropped:
            self._dropped = True
            self._kept.append("\n… output cut here\n")
        return len(text)

    def take(self) -> str:
        """Return what was kept since the last call."""
        text = "".join(self._kept)
        self._kept.clear()
        return text


def redirect() -> CappedOutput:
    """Send sys.stdout and sys.stderr of this process to one CappedOutput and return it."""
    output = CappedOutput()
    sys.stdout = sys.stderr = output
    return output
