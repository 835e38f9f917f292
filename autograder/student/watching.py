"""`autograder watch`: check a file each time it is saved, and show the result in place.

One thread checks, the event loop does everything else: saved files, keys, the size of the terminal. A save while a check
runs gives that run up: its workers are killed, and a new one starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.keys import Keys
from rich.console import Console, ConsoleDimensions
from rich.control import Control
from rich.segment import Segment
from watchfiles import Change, awatch

from autograder.course import Course, CourseError, Unit
from autograder.grader.launching import Launched
from autograder.language import _
from autograder.results.document import SubmissionResult
from autograder.student import progress as progress_file
from autograder.student import workspace
from autograder.student.hinting import next_hint
from autograder.student.progress import Progress
from autograder.student.screens import Scene, draw
from autograder.student.showing import print_all, result_view
from autograder.worker import scratch

if TYPE_CHECKING:
    from autograder.student.checking import Checker

DEBOUNCE_MS = 60
STEP_MS = 15
TICK_SECONDS = 0.25
GIVE_UP_SECONDS = 0.05
_SUFFIXES = (".py", ".ipynb")
_NAMES = {
    Keys.Up: "up",
    Keys.Down: "down",
    Keys.PageUp: "page up",
    Keys.PageDown: "page down",
    Keys.Enter: "enter",
    Keys.ControlM: "enter",
    Keys.ControlJ: "enter",
    Keys.Escape: "l",
    Keys.ControlC: "q",
    Keys.ControlD: "q",
}


def watch_course(course: Course, chosen: tuple[Unit, Path] | None, launched: Launched) -> None:
    """Watch until the user quits. chosen: the unit and file to begin with (default: what was worked on last)."""
    unit, path = chosen or _first(course)
    scene = Scene(course, unit, path, progress_file.read(workspace.find_workspace(path.parent)))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_watch(scene, launched))


def _first(course: Course) -> tuple[Unit, Path]:
    last = workspace.last_worked_on(course)
    if last is not None:
        return last
    coming = progress_file.read(workspace.find_workspace()).next_open(course)
    unit = coming[0] if coming is not None else next(iter(course.units.values()))
    return unit, workspace.own_file(course, unit)


async def _watch(scene: Scene, launched: Launched) -> None:
    with _terminal() as terminal:
        watch = Watch(scene, terminal, launched)
        try:
            await watch.run()
        finally:
            await watch.close()


@dataclass
class Terminal:
    """Where the watch is shown. steered: redrawn in place; otherwise one block of text for each save."""

    console: Console
    steered: bool
    keys: Input | None

    def measure(self) -> tuple[int, int]:
        """Columns and rows of the terminal as it is now, whatever COLUMNS and LINES say."""
        if self.steered:
            with contextlib.suppress(OSError):
                self.console.size = ConsoleDimensions(*os.get_terminal_size(self.console.file.fileno()))
        return self.console.size

    def show(self, scene: Scene) -> None:
        """Redraw the whole screen in one write."""
        self.measure()
        lines = draw(scene, self.console)
        with self.console:
            self.console.control(Control.home())
            for number, line in enumerate(lines):
                self.console.print(_Segments(line, last=number == len(lines) - 1), end="")


@dataclass
class _Segments:
    line: list[Segment]
    last: bool

    def __rich_console__(self, console: Console, options: Any) -> Iterator[Segment]:
        yield from self.line
        if not self.last:
            yield Segment("\r\n")


@contextlib.contextmanager
def _terminal() -> Iterator[Terminal]:
    """Our own copies of the terminal's descriptors: collecting a suite redirects the usual ones for a moment."""
    with contextlib.ExitStack() as stack:
        output: TextIO = stack.enter_context(os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline=""))
        console = Console(file=output, markup=False, emoji=False, highlight=False)
        steered = console.is_terminal and not console.is_dumb_terminal
        keys = None
        if steered and sys.stdin.isatty():
            keys = create_input(stack.enter_context(os.fdopen(os.dup(sys.stdin.fileno()))))
            stack.enter_context(keys.raw_mode())
        if steered:
            console.set_alt_screen(True)
            stack.callback(console.set_alt_screen, False)
            console.show_cursor(False)
            stack.callback(console.show_cursor, True)
        yield Terminal(console, steered, keys)


