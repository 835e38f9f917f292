"""Public checks: linear regression from scratch."""

import torch

from autograder.suite import check, close, expect, hints, items_of, number_of, probe, tensor_of


@check("synthetic_data")
def test_synthetic_data_has_the_right_shapes(submission):
    """With 2 weights and 100 examples, features have shape (100, 2) and labels (100, 1)."""
    X, y = items_of(submission.synthetic_data(torch.tensor([2.0, -3.0]), 4.0, 100), 2)
    tensor_of(X, shape=(100, 2), what="X, for X, y = synthetic_data(w, b, 100),")
    tensor_of(y, shape=(100, 1), what="y, for X, y = synthetic_data(w, b, 100),")


@check("synthetic_data")
def test_synthetic_labels_are_near_the_line(submission):
    """With w = [2, -3] and b = 4, every label is near 2 x₁ − 3 x₂ + 4."""
    X, y = items_of(submission.synthetic_data(torch.tensor([2.0, -3.0]), 4.0, 100), 2)
    X, y = tensor_of(X, shape=(100, 2)), tensor_of(y, shape=(100, 1), what="y, for X, y = synthetic_data(w, b, 100),")
    close(y, 2 * X[:, :1] - 3 * X[:, 1:] + 4, what="y, for X, y = synthetic_data(w, b, 100),", rtol=0, atol=0.1)


@probe
def five_in_twos(names):
    """data_iter(2, features, labels)"""
    features, labels = torch.arange(10.0).reshape(5, 2), torch.arange(5.0)[:, None]
    batches = list(names.data_iter(2, features, labels))
    return [[len(X) for X, y in batches], sorted(int(label) for X, y in batches for label in y)]


@check("data_iter")
def test_data_iter_of_five_examples(submission):
    """Five examples in batches of 2 come as 2, 2 and 1, and each of them once."""
    sizes, found = items_of(submission.run(five_in_twos), 2)
    close(sizes, [2, 2, 1], what="the list of the sizes of all batches")
    close(found, [0, 1, 2, 3, 4], what="the sorted list of all labels that came")


@check("linreg")
def test_linreg_of_two_examples(submission):
    """With w = [2, −1] and b = 10, the examples [1, 2] and [3, 0] are predicted as 10 and 16."""
    X, w, b = torch.tensor([[1.0, 2.0], [3.0, 0.0]]), torch.tensor([[2.0], [-1.0]]), torch.tensor([10.0])
    close(submission.linreg(X, w, b), torch.tensor([[10.0], [16.0]]), what="linreg(X, w, b)")


@check("squared_loss")
def test_squared_loss_of_two_errors(submission):
    """Errors of 2 and −4 cost 2 and 8."""
    y_hat, y = torch.tensor([[3.0], [1.0]]), torch.tensor([[1.0], [5.0]])
    close(submission.squared_loss(y_hat, y), torch.tensor([[2.0], [8.0]]), what="squared_loss(y_hat, y)")


@probe
def one_step(names):
    """sgd([p], 0.5, 10)"""
    p = torch.tensor([1.0, 2.0], requires_grad=True)
    (p * torch.tensor([20.0, -40.0])).sum().backward()
    names.sgd([p], 0.5, 10)
    return [p.detach(), torch.zeros(2) if p.grad is None else p.grad]


@check("sgd")
def test_sgd_takes_a_step(submission):
    """A gradient of [20, −40], a learning rate of 0.5 and a batch of 10 change [1, 2] into [0, 4]."""
    p, _ = items_of(submission.run(one_step), 2)
    close(p, torch.tensor([0.0, 4.0]), what="p after sgd([p], 0.5, 10)")


@check("sgd")
def test_sgd_leaves_no_gradient(submission):
    """After the step the gradient is zero or None."""
    _, grad = items_of(submission.run(one_step), 2)
    close(grad, torch.zeros(2), what="p.grad after sgd([p], 0.5, 10)")


