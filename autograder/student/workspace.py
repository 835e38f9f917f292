"""A student's folder: stubs and notebooks in lecture order, the public checks beside them, and where we keep our notes."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from autograder.course import Course, CourseError, Unit
from autograder.files import replace_file
from autograder.language import _, language

NOTES = ".autograder"
_RECORD = "workspace.json"
_SUFFIXES = (".py", ".ipynb")

_PYTEST_INI = """\
# With this, `pytest` and an editor's test view run the public checks, and judge as `autograder check` does.
[pytest]
addopts = --import-mode=importlib
python_files = test_*.py
"""
_VSCODE = """\
{
    "python.testing.pytestEnabled": true,
    "python.testing.pytestArgs": ["."]
}
"""


class Record(msgspec.Struct):
    """What `start` remembers. course: the folder the course came from ('' for the installed one). language: '' for the
    reader's own. files: path -> hash of what was written there, which tells a student's work from an untouched file."""

    course: str = ""
    language: str = ""
    files: dict[str, str] = {}
    schema: int = 1


@dataclass(frozen=True)
class Workspace:
    """A folder made by `autograder start`."""

    root: Path
    record: Record

    @property
    def notes(self) -> Path:
        return self.root / NOTES


@dataclass
class Written:
    """What `start` did, as paths inside the workspace. kept: the student's own. outdated: those of which the course has a
    newer version than the one the student began with."""

    root: Path
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)


def find_workspace(start: Path | None = None) -> Workspace | None:
    """The workspace around a folder (default: the working folder), or None."""
    folder = (start or Path.cwd()).resolve()
    for root in [folder, *folder.parents]:
        if (root / NOTES / _RECORD).is_file():
            return Workspace(root, _read_record(root / NOTES / _RECORD))
    return None


def start(course: Course, root: Path, units: list[Unit], *, remember: bool = True) -> Written:
    """Make or complete a workspace: write what is missing and what the student never touched, keep everything else.

    remember: later commands inside the workspace speak the language of now, and use this course where it is not the
    installed one.
    Raises CourseError if the folder cannot be written.
    """
    try:
        return _start(course, root, units, remember)
    except OSError as error:
        raise CourseError(
            _("{path} cannot be written ({reason}); choose another folder: autograder start FOLDER").format(
                path=error.filename or root, reason=error.strerror
            )
        ) from error


def _start(course: Course, root: Path, units: list[Unit], remember: bool) -> Written:
    root.mkdir(parents=True, exist_ok=True)
    old = _read_record(root / NOTES / _RECORD)
    record = Record(files=dict(old.files))
    if remember:
        record.language, record.course = language(), "" if course.installed else str(course.root)
    done = Written(root)
    for name, content in files_of(course, root, units).items():
        _write(root, name, content, record, done)
    replace_file(root / NOTES / _RECORD, msgspec.json.format(msgspec.json.encode(record)))
    return done


def _write(root: Path, name: str, content: bytes, record: Record, done: Written) -> None:
    path = root / name
    before = path.read_bytes() if path.is_file() else None
    if before == content:
        record.files[name] = digest(content)
    elif before is None or digest(before) == record.files.get(name):
        replace_file(path, content)
        record.files[name] = digest(content)
        done.written.append(name)
    else:
        done.kept.append(name)
        if record.files.get(name) not in (None, digest(content)):
            done.outdated.append(name)


def files_of(course: Course, root: Path, units: list[Unit]) -> dict[str, bytes]:
    """The files of a workspace at `root`, by path; units keep the folder they already have there."""
    files = {
        "README.md": _readme(course, root, units).encode(),
        "pytest.ini": _PYTEST_INI.encode(),
        ".vscode/settings.json": _VSCODE.encode(),
    }
    for unit in units:
        folder = folder_of(course, root, unit)
        assignment = assignment_of(unit)
        for suffix in _SUFFIXES:
            source = assignment / f"{unit.name}{suffix}"
            if not source.is_file():
                raise CourseError(f"{source} is missing; run `autograder build {unit.name}` in the course")
            files[f"{folder}/{unit.name}{suffix}"] = source.read_bytes()
        if unit.handed_out_suite.is_file():
            files[f"{folder}/test_{unit.name}.py"] = unit.handed_out_suite.read_bytes()
    return files


def folder_of(course: Course, root: Path, unit: Unit) -> str:
    """A unit's folder in a workspace, such as `01_softmax_regression`: the one it has, else its place in the course."""
    existing = sorted(path.name for path in root.glob(f"[0-9]*_{unit.name}") if _is_numbered(path.name, unit))
    return existing[0] if existing else f"{unit.number:02d}_{unit.name}"


