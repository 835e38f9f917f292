"""Known mistakes in long short-term memory."""

import torch

from autograder.suite import misconception


@misconception(
    "init_lstm_state",
    "a single tensor",
    hint="Your state is one tensor. An LSTM carries two things from step to step: the hidden state and the "
    "memory cell.",
)
def bare_state(batch_size, num_hiddens, device):
    return torch.zeros((batch_size, num_hiddens), device=device)


@misconception(
    "init_lstm_state",
    "the state of a GRU",
    hint="Your tuple holds the hidden state only, as it would for a GRU. An LSTM has a memory cell besides, "
    "of the same shape.",
)
def state_of_a_gru(batch_size, num_hiddens, device):
    return (torch.zeros((batch_size, num_hiddens), device=device),)


@misconception(
    "init_lstm_state",
    "the same tensor twice",
    hint="H and C are two names for one tensor here, so whatever is written into one shows up in the other. "
    "Making a tuple, or multiplying one, copies no tensor: each needs to be made.",
)
def one_tensor_twice(batch_size, num_hiddens, device):
    return (torch.zeros((batch_size, num_hiddens), device=device),) * 2


@misconception(
    "init_lstm_state",
    "one tensor with a first dimension of two",
    hint="You return one tensor of shape (2, n, h). Unpacking would work, but what is asked for is a tuple "
    "of two tensors, which any recurrent network can be handed.",
)
def stacked_state(batch_size, num_hiddens, device):
    return torch.zeros((2, batch_size, num_hiddens), device=device)


@misconception(
    "init_lstm_state",
    "a generator instead of a tuple",
    hint="Unpacking works once; after that there is nothing left. Round brackets around a comprehension make no tuple, "
    "but something that makes its items when they are asked for, and only once. Look up how a tuple is made from it.",
)
def states_on_demand(batch_size, num_hiddens, device):
    return (torch.zeros((batch_size, num_hiddens), device=device) for _ in range(2))


@misconception(
    "init_lstm_state",
    "hidden units along the rows",
    hint="Your states have one row per hidden unit. As everywhere, a row belongs to one example of the "
    "batch: which of the two sizes comes first?",
)
def transposed_state(batch_size, num_hiddens, device):
    return tuple(torch.zeros((num_hiddens, batch_size), device=device) for _ in range(2))


@misconception(
    "init_lstm_state",
    "a random initial state",
    hint="Before the first step nothing has been seen, and the states say so by being zero. Weights have to "
    "start at random, so that units can differ; states need not.",
)
def random_state(batch_size, num_hiddens, device):
    return tuple(torch.randn((batch_size, num_hiddens), device=device) for _ in range(2))


@misconception(
    "init_lstm_state",
    "the device is ignored",
    hint="Your states are always made on the CPU. With a model on a GPU the first product would fail: where "
    "does the argument device go?",
)
def state_on_the_cpu(batch_size, num_hiddens, device):
    return tuple(torch.zeros((batch_size, num_hiddens)) for _ in range(2))


@misconception(
    "init_lstm_state",
    "two tensors kept for all calls",
    hint="For the same sizes you hand out the same two tensors every time. As soon as somebody writes into them, the "
    "next sequence starts from what was left there. A default argument is made once, when the function is, and lives "
    "as long as it does.",
)
def kept_states(batch_size, num_hiddens, device, kept={}):
    key = (batch_size, num_hiddens, device)
    if key not in kept:
        kept[key] = tuple(torch.zeros((batch_size, num_hiddens), device=device) for _ in range(2))
    return kept[key]


def gate_shapes(vocab_size, num_hiddens):
    return [(vocab_size, num_hiddens), (num_hiddens, num_hiddens), (num_hiddens,)]


def all_shapes(vocab_size, num_hiddens):
    return [*gate_shapes(vocab_size, num_hiddens) * 4, (num_hiddens, vocab_size), (vocab_size,)]


def one_param(shape, device, scale=0.01):
    return torch.randn(shape, device=device) * scale if len(shape) == 2 else torch.zeros(shape, device=device)


