"""Public checks: automatic differentiation."""

import torch

from autograder.suite import check, close, hints, probe


@probe
def of_two_functions(names):
    """gradients(f, g, x)"""
    x = torch.tensor([0.0, 1.0, 2.0, 3.0], requires_grad=True)
    return names.gradients(lambda x: (x * x).sum(), lambda x: x.sum(), x)


@check("gradients")
def test_gradients_of_a_square_and_a_sum(submission):
    """At [0, 1, 2, 3] the sum of squares has the gradient [0, 2, 4, 6], and the sum [1, 1, 1, 1]."""
    wanted = [torch.tensor([0.0, 2.0, 4.0, 6.0]), torch.ones(4)]
    close(submission.run(of_two_functions), wanted, what="gradients(f, g, x)")


@check("detach_product")
def test_detach_product_of_three_numbers(submission):
    """At [0, 1, 2] the gradient is [0, 1, 4]."""
    close(submission.detach_product(torch.tensor([0.0, 1.0, 2.0])), torch.tensor([0.0, 1.0, 4.0]))


@check("control_flow_grad")
def test_control_flow_grad_of_both_signs(submission):
    """At 1 the slope is 1024; at −1 it is 102400."""
    close(submission.control_flow_grad(torch.tensor(1.0)), torch.tensor(1024.0), what="control_flow_grad(1)")
    close(submission.control_flow_grad(torch.tensor(-1.0)), torch.tensor(102400.0), what="control_flow_grad(-1)")


@probe
def of_two_pieces(names):
    """accumulated_gradient(net, loss, batches)"""
    net = nn.Linear(1, 1, bias=False)  # noqa: F821
    pieces = [(torch.tensor([[1.0], [2.0]]), torch.zeros(2)), (torch.tensor([[6.0]]), torch.zeros(1))]
    return names.accumulated_gradient(net, lambda y_hat, y: y_hat[:, 0] - y, pieces)


@check("accumulated_gradient")
def test_accumulated_gradient_of_two_pieces(submission):
    """For the loss w x − y, with the x 1 and 2 in one piece and 6 in another, the gradient is the mean of all x, 3."""
    close(submission.run(of_two_pieces), [torch.tensor([[3.0]])], what="accumulated_gradient(net, loss, batches)")


JACOBIAN = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@check("jvp")
def test_jvp_of_a_small_matrix(submission):
    """[[1, 2, 3], [4, 5, 6]] times [1, 0, 2] is [7, 16]."""
    close(submission.jvp(JACOBIAN, torch.tensor([1.0, 0.0, 2.0])), torch.tensor([7.0, 16.0]), what="jvp(J, t)")


@check("vjp")
def test_vjp_of_a_small_matrix(submission):
    """[1, 2] times [[1, 2, 3], [4, 5, 6]] is [9, 12, 15]."""
    close(submission.vjp(torch.tensor([1.0, 2.0]), JACOBIAN), torch.tensor([9.0, 12.0, 15.0]), what="vjp(v, J)")


@probe
def three_times_three(names):
    """Dual(3.0, 1.0) * Dual(3.0, 1.0)"""
    product = names.Dual(3.0, 1.0) * names.Dual(3.0, 1.0)
    return [product.value, product.slope]


@check("Dual")
def test_dual_squared(submission):
    """Dual(3, 1) times itself has the value 9 and the slope 6."""
    value, slope = submission.run(three_times_three)
    close(value, 9.0, what="(Dual(3.0, 1.0) * Dual(3.0, 1.0)).value")
    close(slope, 6.0, what="(Dual(3.0, 1.0) * Dual(3.0, 1.0)).slope")


@probe
def of_a_product(names):
    """forward_gradient(lambda a, b: a * b, [2.0, 5.0])"""
    return names.forward_gradient(lambda a, b: a * b, [2.0, 5.0])


@check("forward_gradient")
def test_forward_gradient_of_a_product(submission):
    """The slopes of a · b at (2, 5) are 5 and 2."""
    close(submission.run(of_a_product), [5.0, 2.0])


@probe
def of_a_logarithm(names):
    """y.backward(), where y = a.log() + a * b - b.sin()"""
    a, b = names.Value(2.0), names.Value(5.0)
    y = a.log() + a * b - b.sin()
    y.backward()
    return [y.data, a.grad, b.grad]


@check("Value")
def test_value_of_the_lectures_example(submission):
    """ln a + a b − sin b at (2, 5) is 11.652, and its slopes are 5.5 and 1.7163."""
    what = ["y.data", "a.grad", "b.grad"]
    for mine, right, name in zip(submission.run(of_a_logarithm), [11.652, 5.5, 1.7163], what, strict=True):
        close(mine, right, what=f"{name}, with y = a.log() + a * b - b.sin(),", rtol=1e-4)


