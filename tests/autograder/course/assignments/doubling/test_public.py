"""Public suite of the engine's test course."""

import torch

from autograder.suite import check, close, tensor_of


@check("double", points=1)
def test_double_one(submission):
    """double([[1.]]) is [[2.]]."""
    close(submission.double(torch.ones(1, 1)), torch.full((1, 1), 2.0))


@check("Scale", points=1)
def test_scale_by_three(submission):
    """Scale(3) of 1 is 3."""
    close(submission.Scale(3)(torch.ones(1, dtype=torch.float64)), torch.full((1,), 3.0, dtype=torch.float64))


@check("softmax", points=1)
def test_softmax_of_equal_logits(submission):
    """Equal logits have equal probabilities."""
    close(submission.softmax(torch.zeros(1, 2)), torch.full((1, 2), 0.5))


@check("noise", points=1)
def test_noise_has_a_length(submission):
    """noise(3) has 3 entries."""
    tensor_of(submission.noise(3), shape=(3,))
