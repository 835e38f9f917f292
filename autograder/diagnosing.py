"""What this machine has and lacks, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from dataclasses import dataclass

import torch

from autograder.grader.grading import REQUIRED_LAYERS
from autograder.grader.hardware import hardware
from autograder.grader.workers import Zygote, ZygoteError

_PACKAGES = ("autograder", "torch", "torchvision", "numpy", "pytest", "hypothesis", "msgspec", "jupytext")
_ADVICE = {
    "landlock": "needs Linux 5.13 or later with Landlock switched on (boot parameter lsm=landlock,...)",
    "seccomp": "needs libseccomp: install the package libseccomp2",
    "rlimits": "needs a POSIX system",
    "uid": "workers change to an unprivileged user only when grading runs as root; otherwise they keep yours",
}


@dataclass(frozen=True)
class Part:
    """One thing looked at. fine: whether grading can rely on it. advice: what to do if not."""

    name: str
    state: str
    fine: bool = True
    advice: str = ""


def diagnose() -> list[Part]:
    """Versions, and what a real worker says of its isolation layers and of the GPUs."""
    with Zygote() as zygote:
        return [*_versions(), *_isolation(zygote), _gpus(zygote)]


def _versions() -> list[Part]:
    parts = [Part("python", f"{platform.python_version()} on {platform.system()} {platform.release()}")]
    for name in _PACKAGES:
        try:
            parts.append(Part(name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            parts.append(Part(name, "missing", fine=False, advice=f"{sys.executable} -m pip install {name}"))
    return parts


def _isolation(zygote: Zygote) -> list[Part]:
    try:
        worker = zygote.fork()
        worker.close()
    except ZygoteError as error:
        return [Part("worker", "does not start", fine=False, advice=str(error))]
    parts = [_layer(layer, worker.layers) for layer in REQUIRED_LAYERS]
    return [*parts, Part("uid", "held" if "uid" in worker.layers else "not held", advice=_ADVICE["uid"])]


def _layer(layer: str, held: list[str]) -> Part:
    if layer in held:
        return Part(layer, f"held{_landlock_version() if layer == 'landlock' else ''}")
    return Part(layer, "not held", fine=False, advice=_ADVICE[layer])


def _landlock_version() -> str:
    from autograder.worker.wall import landlock_version

    return f" (ABI {landlock_version()})"


def _gpus(zygote: Zygote) -> Part:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = ", ".join(torch.cuda.get_device_name(i) for i in range(count)) or "none"
    found = hardware(zygote)
    if found.gpus:
        return Part("gpu", f"{names}; workers reach {found.gpus}")
    state = f"{names}; workers reach none" if count else names
    return Part("gpu", state, advice=f"checks marked gpu are reported as not assessed: {found.reason}")