@probe
def used_twice(names):
    """(a * a + a).backward()"""
    a = names.Value(3.0)
    (a * a + a).backward()
    return a.grad


@check("Value")
def test_value_used_three_times(submission):
    """a · a + a at 3 has the slope 7."""
    close(submission.run(used_twice), 7.0, what="a.grad after (a * a + a).backward()")


@check("cheaper_mode")
def test_cheaper_mode_of_two_inputs(submission):
    """With 2 inputs and 50 outputs, forward mode takes fewer runs."""
    close(submission.cheaper_mode(2, 50), "forward", what="cheaper_mode(2, 50)")


hints(
    "gradients",
    question="What is in x.grad right before you call backward the second time?",
    idea="Empty x.grad before each of the two calls. And mind what you hand out: if you empty a gradient by writing zeros "
    "into it, whoever holds the same tensor sees zeros.",
    formula="x.grad ← x.grad + ∇f(x), in every call",
)

hints(
    "detach_product",
    question="If u were simply the number 5, which slope would u · x have?",
    idea="Compute u from x, take its numbers without their history, and go backward from the sum of the products. Only the "
    "second factor is still connected to x.",
    formula="∂/∂xᵢ Σⱼ uⱼ xⱼ = uᵢ, with uᵢ = xᵢ²",
)

hints(
    "control_flow_grad",
    question="For a = 100 the loop runs a few times. By which number has a been multiplied at the end?",
    idea="Write the three steps down as they are, with a while and an if, beginning with an a that torch watches. Then go "
    "backward. Every step that was taken multiplies by a number, so the slope is the product of these numbers.",
    formula="f(a) = k a, where k depends on a only in jumps; so f′(a) = k = f(a) / a",
)

hints(
    "accumulated_gradient",
    question="Two pieces have 1 and 3 examples. With which weight does each example enter the mean over all 4?",
    idea="Count all examples first. Then, piece by piece, add up the losses, divide by the number of all examples, and go "
    "backward at once. The gradients of the pieces add up in the parameters, if these were empty at the beginning.",
    formula="∇ (1/N) Σᵢ ℓᵢ = Σ over pieces of ∇ (1/N) Σ over the piece's ℓᵢ",
)

hints(
    "jvp",
    question="The result has an entry for each output. Which row of J belongs to output i?",
    idea="Each output changes by the sum, over all inputs, of its slope in that input times the speed of the input. That is a "
    "matrix times a vector. The operator for it checks the lengths on its own.",
    formula="jvp(J, t)ᵢ = Σⱼ Jᵢⱼ tⱼ",
)

hints(
    "vjp",
    question="The result has an entry for each input. Over what do you sum, then?",
    idea="Each input acts on all outputs. Weigh its slope in each output with how much that output matters, and add up. That "
    "is a vector times a matrix.",
    formula="vjp(v, J)ⱼ = Σᵢ vᵢ Jᵢⱼ",
)

hints(
    "Dual",
    question="What is the slope of a constant such as 3?",
    idea="In each method compute two numbers: the value as always, and the slope by the rule from school, in which the slopes "
    "of the operands appear. A plain number can be turned into a Dual with slope 0 first. Then there is only one case left.",
    formula="(a b)′ = a′ b + a b′,  (aⁿ)′ = n aⁿ⁻¹ a′,  g(a)′ = g′(a) a′",
)

hints(
    "forward_gradient",
    question="Which slopes do the inputs have if only the second of three moves?",
    idea="One run for each input: make duals of all numbers, with slope 1 for the input in question and 0 for the others, "
    "call f, and note the slope of what comes out.",
    formula="∂f/∂xⱼ: inputs with slopes (0, …, 1, …, 0), the 1 in place j",
)

hints(
    "Value",
    question="For y = a · a + a, what comes back to a, and from how many places?",
    idea="Forward, each operation notes its operands with their local slopes. Backward, put all values behind y in an order "
    "in which each stands after those it was computed from, and walk from the end. Keep the slopes of this walk in a place "
    "of their own, and add them to grad once they are complete.",
    formula="∂y/∂v = Σ over all w computed from v of ∂y/∂w · ∂w/∂v,  and ∂y/∂y = 1",
)

hints(
    "cheaper_mode",
    question="A network has a million parameters and one loss. How many runs would forward mode need for all slopes?",
    idea="One mode fills the Jacobian column by column, the other row by row. Compare how many there are.",
    formula="forward: as many runs as inputs;  reverse: as many as outputs",
)
