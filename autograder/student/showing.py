"""What a student sees of a result: calm, short, the same in `check` and in `watch`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from autograder.course import Course, Unit
from autograder.language import _, says
from autograder.results.causes import causes
from autograder.results.document import NOT_WRITTEN, CheckResult, ExerciseResult, Outcome, SubmissionResult
from autograder.results.wrapping import wrap
from autograder.student.outline import exercises
from autograder.student.progress import Progress

NAME_WIDTH = 28
SHOWN_PRINT = 1200
_SYMBOLS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.NOT_ASSESSED: ("–", "yellow"),
    Outcome.GRADER_ERROR: ("!", "magenta"),
}
_FAILED = ("✗", "red")
_UNWRITTEN = ("·", "dim")


@dataclass(frozen=True)
class Lines:
    """Text line by line. Sentences wrap at the terminal's width; code and numbers, which begin with a space, are left to
    the terminal, so that they can be copied, or folded where the screen is drawn line by line."""

    lines: Sequence[tuple[int, str, str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for indent, line, style in self.lines:
            if line.startswith(" "):
                yield Text(" " * indent + line, style)
            else:
                yield sentence(line, indent, style)


@dataclass(frozen=True)
class Sentence:
    """Text that wraps at the terminal's width, also where code does not, and leaves no blanks behind."""

    text: Text
    indent: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(10, options.max_width - self.indent)
        for line in wrap(self.text, console, width):
            yield Text.assemble(" " * self.indent, line)


def sentence(text: str | Text, indent: int = 0, style: str = "") -> Sentence:
    """A sentence to print, indented as a block."""
    return Sentence(Text(text, style) if isinstance(text, str) else text, indent)


def unit_title(course: Course, unit: Unit) -> str:
    """The unit's title in the reader's language."""
    return unit.heading


def result_view(
    course: Course, result: SubmissionResult, path: Path, progress: Progress, *, verbose: bool = False
) -> Iterator[object]:
    """A whole result: the file's problems, each exercise, what the code printed, and what to do next."""
    unit = course.unit(result.unit)
    yield Text.assemble((unit_title(course, unit), "bold"), (f" · {shown_path(path)}", "dim"))
    yield from problem_lines(result.problems)
    for exercise in result.exercises:
        yield from exercise_view(exercise, verbose=verbose)
    yield from printed_view(result.printed)
    yield Text()
    yield Text(summary(result), "bold")
    yield sentence(advice(result, unit, progress, course))


def problem_lines(problems: list[str]) -> Iterator[object]:
    """What is wrong with the file as a whole: in red, never wrapped, for there are carets below code."""
    for problem in problems:
        first, *rest = problem.split("\n")
        yield Lines([(2, first, "red"), *((0, f"  {line}", "red") for line in rest)])


def exercise_view(exercise: ExerciseResult, *, verbose: bool = False) -> Iterator[object]:
    """One line for an exercise, and below it what its failing checks say, one cause once (verbose: each)."""
    unwritten = is_unwritten(exercise)
    settled = all(check.outcome in (Outcome.PASSED, Outcome.NOT_ASSESSED) for check in exercise.checks)
    symbol, style = _SYMBOLS[Outcome.PASSED] if settled else _UNWRITTEN if unwritten else _FAILED
    score = _("{score} of {max} points").format(score=f"{exercise.score:g}", max=f"{exercise.max_score:g}")
    said = _(NOT_WRITTEN) if unwritten else score
    yield Text.assemble("  ", (symbol, style), f" {exercise.name:<{NAME_WIDTH}} ", (said, style), no_wrap=True)
    if not unwritten:
        yield from (Lines([(6, note, "yellow")]) for note in exercise.notes)
        for cause in causes(exercise):
            if cause.shown is not None:
                yield from check_view(cause.shown, titled=not cause.whole)
            for check in cause.others:
                yield from check_view(check) if verbose else [_title(check)]


def check_view(check: CheckResult, *, titled: bool = True) -> Iterator[object]:
    """Title, what came back, what must hold, the input that shows it, and the mistake where it is a known one."""
    if titled:
        yield _title(check)
    yield Lines([(6, line, "bold red" if _is_caret(line) else "") for line in check.message.split("\n") if line])
    if check.misconception is not None:
        known = _("This looks like: {name}.").format(name=check.misconception.name)
        yield Lines([(6, known, "yellow"), (6, check.misconception.hint, "yellow")])


def _title(check: CheckResult) -> object:
    symbol, style = _SYMBOLS.get(check.outcome, _FAILED)
    return sentence(Text.assemble((symbol, style), (f" {check.title}", "bold")), 4)


def printed_view(printed: str) -> Iterator[object]:
    """What the code printed, each line behind a bar."""
    if printed.strip():
        yield Text("  " + _("Your code printed:"), "dim")
        for line in printed.strip()[:SHOWN_PRINT].splitlines():
            yield Text(f"  │ {line}", "dim")


def is_unwritten(exercise: ExerciseResult) -> bool:
    """Whether nothing of an exercise is written yet."""
    return all(says(check.message, NOT_WRITTEN) for check in exercise.checks)


def summary(result: SubmissionResult) -> str:
    """`7 of 9 points`."""
    return _("{score} of {max} points").format(score=f"{result.score:g}", max=f"{result.max_score:g}")


def advice(result: SubmissionResult, unit: Unit, progress: Progress, course: Course) -> str:
    """What to do next, in one line."""
    if result.grader_errors:
        return _("A check itself is broken; that is not your fault. Tell your instructor: {checks}.").format(
            checks=", ".join(check.id for check in result.grader_errors)
        )
    broken = [e.name for e in result.exercises if e.score < e.max_score and not is_unwritten(e)]
    if result.problems and not broken:
        return _("Mend the line above, save, and check again.")
    if broken:
        return _("Stuck? Try: autograder hint {exercise}").format(exercise=broken[0])
    unwritten = [e.name for e in result.exercises if is_unwritten(e)]
    if unwritten:
        return _("Next: {exercise}. For help: autograder hint {exercise}").format(exercise=unwritten[0])
    coming = progress.next_open(course)
    if coming is None or coming[0] == unit:
        return _("All public checks of this unit pass. Well done.")
    return _("All public checks of this unit pass. Well done. Next unit: {unit}").format(unit=coming[0].name)


def shown_path(path: Path) -> str:
    """A path from the working folder, if it lies there."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


def bar(done: int, total: int, width: int) -> Text:
    """A progress bar that reads without colour: `━━━━────`."""
    full = round(width * done / total) if total else 0
    return Text.assemble(("━" * full, "green"), ("─" * (width - full), "dim"))


def course_counts(course: Course, progress: Progress) -> tuple[int, int]:
    """Exercises solved, and in all."""
    units = course.units.values()
    return sum(len(progress.solved(unit)) for unit in units), sum(len(exercises(unit)) for unit in units)


def _is_caret(line: str) -> bool:
    return bool(line.strip()) and set(line.strip()) == {"^"}


def print_all(screen: Console, parts: Iterable[object]) -> None:
    for part in parts:
        screen.print(part, soft_wrap=True)
