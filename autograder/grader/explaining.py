"""Turn a failed assessment into the words a student reads. Never the test's source, never the reference's."""

from __future__ import annotations

import re
from pathlib import Path

from torch import Tensor

from autograder.grader.assessing import Assessment, Trial
from autograder.grader.faults import RaisedFault
from autograder.grader.suite_file import Check
from autograder.language import _, say, translated
from autograder.protocol.messages import Frame, SourceProblem
from autograder.results.document import NOT_WRITTEN, Outcome
from autograder.results.feedback import described, entries, pasted, printable
from autograder.suite.closeness import UNSHOWN, Mismatch

# Far beyond what any of ours has: the keys of a dictionary, say, stand in a message as they came back.
MESSAGE_LIMIT = 20_000
_NO_GPU = re.compile(r"no NVIDIA driver|not compiled with CUDA|CUDA driver|No CUDA GPUs|no CUDA-capable", re.IGNORECASE)


def explain(assessment: Assessment, *, hinted: bool = True) -> str:
    """What came back, what must hold, and the smallest input that shows it; '' for a passed check.

    hinted: with the clause's own hint, where the check is one; without it where a known mistake gives another.
    """
    text = _explain(assessment, hinted)
    return printable(text if len(text) <= MESSAGE_LIMIT else text[:MESSAGE_LIMIT] + "…")


def _explain(assessment: Assessment, hinted: bool) -> str:
    if assessment.outcome is Outcome.PASSED:
        return ""
    if assessment.outcome is Outcome.NOT_ASSESSED:
        return _("Not assessed here: {reason}. Its points are left out of the total.").format(reason=assessment.reason)
    trial = assessment.shown
    if assessment.outcome is Outcome.GRADER_ERROR:
        return _("The grader failed in this check; no grade is given. {error}").format(error=_grader_error(assessment))
    if trial is None:
        return _("{sentence}.").format(sentence=assessment.reason)
    check = assessment.check
    paragraphs = [_what_happened(trial, check.path.parent), _inputs(trial, check)]
    if hinted and check.mark.hint and assessment.outcome is Outcome.FAILED:
        paragraphs.append(_("Hint: {hint}").format(hint=say(check.mark.hint)))
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def source_problem(problem: SourceProblem) -> str:
    """`softmax.py, line 3: SyntaxError: ...` with the line and a caret below it."""
    place = _("{file}, line {line}").format(file=problem.label, line=problem.line)
    lines = [f"{place}: {problem.error}"]
    if problem.text:
        lines.append(f"    {problem.text}")
    if problem.caret:
        lines.append(f"    {problem.caret}")
    return printable("\n".join(lines))


def _grader_error(assessment: Assessment) -> str:
    error = assessment.shown.error if assessment.shown is not None else None
    return f"{type(error).__name__}: {error}" if error is not None else assessment.reason


def _what_happened(trial: Trial, home: Path) -> str:
    error = trial.error
    if isinstance(error, Mismatch):
        return _mismatch(error, trial, home)
    if isinstance(error, RaisedFault):
        return _raised(error, trial.call, home)
    return str(error)


def _mismatch(error: Mismatch, trial: Trial, home: Path) -> str:
    """home: the unit's folder, whose catalog translates the sentences of its suite."""
    subject = translated(error.what or trial.call, home) or _("The result")
    problem = translated(error.problem, home)
    lines = [_("{subject} {problem}.").format(subject=subject, problem=problem)]
    if error.got is None:
        lines.append("  " + _("came back: None. Is a `return` missing?"))
        if trial.printed.strip():
            lines.append(
                "  " + _("Something was printed: `print` shows a value to you, `return` gives it to the caller.")
            )
    elif error.got is not UNSHOWN and error.want is None:
        lines.append(_("  came back: {value}").format(value=described(error.got)))
        if isinstance(error.got, Tensor) and error.got.numel():
            lines.append(_block("             ", entries(error.got)))
    elif isinstance(error.got, Tensor) and isinstance(error.want, Tensor):
        lines.append(_("  came back: {value}").format(value=described(error.got)))
        lines.append(_block("    ", entries(error.got, _first_wrong(error), mark=error.got.numel() > 1)))
        lines.append(_("  expected:  {value}").format(value=described(error.want)))
        lines.append(_block("    ", entries(error.want, _first_wrong(error))))
    return "\n".join(lines)


def _first_wrong(error: Mismatch) -> tuple[int, ...] | None:
    if error.wrong is None or not error.wrong.any() or error.wrong.shape != error.got.shape:
        return None
    return tuple(error.wrong.nonzero()[0].tolist())


def _raised(error: RaisedFault, call: str, home: Path) -> str:
    if error.report.unwritten:
        return _(NOT_WRITTEN)
    said = str(error).replace(call, translated(call, home), 1) if call else str(error)
    lines = [said if said.endswith((".", "!", "?", "。")) else _("{sentence}.").format(sentence=said)]
    if _NO_GPU.search(error.report.message):
        lines.append(_("The code asks for a GPU, and there is none here. `torch.cuda.is_available()` tells."))
    lines += [_frame(frame) for frame in error.report.frames[-3:]]
    return "\n".join(lines)


def _frame(frame: Frame) -> str:
    place = _("{file}, line {line}, in {function}").format(file=frame.label, line=frame.line, function=frame.function)
    return f"  {place}:\n      {frame.text.strip()}"


def _inputs(trial: Trial, check: Check) -> str:
    inputs = {**check.fixed, **trial.example}
    if trial.outcome in (Outcome.MISSING, Outcome.FORBIDDEN):
        return ""
    if isinstance(trial.error, RaisedFault) and trial.error.report.unwritten:
        return ""
    if not inputs:
        return _("The last call was:") + "\n" + _block("    ", trial.code) if trial.code else ""
    lines = [pasted(name, value) for name, value in inputs.items()]
    code = "\n".join([*lines, check.mark.setup] if check.mark.setup else lines)
    head = _("The input was:") if check.wrapper is None else _("Smallest input found that shows it:")
    return head + "\n" + _block("    ", code)


def _block(indent: str, text: str) -> str:
    return "\n".join((indent + line).rstrip() for line in text.split("\n"))
