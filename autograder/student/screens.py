"""What `autograder watch` shows: a scene drawn to exactly the size of the terminal, so that nothing ever scrolls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, Group
from rich.segment import Segment
from rich.text import Text

from autograder.course import Course, Unit
from autograder.language import _
from autograder.results.document import ExerciseResult, Outcome, SubmissionResult
from autograder.student.outline import exercises
from autograder.student.progress import Progress
from autograder.student.showing import (
    bar,
    course_counts,
    exercise_view,
    is_unwritten,
    printed_view,
    problem_lines,
    sentence,
    shown_path,
    summary,
    unit_title,
)

Line = list[Segment]
LIST_BAR = 12


@dataclass
class Scene:
    """All that a screen depends on.

    focus: the exercise shown. hint: help on display ('' for none). running: what is being checked and for how many
    seconds (None while nothing is). took: seconds from the save to the result. listing: the list of units is open, with
    `selected` marked. scroll: lines of the body above the first one shown.
    """

    course: Course
    unit: Unit
    path: Path
    progress: Progress = field(default_factory=Progress)
    result: SubmissionResult | None = None
    focus: str = ""
    hint: str = ""
    running: float | None = None
    took: float | None = None
    notice: str = ""
    listing: bool = False
    selected: int = 0
    scroll: int = 0

    def choose_focus(self) -> None:
        """Stay with the exercise in focus while it is open; else take the first that was begun, else the first open."""
        names = self.open_exercises()
        if self.focus not in names:
            begun = [e.name for e in self._results() if e.name in names and not is_unwritten(e)]
            self.focus = (begun or names or [""])[0]

    def next_focus(self) -> bool:
        """Go to the open exercise after the one in focus; False if there is no other in this unit."""
        names = self.open_exercises()
        following = [name for name in names if self.focus in names and names.index(name) > names.index(self.focus)]
        others = [name for name in [*following, *names] if name != self.focus]
        if not others:
            return False
        self.focus = others[0]
        return True

    def open_exercises(self) -> list[str]:
        """The exercises of the unit that are not solved, by the result on display."""
        if self.result is None:
            return list(exercises(self.unit))
        return [e.name for e in self._results() if not _is_settled(e)]

    def focused(self) -> ExerciseResult | None:
        """The result of the exercise in focus."""
        return next((e for e in self._results() if e.name == self.focus), None)

    def _results(self) -> list[ExerciseResult]:
        return self.result.exercises if self.result is not None else []


def draw(scene: Scene, screen: Console) -> list[Line]:
    """The scene as lines of the terminal's width, as many as it has rows."""
    width, height = screen.size
    head = _lines(screen, _head(scene, width))
    foot = _lines(screen, _foot(scene))
    body = _lines(screen, _list(scene) if scene.listing else _body(scene))
    room = max(1, height - len(head) - len(foot))
    scene.scroll = max(0, min(scene.scroll, len(body) - room))
    shown = body[scene.scroll : scene.scroll + room]
    if len(body) > scene.scroll + room:
        more = _("… {count} more lines: arrow down").format(count=len(body) - scene.scroll - room + 1)
        shown[-1] = _lines(screen, [Text(f"  {more}", "dim")])[0]
    blank: Line = [Segment(" " * width)]
    return [*head, *shown, *[blank] * (room - len(shown)), *foot][:height]


def _lines(screen: Console, parts: Iterable[object]) -> list[Line]:
    options = screen.options.update(width=screen.size.width, height=None, no_wrap=False, overflow="fold")
    group = Group(*parts)  # type: ignore[arg-type]
    return [
        Segment.adjust_line_length(line, screen.size.width) for line in screen.render_lines(group, options, pad=True)
    ]


def _head(scene: Scene, width: int) -> Iterator[object]:
    done, total = course_counts(scene.course, scene.progress)
    yield _one_line(
        Text.assemble((unit_title(scene.course, scene.unit), "bold"), (f" · {shown_path(scene.path)}", "dim"))
    )
    counts = _("{done} of {total} exercises").format(done=done, total=total)
    yield Text.assemble(bar(done, total, max(10, width - cell_len(counts) - 4)), ("  ", ""), counts)
    yield Text()


