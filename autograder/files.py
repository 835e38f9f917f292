"""Writing a file in one step: whoever reads it sees the old one or the new one, never half."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from autograder.course import CourseError


def write_file(path: Path, content: bytes) -> Path:
    """Write the file and the folders above it. Raises CourseError where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(content)
        os.chmod(part.name, 0o644)
        os.replace(part.name, path)
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}); name another place with --out") from error
    return path
