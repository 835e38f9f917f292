"""What a result depends on, as hashes. Results of one key are the same result; a run grades a submission only if its
key is new. Nothing here imports torch."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from autograder.course import Unit
from autograder.submissions.cells import Cell

_PACKAGE = Path(__file__).resolve().parent.parent
# How results are shown, and how a course is written, does not change them.
_IRRELEVANT = (
    "authoring", "cli", "pages",
    "results/differing.py", "results/exporting", "results/reading.py", "results/text.py", "results/wrapping.py",
)  # fmt: skip
_DRIVER = Path("/proc/driver/nvidia/gpus")
_DECISIVE = ("torch", "torchvision", "numpy", "hypothesis", "msgspec")


def submission_key(cells: Iterable[Cell], problem: str, unit_key: str) -> str:
    """The key of one submission: its code, what is wrong with its file, and everything `unit_key` stands for."""
    return _digest([unit_key, problem, *(part for cell in cells for part in (cell.label, cell.source))])


def unit_key(unit: Unit, seed: int, *, language: str = "en", hardware: Iterable[str] = ()) -> str:
    """The key of what every submission of a unit meets: its files and what it says of itself, the seed, the engine, the
    language of the messages and the hardware that checks can use."""
    line = repr((unit.name, unit.title, unit.lecture, sorted(unit.forbidden.items())))
    files = [_file(path) for path in _files_of(unit)]
    return _digest([line, str(seed), language, *sorted(hardware), engine_version(), *files])


@functools.cache
def engine_version() -> str:
    """A hash of this package's sources (views of results left out) and of the versions of what computes with it."""
    irrelevant = {_PACKAGE / name for name in _IRRELEVANT}
    sources = sorted(
        path
        for path in _PACKAGE.rglob("*")
        if path.suffix in (".py", ".po", ".mo") and irrelevant.isdisjoint([path, *path.parents])
    )
    versions = [f"{name} {metadata.version(name)}" for name in _DECISIVE]
    named = [f"{path.relative_to(_PACKAGE)} {_file(path)}" for path in sources]
    return _digest([".".join(platform.python_version_tuple()[:2]), *versions, *named])


def gpus() -> list[str]:
    """The models of this machine's NVIDIA GPUs, from the driver's own list; empty where there is none."""
    found = sorted(_DRIVER.glob("*/information"))
    lines = [line for path in found for line in path.read_text().splitlines() if line.startswith("Model")]
    return [line.split(":", 1)[1].strip() for line in lines]


def _files_of(unit: Unit) -> list[Path]:
    """Misconceptions are composed from the solution, so that counts too; so do translations, and what units share."""
    own = [unit.hidden_suite, unit.reference, unit.misconceptions, unit.solution]
    shared = sorted(unit.home.parent.glob("*.py"))
    translated = sorted(unit.home.glob("*.po"))
    return [*own, *shared, *translated]


def _file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _digest(parts: Iterable[str]) -> str:
    """A hash that keeps the parts apart: ["ab", "c"] and ["a", "bc"] differ."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode("utf-8", "surrogatepass")).digest())
    return total.hexdigest()