class _Superseded(Exception):
    """The file was saved again: what this run would find is of no interest any more."""


@dataclass
class Watch:
    """The loop. One run at a time; `_wanted` says that another is due."""

    scene: Scene
    terminal: Terminal
    launched: Launched
    _checker: Checker | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))
    _saved: float = field(default_factory=time.monotonic)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _quit: asyncio.Event = field(default_factory=asyncio.Event)
    _given_up: bool = False
    _running: asyncio.Future[Any] | None = None

    async def run(self) -> None:
        """Until q, Ctrl-C or the end of the terminal."""
        self._redraw()
        self._wanted.set()
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            with contextlib.suppress(NotImplementedError, AttributeError):
                loop.add_signal_handler(getattr(signal, name), self._quit.set)
        jobs = [self._check_forever(), self._watch_files(), self._tick()]
        tasks = [asyncio.ensure_future(job) for job in jobs]
        with self._reading_keys():
            quitting = asyncio.ensure_future(self._quit.wait())
            done, _pending = await asyncio.wait([quitting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in [quitting, *tasks]:
            task.cancel()
        for task in done:
            task.result()  # a job that ended by itself failed: say how

    async def close(self) -> None:
        """End the run under way and every process."""
        await self._give_up()
        self._thread.shutdown()
        if self._checker is not None:
            self._checker.__exit__(None, None, None)
        else:
            self.launched.control.close()
            self.launched.process.kill()
            self.launched.process.wait()
            if self.launched.scratch:
                scratch.delete(self.launched.scratch)

    async def _check_forever(self) -> None:
        loop = asyncio.get_running_loop()
        self._running = loop.run_in_executor(self._thread, self._start)
        checker = await self._running
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._given_up = False
            self.scene.running = 0.0
            self._running = loop.run_in_executor(self._thread, self._check, self.scene.unit, self.scene.path)
            try:
                result, progress = await self._running
            except _Superseded:
                continue
            finally:
                self.scene.running = None
            if not self._given_up:
                self._show(result, progress)
                checker.prepare()

    def _start(self) -> Checker:
        from autograder.student.checking import Checker

        self._checker = Checker(self.scene.course, self.launched)
        return self._checker

    def _check(self, unit: Unit, path: Path) -> tuple[SubmissionResult, Progress]:
        assert self._checker is not None
        return self._checker.check(unit, path, seen=self._stop_if_superseded)

    def _stop_if_superseded(self, _assessment: object) -> None:
        if self._given_up:
            raise _Superseded

    async def _give_up(self) -> None:
        """End the run under way, if there is one, whatever the student's code does."""
        self._given_up = True
        while self._running is not None and not self._running.done():
            if self._checker is not None:
                self._checker.interrupt()
            await asyncio.wait([self._running], timeout=GIVE_UP_SECONDS)

    def _show(self, result: SubmissionResult, progress: Progress) -> None:
        scene = self.scene
        scene.result, scene.progress = result, progress
        scene.took = time.monotonic() - self._saved
        scene.hint, scene.notice, scene.scroll = "", "", 0
        scene.choose_focus()
        if self.terminal.steered:
            self._redraw()
        else:
            print_all(self.terminal.console, result_view(scene.course, result, scene.path, progress))
            self.terminal.console.print()
            self.terminal.console.file.flush()

    async def _again(self, unit: Unit | None = None, path: Path | None = None) -> None:
        """Check anew, or another file."""
        self._saved = time.monotonic()
        if path is not None and unit is not None and (unit, path) != (self.scene.unit, self.scene.path):
            self.scene.unit, self.scene.path = unit, path
            self.scene.result, self.scene.focus, self.scene.took = None, "", None
        self.scene.listing = False
        await self._give_up()
        self._wanted.set()

    # Files

    async def _watch_files(self) -> None:
        here = workspace.find_workspace(self.scene.path.parent)
        root = here.root if here is not None else self.scene.path.resolve().parent
        async for path in _saves(root, recursive=here is not None):
            unit = self._unit_of(path)
            if unit is not None and path.is_file():
                await self._again(unit, path)

    def _unit_of(self, path: Path) -> Unit | None:
        if path == self.scene.path.resolve():
            return self.scene.unit
        unit = self.scene.course.units.get(path.stem)
        known = workspace.files_for(unit, self.scene.path.parent) if unit is not None else []
        return unit if path in [each.resolve() for each in known] else None

    # Keys and screen

    @contextlib.contextmanager
    def _reading_keys(self) -> Iterator[None]:
        keys = self.terminal.keys
        if keys is None:
            yield
            return
        pending: set[asyncio.Task[None]] = set()

        def pressed() -> None:
            for key in [*keys.read_keys(), *keys.flush_keys()]:
                task = asyncio.ensure_future(self._press(_name(key.key)))
                pending.add(task)
                task.add_done_callback(pending.discard)
            if keys.closed:
                self._quit.set()

        with keys.attach(pressed):
            yield

    async def _press(self, key: str) -> None:
        scene = self.scene
        if key == "q":
            self._quit.set()
        elif key == "r":
            await self._again()
        elif key == "l":
            scene.listing = not scene.listing
            scene.selected, scene.scroll = list(scene.course.units).index(scene.unit.name), 0
        elif key in ("up", "down", "page up", "page down"):
            self._move({"up": -1, "down": 1, "page up": -10, "page down": 10}[key])
        elif key == "enter" and scene.listing:
            await self._open(list(scene.course.units.values())[scene.selected])
        elif key == "n":
            await self._next()
        elif key == "h":
            self._hint()
        self._redraw()

    def _move(self, by: int) -> None:
        if self.scene.listing:
            self.scene.selected = max(0, min(self.scene.selected + by, len(self.scene.course.units) - 1))
        else:
            self.scene.scroll += by

    async def _next(self) -> None:
        scene = self.scene
        scene.hint, scene.listing, scene.scroll = "", False, 0
        if scene.next_focus():
            return
        coming = scene.progress.next_open(scene.course)
        if scene.focus:
            scene.notice = _("{exercise} is the only open exercise of this unit.").format(exercise=scene.focus)
        elif coming is None:
            scene.notice = _("Every public check of the course passes. Well done.")
        else:
            await self._open(coming[0])

    async def _open(self, unit: Unit) -> None:
        try:
            path = workspace.own_file(self.scene.course, unit, self.scene.path.resolve().parent)
        except CourseError as error:
            self.scene.notice = str(error)
            return
        await self._again(unit, path)

    def _hint(self) -> None:
        scene = self.scene
        scene.listing, scene.scroll = False, 0
        if not scene.focus:
            scene.notice = _("nothing is open in this unit")
            return
        try:
            scene.hint = next_hint(scene.course, scene.focus, scene.unit, None, typed=False)
            scene.notice = _("h again shows the next step; the next save closes the hint")
        except CourseError as error:
            scene.notice = str(error)

    def _redraw(self) -> None:
        if self.terminal.steered:
            self.terminal.show(self.scene)

    async def _tick(self) -> None:
        """Redraw when the terminal's size changed, and while a check takes long enough to wonder."""
        size = self.terminal.measure()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self.scene.running is not None:
                self.scene.running += TICK_SECONDS
            before, size = size, self.terminal.measure()
            if self.scene.running or size != before:
                self._redraw()


def _name(key: Keys | str) -> str:
    return _NAMES.get(key, "") if isinstance(key, Keys) else key


async def _saves(root: Path, *, recursive: bool) -> AsyncIterator[Path]:
    """The Python files and notebooks below a folder, each time one is written, renamed into place or replaced."""

    def wanted(change: Change, name: str) -> bool:
        path = Path(name)
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        return change is not Change.deleted and path.suffix in _SUFFIXES and not hidden

    root = root.resolve()
    async for changes in awatch(
        root, watch_filter=wanted, debounce=DEBOUNCE_MS, step=STEP_MS, recursive=recursive, stop_event=None
    ):
        for name in sorted({name for _change, name in changes}):
            yield Path(name)
