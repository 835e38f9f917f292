"""Hidden suite: linear regression with torch's own layers."""

import torch
from torch import nn

from autograder.suite import (
    check,
    close,
    contract,
    equal,
    expect,
    expect_normal,
    given,
    items_of,
    probe,
    settings,
    spread,
    st,
    tensor_of,
)

F64 = torch.float64


# load_array

ROWS = st.shared(st.integers(3, 9), key="rows")


@probe
def loaded_in_order(names, X, y, batch_size):
    """list(load_array((X, y), batch_size, is_train=False))"""
    return [list(batch) for batch in names.load_array((X, y), batch_size, is_train=False)]


contract(
    "load_array",
    asked=loaded_in_order,
    call="list(load_array((X, y), batch_size, is_train=False))",
    inputs={"X": spread((ROWS, 2)), "y": spread((ROWS, 1)), "batch_size": st.integers(2, 4)},
    matches="Without is_train the batches hold the rows in their order, all of them, the last batch perhaps fewer.",
    also={
        "large": (
            "A batch may be larger than the data, or hold a single row.",
            {"batch_size": st.sampled_from([1, 10])},
        ),
    },
    keeps=True,
)


@probe
def loaded(names, n, batch_size, arrays):
    """load_array(data_arrays, batch_size)"""
    rows = torch.arange(n)
    loader = names.load_array([rows + 1000 * place for place in range(arrays)], batch_size)
    return [[list(batch) for batch in loader] for _ in range(3)]


def _passes(submission, n, batch_size, arrays):
    """What each of three passes over training data gave: the sizes of its batches, and a row for each of the arrays."""
    for batches in items_of(submission.run(loaded, n, batch_size, arrays), 3):
        parts = [[tensor_of(part) for part in items_of(batch, arrays, what="a batch")] for batch in items_of(batches)]
        expect(parts, "must hold rows", got=batches, what="a pass over the loader")
        yield [len(part[0]) for part in parts], [torch.cat([part[place] for part in parts]) for place in range(arrays)]


@check("load_array", points=2)
@settings(max_examples=8)
@given(n=st.integers(5, 9), batch_size=st.integers(2, 4), arrays=st.integers(1, 3))
def test_training_passes_hold_every_row_once_and_in_step(submission, n, batch_size, arrays):
    """In training each pass holds every row once, batch_size at a time, and all arrays stay in step."""
    for sizes, columns in _passes(submission, n, batch_size, arrays):
        what = f"a pass over load_array(data_arrays, {batch_size}) with rows 0 to {n - 1}, sorted,"
        equal(columns[0].sort().values, torch.arange(n), what=what)
        expect(
            set(sizes[:-1]) <= {batch_size}, f"must have {batch_size} rows", got=sizes, what="each batch but the last"
        )
        for place, column in enumerate(columns):
            equal(column - 1000 * place, columns[0], what=f"what belongs to these rows in array {place}")


@check("load_array", points=2)
@settings(max_examples=2)
@given(batch_size=st.sampled_from([7, 40]))
def test_training_passes_differ_in_their_order(submission, batch_size):
    """In training the order is random, and another one in each pass."""
    orders = [columns[0].tolist() for _, columns in _passes(submission, 40, batch_size, 1)]
    what = "the order of 40 rows in three passes"
    expect(orders[0] != sorted(orders[0]), "must not be the order in which they lie", what=what)
    # Two orders of 40 rows are the same once in 10^47 times.
    expect(orders[0] != orders[1] and orders[1] != orders[2], "must be another one each time", what=what)


# make_net


@probe
def made(names, in_features, X):
    """net = make_net(in_features)"""
    net, other = names.make_net(in_features), names.make_net(in_features)
    weight, bias = net[0].weight.detach().clone(), net[0].bias.detach().clone()
    net = net.to(X.dtype)
    return {
        "kinds": [isinstance(net, nn.Sequential), len(net), isinstance(net[0], nn.Linear)],
        "weight": weight,
        "bias": bias,
        "other": other[0].weight.detach(),
        "trainable": [p.requires_grad for p in net.parameters()],
        "output": net(X),
        "right": X @ net[0].weight.detach().T + net[0].bias.detach(),
    }


