"""What was worked out once and is kept between commands, each under a key of all that it depends on.

It lies in the user's cache folder, where no worker can read. AUTOGRADER_CACHE names another folder, or `off` for none.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from autograder.files import replace_file

VARIABLE = "AUTOGRADER_CACHE"
OFF = "off"
# What nobody asked for in this time is deleted.
DAYS = 30


@dataclass(frozen=True)
class Shelf:
    """Values of one kind. folder: where they lie; None where nothing is kept."""

    folder: Path | None

    def read(self, key: str) -> bytes | None:
        """The value kept under a key; None if there is none."""
        if self.folder is None:
            return None
        path = self._path(key)
        with contextlib.suppress(OSError):
            value = path.read_bytes()
            os.utime(path)
            return value
        return None

    def write(self, key: str, value: bytes) -> None:
        """Keep a value. Where that is not possible (a full disk, a home that cannot be written to) nothing is kept."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True, mode=0o700)
            replace_file(self._path(key), value)

    def prune(self) -> None:
        """Delete what nobody asked for in DAYS days."""
        if self.folder is None:
            return
        oldest = time.time() - DAYS * 86_400
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / key


def shelf(kind: str) -> Shelf:
    """The shelf for values of a kind."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen == OFF:
        return Shelf(None)
    return Shelf((Path(chosen) if chosen else user_cache_path("autograder")) / kind)
