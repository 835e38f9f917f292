"""Hidden suite: softmax regression with torch's own layers."""

import torch
from torch import nn

from autograder.suite import (
    EXTREME,
    check,
    close,
    contract,
    distributions,
    equal,
    expect,
    expect_normal,
    given,
    items_of,
    labels,
    logits,
    probe,
    settings,
    spread,
    st,
    tensor_of,
    tensors,
    together,
)

F64 = torch.float64
SIZES = st.integers(2, 5)
ROWS, CLASSES = st.shared(SIZES, key="rows"), st.shared(SIZES, key="classes")
ONE_OR_TWO = st.shared(st.integers(1, 2), key="few")


# one_hot

contract(
    "one_hot",
    inputs={"y": labels(ROWS, CLASSES), "num_classes": CLASSES},
    matches="Row i of one_hot(y, num_classes) has a 1 in column y[i] and 0 everywhere else.",
    also={
        "absent": (
            "Classes that do not occur in y have a column too.",
            {"y": labels(ROWS, 2), "num_classes": st.integers(3, 12)},
        ),
        "single": ("There may be one example, and one class.", {"y": labels(1, 1), "num_classes": st.integers(1, 2)}),
    },
    keeps=True,
    public={"y": torch.tensor([2, 0]), "num_classes": 3},
)


# init_weights


@probe
def initialised(names, width):
    """net.apply(init_weights)"""
    net = nn.Sequential(
        nn.Linear(width, 50),
        nn.Sequential(nn.ReLU(), nn.Linear(50, 60), nn.BatchNorm1d(60)),
        nn.Conv2d(2, 3, 2),
        nn.Embedding(4, 5),
    )
    before = {name: value.detach().clone() for name, value in net.state_dict().items()}
    net.apply(names.init_weights)
    return [before, {name: value.detach() for name, value in net.state_dict().items()}]


LINEAR = ("0.weight", "1.1.weight")


@check("init_weights", points=2)
@settings(max_examples=2)
@given(width=st.sampled_from([40, 80]))
def test_linear_weights_are_drawn_with_standard_deviation_one_hundredth(submission, width):
    """The weights of all linear layers come from a normal distribution with mean 0 and standard deviation 0.01."""
    _, after = items_of(submission.run(initialised, width), 2)
    for name in LINEAR:
        weight = tensor_of(after[name], what=f"{name} after net.apply(init_weights)")
        expect_normal(weight.flatten().double(), 0.01, what=f"{name} after net.apply(init_weights)")


@check("init_weights", points=1)
@settings(max_examples=2)
@given(width=st.sampled_from([40, 80]))
def test_everything_else_stays(submission, width):
    """Biases and other kinds of layers stay as they were, while the linear weights change."""
    before, after = items_of(submission.run(initialised, width), 2)
    changed = sorted(name for name in before if not torch.equal(before[name], after[name]))
    expect(set(LINEAR) <= set(changed), "must change", what="the weights of both linear layers")
    for name in sorted(set(before) - set(LINEAR)):
        equal(after[name], before[name], what=f"{name} after net.apply(init_weights)")


# make_net