@check("make_net", points=2)
@given(
    in_features=st.shared(st.integers(2, 6), key="d"),
    X=spread((st.integers(2, 5), st.shared(st.integers(2, 6), key="d"))),
)
@settings(max_examples=8)
def test_net_is_one_linear_layer(submission, in_features, X):
    """make_net(in_features) is an nn.Sequential with one linear layer from in_features numbers to one, and a bias of 0."""
    found = submission.run(made, in_features, X)
    sequential, count, linear = found["kinds"]
    expect(sequential is True, "must be an nn.Sequential", what="make_net(in_features)")
    expect(linear is True and count == 1, "must hold one nn.Linear and nothing else", what="make_net(in_features)")
    tensor_of(found["weight"], shape=(1, in_features), what="net[0].weight")
    close(found["bias"], torch.zeros(1), what="net[0].bias")
    close(found["trainable"], [True, True], what="whether weight and bias are trained (requires_grad)")
    close(found["output"], found["right"], what="net(X)")


@check("make_net", points=3)
@settings(max_examples=2)
@given(in_features=st.sampled_from([2000, 3000]))
def test_weights_are_drawn_with_standard_deviation_one_hundredth(submission, in_features):
    """The weights come from a normal distribution with mean 0 and standard deviation 0.01, anew for each net."""
    found = submission.run(made, in_features, torch.zeros(1, in_features))
    weight = tensor_of(found["weight"], shape=(1, in_features), what="net[0].weight")
    expect_normal(weight.flatten().double(), 0.01, what="net[0].weight")
    expect(not torch.equal(weight, found["other"]), "must differ from those of another net", what="net[0].weight")


# train_concise

EXAMPLES = st.shared(st.integers(3, 8), key="examples")


@probe
def trained(names, rig, X, batch_size, y, lr, num_epochs):
    """train_concise(net, data_iter, lr, num_epochs)"""
    return names.train_concise(rig.net, rig.batches(X, y, batch_size), lr, num_epochs)


contract(
    "train_concise",
    asked=trained,
    call="train_concise(net, data_iter, lr, num_epochs)",
    inputs={
        "X": spread((EXAMPLES, 3, 2)),
        "batch_size": st.integers(2, 4),
        "y": spread((EXAMPLES, 4)),
        "lr": st.sampled_from([0.125, 0.25]),
        "num_epochs": st.integers(1, 2),
    },
    matches="The list holds the mean squared error over all rows after each epoch.",
    also={"more": ("Each further epoch goes on where the last one ended.", {"num_epochs": st.just(3)}, "steps")},
    about=["steps"],
    steps=True,
    zeroing=True,
    keeps=True,
    changes=["net.linear.weight", "net.linear.bias"],
)


@probe
def learned(names, w, b):
    """train_concise(net, data_iter, 0.03, 3) on 1000 rows"""
    X = torch.randn(1000, len(w))
    y = (X @ w + b + 0.01 * torch.randn(1000)).reshape(-1, 1)
    net = nn.Sequential(nn.Linear(len(w), 1))
    net[0].weight.data.normal_(0, 0.01)
    net[0].bias.data.fill_(0)
    losses = names.train_concise(net, list(zip(X.split(10), y.split(10))), 0.03, 3)
    return [[float(value) for value in losses], net[0].weight.detach().flatten(), net[0].bias.detach()]


@check("train_concise", points=2)
@settings(max_examples=1)
@given(w=st.just(torch.tensor([2.0, -3.4])), b=st.just(4.2))
def test_training_finds_the_line(submission, w, b):
    """After three epochs on 1000 rows, weights and bias are within 0.02 of those that made the labels."""
    losses, weight, bias = items_of(submission.run(learned, w, b), 3)
    what = "after train_concise(net, data_iter, 0.03, 3) on 1000 rows"
    close(tensor_of(weight, shape=(2,), what=f"net[0].weight {what}"), w, atol=0.02, what=f"net[0].weight {what}")
    close(
        tensor_of(bias, shape=(1,), what=f"net[0].bias {what}"),
        torch.tensor([b]),
        atol=0.02,
        what=f"net[0].bias {what}",
    )
    expect(losses[-1] <= losses[0], "must be no larger than the first", got=losses, what=f"the last loss {what}")
