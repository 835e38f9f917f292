"""Bounds for random exercises, wide enough that a correct solution fails fewer than once in a billion checks."""

from __future__ import annotations

import math

FALSE_ALARM = 1e-9


def binomial_bounds(n: int, p: float, false_alarm: float = FALSE_ALARM) -> tuple[int, int]:
    """Counts (low, high) that n independent trials of probability p leave with probability < false_alarm.

    From Hoeffding's inequality, P(|S - np| >= t) <= 2 exp(-2 t^2 / n), so no assumption about p is needed.
    """
    t = math.sqrt(n * math.log(2 / false_alarm) / 2)
    return max(0, math.floor(n * p - t)), min(n, math.ceil(n * p + t))


def mean_bounds(n: int, mean: float, low: float, high: float, false_alarm: float = FALSE_ALARM) -> tuple[float, float]:
    """Bounds that the mean of n independent values in [low, high] leaves with probability < false_alarm (Hoeffding)."""
    t = (high - low) * math.sqrt(math.log(2 / false_alarm) / (2 * n))
    return mean - t, mean + t
