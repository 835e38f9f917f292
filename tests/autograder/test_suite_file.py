"""Suites are collected by pytest and refused where they could not grade fairly; their comparisons never forgive."""

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path

import pytest
import torch
from conftest import COURSE

from autograder.course import SuiteError
from autograder.grader.suite_file import collect, seed_for
from autograder.suite import (
    Mismatch,
    binomial_bounds,
    check,
    close,
    equal,
    items_of,
    kept_items_of,
    mean_bounds,
    number_of,
    tensor_of,
)
from autograder.suite.checks import probe

SUITE = COURSE / "tests/units/doubling/test_hidden.py"


def test_checks_come_in_order_with_titles_points_and_marks():
    checks = collect(SUITE, "doubling", 1).checks
    assert [c.exercise for c in checks] == ["double", "double", "Scale", "softmax", "noise", "noise", "noise"]
    assert checks[0].title == "double(X) is twice X."
    assert checks[0].points == 2
    assert [c.id for c in checks[4:6]] == [
        "test_noise_lies_in_the_unit_interval[1]",
        "test_noise_lies_in_the_unit_interval[5]",
    ]
    assert checks[6].needs == {"gpu"}


def test_inputs_depend_on_the_seed_alone():
    first, second, other = (collect(SUITE, "doubling", seed) for seed in (1, 1, 2))
    draws = [[str(example) for example in suite.examples(suite.checks[0])] for suite in (first, second, other)]
    assert draws[0] == draws[1] != draws[2]
    assert len(draws[0]) >= 30