@misconception(
    "get_lstm_params",
    "weights drawn with standard deviation 1",
    hint="Your weights are a hundred times too large. Sums over many units then saturate the gates from the "
    "start, and hardly any gradient passes. Draws from the standard normal distribution have to be "
    "scaled.",
)
def wide_params(vocab_size, num_hiddens, device):
    return [one_param(s, device, scale=1).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_lstm_params",
    "standard deviation 0.1 from a variance of 0.01",
    hint="Your weights are ten times too large: 0.01 is their variance, but it should be their standard "
    "deviation.",
)
def params_with_variance(vocab_size, num_hiddens, device):
    return [one_param(s, device, scale=0.1).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_lstm_params",
    "weights drawn from a uniform distribution",
    hint="Your weights are all positive: rand draws evenly from 0 to 1. What is asked for is a normal "
    "distribution around 0.",
)
def uniform_params(vocab_size, num_hiddens, device):
    params = [one_param(s, device, scale=0) for s in all_shapes(vocab_size, num_hiddens)]
    return [
        (torch.rand(p.shape, device=device) * 0.01 if p.ndim == 2 else p).requires_grad_() for p in params
    ]


@misconception(
    "get_lstm_params",
    "weights that are all zero",
    hint="With all weights zero, every hidden unit computes the same and gets the same gradient: they never "
    "become different. Only the biases may start at zero.",
)
def zero_params(vocab_size, num_hiddens, device):
    return [torch.zeros(s, device=device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_lstm_params",
    "random biases",
    hint="Your biases are drawn at random like the weights. It is enough that the weights differ from unit "
    "to unit: biases start at zero.",
)
def params_with_random_biases(vocab_size, num_hiddens, device):
    return [
        (torch.randn(s, device=device) * 0.01).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)
    ]


@misconception(
    "get_lstm_params",
    "requires_grad is not set",
    hint="A plain tensor does not ask for gradients, so backward() would leave its grad at None and nothing "
    "would be learned. Each parameter has to be told.",
)
def params_without_gradients(vocab_size, num_hiddens, device):
    return [one_param(s, device) for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_lstm_params",
    "weights scaled after they require gradients",
    hint="Your weights are the result of a multiplication that autograd has recorded, so they are no "
    "leaves: backward() fills the grad of the tensor before the scaling, which nobody holds any more. "
    "Mind the order: scale, then ask for gradients.",
)
def params_off_the_leaves(vocab_size, num_hiddens, device):
    shapes = all_shapes(vocab_size, num_hiddens)
    return [
        torch.randn(s, device=device, requires_grad=True) * 0.01
        if len(s) == 2
        else torch.zeros(s, device=device, requires_grad=True)
        for s in shapes
    ]


@misconception(
    "get_lstm_params",
    "the gates share their tensors",
    hint="The three tensors of a gate were made once and put into the list four times, so all gates are the "
    "same and stay the same for ever. Each needs draws of its own, the candidate too.",
)
def params_shared_by_gates(vocab_size, num_hiddens, device):
    gate = [one_param(s, device).requires_grad_() for s in gate_shapes(vocab_size, num_hiddens)]
    output = [one_param(s, device).requires_grad_() for s in [(num_hiddens, vocab_size), (vocab_size,)]]
    return gate + gate + gate + gate + output