@probe
def made(names, X, sizes):
    """net = make_net(...)"""
    net, other = names.make_net(*sizes), names.make_net(*sizes)
    [layer] = [m for m in net.modules() if isinstance(m, nn.Linear)]
    W, b = layer.weight.detach(), layer.bias.detach()
    return {
        "output": net(X),
        "right": X.flatten(1) @ W.T + b,
        "weight": W,
        "other": next(m for m in other.modules() if isinstance(m, nn.Linear)).weight.detach(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "trainable": all(p.requires_grad for p in net.parameters()),
    }


@check("make_net", points=2)
@settings(max_examples=6)
@given(X=spread((SIZES, 1, 3, 4), dtype=torch.float32), num_outputs=st.integers(2, 6))
def test_net_flattens_and_maps_linearly(submission, X, num_outputs):
    """make_net(12, q) flattens images of 3 × 4 pixels and maps them linearly to q logits."""
    found = submission.run(made, X, [12, num_outputs])
    what = "net(X) with net = make_net(12, q)"
    close(tensor_of(found["output"], shape=(len(X), num_outputs), what=what), found["right"], what=what)
    expect(
        found["parameters"] == 13 * num_outputs,
        "must be those of one linear layer",
        what="the parameters of make_net(12, q)",
    )
    expect(found["trainable"], "must all be trained (requires_grad)", what="the parameters of make_net(12, q)")


@check("make_net", points=1)
@settings(max_examples=1)
@given(X=spread((3, 1, 28, 28), dtype=torch.float32))
def test_net_is_made_for_fashion_mnist(submission, X):
    """make_net() maps images of 28 × 28 pixels to 10 logits."""
    found = submission.run(made, X, [])
    tensor_of(found["weight"], shape=(10, 784), what="the weight of make_net()")
    close(tensor_of(found["output"], shape=(3, 10), what="make_net()(X)"), found["right"], what="make_net()(X)")


@check("make_net", points=1)
@settings(max_examples=2)
@given(num_outputs=st.integers(4, 6))
def test_net_is_initialised(submission, num_outputs):
    """init_weights was applied: the weight has the standard deviation 0.01 and is drawn anew for each net."""
    found = submission.run(made, torch.zeros(1, 600), [600, num_outputs])
    weight = tensor_of(found["weight"], shape=(num_outputs, 600), what="the weight of make_net(600, q)")
    expect_normal(weight.flatten().double(), 0.01, what="the weight of make_net(600, q)")
    expect(
        not torch.equal(weight, found["other"]),
        "must differ from that of another net",
        what="the weight of make_net(600, q)",
    )


# cross_entropy_from_logits

far_apart = st.sampled_from([-200.0, -30.0, 0.0, 40.0, 300.0])

contract(
    "cross_entropy_from_logits",
    inputs={"logits": logits(ROWS, CLASSES), "y": labels(ROWS, CLASSES)},
    matches="The loss of a row is log(sum of exp(logits)) minus the logit of the true class.",
    also={
        "single": (
            "There may be one example, and one class.",
            {"logits": logits(ONE_OR_TWO, ONE_OR_TWO), "y": labels(ONE_OR_TWO, ONE_OR_TWO)},
        ),
        "extreme": ("The losses are right, and finite, for logits of 1000 or -50000 too.", {"logits": logits(ROWS, CLASSES, elements=EXTREME, dtype=F64)}),
        "far_apart": (
            "Gradients are right, and finite, where the logits of a row are far apart.",
            {"logits": logits(ROWS, CLASSES, elements=far_apart, dtype=torch.float32)},
            "gradient",
        ),
    },
    gradient=["logits"],
    keeps=True,
    public={"logits": torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]]), "y": torch.tensor([0, 2])},
)  # fmt: skip


@probe
def losses_and_shifted(names, logits, y, shift):
    """cross_entropy_from_logits(logits, y)"""
    equal = torch.zeros_like(logits)
    return [names.cross_entropy_from_logits(each, y) for each in (logits, logits + shift, equal)]


@check("cross_entropy_from_logits", points=1)
@settings(max_examples=12)
@given(logits=spread((ROWS, CLASSES)), y=labels(ROWS, CLASSES), shift=st.sampled_from([-100.0, 7.0, 2000.0]))
def test_losses_ignore_a_shift_and_are_log_q_for_equal_logits(submission, logits, y, shift):
    """A number added to all logits changes nothing, no loss is negative, and equal logits of q classes cost log q."""
    losses, shifted, even = items_of(submission.run(losses_and_shifted, logits, y, shift), 3)
    what = "cross_entropy_from_logits(logits, y)"
    losses = tensor_of(losses, shape=y.shape, what=what)
    expect((losses >= 0).all(), "must not be negative", got=losses, what=what)
    close(shifted, losses, what="cross_entropy_from_logits(logits + shift, y)")
    log_q = torch.full(y.shape, float(logits.shape[1]), dtype=F64).log()
    close(even, log_q, what="cross_entropy_from_logits(0 * logits, y)")


# cross_entropy_grad

contract(
    "cross_entropy_grad",
    inputs={"logits": logits(ROWS, CLASSES), "y": labels(ROWS, CLASSES)},
    matches="The derivative is softmax(logits), less 1 at the true class.",
    also={
        "single": (
            "There may be one example, and one class.",
            {"logits": logits(ONE_OR_TWO, ONE_OR_TWO), "y": labels(ONE_OR_TWO, ONE_OR_TWO)},
        ),
        "extreme": ("The derivative is right, and finite, for logits of 1000 or -50000 too.", {"logits": logits(ROWS, CLASSES, elements=EXTREME, dtype=F64)}),
    },
    keeps=True,
    public={"logits": torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]]), "y": torch.tensor([0, 2])},
)  # fmt: skip


