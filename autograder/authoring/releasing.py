"""What students are given: a wheel that brings `autograder` with the chosen units, and a zip of a ready workspace.

Neither holds a solution, a reference, a hidden suite or a known mistake; everything that goes in is searched for them.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import io
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

import autograder
from autograder.authoring.building import BEGIN, END, BuildError
from autograder.course import INDEX, Course, CourseError, Unit, load_course
from autograder.student import workspace

ZIP_TIME = (2020, 1, 1, 0, 0, 0)
SHORTEST_SECRET = 60
_INSTALL = """\
# Before you begin

You need Python 3.11 or later. In this folder:

```
python3 -m venv .venv
. .venv/bin/activate           # on Windows: .venv\\Scripts\\activate
python -m pip install ./{wheel}
autograder watch
```

The install fetches PyTorch; afterwards everything works without a network. `autograder doctor` helps if something does not.
"""


def release(course: Course, units: list[Unit], out: Path) -> list[Path]:
    """Write OUT/autograder-VERSION-py3-none-any.whl and OUT/exercises.zip; return their paths.

    Raises BuildError if the wheel cannot be built, or if an answer would have been given away (nothing is written then);
    CourseError if a stub is missing.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-release-") as folder:
        source, built = Path(folder, "source"), Path(folder, "built")
        _lay_out(course, units, source)
        _refuse_answers(course, source)
        wheel = _build_wheel(source, built)
        archive = _build_zip(load_course(source), wheel, built)
        out.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copy(path, out / path.name)) for path in (wheel, archive)]


def _lay_out(course: Course, units: list[Unit], source: Path) -> None:
    """The source tree of the student package."""
    package = Path(autograder.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "student_course")
    shutil.copytree(package, source / "autograder", ignore=ignored)
    _write(source / "pyproject.toml", _project())
    _write(source / INDEX, index_text(dataclasses.replace(course, units={unit.name: unit for unit in units})))
    for path in sorted((course.root / INDEX.parent).glob(f"*/{INDEX.stem}.po")):
        _write(source / path.relative_to(course.root), _chosen_titles(path, course, units))
    for unit in units:
        assignments = [unit.assignment, *sorted((course.root / "assignments").glob(f"*/{unit.name}"))]
        suites = [unit.public_suite, *sorted(unit.public_suite.parent.glob(f"*/{unit.name}.po"))]
        files = [folder / f"{unit.name}{suffix}" for folder in assignments for suffix in (".py", ".ipynb")]
        for path in [*files, *suites]:
            if not path.is_file():
                raise CourseError(f"{path} is missing; run `autograder build {unit.name}`, or write it")
            _copy(path, course.root, source)


def _chosen_titles(catalog: Path, course: Course, units: list[Unit]) -> str:
    """The index's translations without those of units that stay behind."""
    from babel.messages.pofile import read_po, write_po

    with catalog.open("rb") as file:
        messages = read_po(file)
    wanted = {course.title, *(unit.title for unit in units), *(unit.lecture for unit in units)}
    for message in [each.id for each in messages if each.id and each.id not in wanted]:
        messages.delete(message)
    written = io.BytesIO()
    write_po(written, messages)
    return written.getvalue().decode()


def index_text(course: Course) -> str:
    """The course's index as TOML, which `load_course` reads back."""
    lines = [f"title = {_toml(course.title)}", f"seed = {course.seed}", "", "[units]"]
    for unit in course.units.values():
        fields = f"title = {_toml(unit.title)}, lecture = {_toml(unit.lecture)}"
        rules = ", ".join(f"{_toml(name)} = {_toml(list(patterns))}" for name, patterns in unit.forbidden.items())
        lines.append(f"{_toml(unit.name)} = {{ {fields}, forbidden = {{ {rules} }} }}")
    return "\n".join(lines) + "\n"


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _project() -> str:
    """A pyproject.toml with the dependencies this very package declares, optional ones left out."""
    return f"""\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "autograder"
version = {_toml(autograder.__version__)}
description = "Exercises of a deep-learning course, and the checks to do them by."
requires-python = ">=3.11"
dependencies = {_toml(_dependencies())}

[project.scripts]
autograder = "autograder.cli:main"

[project.entry-points.pytest11]
autograder = "autograder.pytest_plugin"

[tool.hatch.build.targets.wheel]
packages = ["autograder"]

[tool.hatch.build.targets.wheel.force-include]
"assignments" = "autograder/student_course/assignments"
"tests" = "autograder/student_course/tests"
"solutions" = "autograder/student_course/solutions"
"""


def _dependencies() -> list[str]:
    project = Path(autograder.__file__).parent.parent / "pyproject.toml"
    if project.is_file():
        return list(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    declared = importlib.metadata.requires("autograder") or []
    return [line for line in declared if "extra ==" not in line]


def _refuse_answers(course: Course, source: Path) -> None:
    """Search every file for what students must not get. Raises BuildError naming the file and what it holds."""
    secrets = [secret for unit in course.units.values() for secret in _secrets(unit)]
    for path in sorted(source.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        for origin, secret in secrets:
            if secret in content:
                name = path.relative_to(source)
                raise BuildError(
                    f"{name} holds a part of {origin}; nothing was released. Take it out, or build it anew"
                )


def _secrets(unit: Unit) -> list[tuple[str, bytes]]:
    files = [unit.reference, unit.hidden_suite, unit.misconceptions, unit.accepted]
    found = [(str(path.relative_to(unit.root)), path.read_bytes().strip()) for path in files if path.is_file()]
    if unit.solution.is_file():
        regions = unit.solution.read_text(encoding="utf-8").split(BEGIN)[1:]
        bodies = [region.split(END)[0].strip().encode() for region in regions]
        found += [(str(unit.solution.relative_to(unit.root)), body) for body in bodies]
    return [(origin, secret) for origin, secret in found if len(secret) >= SHORTEST_SECRET]


def _build_wheel(source: Path, built: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        advice = "" if "No module named hatchling" not in done.stderr else "\nrun: pip install 'autograder[dev]'"
        raise BuildError(f"the wheel could not be built:\n{done.stderr.strip()}{advice}")
    return next(built.glob("*.whl"))


def _build_zip(course: Course, wheel: Path, built: Path) -> Path:
    """A workspace with the wheel in it, with the same bytes each time."""
    folder = built / "exercises"
    workspace.start(course, folder, list(course.units.values()), remember=False)
    shutil.copy(wheel, folder)
    _write(folder / "INSTALL.md", _INSTALL.format(wheel=wheel.name))
    archive = built / "exercises.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(f"exercises/{path.relative_to(folder).as_posix()}", ZIP_TIME)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            file.writestr(entry, path.read_bytes())
    return archive


def _copy(path: Path, root: Path, source: Path) -> None:
    target = source / path.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
