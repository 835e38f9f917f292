"""Notebooks of percent-format files. A module of its own: what only reads sentences need not wait for jupytext."""

from __future__ import annotations

import hashlib

import jupytext
import nbformat
from nbformat import NotebookNode


def notebook_text(percent: str, name: str) -> str:
    """A notebook (nbformat 4.5) of a percent-format file; the same text gives the same bytes."""
    text: str = nbformat.writes(notebook_of(percent, name))
    return text + "\n"


def notebook_of(percent: str, name: str) -> NotebookNode:
    """Parse a percent-format file; cell ids depend on the unit and the cell's place alone."""
    notebook: NotebookNode = jupytext.reads(percent, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha256(f"{name}/{number}".encode()).hexdigest()[:12]
        cell["metadata"] = {}
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook
