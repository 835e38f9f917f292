"""Hidden suite: softmax regression from scratch."""

import torch
from torch import nn

from autograder.suite import (
    EXTREME,
    FLOATS,
    check,
    close,
    different,
    distributions,
    eighths,
    equal,
    expect,
    given,
    items_of,
    labels,
    logits,
    matrices,
    number_of,
    probe,
    settings,
    spread,
    st,
    tensor_of,
    tensors,
)

F64 = torch.float64
SETTINGS = ("torch.is_grad_enabled()", "torch.get_default_dtype()")
MODEL_SETTINGS = ("net.weight.requires_grad", *SETTINGS, "torch.is_grad_enabled(), off before,")
few = settings(max_examples=10)


def afterwards(call, *names):
    return [f"{name} after {call}" for name in names]


def agree(submission, reference, probe, args, names):
    """What a probe returns, item by item, is what it returns with the reference."""
    mine, right = submission.run(probe, *args), reference.run(probe, *args)
    for name, got, want in zip(names, items_of(mine, len(names)), right, strict=True):
        close(got, want, what=name, rtol=1e-4 if isinstance(want, list) else None)


# softmax


@check("softmax", points=2)
@given(X=logits())
def test_softmax_matches_its_definition(submission, reference, X):
    """Each row of softmax(X) is exp(x) divided by the row's sum of exp."""
    close(submission.softmax(X), reference.softmax(X))


@check("softmax", points=1)
@given(X=logits(classes=st.integers(1, 6), dtype=F64))
def test_softmax_rows_sum_to_one(submission, X):
    """Every row of softmax(X) is positive and sums to 1."""
    probabilities = tensor_of(submission.softmax(X), shape=X.shape, dtype=X.dtype)
    expect((probabilities > 0).all(), "must be positive everywhere", got=probabilities)
    close(probabilities.sum(dim=1), torch.ones(len(X), dtype=F64), what="softmax(X).sum(dim=1)")


@check("softmax", points=2)
@given(X=logits(classes=st.integers(2, 5), elements=EXTREME))
def test_softmax_of_large_logits_stays_finite(submission, reference, X):
    """softmax(X) is right, and finite, for logits of 1000 or -50000 too."""
    close(submission.softmax(X), reference.softmax(X))


@check("softmax", points=1)
@given(X=logits(dtype=F64), shift=tensors((st.just(1),), dtype=F64, layouts=False))
def test_softmax_ignores_a_shift(submission, X, shift):
    """Adding the same number to every logit changes nothing."""
    before = tensor_of(submission.softmax(X), shape=X.shape)
    close(submission.softmax(X + shift), before)


# Their differences overflow in float32; the logits themselves do not, for which another check stands.
far_apart = st.sampled_from([0.0, 1.0, 80.0, -80.0])


@check("softmax", points=1)
@given(X=logits(dtype=F64) | logits(classes=st.integers(2, 5), elements=far_apart, dtype=torch.float32))
def test_softmax_gradient(submission, reference, X):
    """Gradients flow through softmax(X) to X, where the logits of a row are far apart too."""
    mine, right = submission.softmax.vjp(X), reference.softmax.vjp(X)
    close(mine.output, right.output)
    close(mine.inputs[0], right.inputs[0], what="the gradient of softmax(X) with respect to X")


@probe
def input_after_softmax(names, X):
    """softmax(X)"""
    names.softmax(X)
    return X


@check("softmax", points=1)
@given(X=logits())
def test_softmax_leaves_its_input_alone(submission, X):
    """X is the same after softmax(X) as before."""
    equal(submission.run(input_after_softmax, X), X, what="X after softmax(X)")


