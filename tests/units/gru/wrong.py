"""Known mistakes in gated recurrent units."""

import torch

from autograder.suite import misconception


@misconception(
    "init_gru_state",
    "the bare tensor instead of a tuple of one",
    hint="The state of a recurrent network is a tuple, even where it holds a single tensor: that way one "
    "training loop serves GRUs and LSTMs. Parentheses alone make no tuple; look up how Python writes a "
    "tuple with one item.",
)
def bare_state(batch_size, num_hiddens, device):
    return torch.zeros((batch_size, num_hiddens), device=device)


@misconception(
    "init_gru_state",
    "a state of two tensors",
    hint="Your state holds two tensors. That is an LSTM, which has a memory cell beside its hidden state; a "
    "GRU has its hidden state only.",
)
def state_of_an_lstm(batch_size, num_hiddens, device):
    return torch.zeros((batch_size, num_hiddens), device=device), torch.zeros(
        (batch_size, num_hiddens), device=device
    )


@misconception(
    "init_gru_state",
    "hidden units along the rows",
    hint="Your state has one row per hidden unit. As everywhere, a row belongs to one example of the batch: "
    "which of the two sizes comes first?",
)
def transposed_state(batch_size, num_hiddens, device):
    return (torch.zeros((num_hiddens, batch_size), device=device),)


@misconception(
    "init_gru_state",
    "a random initial state",
    hint="Before the first step nothing has been seen, and the state says so by being zero. Weights have to "
    "start at random, so that units can differ; states need not.",
)
def random_state(batch_size, num_hiddens, device):
    return (torch.randn((batch_size, num_hiddens), device=device),)


@misconception(
    "init_gru_state",
    "the device is ignored",
    hint="Your state is always made on the CPU. With a model on a GPU the first product would fail: where "
    "does the argument device go?",
)
def state_on_the_cpu(batch_size, num_hiddens, device):
    return (torch.zeros((batch_size, num_hiddens)),)


@misconception(
    "init_gru_state",
    "one state kept for all calls",
    hint="For the same sizes you hand out the same tensor every time. As soon as somebody writes into it, the next "
    "sequence starts from what was left there. Are zeros so dear that they have to be kept?",
)
def kept_state(batch_size, num_hiddens, device, kept={}):
    key = (batch_size, num_hiddens, device)
    if key not in kept:
        kept[key] = torch.zeros((batch_size, num_hiddens), device=device)
    return (kept[key],)


def gate_shapes(vocab_size, num_hiddens):
    return [(vocab_size, num_hiddens), (num_hiddens, num_hiddens), (num_hiddens,)]


def all_shapes(vocab_size, num_hiddens):
    return [*gate_shapes(vocab_size, num_hiddens) * 3, (num_hiddens, vocab_size), (vocab_size,)]


def one_param(shape, device, scale=0.01):
    return torch.randn(shape, device=device) * scale if len(shape) == 2 else torch.zeros(shape, device=device)


@misconception(
    "get_gru_params",
    "weights drawn with standard deviation 1",
    hint="Your weights are a hundred times too large. Sums over many units then saturate the gates from the "
    "start, and hardly any gradient passes. Draws from the standard normal distribution have to be "
    "scaled.",
)
def wide_params(vocab_size, num_hiddens, device):
    return [one_param(s, device, scale=1).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_gru_params",
    "standard deviation 0.1 from a variance of 0.01",
    hint="Your weights are ten times too large: 0.01 is their variance, but it should be their standard "
    "deviation.",
)
def params_with_variance(vocab_size, num_hiddens, device):
    return [one_param(s, device, scale=0.1).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_gru_params",
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
    "get_gru_params",
    "weights that are all zero",
    hint="With all weights zero, every hidden unit computes the same and gets the same gradient: they never "
    "become different. Only the biases may start at zero.",
)
def zero_params(vocab_size, num_hiddens, device):
    return [torch.zeros(s, device=device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_gru_params",
    "random biases",
    hint="Your biases are drawn at random like the weights. It is enough that the weights differ from unit "
    "to unit: biases start at zero.",
)
def params_with_random_biases(vocab_size, num_hiddens, device):
    return [
        (torch.randn(s, device=device) * 0.01).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)
    ]