@misconception(
    "get_lstm_params",
    "all weights first, then all biases",
    hint="You list the weights and then the biases. Whoever unpacks the list goes by position: gate after "
    "gate, each with its two weights and its bias.",
)
def params_grouped_by_kind(vocab_size, num_hiddens, device):
    params = [one_param(s, device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]
    return sorted(params, key=lambda p: -p.ndim)


@misconception(
    "get_lstm_params",
    "the output layer is missing",
    hint="You return the parameters of the gates and the candidate only. The output is computed from the "
    "state by two more: a weight and a bias.",
)
def params_without_output(vocab_size, num_hiddens, device):
    return [one_param(s, device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)[:12]]


@misconception(
    "get_lstm_params",
    "weights transposed",
    hint="Your weights have outputs along the rows, as nn.Linear stores them. Here a weight stands on the "
    "right of the product, X W: its rows meet the columns of X.",
)
def transposed_params(vocab_size, num_hiddens, device):
    return [one_param(s[::-1], device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_lstm_params",
    "the device is ignored",
    hint="Your parameters are always made on the CPU. Where does the argument device go, for weights and "
    "for biases?",
)
def params_on_the_cpu(vocab_size, num_hiddens, device):
    return [one_param(s, None).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_lstm_params",
    "moved to the device after they require gradients",
    hint="On the CPU all looks well; on another device, to() makes a copy that autograd has recorded, so "
    "the parameters are no leaves there, and never get a grad. Make every tensor where it belongs, with device=, "
    "or move it before it asks for gradients.",
)
def params_moved_late(vocab_size, num_hiddens, device):
    return [one_param(s, None).requires_grad_().to(device) for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_lstm_params",
    "biases left on the CPU",
    hint="Your weights are on the device that was asked for, but the biases stayed behind on the CPU, and no sum of the "
    "two works. Every tensor you make needs to know the device.",
)
def biases_on_the_cpu(vocab_size, num_hiddens, device):
    shapes = all_shapes(vocab_size, num_hiddens)
    return [one_param(s, device if len(s) == 2 else None).requires_grad_() for s in shapes]


@misconception(
    "get_lstm_params",
    "biases kept for all calls",
    hint="Your biases are made once and then handed out again at every call, so two networks would train the same "
    "tensors, and the second would start from what the first has learned. What stands outside the function, or among "
    "the defaults of its arguments, lives longer than a call.",
)
def params_with_kept_biases(vocab_size, num_hiddens, device, kept={}):
    params = [one_param(s, device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]
    biases = kept.setdefault((vocab_size, num_hiddens, device), [p for p in params if p.ndim == 1])
    return [biases[i // 3] if p.ndim == 1 else p for i, p in enumerate(params)]


@misconception(
    "get_lstm_params",
    "a gate's weights copied for the next gate",
    hint="Some of your weights hold the numbers of others once more, turned round or with another sign. A copy in "
    "disguise is no draw of its own: the forget gate would start as the input gate's mirror image.",
)
def params_with_mirrored_gates(vocab_size, num_hiddens, device):
    params = [one_param(s, device) for s in all_shapes(vocab_size, num_hiddens)]
    for i in (0, 1):
        params[3 + i] = -params[i]
    return [p.requires_grad_() for p in params]


@misconception(
    "get_lstm_params",
    "gradients switched on for good",
    hint="You switch gradients off while you fill in the numbers, and on afterwards, whether they were on before or not. "
    "Whoever calls you in a stretch of code without gradients gets them back unasked. Which way of switching a mode "
    "finds out by itself what to go back to?",
)
def params_switching_gradients_on(vocab_size, num_hiddens, device):
    torch.set_grad_enabled(False)
    params = [one_param(s, device) for s in all_shapes(vocab_size, num_hiddens)]
    torch.set_grad_enabled(True)
    return [p.requires_grad_() for p in params]


def gates(X, H, params, squash=torch.sigmoid, squash_candidate=torch.tanh):
    """I, F, O and the candidate."""
    affine = [X @ params[k] + H @ params[k + 1] + params[k + 2] for k in (0, 3, 6, 9)]
    return [squash(a) for a in affine[:3]] + [squash_candidate(affine[3])]


@misconception(
    "lstm_cell",
    "H shows C instead of tanh(C)",
    hint="Your hidden state shows the memory as it is. C grows as long as things are written into it; a "
    "function is missing that brings what is shown back between −1 and 1.",
)
def unsquashed_memory(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    C = F * C + I * new
    return O * C, C


@misconception(
    "lstm_cell",
    "input and forget gate swapped",
    hint="Your cell keeps where it should write and writes where it should keep. The forget gate goes with "
    "the old memory, the input gate with the candidate; and the list begins with the input gate's "
    "parameters.",
)
def swapped_input_and_forget(X, H, C, params):
    F, I, O, new = gates(X, H, params)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "forget and output gate swapped",
    hint="Your forget gate is computed from the output gate's parameters, and the other way round. The "
    "order of the list is input, forget, output, candidate: check how you unpack it.",
)
def swapped_forget_and_output(X, H, C, params):
    I, O, F, new = gates(X, H, params)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "input and output gate swapped",
    hint="Your input gate is computed from the output gate's parameters, and the other way round. The order "
    "of the list is input, forget, output, candidate: check how you unpack it.",
)
def swapped_input_and_output(X, H, C, params):
    O, F, I, new = gates(X, H, params)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "parameters in the order of torch's layer",
    hint="torch's own layer keeps the candidate third and the output gate last. In this list it is the "
    "other way round: check which three parameters belong to the output gate.",
)
def library_order(X, H, C, params):
    I, F, O, new = gates(X, H, [*params[:6], *params[9:12], *params[6:9]])
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "tanh gates",
    hint="A gate is a share between 0 and 1, but tanh gives values between −1 and 1: a negative gate turns "
    "the sign of what it should let through. Which function maps to 0…1?",
)
def tanh_gates(X, H, C, params):
    I, F, O, new = gates(X, H, params, torch.tanh)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "sigmoid for the candidate",
    hint="Your candidate is never negative, so the memory can only be counted up. The three gates are "
    "sigmoids; the candidate lies between −1 and 1.",
)
def sigmoid_candidate(X, H, C, params):
    I, F, O, new = gates(X, H, params, squash_candidate=torch.sigmoid)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "no tanh around the candidate",
    hint="Your candidate is a plain linear map, so one step can write a number of any size. A function is "
    "missing that keeps it between −1 and 1.",
)
def linear_candidate(X, H, C, params):
    I, F, O, new = gates(X, H, params, squash_candidate=lambda a: a)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "H shows the old memory",
    hint="Your hidden state is computed from the memory before this step, so it always lags one step "
    "behind. First the memory is renewed, then it is shown.",
)
def shows_the_old_memory(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    return O * torch.tanh(C), F * C + I * new


@misconception(
    "lstm_cell",
    "H and C returned the other way round",
    hint="The two states are right but stand in the wrong places: the hidden state comes first, then the "
    "memory cell.",
)
def returned_in_reverse(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    C = F * C + I * new
    return C, O * torch.tanh(C)


@misconception(
    "lstm_cell",
    "only H is returned",
    hint="You return the hidden state alone. The next step needs the memory cell too, and can get it only "
    "from here.",
)
def without_memory(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    return O * torch.tanh(F * C + I * new)


@misconception(
    "lstm_cell",
    "the old memory is returned",
    hint="Your hidden state is right, but the C you return is the one that was passed in, so nothing is "
    "ever remembered. Which name did you give the new memory?",
)
def returns_the_old_memory(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    return O * torch.tanh(F * C + I * new), C


@misconception(
    "lstm_cell",
    "the forget gate is not used",
    hint="Your memory adds up everything that was ever written and forgets nothing. Where does F enter the "
    "formulas?",
)
def never_forgets(X, H, C, params):
    I, _, O, new = gates(X, H, params)
    C = C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "the input gate is not used",
    hint="Your candidate is written in full at every step. The input gate decides entry by entry how much "
    "of it gets in.",
)
def always_writes(X, H, C, params):
    _, F, O, new = gates(X, H, params)
    C = F * C + new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "the forget gate as one minus the input gate",
    hint="You weigh old and new with I and 1 − I, as a GRU does with its update gate. An LSTM has a gate "
    "for each: it may keep and write at the same time, or do neither.",
)
def coupled_gates(X, H, C, params):
    I, _, O, new = gates(X, H, params)
    C = (1 - I) * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "the input gate as one minus the forget gate",
    hint="You weigh old and new with F and 1 − F, as a GRU does with its update gate. An LSTM has a gate "
    "for each: it may keep and write at the same time, or do neither.",
)
def coupled_by_forget(X, H, C, params):
    _, F, O, new = gates(X, H, params)
    C = F * C + (1 - F) * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "the output gate is not used",
    hint="Your hidden state shows the whole memory. The output gate decides entry by entry how much of it "
    "is shown.",
)
def shows_everything(X, H, C, params):
    I, F, _, new = gates(X, H, params)
    C = F * C + I * new
    return torch.tanh(C), C


