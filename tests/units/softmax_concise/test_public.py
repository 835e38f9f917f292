"""Public checks: softmax regression with torch's own layers."""

import torch
from torch import nn

from autograder.suite import check, close, expect, hints, items_of, probe


@check("one_hot")
def test_one_hot_of_two_classes(submission):
    """Classes 2 and 0 of three are (0, 0, 1) and (1, 0, 0)."""
    got = submission.one_hot(torch.tensor([2, 0]), 3)
    close(got, torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]), what="one_hot(y, 3)")


@probe
def initialised(names):
    """net.apply(init_weights)"""
    net = nn.Sequential(nn.Linear(100, 10), nn.Conv2d(1, 1, 2))
    before = [net[0].bias.detach().clone(), net[1].weight.detach().clone()]
    net.apply(names.init_weights)
    return [float(net[0].weight.detach().abs().max()), before, [net[0].bias.detach(), net[1].weight.detach()]]


@check("init_weights")
def test_weights_are_small_and_the_rest_stays(submission):
    """Of 1000 weights none is beyond 0.06, and neither the bias nor another layer changes."""
    largest, before, after = items_of(submission.run(initialised), 3)
    expect(0 < largest < 0.06, "must be small, but not 0", got=largest, what="the largest weight without its sign")
    close(after, before, what="the bias, and the weight of a convolution")


@probe
def scores(names):
    """make_net(4, 2)(X)"""
    net = names.make_net(4, 2)
    return [net(torch.zeros(3, 1, 2, 2)).shape, names.make_net()(torch.zeros(5, 1, 28, 28)).shape]


@check("make_net")
def test_net_gives_a_logit_per_class(submission):
    """Three images of 2 × 2 pixels give (3, 2) logits, and make_net() maps five of 28 × 28 pixels to (5, 10)."""
    small, large = items_of(submission.run(scores), 2)
    close(list(small), [3, 2], what="the shape of make_net(4, 2)(X)")
    close(list(large), [5, 10], what="the shape of make_net()(X)")


@check("cross_entropy_from_logits")
def test_equal_logits_cost_the_logarithm_of_their_number(submission):
    """Four equal logits cost log 4 = 1.3863, whatever they are: 0, or 1000."""
    logits = torch.tensor([[0.0, 0.0, 0.0, 0.0], [1000.0, 1000.0, 1000.0, 1000.0]])
    got = submission.cross_entropy_from_logits(logits, torch.tensor([1, 3]))
    close(got, torch.tensor([1.3862944, 1.3862944]), what="cross_entropy_from_logits(logits, y)")


@check("cross_entropy_grad")
def test_derivative_for_equal_logits(submission):
    """Two equal logits have the probabilities 1/2 and 1/2; with class 0 right, the derivative is (-1/2, 1/2)."""
    got = submission.cross_entropy_grad(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
    close(got, torch.tensor([[-0.5, 0.5]]), what="cross_entropy_grad(logits, y)")


@check("entropy_between")
def test_entropy_of_a_coin(submission):
    """A fair coin has the entropy log 2 = 0.6931, and certainty that comes true has none."""
    p = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    close(submission.entropy_between(p, p), torch.tensor([0.6931472, 0.0]), what="entropy_between(p, p)")


@check("binary_as_softmax")
def test_softmax_of_two_logits(submission):
    """A score of 0 has the probabilities 1/2 and 1/2."""
    got = submission.binary_as_softmax(torch.tensor([0.0]))
    close(got.softmax(dim=1), torch.tensor([[0.5, 0.5]]), what="softmax of binary_as_softmax(x)")


@probe
def two_epochs(names):
    """train_ch3(net, train_iter, test_iter, loss, 2, updater)"""
    net = nn.Linear(2, 2)
    net.weight.data.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    net.bias.data.zero_()
    train = [(torch.tensor([[3.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 1]))]
    test = [(torch.tensor([[3.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 0]))]
    updater = torch.optim.SGD(net.parameters(), lr=0.1)
    found = names.train_ch3(net, train, test, nn.CrossEntropyLoss(reduction="none"), 2, updater)
    return [[float(value) for value in epoch] for epoch in found]


@check("train_ch3")
def test_two_epochs_give_two_tuples(submission):
    """Two epochs give two tuples. Here all of the training set is right from the start, and half of the test set."""
    found = items_of(submission.run(two_epochs), 2, what="the list of epochs")
    for number, epoch in enumerate(found):
        loss, train_acc, test_acc = items_of(epoch, 3, what=f"the tuple of epoch {number}")
        expect(0 < loss < 0.1, "must be small", got=loss, what=f"the training loss of epoch {number}")
        close(train_acc, 1.0, what=f"the training accuracy of epoch {number}")
        close(test_acc, 0.5, what=f"the test accuracy of epoch {number}")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "one_hot",
    question="In row i, what do you get when you compare y[i] with each of the numbers 0, 1, …, q − 1?",
    idea="Compare a column of classes with a row of all class numbers: broadcasting makes the whole table at once. True and "
    "False then become 1 and 0.",
    formula="one_hot(y)ᵢⱼ = 1 if j = yᵢ, else 0",
)

hints(
    "init_weights",
    question="How do you find out of which kind a module is?",
    idea="Ask whether m is a linear layer, and if so fill its weight in place with normal numbers. For all other modules do "
    "nothing.",
    formula="wⱼₖ ~ N(0, 0.01²)",
)

hints(
    "make_net",
    question="Which shape has a batch of images, and which shape does a linear layer take?",
    idea="Two layers in a row: the first turns each image into a row of pixels, the second maps pixels to classes. Afterwards "
    "apply your own initialisation to the whole network.",
    formula="o = flatten(X) Wᵀ + b",
)

hints(
    "cross_entropy_from_logits",
    question="Which of the numbers exp(o − m) is the largest if m is the largest logit of the row?",
    idea="Subtract each row's largest logit first. Then no exp is above 1, and the sum of them is at least 1, so that its "
    "logarithm is harmless. The logit of the true class is shifted in the same way.",
    formula="ℓᵢ = log Σₖ exp(oᵢₖ − mᵢ) − (oᵢ,yᵢ − mᵢ), with mᵢ = maxₖ oᵢₖ",
)

hints(
    "cross_entropy_grad",
    question="What is the derivative of log Σ exp(oₖ) with respect to oⱼ?",
    idea="The first term of the loss gives the probabilities of softmax, the second one takes 1 away at the true class. Compute "
    "softmax as carefully as the loss.",
    formula="∂ℓᵢ/∂oᵢⱼ = softmax(oᵢ)ⱼ − 1 if j = yᵢ, else softmax(oᵢ)ⱼ",
)

hints(
    "entropy_between",
    question="What does your computer say about 0 · log 0, and what should it be here?",
    idea="Multiply p with the logarithm of t and add up each row with a minus sign. Where p is 0, choose 0 instead of the "
    "product.",
    formula="H(p, t) = −Σₖ pₖ log tₖ, with 0 log 0 = 0",
)

hints(
    "binary_as_softmax",
    question="Divide numerator and denominator of exp(a) / (exp(a) + exp(b)) by exp(a). What remains?",
    idea="Only the difference of the two logits counts. The sigmoid has one number in its exponent: that is the difference.",
    formula="softmax([a, b])₁ = 1 / (1 + exp(−(a − b))) = σ(a − b)",
)

hints(
    "train_ch3",
    question="Which of the two given functions changes the network, and which data should each of them see?",
    idea="In each epoch call one, then the other, and collect three numbers.",
    formula="one epoch → (train loss, train accuracy, test accuracy)",
)
