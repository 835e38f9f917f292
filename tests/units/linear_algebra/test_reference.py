"""The reference of linear algebra against loops, definitions and published values."""

import itertools
import math

import torch

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("linear_algebra", drafts=True).reference)
drawn = torch.Generator().manual_seed(0)
A = torch.randn(4, 3, dtype=torch.float64, generator=drawn)
B = torch.randn(3, 5, dtype=torch.float64, generator=drawn)
SQUARE = torch.randn(4, 4, dtype=torch.float64, generator=drawn)


def agree(mine, right):
    torch.testing.assert_close(mine, torch.as_tensor(right, dtype=torch.float64))


def test_products_are_the_loops():
    rows, columns = A.tolist(), B.T.tolist()
    wanted = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in rows]
    agree(reference.matmul(A, B), wanted)
    agree(reference.matvec(A, B[:, 0]), [row[0] for row in wanted])
    agree(reference.dot(A[0], B[:, 0]), wanted[0][0])


def test_norms_are_the_loops_and_the_published_values():
    x = A.reshape(-1)
    agree(reference.l1_norm(x), sum(map(abs, x.tolist())))
    agree(reference.l2_norm(x), math.hypot(*x.tolist()))
    agree(reference.frobenius_norm(A), math.hypot(*x.tolist()))
    agree(reference.l1_norm(torch.tensor([3.0, -4.0], dtype=torch.float64)), 7)
    agree(reference.l2_norm(torch.tensor([3.0, -4.0], dtype=torch.float64)), 5)


def test_matrix_norm_is_the_largest_growth_on_a_circle():
    pair = A[:, :2]
    angles = torch.linspace(0, math.pi, 20001, dtype=torch.float64)
    growth = (pair @ torch.stack([angles.cos(), angles.sin()])).square().sum(dim=0).sqrt().max()
    torch.testing.assert_close(reference.matrix_norm(pair), growth, rtol=1e-7, atol=0)


def test_row_normalize_is_the_loop():
    agree(reference.row_normalize(A.abs()), [[a / sum(row) for a in row] for row in A.abs().tolist()])


def test_symmetric_and_antisymmetric_parts():
    assert reference.is_symmetric(SQUARE + SQUARE.T)
    assert reference.is_antisymmetric(SQUARE - SQUARE.T)
    assert not reference.is_symmetric(SQUARE)
    assert not reference.is_antisymmetric(SQUARE)
    zero = torch.zeros(3, 3)
    assert reference.is_symmetric(zero)
    assert reference.is_antisymmetric(zero)
    assert not reference.is_symmetric(torch.zeros(1, 3))


def test_orthogonal_matrices_keep_lengths_and_angles():
    Q = torch.linalg.qr(SQUARE).Q
    for U in (Q, -Q, SQUARE, 2 * Q, Q[:3], Q[:, :3]):
        kept = U.shape[0] == U.shape[1] and torch.allclose(U.T @ U, torch.eye(U.shape[1], dtype=U.dtype))
        assert reference.is_orthogonal(U) == kept


def test_positive_definite_is_the_sign_of_all_eigenvalues():
    for shift in (-2.0, 0.0, 1.0, 2.0, 4.0):
        S = SQUARE + SQUARE.T + shift * torch.eye(4, dtype=torch.float64)
        assert reference.is_positive_definite(S) == bool(torch.linalg.eigvalsh(S)[0] > 0)
    assert not reference.is_positive_definite(torch.diag(torch.tensor([1.0, 0.0])))


def test_permutation_matrices_reorder():
    x = torch.arange(4.0)
    for p in map(torch.tensor, itertools.permutations(range(4))):
        assert torch.equal(reference.permutation_matrix(p) @ x, x[p])


def test_eigenvalues_are_those_of_torch():
    S = SQUARE + SQUARE.T
    values, vectors = torch.linalg.eigh(S)
    for value, vector in zip(values, vectors.T, strict=True):
        agree(torch.tensor(reference.eigenvalue_of(S, -3 * vector), dtype=torch.float64), value)
    assert reference.eigenvalue_of(S, vectors[:, 0] + vectors[:, 1]) is None
    assert reference.eigenvalue_of(S, torch.zeros(4, dtype=torch.float64)) is None
