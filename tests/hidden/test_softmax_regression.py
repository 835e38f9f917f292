"""Hidden suite: softmax regression from scratch."""

import torch
from torch import nn

from autograder.suite import (
    EXTREME,
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
    spread,
    st,
    tensor_of,
    tensors,
)

F64 = torch.float64


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


@check("softmax", points=1)
@given(X=logits(dtype=F64))
def test_softmax_gradient(submission, reference, X):
    """Gradients flow through softmax(X) to X."""
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
@given(y_hat=distributions(rows=st.integers(1, 4), classes=st.just(3)))
def test_cross_entropy_gradient(submission, reference, y_hat):
    """Gradients flow from the losses to y_hat, to the true class only."""
    y = torch.arange(len(y_hat)) % 3
    mine, right = submission.cross_entropy.vjp(y_hat, y), reference.cross_entropy.vjp(y_hat, y)
    close(mine.output, right.output, what="cross_entropy(y_hat, y)")
    close(mine.inputs[0], right.inputs[0], what="the gradient of cross_entropy(y_hat, y) with respect to y_hat")


# net


@check("net", points=2)
@given(X=spread((st.integers(1, 5), 4)), W=spread((4, st.integers(2, 5))), largest=eighths(-1, 4))
def test_net_is_softmax_of_a_linear_layer(submission, reference, X, W, largest):
    """net(X, W, b) is the softmax of X W + b."""
    b = torch.linspace(-1, largest, W.shape[1], dtype=F64)
    close(submission.net(X, W, b), reference.net(X, W, b), what="net(X, W, b)")


@check("net", points=1)
@given(X=tensors((st.integers(1, 4), 1, 2, 3), dtype=F64), W=spread((6, 3)))
def test_net_flattens_images(submission, reference, X, W):
    """Images of shape (n, 1, h, w) are flattened to rows first."""
    b = torch.tensor([0.5, 0.0, -0.5], dtype=F64)
    close(submission.net(X, W, b), reference.net(X, W, b), what="net(X, W, b)")


@check("net", points=1)
@given(X=spread((st.integers(1, 4), 3)), W=spread((3, 4)))
def test_net_gradient_reaches_the_parameters(submission, reference, X, W):
    """Gradients flow from net(X, W, b) to W and b."""
    b = torch.zeros(4, dtype=F64)
    mine, right = submission.net.vjp(X, W, b), reference.net.vjp(X, W, b)
    close(mine.output, right.output, what="net(X, W, b)")
    close(mine.inputs[1:], right.inputs[1:], what="the gradients of net(X, W, b) with respect to (W, b)")


# accuracy


@check("accuracy", points=2)
@given(y_hat=spread((st.integers(1, 6), st.integers(2, 5))), offset=st.integers(0, 1))
def test_accuracy_counts_correct_rows(submission, reference, y_hat, offset):
    """accuracy(y_hat, y) is the number of rows whose largest score stands at the true class."""
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


amounts = st.lists(st.lists(st.integers(-9, 9).map(lambda n: n / 4), min_size=3, max_size=3), min_size=1, max_size=4)


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
    return [float(metric[0]), float(metric[1])]


@check("Accumulator", points=1)
def test_accumulator_takes_one_element_tensors(submission):
    """add(...) takes numbers and one-element tensors alike."""
    close(submission.run(accumulated_tensors), [2.0, 5.0], what="the accumulated sums")


# evaluate_accuracy


@probe
def evaluated(names, W, X, y, batch_size):
    """evaluate_accuracy(net, data_iter)"""
    batches = list(zip(X.split(batch_size), y.split(batch_size)))
    return names.evaluate_accuracy(lambda X: X @ W, iter(batches))


@check("evaluate_accuracy", points=2)
@given(W=spread((3, 4)), X=spread((st.integers(1, 11), 3)), batch_size=st.integers(1, 4))
def test_evaluate_accuracy_covers_every_batch(submission, reference, W, X, batch_size):
    """The accuracy is taken over the examples of all batches, the smaller last one included."""
    y = (X @ W).argmax(dim=1)
    y[::3] = (y[::3] + 1) % 4
    args = (W, X, y, batch_size)
    mine = number_of(submission.run(evaluated, *args), what="evaluate_accuracy(net, data_iter)")
    close(mine, reference.run(evaluated, *args), what="evaluate_accuracy(net, data_iter)")


