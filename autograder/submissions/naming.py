"""What a file's name says: for which unit it is, and whose, however browsers, Colab, file managers and people renamed it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.submissions.submission import SUFFIXES

# What Canvas (-1), browsers ( (1)) and file managers ( - Copy) add to the name of a file that was there before.
_AGAIN = re.compile(r"(-\d+| ?\(\d+\)| - Copy)+$")
# What others add, at either end.
_BEFORE = re.compile(r"^(copy of|kopie von|copie de|copia de|final|my)[ _-]+", re.IGNORECASE)
_AFTER = re.compile(
    r"([ _-]*\(\d+\)|[ _-]+(copy|copy\d+|copy \d+|kopie|final|finished|done|new|fixed|solution|solved|submission|answer|"
    r"version|v?\d+|副本))+$",
    re.IGNORECASE,
)
_WRAPPED = (".txt", ".json")  # what mail programs and browsers put behind a suffix that they do not know


@dataclass(frozen=True)
class Named:
    """unit: '' if the name says none. student: what stands beside it, '' if nothing does. loosely: only if one reads past
    how it was renamed."""

    unit: str = ""
    student: str = ""
    loosely: bool = False


def read_name(stem: str, units: Sequence[str]) -> Named:
    """What a name without its suffix says: 'ada_dropout' -> dropout, ada; 'Copy of Dropout (1)' -> dropout, loosely.

    units: the longest first, so that none is taken for the end of another.
    """
    for candidate in (stem, _AGAIN.sub("", stem)):
        for unit in units:
            if candidate == unit:
                return Named(unit)
            if candidate.endswith(f"_{unit}"):
                return Named(unit, candidate.removesuffix(f"_{unit}"))
    bare = _AFTER.sub("", _BEFORE.sub("", stem.strip()))
    for unit in units:
        spelled = unit.replace("_", "[ _-]*")
        found = re.fullmatch(rf"(?:(?P<before>.+?)[ _-]+)?{spelled}(?:[ _-]+(?P<after>.+))?", bare, re.IGNORECASE)
        if found and not (found["before"] and found["after"]):
            return Named(unit, (found["before"] or found["after"] or "").strip(" _-"), loosely=True)
    return Named()


def plain_stem(path: Path) -> str:
    """A file's name without its suffix, the inner one of `dropout.ipynb.txt` too."""
    stem = path.stem if is_code(path) else path.name
    return Path(stem).stem if path.suffix in _WRAPPED and Path(stem).suffix in SUFFIXES else stem


def is_code(path: Path) -> bool:
    """Whether a file is Python or a notebook, by its name."""
    return path.suffix in SUFFIXES or (path.suffix in _WRAPPED and Path(path.stem).suffix in SUFFIXES)
