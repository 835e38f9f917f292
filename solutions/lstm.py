# %% [markdown]
# # Long short-term memory from scratch
#
# A long short-term memory (LSTM) has two states. The *memory cell* $C$ is what it remembers: a step forgets
# some of it (the *forget gate* $F$) and writes something new into it (the *input gate* $I$). The *hidden
# state* $H$ is what it shows of its memory (the *output gate* $O$): to the output layer, and to the next
# step. In this unit you build the states, the parameters, one step, and the walk along a sequence.
#
# **Shapes.** A batch holds $n$ sequences, each step brings $d$ numbers per sequence (a one-hot vector over a
# vocabulary of $d$ words, say), each of the two states holds $h$ numbers per sequence. In code: `batch_size`,
# `vocab_size`, `num_hiddens`. All are at least 1, and so is the number of steps. The tensors of one call share
# a floating-point dtype and a device.
#
# **Rules.** `nn.LSTM`, `nn.LSTMCell` and the functions behind them are ruled out in `lstm_cell` and `lstm`:
# you are building them. Everything else in torch is yours, `torch.sigmoid` and `torch.tanh` included. No
# function remembers anything from call to call, or leaves torch's settings (gradient mode, default dtype) changed.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check lstm` whenever you like.

# %%
import torch

# %% [markdown]
# ## 1. `init_lstm_state(batch_size, num_hiddens, device)`
#
# The states before the first step: all zeros.
#
# - returns: a tuple `(H, C)` of **two** tensors of shape (batch_size, num_hiddens), float32 (torch's default
#   dtype), on `device`, new ones at every call. They must not be one and the same tensor: writing into one leaves
#   the other alone.
#
# Hint: does multiplying a tuple by 2 copy what is in it?


# %%
def init_lstm_state(batch_size, num_hiddens, device):
    """The states before the first step.

    returns: (H, C), each (batch_size, num_hiddens), zeros, float32, on device.
    """
    ### BEGIN SOLUTION
    H = torch.zeros(batch_size, num_hiddens, device=device)
    return H, torch.zeros_like(H)
    ### END SOLUTION


# %% [markdown]
# ## 2. `get_lstm_params(vocab_size, num_hiddens, device)`
#
# The fourteen parameters of the layer and of the output, as a list in this order, with $d$ = `vocab_size` and
# $h$ = `num_hiddens`:
#
# | place | names | what for | shapes |
# |---|---|---|---|
# | 0, 1, 2 | `W_xi, W_hi, b_i` | input gate | three: $(d, h)$, $(h, h)$, $(h,)$ |
# | 3, 4, 5 | `W_xf, W_hf, b_f` | forget gate | the same |
# | 6, 7, 8 | `W_xo, W_ho, b_o` | output gate | the same |
# | 9, 10, 11 | `W_xc, W_hc, b_c` | candidate memory | the same |
# | 12, 13 | `W_hq, b_q` | output | two: $(h, d)$, $(d,)$ |
#
# - Weights (`W_...`): independent draws from a normal distribution with mean 0 and standard deviation 0.01,
#   new ones at every call. Biases (`b_...`): zeros, that of the forget gate too.
# - All float32 (torch's default dtype), on `device`, each a tensor of its own with `requires_grad` set. Each
#   must be a *leaf* (`p.is_leaf`), whatever the device: a tensor that was made, not computed from another one
#   that requires gradients. Only leaves get a `.grad`.
#
# Hint: scale first, ask for gradients last. Mind the order of the gates: torch's own LSTM has another one, with
# the candidate before the output gate.


# %%
def get_lstm_params(vocab_size, num_hiddens, device):
    """Fresh parameters [W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c, W_hq, b_q].

    W_xi, W_xf, W_xo, W_xc: (vocab_size, num_hiddens), W_hi, W_hf, W_ho, W_hc: (num_hiddens, num_hiddens),
    b_i, b_f, b_o, b_c: (num_hiddens,), W_hq: (num_hiddens, vocab_size), b_q: (vocab_size,);
    weights N(0, 0.01^2), biases 0; leaves that require gradients.
    """
    ### BEGIN SOLUTION
    gate = [(vocab_size, num_hiddens), (num_hiddens, num_hiddens), (num_hiddens,)]
    params = []
    for shape in [*gate, *gate, *gate, *gate, (num_hiddens, vocab_size), (vocab_size,)]:
        param = torch.zeros(shape, device=device)
        if len(shape) == 2:
            param.normal_(0, 0.01)
        params.append(param.requires_grad_())
    return params
    ### END SOLUTION


