"""The cells of an nbgrader notebook: what they are called, what stands in them, and how one is recognised."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.submissions.submission import Submission, notebook_submission

SCHEMA_VERSION = 3
SOLUTION, TEXT = "solution-", "text-"


def grade_source(exercise: str, unit: str) -> str:
    """What stands in an exercise's grade cell: the public checks, for the student to run."""
    return f'from autograder import check\n\ncheck("{exercise}", unit="{unit}")'


def metadata(
    grade_id: str, cell_type: str, *, points: float | None = None, solution: bool = False, locked: bool = True
) -> NotebookNode:
    """nbgrader's metadata of a cell. points: of a grade cell, None for any other."""
    entry: NotebookNode = nbformat.from_dict(
        {
            "grade": points is not None,
            "grade_id": grade_id,
            "locked": locked,
            "schema_version": SCHEMA_VERSION,
            "solution": solution,
            "task": False,
            "cell_type": cell_type,
        }
    )
    if points is not None:
        entry["points"] = points
    return entry


def cell_id(*parts: str) -> str:
    """A cell id (nbformat 4.5) that depends on the parts alone."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:12]


def code_cell(source: str, identity: str) -> NotebookNode:
    """A code cell that has not run."""
    cell: NotebookNode = nbformat.v4.new_code_cell(source)
    cell["id"] = identity
    return cell


def nbgrader_of(cell: Mapping[str, Any]) -> dict[str, Any]:
    """A cell's nbgrader metadata, empty if it has none or something else stands in its place."""
    found = cell.get("metadata", {}).get("nbgrader", {})
    return found if isinstance(found, dict) else {}


def is_grade_cell(cell: Mapping[str, Any]) -> bool:
    """Whether a code cell is one that this engine grades (not an answer that a person grades)."""
    found = nbgrader_of(cell)
    return cell.get("cell_type") == "code" and bool(found.get("grade")) and not found.get("solution")


def submission_of(nb: NotebookNode, notebook: str, student: str) -> Submission:
    """What the student wrote: the notebook's code cells without its grade cells."""
    own = [{**cell, "source": ""} if is_grade_cell(cell) else cell for cell in nb.cells]
    return notebook_submission({"cells": own}, Path(f"{notebook}.ipynb"), student)


def defined_names(source: str) -> list[str]:
    """The top-level names that code defines or assigns, in order; none if Python cannot parse it."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    names: list[str] = []
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
    return list(dict.fromkeys(names))
