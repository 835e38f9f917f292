"""A score on another scale: what an exercise's score is worth in the points of a gradebook."""

from __future__ import annotations

import math


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
