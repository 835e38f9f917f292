"""Hidden suite: the perceptron."""

import torch

from autograder.suite import (
    FLOATS,
    check,
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
N, D = st.shared(st.integers(2, 6), key="n"), st.shared(st.integers(2, 4), key="d")
ONE_OR_TWO = st.shared(st.integers(1, 2), key="few")
DTYPE = st.shared(FLOATS, key="dtype")
SIGNS = st.sampled_from([-1.0, 1.0])
B = st.sampled_from([-1.5, -0.25, 0.5, 2.0])


def kinds(n):
    """Labels 1 and -1 of the drawn dtype."""
    return tensors((n,), elements=SIGNS, dtype=DTYPE)


# predict


@probe
def predicted(names, X, w, b):
    """predict(X, w, b)"""
    return names.predict(X, w, b).double()


@st.composite
def on_the_line(draw):
    """Points, some of them with w·x + b = 0 exactly."""
    w, b = torch.tensor([1.0, -2.0], dtype=F64), draw(st.sampled_from([-1.0, 0.0, 3.0]))
    second = draw(tensors((4,), elements=st.integers(-3, 3).map(float), dtype=F64, layouts=False))
    offset = torch.tensor([0.0, 0.0, 1.0, -1.0], dtype=F64)
    return torch.stack([2 * second - b + offset, second], dim=1), w, b


contract(
    "predict",
    asked=predicted,
    call="predict(X, w, b)",
    inputs={"X": matrices(N, D, dtype=DTYPE), "w": tensors((D,), dtype=DTYPE), "b": B},
    matches="predict(X, w, b) is 1 where w·x + b is above 0, and -1 where it is below.",
    also={
        "on_the_line": ("A point with w·x + b = 0 gets -1.", together(on_the_line(), "X", "w", "b")),
        "single": (
            "There may be one point, and points of one number.",
            {"X": matrices(ONE_OR_TWO, ONE_OR_TWO, dtype=DTYPE), "w": tensors((ONE_OR_TWO,), dtype=DTYPE)},
        ),
    },
    form=False,
    keeps=True,
)


# perceptron_loss

contract(
    "perceptron_loss",
    inputs={"X": matrices(N, D, dtype=DTYPE), "w": tensors((D,), dtype=DTYPE), "b": B, "y": kinds(N)},
    matches="The loss of a point is max(0, −y(w·x + b)).",
    also={
        "single": (
            "There may be one point, and points of one number.",
            {
                "X": matrices(ONE_OR_TWO, ONE_OR_TWO, dtype=DTYPE),
                "w": tensors((ONE_OR_TWO,), dtype=DTYPE),
                "y": kinds(ONE_OR_TWO),
            },
        ),
    },
    keeps=True,
    public={
        "X": torch.tensor([[1.0, 2.0], [0.0, -1.0]]),
        "w": torch.tensor([1.0, -1.0]),
        "b": 0.5,
        "y": torch.tensor([1.0, -1.0]),
    },
)


# perceptron_grad


@probe
def derived(names, X, w, b, y):
    """perceptron_grad(X, w, b, y)"""
    dw, db = names.perceptron_grad(X, w, b, y)
    return [dw, torch.as_tensor(db, dtype=X.dtype).reshape(())]


contract(
    "perceptron_grad",
    asked=derived,
    call="perceptron_grad(X, w, b, y)",
    returns=["dw", "db"],
    inputs={
        "X": spread((N, D)),
        "w": spread((D,)),
        "b": B,
        "y": tensors((N,), elements=SIGNS, dtype=F64),
    },
    matches="dw and db are the sums of −yx and −y over the points on the wrong side.",
    also={
        "all_right": (
            "Where no point is on the wrong side, both are 0.",
            {
                "X": spread((N, D)).map(torch.abs),
                "w": spread((D,)).map(torch.abs),
                "b": st.just(1.0),
                "y": tensors((N,), elements=st.just(1.0), dtype=F64),
            },
        ),
        "single": (
            "There may be one point, and points of one number.",
            {
                "X": spread((ONE_OR_TWO, ONE_OR_TWO)),
                "w": spread((ONE_OR_TWO,)),
                "y": tensors((ONE_OR_TWO,), elements=SIGNS, dtype=F64),
            },
        ),
    },
    keeps=True,
)


# train_perceptron


ROWS = st.integers(3, 7)


@st.composite
def separable(draw, columns=2, epochs=None):
    """Small whole points and their kinds, which some line separates; and, with `epochs`, how many there may be."""
    w = torch.tensor(draw(st.lists(st.integers(-3, 3), min_size=columns, max_size=columns).filter(any)), dtype=F64)
    b = draw(st.sampled_from([-1.5, -0.5, 0.5, 2.5]))
    X = draw(tensors((ROWS, columns), elements=st.integers(-4, 4).map(float), dtype=F64, layouts=False))
    y = torch.where(X @ w + b > 0, 1.0, -1.0).double()
    return (X, y) if epochs is None else (X, y, draw(epochs))


@probe
def trained(names, X, y, max_epochs):
    """train_perceptron(X, y, max_epochs)"""
    w, b, updates = names.train_perceptron(X, y, max_epochs)
    return [w, float(b), int(updates)]


FEW = st.integers(1, 3)
CORNERS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=F64)
XOR = torch.tensor([-1.0, 1.0, 1.0, -1.0], dtype=F64)

contract(
    "train_perceptron",
    asked=trained,
    call="train_perceptron(X, y, max_epochs)",
    returns=["w", "b", "the number of updates"],
    inputs=together(separable(epochs=st.just(300)), "X", "y", "max_epochs"),
    matches="w, b and the number of updates are those of Rosenblatt's rule, on points that a line separates.",
    also={
        "limited": ("It stops after max_epochs epochs.", together(separable(epochs=FEW), "X", "y", "max_epochs")),
        "inseparable": (
            "Where no line separates the points, it goes on until max_epochs.",
            together(st.tuples(st.just(CORNERS), st.just(XOR), st.integers(1, 20)), "X", "y", "max_epochs"),
        ),
        "columns": (
            "Points may have one number or more than two.",
            together(st.integers(1, 4).flatmap(lambda d: separable(d, st.just(300))), "X", "y", "max_epochs"),
        ),
    },
    keeps=True,
)


@probe
def separated(names, X, y):
    """train_perceptron(X, y)"""
    w, b, updates = names.train_perceptron(X, y)
    return [y * (X @ w + float(b)), int(updates)]


@check("train_perceptron", points=2)
@settings(max_examples=10)
@given(case=separable())
def test_all_points_end_on_their_right_side(submission, case):
    """Afterwards y(w·x + b) is above 0 for every point, if a line separates them."""
    sides, updates = items_of(submission.run(separated, *case), 2)
    what = "y * (X @ w + b) after w, b, updates = train_perceptron(X, y)"
    sides = tensor_of(sides, shape=case[1].shape, what=what)
    expect((sides > 0).all(), "must be above 0 for every point", got=sides, what=what)
    expect(
        updates > 0, "must be above 0: no line separates anything before the first update", got=updates, what="updates"
    )


# convergence_bound

LENGTHS = st.sampled_from([0.5, 1.0, 2.0, 3.0, 10.0])

contract(
    "convergence_bound",
    inputs={"r": LENGTHS, "rho": st.sampled_from([0.01, 0.1, 0.25, 0.5, 2.0])},
    matches="The bound is (r² + 1) / ρ².",
    form=False,
)
