"""Hidden suite: softmax regression from scratch."""

import torch
from torch import nn

from autograder.suite import (
    EXTREME,
    check,
    close,
    contract,
    distributions,
    eighths,
    equal,
    expect,
    given,
    items_of,
    labels,
    logits,
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
ROWS = st.shared(st.integers(2, 5), key="rows")
CLASSES = st.shared(st.integers(2, 5), key="classes")
ONE_OR_TWO = st.integers(1, 2)


# softmax

# Their differences overflow in float32, the logits themselves do not.
far_apart = st.sampled_from([0.0, 1.0, 80.0, -80.0])

contract(
    "softmax",
    inputs={"X": logits(ROWS, CLASSES)},
    matches="Each row of softmax(X) is exp(x) divided by the row's sum of exp.",
    also={
        "single": ("A batch may hold one example, and one class.", {"X": logits(ONE_OR_TWO, ONE_OR_TWO)}),
        "extreme": (
            "softmax(X) is right, and finite, for logits of 1000 or -50000 too.",
            {"X": logits(classes=st.integers(2, 5), elements=EXTREME)},
        ),
        "far_apart": (
            "Gradients are right, and finite, where the logits of a row are far apart.",
            {"X": logits(classes=st.integers(2, 5), elements=far_apart, dtype=torch.float32)},
            "gradient",
        ),
    },
    gradient=["X"],
    keeps=True,
    layout=True,
    public={"X": torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]])},
)


@check("softmax", points=1)
@given(X=logits(classes=st.integers(1, 6), dtype=F64))
def test_softmax_rows_sum_to_one(submission, X):
    """Every row of softmax(X) is positive and sums to 1."""
    probabilities = tensor_of(submission.softmax(X), shape=X.shape, dtype=X.dtype)
    expect((probabilities > 0).all(), "must be positive everywhere", got=probabilities)
    close(probabilities.sum(dim=1), torch.ones(len(X), dtype=F64), what="softmax(X).sum(dim=1)")


@probe
def softmax_and_shifted(names, X, shift):
    """softmax(X) and softmax(X + shift)"""
    return [names.softmax(X), names.softmax(X + shift)]


@check("softmax", points=1)
@given(X=logits(dtype=F64), shift=tensors((st.just(1),), dtype=F64, layouts=False))
def test_softmax_ignores_a_shift(submission, X, shift):
    """Adding the same number to every logit changes nothing."""
    before, shifted = items_of(submission.run(softmax_and_shifted, X, shift), 2)
    close(shifted, tensor_of(before, shape=X.shape), what="softmax(X + shift)")


# cross_entropy


@st.composite
def tiny(draw):
    """Probabilities whose true class has a tiny one, and the true classes."""
    y_hat, share = draw(distributions(ROWS)), draw(st.sampled_from([1e-3, 1e-6, 1e-9, 2e-12]))
    y = y_hat.argmin(dim=1)
    others = y_hat.scatter(1, y[:, None], 0)
    return (others * (1 - share) / others.sum(dim=1, keepdim=True)).scatter(1, y[:, None], share), y


@st.composite
def certain(draw):
    """Probabilities that give some true classes 1 and all others 0, and the true classes."""
    y_hat, y = draw(distributions(rows=4, classes=3)), draw(labels(4, 3))
    return torch.cat([nn.functional.one_hot(y[:2], 3).to(y_hat.dtype), y_hat[2:]]), y


contract(
    "cross_entropy",
    inputs={"y_hat": distributions(ROWS, CLASSES), "y": labels(ROWS, CLASSES)},
    matches="cross_entropy(y_hat, y) is -log of the probability given to the true class, one loss per example.",
    also={
        "single": (
            "A batch may hold one example.", {"y_hat": distributions(1, CLASSES), "y": labels(1, CLASSES)},
        ),
        "tiny": ("A true class of probability 1e-6 or 2e-12 has a loss of its own size.", together(tiny(), "y_hat", "y")),
        "certain": ("The loss is 0 where the true class has probability 1.", together(certain(), "y_hat", "y")),
        "impossible": (
            "Gradients are finite where other classes have probability 0.", together(certain(), "y_hat", "y"), "gradient",
        ),
    },
    gradient=["y_hat"],
    keeps=True,
    layout=["y_hat"],
    public={"y_hat": torch.tensor([[0.25, 0.75], [0.5, 0.5]]), "y": torch.tensor([0, 1])},
)  # fmt: skip


# net

