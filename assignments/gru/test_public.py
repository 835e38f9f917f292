"""Public checks: gated recurrent units from scratch."""

import math

import torch

from autograder.suite import check, close, expect, hints, items_of, tensor_of

CPU = torch.device("cpu")


@check("init_gru_state", points=1)
def test_init_gru_state_of_two_sequences(submission):
    """The state of 2 sequences with 3 hidden units is a tuple of one 2 x 3 tensor of zeros."""
    close(submission.init_gru_state(2, 3, CPU), [torch.zeros(2, 3)], what="init_gru_state(2, 3, device)")


@check("get_gru_params", points=1)
def test_get_gru_params_are_eleven(submission):
    """There are eleven parameters; the first is vocab_size x num_hiddens, the last has vocab_size entries."""
    params = items_of(submission.get_gru_params(5, 3, CPU), 11, what="get_gru_params(5, 3, device)")
    first = tensor_of(params[0], shape=(5, 3), what="W_xz")
    expect(
        (first != 0).any() and (first.abs() < 0.1).all(),
        "must hold small random numbers",
        got=first,
        what="W_xz",
    )
    close(params[10], torch.zeros(5), what="b_q")


def one_by_one(**biases):
    """Parameters of a cell with one input and one hidden unit: zeros, but for the given biases."""
    places = {"b_z": 2, "b_r": 5, "b_h": 8}
    params = [torch.zeros(1, 1), torch.zeros(1, 1), torch.zeros(1)] * 3
    for name, value in biases.items():
        params[places[name]] = torch.tensor([value])
    return params


@check("gru_cell", points=1)
def test_gru_cell_halves_its_state(submission):
    """With all parameters zero, Z is 1/2 and the candidate is 0: a state of 2 becomes 1."""
    state = submission.gru_cell(torch.tensor([[3.0]]), torch.tensor([[2.0]]), one_by_one())
    close(state, torch.tensor([[1.0]]), what="gru_cell(X, H, params)")


@check("gru_cell", points=1)
def test_gru_cell_keeps_three_quarters(submission):
    """With b_z = log 3, Z is 3/4: three quarters of the state 4 stay, and a quarter of tanh(b_h) comes in."""
    params = one_by_one(b_z=math.log(3), b_h=1.0)
    state = submission.gru_cell(torch.tensor([[0.0]]), torch.tensor([[4.0]]), params)
    close(state, torch.tensor([[3 + math.tanh(1) / 4]]), what="gru_cell(X, H, params)")


@check("gru", points=1)
def test_gru_of_three_steps(submission):
    """A state that is halved at each step, 8, 4, 2, 1, and an output of 10 times the state plus 1."""
    params = [*one_by_one(), torch.tensor([[10.0]]), torch.tensor([1.0])]
    result = submission.gru(torch.zeros(3, 1, 1), (torch.tensor([[8.0]]),), params)
    outputs, state = items_of(result, 2, what="gru(inputs, state, params)")
    close(outputs, torch.tensor([[41.0], [21.0], [11.0]]), what="outputs")
    close(state, [torch.tensor([[1.0]])], what="the state after the last step")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "init_gru_state",
    question="What does the network know before it has seen anything, and how many tensors carry it from step to step?",
    idea="One tensor of zeros, a row per sequence, a column per hidden unit, on the device that was asked "
    "for. It travels in a tuple, even though it is alone.",
    formula="H₀ = 0 ∈ ℝⁿˣʰ;  state = (H₀,)",
)

hints(
    "get_gru_params",
    question="Which of your tensors were made, and which were computed from another one? Which of the two "
    "kinds gets a gradient of its own?",
    idea="Three times the same trio for update gate, reset gate and candidate, then weight and bias of the "
    "output. Draw every trio anew, scale the weights, and ask for gradients when the numbers are "
    "final.",
    formula="W_x· ∈ ℝᵈˣʰ, W_h· ∈ ℝʰˣʰ, W_hq ∈ ℝʰˣᵈ ~ N(0, 0.01²);  b = 0",
)

hints(
    "gru_cell",
    question="Suppose Z is 1 everywhere: what should the new state be? And suppose R is 0: what does the "
    "candidate still see?",
    idea="Both gates and the candidate are built alike, from the input and the state. The reset gate "
    "closes parts of the old state before it is mixed into the candidate; the update gate then "
    "chooses, entry by entry, between the old state and the candidate.",
    formula="Z = σ(X W_xz + H W_hz + b_z),  R = σ(X W_xr + H W_hr + b_r),  H̃ = tanh(X W_xh + (R ⊙ H) W_hh + "
    "b_h),  H_new = Z ⊙ H + (1 − Z) ⊙ H̃",
)

hints(
    "gru",
    question="What does step t + 1 need from step t, and which of a step's results becomes a prediction?",
    idea="Walk along the first dimension. Each step renews the state with your cell; the output layer "
    "reads the new state. Collect the outputs, put those of later steps below those of earlier ones, "
    "and return the last state as it came in: in a tuple.",
    formula="Hₜ = cell(Xₜ, Hₜ₋₁),  Yₜ = Hₜ W_hq + b_q;  outputs = [Y₀; Y₁; …] ∈ ℝ^(T·n)ˣᵈ",
)