def assignment_of(unit: Unit) -> Path:
    """The unit's stub and notebook in the language chosen, else in English."""
    there = unit.root / "assignments" / language() / unit.name
    return there if there.is_dir() else unit.assignment


def files_for(unit: Unit, start: Path | None = None) -> list[Path]:
    """A student's files for a unit, in and around a folder (default: the working folder) and in its workspace."""
    here = start or Path.cwd()
    workspace = find_workspace(here)
    found: dict[Path, Path] = {}
    for root in [here, *([workspace.root] if workspace is not None else [])]:
        folders = [root, root / unit.name]
        folders += [path for path in sorted(root.glob(f"[0-9]*_{unit.name}")) if _is_numbered(path.name, unit)]
        for folder in folders:
            for suffix in _SUFFIXES:
                path = folder / f"{unit.name}{suffix}"
                if path.is_file():
                    found.setdefault(path.resolve(), path)
    return list(found.values())


def own_file(course: Course, unit: Unit, start: Path | None = None) -> Path:
    """The file a student means by a unit's name: the one worked on last, else the Python file.

    Raises CourseError if there is none. Inside the course's own folder the stub stands in.
    """
    found = files_for(unit, start)
    if found:
        return max(found, key=lambda path: _worked_on(unit, path))
    here = (start or Path.cwd()).resolve()
    if course.root.resolve() in [here, *here.parents] and unit.stub.is_file():
        return unit.stub
    raise CourseError(
        _(
            "there is no {name}.py or {name}.ipynb here; make a folder with all exercises by `autograder start`, "
            "or name your file: autograder check {name} FILE"
        ).format(name=unit.name)
    )


def last_worked_on(course: Course, start: Path | None = None) -> tuple[Unit, Path] | None:
    """The unit and file a student changed last; None if every file is still as it was handed out."""
    files = [(unit, path) for unit in course.units.values() for path in files_for(unit, start)]
    ranked = sorted(((_worked_on(unit, path), unit, path) for unit, path in files), key=lambda each: each[0])
    return ranked[-1][1:] if ranked and ranked[-1][0][0] else None


def _worked_on(unit: Unit, path: Path) -> tuple[bool, float]:
    """Whether the code differs from what was handed out, and when the file was written (only if it does)."""
    changed = _code(path) not in _handed_out(unit, path.suffix)
    with contextlib.suppress(OSError):
        return changed, path.stat().st_mtime if changed else float(path.suffix == ".py")
    return False, 0.0


def _handed_out(unit: Unit, suffix: str) -> list[str]:
    folders = [unit.assignment, *(unit.root / "assignments").glob(f"*/{unit.name}")]
    return [_code(folder / f"{unit.name}{suffix}") for folder in folders]


def _code(path: Path) -> str:
    """A file's code; of a notebook only the cells' source, for opening one changes everything else."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".py":
            return text
        cells = msgspec.json.decode(text)["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return ""


def _is_numbered(name: str, unit: Unit) -> bool:
    number, _underscore, rest = name.partition("_")
    return number.isdigit() and rest == unit.name


def _readme(course: Course, root: Path, units: list[Unit]) -> str:
    title = course.heading
    lines = [
        f"# {title}",
        "",
        _(
            "Each folder holds one unit: the same exercises as a Python file and as a notebook. Work in the one you like."
        ),
        "",
        "```",
        f"autograder watch       # {_('stay open, and check each time you save')}",
        f"autograder check       # {_('check what you changed last')}",
        f"autograder hint        # {_('help in steps: a question, the idea, the formula')}",
        f"autograder progress    # {_('how far you have come')}",
        f"autograder doctor      # {_('what this computer lacks, and the command that mends it')}",
        "```",
        "",
        _(
            "`pytest`, or the test view of your editor, runs the same checks. Your grade comes from more checks than these."
        ),
    ]
    for part, members in course.by_part():
        rows = [unit for unit in members if unit in units]
        if rows:
            lines += [
                "",
                f"## {course.told(part.title)}",
                "",
                f"| {_('folder')} | {_('unit')} | {_('lecture')} |",
                "|---|---|---|",
            ]
            lines += [f"| {folder_of(course, root, unit)} | {unit.heading} | {unit.lecture} |" for unit in rows]
    return "\n".join(lines) + "\n"


def _read_record(path: Path) -> Record:
    """An unreadable record counts as none: every file that differs from ours is then taken for the student's."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return Record()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
