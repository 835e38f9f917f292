"""The folder a worker may write to, and how it is deleted, whatever a submission left in it."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path


def delete(folder: str | Path) -> None:
    """Delete a folder and all that is in it; never raises: what cannot be deleted is left.

    shutil.rmtree, and `rm`, give up at folders without permissions; the former also at a thousand levels. No link is
    followed, and no path is longer than a name, however deep the tree.
    """
    with contextlib.suppress(Exception):
        try:
            os.rmdir(folder)  # a submission that writes no files leaves nothing more to do
        except OSError:
            _delete(folder)


def _delete(folder: str | Path) -> None:
    if os.rmdir not in os.supports_dir_fd or os.scandir not in os.supports_fd:  # Windows
        shutil.rmtree(folder, ignore_errors=True)
        return
    with _opened(folder) as root:
        # Each folder's folders move up into the root before it is deleted: neither recursion nor open folders add up.
        prefix = secrets.token_hex(8)
        fresh = (f"{prefix}-{number}" for number in itertools.count())
        waiting = _emptied(root)
        while waiting:
            name = waiting.pop()
            with contextlib.suppress(OSError):
                with _opened(name, root) as inner:
                    waiting += _moved(_emptied(inner), inner, root, fresh)
                os.rmdir(name, dir_fd=root)
    os.rmdir(folder)


def _emptied(folder: int) -> list[str]:
    """Delete all but the folders that hold something, and return their names."""
    left = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    os.rmdir(entry.name, dir_fd=folder)
                else:
                    os.unlink(entry.name, dir_fd=folder)
            except OSError:
                left.append(entry.name)
    return left


def _moved(names: list[str], source: int, target: int, fresh: Iterator[str]) -> Iterator[str]:
    for name, new in zip(names, fresh, strict=False):
        with contextlib.suppress(OSError):
            with _opened(name, source):  # moving a folder takes the right to write in it
                os.rename(name, new, src_dir_fd=source, dst_dir_fd=target)
            yield new


@contextlib.contextmanager
def _opened(name: str | Path, parent: int | None = None) -> Iterator[int]:
    """A folder's descriptor, for its owner whatever its permissions were. Raises OSError for a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        descriptor = os.open(name, flags, dir_fd=parent)
    except PermissionError:
        _permit(name, parent)
        descriptor = os.open(name, flags, dir_fd=parent)
    try:
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o700)
        yield descriptor
    finally:
        os.close(descriptor)


def _permit(name: str | Path, parent: int | None) -> None:
    """Let its owner into a folder that could not be opened."""
    if sys.platform != "linux":
        os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=False)
        return
    found = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        os.chmod(f"/proc/self/fd/{found}", 0o700)
    finally:
        os.close(found)
