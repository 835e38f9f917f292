"""Public checks: softmax regression from scratch."""

import math

import torch

from autograder.suite import check, close, expect, probe, tensor_of


@check("softmax", points=1)
def test_softmax_of_a_small_example(submission):
    """softmax([[0, 0], [0, log 3]]) is [[1/2, 1/2], [1/4, 3/4]]."""
    X = torch.tensor([[0.0, 0.0], [0.0, math.log(3)]])
    close(submission.softmax(X), torch.tensor([[0.5, 0.5], [0.25, 0.75]]), what="softmax(X)")


@check("softmax", points=1)
def test_softmax_of_large_logits(submission):
    """softmax of logits around 1000 is finite."""
    probabilities = tensor_of(submission.softmax(torch.tensor([[1000.0, 1000.0]])), shape=(1, 2))
    expect(probabilities.isfinite().all(), "must be finite", got=probabilities, what="softmax([[1000, 1000]])")


@check("cross_entropy", points=1)
def test_cross_entropy_of_a_small_example(submission):
    """The loss of an example is -log of the probability of its true class."""
    y_hat = torch.tensor([[0.5, 0.5], [0.25, 0.75]])
    wanted = torch.tensor([math.log(2), math.log(4)])
    close(submission.cross_entropy(y_hat, torch.tensor([1, 0])), wanted, what="cross_entropy(y_hat, y)")


@check("net", points=1)
def test_net_returns_one_row_per_image(submission):
    """Two images of 2 x 2 pixels give two rows of probabilities."""
    X, W, b = torch.ones(2, 1, 2, 2), torch.zeros(4, 5), torch.zeros(5)
    close(submission.net(X, W, b), torch.full((2, 5), 0.2), what="net(X, W, b)")


@check("accuracy", points=1)
def test_accuracy_is_a_count(submission):
    """One right prediction of two counts 1."""
    y_hat = torch.tensor([[0.1, 0.9], [0.8, 0.2]])
    close(submission.accuracy(y_hat, torch.tensor([1, 1])), 1, what="accuracy(y_hat, y)")


@probe
def two_sums(names):
    """An Accumulator"""
    metric = names.Accumulator(2)
    metric.add(1, 2)
    metric.add(3, 4)
    return [metric[0], metric[1]]


@check("Accumulator", points=1)
def test_accumulator_adds(submission):
    """add(1, 2) and add(3, 4) leave the sums 4 and 6."""
    close(submission.run(two_sums), [4, 6], what="the sums")


@probe
def identity_accuracy(names):
    """evaluate_accuracy(net, data_iter)"""
    batches = [(torch.eye(3), torch.tensor([0, 1, 0])), (torch.eye(3)[:1], torch.tensor([0]))]
    return names.evaluate_accuracy(lambda X: X, batches)


@check("evaluate_accuracy", points=1)
def test_evaluate_accuracy_of_two_batches(submission):
    """2 of 3 right in the first batch and 1 of 1 in the second make 3/4."""
    close(submission.run(identity_accuracy), 0.75, what="evaluate_accuracy(net, data_iter)")


@probe
def one_epoch(names):
    """train_epoch_ch3(net, train_iter, loss, updater)"""
    w = torch.zeros(2, 2, requires_grad=True)

    def updater(batch_size):
        with torch.no_grad():
            w.sub_(w.grad / batch_size)
            w.grad.zero_()

    def loss(y_hat, y):
        return torch.nn.functional.cross_entropy(y_hat, y, reduction="none")

    batches = [(torch.eye(2), torch.tensor([0, 1]))]
    return [float(v) for v in names.train_epoch_ch3(lambda X: X @ w, batches, loss, updater)]


@check("train_epoch_ch3", points=1)
def test_train_epoch_returns_loss_and_accuracy(submission):
    """From zero weights, the mean loss of two classes is log 2 and the accuracy 1/2."""
    close(
        submission.run(one_epoch), [math.log(2), 0.5], rtol=1e-4, what="train_epoch_ch3(net, train_iter, loss, updater)"
    )


@probe
def identity_labels(names):
    """predict_labels(net, X)"""
    return names.predict_labels(lambda X: X, torch.tensor([[0.0, 1.0, 0.5], [2.0, 1.0, 0.0]]))


@check("predict_labels", points=1)
def test_predict_labels_of_two_rows(submission):
    """The largest scores of the two rows stand at 1 and at 0."""
    close(submission.run(identity_labels), torch.tensor([1, 0]), what="predict_labels(net, X)")
