"""The reference agrees with loops over single numbers and with torch's modules, to 1e-10 in float64."""

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("dropout").reference)
X = torch.randn(7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3


def assert_same(own, other):
    torch.testing.assert_close(own, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("p", [0.25, 0.5, 0.9])
def test_every_entry_is_dropped_or_divided(p):
    for own, x in zip(reference.dropout_layer(X, p).flatten().tolist(), X.flatten().tolist(), strict=True):
        assert own == 0 or own == pytest.approx(x / (1 - p), rel=1e-10)


def test_ends_of_the_range():
    assert_same(reference.dropout_layer(X, 0.0), X)
    assert_same(reference.dropout_layer(X, 1.0), torch.zeros_like(X))


@pytest.mark.parametrize("p", [-0.01, 1.01])
def test_outside_of_the_range(p):
    with pytest.raises(ValueError, match="dropout probability"):
        reference.dropout_layer(X, p)


def test_keeps_a_fraction_1_minus_p():
    kept = reference.dropout_layer(torch.ones(100_000), 0.3) != 0
    assert kept.double().mean() == pytest.approx(0.7, abs=0.02)


def by_loops(net, x):
    for layer in (net.lin1, net.lin2, net.lin3):
        out = [
            sum(w * v for w, v in zip(row, x, strict=True)) + b
            for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        ]
        x = [max(v, 0.0) for v in out]
    return out


def test_net_in_evaluation_mode_is_the_loop():
    net = reference.Net(5, 3, 4, 6).double().eval()
    assert_same(net(X), torch.tensor([by_loops(net, x) for x in X.tolist()], dtype=torch.float64))


def test_net_in_training_mode_is_torchs_modules_with_the_same_seed():
    net = reference.Net(5, 3, 4, 6, dropout1=0.3, dropout2=0.6).double()
    modules = nn.Sequential(net.lin1, nn.ReLU(), nn.Dropout(0.3), net.lin2, nn.ReLU(), nn.Dropout(0.6), net.lin3)
    torch.manual_seed(1)
    own = net(X)
    torch.manual_seed(1)
    assert_same(own, modules(X))


def test_net_starts_in_the_mode_it_is_given():
    assert reference.Net(2, 2, 2, 2).training
    assert not reference.Net(2, 2, 2, 2, is_training=False).training


def test_concise_net_is_net_on_the_same_parameters():
    concise = reference.make_dropout_net(0.2, 0.5).double().eval()
    net = reference.Net(784, 10, 256, 256).double().eval()
    for mine, other in zip(net.parameters(), concise.parameters(), strict=True):
        mine.data.copy_(other)
    images = torch.rand(3, 1, 28, 28, dtype=torch.float64)
    assert_same(concise(images), net(images))


def test_concise_net_starts_from_small_weights():
    for parameter in reference.make_dropout_net(0.2, 0.5).parameters():
        if parameter.ndim == 2:
            assert parameter.std().item() == pytest.approx(0.01, rel=0.1)
