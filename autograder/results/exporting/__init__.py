"""Results in the formats that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.results.exporting import gradebook, gradescope, junit, tables
from autograder.results.reading import Reading

Export = Callable[[Reading, str, Mapping[str, str]], list[str]]


@dataclass(frozen=True)
class Format:
    """write: takes the results, the target and the units' titles; the names of what it wrote. target: where by default.

    Raises CourseError where the target cannot be written.
    """

    write: Export
    target: str


def _to(write: Callable[[Reading, Path, Mapping[str, str]], list[Path]]) -> Export:
    return lambda reading, target, titles: [str(path) for path in write(reading, Path(target), titles)]


FORMATS: dict[str, Format] = {
    "csv": Format(_to(tables.write_csv), "grades.csv"),
    "gradescope": Format(_to(gradescope.write_gradescope), "gradescope"),
    "canvas": Format(_to(tables.write_canvas), "canvas"),
    "moodle": Format(_to(tables.write_moodle), "moodle"),
    "junit": Format(_to(junit.write_junit), "junit.xml"),
    "nbgrader": Format(gradebook.write_gradebook, "gradebook.db"),
}
