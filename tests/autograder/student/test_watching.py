"""`autograder watch`, driven like a student does: in a terminal of 80 columns, by saving files and pressing keys.

The screens are compared with approved ones in screens/; UPDATE_SCREENS=1 writes them anew. Durations are blotted out.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from studentcourse import environment, solve

from autograder.course import Course
from autograder.student import workspace

SCREENS = Path(__file__).parent / "screens"
PATIENCE = 90.0
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")

tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


def until(found: Callable[[], bool], what: Callable[[], str], patience: float = PATIENCE) -> None:
    """Wait for something on the screen; generous, for the machine may be busy."""
    deadline = time.monotonic() + patience
    while not found():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


class Terminal:
    """A shell in an 80 x 24 tmux pane, with `autograder watch` typed into it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        import libtmux

        self.folder = folder
        name = f"autograder-{uuid.uuid4().hex[:8]}"
        self.server = libtmux.Server(socket_name=name, config_file=os.devnull)
        session = self.server.new_session(
            session_name="watch", x=80, y=24, start_directory=str(folder),
            window_command="env PS1='$ ' bash --norc --noprofile",
            environment=environment(TERM="screen-256color", **variables),
        )  # fmt: skip
        pane = session.active_pane
        assert pane is not None
        self.pane = pane
        self.wait("$")
        self.type(f"{shlex.quote(sys.executable)} -m autograder watch")

    def type(self, command: str) -> None:
        self.pane.send_keys(command, enter=True, literal=True)

    def press(self, key: str) -> None:
        self.pane.send_keys(key, enter=False)

    def screen(self, *, escapes: bool = False) -> str:
        lines = self.pane.capture_pane(escape_sequences=escapes)
        return "\n".join(line.rstrip() for line in ([lines] if isinstance(lines, str) else lines)).replace(
            "\u00a0", " "
        )

    def wait(self, *texts: str, without: str = "\0", patience: float = PATIENCE) -> str:
        """The screen, once it shows all texts and not `without`."""
        until(lambda: all(t in self.screen() for t in texts) and without not in self.screen(), self.screen, patience)
        return self.screen()

    def close(self) -> None:
        self.server.kill()


def approve(name: str, screen: str) -> None:
    """Compare a screen with the approved one of this name."""
    shown = re.sub(r"\d+\.\d\d s after", "#.## s after", screen).rstrip() + "\n"
    path = SCREENS / f"{name}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown)
    assert path.is_file(), f"no approved screen {path.name}; look at this one, then set UPDATE_SCREENS=1\n{shown}"
    assert shown == path.read_text(), f"{path.name} differs; if the new screen is right, set UPDATE_SCREENS=1\n{shown}"


