"""Run the course's own code in this process: references, and variants kept beside the suites."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.course import SuiteError


def load_module(path: Path) -> ModuleType:
    """Import a trusted file of the course under a name of its own. Raises SuiteError where it cannot be."""
    name = f"{path.parent.name}_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SuiteError(f"{path} does not exist or is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SuiteError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def run_source(source: str, name: str) -> dict[str, Any]:
    """Run trusted source as a module of its own and return its names."""
    module = ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, f"<{name}>", "exec", dont_inherit=True), vars(module))
    return vars(module)
