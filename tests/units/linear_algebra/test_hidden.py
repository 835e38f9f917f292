"""Hidden suite: linear algebra."""

import torch

from autograder.suite import (
    FLOATS,
    check,
    close,
    contract,
    eighths,
    expect,
    given,
    items_of,
    matrices,
    probe,
    spread,
    st,
    tensor_of,
    tensors,
    together,
)

F64 = torch.float64
DTYPE = st.shared(FLOATS, key="dtype")
SIZES = st.integers(2, 5)
M, N, K = (st.shared(SIZES, key=key) for key in "mnk")
FEW = st.integers(1, 2)
WHOLE = {"elements": st.integers(-9, 9), "dtype": torch.int64}


# dot

contract(
    "dot",
    inputs={"x": tensors((N,), dtype=DTYPE), "y": tensors((N,), dtype=DTYPE)},
    matches="dot(x, y) is the sum of the products of their entries.",
    also={
        "single": (
            "Vectors may have a single entry.",
            {"x": tensors((1,), dtype=DTYPE), "y": tensors((1,), dtype=DTYPE)},
        ),
        "whole": ("Whole numbers give a whole number.", {"x": tensors((N,), **WHOLE), "y": tensors((N,), **WHOLE)}),
    },
)


# matvec

SQUARE = {"A": matrices(N, N, dtype=DTYPE), "x": tensors((N,), dtype=DTYPE)}

contract(
    "matvec",
    inputs={"A": matrices(M, N, dtype=DTYPE), "x": tensors((N,), dtype=DTYPE)},
    matches="Entry i of matvec(A, x) is the dot product of row i of A and x.",
    also={
        "square": ("A may be square.", SQUARE),
        "single": (
            "There may be a single row, and a single column.",
            {"A": matrices(FEW, 1, dtype=DTYPE), "x": tensors((1,), dtype=DTYPE)},
        ),
        "whole": ("Whole numbers give whole numbers.", {"A": matrices(M, N, **WHOLE), "x": tensors((N,), **WHOLE)}),
    },
    keeps=True,
    public={"A": torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "x": torch.tensor([1.0, -1.0])},
)


# matmul

contract(
    "matmul",
    inputs={"A": matrices(M, K, dtype=DTYPE), "B": matrices(K, N, dtype=DTYPE)},
    matches="Entry (i, j) of matmul(A, B) is the dot product of row i of A and column j of B.",
    also={
        "square": ("Both may be square.", {"A": matrices(N, N, dtype=DTYPE), "B": matrices(N, N, dtype=DTYPE)}),
        "single": (
            "Every size may be 1.",
            {"A": matrices(FEW, 1, dtype=DTYPE), "B": matrices(1, FEW, dtype=DTYPE)},
        ),
        "whole": ("Whole numbers give whole numbers.", {"A": matrices(M, K, **WHOLE), "B": matrices(K, N, **WHOLE)}),
    },
    keeps=True,
    vectorised={"A": lambda n: torch.zeros(n, n), "B": lambda n: torch.zeros(n, n)},
    public={"A": torch.tensor([[1.0, 2.0]]), "B": torch.tensor([[3.0, 4.0], [5.0, 6.0]])},
)


@probe
def products(names, A, B):
    """matmul(A, B)"""
    identity = torch.eye(A.shape[1], dtype=A.dtype)
    column = B[:, :1]
    return [names.matmul(A, B), names.matmul(B.T, A.T), names.matmul(A, identity), names.matmul(A, column)]


@check("matmul")
@given(A=matrices(M, K, dtype=F64), B=matrices(K, N, dtype=F64))
def test_matmul_keeps_the_laws_of_the_product(submission, A, B):
    """A times the identity is A, the transpose of AB is BᵀAᵀ, and each column of AB is A times that column of B."""
    product, transposed, same, column = items_of(submission.run(products, A, B), 4)
    product = tensor_of(product, shape=(A.shape[0], B.shape[1]), what="matmul(A, B)")
    close(same, A, what="matmul(A, I)")
    close(transposed, product.T, what="matmul(B.T, A.T)")
    close(column, product[:, :1], what="matmul(A, B[:, :1])")


# l1_norm, l2_norm, frobenius_norm