shapes = st.tuples(st.integers(2, 4), st.integers(1, 3), st.just(2), st.just(3))
other_shapes = st.tuples(st.integers(2, 4), st.integers(2, 4), st.just(3))


@st.composite
def pictures(draw):
    """Images, or examples of another shape, with a layer for as many numbers as each has."""
    X = draw(tensors(shapes | other_shapes, layouts=False))
    W = draw(spread((X[0].numel(), 3), dtype=X.dtype))
    return X, W, torch.tensor([0.5, 0.0, -0.5], dtype=X.dtype)


contract(
    "net",
    inputs={
        "X": spread((ROWS, 4)),
        "W": spread((4, CLASSES)),
        "b": tensors((CLASSES,), elements=eighths(), dtype=F64),
    },
    matches="net(X, W, b) is the softmax of X W + b.",
    also={
        "single": ("A batch may hold one example.", {"X": spread((1, 4))}),
        "images": (
            "Images of shape (n, c, h, w), and examples of any other shape, are flattened to rows first.",
            together(pictures(), "X", "W", "b"),
        ),
        "extreme": (
            "net(X, W, b) is right, and finite, where X W + b has entries of 1000 or -50000.",
            {"X": matrices(ROWS, 4, elements=EXTREME, dtype=F64)},
        ),
    },
    gradient=["W", "b"],
    keeps=True,
    layout=["X", "W"],
    public={"X": torch.ones(2, 1, 2, 2), "W": torch.eye(4), "b": torch.zeros(4)},
)


# accuracy


@st.composite
def half_right(draw):
    """Scores without ties, of which some rows are largest at the true class."""
    y_hat = draw(spread((st.integers(2, 6), st.integers(2, 5)), dtype=draw(st.sampled_from([F64, torch.float32]))))
    right = torch.arange(len(y_hat)) % 2 == draw(st.integers(0, 1))
    return y_hat, torch.where(right, y_hat.argmax(dim=1), y_hat.argmin(dim=1))


@st.composite
def classes_predicted(draw):
    y_hat, wrong = draw(labels(st.integers(1, 6), 3)), draw(st.integers(0, 6))
    return y_hat, torch.cat([(y_hat[:wrong] + 1) % 3, y_hat[wrong:]])


contract(
    "accuracy",
    inputs=together(half_right(), "y_hat", "y"),
    matches="accuracy(y_hat, y) is the number of rows whose largest score stands at the true class.",
    also={
        "single": ("A batch may hold one example.", {"y_hat": spread((1, 3)), "y": labels(1, 3)}),
        "classes": ("y_hat may hold predicted classes instead of scores.", together(classes_predicted(), "y_hat", "y")),
    },
    keeps=True,
    layout=["y_hat"],
    public={"y_hat": torch.tensor([[0.1, 0.9], [0.8, 0.2]]), "y": torch.tensor([1, 1])},
)


@probe
def counts_up_to(names, n, many, hits):
    """accuracy(y_hat, y)"""
    y = torch.arange(n) % 3
    counts = [names.accuracy(torch.where(torch.arange(n) < k, y, (y + 1) % 3), y) for k in range(n + 1)]
    y = torch.arange(many) % 2
    predicted = torch.where(torch.arange(many) < hits, y, 1 - y)
    at("accuracy(y_hat, y) with scores that require a gradient")  # noqa: F821
    scores = nn.functional.one_hot(predicted, 2).float().requires_grad_()
    return [counts, [names.accuracy(predicted, y), names.accuracy(scores, y)]]


@check("accuracy", points=1)
@given(n=st.sampled_from([41, 43]))
@settings(max_examples=2)
def test_accuracy_is_an_exact_count(submission, n):
    """The count is exact, whatever part of the batch is right, and among thousands of examples too."""
    counts, many = items_of(submission.run(counts_up_to, n, 4099, 4097), 2)
    for k, mine in enumerate(items_of(counts, n + 1)):
        close(mine, k, what=f"accuracy of {k} right predictions among {n}", rtol=0.0)
    for mine in items_of(many, 2):
        close(mine, 4097, what="accuracy of 4097 right predictions among 4099", rtol=0.0)


# Accumulator


@probe
def accumulated(names, rows, resets):
    """An Accumulator"""
    metric = names.Accumulator(len(rows[0]))
    for index, row in enumerate(rows):
        if index in resets:
            metric.reset()
        metric.add(*row)
    return [metric[i] for i in range(len(rows[0]))]


