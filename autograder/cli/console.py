"""Results, units and findings as a person reads them in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from autograder.cli.wording import counted
from autograder.language import _
from autograder.results.document import Outcome, SubmissionResult
from autograder.results.text import console, points, show_submission

if TYPE_CHECKING:
    from autograder.authoring.blind import Graded
    from autograder.authoring.mutating import Verdict
    from autograder.authoring.verifying import Finding
    from autograder.cli.diagnosing import Part
    from autograder.course import Course, Unit


SHOWN_GROUPS = 5


def show_units(course: Course, *, drafts: bool = False) -> None:
    """The units by parts, in lecture order; with `drafts` also those that are being written."""
    known = course.units | (course.drafts if drafts else {})
    table = Table(title=course.heading, title_justify="left", box=None, pad_edge=False)
    for heading in (_("unit"), _("title"), _("lecture")):
        table.add_column(heading)
    for part in course.parts:
        units = [known[name] for name in part.units if name in known]
        if units:
            table.add_row()
            table.add_row(Text(course.told(part.title), "bold"))
        for unit in units:
            draft = " (draft)" if unit.name in course.drafts else ""
            table.add_row(f"  {unit.name}", f"{unit.heading}{draft}", unit.lecture)
    console().print(table)
    if course.planned > len(course.units):
        said = _("{built} of the course's {planned} units are built.")
        console().print("\n" + said.format(built=len(course.units), planned=course.planned))


def show_results(results: list[SubmissionResult], *, feedback: bool, out: Path | None, verbose: bool = False) -> None:
    """The table of scores; with `feedback` each submission's exercises and messages first (verbose: all of them)."""
    screen = console()
    if feedback:
        for result in results:
            show_submission(screen, result, verbose=verbose)
    if out is not None:
        screen.print(_score_table(results))
        screen.print(f"isolation: {', '.join(sorted({r.isolation for r in results}))}; results in {out}/")


def show_diagnosis(parts: list[Part]) -> None:
    """One line for each part, and below what needs mending the command that does it, unbroken, to be copied."""
    screen = console()
    width = max(len(part.name) for part in parts) + 2
    for part in parts:
        mark = ("✓", "green") if part.fine else ("✗", "red")
        screen.print(Text.assemble(mark, f" {part.name:<{width}}", part.state), soft_wrap=True)
        if part.advice:
            screen.print(Text(f"  {'':<{width}}{part.advice}", "dim" if part.fine else "bold"), soft_wrap=True)


def show_mutants(unit: Unit, verdicts: list[Verdict]) -> bool:
    """Counts, the diff of each mutant that survived for no known reason, and what the mutants say of the unit's checks and
    known mistakes; whether none survived."""
    from autograder.authoring.mutating import noticed, unnamed

    screen = console()
    survivors = [verdict for verdict in verdicts if verdict.survived]
    killed = sum(verdict.killed for verdict in verdicts)
    share = killed / max(1, killed + len(survivors))
    screen.print(
        f"{unit.name}: {len(verdicts)} mutants, {killed} killed, {len(verdicts) - killed - len(survivors)} equivalent, "
        f"{len(survivors)} survived ({share:.1%} of the others killed)"
    )
    for verdict in survivors:
        screen.print(Text(f"  {verdict.mutant.diff}"), soft_wrap=True)
        said = "Add a check that notices it. If no suite could, because nothing it computes is different, add to unit.toml:"
        entry = "\n".join(f"      {line}" for line in verdict.mutant.entry.splitlines())
        screen.print(Text(f"    {said}\n{entry}", "dim"), soft_wrap=True)
    for each in noticed(unit, verdicts):
        if each.alone or not each.shared:
            said = f"{each.alone} noticed by it alone" if each.alone else "notices no mutant and no known mistake"
            screen.print(Text(f"  {each.check}: {said}", "" if each.alone else "yellow"), soft_wrap=True)
    for group in unnamed(verdicts)[:SHOWN_GROUPS]:
        screen.print(
            Text(f"  {len(group)} mutants answer alike and have no name, such as {group[0].diff}"), soft_wrap=True
        )
    return not survivors


def show_strangers(unit: str, graded: list[Graded]) -> None:
    """The strangers' files that were judged wrongly when they were graded for the first time, and what they get now."""
    screen = console()
    for each in graded:
        if each.stranger.right == bool(each.first):
            said = f"lost {', '.join(each.first)}" if each.first else "had full marks"
            now = "still does" if bool(each.now) == bool(each.first) else "no longer"
            screen.print(Text(f"{unit}: {each.stranger.path} {said}; {now}", "red"), soft_wrap=True)


class Verification:
    """Prints each finding as it comes and counts."""

    def __init__(self, *, quiet: bool) -> None:
        self.findings: list[Finding] = []
        self._quiet = quiet
        self._screen = console()

    def add(self, finding: Finding) -> None:
        self.findings.append(finding)
        if self._quiet:
            return
        if finding.problem:
            self._screen.print(Text(f"✗ {finding.unit}: {finding.subject} {finding.problem}", "red"), soft_wrap=True)
        elif finding.remark:
            self._screen.print(Text(f"· {finding.unit}: {finding.subject} {finding.remark}", "dim"), soft_wrap=True)

    def summary(self) -> int:
        """Print the counts; the exit code."""
        problems = sum(bool(finding.problem) for finding in self.findings)
        if not self._quiet:
            units = len({finding.unit for finding in self.findings})
            said = f"{counted(units, 'unit')}, {counted(len(self.findings), 'finding')}, {counted(problems, 'problem')}"
            self._screen.print(said)
        return 1 if problems else 0


def _score_table(results: list[SubmissionResult]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("student")
    table.add_column("unit")
    table.add_column("score", justify="right")
    table.add_column("of", justify="right")
    table.add_column("remarks")
    for result in results:
        table.add_row(
            Text(result.student), result.unit, points(result.score), points(result.max_score), Text(_remarks(result))
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
