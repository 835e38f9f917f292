"""Recognise a known mistake by what it does: a misconception that gives the same answers explains the failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.course import Unit
from autograder.grader.assessing import Assessment, Assessor, Trial
from autograder.grader.exhibit import Local
from autograder.grader.suite_file import Check
from autograder.grader.trusted import run_source
from autograder.language import translated
from autograder.protocol import wire
from autograder.protocol.messages import Absent, Raised, Reply, Returned
from autograder.results.document import Outcome, Recognised
from autograder.submissions.variants import Variant, misconceptions
from autograder.suite.closeness import agree, tolerance

KEPT_BYTES = 4 * 2**20
EXPLAINED = (Outcome.FAILED, Outcome.RAISED)


class Recogniser:
    """Knows a unit's misconceptions and how each answers each check; learns the answers when first needed."""

    def __init__(self, unit: Unit, assessor: Assessor) -> None:
        self._unit = unit
        self._assessor = assessor
        self._respondents: dict[str, Local] = {}
        self._answers: dict[tuple[str, str], _Answers] = {}

    def recognise(self, assessments: Sequence[Assessment]) -> dict[str, Recognised]:
        """Failed checks of one exercise -> the misconception that explains each.

        A misconception explains a check if it gives the submission's answers on every input tried. Among several the
        one that agrees with the submission on most of the exercise's checks wins, the earlier one in case of a tie.
        """
        failed = [a for a in assessments if a.outcome in EXPLAINED and not _is_stub(a)]
        if not failed:
            return {}
        exercise, checks = failed[0].check.exercise, [a.check.id for a in failed]
        explained = [(v, self._agreeing(v, failed)) for v in self._variants if v.exercise == exercise]
        fitting = {check: [variant for variant, known in explained if check in known] for check in checks}
        rivals = {variant.identifier for variants in fitting.values() if len(variants) > 1 for variant in variants}
        others = [a for a in assessments if a.check.id not in checks]
        counts = {  # what nobody competes for needs none, and to count means to work out answers
            variant.identifier: len(known) + len(self._agreeing(variant, others))
            for variant, known in explained
            if variant.identifier in rivals
        }
        return {
            check: self._recognised(max(variants, key=lambda variant: counts.get(variant.identifier, 0)))
            for check, variants in fitting.items()
            if variants
        }

    def _agreeing(self, variant: Variant, assessments: Sequence[Assessment]) -> set[str]:
        return {a.check.id for a in assessments if self._agrees(variant, a)}

    def _recognised(self, variant: Variant) -> Recognised:
        name, hint = (translated(said, self._unit.home) for said in (variant.name, variant.hint))
        return Recognised(name, hint)

    @cached_property
    def _variants(self) -> list[Variant]:
        return misconceptions(self._unit)

    def _agrees(self, variant: Variant, assessment: Assessment) -> bool:
        if not assessment.trials or not all(trial.complete for trial in assessment.trials):
            return False
        pairs = list(_until_different(assessment.trials, self._answers_of(variant, assessment.check)))
        if len(pairs) < len(assessment.trials):
            return False
        lost = [(trial, answer) for trial, answer in pairs if trial.outcome in EXPLAINED]
        return not lost or any(_shares_a_wrong_value(trial, answer) for trial, answer in lost)

    def _answers_of(self, variant: Variant, check: Check) -> _Answers:
        key = (variant.identifier, check.id)
        if key not in self._answers:
            if variant.identifier not in self._respondents:
                self._respondents[variant.identifier] = Local(
                    run_source(variant.source, variant.identifier), remembers=False
                )
            respondent = self._respondents[variant.identifier]
            self._answers[key] = _Answers(lambda: self._assessor.transcripts(check, respondent))
        return self._answers[key]


class _Answers:
    """What a misconception answers on one example of a check after the other, worked out as far as anybody looked.

    Most are told apart from a submission by their first answer.
    """

    def __init__(self, work_out: Callable[[], Iterator[list[Reply]]]) -> None:
        self._work_out = work_out
        self._source = work_out()
        self._kept: list[list[Reply]] | None = []
        self._size = 0

    def __iter__(self) -> Iterator[list[Reply]]:
        if self._kept is None:
            yield from self._work_out()
            return
        yield from self._kept
        for transcript in self._source:
            self._keep(transcript)
            yield transcript

    def _keep(self, transcript: list[Reply]) -> None:
        self._size += sum(wire.memory_of(getattr(reply, "value", None)) for reply in transcript)
        if self._size > KEPT_BYTES:  # a whole network's weights, say: worked out again when needed again
            self._kept = None
        if self._kept is not None:
            self._kept.append(transcript)


def _until_different(trials: list[Trial], answers: Iterable[list[Reply]]) -> Iterator[tuple[Trial, list[Reply]]]:
    for trial, answer in zip(trials, answers, strict=False):
        if not same_answers(trial.transcript, answer):
            return
        yield trial, answer


def _shares_a_wrong_value(trial: Trial, answer: list[Reply]) -> bool:
    """Whether a lost trial is explained by more than an exception of the same kind, which may have any reason: what came
    back is the same wrong value, or the exceptions say the same but for the numbers in them."""
    last, other = trial.transcript[-1:], answer[-1:]
    if last and isinstance(last[0], Raised):
        assert isinstance(other[0], Raised)
        return _without_numbers(last[0].message) == _without_numbers(other[0].message)
    return True


def _without_numbers(message: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "0", message)


def same_answers(transcript: Sequence[Reply], other: Sequence[Reply]) -> bool:
    """Whether two transcripts hold the same answers, values compared up to the tolerance of their dtype."""
    return len(transcript) == len(other) and all(map(_same_reply, transcript, other))


def _same_reply(reply: Reply, other: Reply) -> bool:
    match reply, other:
        case Returned(), Returned():
            return _same_value(reply.value, other.value)
        case Raised(), Raised():
            return reply.type_name == other.type_name
        case Absent(), Absent():
            return reply.name == other.name
    return False


def _same_value(value: Any, other: Any) -> bool:
    if isinstance(value, Tensor) and isinstance(other, Tensor):
        return _same_tensor(value, other)
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
        return _same_tensor(torch.from_numpy(value), torch.from_numpy(other))
    if isinstance(value, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(value) == len(other) and all(map(_same_value, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_same_value(value[key], other[key]) for key in value)
    if isinstance(value, wire.HandleRef) and isinstance(other, wire.HandleRef):
        return True
    if isinstance(value, float) and isinstance(other, (int, float)):
        return bool(np.isclose(value, other, rtol=1e-6, atol=1e-9, equal_nan=True))
    return type(value) is type(other) and bool(value == other)


def _same_tensor(value: Tensor, other: Tensor) -> bool:
    if value.shape != other.shape or value.dtype != other.dtype or value.device.type != other.device.type:
        return False
    if value.device.type == "meta":
        return True
    return agree(value, other, *tolerance(value.dtype))


def _is_stub(assessment: Assessment) -> bool:
    last = assessment.trials[-1].transcript[-1:] if assessment.trials else []
    return bool(last) and isinstance(last[0], Raised) and last[0].unwritten
