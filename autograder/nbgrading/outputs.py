"""What a grade cell shows after grading. nbgrader reads its score from here, and takes anything odd for full marks.

nbgrader's rules (0.9): an error or anything on stderr is zero; the first result decides; one that is nan, negative or
no number is full marks; one above the maximum stops the run. So results are made in one place, by `grade_outputs`.
"""

from __future__ import annotations

import math

import nbformat
from nbformat import NotebookNode

from autograder.results.scoring import GradeError


def grade_outputs(value: float, points: float, html: str, text: str) -> list[NotebookNode]:
    """A grade cell's outputs: `value` as its result, and what a student reads. Raises GradeError for a wrong value."""
    if not (math.isfinite(value) and 0 <= value <= points):
        raise GradeError(f"{value} is outside [0, {points}]; no grade was written")
    result = nbformat.v4.new_output("execute_result", {"text/plain": repr(float(value))})
    return [shown(html, text), result]


def shown(html: str, text: str) -> NotebookNode:
    """Something to read; nbgrader does not take it for a score."""
    output: NotebookNode = nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": text})
    return output
