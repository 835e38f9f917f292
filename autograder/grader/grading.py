"""Grade submissions of one unit: the suite collected once, a fresh worker for each submission."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType

import msgspec
import torch

from autograder.course import Unit
from autograder.grader.assessing import Assessment, Assessor
from autograder.grader.exhibit import Local, Sitting
from autograder.grader.explaining import explain, source_problem
from autograder.grader.hardware import hardware
from autograder.grader.keys import code_of, digest, engine_version
from autograder.grader.launching import Launched
from autograder.grader.picturing import figure_of
from autograder.grader.points import weighted, withheld
from autograder.grader.portable import open_zygote
from autograder.grader.recognising import Recogniser
from autograder.grader.scanning import calls_between_exercises, suspicious_lines, tampering
from autograder.grader.session import CALL_SECONDS, Session
from autograder.grader.suite_file import Check, Suite, collect
from autograder.grader.trusted import load_module
from autograder.grader.workers import Zygote
from autograder.keeping import shelf
from autograder.language import _
from autograder.results.document import (
    REQUIRED_LAYERS,
    CheckResult,
    Outcome,
    Recognised,
    SubmissionResult,
    score_exercise,
)
from autograder.results.feedback import printable
from autograder.submissions.cells import Cell
from autograder.submissions.submission import Submission

# Of a reference's answers, to be kept for the next command: reading more would take longer than working them out.
KEPT_BYTES = 48 * 2**20


class IsolationError(Exception):
    """Full isolation was required and this machine lacks a layer of it."""


@dataclass(frozen=True)
class _Judged:
    """An exercise whose checks were all asked: their results, and what the code printed in each."""

    name: str
    results: list[CheckResult]
    printed: list[str]


class UnitGrader:
    """Grades any number of submissions of one unit with one suite. Use `Grader` to share a zygote between units."""

    def __init__(
        self, unit: Unit, suite: Suite, zygote: Zygote, *, call_seconds: float = CALL_SECONDS, shrinks: bool = True
    ) -> None:
        self.unit = unit
        self.suite = suite
        self._zygote = zygote
        self._call_seconds = call_seconds
        reference = vars(load_module(unit.reference)) if unit.reference.is_file() else None
        marks = hardware(zygote).marks if any(check.needs for check in suite.checks) else frozenset()
        self._assessor = Assessor(suite, reference, marks, shrinks=shrinks)
        self._recogniser = Recogniser(unit, self._assessor)
        self._recalled = self._recall() if reference is not None else 0

    def grade(
        self,
        submission: Submission,
        *,
        only: Collection[str] | None = None,
        progress: Callable[[Assessment], None] | None = None,
    ) -> SubmissionResult:
        """Grade one submission (or some of its exercises). Whatever its code does ends up in the result."""
        started = time.monotonic()
        with self.open(submission) as session:
            session.load()
            exercises = []
            for exercise, checks in self.suite.exercises().items():
                if only is not None and exercise not in only:
                    continue
                session.begin_exercise()
                sitting = Sitting()
                assessments = []
                for check in checks:
                    assessments.append(self._assess(check, session, sitting))
                    if progress is not None:
                        progress(assessments[-1])
                # What came back may be large: of an exercise that is done only words and figures are kept.
                exercises.append(self._judged(exercise, assessments, usable=not submission.problem))
                del assessments
        return self._result(submission, session, exercises, time.monotonic() - started)

    def open(self, submission: Submission) -> Session:
        """A session with a worker of its own for a submission."""
        return Session(self._zygote, submission, self.suite.seed, self._call_seconds)

    def assess(
        self, check: Check, session: Session, sittings: dict[str, Sitting]
    ) -> tuple[Assessment, Recognised | None]:
        """Judge a single check of an open session as it is judged among all others.

        sittings: by exercise, what is known from checks of this session that were judged before; it is added to.
        """
        session.load()
        if check.exercise not in sittings:
            sittings[check.exercise] = Sitting()
            for form in self.suite.checks:  # it says which slip the others forgive
                if form.mark.is_form and form.exercise == check.exercise and form.id != check.id:
                    self._assess(form, session, sittings[check.exercise])
        assessment = self._assess(check, session, sittings[check.exercise])
        return assessment, self._recogniser.recognise([assessment]).get(check.id)

    def _assess(self, check: Check, session: Session, sitting: Sitting | None = None) -> Assessment:
        forbidden = self.unit.forbidden.get(check.exercise, ())
        tampers = tampering([*session.statements, *session.beside]) if forbidden else ""
        if tampers:
            reason = _(
                "{line}, which can hide what a call does; no exercise needs it, and this one is not graded with it"
            )
            return Assessment(check, Outcome.FORBIDDEN, [], reason=reason.format(line=tampers))
        return self._assessor.assess(check, _place(check, session), forbidden, sitting)

    def full_marks(self, submission: Submission, first: str = "") -> bool:
        """Whether a submission passes every check, those of exercise `first` asked first; stops at the first lost."""
        checks = sorted(self.suite.checks, key=lambda check: check.exercise != first)
        sittings: dict[str, Sitting] = defaultdict(Sitting)
        with self.open(submission) as session:
            session.load()
            return all(
                self._assessor.passes(
                    check, _place(check, session), self.unit.forbidden.get(check.exercise, ()), sittings[check.exercise]
                )
                for check in checks
            )

    def assess_locally(self, namespace: dict[str, object], *, only: Collection[str] | None = None) -> list[Assessment]:
        """Run the suite on trusted code in this process (the reference itself, when a unit is verified)."""
        checks = [check for check in self.suite.checks if only is None or check.exercise in only]
        return [self._assessor.assess(check, Local(namespace)) for check in checks]

    def _recall(self) -> int:
        """Learn what the reference answered in earlier commands; how many answers that is."""
        kept = shelf("answers").read(self._answers_key)
        if kept is not None:
            self._assessor.answers.update(msgspec.msgpack.decode(kept, type=dict[bytes, bytes]))
        return len(self._assessor.answers)

    def keep(self) -> None:
        """Keep what the reference answered for the next command."""
        answers = self._assessor.answers
        if len(answers) > self._recalled and sum(map(len, answers.values())) <= KEPT_BYTES:
            shelf("answers").write(self._answers_key, msgspec.msgpack.encode(answers))
            self._recalled = len(answers)

    @cached_property
    def _answers_key(self) -> str:
        return digest([self.unit.name, engine_version(), code_of(self.unit.reference)])

    def _judged(self, name: str, assessments: list[Assessment], *, usable: bool) -> _Judged:
        """usable: whether there was any code; that there was none is said once, and not for each exercise again."""
        recognised = self._recogniser.recognise(assessments)
        results = [
            CheckResult(
                a.check.id, a.check.title, a.check.points, a.outcome,
                explain(a, hinted=a.check.id not in recognised) if usable else "",
                recognised.get(a.check.id), figure_of(a),
            )
            for a in assessments
        ]  # fmt: skip
        if name in self.unit.points:
            void = withheld([a.check for a in assessments], results)
            results = [msgspec.structs.replace(each, withheld=each.id in void) for each in results]
        return _Judged(name, results, [a.printed for a in assessments if a.printed])

    def _result(
        self, submission: Submission, session: Session, exercises: list[_Judged], seconds: float
    ) -> SubmissionResult:
        lost = {each.name for each in exercises if any(r.outcome in _LOST for r in each.results)}
        scored = []
        for each in exercises:
            used = calls_between_exercises(session.statements, each.name) & lost if each.name in lost else set()
            first = [] if _is_called_wrongly(each) else sorted(used)
            notes = _notes(each.name, each.results, first, session)
            scored.append(score_exercise(each.name, each.results, notes, first))
        printed = "".join(session.printed) + "".join(_printed_once(exercises))
        return SubmissionResult(
            student=submission.student,
            unit=self.unit.name,
            score=round(sum(e.score for e in scored), 2),
            max_score=round(sum(e.max_score for e in scored), 2),
            isolation="+".join(session.layers) or "none",
            seed=self.suite.seed,
            exercises=scored,
            problems=[*([submission.problem] if submission.problem else []), *map(source_problem, session.problems)],
            printed=printable(printed[:10_000]),
            review=suspicious_lines(
                [*session.statements, *session.beside], self.unit.forbidden, self.suite.exercises()
            ),
            seconds=round(seconds, 4),
        )


class Grader:
    """Shares one zygote between the units of a course. Use as a context manager.

    launched: a zygote process started earlier. zygote: where workers come from, in its place. public: grade with the public suites. walled: put workers behind the wall.
    require_isolation: raise IsolationError where a layer of it is missing. shrinks: look for the smallest failing input.
    """

    def __init__(
        self,
        seed: int,
        *,
        launched: Launched | None = None,
        zygote: Zygote | None = None,
        public: bool = False,
        walled: bool = True,
        require_isolation: bool = False,
        call_seconds: float = CALL_SECONDS,
        shrinks: bool = True,
    ) -> None:
        # The reference's tensors are tiny: a second thread costs a thousand times what it saves.
        torch.set_num_threads(1)
        self._seed, self._public, self._call_seconds, self._shrinks = seed, public, call_seconds, shrinks
        self._zygote = zygote or open_zygote(launched, walled=walled)
        self._require_isolation = require_isolation
        self._units: dict[str, UnitGrader] = {}

    def unit(self, unit: Unit) -> UnitGrader:
        """The grader of a unit, its suite collected on first use. Raises SuiteError, IsolationError."""
        if self._require_isolation:
            self._check_isolation()
        if unit.name not in self._units:
            suite = collect(unit.handed_out_suite if self._public else unit.hidden_suite, unit.name, self._seed)
            if not self._public:
                suite = weighted(suite, unit.points)
            self._units[unit.name] = UnitGrader(
                unit, suite, self._zygote, call_seconds=self._call_seconds, shrinks=self._shrinks
            )
        return self._units[unit.name]

    def forget(self) -> None:
        """Free what was collected, drawn and remembered for the units so far; what the references answered is kept."""
        for unit in self._units.values():
            unit.keep()
        self._units.clear()

    def layers(self) -> list[str]:
        """The layers of the wall that hold on this machine, as a worker reports them."""
        worker = self._zygote.fork()
        worker.close()
        return worker.layers

    def _check_isolation(self) -> None:
        missing = [layer for layer in REQUIRED_LAYERS if layer not in self.layers()]
        if missing:
            raise IsolationError(
                f"this machine lacks {', '.join(missing)}; nothing was graded. `autograder doctor` explains."
            )
        self._require_isolation = False

    def prepare(self) -> None:
        """Get a worker ready for the next submission, in the background."""
        self._zygote.prepare()

    def interrupt(self) -> None:
        """From another thread: kill the workers, so that what is being graded ends soon (with crashed checks)."""
        self._zygote.interrupt()

    def close(self) -> None:
        """End the zygote and every worker it forked."""
        self.forget()
        self._zygote.close()

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_DEFINES = re.compile(r"\s*(async def|def|class|@|from|import)\b|\s*@")
_LOST = (Outcome.FAILED, Outcome.RAISED, Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.MISSING)


def _place(check: Check, session: Session) -> Session:
    """Where a check is asked: only those that need a GPU see a worker that reaches one."""
    return session.on_gpu() if check.needs else session


def _notes(name: str, results: list[CheckResult], first: list[str], session: Session) -> list[str]:
    """What stands beside the single checks: why an exercise is missing, and which other one to mend first."""
    notes = []
    if any(r.outcome in _LOST for r in results) and (again := _used_again(session, name)):
        notes.append(again)
    missing = any(r.outcome is Outcome.MISSING for r in results)
    if session.problems and missing and _could_bind(session.submission.cells, name):
        problem = session.problems[0]
        note = _("Was {name} lost to the problem in {file}, line {line}?")
        notes.append(note.format(name=name, file=problem.label, line=problem.line))
    if any(r.withheld and r.outcome is Outcome.PASSED for r in results):
        notes.append(_("What else is right about {name} counts once its values are right.").format(name=name))
    note = _("{name} uses {other}, which has failing checks of its own: look there first.")
    return notes + [note.format(name=name, other=other) for other in first]


def _is_called_wrongly(judged: _Judged) -> bool:
    """Whether an exercise fails only because its parameters are others than it is called with."""
    refused = re.compile(rf"TypeError: ([\w.]+\.)?(__init__|{re.escape(judged.name)})\(\) (takes|missing|got)")
    lost = [each.message for each in judged.results if each.outcome in _LOST]
    return all(refused.search(message) for message in lost)


def _used_again(session: Session, name: str) -> str:
    """Where a name that was defined gets another meaning, in words; '' if it does not."""
    lines = {cell.label: cell.source.split("\n") for cell in session.submission.cells}
    bound = [each for each in session.statements if name in each.binds and each.line <= len(lines.get(each.label, ()))]
    defined = [bool(_DEFINES.match(lines[each.label][each.line - 1])) for each in bound]
    if not any(defined) or defined[-1]:
        return ""
    note = _("{name} is given another meaning in {file}, line {line}; give what stands there another name.")
    return note.format(name=name, file=bound[-1].label, line=bound[-1].line)


def _could_bind(cells: Iterable[Cell], name: str) -> bool:
    """Whether a file binds a name somewhere, as far as can be seen without running it."""
    bound = re.compile(
        rf"^[ \t]*((async )?(def|class) {name}\b|.*\bimport\b.*(\b{name}\b|\*)|{name}\s*[:=])", re.MULTILINE
    )
    return any(bound.search(cell.source) for cell in cells)


def _printed_once(exercises: list[_Judged]) -> list[str]:
    return list(dict.fromkeys(text for each in exercises for text in each.printed))