@probe
def evaluated_modes(names, X, y):
    """evaluate_accuracy(net, data_iter)"""

    class Watched(nn.Module):
        modes = []

        def forward(self, X):
            self.modes.append((self.training, torch.is_grad_enabled()))
            return X

    net = Watched().train()
    value = names.evaluate_accuracy(net, [(X, y), (X, y)])
    return [float(value), [mode for mode, _ in net.modes]]


@check("evaluate_accuracy", points=1)
@given(X=spread((st.integers(2, 5), 3)))
def test_evaluate_accuracy_uses_evaluation_mode(submission, X):
    """A module is put into evaluation mode before the first batch."""
    value, training = items_of(submission.run(evaluated_modes, X, X.argmax(dim=1)), 2)
    expect(len(training) == 2, f"must call net once per batch, 2 times in all, not {len(training)}", what="It")
    expect(not any(training), "must run net in evaluation mode: call net.eval() first", what="It")
    close(value, 1.0, what="evaluate_accuracy(net, data_iter)")


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
def trained_by_function(names, W, X, y, batch_size):
    """train_epoch_ch3(net, train_iter, loss, updater)"""
    W = W.clone().requires_grad_()
    sizes = []

    def updater(batch_size):
        sizes.append(int(batch_size))
        with torch.no_grad():
            W.sub_(0.5 * W.grad / batch_size)
            W.grad.zero_()

    def loss(y_hat, y):
        return torch.nn.functional.cross_entropy(y_hat, y, reduction="none")

    batches = zip(X.split(batch_size), y.split(batch_size))
    result = names.train_epoch_ch3(lambda X: X @ W, batches, loss, updater)
    return [[float(v) for v in result], W.detach(), sizes]


@check("train_epoch_ch3", points=2)
@given(W=spread((3, 4)), X=spread((st.integers(2, 7), 3)), batch_size=st.integers(2, 3))
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
def modes_while_training(names, X, y):
    """train_epoch_ch3(net, train_iter, loss, optimiser)"""

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))
            self.modes = []

        def forward(self, X):
            self.modes.append(self.training)
            return self.scale * X

    net = Watched().eval()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    names.train_epoch_ch3(net, [(X, y), (X, y)], nn.CrossEntropyLoss(reduction="none"), optimiser)
    return net.modes


@check("train_epoch_ch3", points=1)
@given(X=matrices(3, 3))
def test_train_epoch_uses_training_mode(submission, X):
    """A module is put into training mode before the first batch."""
    modes = items_of(submission.run(modes_while_training, X, torch.arange(3)))
    expect(all(modes), "must run net in training mode: call net.train() first", what="It")
    expect(len(modes) == 2, f"must call net once per batch, 2 times in all, not {len(modes)}", what="It")


# predict_labels


@probe
def predicted(names, W, X):
    """predict_labels(net, X)"""
    return names.predict_labels(lambda X: X @ W, X)


@check("predict_labels", points=1)
@given(W=spread((3, 4)), X=spread((st.integers(1, 6), 3)))
def test_predict_labels_takes_the_largest_score(submission, reference, W, X):
    """The prediction is the index of each row's largest score, shape (n,), int64."""
    close(submission.run(predicted, W, X), reference.run(predicted, W, X), what="predict_labels(net, X)")


@probe
def predicted_with_dropout(names, X):
    """predict_labels(net, X)"""
    net = nn.Sequential(nn.Dropout(0.5)).train()
    return names.predict_labels(net, X)


@check("predict_labels", points=1)
@given(X=spread((6, 5)))
def test_predict_labels_uses_evaluation_mode(submission, X):
    """A module predicts in evaluation mode: dropout is off."""
    close(submission.run(predicted_with_dropout, X), X.argmax(dim=1), what="predict_labels(net, X) with dropout in net")
