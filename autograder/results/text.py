"""Results as plain text and in a terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text

from autograder.language import _
from autograder.results.causes import causes
from autograder.results.document import CheckResult, ExerciseResult, Outcome, SubmissionResult
from autograder.results.wrapping import wrap

_SYMBOL = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.NOT_ASSESSED: ("–", "yellow"),
    Outcome.GRADER_ERROR: ("!", "magenta"),
}
_FAILED = ("✗", "red")
_SHOWN_PRINT = 2000


def console() -> Console:
    """A console that wraps at the terminal's width and prints text as it is: no markup, no emoji codes."""
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def exercise_text(exercise: ExerciseResult, width: int = 88) -> str:
    """One exercise as plain text."""
    text = StringIO()
    plain = Console(file=text, width=width, markup=False, emoji=False, highlight=False, force_jupyter=False)
    _show_exercise(plain, exercise)
    return text.getvalue().rstrip()


def show_submission(screen: Console, result: SubmissionResult, *, verbose: bool = False) -> None:
    """Print a submission's exercises and messages. verbose: each failed check in full, though one cause is told once."""
    screen.print(Text(f"{result.student} · {result.unit}", "bold"))
    for problem in result.problems:
        screen.print(Text("\n".join(f"  {line}" for line in problem.split("\n")), "red"), soft_wrap=True)
    for exercise in result.exercises:
        if not _is_void(exercise):
            _show_exercise(screen, exercise, verbose=verbose)
    if result.printed.strip():
        screen.print(Text("  " + _("What the code printed:"), "dim"))
        for line in result.printed[:_SHOWN_PRINT].splitlines():
            screen.print(Text(f"  │ {line}", "dim"))
    for line in result.review:
        screen.print(Text(f"  for the instructor: {line}", "yellow"))
    total = _("{score} of {max_score} points").format(score=points(result.score), max_score=points(result.max_score))
    screen.print(Text(f"  {total}\n", "bold"))


def _show_exercise(screen: Console, exercise: ExerciseResult, *, verbose: bool = False) -> None:
    full = exercise.score == exercise.max_score
    score = f"{points(exercise.score)}/{points(exercise.max_score)}"
    screen.print(Text.assemble("  ", (f"{exercise.name:<28}", "bold"), (score, "green" if full else "red")))
    for note in exercise.notes:
        _show_line(screen, note, 4, "yellow")
    for cause in causes(exercise):
        if cause.shown is not None:
            _show_check(screen, cause.shown, titled=not cause.whole)
        for check in cause.others:
            if verbose:
                _show_check(screen, check)
            else:
                _show_title(screen, check)


def _show_check(screen: Console, check: CheckResult, *, titled: bool = True) -> None:
    if titled:
        _show_title(screen, check)
    for line in check.message.split("\n"):
        _show_line(screen, line, 6, "" if titled else "dim")
    if check.misconception is not None:
        _show_line(screen, _("This looks like: {name}.").format(name=check.misconception.name), 6, "yellow")
        _show_line(screen, check.misconception.hint, 6, "yellow")


def _show_title(screen: Console, check: CheckResult) -> None:
    symbol, style = _SYMBOL.get(check.outcome, _FAILED)
    _show_sentence(screen, Text.assemble((symbol, style), f" {check.title}"), 4)


def _is_void(exercise: ExerciseResult) -> bool:
    """Whether there is nothing to say of an exercise, because the whole file could not be used."""
    return all(check.outcome is Outcome.MISSING and not check.message for check in exercise.checks)


def _show_line(screen: Console, line: str, indent: int, style: str = "") -> None:
    """Prose wraps within its indentation; code and numbers, which begin with a space, are never broken."""
    if line.startswith(" "):
        screen.print(Text(" " * indent + line, style), soft_wrap=True)
    else:
        _show_sentence(screen, Text(line, style), indent)


def _show_sentence(screen: Console, text: Text, indent: int) -> None:
    for line in wrap(text, screen, max(10, screen.width - indent)):
        screen.print(Text.assemble(" " * indent, line), soft_wrap=True)


def points(value: float) -> str:
    """A score as people write it: 3, not 3.0."""
    return f"{value:g}"