def test_inputs_do_not_depend_on_the_modules_that_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Hypothesis likes to draw numbers that stand in the sources around."""
    path = tmp_path / "test_numbers.py"
    path.write_text(
        "from autograder.suite import check, given, st\n\n"
        '@check("f", points=1)\n@given(n=st.integers(0, 10_000), x=st.floats(0, 1))\n'
        'def test_numbers(submission, n, x):\n    """f is right."""\n'
    )

    def drawn() -> str:
        suite = collect(path, "x", 1)
        return str(suite.examples(suite.checks[0]))

    before = drawn()
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("with_numbers", "with_more"):  # hypothesis looks for new modules when their number changes
        (tmp_path / f"{name}.py").write_text(f"NUMBERS = {[*range(100, 1000), *(k / 64 for k in range(64))]}\n")
        monkeypatch.setitem(sys.modules, name, importlib.import_module(name))
    assert drawn() == before


def test_hidden_and_public_suites_of_one_name_are_not_confused():
    hidden, public = (
        collect(SUITE, "doubling", 1),
        collect(COURSE / "tests/units/doubling/test_public.py", "doubling", 1),
    )
    assert {c.id for c in hidden.checks}.isdisjoint(c.id for c in public.checks)


def test_the_seed_of_a_call_depends_on_the_unit_and_not_on_where_its_suite_lies(tmp_path: Path):
    moved = tmp_path / "renamed.py"
    moved.write_text(SUITE.read_text())
    first, second, other = (collect(p, u, 1) for p, u in ((SUITE, "doubling"), (moved, "doubling"), (SUITE, "halving")))
    seeds = [[suite.example_seed(check, 0) for check in suite.checks] for suite in (first, second, other)]
    assert seeds[0] == seeds[1] != seeds[2]
    # As it was when suites were called test_UNIT.py: a seed that moves would change what random exercises draw.
    assert seeds[0][0] == seed_for(1, "test_doubling", first.checks[0].id, 0)


def test_seeds_are_the_same_everywhere():
    assert seed_for(1, "doubling", "test", 0) == 2080803732


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no tests"),
        ("import nothing_like_it", "nothing_like_it"),
        ("def test_f(submission):\n    '''Title.'''\n", r"test_x.py::test_f is no check"),
        ("from autograder.suite import check\n@check('f')\ndef test_f(submission):\n    pass\n", "needs a docstring"),
        (
            "from autograder.suite import check\n@check('f')\ndef test_f(submission, **rest):\n    'T.'\n",
            "takes \\*\\*keywords",
        ),
        ("from autograder.suite import check\n@check('f', points=0)\ndef test_f(submission):\n    'T.'\n", "0 points"),
    ],
)
def test_a_suite_that_could_not_grade_is_refused(tmp_path: Path, text: str, said: str):
    path = tmp_path / "test_x.py"
    path.write_text(text)
    with pytest.raises(SuiteError, match=said):
        collect(path, "x", 1)


def test_a_missing_suite_is_named(tmp_path: Path):
    with pytest.raises(SuiteError, match="does not exist"):
        collect(tmp_path / "test_x.py", "x", 1)


def test_a_probe_is_source_without_its_decorator():
    @probe
    def watched(names, X: torch.Tensor) -> torch.Tensor:
        """watched(X)"""
        return names.f(X)

    assert watched.name == "watched"
    assert watched.shown == "watched(X)"
    assert watched.source.startswith("def watched(names, X):")


def test_only_functions_can_be_probes():
    with pytest.raises(SuiteError, match="plain function"):
        probe(_Thing())
    with pytest.raises(SuiteError, match="plain function"):
        probe(_Thing)(_Thing)


class _Thing:
    pass


ONES = torch.ones(2, 2)


@pytest.mark.parametrize(
    ("got", "want", "said"),
    [
        (ONES[:1], ONES, r"must have shape \(2, 2\), not \(1, 2\)"),
        (ONES[0, 0], ONES, "must have shape"),
        (ONES.double(), ONES, "must have dtype float32, not float64"),
        (ONES + torch.tensor([[0, 0], [1e-3, 0]]), ONES, r"entry \[1, 0\] is 1.001 where 1 is right \(1 of 4"),
        (ONES * math.nan, ONES, "is nan where 1 is right"),
        (ONES.double() + 1e-7, ONES.double(), r"is 1\.0000001 where 1 is right"),
        (ONES.to("meta"), ONES, "device cpu, not meta"),
        (1.0, ONES, "must be a torch.Tensor"),
        (None, ONES, "must be a torch.Tensor"),
        (ONES, 1.0, "must be a number"),
        (True, 1.0, "must be a number"),
        (2, 1, "is 2 where 1 is right"),
        ([1], [1, 2], "must have 2 items, not 1"),
        (ONES, [1, 1], "must be a list or a tuple"),
        ({"a": 1}, {"b": 1}, "must have the keys"),
        (1, {"a": 1}, "must be a dictionary"),
        ([1], True, "must be True"),
        (1, True, "must be True"),
        ("a", "b", "must be 'b'"),
        (0, None, "must be None"),
    ],
)
def test_close_says_what_differs(got: object, want: object, said: str):
    with pytest.raises(Mismatch, match=said):
        close(got, want)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (ONES.T, ONES),
        (ONES + 1e-6, ONES),
        (ONES * math.nan, ONES * math.nan),
        (torch.tensor(3), 3),
        (torch.tensor([3.0]), 3),
        ([1, ONES], (1, ONES)),
        ({"a": ONES}, {"a": ONES}),
        (torch.empty(0, 3), torch.empty(0, 3)),
        (None, None),
        ("a", "a"),
    ],
)
def test_close_accepts_what_is_right(got: object, want: object):
    close(got, want)


@pytest.mark.parametrize(
    ("what", "called"),
    [
        (None, "item 1 of the result"),
        ("f(X)", "f(X)[1]"),
        ("layer.state_dict()", "layer.state_dict()[1]"),
        ("f(X) in a second call", "item 1 of f(X) in a second call"),
    ],
)
def test_an_item_is_called_by_its_index_where_that_is_python(what: str | None, called: str):
    with pytest.raises(Mismatch) as caught:
        close([1, 2], [1, 3], what=what)
    assert caught.value.what == called


def test_equal_has_no_tolerance():
    with pytest.raises(Mismatch):
        equal(ONES + 1e-6, ONES)
    equal(ONES, ONES.clone())


def test_small_errors_count_in_float64():
    with pytest.raises(Mismatch):
        close(ONES.double() + 1e-6, ONES.double())


def test_a_complex_tensor_is_no_number():
    with pytest.raises(Mismatch):
        number_of(torch.tensor(1j))
    with pytest.raises(Mismatch):
        items_of("text")
    with pytest.raises(Mismatch, match=r"shape \(any, 3\)"):
        tensor_of(ONES, shape=(None, 3))


def test_items_that_can_be_read_only_once_are_not_kept():
    assert kept_items_of([1, 2], 2) == kept_items_of((1, 2)) == [1, 2]
    with pytest.raises(Mismatch, match="neither list nor tuple"):
        kept_items_of(iter([1, 2]), 2, what="the state")


def test_bounds_are_wide_enough_and_no_wider_than_useful():
    low, high = binomial_bounds(10_000, 0.5)
    assert 4500 < low < 4700
    assert 5300 < high < 5500
    assert mean_bounds(10_000, 0.5, 0, 1) == pytest.approx((0.4673, 0.5327), abs=1e-3)


def test_points_must_be_positive():
    with pytest.raises(SuiteError, match="worth something"):
        check("f", points=-1)