@probe
def softmax_of_two(names, X, Z):
    """softmax(X)"""
    first = names.softmax(X)
    second = names.softmax(Z)
    return [first, second, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("softmax", points=1)
@few
@given(X=logits(3, 4), Z=logits(3, 4))
def test_softmax_leaves_nothing_behind(submission, reference, X, Z):
    """Two calls of softmax have results of their own, and torch's settings stay as they are."""
    names = ["softmax(X), looked at after softmax(Z),", *afterwards("softmax(X)", "softmax(Z)", *SETTINGS)]
    agree(submission, reference, softmax_of_two, (X, Z), names)


# cross_entropy


@check("cross_entropy", points=2)
@given(y_hat=distributions(), first=st.integers(0, 4))
def test_cross_entropy_is_minus_log_of_the_true_class(submission, reference, y_hat, first):
    """cross_entropy(y_hat, y) is -log of the probability given to the true class, one loss per example."""
    y = torch.arange(first, first + len(y_hat)) % y_hat.shape[1]
    close(submission.cross_entropy(y_hat, y), reference.cross_entropy(y_hat, y), what="cross_entropy(y_hat, y)")


@check("cross_entropy", points=1)
@given(y_hat=distributions(rows=st.integers(2, 5)))
def test_cross_entropy_of_a_certain_hit_is_zero(submission, y_hat):
    """The loss is 0 where the true class has probability 1, and positive elsewhere."""
    y = y_hat.argmin(dim=1)
    certain = torch.cat([torch.nn.functional.one_hot(y[:1], y_hat.shape[1]).to(y_hat.dtype), y_hat[1:]])
    what = "cross_entropy(y_hat, y), with a probability of 1 for the true class in the first row,"
    losses = tensor_of(submission.cross_entropy(certain, y), shape=(len(y),), what=what)
    expect(losses[0].abs() < 1e-6, "must be 0 in the first row", got=losses, what=what)
    expect((losses[1:] > 0).all(), "must be positive in all other rows", got=losses, what=what)


@check("cross_entropy", points=1)
@given(y_hat=distributions(rows=st.integers(1, 4), classes=st.just(3)), impossible=st.booleans())
def test_cross_entropy_gradient(submission, reference, y_hat, impossible):
    """Gradients flow from the losses to y_hat, to the true class only, also where another class has probability 0."""
    y = torch.arange(len(y_hat)) % 3
    if impossible:
        y_hat = y_hat.scatter(1, (y[:, None] + 1) % 3, 0)
        y_hat = y_hat / y_hat.sum(dim=1, keepdim=True)
    mine, right = submission.cross_entropy.vjp(y_hat, y), reference.cross_entropy.vjp(y_hat, y)
    close(mine.output, right.output, what="cross_entropy(y_hat, y)")
    close(mine.inputs[0], right.inputs[0], what="the gradient of cross_entropy(y_hat, y) with respect to y_hat")


@check("cross_entropy", points=1)
@settings(max_examples=15)
@given(y_hat=distributions(), tiny=st.sampled_from([1e-3, 1e-6, 1e-9, 2e-12]))
def test_cross_entropy_of_a_tiny_probability(submission, reference, y_hat, tiny):
    """A true class of probability 1e-6 or 2e-12 has a loss of its own size, in float32 and float64."""
    y = y_hat.argmin(dim=1)
    others = y_hat.scatter(1, y[:, None], 0)
    y_hat = (others * (1 - tiny) / others.sum(dim=1, keepdim=True)).scatter(1, y[:, None], tiny)
    close(submission.cross_entropy(y_hat, y), reference.cross_entropy(y_hat, y), what="cross_entropy(y_hat, y)")


@probe
def cross_entropy_of_two(names, y_hat, y, other):
    """cross_entropy(y_hat, y)"""
    first = names.cross_entropy(y_hat, y)
    second = names.cross_entropy(y_hat, other)
    return [first, second, y_hat, y, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("cross_entropy", points=1)
@few
@given(y_hat=distributions(rows=4, classes=3), y=labels(4, 3), other=labels(4, 3))
def test_cross_entropy_leaves_its_arguments_alone(submission, reference, y_hat, y, other):
    """y_hat and y are the same after a call, two calls have results of their own, and torch's settings stay."""
    call = "cross_entropy(y_hat, y)"
    names = [f"{call}, looked at after cross_entropy(y_hat, z),"]
    names += afterwards(call, "cross_entropy(y_hat, z)", "y_hat", "y", *SETTINGS)
    agree(submission, reference, cross_entropy_of_two, (y_hat.T.contiguous().T, y, other), names)


# net


@check("net", points=2)
@given(X=spread((st.integers(1, 5), 4)), W=spread((4, st.integers(2, 5))), largest=eighths(-1, 4))
def test_net_is_softmax_of_a_linear_layer(submission, reference, X, W, largest):
    """net(X, W, b) is the softmax of X W + b."""
    b = torch.linspace(-1, largest, W.shape[1], dtype=F64)
    close(submission.net(X, W, b), reference.net(X, W, b), what="net(X, W, b)")


image_shapes = st.tuples(st.integers(1, 4), st.integers(1, 3), st.just(2), st.just(3))
other_shapes = st.tuples(st.integers(1, 4), st.integers(2, 4), st.just(3))


@check("net", points=1)
@given(X=tensors(image_shapes | other_shapes), W=spread((18, 3)))
def test_net_flattens_images(submission, reference, X, W):
    """Images of shape (n, c, h, w), and examples of any other shape, are flattened to rows first."""
    W = W[: X[0].numel()].to(X.dtype)
    b = torch.tensor([0.5, 0.0, -0.5], dtype=X.dtype)
    close(submission.net(X, W, b), reference.net(X, W, b), what="net(X, W, b)")


@check("net", points=1)
@few
@given(X=matrices(columns=3, elements=EXTREME, dtype=F64), W=spread((3, 4)))
def test_net_of_large_logits_stays_finite(submission, reference, X, W):
    """net(X, W, b) is right, and finite, where X W + b has entries of 1000 or -50000."""
    b = torch.linspace(-1, 1, 4, dtype=F64)
    close(submission.net(X, W, b), reference.net(X, W, b), what="net(X, W, b)")


@check("net", points=1)
@given(X=spread((st.integers(1, 4), 3)), W=spread((3, 4)))
def test_net_gradient_reaches_the_parameters(submission, reference, X, W):
    """Gradients flow from net(X, W, b) to W and b."""
    b = torch.zeros(4, dtype=F64)
    mine, right = submission.net.vjp(X, W, b), reference.net.vjp(X, W, b)
    close(mine.output, right.output, what="net(X, W, b)")
    close(mine.inputs[1:], right.inputs[1:], what="the gradients of net(X, W, b) with respect to (W, b)")


@probe
def net_of_two(names, X, Z, W, b):
    """net(X, W, b)"""
    first = names.net(X, W, b)
    second = names.net(Z, W, b)
    return [first, second, X, W, b, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("net", points=1)
@few
@given(X=tensors((3, 1, 2, 2), dtype=F64), Z=tensors((3, 1, 2, 2), dtype=F64), W=spread((4, 3)))
def test_net_leaves_its_arguments_alone(submission, reference, X, Z, W):
    """X, W and b are the same after a call, two calls have results of their own, and torch's settings stay."""
    call = "net(X, W, b)"
    names = [f"{call}, looked at after net(Z, W, b),"]
    names += afterwards(call, "net(Z, W, b)", "X", "W", "b", *SETTINGS)
    agree(submission, reference, net_of_two, (X, Z, W, torch.linspace(-1, 1, 3, dtype=F64)), names)


# accuracy


@check("accuracy", points=2)
@given(y_hat=spread((st.integers(1, 6), st.integers(2, 5))), offset=st.integers(0, 1), dtype=FLOATS)
def test_accuracy_counts_correct_rows(submission, reference, y_hat, offset, dtype):
    """accuracy(y_hat, y) is the number of rows whose largest score stands at the true class."""
    y_hat = y_hat.to(dtype)
    y = torch.where(torch.arange(len(y_hat)) % 2 == offset, y_hat.argmax(dim=1), y_hat.argmin(dim=1))
    close(submission.accuracy(y_hat, y), reference.accuracy(y_hat, y), what="accuracy(y_hat, y)")


@check("accuracy", points=1)
@given(y_hat=labels(st.integers(1, 6), 3), wrong=st.integers(0, 6))
def test_accuracy_takes_class_indices(submission, reference, y_hat, wrong):
    """y_hat may hold predicted classes instead of scores."""
    y = y_hat.clone()
    y[:wrong] = (y[:wrong] + 1) % 3
    close(submission.accuracy(y_hat, y), reference.accuracy(y_hat, y), what="accuracy(y_hat, y)")


@check("accuracy", points=1)
@given(count=st.integers(2, 8))
def test_accuracy_of_perfect_predictions_is_their_number(submission, count):
    """n right predictions count n, whatever n is."""
    y = torch.arange(count)
    close(submission.accuracy(torch.eye(count), y), count, what=f"accuracy of {count} right predictions")


@probe
def counts_up_to(names, n):
    """accuracy(y_hat, y)"""
    y = torch.arange(n) % 3
    return [names.accuracy(torch.where(torch.arange(n) < k, y, (y + 1) % 3), y) for k in range(n + 1)]


@probe
def count_of_many(names, n, hits):
    """accuracy(y_hat, y)"""
    y = torch.arange(n) % 2
    predicted = torch.where(torch.arange(n) < hits, y, 1 - y)
    return [names.accuracy(predicted, y), names.accuracy(nn.functional.one_hot(predicted, 2).float(), y)]


@check("accuracy", points=1)
def test_accuracy_is_an_exact_count(submission):
    """The count is exact, whatever part of the batch is right, and among thousands of examples too."""
    for n in (41, 43):
        for k, mine in enumerate(items_of(submission.run(counts_up_to, n), n + 1)):
            close(mine, k, what=f"accuracy of {k} right predictions among {n}", rtol=0.0)
    for mine in items_of(submission.run(count_of_many, 4099, 4097), 2):
        close(mine, 4097, what="accuracy of 4097 right predictions among 4099", rtol=0.0)


@probe
def accuracy_of_two(names, y_hat, y, other):
    """accuracy(y_hat, y)"""
    scores = y_hat.clone().requires_grad_()
    counts = [float(names.accuracy(*pair)) for pair in ((y_hat, y), (other, y), (y_hat, other), (scores, y))]
    return [counts, y_hat, y, other, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("accuracy", points=1)
@few
@given(y_hat=spread((4, 3)), y=labels(4, 3), other=labels(4, 3), dtype=FLOATS)
def test_accuracy_leaves_its_arguments_alone(submission, reference, y_hat, y, other, dtype):
    """Scores and classes are the same after a call, a second call is right, and torch's settings stay."""
    call = "accuracy(y_hat, y)"
    names = ["the counts of accuracy(y_hat, y), accuracy(z, y), accuracy(y_hat, z) and again accuracy(y_hat, y)"]
    names += afterwards(call, "y_hat", "y", "z", *SETTINGS)
    agree(submission, reference, accuracy_of_two, (y_hat.to(dtype).T.contiguous().T, y, other), names)


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


@probe
def evaluated(names, W, X, y, batch_size):
    """evaluate_accuracy(net, data_iter)"""
    batches = list(zip(X.split(batch_size), y.split(batch_size)))
    return names.evaluate_accuracy(lambda X: X.mean(dim=2) @ W, iter(batches))


@check("evaluate_accuracy", points=2)
@given(W=spread((3, 4)), X=spread((st.integers(1, 11), 3, 2)), batch_size=st.integers(1, 4))
def test_evaluate_accuracy_covers_every_batch(submission, reference, W, X, batch_size):
    """The accuracy is taken over the examples of all batches, the smaller last one included."""
    y = (X.mean(dim=2) @ W).argmax(dim=1)
    y[::3] = (y[::3] + 1) % 4
    args = (W, X, y, batch_size)
    mine = number_of(submission.run(evaluated, *args), what="evaluate_accuracy(net, data_iter)")
    close(mine, reference.run(evaluated, *args), what="evaluate_accuracy(net, data_iter)")


@probe
def evaluated_modes(names, X, y, outer):
    """evaluate_accuracy(net, data_iter)"""

    class Watched(nn.Module):
        def __init__(self, *inner):
            super().__init__()
            self.body = nn.Sequential(*inner)
            self.modes = []

        def forward(self, X):
            self.modes.append(self.training)
            return self.body(X)

    inner = Watched(nn.Dropout(0.5))
    net = Watched(inner).train()
    net.training = outer
    value = names.evaluate_accuracy(net, [(X, y), (X, y)])
    return [float(value), net.modes, inner.modes]


@check("evaluate_accuracy", points=1)
@given(X=spread((st.integers(2, 5), 3)), outer=st.booleans())
def test_evaluate_accuracy_uses_evaluation_mode(submission, X, outer):
    """A module is put into evaluation mode before the first batch, with all modules inside."""
    value, training, inner = items_of(submission.run(evaluated_modes, X, X.argmax(dim=1), outer), 3)
    expect(len(training) == 2, f"must call net once per batch, 2 times in all, not {len(training)}", what="It")
    expect(not any(training), "must run net in evaluation mode: call net.eval() first", what="It")
    expect(not any(inner), "must put the modules inside net into evaluation mode too", what="It")
    close(value, 1.0, what="evaluate_accuracy(net, data_iter)")


@probe
def evaluated_twice(names, W, X, y):
    """evaluate_accuracy(net, data_iter)"""
    net = nn.Linear(*W.shape, bias=False, dtype=W.dtype)
    net.weight.data.copy_(W.T)
    batches = [(X[:3], y[:3]), (X[3:], y[3:])]
    values = [names.evaluate_accuracy(net, batches), names.evaluate_accuracy(net, batches[1:])]
    on, dtype = torch.is_grad_enabled(), str(torch.get_default_dtype())
    with torch.no_grad():
        names.evaluate_accuracy(net, batches)
        off = torch.is_grad_enabled()
    trainable = net.weight.requires_grad
    names.evaluate_accuracy(lambda X: X, [(X, y % 3) for X, y in batches])
    return [[float(value) for value in values], X, y, net.weight.detach(), trainable, on, dtype, off]


@check("evaluate_accuracy", points=1)
@few
@given(W=spread((3, 4)), X=spread((5, 3)), y=labels(5, 4), dtype=FLOATS)
def test_evaluate_accuracy_leaves_nothing_behind(submission, reference, W, X, y, dtype):
    """Batches, parameters and torch's settings are afterwards as they were, and a second call is right."""
    call = "evaluate_accuracy(net, data_iter)"
    names = ["the accuracies of two calls"]
    names += afterwards(call, "X", "y", "net.weight", *MODEL_SETTINGS)
    agree(submission, reference, evaluated_twice, (W.to(dtype), X.to(dtype), y), names)


# train_epoch_ch3


@probe
def trained_by_optimiser(names, W, X, y, batch_size, stale):
    """train_epoch_ch3(net, train_iter, loss, optimiser)"""
    net = nn.Linear(W.shape[0], W.shape[1], bias=False, dtype=W.dtype)
    net.weight.data.copy_(W.T)
    if stale:
        net.weight.grad = torch.ones_like(net.weight)
    batches = zip(X.split(batch_size), y.split(batch_size))
    result = names.train_epoch_ch3(
        net, batches, nn.CrossEntropyLoss(reduction="none"), torch.optim.SGD(net.parameters(), lr=0.5)
    )
    return [[float(v) for v in result], net.weight.detach()]


@check("train_epoch_ch3", points=2)
@given(W=spread((3, 4)), X=spread((st.integers(2, 7), 3)), batch_size=st.integers(2, 3))
def test_train_epoch_with_an_optimiser(submission, reference, W, X, batch_size):
    """With a torch optimiser, each batch takes one step along the gradient of its mean loss."""
    args = (W, X, torch.arange(len(X)) % 4, batch_size, False)
    (_, mine), (_, right) = submission.run(trained_by_optimiser, *args), reference.run(trained_by_optimiser, *args)
    different(mine, W.T, "must change: no step was taken", what="the weight after one epoch")
    close(mine, right, what="the weight after one epoch")


@check("train_epoch_ch3", points=1)
@given(W=spread((3, 4)), X=spread((st.integers(2, 7), 3)))
def test_train_epoch_clears_old_gradients(submission, reference, W, X):
    """With a torch optimiser, gradients left over from before are cleared."""
    args = (W, X, torch.arange(len(X)) % 4, 2, True)
    (_, mine), (_, right) = submission.run(trained_by_optimiser, *args), reference.run(trained_by_optimiser, *args)
    close(mine, right, what="the weight after one epoch that began with an old gradient")


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


@check("train_epoch_ch3", points=1)
@settings(max_examples=2)
@given(W=spread((3, 4)), X=spread((3, 3)), y=labels(3, 4))
def test_train_epoch_with_any_optimiser(submission, reference, W, X, y):
    """Adam, RMSprop and every other torch.optim.Optimizer, one of your own among them, take their steps."""
    for kind in ("Adam", "AdamW", "RMSprop", "Adagrad", "a subclass of torch.optim.Optimizer"):
        args = (W, X, y, kind)
        what = f"the weight after two epochs with {kind}"
        close(submission.run(trained_by_kind, *args), reference.run(trained_by_kind, *args), what=what)


@probe
def trained_by_function(names, W, X, y, batch_size):
    """train_epoch_ch3(net, train_iter, loss, updater)"""
    W = W.clone().requires_grad_()
    sizes = []

    score = (lambda X: X.mean(dim=2) @ W) if X.ndim > 2 else (lambda X: X @ W)

    def updater(batch_size):
        sizes.append(int(batch_size))
        with torch.no_grad():
            W.sub_(0.5 * W.grad / batch_size)
            W.grad.zero_()

    def loss(y_hat, y):
        return torch.nn.functional.cross_entropy(y_hat, y, reduction="none")

    batches = zip(X.split(batch_size), y.split(batch_size))
    result = names.train_epoch_ch3(score, batches, loss, updater)
    return [[float(v) for v in result], W.detach(), sizes]


@check("train_epoch_ch3", points=2)
@given(W=spread((3, 4)), X=spread((st.integers(2, 7), 3, 2)), batch_size=st.integers(2, 3))
def test_train_epoch_with_an_updater_function(submission, reference, W, X, batch_size):
    """With an updater function, it goes backward from the summed loss and calls updater(batch size) once per batch."""
    args = (W, X, torch.arange(len(X)) % 4, batch_size)
    _, mine, sizes = items_of(submission.run(trained_by_function, *args), 3)
    _, right, right_sizes = reference.run(trained_by_function, *args)
    close(sizes, right_sizes, what="the batch sizes passed to updater")
    close(mine, right, what="W after one epoch")


@check("train_epoch_ch3", points=2)
@given(W=spread((3, 4)), X=spread((st.integers(3, 7), 3)))
def test_train_epoch_returns_loss_and_accuracy(submission, reference, W, X):
    """It returns the mean loss per example and the accuracy over the whole epoch, smaller last batch included."""
    args = (W, X, (X @ W).argmin(dim=1).where(torch.arange(len(X)) % 2 == 0, (X @ W).argmax(dim=1)), 2)
    mine = items_of(submission.run(trained_by_function, *args)[0], 2, what="what train_epoch_ch3 returns")
    right = reference.run(trained_by_function, *args)[0]
    close(mine[0], right[0], rtol=1e-5, what="the mean loss per example")
    close(mine[1], right[1], rtol=1e-5, what="the accuracy")


@probe
def modes_while_training(names, X, y, outer):
    """train_epoch_ch3(net, train_iter, loss, optimiser)"""

    class Watched(nn.Module):
        def __init__(self, *inner):
            super().__init__()
            self.body = nn.Sequential(*inner)
            self.scale = nn.Parameter(torch.ones(()))
            self.modes = []

        def forward(self, X):
            self.modes.append(self.training)
            return self.scale * self.body(X)

    inner = Watched()
    net = Watched(inner).eval()
    net.training = outer
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    names.train_epoch_ch3(net, [(X, y), (X, y)], nn.CrossEntropyLoss(reduction="none"), optimiser)
    return [net.modes, inner.modes]


@check("train_epoch_ch3", points=1)
@given(X=matrices(3, 3), outer=st.booleans())
def test_train_epoch_uses_training_mode(submission, X, outer):
    """A module is put into training mode before the first batch, with all modules inside."""
    modes, inner = items_of(submission.run(modes_while_training, X, torch.arange(3), outer), 2)
    expect(all(modes), "must run net in training mode: call net.train() first", what="It")
    expect(all(inner), "must put the modules inside net into training mode too", what="It")
    expect(len(modes) == 2, f"must call net once per batch, 2 times in all, not {len(modes)}", what="It")


@probe
def trained_twice(names, W, X, y):
    """train_epoch_ch3(net, train_iter, loss, updater)"""
    W = W.clone().requires_grad_()

    def updater(n):
        with torch.no_grad():
            W.sub_(0.5 * W.grad / n)
            W.grad.zero_()

    def loss(y_hat, y):
        return torch.nn.functional.cross_entropy(y_hat, y, reduction="none")

    batches = [(X[:3], y[:3]), (X[3:], y[3:])]
    pairs = [names.train_epoch_ch3(lambda X: X @ W, batches, loss, updater) for _ in range(2)]
    first, second = [[float(value) for value in pair] for pair in pairs]
    batches = [(X, y % 3) for X, y in batches]
    names.train_epoch_ch3(lambda X: X, batches, lambda y_hat, y: loss(y_hat @ W, y), updater)
    return [first, second, W.detach(), X, y, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("train_epoch_ch3", points=1)
@few
@given(W=spread((3, 4)), X=spread((5, 3)), y=labels(5, 4), dtype=FLOATS)
def test_train_epoch_starts_anew(submission, reference, W, X, y, dtype):
    """A second epoch is counted from zero; batches and torch's settings are the same afterwards."""
    call = "train_epoch_ch3(net, train_iter, loss, updater)"
    names = [f"{call} in the first epoch", f"{call} in the second epoch", "W after three epochs"]
    names += afterwards(call, "X", "y", *SETTINGS)
    agree(submission, reference, trained_twice, (W.to(dtype), X.to(dtype), y), names)


# predict_labels


@probe
def predicted(names, W, X):
    """predict_labels(net, X)"""
    return names.predict_labels(lambda X: X.mean(dim=2) @ W, X)


@check("predict_labels", points=1)
@given(W=spread((3, 4)), X=spread((st.integers(1, 6), 3, 2)))
def test_predict_labels_takes_the_largest_score(submission, reference, W, X):
    """The prediction is the index of each row's largest score, shape (n,), int64."""
    close(submission.run(predicted, W, X), reference.run(predicted, W, X), what="predict_labels(net, X)")


@probe
def predicted_with_dropout(names, X):
    """predict_labels(net, X)"""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Dropout(0.5))

        def forward(self, X):
            return self.body(X)

    mixed = Net().train()
    mixed.training = False
    nets = (Net().train(), nn.Sequential(nn.Dropout(0.5)).train(), mixed)
    return [names.predict_labels(net, X) for net in nets]


@check("predict_labels", points=1)
@given(X=spread((6, 5)))
def test_predict_labels_uses_evaluation_mode(submission, X):
    """A module predicts in evaluation mode: dropout inside is off."""
    for mine in items_of(submission.run(predicted_with_dropout, X), 3):
        close(mine, X.argmax(dim=1), what="predict_labels(net, X) with dropout in net")


@probe
def predicted_as_scored(names, X):
    """predict_labels(net, X)"""
    return names.predict_labels(lambda X: X, X)


@check("predict_labels", points=1)
@few
@given(X=tensors((st.integers(1, 5), st.integers(2, 4)), elements=st.integers(-2, 0).map(float)))
def test_predict_labels_of_ties(submission, X):
    """Where several scores of a row are largest, the row still gets one label, and it is one of theirs."""
    what = "predict_labels(net, X), with ties among the scores X,"
    mine = tensor_of(submission.run(predicted_as_scored, X), shape=(len(X),), dtype=torch.int64, what=what)
    expect(((mine >= 0) & (mine < X.shape[1])).all(), "must be class indices", got=mine, what=what)
    chosen = X.gather(1, mine[:, None])[:, 0]
    expect((chosen == X.amax(dim=1)).all(), "must point to a largest score in every row", got=mine, what=what)


@probe
def predicted_twice(names, W, X, Z):
    """predict_labels(net, X)"""
    net = nn.Linear(*W.shape, bias=False, dtype=W.dtype)
    net.weight.data.copy_(W.T)
    first, second = names.predict_labels(net, X), names.predict_labels(net, Z)
    on, dtype = torch.is_grad_enabled(), str(torch.get_default_dtype())
    with torch.no_grad():
        names.predict_labels(net, X)
        off = torch.is_grad_enabled()
    trainable = net.weight.requires_grad
    names.predict_labels(lambda X: X, X)
    return [first, second, X, net.weight.detach(), trainable, on, dtype, off]


@check("predict_labels", points=1)
@few
@given(W=spread((3, 4)), X=spread((5, 3)), Z=spread((5, 3)), dtype=FLOATS)
def test_predict_labels_leaves_nothing_behind(submission, reference, W, X, Z, dtype):
    """X, parameters and torch's settings are afterwards as they were, and a second call is right."""
    call = "predict_labels(net, X)"
    names = [f"{call}, looked at after predict_labels(net, Z),"]
    names += afterwards(call, "predict_labels(net, Z)", "X", "net.weight", *MODEL_SETTINGS)
    agree(submission, reference, predicted_twice, (W.to(dtype), X.to(dtype), Z.to(dtype)), names)
