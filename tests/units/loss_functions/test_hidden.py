"""Hidden suite: loss functions."""

import torch

from autograder.suite import (
    FLOATS,
    check,
    close,
    contract,
    expect,
    given,
    items_of,
    labels,
    matrices,
    probe,
    st,
    tensor_of,
    tensors,
    together,
)

F64 = torch.float64
SHAPES = st.shared(st.sampled_from([(2,), (5,), (2, 3), (4, 2), (2, 2, 3)]), key="shape")
DTYPE = st.shared(FLOATS, key="dtype")
DELTAS = st.sampled_from([1.0, 0.5, 2.0])
COLUMNS = st.shared(st.tuples(st.integers(2, 4), st.just(1)), key="column")


def entries(shape=SHAPES, *, elements=None, dtype=DTYPE):
    """Predictions or labels: all that is drawn with this shape and dtype fits together."""
    return tensors(shape, elements=elements, dtype=dtype, layouts=False)


# Whole predictions and labels with a half never agree, so that no error is 0.
WHOLE = st.integers(-4, 4).map(float)
NEAR = st.integers(-1, 1).map(float)
HALVES = st.integers(-4, 4).map(lambda n: n + 0.5)
APART = {"y_hat": entries(elements=WHOLE), "y": entries(elements=HALVES)}
COLUMN = {"y_hat": entries(COLUMNS, elements=WHOLE), "y": entries(COLUMNS, elements=HALVES)}


# l2_loss

contract(
    "l2_loss",
    inputs={"y_hat": entries(), "y": entries()},
    matches="l2_loss(y_hat, y) is half the squared error, entry by entry.",
    also={"column": ("Predictions and labels of shape (n, 1) give losses of shape (n, 1).", COLUMN)},
    gradient=["y_hat"],
    keeps=True,
    public={"y_hat": torch.tensor([[1.0, -2.0], [0.5, 4.0]]), "y": torch.tensor([[0.0, 1.0], [1.0, 3.5]])},
)


# l1_loss

contract(
    "l1_loss",
    inputs=APART,
    matches="l1_loss(y_hat, y) is the absolute error, entry by entry.",
    also={"column": ("Predictions and labels of shape (n, 1) give losses of shape (n, 1).", COLUMN)},
    gradient=["y_hat"],
    keeps=True,
    public={"y_hat": torch.tensor([[1.0, -2.0], [0.5, 4.0]]), "y": torch.tensor([[0.0, 1.0], [1.0, 3.5]])},
)


@check("l1_loss", points=1)
@given(y=entries(dtype=F64))
def test_l1_loss_of_exact_predictions(submission, y):
    """Where a prediction is exact, l1_loss is 0 and its gradient is finite."""
    found = submission.l1_loss.vjp(y, y.clone())
    close(found.output, torch.zeros_like(y), what="l1_loss(y_hat, y) with y_hat equal to y")
    what = "the gradient of l1_loss(y_hat, y) with respect to y_hat, with y_hat equal to y,"
    gradient = tensor_of(found.inputs[0], shape=y.shape, what=what)
    expect(gradient.isfinite().all(), "must be finite", got=gradient, what=what)


# huber_loss

contract(
    "huber_loss",
    inputs={"y_hat": entries(), "y": entries(), "delta": DELTAS},
    matches="huber_loss is half the squared error up to an error of delta in size, and linear beyond.",
    also={"column": ("Predictions and labels of shape (n, 1) give losses of shape (n, 1).", COLUMN)},
    gradient=["y_hat"],
    keeps=True,
    public={
        "y_hat": torch.tensor([[1.0, -2.0], [0.5, 4.0]]),
        "y": torch.tensor([[0.0, 1.0], [1.0, 3.5]]),
        "delta": 2.0,
    },
)

ZERO = torch.zeros(4, dtype=F64)
STEPS = torch.tensor([-2.0, -1.0, 1.0, 2.0], dtype=F64) / 1024
# Errors just below and above delta or -delta, and delta.
AROUND = st.builds(lambda delta, sign: (sign * (delta + STEPS), delta), DELTAS, st.sampled_from([1, -1]))


@check("huber_loss", points=1)
@given(**together(AROUND, "y_hat", "delta"), y=st.just(ZERO))
def test_huber_loss_is_smooth_at_delta(submission, y_hat, delta, y):
    """huber_loss has neither a jump nor a kink where the error is delta or -delta."""
    losses = tensor_of(submission.huber_loss(y_hat, y, delta), shape=(4,))
    below, across, above = (losses.diff() / STEPS.diff()).tolist()
    what = "how fast huber_loss grows from just below to just above delta"
    close(across, below, what=what, atol=0.01, rtol=0)
    close(above, below, what="how fast huber_loss grows just above delta", atol=0.01, rtol=0)