contract(
    "l1_norm",
    inputs={"x": tensors((SIZES,))},
    matches="l1_norm(x) is the sum of the absolute values of x.",
    also={"single": ("A vector may have a single entry.", {"x": tensors((1,))})},
)

contract(
    "l2_norm",
    inputs={"x": tensors((SIZES,))},
    matches="l2_norm(x) is the square root of the sum of the squares of x.",
    also={"single": ("A vector may have a single entry.", {"x": tensors((1,))})},
)

contract(
    "frobenius_norm",
    inputs={"A": matrices(SIZES, SIZES)},
    matches="frobenius_norm(A) is the square root of the sum of the squares of all entries of A.",
    also={"single": ("There may be a single row, and a single column.", {"A": matrices(FEW, FEW)})},
)


# matrix_norm

contract(
    "matrix_norm",
    inputs={"A": spread((SIZES, SIZES))},
    matches="matrix_norm(A) is the least c with |Ab| ≤ c |b| for all vectors b.",
    also={
        "single": ("There may be a single row, and a single column.", {"A": spread((FEW, FEW))}),
        "singular": (
            "Rows or columns may be multiples of each other, or 0.",
            {"A": matrices(SIZES, SIZES, elements=st.integers(-1, 1), dtype=F64)},
        ),
    },
)


@check("matrix_norm")
@given(A=spread((SIZES, SIZES)), b=spread((5,)), p=st.permutations(range(4)))
def test_matrix_norm_bounds_how_much_longer_a_vector_becomes(submission, A, b, p):
    """No vector becomes longer than c times its length, one reaches it, and a permutation keeps every length."""
    c, one = (tensor_of(submission.matrix_norm(each), shape=()) for each in (A, torch.eye(4, dtype=F64)[list(p)]))
    b = b[: A.shape[1]]
    expect((A @ b).norm() <= c * b.norm() + 1e-9, f"is less than |Ab| / |b| for b = {b.tolist()}", got=c)
    close(
        (A @ torch.linalg.svd(A).Vh[0]).norm(), c.double(), what="the largest |Ab| / |b|, compared with matrix_norm(A),"
    )
    close(one.double(), torch.tensor(1.0, dtype=F64), what="matrix_norm of a permutation matrix")


# row_normalize

POSITIVE = eighths(0.125, 4)

contract(
    "row_normalize",
    inputs={"A": matrices(M, N, elements=POSITIVE)},
    matches="Each row of row_normalize(A) is that row of A, divided by its sum.",
    also={
        "square": ("A may be square.", {"A": matrices(N, N, elements=POSITIVE)}),
        "single": ("There may be a single row, and a single column.", {"A": matrices(FEW, FEW, elements=POSITIVE)}),
    },
    keeps=True,
    layout=True,
    public={"A": torch.tensor([[1.0, 3.0], [4.0, 4.0]])},
)


# is_symmetric, is_antisymmetric


@st.composite
def mirrored(draw, sign, near=True):
    """A square matrix with A.T = sign A; with near, mostly some entries are different."""
    n = draw(SIZES)
    G = draw(matrices(n, n, dtype=F64))
    A = G.triu(1) + sign * G.triu(1).T + (G.diag().diag() if sign > 0 else 0)
    changes = draw(st.sampled_from([[], [], "ring", [1.0], [1.0, -1.0], [1.0, -1.0]])) if near else []
    if changes == "ring":  # the sums of all rows and columns grow alike
        return A + torch.eye(n, dtype=F64).roll(1, 0)
    for change in changes:
        A[draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))] += change
    return A


LONGER = st.sampled_from([(1, 3), (3, 1), (2, 3), (4, 2), (1, 2)])


def mirrored_or_longer(sign):
    longer = st.builds(lambda shape, a: torch.full(shape, a, dtype=F64), LONGER, st.sampled_from([0.0, 1.0]))
    return st.one_of(mirrored(sign, near=False), longer)


CONSTANT = st.builds(lambda n, a: torch.full((n, n), a, dtype=F64), st.integers(1, 3), st.sampled_from([0.0, 1.0]))


@probe
def symmetric(names, A):
    """is_symmetric(A)"""
    return bool(names.is_symmetric(A))


