"""How much a worker may keep on the disk: the kernel limits each file it writes, the grader looks at their sum."""

from __future__ import annotations

import contextlib
import os
import stat
import time

from autograder.language import _

TOTAL_BYTES = 256 * 2**20
ENTRIES = 2000  # each of them must be deleted, which may take milliseconds
LOOK_SECONDS = 0.25
_BLOCK = 512  # what st_blocks counts in, whatever the file system


class Quota:
    """Watches the folder a worker writes to. One it never wrote to costs a single call of the system."""

    def __init__(self, folder: str, pid: int) -> None:
        self._folder, self._pid = folder, pid
        self._changed = self._last_change()
        self._looked = time.monotonic()

    def excess(self, *, answered: bool = False) -> str:
        """What there is too much of, in words; '' if nothing, or if it is too early for another look.

        answered: the worker waits for a question now, so that something it put into its folder is looked at at once.
        """
        changed = self._last_change() if answered else self._changed
        if changed == self._changed and time.monotonic() - self._looked < LOOK_SECONDS:
            return ""
        self._changed = changed
        try:
            return self._look()
        finally:
            self._looked = time.monotonic()

    def _last_change(self) -> int:
        try:
            return os.stat(self._folder).st_ctime_ns
        except OSError:  # it is gone, and the worker with it
            return 0

    def _look(self) -> str:
        size, count, waiting = self._unlinked_bytes(), 0, [self._folder]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        found = entry.stat(follow_symlinks=False)
                        size, count = size + _bytes(found), count + 1
                        if count > ENTRIES:
                            return _("it made more than {count} files and folders").format(count=ENTRIES)
                        if stat.S_ISDIR(found.st_mode):
                            waiting.append(entry.path)
            except FileNotFoundError:  # the worker goes on while we look
                continue
            except OSError:
                return _("it made folders that nobody can look into")
        if size > TOTAL_BYTES:
            return _("it wrote files of more than {size} MiB in all").format(size=TOTAL_BYTES // 2**20)
        return ""

    def _unlinked_bytes(self) -> int:
        """What files take that have no name any more but are still open, where the system tells."""
        files = {}
        folder = f"/proc/{self._pid}/fd"
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    found = os.stat(f"{folder}/{name}")
                    if stat.S_ISREG(found.st_mode) and not found.st_nlink:
                        files[found.st_dev, found.st_ino] = _bytes(found)
        return sum(files.values())


def _bytes(found: os.stat_result) -> int:
    return getattr(found, "st_blocks", 0) * _BLOCK  # Windows has none