@pytest.fixture(scope="module")
def terminal(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """One watch for the whole story below; the tests run in the order they are written."""
    folder = tmp_path_factory.mktemp("watch") / "work"
    workspace.start(course, folder, list(course.units.values()))
    terminal = Terminal(folder)
    yield terminal
    terminal.close()


def doubling(terminal: Terminal) -> Path:
    return terminal.folder / "01_doubling/doubling.py"


@tmux
def test_it_begins_with_the_first_open_exercise(terminal: Terminal):
    approve("01_stub", terminal.wait("0 of 4 points"))


@tmux
def test_a_save_shows_what_is_wrong(terminal: Terminal):
    solve(doubling(terminal), "double", "return X + X * 2")
    approve("02_wrong", terminal.wait("✗ double"))


@tmux
def test_the_hint_key_shows_one_step_more_each_time(terminal: Terminal):
    terminal.press("h")
    terminal.wait("hint 1 of 3", "What is half of the result?")
    terminal.press("h")
    approve("03_hint", terminal.wait("hint 2 of 3"))


@tmux
def test_an_editor_that_replaces_the_file_is_noticed_and_the_next_exercise_comes(terminal: Terminal):
    path = doubling(terminal)
    swap = path.with_name(".doubling.py.swp")
    swap.write_text(path.read_text().replace("return X + X * 2", "return 2 * X"))
    os.replace(swap, path)
    approve("04_next", terminal.wait("✓ double"))


@tmux
def test_a_syntax_error_is_shown_calmly(terminal: Terminal):
    path = doubling(terminal)
    good = path.read_text()
    path.write_text(good + "\ndef broken(:\n    pass\n")
    approve("05_syntax_error", terminal.wait("SyntaxError"))
    path.write_text(good)
    terminal.wait("1 of 4 points", without="SyntaxError")


@tmux
def test_a_save_in_the_middle_of_endless_loops_starts_anew(terminal: Terminal):
    path = doubling(terminal)
    before = path.read_text()
    path.write_text(before + 3 * "\nwhile True:\n    pass\n")
    terminal.wait("still checking")
    path.write_text(before)
    # Three statements that never end cost 60 seconds, if nobody gives them up.
    terminal.wait("1 of 4 points", without="checking", patience=45)


@tmux
def test_the_next_key_goes_round_the_open_exercises(terminal: Terminal):
    terminal.press("n")
    terminal.wait("· softmax                      Not written yet.")
    for _ in range(2):
        terminal.press("n")
    terminal.wait("· Scale                        Not written yet.")


@tmux
def test_the_list_key_shows_the_units_and_opens_another(terminal: Terminal):
    terminal.press("l")
    terminal.wait("Enter go there")
    terminal.press("Down")
    approve("06_list", terminal.wait("› ────────────  0/1"))
    terminal.press("Enter")
    approve("07_other_unit", terminal.wait("0 of 2 points"))


@tmux
def test_a_solved_unit_says_so_and_next_leads_on(terminal: Terminal):
    solve(terminal.folder / "02_tripling/tripling.py", "triple", "return 3 * X")
    approve("08_solved", terminal.wait("Well done."))
    terminal.press("n")
    terminal.wait("Doubling · ", "1 of 4 points")


@tmux
def test_saving_a_file_of_another_unit_goes_there(terminal: Terminal):
    path = terminal.folder / "02_tripling/tripling.py"
    path.write_text(path.read_text().replace("return 3 * X", "return 4 * X"))
    terminal.wait("Tripling · ", "✗ triple")


@tmux
def test_run_again_and_a_smaller_terminal(terminal: Terminal):
    terminal.press("r")
    terminal.wait("0 of 2 points")
    terminal.pane.window.resize(height=16, width=60)
    approve("09_small", terminal.wait("more lines"))
    for _ in range(30):
        terminal.press("Down")
    terminal.wait("triple(torch.tensor([[1.]]))", without="more lines")


@tmux
def test_quitting_gives_the_terminal_back(terminal: Terminal):
    terminal.press("q")
    screen = terminal.wait("autograder watch", "$")
    assert "Tripling" not in screen
    assert terminal.pane.display_message("#{cursor_flag} #{alternate_on}", get_text=True) == ["1 0"]
    terminal.type("stty -a | tr ';' '\\n' | grep -o ' echo\\| icanon\\| isig' | tr -d '\\n'; echo .")
    terminal.wait("icanon", "isig", "echo")
    terminal.type("clear; autograder_left=$(pgrep -P $$ | grep -vc nothing); echo children:$autograder_left")
    terminal.wait("children:1")  # the pgrep of the question itself


@tmux
def test_without_colour_the_marks_alone_tell(space: Path):
    solve(space / "01_doubling/doubling.py", "double", "return X + X * 2")
    coloured, plain = Terminal(space), Terminal(space, NO_COLOR="1", AUTOGRADER_PORTABLE="1")
    try:
        for each in (coloured, plain):
            each.wait("✗ double", "0 of 4 points")
        assert COLOUR.search(coloured.screen(escapes=True))
        assert not COLOUR.search(plain.screen(escapes=True))
        approve("02_wrong", plain.screen())
        solve(space / "01_doubling/doubling.py", "noise", "return torch.rand(n)")
        for each in (coloured, plain):
            each.wait("✓ noise", "1 of 4 points")
        plain.press("C-c")
        plain.wait("$", without="Doubling · ")
    finally:
        coloured.close()
        plain.close()


@tmux
def test_in_chinese_every_line_still_fits(space: Path):
    terminal = Terminal(space, AUTOGRADER_LANG="zh")
    try:
        screen = terminal.wait("q 退出", "满分4")
        assert cell_len(screen.split("\n")[1]) == 78
        assert len(screen.split("\n")) <= 24
        terminal.press("h")
        terminal.wait("1", "3", "What is half of the result?")
    finally:
        terminal.close()


def test_piped_each_save_prints_one_block_and_a_signal_ends_it(space: Path, tmp_path: Path):
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        command = [sys.executable, "-m", "autograder", "watch"]
        watch = subprocess.Popen(
            command, cwd=space, env=environment(), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: output.read_text().count(" of 4 points") == 1, output.read_text)
        solve(space / "01_doubling/doubling.py", "double", "return 2 * X")
        until(lambda: output.read_text().count("\nNext: ") == 2, output.read_text)
    finally:
        watch.send_signal(signal.SIGTERM)
    assert watch.wait(60) == 0
    said = output.read_text()
    assert "\x1b" not in said
    assert "✓ double                       1 of 1 points" in said
    assert said.count("Doubling · 01_doubling/doubling.py") == 2
