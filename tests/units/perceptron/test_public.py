"""Public checks: the perceptron."""

import torch

from autograder.suite import check, close, expect, hints, items_of, probe, tensor_of

X = torch.tensor([[2.0, 1.0], [-1.0, 0.0], [0.0, 3.0]])
W = torch.tensor([1.0, -1.0])


@check("predict")
def test_predict_three_points(submission):
    """With w = (1, -1) and b = 0, the points (2, 1), (-1, 0) and (0, 3) get 1, -1 and -1."""
    got = tensor_of(submission.predict(X, W, 0.0), shape=(3,), what="predict(X, w, b)")
    close(got.double(), torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64), what="predict(X, w, b)")


@check("perceptron_loss")
def test_losses_of_three_points(submission):
    """Points on their right side cost nothing, and one that is off by 3 costs 3."""
    got = submission.perceptron_loss(X, W, 0.0, torch.tensor([1.0, -1.0, 1.0]))
    close(got, torch.tensor([0.0, 0.0, 3.0]), what="perceptron_loss(X, w, b, y)")


@probe
def derived(names, X, w, y):
    """perceptron_grad(X, w, b, y)"""
    dw, db = names.perceptron_grad(X, w, 0.0, y)
    return [dw, float(db)]


@check("perceptron_grad")
def test_derivative_of_one_wrong_point(submission):
    """Of three points only (0, 3) is on the wrong side, and its y is 1: dw is (0, -3) and db is -1."""
    dw, db = items_of(submission.run(derived, X, W, torch.tensor([1.0, -1.0, 1.0])), 2)
    close(dw, torch.tensor([0.0, -3.0]), what="dw")
    close(db, -1.0, what="db")


@probe
def trained(names, X, y, max_epochs):
    """train_perceptron(X, y, max_epochs)"""
    w, b, updates = names.train_perceptron(X, y, max_epochs)
    return [w, float(b), int(updates)]


@check("train_perceptron")
def test_two_points_by_hand(submission):
    """Points 2 and -1 with y = 1 and -1: the first makes the update w = 2, b = 1, after which both are right."""
    found = submission.run(trained, torch.tensor([[2.0], [-1.0]]), torch.tensor([1.0, -1.0]), 10)
    w, b, updates = items_of(found, 3)
    close(w, torch.tensor([2.0]), what="w")
    close(b, 1.0, what="b")
    expect(updates == 1, "must be 1", got=updates, what="the number of updates")


@check("convergence_bound")
def test_bound_of_unit_points(submission):
    """Points of length 1 with a margin of 1/2 need at most 8 updates."""
    close(submission.convergence_bound(1.0, 0.5), 8.0, what="convergence_bound(1, 0.5)")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "predict",
    question="Which shape has the product of X and w, and what does its sign say about each point?",
    idea="Compute all scores at once, compare them with 0, and choose 1 or −1. Take care with sign functions: they have a third "
    "answer for 0.",
    formula="predict(x) = 1 if w·x + b > 0, else −1",
)

hints(
    "perceptron_loss",
    question="What is the sign of y(w·x + b) for a point on its right side?",
    idea="Multiply each score by the point's y, turn the sign round, and cut off what is below 0.",
    formula="ℓ = max(0, −y(w·x + b))",
)

hints(
    "perceptron_grad",
    question="Which points have a loss whose derivative is not 0?",
    idea="Pick the points on the wrong side. For each of them, −y(w·x + b) is linear in w and b: read off its slopes, and add "
    "them up.",
    formula="dw = −Σ y x, db = −Σ y, over the points with y(w·x + b) < 0",
)

hints(
    "train_perceptron",
    question="How do you know, at the end of an epoch, that nothing was changed in it?",
    idea="Two loops: epochs outside, points inside. Count the updates; if the count is the same after an epoch as before, you "
    "are done.",
    formula="if y(w·x + b) ≤ 0: w ← w + y x, b ← b + y",
)

hints(
    "convergence_bound",
    question="What happens to the bound when the margin is halved?",
    idea="Square both numbers, and do not forget what the bias adds to the length of a point.",
    formula="(r² + 1) / ρ²",
)
