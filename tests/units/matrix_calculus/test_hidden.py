"""Hidden suite: matrix calculus."""

import torch

from autograder.suite import (
    FLOATS,
    check,
    close,
    contract,
    expect,
    given,
    items_of,
    matrices,
    probe,
    settings,
    spread,
    st,
    tensor_of,
    tensors,
    together,
)

F64 = torch.float64
M, N = st.shared(st.integers(2, 5), key="m"), st.shared(st.integers(2, 5), key="n")
ONE_OR_TWO = st.shared(st.integers(1, 2), key="few")
DTYPE = st.shared(FLOATS, key="dtype")

# numeric_jacobian

KINDS = st.sampled_from(["cubes", "products", "waves", "one"])


@probe
def measured(names, kind, x, h):
    """numeric_jacobian(f, x, h)"""
    f = {
        "cubes": lambda x: x**3 - 2 * x,
        "products": lambda x: torch.outer(x, x).flatten()[:3] * x.sum(),
        "waves": lambda x: torch.stack([torch.sin(3 * x).sum(), torch.exp(x).prod()]),
        "one": lambda x: (x**2 * x.roll(1)).sum().reshape(1),
    }[kind]
    return names.numeric_jacobian(f, x, h)


contract(
    "numeric_jacobian",
    asked=measured,
    call="numeric_jacobian(f, x, h)",
    inputs={"kind": KINDS, "x": spread((N,)), "h": st.sampled_from([0.1, 0.01, 0.001])},
    matches="Entry (i, j) is the central difference of output i in the direction of input j.",
    also={
        "small": ("With the small h that is usual it is the derivative.", {"h": st.just(1e-6)}),
        "single": ("There may be a single input.", {"x": spread((1,)), "kind": st.sampled_from(["cubes", "one"])}),
    },
    keeps=True,
)


@probe
def counted(names, A, x):
    """numeric_jacobian(f, x) of f(x) = A x"""
    calls = []

    def f(x):
        calls.append(None)
        return A @ x

    return [names.numeric_jacobian(f, x), len(calls)]


@check("numeric_jacobian", points=1)
@settings(max_examples=8)
@given(A=spread((M, N)), x=spread((N,)))
def test_a_linear_function_has_its_matrix_after_few_calls(submission, A, x):
    """The Jacobian of f(x) = Ax is A, and f is called at most 2n + 1 times."""
    jacobian, calls = items_of(submission.run(counted, A, x), 2)
    close(jacobian, A, rtol=1e-7, atol=1e-7, what="numeric_jacobian(f, x) of f(x) = A x")
    most = 2 * len(x) + 1
    expect(calls <= most, f"must be at most {most} for {len(x)} inputs", got=calls, what="the number of calls of f")


# jacobian_shape

SIZES = st.sampled_from([2, 3, 7])


SCALAR = torch.Size([1])


@st.composite
def shapes(draw, larger=False):
    """The shape of a scalar (not if larger), a vector or a matrix."""
    return torch.Size(draw(st.sampled_from([(1,), (draw(SIZES), 1), (draw(SIZES), draw(SIZES))][larger:])))


contract(
    "jacobian_shape",
    inputs={"y_shape": shapes(), "x_shape": shapes()},
    matches="jacobian_shape(y_shape, x_shape) is what the table says.",
    also={
        "scalars": (
            "It is right where y or x is a scalar, too.",
            together(
                st.tuples(st.just(SCALAR), shapes(True)) | st.tuples(shapes(True), st.just(SCALAR)),
                "y_shape",
                "x_shape",
            ),
        ),
    },
    form=False,
)


# jacobian_of_linear

contract(
    "jacobian_of_linear",
    inputs={"A": matrices(M, N, dtype=DTYPE), "layout": st.sampled_from(["numerator", "denominator"])},
    matches="In numerator layout row i holds the slopes of output i, in denominator layout column i does.",
    also={
        "single": ("A may have a single row or column.", {"A": matrices(ONE_OR_TWO, st.integers(1, 2), dtype=DTYPE)})
    },
)


# grad_quadratic_form

