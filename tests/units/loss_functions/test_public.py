"""Public checks: loss functions."""

import torch

from autograder.suite import check, close, hints


@check("l2_loss")
def test_l2_loss_of_two_errors(submission):
    """Errors of 2 and -4 cost 2 and 8."""
    y_hat, y = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 5.0])
    close(submission.l2_loss(y_hat, y), torch.tensor([2.0, 8.0]), what="l2_loss(y_hat, y)")


@check("l1_loss")
def test_l1_loss_of_two_errors(submission):
    """Errors of 2 and -4 cost 2 and 4."""
    y_hat, y = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 5.0])
    close(submission.l1_loss(y_hat, y), torch.tensor([2.0, 4.0]), what="l1_loss(y_hat, y)")


@check("huber_loss")
def test_huber_loss_of_a_small_and_a_large_error(submission):
    """With delta 2, errors of 1 and -4 cost 1/2 and 2 · (4 − 1) = 6."""
    y_hat, y = torch.tensor([2.0, 1.0]), torch.tensor([1.0, 5.0])
    close(submission.huber_loss(y_hat, y, 2.0), torch.tensor([0.5, 6.0]), what="huber_loss(y_hat, y, 2.0)")


@check("huber_loss")
def test_huber_loss_without_delta(submission):
    """Without delta it is 1: an error of 3 costs 1 · (3 − 1/2) = 2.5."""
    y_hat, y = torch.tensor([4.0]), torch.tensor([1.0])
    close(submission.huber_loss(y_hat, y), torch.tensor([2.5]), what="huber_loss(y_hat, y)")


@check("l2_grad")
def test_l2_grad_of_two_errors(submission):
    """Predictions that are 2 too large and 4 too small have the gradients 2 and -4."""
    y_hat, y = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 5.0])
    close(submission.l2_grad(y_hat, y), torch.tensor([2.0, -4.0]), what="l2_grad(y_hat, y)")


@check("l1_grad")
def test_l1_grad_of_three_errors(submission):
    """Predictions too large, too small and exact have the gradients 1, -1 and 0."""
    y_hat, y = torch.tensor([3.0, 1.0, 2.0]), torch.tensor([1.0, 5.0, 2.0])
    close(submission.l1_grad(y_hat, y), torch.tensor([1.0, -1.0, 0.0]), what="l1_grad(y_hat, y)")


@check("huber_grad")
def test_huber_grad_of_a_small_and_a_large_error(submission):
    """With delta 2, errors of 1 and -4 have the gradients 1 and -2."""
    y_hat, y = torch.tensor([2.0, 1.0]), torch.tensor([1.0, 5.0])
    close(submission.huber_grad(y_hat, y, 2.0), torch.tensor([1.0, -2.0]), what="huber_grad(y_hat, y, 2.0)")


@check("has_margin")
def test_has_margin_of_two_examples(submission):
    """Class 0 leads by 2 in the first row and by 0.5 in the second: with delta 1, only the first is enough."""
    o, y = torch.tensor([[3.0, 1.0, 0.0], [2.0, 1.5, 0.0]]), torch.tensor([0, 0])
    close(submission.has_margin(o, y, 1.0), torch.tensor([True, False]), what="has_margin(o, y, 1.0)")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "l2_loss",
    question="A prediction is 3 too large, another 3 too small. What should each cost?",
    idea="Subtract entry by entry, square, and halve. Nothing is added up: as many losses come back as there are entries.",
    formula="ℓᵢ = ½ (ŷᵢ − yᵢ)²",
)

hints(
    "l1_loss",
    question="A prediction is 3 too large, another 3 too small. How far is each from its label?",
    idea="The distance between prediction and label: their difference without its sign, for each entry.",
    formula="ℓᵢ = |ŷᵢ − yᵢ|",
)

hints(
    "huber_loss",
    question="Which of the errors −3, −0.5, 0.5 and 3 are small when delta is 1, and what does each of them cost?",
    idea="Compute both pieces for every entry, then choose entry by entry, by the size of the error without its sign. Try "
    "an error of exactly delta in both pieces: they should give the same.",
    formula="ℓ(e) = ½ e² if |e| ≤ δ, else δ (|e| − ½ δ), with e = ŷ − y",
)

hints(
    "l2_grad",
    question="If a prediction that is too large grows a little, does its loss grow or shrink?",
    idea="Differentiate half a square by the chain rule: the 2 of the exponent meets the half. What is inside has slope 1 in "
    "the prediction.",
    formula="∂ℓ/∂ŷ = d(½ e²)/de · ∂e/∂ŷ, with e = ŷ − y",
)

hints(
    "l1_grad",
    question="Draw |e|. What is the slope to the right of 0, and what to the left?",
    idea="Only the sign of the error counts, not its size: two straight lines with one slope each, and 0 where they meet.",
    formula="∂ℓ/∂ŷ = 1 if e > 0, −1 if e < 0, 0 if e = 0",
)

hints(
    "huber_grad",
    question="Draw huber_loss. What is its slope near 0, far to the right, and far to the left?",
    idea="Differentiate each piece by itself: near 0 it is the squared loss, far out a straight line whose slope has the sign "
    "of the error. Where the pieces meet, both slopes are the same.",
    formula="∂ℓ/∂ŷ = e if |e| ≤ δ, else δ · sign(e)",
)

hints(
    "has_margin",
    question="A row of scores is (3, 1, 2.5), and class 0 is right. By how much is it ahead of each of the others?",
    idea="Subtract every score of a row from the score of the row's right class. All these leads must be at least delta, "
    "except for the one that compares the right class with itself.",
    formula="margin(i) ⇔ oᵢ,yᵢ − oᵢⱼ ≥ δ for all j ≠ yᵢ",
)