@check("normal_equation")
def test_normal_equation_of_a_line(submission):
    """The points (0, 1), (1, 3) and (2, 5) lie on the line with w = 2 and b = 1."""
    X, y = (torch.tensor(column, dtype=torch.float64)[:, None] for column in ([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]))
    w, b = items_of(submission.normal_equation(X, y), 2, what="normal_equation(X, y)")
    close(w, torch.tensor([[2.0]], dtype=torch.float64), what="w of normal_equation(X, y)")
    close(b, torch.tensor([1.0], dtype=torch.float64), what="b of normal_equation(X, y)")


@probe
def twenty_epochs(names):
    """train_linreg(w, b, features, labels, 0.25, 20, 4)"""
    features = torch.tensor([[-1.0], [0.0], [1.0], [2.0]])
    w, b = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    losses = names.train_linreg(w, b, features, 2 * features + 1, 0.25, 20, 4)
    return [losses, w.detach(), b.detach()]


@check("train_linreg")
def test_train_linreg_learns_a_line(submission):
    """Twenty epochs on four points of the line y = 2 x + 1 come near w = 2 and b = 1, and the losses get smaller."""
    losses, w, b = items_of(submission.run(twenty_epochs), 3)
    close(w, torch.tensor([[2.0]]), what="w after twenty epochs", rtol=0, atol=0.1)
    close(b, torch.tensor([1.0]), what="b after twenty epochs", rtol=0, atol=0.1)
    first, *_, last = (number_of(loss) for loss in items_of(losses, 20, what="the list of losses"))
    expect(last < first, "must get smaller", got=losses, what="the list of losses")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "synthetic_data",
    question="The true weights have d entries. What shapes do the features of n examples and their labels have?",
    idea="Draw the features first. The labels follow from them by the formula, and get noise of their own, one number per "
    "example. A function that draws normal numbers usually asks for the standard deviation, not for the variance. Last, "
    "make the labels a column.",
    formula="xᵢⱼ ~ N(0, 1),  εᵢ ~ N(0, 0.01²),  yᵢ = xᵢ · w + b + εᵢ",
)

hints(
    "data_iter",
    question="Twelve cards lie in order, and you deal hands of five. What do you do first, and how many cards are in the last "
    "hand?",
    idea="Shuffle the numbers of the examples, not the examples. Then cut this list into pieces of the size of a batch, and "
    "use each piece to look up rows of the features and rows of the labels.",
    formula="π a random order of 0, …, n − 1;  batch k holds the examples π(k·B), …, π(min(k·B + B, n) − 1)",
)

hints(
    "linreg",
    question="X has the shape (n, d) and w the shape (d, 1). Which product of the two has the shape (n, 1)?",
    idea="One product of matrices computes the weighted sums of all examples at once. The bias has a single entry, which "
    "broadcasting adds to every row.",
    formula="ŷ = X w + b",
)

hints(
    "squared_loss",
    question="What is the shape of a column of 3 predictions minus 3 labels that are not in a column?",
    idea="Give the labels the shape that the predictions have. Then subtract entry by entry, square, and halve.",
    formula="ℓᵢ = ½ (ŷᵢ − yᵢ)²",
)

hints(
    "sgd",
    question="After an assignment to the name of a parameter, is the caller's parameter another one?",
    idea="Without recording, subtract from each parameter in its own memory: there are operators that write into a tensor "
    "instead of making a new one. Then set its gradient to zero, because the next backward pass adds to what is there.",
    formula="p ← p − (η / |B|) · g, then g ← 0",
)

hints(
    "normal_equation",
    question="How can the bias become one more weight? Which feature would it be multiplied by?",
    idea="Put a column of ones beside the features. Multiply both sides by the transpose, so that there are as many equations "
    "as unknowns, and solve them. The last unknown is the bias.",
    formula="A = [X, 1],  Aᵀ A v = Aᵀ y,  v = (w₁, …, w_d, b)",
)

hints(
    "train_linreg",
    question="Which four functions from above does one step need, and in which order?",
    idea="Two loops, epochs outside and batches inside. For a batch: predictions, losses, their sum, backward, a step. After "
    "the inner loop: the mean of the losses of all examples, without recording.",
    formula="for each batch: L = Σᵢ ½ (ŷᵢ − yᵢ)²,  (w, b) ← (w, b) − (η / |B|) · ∇L",
)
