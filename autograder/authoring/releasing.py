"""What students are given: a wheel that brings `autograder` with the chosen units, and a zip of a ready workspace.

Both hold what `build` makes of the units and the engine, no other file, and are searched for secrets before they are handed out.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import autograder
from autograder.authoring.building import build, index, updates
from autograder.authoring.cutting import BuildError
from autograder.authoring.secrets import leaks, readable, secrets_of
from autograder.course import Course, Unit, load_course
from autograder.student import workspace

ZIP_TIME = (2020, 1, 1, 0, 0, 0)
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

    Raises BuildError if the wheel cannot be built, if a file of the assignments is not what its sources make of it, or if
    a secret would have been given away (nothing is written then).
    """
    with tempfile.TemporaryDirectory(prefix="autograder-release-") as folder:
        source, built = Path(folder, "source"), Path(folder, "built")
        chosen = dataclasses.replace(course, units={unit.name: unit for unit in units})
        _lay_out(chosen, source)
        wheel = _build_wheel(source, built)
        archive = _build_zip(load_course(source), wheel, built)
        _refuse_secrets(course, [wheel, archive])
        out.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copy(path, out / path.name)) for path in (wheel, archive)]


def _lay_out(course: Course, source: Path) -> None:
    """The source tree of the student package: the engine, and what `build` makes of the units, no other file."""
    package = Path(autograder.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "student_course")
    shutil.copytree(package, source / "autograder", ignore=ignored)
    _write(source / "pyproject.toml", _project())
    files = index(course)
    for unit in course.units.values():
        made = build(unit)
        for path in updates(made):
            raise BuildError(f"{path} is missing or not what it is made of; run `autograder build {unit.name}`")
        files |= made
    for path, text in files.items():
        _write(source / path.relative_to(course.root), text)


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
"""


def _dependencies() -> list[str]:
    project = Path(autograder.__file__).parent.parent / "pyproject.toml"
    if project.is_file():
        return list(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    declared = importlib.metadata.requires("autograder") or []
    return [line for line in declared if "extra ==" not in line]


def _refuse_secrets(course: Course, made: list[Path]) -> None:
    """Search everything that was made for what no student may get. Raises BuildError naming the file and what it holds."""
    files = {f"{path.name}: {name}": readable(name, content) for path in made for name, content in _contents(path)}
    hidden = [secret for unit in course.units.values() for secret in secrets_of(unit)]
    for draft in course.drafts.values():
        with contextlib.suppress(BuildError):  # it is half-finished, and nothing of it was laid out
            hidden += secrets_of(draft)
    for leak in leaks(files, hidden):
        shown = " ".join(leak.secret.text.split())[:80]
        raise BuildError(
            f"{leak.name} holds a part of {leak.secret.origin} ({shown}); nothing was released. Take it out, or say the "
            "same in the unit's stub or public checks if students may read it"
        )


def _contents(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The course's files in a wheel or zip. The engine's are no course's, and a wheel in a zip was looked at by itself."""
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            engine = name.startswith("autograder/") and not name.startswith("autograder/student_course/")
            if not engine and not name.endswith(("/", ".whl")):
                yield name, opened.read(name)


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


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
