"""Public checks: softmax regression from scratch."""

import math

import torch

from autograder.suite import check, close, expect, hints, probe, tensor_of


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


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "softmax",
    question="What happens to exp(x) when a logit is 1000, and what does adding the same number to every logit "
    "of a row change in the result?",
    idea="Every row becomes a distribution of its own: exponentials are positive, and dividing by the "
    "row's own sum makes them add up to 1. Shift each row first so that its largest logit is 0; the "
    "ratio stays the same, and nothing can overflow.",
    formula="softmax(X)ᵢⱼ = exp(Xᵢⱼ − mᵢ) / Σₖ exp(Xᵢₖ − mᵢ), with mᵢ = maxₖ Xᵢₖ",
)

hints(
    "cross_entropy",
    question="A model gives the true class the probability 1. How large should its loss be? And if it gives it "
    "almost 0?",
    idea="Only the probability of the true class counts. Pick one entry from every row, the one at that "
    "row's label, and measure how surprising it is.",
    formula="ℓᵢ = −log ŷᵢ,yᵢ for i = 0, …, n − 1",
)

hints(
    "net",
    question="How many numbers describe one example, and how many rows does W have?",
    idea="Line up the numbers of each example in one row, map the rows linearly to one score per class, "
    "and turn the scores into probabilities with what you have built already.",
    formula="net(X, W, b) = softmax(X̃ W + b), where row i of X̃ holds the d numbers of example i",
)

hints(
    "accuracy",
    question="Which class does a row of scores predict, and when is no row of scores there to look at?",
    idea="Turn scores into predicted classes where there are scores; where y_hat holds classes already, "
    "take them as they are. Then count agreements, without dividing.",
    formula="accuracy(ŷ, y) = Σᵢ [ŷᵢ = yᵢ], with ŷᵢ = argmaxⱼ ŷᵢⱼ if ŷ has rows of scores",
)

hints(
    "Accumulator",
    question="After add(1, 2) and add(3, 4), what should the two sums be, and what must be remembered between "
    "the calls?",
    idea="Keep one running sum per place. Each call adds its first amount to the first sum, its second to "
    "the second, and so on; a reset puts all of them back to zero and forgets none of the places.",
    formula="sᵢ ← sᵢ + aᵢ for every i;  reset: sᵢ ← 0",
)

hints(
    "evaluate_accuracy",
    question="One batch has 4 examples, the last has 1. Does an example in the last batch count as much as one "
    "in the first?",
    idea="Add up right predictions and examples over all batches, and divide once, at the end. A module "
    "behaves differently while it is trained, so tell it beforehand that it is being evaluated.",
    formula="accuracy = Σ_B correct(B) / Σ_B |B| over all batches B",
)

hints(
    "train_epoch_ch3",
    question="What must be true of the gradients before a batch's backward pass, and which loss goes backward: "
    "the mean or the sum?",
    idea="For each batch: predict, take the loss per example, go backward, update. An optimiser wants the "
    "mean and cleared gradients; an updater function wants the sum, since it divides by the batch "
    "size itself. Meanwhile collect total loss, right predictions and examples, all from before the "
    "update.",
    formula="optimiser: θ ← step(∇ (1/n) Σᵢ ℓᵢ);  updater function: θ ← θ − (η/n) ∇ Σᵢ ℓᵢ;  returned: (Σ ℓ / "
    "N, Σ correct / N), N examples in the epoch",
)

hints(
    "predict_labels",
    question="Is a label a score or the place of a score? And should the same X get the same label twice?",
    idea="Score the batch with the module in evaluation mode, and take for every row the place of its largest score.",
    formula="labelᵢ = argmaxⱼ net(X)ᵢⱼ",
)

# What the stubs promise, on a few inputs. Made by `autograder build`.

from autograder.suite import contract  # noqa: E402

contract(
    'softmax',
    public={'X': torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]])},
    gradient=['X'],
    keeps=True,
    layout=True,
)

contract(
    'cross_entropy',
    public={'y_hat': torch.tensor([[0.25, 0.75], [0.5, 0.5]]), 'y': torch.tensor([0, 1])},
    gradient=['y_hat'],
    keeps=True,
    layout=['y_hat'],
)

contract(
    'net',
    public={'X': torch.ones(2, 1, 2, 2), 'W': torch.eye(4), 'b': torch.zeros(4)},
    gradient=['W', 'b'],
    keeps=True,
    layout=['X', 'W'],
)

contract(
    'accuracy',
    public={'y_hat': torch.tensor([[0.1, 0.9], [0.8, 0.2]]), 'y': torch.tensor([1, 1])},
    keeps=True,
    layout=['y_hat'],
)
