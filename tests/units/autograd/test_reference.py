"""The reference agrees with difference quotients, loops, whole batches and published values."""

import math

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("autograd", drafts=True).reference)
drawn = torch.Generator().manual_seed(0)


def randn(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=drawn)


def agree(mine, right, tolerance=1e-10):
    torch.testing.assert_close(mine, right, rtol=tolerance, atol=tolerance)


def slope(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


def formula(a, b):
    """ln a + a b − sin b, of any kind of number; its slopes are 1/a + b and a − cos b."""
    return a.log() + a * b - b.sin()


# Pairs of an expression of any kind of number, and the same of Python's own.
EXPRESSIONS = [
    (lambda a: 3 - a / 4 + 2 / a, lambda a: 3 - a / 4 + 2 / a),
    (lambda a: a**3 - a**-1 + a**0.5 - 2**a, lambda a: a**3 - 1 / a + math.sqrt(a) - 2**a),
    (lambda a: a**a * -a, lambda a: -a * a**a),
    (
        lambda a: (a.sin() * a.exp()).tanh() - a.log() * a,
        lambda a: math.tanh(math.sin(a) * math.exp(a)) - a * math.log(a),
    ),
]


@pytest.mark.parametrize(("expression", "plain"), EXPRESSIONS)
@pytest.mark.parametrize("x", [0.25, 1.0, 1.75])
def test_both_modes_are_difference_quotients(expression, plain, x):
    a = reference.Value(x)
    y, dual = expression(a), expression(reference.Dual(x, -2.0))
    y.backward()
    agree([y.data, dual.value], [plain(x)] * 2)
    agree([a.grad, dual.slope / -2], [slope(plain, x)] * 2, 1e-7)


def test_the_published_example():
    """Baydin and others (2018), tables 2 and 3: ln x₁ + x₁ x₂ − sin x₂ at (2, 5) is 11.652, with slopes 5.5 and 1.716."""
    a, b = reference.Value(2.0), reference.Value(5.0)
    y = formula(a, b)
    y.backward()
    agree([y.data, a.grad, b.grad], [11.652, 5.5, 1.716], 1e-3)
    agree(reference.forward_gradient(formula, [2.0, 5.0]), [5.5, 2 - math.cos(5)])


def test_values_in_between_have_grads_and_a_second_call_doubles_all():
    a = reference.Value(3.0)
    b = a * a
    c = b * a + b
    c.backward()
    assert [a.grad, b.grad, c.grad] == [33.0, 4.0, 1.0]
    c.backward()
    assert [a.grad, b.grad, c.grad] == [66.0, 8.0, 2.0]


def test_gradients_are_those_on_paper():
    x = randn(4).requires_grad_()
    square, sine = reference.gradients(lambda x: (x * x).sum(), lambda x: x.sin().sum(), x)
    agree(square, 2 * x.detach())
    agree(sine, x.detach().cos())


def test_detach_product_is_what_torch_gives_with_detach():
    x = randn(5).requires_grad_()
    ((x * x).detach() * x).sum().backward()
    agree(reference.detach_product(x.detach()), x.grad)


def looped(a):
    b = 2 * a
    while abs(b) < 1000:
        b *= 2
    return b if b > 0 else 100 * b


def test_control_flow_grad_is_the_value_divided_by_a():
    for a in (1.0, -0.125, 60.5, 125.0, 499.9, 500.0, -500.0, 1000.0, -4000.25, 3e-4):
        assert float(reference.control_flow_grad(torch.tensor(a, dtype=torch.float64))) == looped(a) / a


def test_accumulated_gradient_is_that_of_one_batch():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    X, y = randn(9, 3), randn(9, 2)
    mine = reference.accumulated_gradient(
        net, lambda a, b: ((a - b) ** 2).sum(dim=1), list(zip(X.split(4), y.split(4), strict=True))
    )
    ((net(X) - y) ** 2).sum(dim=1).mean().backward()
    for gradient, parameter in zip(mine, net.parameters(), strict=True):
        agree(gradient, parameter.grad)


def test_products_are_loops():
    J, t, v = randn(3, 4), randn(4), randn(3)
    agree(reference.jvp(J, t), torch.stack([sum(J[i, j] * t[j] for j in range(4)) for i in range(3)]))
    agree(reference.vjp(v, J), torch.stack([sum(v[i] * J[i, j] for i in range(3)) for j in range(4)]))


def test_cheaper_mode_of_a_training_and_of_a_curve():
    asked = [(1_000_000, 1), (1, 3), (2, 2)]
    assert [reference.cheaper_mode(*each) for each in asked] == ["reverse", "forward", "either"]
