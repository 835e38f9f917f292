"""Judge one check: replay its inputs, and where one fails look for the smallest that does."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import pytest
import torch
from hypothesis.errors import HypothesisException, UnsatisfiedAssumption
from torch import Tensor

from autograder.grader.exhibit import Desk, Exhibit, Local, Respondent, Sitting
from autograder.grader.faults import Fault, RaisedFault, ReferenceFault
from autograder.grader.session import OutOfStepError, Session
from autograder.grader.suite_file import Check, Suite, explore, seed_for
from autograder.language import _
from autograder.protocol.messages import Reply, Request, Returned, encode
from autograder.protocol.wire import tensors_in
from autograder.results.document import Outcome
from autograder.results.feedback import magnitude
from autograder.suite.closeness import Mismatch
from autograder.suite.forms import Conversion, forgiving

SHRINK_CALLS = 100
# Of processor time, so that a machine with much to do finds the same smallest input as an idle one.
SEARCH_SECONDS = 3.0


@dataclass
class Trial:
    """One check on one example: how it ended, and what the submission answered on the way.

    error: the fault or mismatch (None if it passed). call: the last question in words. complete: whether the transcript
    holds every answer. code: the last call as code to paste, of a failed trial without inputs of its own.
    """

    example: dict[str, Any]
    outcome: Outcome
    error: Exception | None = None
    call: str = ""
    transcript: list[Reply] = field(default_factory=list)
    complete: bool = True
    printed: str = ""
    asked: int = 0
    code: str = ""

    @cached_property
    def size(self) -> tuple[int, float, int]:
        """How hard its input is to read."""
        return magnitude(list(self.example.values()))


@dataclass
class Assessment:
    """All trials of one check. `shown` is the failed trial with the smallest input; None if all passed."""

    check: Check
    outcome: Outcome
    trials: list[Trial]
    shown: Trial | None = None
    reason: str = ""

    @property
    def printed(self) -> str:
        return next((trial.printed for trial in self.trials if trial.printed), "")


class Assessor:
    """Runs checks of one suite with a reference at hand (or none, for public suites on a student's machine)."""

    def __init__(
        self, suite: Suite, reference: dict[str, Any] | None, hardware: frozenset[str], *, shrinks: bool = True
    ) -> None:
        self._suite = suite
        self._reference = Local(reference or {})
        # A second server for the reference in the submission's place: each keeps objects of its own.
        self._stand_in = Local(reference, answers=self._reference.answers) if reference is not None else None
        self._hardware = hardware
        self._opened: dict[tuple[str, bool, Conversion], dict[int, bytes]] = {}
        self._shrinks = shrinks

    @property
    def answers(self) -> dict[bytes, bytes]:
        """What the reference answered so far, by its questions."""
        return self._reference.answers

    def passes(
        self, check: Check, respondent: Respondent, forbidden: tuple[str, ...] = (), sitting: Sitting | None = None
    ) -> bool:
        """Whether a check passes (or cannot be assessed here), found out as cheaply as can be."""
        if check.needs - self._hardware:
            return True
        with contextlib.closing(self._attempts(check, respondent, forbidden, sitting)) as trials:
            return all(trial.outcome is Outcome.PASSED for trial in trials)

    def assess(
        self, check: Check, respondent: Respondent, forbidden: tuple[str, ...] = (), sitting: Sitting | None = None
    ) -> Assessment:
        """Judge a check; never raises for what the submission does.

        sitting: what the checks of this exercise share (default: it is the only one asked).
        """
        sitting = sitting or Sitting()
        missing = check.needs - self._hardware
        if missing:
            reason = _("needs {hardware}").format(hardware=_(" and ").join(sorted(missing)))
            return Assessment(check, Outcome.NOT_ASSESSED, [], reason=reason)
        trials: list[Trial] = []
        shown: Trial | None = None
        started = _busy_seconds(respondent)
        with contextlib.closing(self._attempts(check, respondent, forbidden, sitting)) as attempts:
            for trial in attempts:
                trials.append(trial)
                stopped = False
                if trial.outcome is not Outcome.PASSED:
                    stopped = not _worth_continuing(trial)
                    shown = _smaller(shown, trial)
                if stopped or (shown is not None and _busy_seconds(respondent) - started > SEARCH_SECONDS):
                    break
        if not trials:
            return Assessment(check, Outcome.GRADER_ERROR, [], reason="no drawn input met the check's assumptions")
        if check.mark.is_form:
            sitting.conversion = _only_slip(trials)
        if shown is None:
            return Assessment(check, Outcome.PASSED, trials)
        first = next(trial for trial in trials if trial.outcome is not Outcome.PASSED)
        if first.outcome is Outcome.NOT_ASSESSED:
            return Assessment(check, Outcome.NOT_ASSESSED, trials, reason=str(first.error))
        if self._shrinks and check.wrapper is not None and _worth_continuing(shown):
            shown = self._smallest(check, shown, respondent, forbidden, sitting.conversion)
        return Assessment(check, first.outcome, trials, shown)

    def transcripts(self, check: Check, respondent: Respondent) -> Iterator[list[Reply]]:
        """What a respondent answers on each example of a check, whatever the check makes of it."""
        return (trial.transcript for trial in self._attempts(check, respondent, ()))

    def _attempts(
        self, check: Check, respondent: Respondent, forbidden: tuple[str, ...], sitting: Sitting | None = None
    ) -> Generator[Trial]:
        """The check on one example after the other, without those that do not meet its assumptions.

        The questions of a contract's clause are known beforehand: those that no other clause put already are sent ahead, and
        the worker goes on while the answers are compared. So are those of another check whose first example needed a single
        question; should one need more after all, it is begun again and nothing is sent ahead.
        """
        sitting = sitting or Sitting()
        ahead: dict[int, Session] = {}
        slip = sitting.conversion
        known = self._openings(check, forbidden, slip) if check.mark.draws and isinstance(respondent, Session) else {}
        if isinstance(respondent, Session) and known:
            waiting = {index: frame for index, frame in known.items() if frame not in sitting.replies}
            ahead = dict.fromkeys(waiting, respondent)
            respondent.expect(waiting.values())
        try:
            for index, example in enumerate(self._suite.examples(check)):
                seed = self._suite.example_seed(check, index)
                answered = sitting.replies.get(known.get(index, b""))
                desk = partial(Desk, respondent, forbidden, watched=_is_watched(index, seed), sitting=sitting)
                current = desk(expecting=ahead.get(index), known=answered)
                try:
                    trial = self._run(check, example, seed, current)
                except OutOfStepError:
                    ahead.clear()
                    current = desk()
                    trial = self._run(check, example, seed, current)
                if index in known and current.last_reply is not None and current.complete:
                    sitting.replies[known[index]] = current.last_reply
                elif index == 0 and trial is not None and trial.asked == 1 and isinstance(respondent, Session):
                    openings = self._openings(check, forbidden, slip)
                    ahead = dict.fromkeys(openings, respondent)
                    respondent.expect(frame for later, frame in openings.items() if later > 0)
                if trial is not None:
                    yield trial
        finally:
            if isinstance(respondent, Session):
                respondent.expect([])

    def _openings(self, check: Check, forbidden: tuple[str, ...], slip: Conversion) -> dict[int, bytes]:
        """The encoded question that each example opens with, by the example's index.

        No answer went before it, so it is the same for every submission with this slip in form. Examples that ask nothing
        have none.
        """
        key = (check.id, bool(forbidden), slip)
        if key not in self._opened:
            frames = {
                index: self._opening(check, example, index, forbidden, slip)
                for index, example in enumerate(self._suite.examples(check))
            }
            self._opened[key] = {index: frame for index, frame in frames.items() if frame is not None}
        return self._opened[key]

    def _opening(
        self, check: Check, example: dict[str, Any], index: int, forbidden: tuple[str, ...], slip: Conversion
    ) -> bytes | None:
        door, seed = _Door(), self._suite.example_seed(check, index)
        desk = Desk(door, forbidden, watched=_is_watched(index, seed), sitting=Sitting(conversion=slip))
        with contextlib.suppress(_Opened):
            self._run(check, example, seed, desk)
        return door.frame

    def _run(self, check: Check, example: dict[str, Any], seed: int, desk: Desk) -> Trial | None:
        reference = Desk(_Trusted(self._reference))
        inputs = _copied(example)  # a check may write into its inputs; the next submission gets them as drawn
        for each in (desk, reference):
            each.begin(seed, {**check.fixed, **inputs})
        outcome: Outcome = Outcome.PASSED
        error: Exception | None = None
        try:
            with forgiving(desk.sitting.conversion):
                check.run(Exhibit(desk), Exhibit(reference), inputs)
            self._require_numbers(check, example, seed, desk)
        except UnsatisfiedAssumption:
            return None
        except pytest.skip.Exception as skipped:
            outcome, error = Outcome.NOT_ASSESSED, RuntimeError(skipped.msg or "skipped")
        except Fault as fault:
            outcome, error = fault.outcome, fault
        except Mismatch as mismatch:
            outcome, error = Outcome.FAILED, mismatch
        except ReferenceFault as fault:
            outcome, error = Outcome.GRADER_ERROR, fault
        except Exception as unexpected:
            outcome, error = self._blame(check, example, seed, desk, unexpected)
        if error is not None:  # the frames it came through hold every value of the check
            error = error.with_traceback(None)
            error.__context__ = error.__cause__ = None
        code = desk.call_code() if error is not None and not example else ""
        return Trial(
            example, outcome, error, desk.last_call, desk.transcript, desk.complete, "".join(desk.printed), desk.asked, code
        )  # fmt: skip

    def _require_numbers(self, check: Check, example: dict[str, Any], seed: int, desk: Desk) -> None:
        """NaN agrees with NaN, and one tensor without data with another: a check that compares the submission's answers
        among themselves passes for both. Raises Mismatch where the reference answers the same check with numbers."""
        if self._stand_in is None or desk.respondent is self._stand_in:
            return
        answers = [reply.value for reply in desk.transcript if isinstance(reply, Returned)]
        blank = next((t for t in tensors_in(answers) if _is_blank(t)), None)
        if blank is None:
            return
        stand_in = Desk(self._stand_in)
        again = self._run(check, example, seed, stand_in)
        right = [reply.value for reply in stand_in.transcript if isinstance(reply, Returned)]
        if again is None or again.outcome is not Outcome.PASSED or any(map(_has_blanks, tensors_in(right))):
            return
        if blank.device.type == "meta":
            problem = _("must live on device {wanted}, not {device}").format(wanted="cpu", device="meta")
        else:
            problem = _("must hold numbers; every entry of it is NaN")
        raise Mismatch(problem, blank)

    def _blame(
        self, check: Check, example: dict[str, Any], seed: int, desk: Desk, unexpected: Exception
    ) -> tuple[Outcome, Exception]:
        """The check itself broke. If it works on the reference's answers, the submission's answer was unusable;
        otherwise the check is wrong, and nobody is graded by it."""
        if desk.respondent is self._stand_in or desk.last_reply is None:
            return Outcome.GRADER_ERROR, unexpected
        if self._stand_in is not None:
            again = self._run(check, example, seed, Desk(self._stand_in))
            if again is None or again.outcome is not Outcome.PASSED:
                return Outcome.GRADER_ERROR, unexpected
        if isinstance(unexpected, AssertionError):
            return Outcome.FAILED, Mismatch(str(unexpected).split("\n")[0] or _("does not have the stated property"))
        got = getattr(desk.last_reply, "value", None)
        return Outcome.FAILED, Mismatch(_("is not the kind of value the exercise asks for"), got)

    def _smallest(
        self, check: Check, shown: Trial, respondent: Respondent, forbidden: tuple[str, ...], conversion: Conversion
    ) -> Trial:
        """Let hypothesis shrink the failure, for at most SHRINK_CALLS examples."""
        search = _Search(shown, respondent, _busy_seconds(respondent) + SEARCH_SECONDS)

        def inner(**arguments: Any) -> None:
            names = ("submission", "reference", *check.fixed)
            example = {name: value for name, value in arguments.items() if name not in names}
            seed = seed_for(self._suite.seed, check.draws, "smallest")
            desk = Desk(respondent, forbidden, sitting=Sitting(conversion=conversion))
            trial = self._run(check, example, seed, desk)
            search.note(trial)

        with contextlib.suppress(_Found, _Spent, HypothesisException, ExceptionGroup):
            explore(check, self._suite.seed, inner)
        return search.best


class _Found(AssertionError):
    """This example fails too: hypothesis goes on from here."""


class _Spent(BaseException):
    """Enough examples were tried."""


@dataclass
class _Search:
    """The smallest failing trial so far, and how much searching is left."""

    best: Trial
    respondent: Respondent
    until: float
    calls: int = 0

    def note(self, trial: Trial | None) -> None:
        self.calls += 1
        if self.calls > SHRINK_CALLS or _busy_seconds(self.respondent) > self.until:
            raise _Spent
        if trial is None or trial.outcome is not self.best.outcome or not _same_kind(trial, self.best):
            return
        if trial.size <= self.best.size:
            self.best = trial
        raise _Found


class _Opened(BaseException):
    """The opening question of an example is known."""


class _Door:
    """A respondent that notes the first question and lets nobody further."""

    frame: bytes | None = None

    def ask(self, request: Request) -> Reply:
        self.frame = encode(request)
        raise _Opened


class _Trusted:
    """The reference's answers; a failure of the reference is the grader's own."""

    def __init__(self, respondent: Respondent) -> None:
        self._respondent = respondent

    def ask(self, request: Request) -> Reply:
        reply = self._respondent.ask(request)
        if not isinstance(reply, Returned):
            raise ReferenceFault(f"the reference answered {reply!r}")
        return reply


def _copied(value: Any) -> Any:
    """A copy that shares no memory with the original; tensors keep their strides."""
    if isinstance(value, Tensor) and value.device.type == "cpu":
        if value.is_contiguous():
            return value.clone()
        # What lies between the entries crosses the wall too: always the same, or no answer would be known by its question.
        span = 1 + sum((n - 1) * step for n, step in zip(value.shape, value.stride(), strict=True))
        return torch.zeros(span, dtype=value.dtype).as_strided(value.shape, value.stride()).copy_(value)
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    return value


def _is_blank(tensor: Tensor) -> bool:
    """Whether a tensor holds no number at all: it is on the meta device, or all NaN."""
    if tensor.device.type == "meta":
        return True
    if tensor.numel() == 0 or not (tensor.is_floating_point() or tensor.is_complex()):
        return False
    first = tensor.reshape(-1)[0].item()
    return first != first and bool(tensor.isnan().all())


def _has_blanks(tensor: Tensor) -> bool:
    return tensor.device.type == "meta" or bool(tensor.isnan().any())


def _busy_seconds(respondent: Respondent) -> float:
    """Processor time a submission has used; 0 for trusted code in this process."""
    return respondent.busy_seconds() if isinstance(respondent, Session) else 0.0


def _is_watched(index: int, seed: int) -> bool:
    """The first example of a check and every eighth of the others, whichever these are."""
    return index == 0 or seed % 8 == 0


def _worth_continuing(trial: Trial) -> bool:
    """Whether other inputs could tell more: not if the code hangs, crashes, is missing or is still a stub."""
    if isinstance(trial.error, RaisedFault):
        return not trial.error.report.unwritten
    return trial.outcome is Outcome.FAILED


def _only_slip(trials: list[Trial]) -> Conversion:
    """The conversion that puts every answer of a wrong form right, if it is the same one everywhere."""
    failed = [trial.error for trial in trials if trial.outcome is not Outcome.PASSED]
    conversions = {error.conversion if isinstance(error, Mismatch) else None for error in failed}
    return (conversions.pop() or ()) if len(conversions) == 1 else ()


def _smaller(shown: Trial | None, failed: Trial) -> Trial:
    """Of two failed trials the one with the smaller input; the other keeps no values that nobody will see."""
    if shown is None:
        return failed
    best, other = (failed, shown) if failed.size < shown.size else (shown, failed)
    if isinstance(other.error, Mismatch):
        other.error = Mismatch(other.error.problem, what=other.error.what, conversion=other.error.conversion)
    return best


def _same_kind(trial: Trial, other: Trial) -> bool:
    if isinstance(trial.error, RaisedFault) and isinstance(other.error, RaisedFault):
        return trial.error.report.type_name == other.error.report.type_name
    return True
