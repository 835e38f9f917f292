"""The reference agrees with autograd, with difference quotients, and with counting."""

import itertools

import pytest
import torch

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("matrix_calculus", drafts=True).reference)
drawn = torch.Generator().manual_seed(0)


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=drawn)


FUNCTIONS = [
    lambda x: x**3,
    lambda x: torch.stack([torch.sin(x).sum(), x.prod()]),
    lambda x: (draw_free @ x).tanh(),
]
draw_free = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]], dtype=torch.float64)


@pytest.mark.parametrize("f", FUNCTIONS)
def test_central_differences_come_near_autograd(f):
    x = draw(3)
    torch.testing.assert_close(reference.numeric_jacobian(f, x), torch.func.jacrev(f)(x), rtol=1e-7, atol=1e-8)


def test_shapes_are_those_of_autograd_turned_round():
    """torch puts the axes of x behind those of y, in their order; numerator layout turns those of x round."""
    shapes = [(1,), (3, 1), (2, 4)]
    for y_shape, x_shape in itertools.product(shapes, shapes):
        made = reference.jacobian_shape(y_shape, x_shape)
        torchs = [*y_shape, *reversed(x_shape)]
        assert sorted(n for n in made if n > 1) == sorted(n for n in torchs if n > 1)
        assert torch.zeros(made).numel() == torch.zeros(y_shape).numel() * torch.zeros(x_shape).numel()
        assert [n for n in made if n > 1] == [n for n in torchs if n > 1]


def test_gradients_are_difference_quotients():
    A, x, X, w, y = draw(4, 4), draw(4), draw(5, 3), draw(3), draw(5)
    quadratic = reference.numeric_jacobian(lambda x: (x @ A @ x).reshape(1), x)[0]
    torch.testing.assert_close(reference.grad_quadratic_form(A, x), quadratic, rtol=1e-6, atol=1e-7)
    squares = reference.numeric_jacobian(lambda w: ((X @ w - y).square().sum() / 10).reshape(1), w)[0]
    torch.testing.assert_close(reference.grad_least_squares(X, w, y), squares, rtol=1e-6, atol=1e-7)


def test_the_linear_function_has_its_matrix():
    A = draw(2, 3)
    assert torch.equal(reference.jacobian_of_linear(A, "numerator"), A)
    assert torch.equal(reference.jacobian_of_linear(A, "denominator"), A.T)


@pytest.mark.parametrize(
    ("f", "slopes"), [(abs, reference.subgradient_abs), (lambda x: max(0.0, x), reference.subgradient_relu)]
)
def test_lines_with_these_slopes_stay_below_and_others_do_not(f, slopes):
    for x in (-2.0, 0.0, 1.5):
        low, high = slopes(x)
        for slope in (low, high, (low + high) / 2):
            assert all(f(z) >= f(x) + slope * (z - x) - 1e-12 for z in (-5.0, -0.1, 0.0, 0.1, 5.0))
        for slope in (low - 0.1, high + 0.1):
            assert any(f(z) < f(x) + slope * (z - x) for z in (x - 0.1, x + 0.1))
