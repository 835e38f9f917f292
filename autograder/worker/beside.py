"""Modules that were handed in beside a submission (`from helper import softmax`): importable, and the student's code like it."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

from autograder.submissions.cells import Cell


class _Beside(MetaPathFinder, Loader):
    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = {cell.module: cell for cell in cells}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        cell = self._cells.get(name)
        return spec_from_loader(name, self, origin=cell.label) if cell is not None else None

    def exec_module(self, module: ModuleType) -> None:
        cell = self._cells[module.__name__]
        linecache.cache[cell.label] = (len(cell.source), None, cell.source.splitlines(keepends=True), cell.label)
        # Under its bare name a traceback's line is known to be the student's own.
        exec(compile(cell.source, cell.label, "exec", dont_inherit=True), vars(module))


def offer(cells: Iterable[Cell]) -> None:
    """Let modules be imported where no other of the name is found, so that none can stand in for a library's."""
    sys.meta_path.append(_Beside(cells))