quarters = st.integers(-9, 9).map(lambda n: n / 4)
amounts = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(quarters, min_size=n, max_size=n), min_size=1, max_size=4)
)


@check("Accumulator", points=1)
@given(rows=amounts)
def test_accumulator_adds_up(submission, rows):
    """After several add(...), entry i is the sum of the i-th amounts."""
    sums = [sum(column) for column in zip(*rows, strict=True)]
    close(submission.run(accumulated, rows, []), sums, what="the accumulated sums")


@check("Accumulator", points=1)
@given(rows=amounts, when=st.integers(0, 3))
def test_accumulator_resets(submission, rows, when):
    """reset() sets every sum back to zero and keeps their number."""
    at = when % len(rows)
    sums = [sum(column) for column in zip(*rows[at:], strict=True)]
    close(submission.run(accumulated, rows, [at]), sums, what=f"the sums with reset() before row {at}")


@probe
def accumulated_tensors(names):
    """An Accumulator"""
    metric = names.Accumulator(2)
    metric.add(torch.tensor(1.5), 2)
    metric.add(0.5, torch.tensor(3))
    metric.add(torch.tensor([0.5, 1.0], requires_grad=True).sum(), 1)
    return [float(metric[0]), float(metric[1])]


@check("Accumulator", points=1)
def test_accumulator_takes_one_element_tensors(submission):
    """add(...) takes numbers and one-element tensors alike, such as a loss that requires a gradient."""
    close(submission.run(accumulated_tensors), [3.5, 6.0], what="the accumulated sums")


@probe
def two_accumulators(names):
    """An Accumulator"""
    one = names.Accumulator(2)
    one.add(1, 2)
    other = names.Accumulator(3)
    fresh = [float(other[i]) for i in range(3)]
    other.add(10, 20, 30)
    one.add(3, 4)
    other.reset()
    return [fresh, [float(one[i]) for i in range(2)], [float(other[i]) for i in range(3)]]


@check("Accumulator", points=1)
def test_accumulators_do_not_share_their_sums(submission):
    """A new accumulator starts at zero, and two accumulators do not disturb each other."""
    fresh, one, other = items_of(submission.run(two_accumulators), 3)
    close(fresh, [0.0, 0.0, 0.0], what="the sums of a new accumulator")
    close(one, [4.0, 6.0], what="after one.add(1, 2), other.add(10, 20, 30), one.add(3, 4) and other.reset(), one")
    close(
        other,
        [0.0, 0.0, 0.0],
        what="after one.add(1, 2), other.add(10, 20, 30), one.add(3, 4) and other.reset(), other",
    )


@probe
def long_sums(names):
    """An Accumulator"""
    metric = names.Accumulator(2)
    metric.add(2**24 + 1, 0.1)
    for _ in range(3):
        metric.add(1, 0.1)
    return [float(metric[0]) - 2**24, float(metric[1])]


@check("Accumulator", points=1)
def test_accumulator_keeps_double_precision(submission):
    """Sums of Python numbers keep their precision: counts above 16,777,216 go on growing by 1."""
    what = "the accumulated sums, the first less 16777216,"
    close(submission.run(long_sums), [4.0, 0.4], what=what, rtol=1e-12, atol=0.0)


@probe
def amount_afterwards(names, amount):
    """An Accumulator"""
    metric = names.Accumulator(2)
    metric.add(amount, 2)
    metric.add(amount, 3)
    added = float(amount)
    metric.reset()
    reset = float(amount)
    metric.add(amount, 4)
    amount.add_(10)
    return [added, reset, float(metric[0])]


@check("Accumulator", points=1)
def test_accumulator_leaves_its_amounts_alone(submission):
    """A tensor given to add(...) is not changed later, and changing it later does not change the sum."""
    for dtype in (torch.float32, F64):
        added, reset, total = items_of(submission.run(amount_afterwards, torch.tensor(1.5, dtype=dtype)), 3)
        close(added, 1.5, what="a tensor of 1.5 after two calls of add(...)")
        close(reset, 1.5, what="a tensor of 1.5, given to add(...), after reset()")
        close(total, 1.5, what="the sum of a tensor of 1.5 that grew after add(...)")


# evaluate_accuracy

EXAMPLES = st.shared(st.integers(2, 11), key="examples")
BATCHES = {"X": spread((EXAMPLES, 3, 2)), "batch_size": st.integers(2, 4)}
LABELS = labels(EXAMPLES, 4)


