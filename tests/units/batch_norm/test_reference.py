"""The reference agrees with loops over single channels and with torch's layers, to 1e-10 in float64."""

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("batch_norm").reference)
F64 = torch.float64


def drawn(*shape):
    return torch.randn(shape, dtype=F64, generator=torch.Generator().manual_seed(len(shape))) * 3 + 1


def arguments(X):
    shape = (1, X.shape[1], *[1] * (X.ndim - 2))
    ramp = torch.arange(1, X.shape[1] + 1, dtype=F64).view(shape)
    return X, 0.5 * ramp, -ramp, 0.1 * ramp, 2 * ramp


def channel_by_channel(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    """The formula, one number at a time."""
    Y, means, variances = torch.empty_like(X), [], []
    for c in range(X.shape[1]):
        entries = X[:, c].flatten().tolist()
        mean, var = moving_mean.flatten()[c].item(), moving_var.flatten()[c].item()
        old_mean, old_var = mean, var
        if training:
            mean = sum(entries) / len(entries)
            var = sum((x - mean) ** 2 for x in entries) / len(entries)
        means.append(momentum * old_mean + (1 - momentum) * mean)
        variances.append(momentum * old_var + (1 - momentum) * var)
        scale, shift = gamma.flatten()[c].item(), beta.flatten()[c].item()
        normalised = [scale * (x - mean) / (var + eps) ** 0.5 + shift for x in entries]
        Y[:, c] = torch.tensor(normalised, dtype=F64).view_as(X[:, c])
    statistics = (torch.tensor(values, dtype=F64).view_as(moving_mean) for values in (means, variances))
    return Y, *statistics


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("momentum", [0.9, 0.0, 1.0])
@pytest.mark.parametrize(
    "X", [drawn(5, 3), drawn(2, 4, 3, 5), drawn(1, 2, 3, 1)], ids=["2-D", "4-D", "one image"]
)
def test_batch_norm_is_the_loop(X, momentum, training):
    own = reference.batch_norm(*arguments(X), 1e-3, momentum, training)
    torch.testing.assert_close(
        own, channel_by_channel(*arguments(X), 1e-3, momentum, training), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("X", [drawn(6, 3), drawn(3, 2, 4, 2)], ids=["2-D", "4-D"])
def test_the_layer_is_torchs_but_for_the_unbiased_running_variance(X):
    own = reference.BatchNorm(X.shape[1], X.ndim).double()
    torchs = (nn.BatchNorm1d if X.ndim == 2 else nn.BatchNorm2d)(X.shape[1]).double()
    m = X.numel() // X.shape[1]
    torch.testing.assert_close(own(X), torchs(X), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(own.moving_mean.flatten(), torchs.running_mean, rtol=1e-10, atol=1e-10)
    unbiased = 0.9 + (own.moving_var.flatten() - 0.9) * m / (m - 1)
    torch.testing.assert_close(unbiased, torchs.running_var, rtol=1e-10, atol=1e-10)
    own.moving_var.copy_(torchs.running_var.view_as(own.moving_var))
    torch.testing.assert_close(own.eval()(X + 1), torchs.eval()(X + 1), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
def test_gradients_are_those_of_finite_differences(training):
    X, gamma, beta, moving_mean, moving_var = arguments(drawn(3, 2, 1, 2))

    def output(X, gamma, beta):
        return reference.batch_norm(X, gamma, beta, moving_mean, moving_var, 0.1, 0.9, training)[0]

    assert torch.autograd.gradcheck(output, [t.requires_grad_() for t in (X, gamma, beta)])
