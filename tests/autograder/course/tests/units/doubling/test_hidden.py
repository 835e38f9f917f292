"""Hidden suite of the engine's test course. CANARY-HIDDEN-SUITE"""

import pytest
import torch

from autograder.suite import check, close, expect, given, matrices, st, tensor_of


@check("double", points=2)
@given(X=matrices())
def test_double_is_twice_the_input(submission, reference, X):
    """double(X) is twice X."""
    close(submission.double(X), reference.double(X))


@check("double", points=1)
@given(X=matrices(dtype=torch.float64))
def test_double_gradient(submission, reference, X):
    """The gradient of double(X) is twice the cotangent."""
    mine, right = submission.double.vjp(X), reference.double.vjp(X)
    close(mine.inputs[0], right.inputs[0], what="the gradient of double(X)")


@check("Scale", points=1)
@given(X=matrices(dtype=torch.float64), factor=st.integers(-3, 3))
def test_scale_multiplies(submission, X, factor):
    """Scale(factor)(X) is factor times X, and factor is in the state dict."""
    layer = submission.Scale(factor)
    close(layer(X), factor * X)
    close(layer.state_dict(), {"factor": torch.tensor(float(factor), dtype=torch.float64)})


@check("softmax", points=1)
@given(X=matrices())
def test_softmax(submission, reference, X):
    """softmax(X) is right."""
    close(submission.softmax(X), reference.softmax(X))


@check("noise", points=1)
@pytest.mark.parametrize("n", [1, 5])
def test_noise_lies_in_the_unit_interval(submission, n):
    """noise(n) has n entries in [0, 1)."""
    drawn = tensor_of(submission.noise(n), shape=(n,))
    expect(((drawn >= 0) & (drawn < 1)).all(), "must lie in [0, 1)", got=drawn)


@check("noise", points=1)
@pytest.mark.gpu
def test_noise_on_a_gpu(submission):
    """noise can be moved to a GPU."""
    close(submission.noise(1).cuda().is_cuda, True)
