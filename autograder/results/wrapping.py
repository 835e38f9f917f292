"""Break sentences into lines, also Chinese ones: those have no spaces, and no line begins with a comma or a full stop."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_OPENING, _CLOSING = "（《【“‘", "、，。；：？！）》】”’…"
# What stays together: a wide character or a word, with what opens before it and what closes after it.
_PIECE = re.compile(rf"[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*\s*")


def wrap(text: Text, console: Console, width: int) -> Lines:
    """The lines of a text, none wider than `width` columns and none with blanks at its end."""
    lines = Lines()
    for line in text.split(allow_blank=True):
        if re.search(f"[{_WIDE}]", line.plain):
            lines.extend(line.divide(_breaks(line.plain, width)))
        else:
            lines.extend(line.wrap(console, width, overflow="fold", no_wrap=False))
    for line in lines:
        line.rstrip()
    return lines


def _breaks(line: str, width: int) -> list[int]:
    """Where to break a line: before the piece that no longer fits, and inside one that is wider than a whole line."""
    breaks, used = [], 0
    for found in _PIECE.finditer(line):
        piece = found.group()
        if used and used + cell_len(piece.rstrip()) > width:
            breaks.append(found.start())
            used = 0
        if cell_len(piece.rstrip()) <= width:
            used += cell_len(piece)
            continue
        for offset, character in enumerate(piece):
            if used + cell_len(character) > width:
                breaks.append(found.start() + offset)
                used = 0
            used += cell_len(character)
    return breaks
