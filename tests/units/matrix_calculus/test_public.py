"""Public checks: matrix calculus."""

import torch

from autograder.suite import check, close, expect, hints, probe

F64 = torch.float64


@probe
def of_squares(names, x):
    """numeric_jacobian(f, x) of f(x) = (x₀², x₀ x₁)"""
    return names.numeric_jacobian(lambda x: torch.stack([x[0] ** 2, x[0] * x[1]]), x)


@check("numeric_jacobian")
def test_jacobian_of_two_outputs(submission):
    """f(x) = (x₀², x₀ x₁) at (3, 5) has the Jacobian ((6, 0), (5, 3))."""
    got = submission.run(of_squares, torch.tensor([3.0, 5.0], dtype=F64))
    close(got, torch.tensor([[6.0, 0.0], [5.0, 3.0]], dtype=F64), rtol=1e-6, atol=1e-6, what="numeric_jacobian(f, x)")


@check("jacobian_shape")
def test_shapes_from_the_table(submission):
    """A vector of 3 by a vector of 2 gives (3, 2), and a matrix (3, 4) by a scalar keeps its shape."""
    got = [
        tuple(submission.jacobian_shape(torch.Size([3, 1]), torch.Size([2, 1]))),
        tuple(submission.jacobian_shape(torch.Size([3, 4]), torch.Size([1]))),
    ]
    expect(got == [(3, 2), (3, 4)], "must be [(3, 2), (3, 4)]", got=got, what="the two shapes")


@check("jacobian_of_linear")
def test_both_layouts(submission):
    """With A of 2 rows and 3 columns the shapes are (2, 3) and (3, 2)."""
    A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    close(submission.jacobian_of_linear(A, "numerator"), A, what='jacobian_of_linear(A, "numerator")')
    close(submission.jacobian_of_linear(A, "denominator"), A.T, what='jacobian_of_linear(A, "denominator")')


@check("grad_quadratic_form")
def test_gradient_of_a_product(submission):
    """With A = ((0, 1), (0, 0)), xᵀAx is x₀x₁, whose gradient at (2, 5) is (5, 2)."""
    A, x = torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([2.0, 5.0])
    close(submission.grad_quadratic_form(A, x), torch.tensor([5.0, 2.0]), what="grad_quadratic_form(A, x)")


@check("grad_least_squares")
def test_gradient_of_one_example(submission):
    """One example with x = 2 and y = 3: at w = 1 the gradient is 2 · (2 − 3) = −2."""
    got = submission.grad_least_squares(torch.tensor([[2.0]]), torch.tensor([1.0]), torch.tensor([3.0]))
    close(got, torch.tensor([-2.0]), what="grad_least_squares(X, w, y)")


@check("subgradient_abs")
def test_slopes_of_abs(submission):
    """At 3 the only slope is 1."""
    close(submission.subgradient_abs(3.0), [1.0, 1.0], what="subgradient_abs(3)")


@check("subgradient_relu")
def test_slopes_of_relu(submission):
    """At -3 the only slope is 0."""
    close(submission.subgradient_relu(-3.0), [0.0, 0.0], what="subgradient_relu(-3)")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "numeric_jacobian",
    question="When only x₀ moves a little, all outputs may change. Which part of the Jacobian do you see then?",
    idea="For each input, make a copy of x that is moved to the right and one moved to the left. The difference of the two values "
    "of f, divided by the way between them, is one column.",
    formula="J[:, j] = (f(x + h eⱼ) − f(x − h eⱼ)) / (2h)",
)

hints(
    "jacobian_shape",
    question="Look along one row of the table: what happens to the shape of x?",
    idea="The shape of x comes last and is turned round. Ones that only say scalar or vector are dropped, unless nothing else would "
    "be left.",
    formula="shape = (shape of y) + (shape of x turned round)",
)

hints(
    "jacobian_of_linear",
    question="Write out yᵢ = Σⱼ Aᵢⱼ xⱼ. What is its slope in xⱼ?",
    idea="The slopes are the entries of A. Which index counts the rows depends on the layout.",
    formula="∂yᵢ/∂xⱼ = Aᵢⱼ",
)

hints(
    "grad_quadratic_form",
    question="In which terms of Σ Aᵢⱼ xᵢ xⱼ does x₀ occur?",
    idea="Differentiate as if the first x were constant, then as if the second one were, and add. One part brings A, the other one "
    "its transpose.",
    formula="∇ xᵀAx = Ax + Aᵀx",
)

hints(
    "grad_least_squares",
    question="If the error of an example is positive and its feature too, should the weight grow or shrink?",
    idea="The outer derivative of half a square is the error. The inner one is the feature. Add up over the examples, and divide by "
    "their number.",
    formula="∇L = Xᵀ(Xw − y) / n",
)

hints(
    "subgradient_abs",
    question="Draw |x| and hold a ruler to its tip. Between which two slopes can you turn it without cutting the graph?",
    idea="Three cases: to the left of the kink, to the right of it, and the kink itself.",
    formula="∂|x| = [−1, 1] at 0, else the sign of x",
)

hints(
    "subgradient_relu",
    question="Which slope has max(0, x) to the left of 0, and which to the right?",
    idea="At the kink all slopes between those of the two sides are allowed.",
    formula="∂ max(0, x) = [0, 1] at 0, else 0 or 1",
)