@misconception(
    "get_gru_params",
    "requires_grad is not set",
    hint="A plain tensor does not ask for gradients, so backward() would leave its grad at None and nothing "
    "would be learned. Each parameter has to be told.",
)
def params_without_gradients(vocab_size, num_hiddens, device):
    return [one_param(s, device) for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_gru_params",
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
    "get_gru_params",
    "the gates share their tensors",
    hint="The three tensors of a gate were made once and put into the list three times, so all gates are "
    "the same and stay the same for ever. Each gate needs draws of its own: make them once per gate.",
)
def params_shared_by_gates(vocab_size, num_hiddens, device):
    gate = [one_param(s, device).requires_grad_() for s in gate_shapes(vocab_size, num_hiddens)]
    output = [one_param(s, device).requires_grad_() for s in [(num_hiddens, vocab_size), (vocab_size,)]]
    return gate + gate + gate + output


@misconception(
    "get_gru_params",
    "all weights first, then all biases",
    hint="You list the weights and then the biases. Whoever unpacks the list goes by position: gate after "
    "gate, each with its two weights and its bias.",
)
def params_grouped_by_kind(vocab_size, num_hiddens, device):
    params = [one_param(s, device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]
    return sorted(params, key=lambda p: -p.ndim)


@misconception(
    "get_gru_params",
    "the output layer is missing",
    hint="You return the three gates' parameters only. The output is computed from the state by two more: a "
    "weight and a bias.",
)
def params_without_output(vocab_size, num_hiddens, device):
    return [one_param(s, device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)[:9]]


@misconception(
    "get_gru_params",
    "weights transposed",
    hint="Your weights have outputs along the rows, as nn.Linear stores them. Here a weight stands on the "
    "right of the product, X W: its rows meet the columns of X.",
)
def transposed_params(vocab_size, num_hiddens, device):
    return [one_param(s[::-1], device).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_gru_params",
    "the device is ignored",
    hint="Your parameters are always made on the CPU. Where does the argument device go, for weights and "
    "for biases?",
)
def params_on_the_cpu(vocab_size, num_hiddens, device):
    return [one_param(s, None).requires_grad_() for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_gru_params",
    "moved to the device after they require gradients",
    hint="On the CPU all looks well; on another device, to() makes a copy that autograd has recorded, so "
    "the parameters are no leaves there, and never get a grad. Make every tensor where it belongs, with device=, "
    "or move it before it asks for gradients.",
)
def params_moved_late(vocab_size, num_hiddens, device):
    return [one_param(s, None).requires_grad_().to(device) for s in all_shapes(vocab_size, num_hiddens)]


@misconception(
    "get_gru_params",
    "biases left on the CPU",
    hint="Your weights are on the device that was asked for, but the biases stayed behind on the CPU, and no sum of the "
    "two works. Every tensor you make needs to know the device.",
)
def biases_on_the_cpu(vocab_size, num_hiddens, device):
    shapes = all_shapes(vocab_size, num_hiddens)
    return [one_param(s, device if len(s) == 2 else None).requires_grad_() for s in shapes]


@misconception(
    "get_gru_params",
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
    "get_gru_params",
    "a gate's weights copied for the next gate",
    hint="Some of your weights hold the numbers of others once more, turned round or with another sign. A copy in "
    "disguise is no draw of its own: what one unit starts with tells you what another starts with.",
)
def params_with_mirrored_gates(vocab_size, num_hiddens, device):
    params = [one_param(s, device) for s in all_shapes(vocab_size, num_hiddens)]
    for i in (0, 1):
        params[3 + i] = -params[i]
    return [p.requires_grad_() for p in params]


@misconception(
    "get_gru_params",
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


def gates(X, H, params, squash=torch.sigmoid):
    """Z, R and the candidate's three parameters."""
    Z = squash(X @ params[0] + H @ params[1] + params[2])
    R = squash(X @ params[3] + H @ params[4] + params[5])
    return Z, R, params[6:9]


@misconception(
    "gru_cell",
    "Z and 1 − Z swapped",
    hint="Your unit forgets exactly where it should remember. In this course's convention Z close to 1 "
    "keeps the old state; some texts define it the other way round. Which of the two terms does Z "
    "multiply?",
)
def swapped_update(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.tanh(X @ W_x + (R * H) @ W_h + b)
    return (1 - Z) * H + Z * proposed


@misconception(
    "gru_cell",
    "reset gate after the product",
    hint="You multiply R with the result of H W_hh, as torch's own layer does. Here the state is reset "
    "first and mixed afterwards: an entry that R closes must not reach any other entry.",
)
def late_reset(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.tanh(X @ W_x + R * (H @ W_h) + b)
    return Z * H + (1 - Z) * proposed


@misconception(
    "gru_cell",
    "tanh gates",
    hint="A gate is a share between 0 and 1, but tanh gives values between −1 and 1: a negative gate turns "
    "the sign of what it should let through. Which function maps to 0…1?",
)
def tanh_gates(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params, torch.tanh)
    proposed = torch.tanh(X @ W_x + (R * H) @ W_h + b)
    return Z * H + (1 - Z) * proposed


@misconception(
    "gru_cell",
    "sigmoid for the candidate",
    hint="Your candidate is never negative, so the state can only drift upwards. The two gates are "
    "sigmoids; the candidate is a state, and lives between −1 and 1.",
)
def sigmoid_candidate(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.sigmoid(X @ W_x + (R * H) @ W_h + b)
    return Z * H + (1 - Z) * proposed


@misconception(
    "gru_cell",
    "no tanh around the candidate",
    hint="Your candidate is a plain linear map and can grow without bound, from step to step. A function is "
    "missing that keeps it between −1 and 1.",
)
def linear_candidate(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    return Z * H + (1 - Z) * (X @ W_x + (R * H) @ W_h + b)


@misconception(
    "gru_cell",
    "update and reset gate exchanged",
    hint="Your update gate is computed from the reset gate's parameters, and the other way round. The list "
    "begins with the three of the update gate: check the order in which you unpack.",
)
def exchanged_gates(X, H, params):
    R, Z, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.tanh(X @ W_x + (R * H) @ W_h + b)
    return Z * H + (1 - Z) * proposed


@misconception(
    "gru_cell",
    "the reset gate is not used",
    hint="Your candidate sees the whole old state, whatever the reset gate says. Where does R enter the "
    "formulas?",
)
def unreset_candidate(X, H, params):
    Z, _, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.tanh(X @ W_x + H @ W_h + b)
    return Z * H + (1 - Z) * proposed


@misconception(
    "gru_cell",
    "the candidate ignores the state",
    hint="Your candidate is made from X alone. The part of the old state that R lets through has its say "
    "too, by way of W_hh.",
)
def stateless_candidate(X, H, params):
    Z, _, (W_x, _, b) = gates(X, H, params)
    return Z * H + (1 - Z) * torch.tanh(X @ W_x + b)


@misconception(
    "gru_cell",
    "the reset gate acts on the input too",
    hint="With R = 0 your candidate is tanh(b_h): the input has gone as well. The reset gate closes the way "
    "of the old state; what comes from X passes unhindered.",
)
def reset_of_everything(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.tanh(R * (X @ W_x) + (R * H) @ W_h + b)
    return Z * H + (1 - Z) * proposed


@misconception(
    "gru_cell",
    "the candidate is added in full",
    hint="Your new state is Z times the old one plus the whole candidate, so even a unit that keeps "
    "everything takes the new in. The two shares have to sum to 1.",
)
def unweighted_candidate(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    return Z * H + torch.tanh(X @ W_x + (R * H) @ W_h + b)


@misconception(
    "gru_cell",
    "the biases are left out",
    hint="Your result does not depend on b_z, b_r and b_h. Each of the three formulas ends in a bias.",
)
def cell_without_biases(X, H, params):
    params = [p if p.ndim == 2 else torch.zeros_like(p) for p in params]
    Z, R, (W_x, W_h, _) = gates(X, H, params)
    return Z * H + (1 - Z) * torch.tanh(X @ W_x + (R * H) @ W_h)


@misconception(
    "gru_cell",
    "matrix product where entries are multiplied",
    hint="Gates act entry by entry: Z, R and H all have shape (n, h), and ⊙ is the product of numbers in "
    "the same place. The matrix product @ belongs to the weights only.",
)
def matrix_gates(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.tanh(X @ W_x + (R * H) @ W_h + b)
    return Z @ H + (1 - Z) @ proposed


@misconception(
    "gru_cell",
    "the state is changed in place",
    hint="The caller's H is different after the call. Operators such as *= and += and functions that end in "
    "an underscore write into the tensor they are given; make a new one instead.",
)
def cell_in_place(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    proposed = torch.tanh(X @ W_x + (R * H) @ W_h + b)
    H *= Z
    H += (1 - Z) * proposed
    return H


@misconception(
    "gru_cell",
    "a sigmoid that overflows",
    hint="exp of a large number is infinite, and infinity divided by infinity is nan. torch has a sigmoid "
    "that is safe; if you write your own, which form needs exp only once, below the fraction bar?",
)
def overflowing_gates(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params, lambda a: torch.exp(a) / (1 + torch.exp(a)))
    proposed = torch.tanh(X @ W_x + (R * H) @ W_h + b)
    return Z * H + (1 - Z) * proposed


@misconception(
    "gru_cell",
    "gates cut off from the graph",
    hint="Your values are right, but the gates' parameters get no gradient, so the gates would never learn. "
    "Look for detach(), .data, no_grad() or a new tensor made out of an old one's values.",
)
def detached_gates(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    Z, R = Z.detach(), R.detach()
    return Z * H + (1 - Z) * torch.tanh(X @ W_x + (R * H) @ W_h + b)


@misconception(
    "gru_cell",
    "a sigmoid with a kink at zero",
    hint="Your values are right everywhere, but where a gate's input is exactly 0 your sigmoid passes no gradient on, "
    "although it is as steep there as anywhere. What is the slope of an absolute value at 0, and what does autograd "
    "say it is? An input of zeros and biases of zero are enough to get there.",
)
def kinked_gates(X, H, params):
    def sigmoid(a):
        small = torch.exp(-a.abs())
        return torch.where(a < 0, small, torch.ones_like(a)) / (1 + small)

    Z, R, (W_x, W_h, b) = gates(X, H, params, sigmoid)
    return Z * H + (1 - Z) * torch.tanh(X @ W_x + (R * H) @ W_h + b)


def plain_cell(X, H, *params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    return Z * H + (1 - Z) * torch.tanh(X @ W_x + (R * H) @ W_h + b)


class CellWithOneMemory(torch.autograd.Function):
    latest = ()

    @staticmethod
    def forward(ctx, *args):
        CellWithOneMemory.latest = args
        return plain_cell(*args)

    @staticmethod
    def backward(ctx, gradient):
        with torch.enable_grad():
            args = [arg.detach().requires_grad_() for arg in CellWithOneMemory.latest]
            return torch.autograd.grad(plain_cell(*args), args, gradient)


@misconception(
    "gru_cell",
    "one place for what backward needs",
    hint="One step and its gradients are right. With two steps, the second writes over what the first has left for its "
    "backward pass, and both get the gradients of the second. What a call keeps for later has to belong to that call.",
)
def cell_with_one_memory(X, H, params):
    return CellWithOneMemory.apply(X, H, *params)


@misconception(
    "gru_cell",
    "gradients switched off for good",
    hint="After your function has run, nothing in the whole program gets gradients any more: you switched them off and "
    "did not switch them on again. Does this function have any reason to touch that setting?",
)
def cell_switching_gradients_off(X, H, params):
    new = plain_cell(X, H, *params)
    torch.set_grad_enabled(False)
    return new


@misconception(
    "gru_cell",
    "ones made on the CPU",
    hint="Your step makes a tensor of its own, and makes it on the CPU. With everything else on a GPU, the two cannot be "
    "combined. Does the formula need a tensor there, or would a number do? If it needs one, it takes dtype and device "
    "from what it is combined with.",
)
def cell_with_ones_on_the_cpu(X, H, params):
    Z, R, (W_x, W_h, b) = gates(X, H, params)
    kept = torch.ones(Z.shape, dtype=Z.dtype) - Z
    return Z * H + kept * torch.tanh(X @ W_x + (R * H) @ W_h + b)


def states_of(inputs, H, params):
    states = []
    for X in inputs:
        H = gru_cell(X, H, params[:9])
        states.append(H)
    return states


@misconception(
    "gru",
    "H lost between steps",
    hint="Every step starts from the state that was passed in, so nothing is remembered. The state a step "
    "returns has to be the one the next step gets.",
)
def forgetful_gru(inputs, state, params):
    states = [gru_cell(X, state[0], params[:9]) for X in inputs]
    return torch.cat([H @ params[9] + params[10] for H in states]), (states[-1],)


@misconception(
    "gru",
    "starts from zeros whatever state is passed in",
    hint="Your network begins every call with an empty memory. Whoever calls it decides where it starts: "
    "that is what the argument state is for.",
)
def gru_from_zeros(inputs, state, params):
    states = states_of(inputs, torch.zeros_like(state[0]), params)
    return torch.cat([H @ params[9] + params[10] for H in states]), (states[-1],)


@misconception(
    "gru",
    "the last output only",
    hint="You return one step's outputs. The loss looks at the prediction after every character, so the "
    "outputs of all steps have to be collected.",
)
def gru_with_last_output(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return states[-1] @ params[9] + params[10], (states[-1],)


@misconception(
    "gru",
    "outputs stacked instead of concatenated",
    hint="Your outputs have three dimensions: the steps got one of their own. Lined up along the dimension "
    "of the batch they are one long matrix, which the loss takes as one row per prediction.",
)
def gru_with_stacked_outputs(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.stack([H @ params[9] + params[10] for H in states]), (states[-1],)


@misconception(
    "gru",
    "outputs concatenated along the vocabulary",
    hint="Your outputs stand side by side: (n, num_steps · d). One step's rows go below the other's; along "
    "which dimension do you concatenate?",
)
def gru_with_wide_outputs(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.cat([H @ params[9] + params[10] for H in states], dim=1), (states[-1],)


@misconception(
    "gru",
    "outputs in the order of the sequences",
    hint="The rows are right but stand in another order: all steps of the first sequence, then all of the "
    "second. Time comes first here, and the labels are laid out the same way.",
)
def gru_batch_first(inputs, state, params):
    states = states_of(inputs, state[0], params)
    outputs = torch.stack([H @ params[9] + params[10] for H in states], dim=1)
    return outputs.reshape(-1, outputs.shape[2]), (states[-1],)


@misconception(
    "gru",
    "the states instead of the outputs",
    hint="You return the hidden states. A prediction needs one number per word of the vocabulary: the "
    "output layer, W_hq and b_q, is missing.",
)
def gru_with_states(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.cat(states), (states[-1],)


@misconception(
    "gru",
    "the output's bias is left out",
    hint="Your outputs are right only where b_q is zero. Look for b_q in your code.",
)
def gru_without_output_bias(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.cat([H @ params[9] for H in states]), (states[-1],)


@misconception(
    "gru",
    "the output is read before the step",
    hint="Each of your outputs comes from the state before the step, so it has not seen the input of its "
    "own step. First the state, then the output.",
)
def gru_one_step_late(inputs, state, params):
    states = [state[0], *states_of(inputs, state[0], params)]
    return torch.cat([H @ params[9] + params[10] for H in states[:-1]]), (states[-1],)


@misconception(
    "gru",
    "the state is returned without its tuple",
    hint="You return the pair (outputs, H). The state goes out as it came in, as a tuple with one tensor, "
    "so that it can be passed straight to the next call.",
)
def gru_with_bare_state(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.cat([H @ params[9] + params[10] for H in states]), states[-1]


@misconception(
    "gru",
    "the old state is returned",
    hint="The state you return is the one that was passed in. The next call should go on where this one "
    "stopped.",
)
def gru_returning_the_old_state(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.cat([H @ params[9] + params[10] for H in states]), state


@misconception(
    "gru",
    "all states are returned",
    hint="Your state holds one tensor per step. Only the last is needed to go on from here: (n, h), in a "
    "tuple of one.",
)
def gru_returning_all_states(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.cat([H @ params[9] + params[10] for H in states]), (torch.stack(states),)


@misconception(
    "gru",
    "the state is detached at every step",
    hint="Your values are right, but gradients stop at each step: what happened earlier would never be "
    "learned. Within a call the graph runs through all steps; it is the training loop that cuts it, "
    "between batches.",
)
def gru_detached(inputs, state, params):
    (H,), outputs = state, []
    for X in inputs:
        H = gru_cell(X, H.detach(), params[:9])
        outputs.append(H @ params[9] + params[10])
    return torch.cat(outputs), (H,)


@misconception(
    "gru",
    "the graph is cut every 35 steps",
    hint="Short sequences are right, but in long ones gradients stop on their way back. You cut the graph every so many "
    "steps, as one does in training to save time and memory; here that is left to the caller, who decides how long a "
    "piece to pass.",
)
def gru_cut_into_pieces(inputs, state, params):
    (H,), states = state, []
    for piece in inputs.split(35):
        states += states_of(piece, H, params)
        H = states[-1].detach()
    return torch.cat([H @ params[9] + params[10] for H in states]), (states[-1],)


@misconception(
    "gru",
    "the returned state is detached",
    hint="Nothing flows back through the state you return. Whether to cut the graph between two calls is "
    "for the caller to decide, not for the network.",
)
def gru_with_detached_state(inputs, state, params):
    states = states_of(inputs, state[0], params)
    return torch.cat([H @ params[9] + params[10] for H in states]), (states[-1].detach(),)


@misconception(
    "gru",
    "the state is changed in place",
    hint="The caller's state is different after the call: your new state was written into the old tensor. "
    "Give the name H to a new tensor instead of filling the old one.",
)
def gru_in_place(inputs, state, params):
    outputs = []
    for X in inputs:
        state[0].copy_(gru_cell(X, state[0], params[:9]))
        outputs.append(state[0] @ params[9] + params[10])
    return torch.cat(outputs), (state[0],)


@misconception(
    "gru",
    "parameters are popped off the caller's list",
    hint="pop() takes an item out of the list that the caller still holds: at the next call it is gone. "
    "Unpack or index the list, and it stays whole.",
)
def gru_popping(inputs, state, params):
    b_q, W_hq = params.pop(), params.pop()
    states = states_of(inputs, state[0], params)
    return torch.cat([H @ W_hq + b_q for H in states]), (states[-1],)


@misconception(
    "gru",
    "outputs collected in a tensor on the CPU",
    hint="The tensor you made for the outputs is on the CPU, whatever device the inputs are on. Collect the "
    "outputs in a list, or make the new tensor on the device of the inputs.",
)
def gru_on_the_cpu(inputs, state, params):
    outputs = torch.zeros(0, inputs.shape[2], dtype=inputs.dtype)
    for H in states_of(inputs, state[0], params):
        outputs = torch.cat([outputs, H @ params[9] + params[10]])
    return outputs, (H,)


@misconception(
    "gru",
    "outputs collected in single precision",
    hint="The tensor you made for the outputs is float32, so float64 inputs lose half of their digits on "
    "the way. A new tensor takes its dtype and its device from the inputs, if it is told to.",
)
def gru_in_float32(inputs, state, params):
    states = states_of(inputs, state[0], params)
    num_steps, n, d = inputs.shape
    outputs = torch.zeros(num_steps * n, d, device=inputs.device)
    for t, H in enumerate(states):
        outputs[t * n : (t + 1) * n] = H @ params[9] + params[10]
    return outputs, (states[-1],)


@misconception(
    "gru",
    "parameters kept from the first call",
    hint="Your first call is right, and later ones still compute with what the parameters were then: a step of "
    "training would change nothing. Whatever is prepared from params has to be prepared in the call that uses it.",
)
def gru_with_kept_params(inputs, state, params, kept={}):
    key = tuple((p.shape, p.dtype, p.device) for p in params)
    if key not in kept:
        kept[key] = [p.detach().clone() for p in params[:9]]
    states = states_of(inputs, state[0], kept[key])
    return torch.cat([H @ params[9] + params[10] for H in states]), (states[-1],)


@misconception(
    "gru",
    "formulas of its own that overflow",
    hint="For large inputs your outputs are nan: infinity divided by infinity. Formulas that stand here once more have "
    "to be as safe as those of a single step; or is there a function that takes the step already?",
)
def gru_that_overflows(inputs, state, params):
    (H,), outputs = state, []
    for X in inputs:
        Z, R, (W_x, W_h, b) = gates(X, H, params, lambda a: torch.exp(a) / (1 + torch.exp(a)))
        H = Z * H + (1 - Z) * torch.tanh(X @ W_x + (R * H) @ W_h + b)
        outputs.append(H @ params[9] + params[10])
    return torch.cat(outputs), (H,)