@probe
def evaluated(names, rig, X, batch_size, y):
    """evaluate_accuracy(net, data_iter)"""
    return names.evaluate_accuracy(rig.net, iter(rig.batches(X, y, batch_size)))


contract(
    "evaluate_accuracy",
    asked=evaluated,
    call="evaluate_accuracy(net, data_iter)",
    inputs={"X": BATCHES["X"], "batch_size": BATCHES["batch_size"], "y": LABELS},
    matches="The accuracy is taken over the examples of all batches, the smaller last one included.",
    keeps=True,
    modes="evaluation",
)


# train_epoch_ch3


@probe
def trained(names, rig, X, batch_size, y):
    """train_epoch_ch3(net, train_iter, loss, updater)"""
    return names.train_epoch_ch3(rig.net, rig.batches(X, y, batch_size), rig.loss, rig.updater)


contract(
    "train_epoch_ch3",
    asked=trained,
    call="train_epoch_ch3(net, train_iter, loss, updater)",
    inputs={"X": BATCHES["X"], "batch_size": st.just(16), "y": LABELS},
    matches="It returns the mean loss per example and the accuracy, both from before the update.",
    also={
        "batches": (
            "Over several batches they are those of the whole epoch, smaller last batch included.",
            {"batch_size": BATCHES["batch_size"]},
        ),
        "several_steps": ("Each batch of several takes a step of its own.", {"batch_size": BATCHES["batch_size"]}, "steps"),
    },
    about=["steps"],
    returns=["the mean loss per example", "the accuracy"],
    steps=True,
    zeroing=True,
    modes="training",
    keeps=True,
    changes=["net.linear.weight", "net.linear.bias"],
)


@probe
def trained_by_kind(names, W, X, y, kind):
    """train_epoch_ch3(net, train_iter, loss, optimiser)"""

    class Halving(torch.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            with torch.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p.sub_(group["lr"] * p.grad / 2)

    net = nn.Linear(*W.shape, bias=False, dtype=W.dtype)
    net.weight.data.copy_(W.T)
    optimiser = getattr(torch.optim, kind, Halving)(net.parameters(), lr=0.1)
    for _ in range(2):
        names.train_epoch_ch3(net, zip(X.split(2), y.split(2)), nn.CrossEntropyLoss(reduction="none"), optimiser)
    return net.weight.detach()


KINDS = st.sampled_from(["Adam", "AdamW", "RMSprop", "Adagrad", "a subclass of torch.optim.Optimizer"])


@check("train_epoch_ch3", points=1)
@settings(max_examples=8)
@given(W=spread((3, 4)), X=spread((3, 3)), y=labels(3, 4), kind=KINDS)
def test_train_epoch_with_any_optimiser(submission, reference, W, X, y, kind):
    """Adam, RMSprop and every other torch.optim.Optimizer, one of your own among them, take their steps."""
    args = (W, X, y, kind)
    what = f"the weight after two epochs with {kind}"
    close(submission.run(trained_by_kind, *args), reference.run(trained_by_kind, *args), what=what)


# predict_labels


@probe
def predicted(names, rig, X):
    """predict_labels(net, X)"""
    return names.predict_labels(rig.net, X)


contract(
    "predict_labels",
    asked=predicted,
    call="predict_labels(net, X)",
    inputs={"X": BATCHES["X"]},
    matches="The prediction is the index of each row's largest score, shape (n,), int64.",
    keeps=True,
    modes="evaluation",
)


@probe
def predicted_as_scored(names, X):
    """predict_labels(net, X)"""
    return [names.predict_labels(lambda X: X, X), X]


@check("predict_labels", points=1)
@given(X=tensors((st.integers(1, 5), st.integers(2, 4)), elements=st.integers(-2, 0).map(float)))
@settings(max_examples=10)
def test_predict_labels_of_ties(submission, X):
    """Where several scores of a row are largest, the row still gets one label, and it is one of theirs."""
    what = "predict_labels(net, X), with ties among the scores X,"
    mine, after = items_of(submission.run(predicted_as_scored, X), 2)
    mine = tensor_of(mine, shape=(len(X),), dtype=torch.int64, what=what)
    expect(((mine >= 0) & (mine < X.shape[1])).all(), "must be class indices", got=mine, what=what)
    chosen = X.gather(1, mine[:, None])[:, 0]
    expect((chosen == X.amax(dim=1)).all(), "must point to a largest score in every row", got=mine, what=what)
    equal(after, X, what="X after predict_labels(net, X) with a net that returns X itself")
