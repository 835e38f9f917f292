"""Values in words, and as code that gives the value back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.protocol.wire import Opaque
from autograder.results.feedback import described, entries, magnitude, pasted, printable, shown_argument
from autograder.suite import tensors

DTYPES = st.sampled_from([torch.float64, torch.float32, torch.int64, torch.int32, torch.bool, torch.float16])


@given(X=tensors(st.lists(st.integers(0, 3), max_size=3).map(tuple), dtype=DTYPES))
def test_a_pasted_tensor_is_the_tensor(X):
    for value in (X, [X, 1], (X,), [[X]]):
        names: dict = {"torch": torch}
        exec(pasted("value", value), names)
        again = names["value"]
        while not isinstance(again, torch.Tensor):
            again = again[0]
        assert again.dtype == X.dtype
        assert torch.equal(again, X)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 1e300, 1 / 3, 1000.0])
def test_pasted_entries_keep_every_bit(value: float):
    names: dict = {"torch": torch}
    exec(pasted("X", torch.tensor([value], dtype=torch.float64)), names)
    assert torch.equal(names["X"], torch.tensor([value], dtype=torch.float64)) or value != value


@pytest.mark.parametrize(
    "value", [{"a": [1, 2.5], 3: None}, torch.float16, torch.device("cpu"), [torch.int64, "x"], (1,)]
)
def test_other_values_are_pasted_too(value: object):
    names: dict = {"torch": torch}
    exec(pasted("value", value), names)
    assert names["value"] == value


def test_what_is_too_large_to_paste_is_described():
    assert pasted("X", torch.ones(100, 100)) == "# X: Tensor float32 (100, 100)"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.ones(2, 3), "Tensor float32 (2, 3)"),
        (torch.ones(2, device="meta"), "Tensor float32 (2,) on meta"),
        (np.ones(2), "numpy.ndarray float64 (2,)"),
        (None, "None"),
        (torch.device("cuda:1"), "device cuda:1"),
        (torch.int64, "dtype torch.int64"),
        (0.5, "float 0.5"),
        ([1, "a"], "a sequence of 2: int 1, str 'a'"),
        ({"a": 1}, "a dictionary with the keys a"),
        (Opaque("a tensor of shape (9,)"), "a tensor of shape (9,)"),
    ],
)
def test_values_are_described(value: object, words: str):
    assert described(value) == words


def test_long_arguments_are_cut():
    assert shown_argument("x" * 100) == "'" + "x" * 56 + "..."
    assert shown_argument([torch.ones(2), 1]) == "[<tensor (2,)>, 1]"


def test_large_tensors_show_their_first_entries():
    shown = entries(torch.arange(1000.0).reshape(10, 100))
    assert "first entries of (10, 100)" in shown
    assert shown.count("\n") == 3
    assert entries(torch.zeros(0)) == "[]"
    assert "2.5" in entries(torch.full((2,), 2.5, dtype=torch.bfloat16))


def test_control_characters_are_spelled_out():
    assert printable("a\x1b[31m\x07\nb\tü 中") == "a\\x1b[31m\\x07\nb\tü 中"


def test_smaller_inputs_come_first():
    one, two = torch.zeros(1), torch.ones(2)
    assert magnitude([one]) < magnitude([two])
    assert magnitude([torch.zeros(2)]) < magnitude([two])
    assert magnitude([one, 1]) < magnitude([one, 1000])
    few = torch.tensor([1e10, 1e-10])  # though it takes more letters
    assert magnitude([{"weights": [few]}]) < magnitude([{"weights": [torch.ones(3)]}])