contract(
    "is_symmetric",
    inputs={"A": mirrored(1)},
    asked=symmetric,
    form=False,
    call="is_symmetric(A)",
    matches="is_symmetric(A) says whether A is its own transpose.",
    also={
        "oblong": ("A matrix that is not square is not symmetric.", {"A": mirrored_or_longer(1)}),
        "opposite": ("An antisymmetric matrix is symmetric only if it is 0.", {"A": mirrored(-1, near=False)}),
    },
    keeps=True,
)


@probe
def antisymmetric(names, A):
    """is_antisymmetric(A)"""
    return bool(names.is_antisymmetric(A))


contract(
    "is_antisymmetric",
    inputs={"A": mirrored(-1)},
    asked=antisymmetric,
    form=False,
    call="is_antisymmetric(A)",
    matches="is_antisymmetric(A) says whether A is minus its own transpose.",
    also={
        "oblong": ("A matrix that is not square is not antisymmetric.", {"A": mirrored_or_longer(-1)}),
        "constant": ("The zero matrix is antisymmetric, a matrix of ones is not.", {"A": CONSTANT}),
    },
    keeps=True,
)


# is_orthogonal


@st.composite
def orthogonal(draw, sizes=SIZES):
    """Rotations and reflections, with all entries different from 0 as a rule."""
    n = draw(sizes)
    return torch.linalg.qr(draw(spread((n, n)))).Q


@st.composite
def nearly_orthogonal(draw):
    """An orthogonal matrix; one with a row that is longer, one that is all longer, or one with a row added to another."""
    U, kind = draw(orthogonal()), draw(st.sampled_from(["plain", "plain", "row", "all", "sheared", "slanted"]))
    if kind == "row":
        U[draw(st.integers(0, len(U) - 1))] *= draw(st.sampled_from([0.5, 2.0]))
    elif kind == "all":
        U *= 2
    elif kind == "sheared":
        U[-1] += U[0]
    elif kind == "slanted":  # all rows still have length 1
        U[-1] = 0.6 * U[0] + 0.8 * U[-1]
    return U


@st.composite
def parts(draw):
    """Rows or columns of an orthogonal matrix, or all of it."""
    U = draw(orthogonal())
    return draw(st.sampled_from([U, U[1:], U[:, 1:], U[:-1]]))


@probe
def is_it_orthogonal(names, U):
    """is_orthogonal(U)"""
    return bool(names.is_orthogonal(U))


SIGNS = st.builds(lambda n, a: torch.eye(n, dtype=F64) * a, st.integers(1, 3), st.sampled_from([1.0, -1.0, 0.0, 2.0]))

contract(
    "is_orthogonal",
    inputs={"U": nearly_orthogonal()},
    asked=is_it_orthogonal,
    form=False,
    call="is_orthogonal(U)",
    matches="is_orthogonal(U) says whether the rows of U have length 1 and are perpendicular to each other.",
    also={
        "oblong": ("A matrix that is not square is not orthogonal, whatever its rows or columns are.", {"U": parts()}),
        "multiple": ("I and −I are orthogonal, 0 and 2I are not.", {"U": SIGNS}),
    },
    keeps=True,
)


# is_positive_definite

LEAST = st.sampled_from([-1.5, -0.5, -0.02, 0.02, 0.25, 1.0])


@st.composite
def with_least_eigenvalue(draw):
    """A symmetric matrix whose smallest eigenvalue is one of LEAST."""
    G = draw(st.one_of(spread((N, N)), matrices(N, N, dtype=F64, layouts=False)))
    A = G + G.T
    return A + (draw(LEAST) - torch.linalg.eigvalsh(A)[0]) * torch.eye(len(A), dtype=F64)


@st.composite
def two_below_zero(draw):
    """A symmetric matrix with an even number of negative eigenvalues: its determinant is positive."""
    Q = draw(orthogonal(st.integers(2, 4)))
    values = torch.linspace(1, 2, len(Q), dtype=F64)
    if draw(st.booleans()):
        values[:2] *= -0.5
    A = Q @ values.diag() @ Q.T
    return (A + A.T) / 2


@probe
def definite(names, A):
    """is_positive_definite(A)"""
    return bool(names.is_positive_definite(A))


