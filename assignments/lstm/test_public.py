"""Public checks: long short-term memory from scratch."""

import math

import torch

from autograder.suite import check, close, expect, hints, items_of, tensor_of

CPU = torch.device("cpu")


@check("init_lstm_state", points=1)
def test_init_lstm_state_of_two_sequences(submission):
    """The state of 2 sequences with 3 hidden units is a tuple of two 2 x 3 tensors of zeros."""
    wanted = [torch.zeros(2, 3), torch.zeros(2, 3)]
    close(submission.init_lstm_state(2, 3, CPU), wanted, what="init_lstm_state(2, 3, device)")


@check("get_lstm_params", points=1)
def test_get_lstm_params_are_fourteen(submission):
    """There are fourteen parameters: the first is vocab_size x num_hiddens, b_q has vocab_size entries."""
    params = items_of(submission.get_lstm_params(5, 3, CPU), 14, what="get_lstm_params(5, 3, device)")
    first = tensor_of(params[0], shape=(5, 3), what="W_xi")
    expect(
        (first != 0).any() and (first.abs() < 0.1).all(),
        "must hold small random numbers",
        got=first,
        what="W_xi",
    )
    close(params[13], torch.zeros(5), what="b_q")


def one_by_one(**biases):
    """Parameters of a cell with one input and one hidden unit: zeros, but for the given biases."""
    places = {"b_i": 2, "b_f": 5, "b_o": 8, "b_c": 11}
    params = [torch.zeros(1, 1), torch.zeros(1, 1), torch.zeros(1)] * 4
    for name, value in biases.items():
        params[places[name]] = torch.tensor([value])
    return params


@check("lstm_cell", points=1)
def test_lstm_cell_halves_its_memory(submission):
    """With all parameters zero, every gate is 1/2 and the candidate is 0: a memory of 2 becomes 1."""
    X, H, C = torch.tensor([[3.0]]), torch.tensor([[0.5]]), torch.tensor([[2.0]])
    states = items_of(submission.lstm_cell(X, H, C, one_by_one()), 2, what="lstm_cell(X, H, C, params)")
    close(states[1], torch.tensor([[1.0]]), what="the new C")
    close(states[0], torch.tensor([[math.tanh(1) / 2]]), what="the new H")


@check("lstm_cell", points=1)
def test_lstm_cell_mixes_old_and_new(submission):
    """With b_f = log 3 and b_i = -log 3, 3/4 of C = 4 stay, and 1/4 of tanh(b_c) comes in."""
    X, H, C = torch.tensor([[0.0]]), torch.tensor([[0.0]]), torch.tensor([[4.0]])
    params = one_by_one(b_f=math.log(3), b_i=-math.log(3), b_c=1.0)
    states = items_of(submission.lstm_cell(X, H, C, params), 2, what="lstm_cell(X, H, C, params)")
    memory = 3 + math.tanh(1) / 4
    close(states[1], torch.tensor([[memory]]), what="the new C")
    close(states[0], torch.tensor([[math.tanh(memory) / 2]]), what="the new H")


@check("lstm", points=1)
def test_lstm_of_three_steps(submission):
    """A memory that is halved at each step, 8, 4, 2, 1, shown by half, and an output of 10 H + 1."""
    params = [*one_by_one(), torch.tensor([[10.0]]), torch.tensor([1.0])]
    state = (torch.tensor([[0.0]]), torch.tensor([[8.0]]))
    outputs, last = items_of(
        submission.lstm(torch.zeros(3, 1, 1), state, params), 2, what="lstm(inputs, state, params)"
    )
    close(outputs, torch.tensor([[5 * math.tanh(c) + 1] for c in (4, 2, 1)]), what="outputs")
    close(
        last,
        [torch.tensor([[math.tanh(1) / 2]]), torch.tensor([[1.0]])],
        what="the state after the last step",
    )


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "init_lstm_state",
    question="If two names stand for one tensor, what happens to the second when you write into the first?",
    idea="Two tensors of zeros, made separately, with a row per sequence and a column per hidden unit: "
    "first the hidden state, then the memory cell.",
    formula="H₀ = 0, C₀ = 0 ∈ ℝⁿˣʰ;  state = (H₀, C₀)",
)

hints(
    "get_lstm_params",
    question="In which order will the list be unpacked, and which of your tensors were computed from one that "
    "requires gradients already?",
    idea="Four trios in the order input, forget, output, candidate, then weight and bias of the output "
    "layer. Draw every trio anew, scale, and ask for gradients last.",
    formula="W_x· ∈ ℝᵈˣʰ, W_h· ∈ ℝʰˣʰ, W_hq ∈ ℝʰˣᵈ ~ N(0, 0.01²);  b = 0",
)

hints(
    "lstm_cell",
    question="Which gate decides what stays in the memory, which one what comes in, and which one what is shown?",
    idea="All three gates and the candidate look at the input and the hidden state. First renew the "
    "memory: keep a part of the old, add a part of the candidate. Then show a part of the new memory, "
    "squeezed into −1 to 1.",
    formula="I, F, O = σ(X W_x· + H W_h· + b_·),  C̃ = tanh(X W_xc + H W_hc + b_c),  C_new = F ⊙ C + I ⊙ C̃, "
    "H_new = O ⊙ tanh(C_new)",
)

hints(
    "lstm",
    question="Two things come out of a step. Which of them does the output layer read, and which go on to the "
    "next step?",
    idea="Walk along the first dimension and hand both states from step to step. The output layer reads "
    "the hidden state only. Put the outputs of later steps below those of earlier ones, and return "
    "both states after the last step.",
    formula="(Hₜ, Cₜ) = cell(Xₜ, Hₜ₋₁, Cₜ₋₁),  Yₜ = Hₜ W_hq + b_q;  outputs = [Y₀; Y₁; …]",
)
