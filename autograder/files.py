"""Writing a file in one step: whoever reads it sees the old one or the new one, never half."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from autograder.course import CourseError


def replace_file(path: Path, content: bytes, *, lasting: bool = False) -> Path:
    """Write the file and the folders above it. lasting: it is on the disk when this returns. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(content)
        if lasting:
            part.flush()
            os.fsync(part.fileno())
    os.chmod(part.name, 0o644)
    os.replace(part.name, path)
    return path


def write_file(path: Path, content: bytes) -> Path:
    """`replace_file` for a place the user named with --out. Raises CourseError where that is not possible."""
    try:
        return replace_file(path, content)
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}); name another place with --out") from error
