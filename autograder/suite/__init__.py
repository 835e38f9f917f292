"""What a suite is written with: `from autograder.suite import check, close, given, tensors`."""

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from autograder.suite.checks import accepted, check, from_unit, hints, misconception, probe, wrong
from autograder.suite.closeness import (
    Mismatch,
    close,
    different,
    equal,
    expect,
    items_of,
    kept_items_of,
    number_of,
    tensor_of,
    tolerance,
)
from autograder.suite.contracts import contract
from autograder.suite.statistics import FALSE_ALARM, binomial_bounds, expect_normal, mean_bounds
from autograder.suite.strategies import (
    EXTREME,
    FLOATS,
    distributions,
    eighths,
    labels,
    logits,
    matrices,
    spread,
    tensor_lists,
    tensors,
    together,
)
from autograder.worker.simulation import SimulatedGPUs

__all__ = [
    "EXTREME",
    "FALSE_ALARM",
    "FLOATS",
    "Mismatch",
    "SimulatedGPUs",
    "accepted",
    "assume",
    "binomial_bounds",
    "check",
    "close",
    "contract",
    "different",
    "distributions",
    "eighths",
    "equal",
    "example",
    "expect",
    "expect_normal",
    "from_unit",
    "given",
    "hints",
    "items_of",
    "kept_items_of",
    "labels",
    "logits",
    "matrices",
    "mean_bounds",
    "misconception",
    "number_of",
    "probe",
    "settings",
    "spread",
    "st",
    "tensor_lists",
    "tensor_of",
    "tensors",
    "together",
    "tolerance",
    "wrong",
]
