"""Find submissions under the paths an instructor names. What is not understood is listed, never skipped silently."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

from autograder.submissions.archives import PASSED_OVER, ArchiveError, shown, unpack
from autograder.submissions.naming import is_code, plain_stem, read_name
from autograder.submissions.submission import SUFFIXES, modules_beside
from autograder.submissions.untouched import is_untouched

_NBGRADER = ("source", "release", "autograded", "feedback", "gradebook.db", "nbgrader_config.py")
_NAME_BYTES = 200
# FIRST LAST_PARTICIPANT_assignsubmission_file_/FILE, or all in one name; with groups, GROUP-FIRST LAST.
_MOODLE = re.compile(r"(?P<student>.+?_\d+)_assignsubmission_[a-z]+_?(?P<file>.*)")
# LASTFIRST_USER_ATTACHMENT_FILE; handed in late, LASTFIRST_LATE_USER_ATTACHMENT_FILE.
_CANVAS = re.compile(r"(?P<name>.+?)(?:_LATE)?_(?P<user>\d+)_(?:LATE_)?\d+_(?P<file>.+)")
# FILE is what the student named it, with which the name of another student can be imitated: the first match counts.
# Folders in which one student keeps several attempts.
_VERSION = re.compile(
    r"((v|version|attempt|try|draft|submission|backup|part|week|hw|homework)?[ _.-]*\d[\d._ -]*|final|old|new|draft|backup|src)",
    re.IGNORECASE,
)
_IMPORT = re.compile(r"\b(?:import|from)[ \t]+(\w+)")


@dataclass(frozen=True)
class Found:
    """One submission: whose, for which unit, and where. beside: Python files of the same student that it can import."""

    student: str
    unit: str
    path: Path
    beside: tuple[Path, ...] = ()


@dataclass
class Gathered:
    """submissions: one per student and unit. remarks: files that were left out, each with the reason. notes: what else
    an instructor should know. unplaced: files that no unit's name is in, each with its remark, until it is known whether
    they are modules of a submission."""

    submissions: list[Found] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unplaced: dict[Path, str] = field(default_factory=dict)


def gather(
    paths: Iterable[Path],
    units: Iterable[str],
    only: str | None = None,
    scratch: Path | None = None,
    stubs: Mapping[str, Path] | None = None,
) -> Gathered:
    """Understand files, folders and zip files.

    Layouts: STUDENT/UNIT.py, STUDENT/UNIT/anything.py, a flat folder of STUDENT_UNIT.py, nbgrader's course folder, what
    Canvas and Moodle export, a single file (its unit taken from `only` if its name does not say). Notebooks likewise.
    scratch: an empty folder to unpack zip files into; without it they are left out. stubs: unit -> what was handed out; of
    several files that one was worked on comes before one that is still the stub.
    """
    names = sorted(units, key=len, reverse=True)
    gathered = Gathered()
    chosen: dict[tuple[str, str], _Candidate] = {}
    paths = list(paths)
    given = frozenset(path.resolve().name for path in paths if path.is_dir())
    for number, path in enumerate(paths):
        root = _root(path, scratch / str(number) if scratch else None, gathered)
        root = _class_inside(root, names, gathered) if root else None
        beside = given - {path.resolve().name}
        for candidate in _under(root, names, only, beside, gathered) if root else ():
            stub = (stubs or {}).get(candidate.found.unit)
            worked = stub is None or not is_untouched(candidate.found.path, stub)
            _keep_best(chosen, replace(candidate, worked=worked), gathered.remarks)
    gathered.notes += [
        f"{c.shown}: graded as {shown(c.found.student)}'s, in whose folder it lies, not as {shown(c.claimed)}'s; if that "
        "folder is no student's, name the folder itself"
        for c in chosen.values()
        if c.claimed
    ]
    gathered.notes += [
        f"{c.shown}: taken for {c.found.unit}, by {shown(c.found.student)}"
        for c in chosen.values()
        if c.evidence is _Evidence.ALIKE
    ]
    _take_along(chosen.values(), names, gathered)
    gathered.remarks += gathered.unplaced.values()
    gathered.submissions.sort(key=lambda f: (f.student, f.unit))
    return gathered


def _take_along(chosen: Iterable[_Candidate], units: list[str], gathered: Gathered) -> None:
    """Let submissions import the modules in their folders, where these are one student's alone."""
    owners: dict[Path, set[str]] = {}
    for each in chosen:
        owners.setdefault(each.found.path.parent, set()).add(each.found.student)
    for each in chosen:
        folder = each.found.path.parent
        beside = modules_beside(each.found.path, units) if len(owners[folder]) == 1 else []
        gathered.submissions.append(replace(each.found, beside=tuple(beside)))
        for path in _imported(each.found.path, beside):
            if gathered.unplaced.pop(path, None):
                gathered.notes.append(f"{shown(path.name)}: taken along with {each.shown}, which can import it")