def _body(scene: Scene) -> Iterator[object]:
    if scene.result is None:
        return
    yield from problem_lines(scene.result.problems)
    focused = scene.focused()
    if scene.hint:
        yield Text(scene.hint)
        yield Text()
    elif focused is not None:
        yield from exercise_view(focused)
        if is_unwritten(focused):
            yield from _task(scene, focused)
    elif not scene.result.problems:
        yield Text("  " + _("All public checks of this unit pass. Well done."), "green")
        more = scene.progress.next_open(scene.course) is not None
        yield Text("  " + (_("n goes on to the next unit.") if more else _("So does every other unit of the course.")))
    yield from printed_view(scene.result.printed)


def _task(scene: Scene, exercise: ExerciseResult) -> Iterator[object]:
    """What to do for an exercise that is not written yet: where, and what will be checked."""
    line = _line_of(scene.path, exercise.name)
    if line:
        yield Text("      " + _("Write it in {file}, line {line}.").format(file=scene.path.name, line=line))
    yield Text("      " + _("These checks wait for it:"))
    for check in exercise.checks:
        yield sentence(f"– {check.title}", 6)


def _foot(scene: Scene) -> Iterator[object]:
    yield Text()
    yield _strip(scene)
    yield _one_line(Text(_status(scene), "dim"))
    keys = [("n", _("next")), ("h", _("hint")), ("r", _("run again")), ("l", _("list")), ("q", _("quit"))]
    if scene.listing:
        keys = [("↑↓", _("choose")), ("Enter", _("go there")), ("l", _("back")), ("q", _("quit"))]
    yield _one_line(Text("   ").join(Text.assemble((key, "bold"), f" {word}") for key, word in keys))


def _strip(scene: Scene) -> Text:
    """The unit's exercises with their marks, wrapped, the one in focus underlined."""
    found = {e.name: e for e in scene.result.exercises} if scene.result is not None else {}
    marks = [_mark(name, found.get(name), name == scene.focus) for name in exercises(scene.unit)]
    return Text("  ").join(marks)


def _mark(name: str, exercise: ExerciseResult | None, focused: bool) -> Text:
    if exercise is None or is_unwritten(exercise):
        symbol, style = "·", "dim"
    elif _is_settled(exercise):
        symbol, style = "✓", "green"
    else:
        symbol, style = "✗", "red"
    # A no-break space keeps the mark with its name when the strip wraps.
    return Text.assemble((symbol, style), "\u00a0", (name, "bold underline" if focused else style))


def _status(scene: Scene) -> str:
    if scene.running is not None:
        if scene.running < 2:
            return _("checking …")
        return _("still checking after {seconds} s; save again, and this run is given up").format(
            seconds=int(scene.running)
        )
    if scene.notice:
        return scene.notice
    if scene.result is None or scene.took is None:
        return _("starting …")
    return _("{points}, {seconds} s after the save; waiting for the next").format(
        points=summary(scene.result), seconds=f"{scene.took:.2f}"
    )


def _list(scene: Scene) -> Iterator[object]:
    for index, unit in enumerate(scene.course.units.values()):
        solved, total = len(scene.progress.solved(unit)), len(exercises(unit))
        chosen = index == scene.selected
        yield _one_line(
            Text.assemble(
                "› " if chosen else "  ",
                bar(solved, total, LIST_BAR),
                f" {solved:>2}/{total:<2} ",
                (unit_title(scene.course, unit), "bold" if chosen else ""),
                (f"  {unit.name}", "dim"),
            )
        )


def _one_line(text: Text) -> Text:
    text.no_wrap = True
    text.overflow = "ellipsis"
    return text


def _is_settled(exercise: ExerciseResult) -> bool:
    return all(check.outcome in (Outcome.PASSED, Outcome.NOT_ASSESSED) for check in exercise.checks)


def _line_of(path: Path, exercise: str) -> int:
    """The line where a function or class of this name begins in a Python file; 0 if there is none."""
    if path.suffix != ".py":
        return 0
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    found = re.search(rf"^(?:def|class) {re.escape(exercise)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0
