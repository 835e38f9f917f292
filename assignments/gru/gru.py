# %% [markdown]
# # Gated recurrent units from scratch
#
# A plain recurrent network overwrites its whole state at every step. A gated recurrent unit (GRU) decides,
# entry by entry, how much of the old state to keep (the *update gate* $Z$) and how much of it to look at when
# it proposes a new one (the *reset gate* $R$). In this unit you build its state, its parameters, one step,
# and the walk along a sequence.
#
# **Shapes.** A batch holds $n$ sequences, each step brings $d$ numbers per sequence (a one-hot vector over a
# vocabulary of $d$ words, say), the state holds $h$ numbers per sequence. In code: `batch_size`,
# `vocab_size`, `num_hiddens`. All are at least 1, and so is the number of steps. The tensors of one call share
# a floating-point dtype and a device.
#
# **Rules.** `nn.GRU`, `nn.GRUCell` and the functions behind them are ruled out in `gru_cell` and `gru`: you
# are building them. Everything else in torch is yours, `torch.sigmoid` and `torch.tanh` included. No function
# remembers anything from call to call, or leaves torch's settings (gradient mode, default dtype) changed.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check gru` whenever you like.

# %%
import torch

# %% [markdown]
# ## 1. `init_gru_state(batch_size, num_hiddens, device)`
#
# The state before the first step: all zeros.
#
# - returns: a tuple with **one** tensor of shape (batch_size, num_hiddens), float32 (torch's default dtype), on
#   `device`, a new one at every call.
#
# Hint: an LSTM has two tensors in its state, a GRU has one. Returning a tuple in both cases lets the same
# training loop serve both. How does Python write a tuple of one?


# %%
def init_gru_state(batch_size, num_hiddens, device):
    """The state before the first step.

    returns: (H,) with H: (batch_size, num_hiddens), zeros, float32, on device.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `get_gru_params(vocab_size, num_hiddens, device)`
#
# The eleven parameters of the layer and of the output, as a list in this order, with $d$ = `vocab_size` and
# $h$ = `num_hiddens`:
#
# | place | names | what for | shapes |
# |---|---|---|---|
# | 0, 1, 2 | `W_xz, W_hz, b_z` | update gate | three: $(d, h)$, $(h, h)$, $(h,)$ |
# | 3, 4, 5 | `W_xr, W_hr, b_r` | reset gate | the same |
# | 6, 7, 8 | `W_xh, W_hh, b_h` | candidate state | the same |
# | 9, 10 | `W_hq, b_q` | output | two: $(h, d)$, $(d,)$ |
#
# - Weights (`W_...`): independent draws from a normal distribution with mean 0 and standard deviation 0.01,
#   new ones at every call. Biases (`b_...`): zeros.
# - All float32 (torch's default dtype), on `device`, each a tensor of its own with `requires_grad` set. Each
#   must be a *leaf* (`p.is_leaf`), whatever the device: a tensor that was made, not computed from another one
#   that requires gradients. Only leaves get a `.grad`.
#
# Hint: scale first, ask for gradients last.


# %%
def get_gru_params(vocab_size, num_hiddens, device):
    """Fresh parameters [W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q].

    W_xz, W_xr, W_xh: (vocab_size, num_hiddens), W_hz, W_hr, W_hh: (num_hiddens, num_hiddens),
    b_z, b_r, b_h: (num_hiddens,), W_hq: (num_hiddens, vocab_size), b_q: (vocab_size,);
    weights N(0, 0.01^2), biases 0; leaves that require gradients.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `gru_cell(X, H, params)`
#
# One step. With $\sigma$ the sigmoid and $\odot$ the product entry by entry,
#
# $$Z = \sigma(X W_{xz} + H W_{hz} + b_z), \qquad R = \sigma(X W_{xr} + H W_{hr} + b_r),$$
#
# $$\tilde H = \tanh(X W_{xh} + (R \odot H) W_{hh} + b_h), \qquad
# H_\text{new} = Z \odot H + (1 - Z) \odot \tilde H.$$
#
# - `X`: (n, d), this step's input. `H`: (n, h), the state so far.
# - `params`: the **first nine** parameters of `get_gru_params`, in its order. The output's `W_hq` and `b_q`
#   are not among them.
# - returns: (n, h), the new state, same dtype and device. `X`, `H` and `params` stay as they are; gradients flow
#   to all of them. However large the numbers in `X` and `H`, the new state is finite: a sigmoid of 50 000 is 1,
#   not `nan`.
#
# Two conventions to keep to, because textbooks and libraries differ: $Z$ close to 1 **keeps** the old state,
# and the reset gate acts on $H$ **before** the product with $W_{hh}$.
#
# Hint: write each formula as one line, and look for `@` and `*`: where is the product one of matrices, and
# where not?


# %%
def gru_cell(X, H, params):
    """One step of a gated recurrent unit.

    X: (n, d), H: (n, h), params: [W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h] -> new H: (n, h).
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `gru(inputs, state, params)`
#
# The whole sequence: at each step the cell makes a new state from the old one, and the output layer reads it,
# $Y_t = H_t W_{hq} + b_q$. (No softmax: the loss takes care of it.)
#
# - `inputs`: (num_steps, n, d), the steps along the first dimension. `state`: `(H,)` with `H`: (n, h).
# - `params`: all eleven parameters, in the order of `get_gru_params`.
# - returns: a pair `(outputs, (H,))`. `outputs`: (num_steps · n, d), the outputs of step 0 for all sequences,
#   then those of step 1, and so on. `H`: (n, h), the state after the last step, again in a tuple of one.
# - dtype and device are those of the inputs; large numbers are no problem here either; gradients flow through
#   all steps (whoever wants to cut them does so outside); `inputs`, `state` and `params` stay as they are.
#
# Hint: iterating over a tensor runs along its first dimension.


# %%
def gru(inputs, state, params):
    """Run a gated recurrent unit and its output layer along a sequence.

    inputs: (num_steps, n, d), state: (H,) with H: (n, h), params: the eleven of get_gru_params
    -> (outputs: (num_steps * n, d), (H,)).
    """
    # YOUR CODE HERE
    raise NotImplementedError()
