"""What this machine has and lacks, and the command that mends it. Works where nothing else does: without torch, too."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course import Course, CourseError, find_course
from autograder.grader.launching import can_fork
from autograder.language import _
from autograder.student.workspace import NOTES, find_workspace

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from autograder.grader.workers import Zygote

OLDEST_PYTHON = (3, 11)
# Installed is not enough for these: a wheel for another processor or a missing library shows when they are imported.
_IMPORTED = ("numpy", "torch", "torchvision")
_ADVICE = {
    "landlock": "needs Linux 5.13 or later with Landlock switched on (boot parameter lsm=landlock,...)",
    "seccomp": "needs libseccomp: install the package libseccomp2",
    "rlimits": "needs a POSIX system",
    "uid": "workers change to an unprivileged user only when grading runs as root; otherwise they keep yours",
}


@dataclass(frozen=True)
class Part:
    """One thing looked at. fine: whether checking and grading can rely on it. advice: what to do if not."""

    name: str
    state: str
    fine: bool = True
    advice: str = ""


def diagnose() -> list[Part]:
    """Python, packages, course, workspace; then what a real worker says of itself, of its wall and of the GPUs."""
    parts = [_python(), *_packages(), *_course_and_workspace()]
    if not all(part.fine for part in parts if part.name in ("python", *_IMPORTED)):
        later = _("not tried before the above is mended")
        return [*parts, Part("worker", later, fine=False, advice=_("then run autograder doctor again"))]
    return [*parts, *_worker()]


def _python() -> Part:
    state = f"{platform.python_version()} on {platform.system()} {platform.release()}"
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Part("python", state)
    return Part("python", state, fine=False, advice=_("install Python 3.11 or later, and autograder in it"))


def _packages() -> Iterator[Part]:
    yield Part("autograder", _version("autograder") or _("not installed, run from its source"))
    for requirement in _requirements():
        yield _package(requirement)
    if not _version("jupyterlab") and not _version("notebook"):
        command = _pip("jupyterlab")
        yield Part("jupyter", _("missing"), advice=_("needed only for notebooks: {command}").format(command=command))


def _requirements() -> list[Requirement]:
    """What the package declares that this system needs, optional parts left out."""
    try:
        from packaging.requirements import Requirement

        declared = [Requirement(line) for line in importlib.metadata.requires("autograder") or []]
    except (ImportError, importlib.metadata.PackageNotFoundError):
        return []
    return [each for each in declared if each.marker is None or each.marker.evaluate({"extra": ""})]


def _package(requirement: Requirement) -> Part:
    name, version = requirement.name, _version(requirement.name)
    if not version:
        return Part(name, _("missing"), fine=False, advice=_pip(f"'{_plain(requirement)}'"))
    if not requirement.specifier.contains(version, prereleases=True):
        return Part(name, _("{version} is too old").format(version=version), fine=False, advice=_pip(f"'{_plain(requirement)}'"))  # fmt: skip
    if name in _IMPORTED:
        try:
            importlib.import_module(name)
        except Exception as error:
            state = _("{version} cannot be imported: {error}").format(version=version, error=_first_line(error))
            return Part(name, state, fine=False, advice=_pip(f"--force-reinstall {name}"))
    return Part(name, version)


def _course_and_workspace() -> Iterator[Part]:
    try:
        course = find_course()
    except CourseError as error:
        yield Part(_("course"), _("not found"), fine=False, advice=str(error))
        return
    title = course.heading
    yield Part(_("course"), _("{title}, {count} units").format(title=title, count=len(course.units)))
    workspace = find_workspace()
    if workspace is None:
        if not _grades(course):
            yield Part(_("workspace"), _("none here"), advice=_("make one: autograder start"))
    elif os.access(workspace.root, os.W_OK) and os.access(workspace.notes, os.W_OK):
        yield Part(_("workspace"), str(workspace.root))
    else:
        advice = _("make {folder} writable, or start another one: autograder start ~/exercises")
        state = _("{folder} cannot be written").format(folder=workspace.root)
        yield Part(_("workspace"), state, fine=False, advice=advice.format(folder=workspace.root / NOTES))


def _worker() -> list[Part]:
    """A worker as it is used here: behind the wall where there is something to grade with, else as in local checks."""
    from autograder.grader.portable import open_zygote
    from autograder.grader.workers import ZygoteError

    walled = _grades_here()
    try:
        with open_zygote(None, walled=walled) as zygote:
            worker = zygote.fork()
            worker.close()
            if not walled:
                kind = _("starts, forked from one with torch") if can_fork(walled) else _("starts, in its own process")
                return [Part("worker", kind)]
            return [*_isolation(worker.layers), _gpus(zygote)]
    except ZygoteError as error:
        advice = _("run {command} and look at what it says").format(command=f"{sys.executable} -c 'import torch'")
        return [Part("worker", _("does not start: {error}").format(error=error), fine=False, advice=advice)]


def _grades_here() -> bool:
    try:
        return _grades(find_course())
    except CourseError:
        return False


def _grades(course: Course) -> bool:
    """Whether the course has hidden suites, which a student's has not."""
    return any(unit.hidden_suite.is_file() for unit in course.units.values())


def _isolation(layers: list[str]) -> list[Part]:
    from autograder.results.document import REQUIRED_LAYERS

    parts = [_layer(layer, layers) for layer in REQUIRED_LAYERS]
    return [*parts, Part("uid", "held" if "uid" in layers else "not held", advice=_ADVICE["uid"])]


def _layer(layer: str, held: list[str]) -> Part:
    if layer in held:
        return Part(layer, f"held{_landlock_version() if layer == 'landlock' else ''}")
    return Part(layer, "not held", fine=False, advice=_ADVICE[layer])


def _landlock_version() -> str:
    from autograder.worker.wall import landlock_version

    return f" (ABI {landlock_version()})"


def _gpus(zygote: Zygote) -> Part:
    import torch

    from autograder.grader.hardware import hardware

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = ", ".join(torch.cuda.get_device_name(i) for i in range(count)) or "none"
    found = hardware(zygote)
    if found.gpus:
        return Part("gpu", f"{names}; workers reach {found.gpus}")
    state = f"{names}; workers reach none" if count else names
    return Part("gpu", state, advice=f"checks marked gpu are reported as not assessed: {found.reason}")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _plain(requirement: Requirement) -> str:
    return f"{requirement.name}{requirement.specifier}"


def _pip(what: str) -> str:
    return f"{_shown_python()} -m pip install {what}"


def _shown_python() -> str:
    """The interpreter as a student can type it."""
    path = Path(sys.executable)
    return f'"{path}"' if " " in str(path) else str(path)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).split("\n")[0]