def _imported(path: Path, beside: Iterable[Path]) -> list[Path]:
    """Those modules beside a submission that it, or another of them, seems to import."""
    beside, named = list(beside), set[str]()
    for each in [path, *beside]:
        with contextlib.suppress(OSError):  # whoever grades it says so
            named.update(_IMPORT.findall(each.read_text("utf-8", errors="replace")))
    return [each for each in beside if each.stem in named]


@dataclass(frozen=True)
class _Root:
    """A file, or a folder to search. shown: the name under which the instructor knows it."""

    path: Path
    shown: str

    @property
    def folder(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def name_of(self, file: Path) -> str:
        return shown(Path(self.shown) / file.relative_to(self.path))


class _Evidence(IntEnum):
    """What a submission's place and name say for it, in ascending order."""

    PLACE = 0  # another name than the unit's
    ALIKE = 1  # a name that is read as the unit's
    PREFIX = 2  # the unit's name after another name than its folder's
    NAME = 3


@dataclass(frozen=True)
class _Candidate:
    """A submission that was found. shown: its name in remarks. claimed: whom its file's name gives it to, if that is not
    whose it is. worked: whether it is more than the stub."""

    found: Found
    evidence: _Evidence
    shown: str
    claimed: str = ""
    worked: bool = True

    @property
    def rank(self) -> tuple[bool, _Evidence, int, int, str, str]:
        path = self.found.path
        return (self.worked, self.evidence, path.stat().st_mtime_ns, len(path.stem), path.suffix, str(path))


def _root(path: Path, scratch: Path | None, gathered: Gathered) -> _Root | None:
    """Where to search for what a path stands for; None, and a remark, if it stands for nothing."""
    if not path.exists():
        gathered.remarks.append(f"{shown(path)}: there is no such file or folder")
        return None
    if path.is_file() and path.suffix.lower() == ".zip":
        return _unpacked(path, scratch, gathered)
    submitted = path / "submitted"
    if submitted.is_dir() and any((path / name).exists() for name in _NBGRADER):
        gathered.notes.append(f"{shown(path)} is a course of nbgrader's: only its folder submitted/ was graded")
        return _Root(submitted, str(submitted))
    return _Root(path, str(path))


def _class_inside(root: _Root, units: list[str], gathered: Gathered) -> _Root:
    """The folder in which the students' folders lie, where somebody put more folders around them."""
    folder: Path | None = root.path if root.path.is_dir() else None
    while folder is not None and (folder := _only_folder(folder)) is not None and folder.name not in units:
        inside = [each for each in folder.iterdir() if each.is_dir() and each.name not in units]
        students = [each for each in inside if any(is_code(file) for file in each.rglob("*"))]
        if any(_VERSION.fullmatch(each.name) for each in students):
            break
        if len(students) > 1:
            named = str(Path(root.shown) / folder.relative_to(root.path))
            gathered.notes.append(f"{shown(named)}: a folder around {len(students)} students, and no student's itself")
            return _Root(folder, named)
    return root


def _only_folder(folder: Path) -> Path | None:
    """The folder that is all there is in a folder."""
    inside = [each for each in folder.iterdir() if not each.name.startswith(".") and each.name not in PASSED_OVER]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else None


def _unpacked(path: Path, scratch: Path | None, gathered: Gathered) -> _Root | None:
    if scratch is None:
        gathered.remarks.append(f"{shown(path)}: a zip file; unpack it first")
        return None
    folder = scratch / path.stem.strip(". ") / ""
    folder.mkdir(parents=True)
    try:
        left_out = unpack(path, folder, SUFFIXES)
    except ArchiveError as error:
        gathered.remarks.append(f"{shown(path)}: {error}")
        return None
    gathered.remarks += [f"{shown(path)}/{remark}" for remark in left_out]
    return _Root(folder, str(path))


def _under(
    root: _Root, units: list[str], only: str | None, beside: frozenset[str], gathered: Gathered
) -> Iterator[_Candidate]:
    remarks = gathered.remarks
    files = [root.path] if root.path.is_file() else _files(root, remarks)
    layout = _Layout(root.folder, units, only, _students_folders(files, root.folder, units), beside)
    for file in files:
        understood = _understand(file, layout)
        if understood is None:
            wanted = f"rename it to UNIT{file.suffix} or pass --unit"
            gathered.unplaced[file] = f"{root.name_of(file)}: no unit's name in it; {wanted}"
            continue
        found, evidence, claimed = understood
        if not _proper(found.student):
            remarks.append(f"{root.name_of(file)}: {shown(found.student)!r} cannot be a student's name; rename it")
        elif only in (None, found.unit):
            yield _Candidate(found, evidence, root.name_of(file), claimed)


def _files(root: _Root, remarks: list[str]) -> list[Path]:
    files = []
    for file in sorted(root.path.rglob("*")):
        parts = file.relative_to(root.path).parts
        if any(part.startswith(".") or part in PASSED_OVER for part in parts) or file.name == "timestamp.txt":
            continue
        if file.is_symlink():
            remarks.append(f"{root.name_of(file)}: a symbolic link; links are not followed")
        elif file.is_dir():
            continue
        elif is_code(file) and file.is_file():
            files.append(file)
        elif file.suffix.lower() == ".zip":
            remarks.append(f"{root.name_of(file)}: a zip file in a folder; name it itself to have it unpacked")
        else:
            remarks.append(f"{root.name_of(file)}: neither .py nor .ipynb")
    return files


@dataclass(frozen=True)
class _Layout:
    """How the files below a root are told apart.

    students_folders: whether the outermost folders are students', so that no name inside makes a file another student's.
    beside: the names of the other folders that were given; if students' names are among them, the root is a student's.
    """

    root: Path
    units: list[str]
    only: str | None
    students_folders: bool
    beside: frozenset[str]

    def outer(self, file: Path) -> list[str]:
        """The folders around a file that say whose it may be."""
        return _outer(file, self.root, self.units)


def _outer(file: Path, root: Path, units: list[str]) -> list[str]:
    return [folder for folder in file.relative_to(root).parts[:-1] if folder not in units]


def _students_folders(files: list[Path], root: Path, units: list[str]) -> bool:
    """They are not students' if all lies in a single one, nor if each of them holds a platform's export."""
    exports: dict[str, bool] = {}
    for file in files:
        for folder in _outer(file, root, units)[:1]:
            exports[folder] = exports.get(folder, False) or bool(_platform([folder], plain_stem(file))[0])
    alone = len(exports) == 1 and all(_outer(file, root, units) for file in files)
    return not alone and not all(exports.values())


def _understand(file: Path, layout: _Layout) -> tuple[Found, _Evidence, str] | None:
    """Whose file this is and for which unit, what says so, and whom its name gives it to if that is somebody else."""
    folders = list(file.relative_to(layout.root).parts[:-1])
    student, name = _platform(folders, plain_stem(file))
    named = read_name(name, layout.units)
    unit, prefix = named.unit, named.student
    outer, claimed = layout.outer(file), ""
    if outer and layout.students_folders:
        claimed, student = student or prefix, _platform(outer[:1], "")[0] or outer[0]
    elif not outer and not student and prefix in layout.beside:
        claimed, student = prefix, layout.root.resolve().name
    if claimed.casefold() == student.casefold():
        claimed = ""
    if unit:
        home = student or (outer[0] if outer else layout.root.resolve().name)
        contradicted = claimed or (not student and prefix not in ("", home))
        evidence = _Evidence.PREFIX if contradicted else _Evidence.NAME
        evidence = _Evidence.ALIKE if named.loosely else evidence
        return Found(student or prefix or home, unit, file), evidence, claimed
    for folder in reversed(folders):
        if folder in layout.units and (student or folders.index(folder) > 0):
            return Found(student or folders[folders.index(folder) - 1], folder, file), _Evidence.PLACE, claimed
    if layout.only is not None:
        owner = student or (folders[0] if folders else plain_stem(file))
        return Found(owner, layout.only, file), _Evidence.PLACE, claimed
    return None


def _platform(folders: list[str], stem: str) -> tuple[str, str]:
    """The student and the file's own name in what a learning platform exported; ('', stem) for anything else."""
    for folder in folders:
        if found := _MOODLE.fullmatch(folder):
            return found["student"], stem
    moodle, canvas = _MOODLE.fullmatch(stem), _CANVAS.fullmatch(stem)
    if moodle and not (canvas and canvas.end("user") < moodle.end("student")):
        return moodle["student"], moodle["file"]
    if canvas:
        return f"{canvas['name']}_{canvas['user']}", canvas["file"]
    return "", stem


def _proper(student: str) -> bool:
    """Whether a name can be a folder's: it becomes one among the results."""
    fits = 0 < len(student.encode("utf-8", "replace")) <= _NAME_BYTES
    return fits and student.isprintable() and student not in (".", "..") and not set(student) & set("/\\\0")


def _keep_best(chosen: dict[tuple[str, str], _Candidate], candidate: _Candidate, remarks: list[str]) -> None:
    """Of several files of one student for one unit, one that was worked on, named by the unit, then the newest, is graded."""
    key = (candidate.found.student, candidate.found.unit)
    other = chosen.get(key)
    if other is None or other.found.path == candidate.found.path:
        chosen[key] = candidate
        return
    worse, better = sorted((other, candidate), key=lambda c: c.rank)
    chosen[key] = better
    why = "a newer file" if worse.evidence == better.evidence else "a file with the right name"
    if worse.worked != better.worked:
        why = "a file that was worked on"
    student, unit = key
    remarks.append(f"{worse.shown}: {student} has {why} for {unit}, {better.shown}, which was graded")
