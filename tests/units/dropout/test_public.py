"""Public checks: dropout."""

import torch

from autograder.suite import check, close, equal, expect, hints, probe, tensor_of


@check("dropout_layer", points=1)
def test_dropout_0_keeps_everything(submission):
    """dropout_layer(X, 0.0) has the values of X."""
    X = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
    equal(submission.dropout_layer(X, 0.0), X, what="dropout_layer(X, 0.0)")


@check("dropout_layer", points=1)
def test_dropout_1_drops_everything(submission):
    """dropout_layer(X, 1.0) is all zeros."""
    X = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
    equal(submission.dropout_layer(X, 1.0), torch.zeros(2, 2), what="dropout_layer(X, 1.0)")


@check("dropout_layer", points=1)
def test_dropout_one_half_drops_or_doubles(submission):
    """With dropout 0.5, some of 100 ones become 0 and the others 2."""
    result = tensor_of(submission.dropout_layer(torch.ones(10, 10), 0.5), shape=(10, 10))
    what = "The set of values in dropout_layer(torch.ones(10, 10), 0.5)"
    close(result.unique(), torch.tensor([0.0, 2.0]), what=what)


@probe
def output_of_small_net(names, X, dropouts, training):
    """net(X)"""
    net = names.Net(2, 1, 2, 2, dropout1=dropouts[0], dropout2=dropouts[1])
    for layer, weight, bias in (
        (net.lin1, [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]),
        (net.lin2, [[1.0, 1.0], [-1.0, -1.0]], [1.0, 1.0]),
        (net.lin3, [[10.0, 100.0]], [0.5]),
    ):
        layer.weight.data.copy_(torch.tensor(weight))
        layer.bias.data.copy_(torch.tensor(bias))
    net.train() if training else net.eval()
    return net(X)


@check("Net", points=1)
def test_net_without_dropout(submission):
    """In evaluation mode, two small examples give the outputs computed by hand."""
    X = torch.tensor([[3.0, -5.0], [-1.0, 0.0]])
    output = submission.run(output_of_small_net, X, [0.2, 0.5], False)
    close(output, torch.tensor([[40.5], [110.5]]), what="net(X) after net.eval()")


@check("Net", points=1)
def test_net_with_everything_dropped(submission):
    """In training mode with dropout2 = 1, nothing but the bias of lin3 is left."""
    output = submission.run(output_of_small_net, torch.ones(3, 2), [0.0, 1.0], True)
    close(output, torch.full((3, 1), 0.5), what="net(X) after net.train()")


@probe
def two_outputs_of_concise_net(names):
    """make_dropout_net(0.2, 0.5)(X)"""
    net = names.make_dropout_net(0.2, 0.5)
    net.eval()
    return [net(torch.ones(2, 1, 28, 28)) for _ in range(2)]


@check("make_dropout_net", points=1)
def test_concise_net_has_ten_outputs(submission):
    """Two images give two rows of ten outputs, the same in each call after net.eval()."""
    first, second = submission.run(two_outputs_of_concise_net)
    first = tensor_of(first, shape=(2, 10), what="net(X)")
    close(second, first, what="net(X) in a second call after net.eval()")


@probe
def standard_deviation_of_weights(names):
    """make_dropout_net(0.2, 0.5)"""
    return [float(p.std()) for p in names.make_dropout_net(0.2, 0.5).parameters() if p.ndim == 2]


@check("make_dropout_net", points=1)
def test_concise_net_starts_from_small_weights(submission):
    """The weights of each linear layer have standard deviation 0.01."""
    for index, deviation in enumerate(submission.run(standard_deviation_of_weights)):
        problem = f"is {deviation:.4f} where 0.01 is right"
        expect(0.0085 < deviation < 0.0115, problem, what=f"The standard deviation of weight matrix {index}")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "dropout_layer",
    question="If half of the entries become 0, what has to happen to the other half so that the expected value "
    "of each entry stays what it was?",
    idea="Decide for every entry on its own whether it stays, by comparing a uniform random number with "
    "the probability. Zero what is dropped and enlarge what is kept. Look at p = 1 separately: the "
    "formula divides by zero there.",
    formula="with probability p: 0;  otherwise: x / (1 − p);  so E[result] = (1 − p) · x / (1 − p) = x",
)

hints(
    "Net",
    question="Which attribute tells every module whether it is being trained, and who sets it?",
    idea="Flatten, then twice: linear layer, activation, and dropout only in training mode, each time with "
    "its own probability. The last layer gives scores, so nothing comes after it. The starting mode "
    "comes from is_training.",
    formula="H₁ = drop_p₁(relu(lin1(X))),  H₂ = drop_p₂(relu(lin2(H₁))),  O = lin3(H₂);  in evaluation mode "
    "drop is the identity",
)

hints(
    "make_dropout_net",
    question="Writing a function that initialises a layer does nothing yet. What brings it to every layer of a "
    "network?",
    idea="Line up the modules in the order of the list in the exercise, each hidden layer followed by its "
    "ReLU and its dropout. Then visit all modules once and draw new weights for those that are "
    "linear.",
    formula="784 → 256 → 256 → 10,  weights Wᵢⱼ ~ N(0, 0.01²)",
)
