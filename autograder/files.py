"""Writing a file in one step: whoever reads it sees the old one or the new one, never half."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from autograder.course import CourseError

PART = ".part"


def replace_file(path: Path, content: bytes, *, lasting: bool = False) -> Path:
    """Write the file and the folders above it. lasting: it is on the disk when this returns. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=PART, delete=False) as part:
        try:
            part.write(content)
            part.flush()
            if lasting:
                os.fsync(part.fileno())
            os.chmod(part.name, 0o644)
            os.replace(part.name, path)
        except BaseException:
            os.unlink(part.name)
            raise
    return path


def clear_parts(folder: Path) -> None:
    """Delete what writers that were killed left in a folder and the folders in it."""
    for part in [*folder.glob(f"*{PART}"), *folder.glob(f"*/*{PART}")]:
        part.unlink(missing_ok=True)


def write_file(path: Path, content: bytes) -> Path:
    """`replace_file` for a place the user named with --out. Raises CourseError where that is not possible."""
    try:
        return replace_file(path, content)
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}); name another place with --out") from error