contract(
    "grad_quadratic_form",
    inputs={"A": matrices(N, N, dtype=DTYPE), "x": tensors((N,), dtype=DTYPE)},
    matches="The gradient of xᵀAx is (A + Aᵀ)x.",
    also={
        "single": (
            "x may have a single entry.",
            {"A": matrices(1, 1, dtype=DTYPE), "x": tensors((1,), dtype=DTYPE)},
        ),
    },
    keeps=True,
    public={"A": torch.tensor([[1.0, 2.0], [0.0, 3.0]]), "x": torch.tensor([1.0, -1.0])},
)


@probe
def quadratic(names, A, x):
    """grad_quadratic_form(A, x)"""
    return [names.grad_quadratic_form(each, x) for each in (A, A.T, A - A.T)]


@check("grad_quadratic_form", points=1)
@settings(max_examples=10)
@given(A=spread((N, N)), x=spread((N,)))
def test_only_the_symmetric_part_counts(submission, A, x):
    """A and Aᵀ have the same gradient, and that of an antisymmetric matrix is 0."""
    plain, transposed, antisymmetric = items_of(submission.run(quadratic, A, x), 3)
    plain = tensor_of(plain, shape=x.shape, what="grad_quadratic_form(A, x)")
    close(transposed, plain, what="grad_quadratic_form(A.T, x)")
    close(antisymmetric, torch.zeros_like(x), what="grad_quadratic_form(A - A.T, x)")
    # By Euler's rule for what is of second degree.
    close(plain @ x, 2 * x @ A @ x, what="x @ grad_quadratic_form(A, x)")


# grad_least_squares

contract(
    "grad_least_squares",
    inputs={
        "X": matrices(M, N, dtype=DTYPE),
        "w": tensors((N,), dtype=DTYPE),
        "y": tensors((M,), dtype=DTYPE),
    },
    matches="The gradient is Xᵀ(Xw − y) / n.",
    also={
        "single": (
            "There may be one example, and one feature.",
            {
                "X": matrices(ONE_OR_TWO, ONE_OR_TWO, dtype=DTYPE),
                "w": tensors((ONE_OR_TWO,), dtype=DTYPE),
                "y": tensors((ONE_OR_TWO,), dtype=DTYPE),
            },
        ),
    },
    keeps=True,
    public={
        "X": torch.tensor([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]),
        "w": torch.tensor([1.0, -1.0]),
        "y": torch.tensor([0.0, 1.0, 2.0]),
    },
)


@probe
def descended(names, X, w, y, best):
    """grad_least_squares(X, w, y)"""
    return [names.grad_least_squares(X, at, y) for at in (w, best)]


@check("grad_least_squares", points=1)
@settings(max_examples=10)
@given(X=spread((6, 3)), w=spread((3,)), y=spread((6,)))
def test_a_step_downhill_lowers_the_loss(submission, X, w, y):
    """A small step against the gradient lowers the loss, and where the loss is least the gradient is 0."""
    best = torch.linalg.lstsq(X, y[:, None]).solution[:, 0]
    grad, at_best = items_of(submission.run(descended, X, w, y, best), 2)
    grad = tensor_of(grad, shape=w.shape, what="grad_least_squares(X, w, y)")
    close(at_best, torch.zeros_like(w), atol=1e-8, what="grad_least_squares(X, w, y) where the loss is least")
    after = w - 1e-3 * grad
    before, lower = ((X @ each - y).square().mean() / 2 for each in (w, after))
    expect(lower < before, "must lower the loss", got=grad, what="a step of 0.001 against grad_least_squares(X, w, y)")


# subgradient_abs, subgradient_relu

NUMBERS = st.sampled_from([-7.5, -1.0, -0.125, 0.0, 0.0, 0.25, 1.0, 3.0])

contract(
    "subgradient_abs",
    inputs={"x": NUMBERS},
    matches="It is (-1, -1) below 0, (1, 1) above, and (-1, 1) at 0.",
    also={"whole": ("x may be a whole number.", {"x": st.sampled_from([-4, 0, 2])})},
    returns=["low", "high"],
    form=False,
)

contract(
    "subgradient_relu",
    inputs={"x": NUMBERS},
    matches="It is (0, 0) below 0, (1, 1) above, and (0, 1) at 0.",
    also={"whole": ("x may be a whole number.", {"x": st.sampled_from([-4, 0, 2])})},
    returns=["low", "high"],
    form=False,
)
