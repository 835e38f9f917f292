"""How a run is shown while it goes: a live bar in a terminal, one line for each submission elsewhere. All of it goes to
standard error; standard output is for the results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from autograder.bulk.running import Plan, Report
from autograder.bulk.tasks import Graded
from autograder.results.document import Outcome

_HARD = (Outcome.TIMED_OUT, Outcome.CRASHED)
_SHOWN_FAILURES = 5


class Display:
    """Shows a run. quiet: a single file was given, whose feedback says it all. screen: elsewhere than standard error."""

    def __init__(self, *, quiet: bool = False, screen: Console | None = None) -> None:
        self._screen = screen or Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._done = self._total = 0
        self._counts = dict.fromkeys(("not graded", "hung or crashed", "with mistakes"), 0)
        self._bar: Progress | None = None
        self._warned = False

    @contextmanager
    def begin(self, plan: Plan, place: str) -> Iterator[None]:
        """Show the work of a plan while the context lasts."""
        self._total = len(plan.todo)
        if self._quiet or not self._total:
            yield
            return
        if not self._screen.is_terminal:
            self._screen.print(f"{self._total} to grade, {len(plan.unchanged)} unchanged, on {place}")
            yield
            return
        with _bar(self._screen) as self._bar:
            self._bar.add_task("", total=self._total, counts=self._said())
            yield

    def add(self, graded: Graded) -> None:
        """Count one submission that is done."""
        self._done += 1
        self._warn(graded)
        for name in _counted(graded):
            self._counts[name] += 1
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=1, counts=self._said())
        elif not self._quiet:
            self._screen.print(f"[{self._done}/{self._total}] {graded.student} {graded.unit} {_verdict(graded)}")

    def _warn(self, graded: Graded) -> None:
        """Say once, as soon as it is known, that student code is less fenced in than it should be."""
        missing = graded.result.missing_layers if graded.result is not None else []
        if missing and not self._warned:
            self._warned = True
            self._screen.print(
                f"WARNING: the wall around student code is incomplete on this machine: {', '.join(missing)} missing. "
                "`autograder doctor` says why; --require-isolation refuses to grade without.",
                style="bold red",
            )

    def interrupted(self) -> None:
        self._screen.print(f"interrupted; {self._done} of {self._total} were graded. Run it again to go on.")

    def summary(self, report: Report) -> None:
        """Say what the run did, and where the grader failed."""
        if not self._quiet:
            others = f"; {report.others} other results were left as they are" if report.others else ""
            self._screen.print(f"graded {report.graded}, {report.unchanged} unchanged{others}")
        reasons: dict[str, list[str]] = {}
        for failure in report.failures:
            cause = "NOT GRADED, it cannot be read" if failure.unread else "THE GRADER FAILED, no grade written"
            reasons.setdefault(f"{cause}: {{}}: {failure.failure}", []).append(f"{failure.student}/{failure.unit}")
        for reason, names in reasons.items():
            more = f" and {len(names) - _SHOWN_FAILURES} more" if len(names) > _SHOWN_FAILURES else ""
            self._screen.print(reason.replace("{}", ", ".join(names[:_SHOWN_FAILURES]) + more, 1))

    def _said(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self._counts.items() if count)


def _bar(screen: Console) -> Progress:
    """In a narrow terminal what gives way is the end of the counts, the graver of which come first."""
    counts = TextColumn("{task.fields[counts]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    columns = (BarColumn(bar_width=14), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(), counts)
    return Progress(*columns, console=screen, transient=True, speed_estimate_period=120, expand=True)


class _Rate(ProgressColumn):
    """Submissions per second, or per minute where that says more."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text("")
        return Text(f"{speed:.1f}/s" if speed >= 1 else f"{60 * speed:.0f}/min")


def _counted(graded: Graded) -> list[str]:
    if graded.result is None or graded.result.grader_errors:
        return ["not graded"]
    hard = any(check.outcome in _HARD for check in graded.result.checks)
    below = graded.result.score < graded.result.max_score
    return [*(["with mistakes"] if below else []), *(["hung or crashed"] if hard else [])]


def _verdict(graded: Graded) -> str:
    if graded.result is None:
        return f"not graded: {graded.failure}"
    result = graded.result
    if result.grader_errors:
        return "not graded: the grader failed in " + ", ".join(check.id for check in result.grader_errors)
    return f"{result.score:g}/{result.max_score:g} in {result.seconds:.1f} s"
