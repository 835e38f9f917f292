"""The reference of tensors against naive loops, numpy's own functions and published values."""

import itertools

import numpy as np
import pytest
import torch

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("tensors", drafts=True).reference)
X = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_outer_sum_is_the_loop():
    a, b = X[:, 0], X[0]
    assert reference.outer_sum(a, b).tolist() == [[x + y for y in b.tolist()] for x in a.tolist()]


def test_broadcast_shape_is_that_of_a_sum():
    shapes = [shape for rank in range(4) for shape in itertools.product((0, 1, 2, 3), repeat=rank)]
    for s, t in itertools.product(shapes, shapes):
        try:
            wanted = (np.empty(s) + np.empty(t)).shape
        except ValueError:
            with pytest.raises(ValueError, match=r"size|shape"):
                reference.broadcast_shape(s, t)
        else:
            assert reference.broadcast_shape(s, t) == wanted


def test_broadcast_shape_of_published_cases():
    assert reference.broadcast_shape((0,), (1,)) == (0,)
    for s, t in (((3,), (6,)), ((0,), (3,))):
        with pytest.raises(ValueError, match=r"size|shape"):
            reference.broadcast_shape(s, t)


def test_pick_of_the_published_example():
    picked = reference.pick(torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([0, 2]))
    assert picked.tolist() == [1, 6]


def test_pick_is_the_loop():
    y = torch.tensor([2, 0, 0, 1])
    assert reference.pick(X, y).tolist() == [X[i, k].item() for i, k in enumerate(y.tolist())]


def test_concat_is_numpys():
    for dim in range(-2, 2):
        both = np.concatenate([X.numpy(), X.numpy() + 1], axis=dim)
        assert np.array_equal(reference.concat(X, X + 1, dim).numpy(), both)


def test_set_region_is_the_loop():
    spans = [(i, j) for i in range(6) for j in range(i, 7)]
    for rows, cols in itertools.product(spans, spans):
        wanted = [
            [9.0 if i in range(*rows) and j in range(*cols) else X[i, j].item() for j in range(3)] for i in range(4)
        ]
        assert reference.set_region(X, rows, cols, 9.0).tolist() == wanted


def test_add_in_place_adds_where_Y_lies():
    whole, x = torch.arange(12.0).reshape(3, 4), torch.tensor([1.0, 2.0])
    Y = whole[:, 1:3]
    assert reference.add_in_place(Y, x) is Y
    assert whole.tolist() == [[0, 2, 4, 3], [4, 6, 8, 7], [8, 10, 12, 11]]


def test_shares_memory_is_being_seen_by_the_other():
    whole = torch.zeros(3, 4)
    for B in (whole, whole.reshape(-1), whole[1:, 1:], whole.T, whole.clone(), whole + 0, whole.T.contiguous()):
        whole.zero_()
        B[...] = 1
        assert reference.shares_memory(whole, B) is bool((whole != 0).any())
    assert reference.shares_memory(whole[0], whole[1])


def test_numpy_copy_has_the_numbers_and_memory_of_its_own():
    for Y in (X, X.float().requires_grad_(), X > 0, X.int()):
        array = reference.numpy_copy(Y)
        assert array.tolist() == Y.tolist()
        assert array.dtype == Y.detach().numpy().dtype
        assert not np.shares_memory(array, Y.detach().numpy())
