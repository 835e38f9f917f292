"""Find submissions under the paths an instructor names. What is not understood is listed, never skipped silently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.submission import SUFFIXES


@dataclass(frozen=True)
class Found:
    """One submission: whose, for which unit, and where."""

    student: str
    unit: str
    path: Path


@dataclass
class Gathered:
    """submissions: one per student and unit. remarks: files that were left out, each with the reason."""

    submissions: list[Found] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def gather(paths: Iterable[Path], units: Iterable[str], only: str | None = None) -> Gathered:
    """Understand files and folders.

    Layouts: STUDENT/UNIT.py, STUDENT/UNIT/anything.py, a flat folder of STUDENT_UNIT.py, a single file (its unit taken
    from `only` if its name does not say). Notebooks likewise.
    """
    names = sorted(units, key=len, reverse=True)
    gathered = Gathered()
    chosen: dict[tuple[str, str], Found] = {}
    for path in paths:
        for found in _under(path, names, only, gathered.remarks):
            _keep_newer(chosen, found, gathered.remarks)
    gathered.submissions = sorted(chosen.values(), key=lambda f: (f.student, f.unit))
    return gathered


def _under(path: Path, units: list[str], only: str | None, remarks: list[str]) -> Iterator[Found]:
    if not path.exists():
        remarks.append(f"{path}: there is no such file or folder")
        return
    files = [path] if path.is_file() else _files(path, remarks)
    for file in files:
        found = _understand(file, path if path.is_dir() else file.parent, units, only)
        if found is None:
            remarks.append(f"{file}: no unit's name in it; rename it to UNIT{file.suffix} or pass --unit")
        elif only in (None, found.unit):
            yield found


def _files(folder: Path, remarks: list[str]) -> list[Path]:
    files = []
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(folder).parts)
        if hidden or file.is_dir():
            continue
        if file.is_symlink():
            remarks.append(f"{file}: a symbolic link; links are not followed")
        elif file.suffix in SUFFIXES:
            files.append(file)
        else:
            remarks.append(f"{file}: neither .py nor .ipynb")
    return files


def _understand(file: Path, root: Path, units: list[str], only: str | None) -> Found | None:
    folders = [*file.relative_to(root).parts[:-1]]
    outer = folders or [root.resolve().name]
    stem = file.stem
    if stem in units:
        owner = [part for part in outer if part != stem] or [root.resolve().name]
        return Found(owner[0], stem, file)
    for unit in units:
        if stem.endswith(f"_{unit}"):
            return Found(stem.removesuffix(f"_{unit}"), unit, file)
        if len(folders) >= 2 and folders[-1] == unit:
            return Found(folders[-2], unit, file)
    if only is not None:
        return Found(folders[0] if folders else stem, only, file)
    return None


def _keep_newer(chosen: dict[tuple[str, str], Found], found: Found, remarks: list[str]) -> None:
    key = (found.student, found.unit)
    other = chosen.get(key)
    if other is None or other.path == found.path:
        chosen[key] = found
        return
    older, newer = sorted((other, found), key=lambda f: (f.path.stat().st_mtime_ns, f.path.suffix, str(f.path)))
    chosen[key] = newer
    remarks.append(f"{older.path}: {found.student} has a newer file for {found.unit}, {newer.path}, which was graded")
