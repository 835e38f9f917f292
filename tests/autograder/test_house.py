"""The engine's rooms: imports run downwards only, and nobody moves into the corridor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder

PACKAGE = Path(autograder.__file__).parent
# From the ground up. What stands in one row does not know its neighbours.
STOREYS = (
    ("language",),
    ("promises",),
    ("course",),
    ("files",),
    ("keeping",),
    ("submissions",),
    ("protocol",),
    ("worker",),
    ("results",),
    ("suite",),
    ("grader",),
    ("pages", "bulk"),
    ("student",),
    ("authoring",),
    ("nbgrading",),
    ("cli",),
    ("__init__", "__main__", "pytest_plugin"),
)
STOREY = {room: number for number, row in enumerate(STOREYS) for room in row}
IN_THE_CORRIDOR = 12


def modules(package: Path) -> dict[str, Path]:
    """Dotted name below the package -> file; a room's __init__ goes by the room's name."""
    return {".".join(path.relative_to(package).with_suffix("").parts): path for path in package.rglob("*.py")}


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The package's modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "autograder":
                inside = [".".join(parts[1:length]) for length in range(len(parts), 1, -1)]
                yield next((each for each in inside if each in known or f"{each}.__init__" in known), "__init__")


def upward(package: Path) -> list[str]:
    """Imports of a higher room, and of a neighbour in the same row."""
    known = modules(package)
    found = []
    for name, path in known.items():
        room = name.split(".")[0]
        for other in imported(path, known):
            target = other.split(".")[0]
            # Who starts the engine is above all rooms; its version is no room's.
            if target not in (room, "__init__") and STOREY[target] >= STOREY[room]:
                found.append(f"{name} imports {other}")
    return found


def circles(package: Path) -> list[list[str]]:
    """Modules that import each other, whatever the way round."""
    known = modules(package)
    edges = {name: {o for o in imported(path, known) if o in known and o != name} for name, path in known.items()}
    found: list[list[str]] = []

    def walk(name: str, trail: list[str], done: set[str]) -> None:
        if name in trail:
            found.append(trail[trail.index(name) :])
        elif name not in done:
            for other in edges[name]:
                walk(other, [*trail, name], done)
            done.add(name)

    done: set[str] = set()
    for name in edges:
        walk(name, [], done)
    return found


def test_every_room_has_its_storey():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert rooms == set(STOREY)


def test_imports_run_downwards():
    assert upward(PACKAGE) == []


def test_no_two_modules_import_each_other():
    assert circles(PACKAGE) == []


def test_the_corridor_stays_empty():
    assert len(list(PACKAGE.glob("*.py"))) <= IN_THE_CORRIDOR


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small package with a room above another."""
    files = {
        "course.py": "",
        "worker/__init__.py": "",
        "worker/wall.py": "from autograder import course\n",
        "grader/__init__.py": "",
        "grader/grading.py": "import autograder.worker.wall\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_an_import_that_runs_upwards_is_found(house: Path):
    assert upward(house) == []
    (house / "worker/wall.py").write_text("def f():\n    from autograder.grader.grading import grade\n")
    assert upward(house) == ["worker.wall imports grader.grading"]


def test_a_circle_is_found(house: Path):
    assert circles(house) == []
    (house / "grader/more.py").write_text("from autograder.grader import grading\n")
    (house / "grader/grading.py").write_text("def f():\n    from autograder.grader.more import g\n")
    assert [sorted(circle) for circle in circles(house)] == [["grader.grading", "grader.more"]]
