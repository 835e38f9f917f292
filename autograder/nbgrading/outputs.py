"""What a grade cell shows after grading. nbgrader reads its score from here, and takes anything odd for full marks.

nbgrader's rules (0.9): an error or anything on stderr is zero; the first result decides; one that is nan, negative or
no number is full marks; one above the maximum stops the run. So results are made in one place, by `grade_outputs`.
"""

from __future__ import annotations

import math

import nbformat
from nbformat import NotebookNode


class GradeError(Exception):
    """A grade that must not be written, or could not be found out; nbgrader reports it and goes on with the next."""


def earned(points: float, score: float, max_score: float) -> float:
    """A score in the grade cell's points: checks that could not be assessed count neither for nor against.

    Raises GradeError for anything but a score in [0, max_score] and positive, finite points; 0 points earn 0.
    """
    if not all(map(math.isfinite, (points, score, max_score))) or not (0 <= score <= max_score and points >= 0):
        raise GradeError(f"a score of {score} out of {max_score}, for {points} points, is no grade; none was written")
    if points == 0:
        return 0.0
    if max_score == 0:
        raise GradeError("nothing was assessed, so there is no score; none was written")
    return points if score == max_score else min(points, points * score / max_score)


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