@check("cross_entropy_grad", points=1)
@settings(max_examples=12)
@given(logits=spread((ROWS, CLASSES)), y=labels(ROWS, CLASSES))
def test_rows_of_the_derivative_sum_to_zero(submission, logits, y):
    """Each row sums to 0, with one negative entry: that of the true class."""
    grad = tensor_of(submission.cross_entropy_grad(logits, y), shape=logits.shape)
    close(grad.sum(dim=1), torch.zeros(len(y), dtype=F64), what="cross_entropy_grad(logits, y).sum(dim=1)")
    equal((grad < 0).double().argmax(dim=1), y, what="the column of the first negative entry of each row")


# entropy_between


@st.composite
def pairs(draw, rows=ROWS, classes=CLASSES, zero=""):
    """Two distributions a row, of one dtype. zero: those of which the first column is 0 ("p", "t" or "pt")."""
    p, t = draw(distributions(rows, classes)), draw(distributions(rows, classes))
    t = t.to(p.dtype)
    for name, each in (("p", p), ("t", t)):
        if name in zero:
            each[:, 0] = 0
            each /= each.sum(dim=1, keepdim=True)
    return p, t


contract(
    "entropy_between",
    inputs=together(pairs(), "p", "t"),
    matches="H(p, t) is minus the sum of p log t over each row, with the natural logarithm.",
    also={
        "zeros": ("Where p is 0 the term is 0, even if t is 0 too.", together(st.one_of(pairs(zero="p"), pairs(zero="pt")), "p", "t")),
        "impossible": ("It is infinite where t is 0 and p is not.", together(pairs(zero="t"), "p", "t")),
        "single": ("There may be one row, and one class.", together(pairs(ONE_OR_TWO, ONE_OR_TWO), "p", "t")),
    },
    keeps=True,
)  # fmt: skip


@probe
def entropies(names, p, t):
    """entropy_between(p, t)"""
    return [names.entropy_between(p, t), names.entropy_between(p, p)]


@check("entropy_between", points=1)
@settings(max_examples=12)
@given(pair=pairs())
def test_nobody_is_less_surprised_than_who_knows_the_truth(submission, pair):
    """H(p, t) is at least H(p, p), the entropy of p."""
    p, t = pair
    between, own = items_of(submission.run(entropies, p, t), 2)
    own = tensor_of(own, shape=(len(p),), what="entropy_between(p, p)")
    close(own, torch.special.entr(p).sum(dim=1), what="entropy_between(p, p)")
    between = tensor_of(between, shape=(len(p),), what="entropy_between(p, t)")
    expect(
        (between >= own - 1e-9).all(),
        "must not be less than entropy_between(p, p)",
        got=between,
        what="entropy_between(p, t)",
    )


# binary_as_softmax


@check("binary_as_softmax", points=4)
@settings(max_examples=15)
@given(
    x=tensors((st.integers(1, 5),), elements=st.sampled_from([-30.0, -2.0, -0.5, 0.0, 0.25, 1.0, 3.0, 20.0]), dtype=F64)
)
def test_softmax_of_two_logits_is_the_sigmoid(submission, x):
    """softmax(binary_as_softmax(x)) is [sigmoid(x), 1 − sigmoid(x)]."""
    two = tensor_of(submission.binary_as_softmax(x), shape=(len(x), 2))
    wanted = torch.stack([x.sigmoid(), (-x).sigmoid()], dim=1)
    close(two.double().softmax(dim=1), wanted, what="softmax of binary_as_softmax(x)", rtol=1e-5)


# train_ch3

EXAMPLES = st.shared(st.integers(3, 8), key="examples")


@probe
def trained(names, rig, X, batch_size, y, test_X, test_y, num_epochs):
    """train_ch3(net, train_iter, test_iter, loss, num_epochs, updater)"""
    batches = rig.batches(X, y, batch_size), rig.batches(test_X, test_y, 4)
    return names.train_ch3(rig.net, *batches, rig.loss, num_epochs, rig.updater)


contract(
    "train_ch3",
    asked=trained,
    call="train_ch3(net, train_iter, test_iter, loss, num_epochs, updater)",
    inputs={
        "X": spread((EXAMPLES, 3, 2)),
        "batch_size": st.integers(2, 4),
        "y": labels(EXAMPLES, 4),
        "test_X": spread((7, 3, 2)),
        "test_y": labels(7, 4),
        "num_epochs": st.integers(1, 3),
    },
    matches="Each epoch gives its training loss and accuracy, and then the accuracy on test_iter.",
    about=["steps"],
    steps=True,
    keeps=True,
    changes=["net.linear.weight", "net.linear.bias"],
)
