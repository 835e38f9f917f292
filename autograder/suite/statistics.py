"""Bounds for random exercises, wide enough that a correct solution fails fewer than once in a billion checks."""

from __future__ import annotations

import math

from torch import Tensor

from autograder.language import _
from autograder.suite.closeness import expect

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


def expect_normal(sample: Tensor, std: float, *, what: str, false_alarm: float = FALSE_ALARM) -> None:
    """Require a sample to look drawn from N(0, std^2): its mean, its spread, and the share within one std of 0.

    Each of the four bounds holds for every sample size: Hoeffding's for the mean of symmetric draws and for the share,
    Laurent and Massart's (Ann. Statist. 28, 2000, lemma 1) for the chi-squared sum of squares. Raises Mismatch.
    """
    scaled = sample.detach().double().flatten() / std
    n, surprise = len(scaled), math.log(8 / false_alarm)
    mean, square = float(scaled.mean()), float(scaled.square().mean())
    centred = abs(mean) * math.sqrt(n) <= math.sqrt(2 * surprise * square)
    problem = _("must have mean 0; the mean of its {n} entries is {mean}").format(n=n, mean=f"{mean * std:.3g}")
    expect(centred, problem, what=what)
    low, high = 1 - 2 * math.sqrt(surprise / n), 1 + 2 * math.sqrt(surprise / n) + 2 * surprise / n
    problem = _("must have standard deviation {std}; its {n} entries have {spread}")
    problem = problem.format(std=f"{std:g}", n=n, spread=f"{math.sqrt(square) * std:.3g}")
    expect(low <= square <= high, problem, what=what)
    inside = int((scaled.abs() < 1).sum())
    fewest, most = binomial_bounds(n, math.erf(math.sqrt(0.5)), false_alarm / 4)
    problem = _("must be normal: 68 % of its entries lie within {std} of 0, not {share}")
    problem = problem.format(std=f"{std:g}", share=f"{inside / n:.1%}")
    expect(fewest <= inside <= most, problem, what=what)