# %% [markdown]
# ## 3. `lstm_cell(X, H, C, params)`
#
# One step. With $\sigma$ the sigmoid and $\odot$ the product entry by entry,
#
# $$I = \sigma(X W_{xi} + H W_{hi} + b_i), \quad F = \sigma(X W_{xf} + H W_{hf} + b_f), \quad
# O = \sigma(X W_{xo} + H W_{ho} + b_o),$$
#
# $$\tilde C = \tanh(X W_{xc} + H W_{hc} + b_c),$$
#
# $$C_\text{new} = F \odot C + I \odot \tilde C, \qquad H_\text{new} = O \odot \tanh(C_\text{new}).$$
#
# - `X`: (n, d), this step's input. `H`, `C`: (n, h), the hidden state and the memory cell so far.
# - `params`: the **first twelve** parameters of `get_lstm_params`, in its order. The output's `W_hq` and
#   `b_q` are not among them.
# - returns: a pair `(H, C)`, the new hidden state and the new memory cell, each (n, h), same dtype and device.
#   `X`, `H`, `C` and `params` stay as they are; gradients flow to all of them. However large the numbers in `X`,
#   `H` and `C`, the new states are finite: a sigmoid of 50 000 is 1, not `nan`.
#
# Hint: the memory itself may grow beyond 1, what is shown of it may not. Which of the two memories is shown,
# the old or the new?


# %%
def lstm_cell(X, H, C, params):
    """One step of a long short-term memory.

    X: (n, d), H, C: (n, h), params: [W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c]
    -> new (H, C), each (n, h).
    """
    ### BEGIN SOLUTION
    W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c = params
    I = torch.sigmoid(X @ W_xi + H @ W_hi + b_i)
    F = torch.sigmoid(X @ W_xf + H @ W_hf + b_f)
    O = torch.sigmoid(X @ W_xo + H @ W_ho + b_o)
    C_tilde = torch.tanh(X @ W_xc + H @ W_hc + b_c)
    C = F * C + I * C_tilde
    return O * torch.tanh(C), C
    ### END SOLUTION


# %% [markdown]
# ## 4. `lstm(inputs, state, params)`
#
# The whole sequence: at each step the cell makes new states from the old ones, and the output layer reads the
# hidden state, $Y_t = H_t W_{hq} + b_q$. (No softmax: the loss takes care of it.)
#
# - `inputs`: (num_steps, n, d), the steps along the first dimension. `state`: `(H, C)`, each (n, h).
# - `params`: all fourteen parameters, in the order of `get_lstm_params`.
# - returns: a pair `(outputs, (H, C))`. `outputs`: (num_steps · n, d), the outputs of step 0 for all
#   sequences, then those of step 1, and so on. `H`, `C`: (n, h), the states after the last step.
# - dtype and device are those of the inputs; large numbers are no problem here either; gradients flow through
#   all steps (whoever wants to cut them does so outside); `inputs`, `state` and `params` stay as they are.
#
# Hint: two things have to be handed from each step to the next.


# %%
def lstm(inputs, state, params):
    """Run a long short-term memory and its output layer along a sequence.

    inputs: (num_steps, n, d), state: (H, C), each (n, h), params: the fourteen of get_lstm_params
    -> (outputs: (num_steps * n, d), (H, C)).
    """
    ### BEGIN SOLUTION
    *cell_params, W_hq, b_q = params
    H, C = state
    outputs = []
    for X in inputs:
        H, C = lstm_cell(X, H, C, cell_params)
        outputs.append(H @ W_hq + b_q)
    return torch.cat(outputs, dim=0), (H, C)
    ### END SOLUTION
