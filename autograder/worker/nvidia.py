"""What CUDA needs of a machine: device nodes, the driver's libraries, and what the driver looks up. Facts, no rules.

The lists come from the driver's published behaviour and from sandboxes that run CUDA; they have not met a GPU here.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

DRIVER_LIBRARY = "libcuda.so.1"
# Settings of a GPU machine that the driver reads from its environment. None is a secret.
SETTINGS = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")

_SHARED_NODES = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-caps", "nvidia-caps-imex-channels")
_LOOKED_UP = (
    "/proc/cpuinfo",
    "/proc/devices",
    "/proc/driver/nvidia",
    "/proc/driver/nvidia-uvm",
    "/proc/filesystems",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/stat",
    "/proc/sys/vm/mmap_min_addr",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/memory",
    "/sys/devices/system/node",
    "/sys/module/nvidia",
    "/sys/module/nvidia_uvm",
    "/etc/nvidia",
    "/usr/share/nvidia",
)
_LOCATE = """
import ctypes, os, sys
try:
    ctypes.CDLL(sys.argv[1])
except OSError:
    sys.exit()
name = sys.argv[1].split(".so")[0]
with open("/proc/self/maps") as maps:
    paths = {line.split(maxsplit=5)[-1].strip() for line in maps if "/" in line}
for path in paths:
    if os.path.basename(path).startswith((name + ".so", name + "-")):
        print(os.path.dirname(os.path.realpath(path)))
"""


def device_nodes(folder: Path = Path("/dev")) -> list[Path]:
    """The device nodes of NVIDIA GPUs and of their driver, folders of nodes among them; empty without a GPU."""
    gpus = sorted(folder.glob("nvidia[0-9]*"))
    return [*gpus, *(folder / name for name in _SHARED_NODES if (folder / name).exists())] if gpus else []


@functools.cache
def library_folders(library: str = DRIVER_LIBRARY) -> list[Path]:
    """The folder the loader finds a library in; empty without one.

    Asked of a process of its own: the driver is not loaded into one that will be forked.
    """
    command = [sys.executable, "-I", "-S", "-c", _LOCATE, library]
    found = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return sorted({Path(line) for line in found.stdout.splitlines()})


def looked_up() -> list[Path]:
    """Tables of the kernel and settings of the driver that CUDA reads while it starts, as far as they exist."""
    gpus = [Path("/sys/bus/pci/devices", gpu.name) for gpu in Path("/proc/driver/nvidia/gpus").glob("*")]
    return [path for path in [*map(Path, _LOOKED_UP), *gpus] if path.exists()]


def settings() -> dict[str, str]:
    """The environment variables among SETTINGS that are set, on a machine with a GPU; nothing elsewhere."""
    return {name: os.environ[name] for name in SETTINGS if name in os.environ} if device_nodes() else {}
