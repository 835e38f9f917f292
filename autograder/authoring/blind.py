"""Files of people who saw the stub only: how many right ones lose points, how many wrong ones lose none.

They lie in `blind/right/EXERCISE_NUMBER.py` and `blind/wrong/EXERCISE_NUMBER.py`, are committed before they are graded for
the first time, and never changed. What the first grading gave is kept beside them: later ones, after the suite was mended,
say nothing about how fair it is to the next stranger.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.authoring.declared import declared
from autograder.authoring.finding import Finder
from autograder.authoring.planning import NOT_LOST, Basis, Piece
from autograder.authoring.stubs import stub_text
from autograder.course import CourseError, SuiteError, Unit
from autograder.grader.keys import gpus, hash_of
from autograder.submissions.submission import read_submission

FOLDER = "blind"
RECORD = "first.json"
KINDS = ("right", "wrong")
Z = 1.96  # of 95 %


class First(msgspec.Struct, frozen=True):
    """What the first grading of a file gave. file: a hash of it. lost: the checks that it lost."""

    file: str
    lost: list[str]


@dataclass(frozen=True)
class Stranger:
    """A file that somebody wrote from the stub alone. path: below the unit's `blind/`."""

    exercise: str
    right: bool
    path: str


@dataclass(frozen=True)
class Graded:
    """What became of a stranger's file: the checks it lost the first time, and those it loses now."""

    stranger: Stranger
    first: tuple[str, ...]
    now: tuple[str, ...]


def write_task(unit: Unit, out: Path) -> Path:
    """Write what somebody gets who is to write such files: a folder with the stub in it and nothing else.

    Raises CourseError for a folder that holds something already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CourseError(f"{out} is not empty; name a new folder with --out, so that nothing but the stub is in it")
    out.mkdir(parents=True, exist_ok=True)
    path = out / unit.stub.name
    path.write_text(stub_text(unit), encoding="utf-8")
    return path


def strangers(unit: Unit) -> list[Stranger]:
    """The unit's files of strangers. Raises CourseError for one that is not named after an exercise."""
    folder = unit.home / FOLDER
    names = [each.exercise for each in declared(unit.hidden_suite, "check")] if unit.hidden_suite.is_file() else []
    found = []
    for path in sorted(folder.rglob("*.py")):
        exercise, _, number = path.stem.rpartition("_")
        if (
            path.parent.name not in KINDS
            or path.parent.parent != folder
            or exercise not in names
            or not number.isdigit()
        ):
            raise CourseError(f"{path} is not named blind/right/EXERCISE_NUMBER.py or blind/wrong/EXERCISE_NUMBER.py")
        found.append(Stranger(exercise, path.parent.name == "right", str(path.relative_to(folder))))
    return found


def grade_strangers(unit: Unit, finder: Finder) -> Iterator[Graded]:
    """Grade every file of a stranger in the exercise it is about; what has not been graded before goes into the record.

    Raises CourseError for a file that was changed after its first grading, SuiteError for a suite that cannot be used.
    """
    known, everybody = _read(unit), strangers(unit)
    for each in everybody:
        first = known.get(each.path)
        if first is not None and first.file != hash_of(unit.home / FOLDER / each.path):
            raise CourseError(f"{unit.home / FOLDER / each.path} was changed after its first grading; take it back")
    basis = Basis(unit, finder.seed, tuple(gpus()), tuple(dict.fromkeys(each.exercise for each in everybody)))
    pieces = {id(piece := _piece(basis, each)): (piece, each) for each in everybody}
    for piece, result in finder.find([piece for piece, _ in pieces.values()]):
        if isinstance(result, str):
            raise SuiteError(result)
        _, each = pieces[id(piece)]
        lost = [check.id for found in result.values() for check in found.checks if check.outcome not in NOT_LOST]
        first = known.setdefault(each.path, First(hash_of(unit.home / FOLDER / each.path), lost))
        yield Graded(each, tuple(first.lost), tuple(lost))
    if known:
        _write(unit, {path: known[path] for path in sorted(known)})


def interval(count: int, of: int) -> tuple[float, float]:
    """Wilson's interval (1927) of a share: where it lies with 95 % confidence."""
    if not of:
        return 0.0, 1.0
    share, spread = count / of, Z * Z / of
    centre = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / of + spread / of / 4) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Rate:
    """A share of strangers' files, with Wilson's interval."""

    count: int
    of: int

    def __str__(self) -> str:
        low, high = interval(self.count, self.of)
        return f"{self.count} of {self.of} ({low:.0%} to {high:.0%})"


def rates(graded: Iterable[Graded]) -> tuple[Rate, Rate]:
    """The right files that lost points, and the wrong ones that lost none, in their first grading."""
    everybody = list(graded)
    right = [each for each in everybody if each.stranger.right]
    wrong = [each for each in everybody if not each.stranger.right]
    return Rate(sum(bool(e.first) for e in right), len(right)), Rate(sum(not e.first for e in wrong), len(wrong))


def _piece(basis: Basis, each: Stranger) -> Piece:
    path = basis.unit.home / FOLDER / each.path
    key = basis.key(each.exercise, FOLDER, hash_of(path))
    return Piece(basis.unit, FOLDER, each.path, (each.exercise,), (key,), read_submission(path))


def _read(unit: Unit) -> dict[str, First]:
    path = unit.home / FOLDER / RECORD
    if not path.is_file():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, First])
    except (OSError, msgspec.DecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}; take it back from your version control") from error


def _write(unit: Unit, known: dict[str, First]) -> None:
    text = msgspec.json.format(msgspec.json.encode(known), indent=1).decode() + "\n"
    path = unit.home / FOLDER / RECORD
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
