"""One exercise's result as a fragment of HTML that stands on its own: no script, no network, nothing unescaped."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from itertools import groupby

from autograder.language import _
from autograder.pages.figures import BoxDrawing, HeatMap, box_drawing, heat_map
from autograder.pages.rendering import points, render
from autograder.results.causes import Cause, causes
from autograder.results.document import Boxes, CheckResult, ExerciseResult, Matrices, Outcome, Recognised


@dataclass(frozen=True)
class Block:
    """A paragraph of prose, or lines of code and numbers whose spaces count."""

    text: str
    code: bool


@dataclass(frozen=True)
class Told:
    """A check that did not pass. kind: passed, failed, skipped or broken, for the colour.

    title: '' where the exercise is not written yet, for there is nothing to say about each.
    """

    symbol: str
    word: str
    kind: str
    title: str
    blocks: list[Block]
    known: Recognised | None
    heat: HeatMap | None
    boxes: BoxDrawing | None


@dataclass(frozen=True)
class Group:
    """Checks with one cause: what is told of it, and the others, which open on demand."""

    shown: Told | None
    others: list[Told]


def exercise_html(exercise: ExerciseResult, *, styled: bool = True, level: int = 3) -> str:
    """An exercise: its score, what did not pass and why, and what passed.

    styled: bring the style sheet along; False where the page already has it (`exercise_style`). level: of its heading.
    """
    passed = [check for check in exercise.checks if check.outcome is Outcome.PASSED]
    return render(
        "exercise.html",
        name=exercise.name,
        score=_("{score} of {most} points").format(score=points(exercise.score), most=points(exercise.max_score)),
        full=exercise.score == exercise.max_score and len(passed) == len(exercise.checks),
        notes=exercise.notes,
        groups=[_group(cause) for cause in causes(exercise)],
        passed=[check.title for check in passed],
        passed_summary=_passed_summary(len(passed), len(exercise.checks)),
        passed_word=word(Outcome.PASSED),
        looks_like=_("This looks like:"),
        wrong_word=_("differs"),
        level=level,
        style=exercise_style() if styled else "",
    )


def exercise_style() -> str:
    """The style sheet of the fragments, for a page that holds many of them."""
    return render("exercise.css")


def word(outcome: Outcome) -> str:
    """How a check ended, for a student."""
    return {
        Outcome.PASSED: _("passed"),
        Outcome.FAILED: _("not passed"),
        Outcome.RAISED: _("raised an error"),
        Outcome.TIMED_OUT: _("timed out"),
        Outcome.CRASHED: _("crashed"),
        Outcome.FORBIDDEN: _("not allowed"),
        Outcome.MISSING: _("missing"),
        Outcome.NOT_ASSESSED: _("not assessed"),
        Outcome.GRADER_ERROR: _("the grader failed"),
    }[outcome]


def symbol(outcome: Outcome) -> str:
    """The sign before the words."""
    return {Outcome.PASSED: "✓", Outcome.NOT_ASSESSED: "–", Outcome.GRADER_ERROR: "!"}.get(outcome, "✗")


def kind(outcome: Outcome) -> str:
    """The group of outcomes that share a colour."""
    kinds = {Outcome.PASSED: "passed", Outcome.NOT_ASSESSED: "skipped", Outcome.GRADER_ERROR: "broken"}
    return kinds.get(outcome, "failed")


def _group(cause: Cause) -> Group:
    """What was said above is not said again: a message word for word, a mistake's hint."""
    said = cause.shown.message if cause.shown is not None else ""
    others = []
    for check in cause.others:
        told = replace(_told(check), known=_unhinted(check.misconception))
        others.append(replace(told, blocks=[]) if check.message == said else told)
    if cause.shown is None:
        return Group(None, others)
    shown = _told(cause.shown)
    return Group(replace(shown, title="") if cause.whole else shown, others)


def _unhinted(known: Recognised | None) -> Recognised | None:
    return Recognised(known.name, "") if known is not None else None


def _told(check: CheckResult) -> Told:
    figure = check.figure
    return Told(
        symbol(check.outcome),
        word(check.outcome),
        kind(check.outcome),
        check.title,
        _blocks(check.message),
        check.misconception,
        heat_map(figure) if isinstance(figure, Matrices) else None,
        box_drawing(figure) if isinstance(figure, Boxes) else None,
    )


def _blocks(message: str) -> list[Block]:
    """Prose wraps; lines that begin with a space keep their shape, less the indentation they share."""
    blocks = []
    for code, lines in groupby(message.split("\n"), key=lambda line: line.startswith(" ")):
        text = "\n".join(lines)
        blocks += [Block(textwrap.dedent(text), True)] if code else [Block(line, False) for line in text.split("\n")]
    return [block for block in blocks if block.text.strip()]


def _passed_summary(passed: int, checks: int) -> str:
    if passed == checks == 1:
        return _("The only check passed")
    if passed == checks:
        return _("All {count} checks passed").format(count=checks)
    return _("{passed} of {count} checks passed").format(passed=passed, count=checks)