@probe
def huber_both_ways(names, e, delta):
    """huber_loss of the errors e, and of -e"""
    return [names.huber_loss(e, torch.zeros_like(e), delta), names.huber_loss(torch.zeros_like(e), e, delta)]


@check("huber_loss", points=1)
@given(e=entries(elements=st.sampled_from([0.0, 0.25, -0.5, 1.0, -3.0, 1000.0, -50000.0]), dtype=F64), delta=DELTAS)
def test_huber_loss_grows_linearly(submission, e, delta):
    """huber_loss is the same for e and -e, never above e²/2, and grows like delta·|e| for large errors."""
    loss, turned = (tensor_of(each, shape=e.shape) for each in items_of(submission.run(huber_both_ways, e, delta), 2))
    close(turned, loss.to(turned.dtype), what="huber_loss of -e, compared with e,")
    expect((loss <= e**2 / 2 + 1e-9).all(), "must be at most e²/2", got=loss, what="huber_loss of the errors e")
    line = delta * e.abs()
    near = (loss <= line + 1e-9) & (loss >= line - delta**2 / 2 - 1e-9)
    expect(
        near.all(), "must lie between delta·|e| − delta²/2 and delta·|e|", got=loss, what="huber_loss of the errors e"
    )


# l2_grad

contract(
    "l2_grad",
    inputs={"y_hat": entries(), "y": entries()},
    matches="l2_grad(y_hat, y) is the derivative of half the squared error, entry by entry.",
    keeps=True,
    public={"y_hat": torch.tensor([[1.0, -2.0], [0.5, 4.0]]), "y": torch.tensor([[0.0, 1.0], [1.0, 3.5]])},
)


# l1_grad

contract(
    "l1_grad",
    inputs=APART,
    matches="l1_grad(y_hat, y) is the derivative of the absolute error, entry by entry.",
    also={
        "exact": (
            "Where a prediction is exact, l1_grad is 0.",
            {"y_hat": entries(elements=NEAR), "y": entries(elements=NEAR)},
        )
    },
    keeps=True,
    public={"y_hat": torch.tensor([[1.0, -2.0], [0.5, 4.0]]), "y": torch.tensor([[0.0, 1.0], [1.0, 3.5]])},
)


# huber_grad

contract(
    "huber_grad",
    inputs={"y_hat": entries(), "y": entries(), "delta": DELTAS},
    matches="huber_grad is the derivative of huber_loss, entry by entry.",
    keeps=True,
    public={
        "y_hat": torch.tensor([[1.0, -2.0], [0.5, 4.0]]),
        "y": torch.tensor([[0.0, 1.0], [1.0, 3.5]]),
        "delta": 2.0,
    },
)


@probe
def pulls(names, e, delta):
    """huber_grad of the errors e, and of -e"""
    return [names.huber_grad(e, torch.zeros_like(e), delta), names.huber_grad(torch.zeros_like(e), e, delta)]


@check("huber_grad", points=1)
@given(e=entries(dtype=F64), delta=DELTAS)
def test_huber_grad_is_bounded(submission, e, delta):
    """huber_grad lies between -delta and delta, and turns its sign with the error."""
    gradient, turned = (tensor_of(each, shape=e.shape) for each in items_of(submission.run(pulls, e, delta), 2))
    expect((gradient.abs() <= delta + 1e-9).all(), "must lie between -delta and delta", got=gradient)
    close(turned, -gradient.to(turned.dtype), what="huber_grad of -e, compared with minus that of e,")


# has_margin

ROWS = st.shared(st.integers(2, 5), key="rows")
CLASSES = st.shared(st.integers(2, 4), key="classes")
# Scores that differ by multiples of 1/2, and never by exactly one of these margins.
MARGINS = st.sampled_from([0.25, 0.75, 1.25])


def scores(rows, elements):
    return matrices(rows, CLASSES, elements=elements, layouts=False)


contract(
    "has_margin",
    inputs={
        "o": scores(ROWS, st.integers(-4, 4).map(lambda n: n / 2)),
        "y": labels(ROWS, CLASSES),
        "delta": MARGINS,
    },
    matches="has_margin(o, y, delta) is True for the examples whose class is ahead of all others by delta.",
    also={
        "exactly": (
            "A lead of exactly delta is enough.",
            {"o": scores(ROWS, st.integers(0, 1).map(float)), "delta": st.just(1.0)},
        ),
        "single": (
            "A batch may hold one example.",
            {"o": scores(1, st.integers(-4, 4).map(lambda n: n / 2)), "y": labels(1, CLASSES)},
        ),
    },
    keeps=True,
    public={"o": torch.tensor([[2.0, 0.5], [1.0, 1.5]]), "y": torch.tensor([0, 1]), "delta": 1.0},
)