@misconception(
    "lstm_cell",
    "the gates look at C instead of H",
    hint="Your gates and your candidate are computed from the memory cell. They see the hidden state, which "
    "is what the cell chose to show after the step before; C itself is only kept, written to and "
    "shown.",
)
def gates_from_memory(X, H, C, params):
    I, F, O, new = gates(X, C, params)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "the biases are left out",
    hint="Your result does not depend on b_i, b_f, b_o and b_c. Each of the four formulas ends in a bias.",
)
def cell_without_biases(X, H, C, params):
    I, F, O, new = gates(X, H, [p if p.ndim == 2 else 0.0 for p in params])
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "matrix product where entries are multiplied",
    hint="Gates act entry by entry: I, F, O, H and C all have shape (n, h), and ⊙ is the product of numbers "
    "in the same place. The matrix product @ belongs to the weights only.",
)
def matrix_gates(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    C = F @ C + I @ new
    return O @ torch.tanh(C), C


@misconception(
    "lstm_cell",
    "the memory is changed in place",
    hint="The caller's C is different after the call. Operators such as *= and += and functions that end in "
    "an underscore write into the tensor they are given; make a new one instead.",
)
def cell_in_place(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    C *= F
    C += I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "a sigmoid that overflows",
    hint="exp of a large number is infinite, and infinity divided by infinity is nan. torch has a sigmoid "
    "that is safe; if you write your own, which form needs exp only once, below the fraction bar?",
)
def overflowing_gates(X, H, C, params):
    I, F, O, new = gates(X, H, params, lambda a: torch.exp(a) / (1 + torch.exp(a)))
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "gates cut off from the graph",
    hint="Your values are right, but the gates' parameters get no gradient, so the gates would never learn. "
    "Look for detach(), .data, no_grad() or a new tensor made out of an old one's values.",
)
def detached_gates(X, H, C, params):
    *squashed, new = gates(X, H, params)
    I, F, O = (gate.detach() for gate in squashed)
    C = F * C + I * new
    return O * torch.tanh(C), C


