"""The first wrong entry is marked, the window holds it, and a call can be pasted back into Python."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from autograder.protocol.wire import Opaque
from autograder.results.feedback import call_code, entries


def marked(text: str) -> str:
    """The entry above the carets."""
    lines = text.split("\n")
    row = next(number for number, line in enumerate(lines) if set(line.strip()) == {"^"})
    return lines[row - 1][lines[row].index("^") : lines[row].rindex("^") + 1]


@pytest.mark.parametrize(
    ("value", "index", "entry"),
    [
        (torch.tensor([1.5, 2.5, 3.5]), (2,), "3.5"),
        (torch.tensor([[1.0, 20.0], [-3.0, 4.0]]), (1, 0), "-3."),
        (torch.tensor([[True, False]]), (0, 1), "False"),
        (torch.arange(24).reshape(2, 3, 4), (1, 2, 3), "23"),
        (torch.arange(1000).reshape(10, 100), (7, 42), "742"),
        (torch.arange(1000).reshape(10, 100), (9, 99), "999"),
        (torch.arange(1000).reshape(10, 100), (0, 0), "0"),
        (torch.arange(4000).reshape(4, 10, 10, 10), (3, 9, 0, 5), "3905"),
        (torch.arange(500), (250,), "250"),
        (torch.tensor([float("nan"), float("-inf")]), (1,), "-inf"),
        (torch.tensor([1 + 2j, 3 - 4j]), (1,), "3.-4.j"),
    ],
)
def test_the_carets_stand_below_the_first_wrong_entry(value: Tensor, index: tuple[int, ...], entry: str):
    assert marked(entries(value, index, mark=True)) == entry


def test_a_window_says_where_it_lies_and_the_expected_side_shows_the_same_one():
    value = torch.arange(1000).reshape(10, 100)
    got, expected = entries(value, (7, 42), mark=True), entries(value, (7, 42))
    assert "(around entry [7, 42] of (10, 100))" in got
    assert [line for line in got.split("\n") if "^" not in line] == expected.split("\n")
    assert len(expected.split("\n")) == 4
    assert "(first entries of (10, 100))" in entries(value)


def test_without_a_wrong_entry_nothing_is_marked():
    assert "^" not in entries(torch.ones(2, 2), mark=True)
    assert "^" not in entries(torch.empty(0, 3), mark=True)


def test_a_call_can_be_pasted_back():
    X, y = torch.tensor([[0.1, -2.0], [float("inf"), 3e-9]]), torch.tensor([1, 0], dtype=torch.int32)
    code = call_code("f", [X, y, None, [X, 2]], {"axis": -1, "name": "a'b"})
    seen: list[object] = []
    exec(code, {"torch": torch, "f": lambda *args, **kwargs: seen.extend([args, kwargs])})
    (X_again, y_again, none, (X_third, two)), keywords = seen  # type: ignore[misc]
    for again in (X_again, X_third):
        assert torch.equal(again, X)
    assert torch.equal(y_again, y)
    assert y_again.dtype == torch.int32
    assert (none, two, keywords) == (None, 2, {"axis": -1, "name": "a'b"})
    assert code.count("\n") > 3
    assert call_code("f", [1], {}) == "f(1)"


@pytest.mark.parametrize("argument", [torch.zeros(100), Opaque("a thing"), object()])
def test_a_call_with_an_argument_that_cannot_be_written_down_is_left_out(argument: object):
    assert call_code("f", [1, argument], {}) == ""
    assert call_code("f", [1], {"x": argument}) == ""