DIAGONALS = tensors((st.integers(1, 4),), elements=st.sampled_from([1.0, 2.0, 3.0, 0.0]), dtype=F64).map(torch.diag)

contract(
    "is_positive_definite",
    inputs={"A": with_least_eigenvalue()},
    asked=definite,
    form=False,
    call="is_positive_definite(A)",
    matches="is_positive_definite(A) says whether all eigenvalues of A are above 0.",
    also={
        "zero": ("A matrix with an eigenvalue 0 is not positive definite.", {"A": DIAGONALS}),
        "even": (
            "With two negative eigenvalues A is not positive definite, although det A is positive.",
            {"A": two_below_zero()},
        ),
    },
    keeps=True,
)


# permutation_matrix

ORDERS = st.integers(3, 6).flatmap(lambda n: st.permutations(range(n))).map(torch.tensor)

contract(
    "permutation_matrix",
    inputs={"p": ORDERS},
    matches="Row i of permutation_matrix(p) has a 1 in column p[i] and zeros elsewhere.",
    also={"small": ("p may have one or two entries.", {"p": st.sampled_from([[0], [0, 1], [1, 0]]).map(torch.tensor)})},
    keeps=True,
    public={"p": torch.tensor([1, 2, 0])},
)


@st.composite
def two_orders(draw):
    n = draw(st.integers(3, 5))
    return [torch.tensor(draw(st.permutations(range(n)))) for _ in "pq"]


@check("permutation_matrix")
@given(case=two_orders(), x=spread((5,)))
def test_permutation_matrix_reorders_a_vector(submission, case, x):
    """P times x is x[p], and the product of two of these matrices is the matrix of both steps."""
    p, q = case
    x = x[: len(p)]
    P, Q, both = (tensor_of(submission.permutation_matrix(each), shape=(len(p),) * 2).double() for each in (p, q, q[p]))
    close(P @ x, x[p], what="permutation_matrix(p) @ x")
    close(P @ Q, both, what="permutation_matrix(p) @ permutation_matrix(q)")


# eigenvalue_of

INTEGERS = {"elements": st.integers(-3, 3), "dtype": F64, "layouts": False}
VALUES = st.integers(-4, 4)


@st.composite
def pairs(draw, values=VALUES, sizes=SIZES, change=True):
    """A and v with A v = λ v exactly, λ one of these; with change, in half of the cases one entry of v is different."""
    n = draw(sizes)
    A, v, i = draw(matrices(n, n, **INTEGERS)), draw(tensors((n,), **INTEGERS)), draw(st.integers(0, n - 1))
    v[i] = draw(st.sampled_from([1.0, -1.0]))
    A[:, i] += (draw(values) * v - A @ v) * v[i]
    if change and draw(st.booleans()):
        v[draw(st.integers(0, n - 1))] += draw(st.sampled_from([2.0, -3.0]))
    return A, draw(st.sampled_from([1.0, 2.0, 0.25])) * v


@st.composite
def rounded(draw):
    """A symmetric matrix with one of its eigenvectors, or with the sum of two."""
    Q = draw(orthogonal())
    values = torch.tensor([1.5, -2.0, 0.75, -0.3, 3.0], dtype=F64)[: len(Q)]
    v = Q[:, draw(st.integers(0, len(Q) - 1))] + draw(st.sampled_from([0.0, 0.0, 1.0])) * Q[:, 0]
    return Q @ values.diag() @ Q.T, v


@st.composite
def null_vectors(draw):
    """A vector that A turns into 0, or the vector 0."""
    A, v = draw(pairs(values=st.just(0), change=False))
    return A, v * draw(st.integers(0, 1))


contract(
    "eigenvalue_of",
    inputs=together(pairs(), "A", "v"),
    matches="eigenvalue_of(A, v) is the λ with Av = λv, or None if there is none.",
    also={
        "zero": (
            "The vector 0 gives None, and another one that A turns into 0 gives 0.",
            together(null_vectors(), "A", "v"),
        ),
        "rounded": ("A computed eigenvector, which is rounded, counts as well.", together(rounded(), "A", "v")),
        "single": ("A may have a single row.", together(pairs(sizes=FEW, change=False), "A", "v")),
    },
)