@misconception(
    "lstm_cell",
    "a tanh of the memory that overflows",
    hint="Your gates are safe, but what is shown of the memory is not: C can count up to any size, exp of twice such a "
    "number is infinite, and infinity divided by infinity is nan. torch has a tanh that is safe.",
)
def overflowing_memory(X, H, C, params):
    I, F, O, new = gates(X, H, params)
    C = F * C + I * new
    return O * (torch.exp(2 * C) - 1) / (torch.exp(2 * C) + 1), C


@misconception(
    "lstm_cell",
    "a sigmoid with a kink at zero",
    hint="Your values are right everywhere, but where a gate's input is exactly 0 your sigmoid passes no gradient on, "
    "although it is as steep there as anywhere. What is the slope of an absolute value at 0, and what does autograd "
    "say it is? An input of zeros and biases of zero are enough to get there.",
)
def kinked_gates(X, H, C, params):
    def sigmoid(a):
        small = torch.exp(-a.abs())
        return torch.where(a < 0, small, torch.ones_like(a)) / (1 + small)

    I, F, O, new = gates(X, H, params, sigmoid)
    C = F * C + I * new
    return O * torch.tanh(C), C


def plain_cell(X, H, C, *params):
    I, F, O, new = gates(X, H, params)
    C = F * C + I * new
    return O * torch.tanh(C), C


