"""Find out the pieces of a verification: grade, ask the reference, run its tests. What comes of it is plain data."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from autograder.authoring.planning import Asked, Found, Piece
from autograder.course import Unit
from autograder.grader.assessing import Assessment
from autograder.grader.grading import Grader, UnitGrader
from autograder.grader.launching import Launched
from autograder.grader.portable import open_zygote
from autograder.grader.suite_file import SilentPlugin, forget_module
from autograder.grader.trusted import load_module
from autograder.protocol import wire
from autograder.protocol.messages import Reply, Returned
from autograder.results.document import CheckResult, SubmissionResult
from autograder.submissions.submission import Submission, read_submission

SHOWN = 2000


class Bench:
    """Holds the graders of one process; their zygote ends with it. Use as a context manager."""

    def __init__(self, seed: int, launched: Launched | None = None) -> None:
        self._zygote = open_zygote(launched, walled=True)
        self._hidden = Grader(seed, zygote=self._zygote, shrinks=False)
        self._public = Grader(seed, zygote=self._zygote, public=True)
        gc.freeze()  # torch's modules stay: a tenth of the time went into looking through them for garbage

    def find(self, piece: Piece) -> dict[str, Found]:
        """What a piece comes to, by exercise. Raises SuiteError where the unit's files are written wrongly."""
        if piece.kind == "reference tests":
            return {"": Found(problems=[text] if (text := _reference_tests(piece.unit)) else [])}
        graded = (self._public if piece.public else self._hidden).unit(piece.unit)
        if piece.kind == "reference":
            return _reference(piece, graded)
        submission = piece.submission or _as_notebook(piece.unit)
        if piece.kind == "mutant":
            return _mutant(piece, graded, submission)
        first = graded.grade(submission, only=piece.exercises)
        differs = piece.twice and _without_time(first) != _without_time(graded.grade(submission, only=piece.exercises))
        return dict(_by_exercise(first, graded, differs=differs))

    def forget(self) -> None:
        """Free what was collected for the units so far; reference answers are kept for the next command."""
        self._hidden.forget()
        self._public.forget()

    def close(self) -> None:
        self.forget()
        self._zygote.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _by_exercise(result: SubmissionResult, graded: UnitGrader, *, differs: bool) -> Iterator[tuple[str, Found]]:
    needs = {check.id for check in graded.suite.checks if check.needs}
    for exercise in result.exercises:
        checks = [_asked(check, hardware=check.id in needs) for check in exercise.checks]
        share = exercise.score / exercise.max_score if exercise.max_score else 0.0
        yield exercise.name, Found(checks, [problem[:SHOWN] for problem in result.problems], differs, share=share)


def _asked(check: CheckResult, *, hardware: bool) -> Asked:
    named = check.misconception.name if check.misconception is not None else ""
    return Asked(check.id, check.outcome.value, check.message[:SHOWN], named, hardware)


def _reference(piece: Piece, graded: UnitGrader) -> dict[str, Found]:
    namespace = vars(load_module(piece.unit.reference))
    found: dict[str, list[Asked]] = {name: [] for name in piece.exercises}
    for each in graded.assess_locally(namespace, only=piece.exercises):
        found[each.check.exercise].append(Asked(each.check.id, each.outcome.value))
    return {name: Found(checks) for name, checks in found.items()}


def _mutant(piece: Piece, graded: UnitGrader, submission: Submission) -> dict[str, Found]:
    hashes = {name: hashlib.blake2b(digest_size=8) for name in piece.exercises}

    def note(assessment: Assessment) -> None:
        for trial in assessment.trials:
            for reply in trial.transcript:
                hashes[assessment.check.exercise].update(bytes_of(reply))

    result = graded.grade(submission, only=piece.exercises, progress=note)
    found = _by_exercise(result, graded, differs=False)
    return {name: msgspec.structs.replace(each, answers=hashes[name].hexdigest()) for name, each in found}


def bytes_of(reply: Reply) -> bytes:
    """What a reply answers, without what was printed and recorded on the way."""
    if isinstance(reply, Returned):
        return msgspec.msgpack.encode(wire.pack(reply.value))
    return f"{type(reply).__name__} {getattr(reply, 'type_name', '')}".encode()


def _as_notebook(unit: Unit) -> Submission:
    from autograder.authoring.notebooks import notebook_text  # jupytext takes a second

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{unit.name}.ipynb"
        path.write_text(notebook_text(unit.solution.read_text(encoding="utf-8"), unit.name), encoding="utf-8")
        return read_submission(path)


def _reference_tests(unit: Unit) -> str:
    """Run the unit's own comparison of the reference with independent operators; what failed, or ''."""
    failures = _Failures()
    arguments = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", str(unit.root)]
    forget_module(unit.reference_tests)
    with contextlib.chdir(unit.root):
        status = pytest.main([*arguments, str(unit.reference_tests)], plugins=[failures])
    return "" if status == pytest.ExitCode.OK else (failures.problems or f"pytest ended with {status!r}")[-SHOWN:]


class _Failures(SilentPlugin):
    """Keeps what pytest would have printed about failed tests."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.problems += f"{report.nodeid}\n{report.longreprtext}\n"


def _without_time(result: SubmissionResult) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(result, seconds=0.0))


def chunks(pieces: Sequence[Piece], jobs: int) -> list[list[Piece]]:
    """Pieces to be found out by one process in one go: a whole unit where there are enough of them, else an exercise.

    The largest come first: a long one begun last would keep one process busy and the others idle.
    """
    units = {piece.unit.name for piece in pieces}
    grouped: dict[tuple[str, ...], list[Piece]] = {}
    for piece in pieces:
        part = () if len(units) >= 2 * jobs else (piece.kind if len(piece.exercises) > 1 else piece.exercises[0],)
        grouped.setdefault((piece.unit.name, *part), []).append(piece)
    return sorted(grouped.values(), key=_weight, reverse=True)


def _weight(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.exercises) * (2 if piece.twice else 1) for piece in pieces)
