"""Begin a unit: all its files in their places, with `TODO` where something must be filled in."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.catalogs import course_catalogs
from autograder.course import INDEX, UNITS, Course, CourseError, load_course

# Template -> where it goes below the course's folder.
_PLACES = {
    "solution.py": "solutions/{unit}.py",
    "reference.py": "reference/{unit}.py",
    **{name: f"{UNITS}/{{unit}}/{name}" for name in (
        "unit.toml", "test_hidden.py", "test_public.py", "wrong.py", "right.py", "test_reference.py",
    )},
}  # fmt: skip
_UNIT = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Exercise:
    """What a student is to write. arguments: of a function, or of a class's constructor. signature: these as they are
    written, with their defaults."""

    name: str
    arguments: tuple[str, ...] = ("X",)
    signature: str = "X"

    @property
    def is_class(self) -> bool:
        return self.name[0].isupper()

    @property
    def shown(self) -> str:
        return f"{self.name}({self.signature})"

    @property
    def more(self) -> str:
        """Of a constructor, what follows `self`."""
        return f", {self.signature}" if self.signature else ""

    @property
    def values(self) -> str:
        """Something for every argument, to be put right."""
        return ", ".join("TODO" for _ in self.arguments)


def exercise_of(text: str) -> Exercise:
    """An exercise by its name, or by its name and arguments: `huber_loss(y_hat, y, delta=1.0)`. Raises CourseError."""
    name, opened, rest = text.partition("(")
    try:
        if not name.isidentifier():
            raise SyntaxError
        if not opened:
            return Exercise(name, (), "") if name[0].isupper() else Exercise(name)
        function = ast.parse(f"def {name}({rest}: pass").body[0]
        assert isinstance(function, ast.FunctionDef)
    except SyntaxError:
        raise CourseError(
            f"{text!r} is no name for an exercise; write softmax, or 'softmax(X)' with its arguments"
        ) from None
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return Exercise(name, tuple(each.arg for each in arguments), ast.unparse(function.args))


def scaffold(course: Course, unit: str, names: Sequence[str]) -> list[Path]:
    """Write the files of a new unit, a draft, and name them. names: its exercises, with their arguments or without.

    Raises CourseError for names that cannot be used, for a unit that has files already, and for one that the course's
    index does not list; nothing is written then.
    """
    exercises = [exercise_of(name) for name in names]
    _refuse(course, unit, [each.name for each in exercises])
    written = {course.root / place.format(unit=unit): text for place, text in _texts(unit, exercises).items()}
    if existing := [str(path.relative_to(course.root)) for path in written if path.exists()]:
        raise CourseError(
            f"{', '.join(existing)} {'is' if len(existing) == 1 else 'are'} there already; nothing was written"
        )
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    catalogs = course_catalogs(course, [load_course(course.root).unit(unit, drafts=True)])
    for path, text in catalogs.items():
        path.write_text(text, encoding="utf-8")
    return [*written, *catalogs]


def _refuse(course: Course, unit: str, exercises: Sequence[str]) -> None:
    if not (course.root / INDEX).is_file():
        raise CourseError(f"{course.root} is no lecturer's course; go to the folder with {INDEX}")
    if not _UNIT.fullmatch(unit):
        raise CourseError(
            f"{unit!r} is no name for a unit; take small letters, digits and underscores, as in batch_norm"
        )
    if not exercises:
        raise CourseError(f"name at least one exercise: autograder new {unit} FUNCTION_OR_CLASS...")
    for name in exercises:
        if exercises.count(name) > 1:
            raise CourseError(f"{name} stands there twice; name each exercise once")
    if unit not in [name for part in course.parts for name in part.units]:
        raise CourseError(f"list {unit} in the part of {INDEX} that it belongs to, then run this again")


def _texts(unit: str, exercises: Sequence[Exercise]) -> dict[str, str]:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("autograder.authoring", "templates"),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        autoescape=False,
    )  # fmt: skip
    return {
        place: environment.get_template(f"{template}.j2").render(unit=unit, exercises=exercises)
        for template, place in _PLACES.items()
    }