class CellWithOneMemory(torch.autograd.Function):
    latest = ()

    @staticmethod
    def forward(ctx, *args):
        CellWithOneMemory.latest = args
        return plain_cell(*args)

    @staticmethod
    def backward(ctx, *gradients):
        with torch.enable_grad():
            args = [arg.detach().requires_grad_() for arg in CellWithOneMemory.latest]
            return torch.autograd.grad(plain_cell(*args), args, gradients)


@misconception(
    "lstm_cell",
    "one place for what backward needs",
    hint="One step and its gradients are right. With two steps, the second writes over what the first has left for its "
    "backward pass, and both get the gradients of the second. What a call keeps for later has to belong to that call.",
)
def cell_with_one_memory(X, H, C, params):
    return CellWithOneMemory.apply(X, H, C, *params)


@misconception(
    "lstm_cell",
    "gradients switched off for good",
    hint="After your function has run, nothing in the whole program gets gradients any more: you switched them off and "
    "did not switch them on again. Does this function have any reason to touch that setting?",
)
def cell_switching_gradients_off(X, H, C, params):
    states = plain_cell(X, H, C, *params)
    torch.set_grad_enabled(False)
    return states


@misconception(
    "lstm_cell",
    "ones made on the CPU",
    hint="Your step makes a tensor of its own, and makes it on the CPU. With everything else on a GPU, the two cannot be "
    "combined. Does the formula need a tensor there, or would a number do? If it needs one, it takes dtype and device "
    "from what it is combined with.",
)
def cell_with_ones_on_the_cpu(X, H, C, params):
    I, F, O, new = gates(X, H, params, lambda a: torch.ones(a.shape, dtype=a.dtype) / (1 + torch.exp(-a)))
    C = F * C + I * new
    return O * torch.tanh(C), C


def states_of(inputs, H, C, params):
    """[(H, C)] after each step."""
    states = []
    for X in inputs:
        H, C = lstm_cell(X, H, C, params[:12])
        states.append((H, C))
    return states


def outputs_of(states, params):
    return [H @ params[12] + params[13] for H, _ in states]


@misconception(
    "lstm",
    "C lost between steps",
    hint="Every step gets the memory cell that was passed in, so what was written is gone one step later. "
    "Two things come out of a step, and both have to go into the next.",
)
def forgetful_lstm(inputs, state, params):
    H, C = state
    states = []
    for X in inputs:
        H, last = lstm_cell(X, H, C, params[:12])
        states.append((H, last))
    return torch.cat(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "H lost between steps",
    hint="Every step gets the hidden state that was passed in. The memory is handed on, but the gates never "
    "see what was shown after the step before: both states have to go from step to step.",
)
def lstm_without_hidden_state(inputs, state, params):
    H, C = state
    states = []
    for X in inputs:
        shown, C = lstm_cell(X, H, C, params[:12])
        states.append((shown, C))
    return torch.cat(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "both states lost between steps",
    hint="Every step starts from the state that was passed in, so nothing is remembered. The states a step "
    "returns have to be those the next step gets.",
)
def stateless_lstm(inputs, state, params):
    states = [lstm_cell(X, *state, params[:12]) for X in inputs]
    return torch.cat(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "starts from zeros whatever state is passed in",
    hint="Your network begins every call with an empty memory. Whoever calls it decides where it starts: "
    "that is what the argument state is for.",
)
def lstm_from_zeros(inputs, state, params):
    states = states_of(inputs, torch.zeros_like(state[0]), torch.zeros_like(state[1]), params)
    return torch.cat(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "the state unpacked as (C, H)",
    hint="You take the first tensor of the state for the memory cell. The hidden state comes first, on the "
    "way in and on the way out.",
)
def lstm_with_swapped_state(inputs, state, params):
    C, H = state
    states = states_of(inputs, H, C, params)
    return torch.cat(outputs_of(states, params)), states[-1][::-1]


