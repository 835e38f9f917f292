"""The machine a benchmark ran on, in one line, to be printed above its figures."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path


def machine() -> str:
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"Python {platform.python_version()}, torch {metadata.version('torch')}"
    return f"{processor()}, {cores} cores, {memory:.0f} GiB, Linux {platform.release()}, {versions}"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().split("\n")
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())
