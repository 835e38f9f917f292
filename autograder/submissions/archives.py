"""Unpack the zip files that learning platforms export, as if each entry were hostile: names, sizes, kinds are checked."""

from __future__ import annotations

import os
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_NAME_BYTES = 240
_ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".xz", ".bz2", ".zst")
PASSED_OVER = ("__MACOSX", "__pycache__")


class ArchiveError(Exception):
    """An archive that cannot be unpacked at all; the message says why."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold at most. ratio: of unpacked to packed size, for entries larger than `ratio_from` bytes."""

    entries: int = 100_000
    entry_bytes: int = 64 * 2**20
    total_bytes: int = 4 * 2**30
    ratio: int = 200
    ratio_from: int = 2**20


def unpack(archive: Path, folder: Path, suffixes: Iterable[str], limits: Limits | None = None) -> list[str]:
    """Unpack a zip file's entries with one of the suffixes into `folder`, which must be empty.

    Returns one remark for each entry left out, "NAME: why"; hidden files and folders are passed over.
    Raises ArchiveError if the file is no zip file or holds too much.
    """
    limits = limits or Limits()
    remarks: list[str] = []
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            if len(entries) > limits.entries:
                raise ArchiveError(f"it has {len(entries):,} entries, more than {limits.entries:,}")
            left = limits.total_bytes
            for entry in entries:
                refused = _refused(entry, tuple(suffixes), limits)
                if refused:
                    remarks.append(f"{shown(entry.filename)}: {refused}")
                elif refused is not None:
                    left -= entry.file_size
                    if left < 0:
                        raise ArchiveError(f"it unpacks to more than {limits.total_bytes / 2**20:,.0f} MiB")
                    _take(opened, entry, folder, remarks)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise ArchiveError(f"it is no zip file that can be read: {error}") from error
    return remarks


def shown(name: str | Path) -> str:
    """A name as it can be printed: control characters and bytes that are no UTF-8 are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(name))


def _refused(entry: zipfile.ZipInfo, suffixes: tuple[str, ...], limits: Limits) -> str | None:
    """Why an entry is left out; '' if it is taken, None if nobody would miss it (folders, hidden files)."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        return "its name points outside the archive"
    if any(not part.isprintable() or len(part.encode("utf-8", "replace")) > _NAME_BYTES for part in path.parts):
        return "its name has control characters or is too long"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a symbolic link or device; links are not followed"
    if entry.is_dir() or any(part.startswith(".") or part in PASSED_OVER for part in path.parts):
        return None
    if path.suffix.lower() in _ARCHIVES:
        return "an archive inside an archive; unpack it and hand in what is in it"
    if path.suffix not in suffixes:
        return None if path.name == "timestamp.txt" else f"neither {' nor '.join(suffixes)}"
    if entry.flag_bits & 0x1:
        return "encrypted"
    if entry.file_size > limits.entry_bytes:
        return f"larger than {limits.entry_bytes / 2**20:,.0f} MiB"
    if entry.file_size > limits.ratio_from and entry.file_size > limits.ratio * max(entry.compress_size, 1):
        return f"it unpacks to more than {limits.ratio} times its size, as only a zip bomb does"
    return ""


def _take(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, remarks: list[str]) -> None:
    """Write one entry and give it its time. zipfile reads no more than the size it states, which was checked."""
    target = folder.joinpath(*PurePosixPath(entry.filename.replace("\\", "/")).parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(entry) as source, target.open("xb") as copy:
            shutil.copyfileobj(source, copy)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        remarks.append(f"{shown(entry.filename)}: another entry has this name")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, RuntimeError) as error:
        remarks.append(f"{shown(entry.filename)}: it cannot be unpacked: {error}")
        target.unlink(missing_ok=True)
    else:
        os.utime(target, (_time(entry), _time(entry)))


def _time(entry: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*entry.date_time, 0, 1, -1))
    except (ValueError, OverflowError):
        return 0.0