@misconception(
    "lstm",
    "the states are returned as (C, H)",
    hint="The outputs are right, but the states you return stand in the wrong order, and the next call "
    "would take one for the other: the hidden state comes first.",
)
def lstm_returning_swapped_states(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat(outputs_of(states, params)), states[-1][::-1]


@misconception(
    "lstm",
    "outputs from the memory cell",
    hint="Your outputs are computed from C. The memory is the cell's own business; the output layer sees "
    "what the output gate lets out.",
)
def lstm_with_outputs_from_memory(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat([C @ params[12] + params[13] for _, C in states]), states[-1]


@misconception(
    "lstm",
    "the last output only",
    hint="You return one step's outputs. The loss looks at the prediction after every character, so the "
    "outputs of all steps have to be collected.",
)
def lstm_with_last_output(inputs, state, params):
    states = states_of(inputs, *state, params)
    return outputs_of(states, params)[-1], states[-1]


@misconception(
    "lstm",
    "outputs stacked instead of concatenated",
    hint="Your outputs have three dimensions: the steps got one of their own. Lined up along the dimension "
    "of the batch they are one long matrix, which the loss takes as one row per prediction.",
)
def lstm_with_stacked_outputs(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.stack(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "outputs concatenated along the vocabulary",
    hint="Your outputs stand side by side: (n, num_steps · d). One step's rows go below the other's; along "
    "which dimension do you concatenate?",
)
def lstm_with_wide_outputs(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat(outputs_of(states, params), dim=1), states[-1]


@misconception(
    "lstm",
    "outputs in the order of the sequences",
    hint="The rows are right but stand in another order: all steps of the first sequence, then all of the "
    "second. Time comes first here, and the labels are laid out the same way.",
)
def lstm_batch_first(inputs, state, params):
    states = states_of(inputs, *state, params)
    outputs = torch.stack(outputs_of(states, params), dim=1)
    return outputs.reshape(-1, outputs.shape[2]), states[-1]


@misconception(
    "lstm",
    "the hidden states instead of the outputs",
    hint="You return the hidden states. A prediction needs one number per word of the vocabulary: the "
    "output layer, W_hq and b_q, is missing.",
)
def lstm_with_states(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat([H for H, _ in states]), states[-1]


@misconception(
    "lstm",
    "the output's bias is left out",
    hint="Your outputs are right only where b_q is zero. Look for b_q in your code.",
)
def lstm_without_output_bias(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat([H @ params[12] for H, _ in states]), states[-1]


@misconception(
    "lstm",
    "the output is read before the step",
    hint="Each of your outputs comes from the state before the step, so it has not seen the input of its "
    "own step. First the states, then the output.",
)
def lstm_one_step_late(inputs, state, params):
    states = [tuple(state), *states_of(inputs, *state, params)]
    return torch.cat(outputs_of(states[:-1], params)), states[-1]


@misconception(
    "lstm",
    "only H is returned as the state",
    hint="The state you return lacks the memory cell, so the next call could not go on from here. It goes "
    "out as it came in: a tuple (H, C).",
)
def lstm_returning_h(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat(outputs_of(states, params)), (states[-1][0],)


@misconception(
    "lstm",
    "three results instead of a pair",
    hint="You return outputs, H and C side by side. What is asked for is a pair: the outputs, and the "
    "state, which is itself a tuple (H, C). Where is a pair of parentheses missing?",
)
def lstm_returning_three(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat(outputs_of(states, params)), *states[-1]


@misconception(
    "lstm",
    "the old state is returned",
    hint="The state you return is the one that was passed in. The next call should go on where this one "
    "stopped.",
)
def lstm_returning_the_old_state(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat(outputs_of(states, params)), state


@misconception(
    "lstm",
    "the states are detached at every step",
    hint="Your values are right, but gradients stop at each step: what happened earlier would never be "
    "learned. Within a call the graph runs through all steps; it is the training loop that cuts it, "
    "between batches.",
)
def lstm_detached(inputs, state, params):
    H, C = state
    states = []
    for X in inputs:
        H, C = lstm_cell(X, H.detach(), C.detach(), params[:12])
        states.append((H, C))
    return torch.cat(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "the graph is cut every 35 steps",
    hint="Short sequences are right, but in long ones gradients stop on their way back. You cut the graph every so many "
    "steps, as one does in training to save time and memory; here that is left to the caller, who decides how long a "
    "piece to pass.",
)
def lstm_cut_into_pieces(inputs, state, params):
    states = []
    for piece in inputs.split(35):
        states += states_of(piece, *state, params)
        state = [each.detach() for each in states[-1]]
    return torch.cat(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "the returned states are detached",
    hint="Nothing flows back through the states you return. Whether to cut the graph between two calls is "
    "for the caller to decide, not for the network.",
)
def lstm_with_detached_state(inputs, state, params):
    states = states_of(inputs, *state, params)
    return torch.cat(outputs_of(states, params)), tuple(each.detach() for each in states[-1])


@misconception(
    "lstm",
    "the state is changed in place",
    hint="The caller's state is different after the call: your new states were written into the old "
    "tensors. Give the names H and C to new tensors instead of filling the old ones.",
)
def lstm_in_place(inputs, state, params):
    outputs = []
    for X in inputs:
        for old, new in zip(state, lstm_cell(X, *state, params[:12])):
            old.copy_(new)
        outputs.append(state[0] @ params[12] + params[13])
    return torch.cat(outputs), tuple(state)


@misconception(
    "lstm",
    "parameters are popped off the caller's list",
    hint="pop() takes an item out of the list that the caller still holds: at the next call it is gone. "
    "Unpack or index the list, and it stays whole.",
)
def lstm_popping(inputs, state, params):
    b_q, W_hq = params.pop(), params.pop()
    states = states_of(inputs, *state, params)
    return torch.cat([H @ W_hq + b_q for H, _ in states]), states[-1]


@misconception(
    "lstm",
    "outputs collected in a tensor on the CPU",
    hint="The tensor you made for the outputs is on the CPU, whatever device the inputs are on. Collect the "
    "outputs in a list, or make the new tensor on the device of the inputs.",
)
def lstm_on_the_cpu(inputs, state, params):
    states = states_of(inputs, *state, params)
    outputs = torch.zeros(0, inputs.shape[2], dtype=inputs.dtype)
    for Y in outputs_of(states, params):
        outputs = torch.cat([outputs, Y])
    return outputs, states[-1]


@misconception(
    "lstm",
    "outputs collected in single precision",
    hint="The tensor you made for the outputs is float32, so float64 inputs lose half of their digits on "
    "the way. A new tensor takes its dtype and its device from the inputs, if it is told to.",
)
def lstm_in_float32(inputs, state, params):
    states = states_of(inputs, *state, params)
    num_steps, n, d = inputs.shape
    outputs = torch.zeros(num_steps * n, d, device=inputs.device)
    for t, Y in enumerate(outputs_of(states, params)):
        outputs[t * n : (t + 1) * n] = Y
    return outputs, states[-1]


@misconception(
    "lstm",
    "parameters kept from the first call",
    hint="Your first call is right, and later ones still compute with what the parameters were then: a step of "
    "training would change nothing. Whatever is prepared from params has to be prepared in the call that uses it.",
)
def lstm_with_kept_params(inputs, state, params, kept={}):
    key = tuple((p.shape, p.dtype, p.device) for p in params)
    if key not in kept:
        kept[key] = [p.detach().clone() for p in params[:12]]
    states = states_of(inputs, *state, kept[key])
    return torch.cat(outputs_of(states, params)), states[-1]


@misconception(
    "lstm",
    "formulas of its own that overflow",
    hint="For large inputs your outputs are nan: infinity divided by infinity. Formulas that stand here once more have "
    "to be as safe as those of a single step; or is there a function that takes the step already?",
)
def lstm_that_overflows(inputs, state, params):
    (H, C), states = state, []
    for X in inputs:
        I, F, O, new = gates(X, H, params, lambda a: torch.exp(a) / (1 + torch.exp(a)))
        C = F * C + I * new
        H = O * torch.tanh(C)
        states.append((H, C))
    return torch.cat(outputs_of(states, params)), states[-1]
