"""Results, units and findings as a person reads them in a terminal."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.course import INDEX
from autograder.language import _, says, translated
from autograder.results import NOT_WRITTEN, CheckResult, ExerciseResult, Outcome, SubmissionResult
from autograder.wrapping import wrap

if TYPE_CHECKING:
    from autograder.course import Course
    from autograder.diagnosing import Part
    from autograder.mutating import Verdict
    from autograder.verifying import Finding

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


def show_units(course: Course) -> None:
    index = course.root / INDEX
    table = Table(title=translated(course.title, index), title_justify="left", box=None, pad_edge=False)
    for heading in (_("unit"), _("title"), _("lecture")):
        table.add_column(heading)
    for unit in course.units.values():
        table.add_row(unit.name, translated(unit.title, index), translated(unit.lecture, index))
    console().print(table)


def show_results(results: list[SubmissionResult], *, feedback: bool, out: Path | None) -> None:
    """The table of scores; with `feedback` each submission's exercises and messages first."""
    screen = console()
    if feedback:
        for result in results:
            _show_submission(screen, result)
    if out is not None:
        screen.print(_score_table(results))
        screen.print(f"isolation: {', '.join(sorted({r.isolation for r in results}))}; results in {out}/")


def exercise_text(exercise: ExerciseResult, width: int = 88) -> str:
    """One exercise as plain text."""
    text = StringIO()
    plain = Console(file=text, width=width, markup=False, emoji=False, highlight=False, force_jupyter=False)
    _show_exercise(plain, exercise)
    return text.getvalue().rstrip()


def show_diagnosis(parts: list[Part]) -> None:
    """One line for each part, and below what needs mending the command that does it, unbroken, to be copied."""
    screen = console()
    width = max(len(part.name) for part in parts) + 2
    for part in parts:
        mark = ("✓", "green") if part.fine else ("✗", "red")
        screen.print(Text.assemble(mark, f" {part.name:<{width}}", part.state), soft_wrap=True)
        if part.advice:
            screen.print(Text(f"  {'':<{width}}{part.advice}", "dim" if part.fine else "bold"), soft_wrap=True)


def show_mutants(unit: str, verdicts: list[Verdict]) -> bool:
    """Counts, and the diff of each mutant that survived for no known reason; whether there was none."""
    screen = console()
    survivors = [verdict for verdict in verdicts if verdict.survived]
    killed = sum(verdict.killed for verdict in verdicts)
    share = killed / max(1, killed + len(survivors))
    screen.print(
        f"{unit}: {len(verdicts)} mutants, {killed} killed, {len(verdicts) - killed - len(survivors)} equivalent, "
        f"{len(survivors)} survived ({share:.1%} of the others killed)"
    )
    for verdict in survivors:
        screen.print(Text(f"  {verdict.mutant.diff}"), soft_wrap=True)
    return not survivors


class Verification:
    """Prints each finding as it comes and counts."""

    def __init__(self, *, quiet: bool) -> None:
        self.findings: list[Finding] = []
        self._quiet = quiet
        self._screen = console()

    def add(self, finding: Finding) -> None:
        self.findings.append(finding)
        if finding.problem and not self._quiet:
            self._screen.print(Text(f"✗ {finding.unit}: {finding.subject} {finding.problem}", "red"))

    def summary(self) -> int:
        """Print the counts; the exit code."""
        problems = sum(bool(finding.problem) for finding in self.findings)
        if not self._quiet:
            units = len({finding.unit for finding in self.findings})
            self._screen.print(f"{units} units, {len(self.findings)} findings, {problems} problems")
        return 1 if problems else 0


def _show_submission(screen: Console, result: SubmissionResult) -> None:
    screen.print(Text(f"{result.student} · {result.unit}", "bold"))
    for problem in result.problems:
        screen.print(Text("\n".join(f"  {line}" for line in problem.split("\n")), "red"), soft_wrap=True)
    for exercise in result.exercises:
        _show_exercise(screen, exercise)
    if result.printed.strip():
        screen.print(Text("  " + _("What the code printed:"), "dim"))
        for line in result.printed[:_SHOWN_PRINT].splitlines():
            screen.print(Text(f"  │ {line}", "dim"))
    for line in result.review:
        screen.print(Text(f"  for the instructor: {line}", "yellow"))
    total = _("{score} of {max_score} points").format(score=_points(result.score), max_score=_points(result.max_score))
    screen.print(Text(f"  {total}\n", "bold"))


def _show_exercise(screen: Console, exercise: ExerciseResult) -> None:
    full = exercise.score == exercise.max_score
    score = f"{_points(exercise.score)}/{_points(exercise.max_score)}"
    screen.print(Text.assemble("  ", (f"{exercise.name:<28}", "bold"), (score, "green" if full else "red")))
    for note in exercise.notes:
        _show_line(screen, note, 4, "yellow")
    hinted: set[str] = set()
    for message, checks in _by_message(exercise.checks).items():
        unwritten = says(message, NOT_WRITTEN)
        if not unwritten:
            for check in checks:
                symbol, style = _SYMBOL.get(check.outcome, _FAILED)
                _show_sentence(screen, Text.assemble((symbol, style), f" {check.title}"), 4)
        for line in message.split("\n"):
            _show_line(screen, line, 6, "dim" if unwritten else "")
        for known in [check.misconception for check in checks if check.misconception is not None]:
            if known.name not in hinted:
                hinted.add(known.name)
                _show_line(screen, _("This looks like: {name}.").format(name=known.name), 6, "yellow")
                _show_line(screen, known.hint, 6, "yellow")


def _by_message(checks: list[CheckResult]) -> dict[str, list[CheckResult]]:
    """The checks that did not pass, those that say the same together."""
    grouped: dict[str, list[CheckResult]] = {}
    for check in checks:
        if check.outcome is not Outcome.PASSED:
            grouped.setdefault(check.message, []).append(check)
    return grouped


def _show_line(screen: Console, line: str, indent: int, style: str = "") -> None:
    """Prose wraps within its indentation; code and numbers, which begin with a space, are never broken."""
    if line.startswith(" "):
        screen.print(Text(" " * indent + line, style), soft_wrap=True)
    else:
        _show_sentence(screen, Text(line, style), indent)


def _show_sentence(screen: Console, text: Text, indent: int) -> None:
    for line in wrap(text, screen, max(10, screen.width - indent)):
        screen.print(Text.assemble(" " * indent, line), soft_wrap=True)


def _score_table(results: list[SubmissionResult]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("student")
    table.add_column("unit")
    table.add_column("score", justify="right")
    table.add_column("of", justify="right")
    table.add_column("remarks")
    for result in results:
        table.add_row(
            Text(result.student), result.unit, _points(result.score), _points(result.max_score), Text(_remarks(result))
        )
    return table


def _remarks(result: SubmissionResult) -> str:
    """What an instructor wants to know at a glance: recognised mistakes first, then anything but plain failures."""
    if result.grader_errors:
        return "THE GRADER FAILED, no grade written: " + ", ".join(check.id for check in result.grader_errors)
    named = {check.misconception.name: None for check in result.checks if check.misconception is not None}
    outcomes = {check.outcome: None for check in result.checks}
    plain = (Outcome.PASSED, Outcome.FAILED, Outcome.RAISED)
    unusual = [outcome.value.replace("_", " ") for outcome in outcomes if outcome not in plain]
    problems = [problem.split("\n")[0] for problem in result.problems[:1]]
    review = ["to be reviewed"] if result.review else []
    return "; ".join([*named, *unusual, *problems, *review])


def _points(points: float) -> str:
    return f"{points:g}"
