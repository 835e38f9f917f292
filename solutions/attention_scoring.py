# %% [markdown]
# # Attention scoring functions
#
# Attention compares a *query* with several *keys*, turns the comparisons into weights that sum to 1, and
# returns the weighted mean of the *values* that belong to the keys. The function that does the comparing is
# the *scoring function*. In this unit you write two of them, and the softmax that keeps padding out of the
# mean.
#
# **Shapes.** A batch holds $b$ examples with $n$ queries and $m$ key–value pairs each: `queries` (b, n, query
# size), `keys` (b, m, key size), `values` (b, m, v), all float32 or all float64, no size 0. Any argument, the
# lengths too, may be a transposed or sliced view of another tensor, and stays as it is. Entries are finite, those
# of padding too; only `sequence_mask` meets others.
#
# **Valid lengths.** Sequences of different length share a batch because the short ones are padded at the end.
# A valid length says how many positions, counted from the start, are real; the rest is padding and must not
# be attended to.
#
# **Rules.** `nn.functional.scaled_dot_product_attention`, `nn.MultiheadAttention` and what is built on them are
# ruled out in `DotProductAttention` and `AdditiveAttention`: you are building them. `nn.functional.softmax`,
# `nn.Linear`, `nn.Dropout` and everything else in torch are yours.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check attention_scoring` whenever you like.

# %%
import math

import torch
from torch import nn

# %% [markdown]
# ## 1. `sequence_mask(X, valid_len, value=0)`
#
# Overwrites the padding at the end of each row:
#
# $$\operatorname{mask}(X)_{ij} = \begin{cases} X_{ij} & j < \text{valid\_len}_i \\ \text{value} &
# \text{otherwise} \end{cases} \qquad j = 0, 1, \dots, m - 1$$
#
# - `X`: (n, m), float32, float64 or int64. `valid_len`: (n,), int64, one length per row, from 0 to m (both
#   included). `value`: a number that the dtype of `X` can hold.
# - returns: a **new** tensor, (n, m), same dtype as `X`, even where there is nothing to overwrite. `X` and
#   `valid_len` stay as they are.
# - Padding is *overwritten*, whatever it held, `nan` and infinity included. Gradients reach the valid entries
#   of `X` and no others.
#
# Hint: number the positions of a row from 0 to m − 1 and compare them with the row's length. Which shapes do
# the positions and the lengths need so that one comparison gives an (n, m) table?


# %%
def sequence_mask(X, valid_len, value=0):
    """Overwrite the entries of each row from its valid length on.

    X: (n, m), valid_len: (n,) int64 in [0, m], value: a number -> (n, m), new tensor, same dtype.
    """
    ### BEGIN SOLUTION
    positions = torch.arange(X.shape[1], device=X.device)
    valid = positions[None, :] < valid_len[:, None]
    return X.masked_fill(~valid, value)
    ### END SOLUTION


# %% [markdown]
# ## 2. `masked_softmax(X, valid_lens)`
#
# A softmax over the last axis that knows how long each row really is. For a row $\mathbf x$ of scores with
# valid length $\ell$:
#
# $$\operatorname{masked\_softmax}(\mathbf x)_j = \begin{cases} \exp(x_j) \,/\, \sum_{k < \ell} \exp(x_k) & j
# < \ell \\ 0 & \text{otherwise} \end{cases} \qquad j = 0, 1, \dots, m - 1$$
#
# - `X`: (b, n, m), float32 or float64: the scores of m keys for n queries. Scores are finite and may be as
#   large as ±1000, those of padding too.
# - `valid_lens`: `None` (every key counts), or (b,) int64, one length per example, shared by its n queries,
#   or (b, n) int64, one length per query. Every length is from 1 to m: a row always has something to attend
#   to.
# - returns: a new tensor, (b, n, m), same dtype; every row sums to 1 (up to rounding), and padding has weight 0
#   (up to $10^{-12}$). `X` and `valid_lens` stay as they are, and no gradient reaches the padding.
#
# Hint: `sequence_mask` works on rows. How many rows does `X` have if you look at it as a matrix, and which
# length belongs to each of them? And which score makes the exponential vanish?


# %%
def masked_softmax(X, valid_lens):
    """Softmax over the last axis, padding left out.

    X: (b, n, m), valid_lens: None, (b,) or (b, n) int64 in [1, m] -> (b, n, m), same dtype, rows sum to 1.
    """
    ### BEGIN SOLUTION
    if valid_lens is None:
        return nn.functional.softmax(X, dim=-1)
    shape = X.shape
    if valid_lens.dim() == 1:
        valid_lens = valid_lens.repeat_interleave(shape[1])
    row_lens = valid_lens.reshape(-1)
    scores = sequence_mask(X.reshape(-1, shape[-1]), row_lens, value=-1e6)
    return nn.functional.softmax(scores.reshape(shape), dim=-1)
    ### END SOLUTION


# %% [markdown]
# ## 3. `AdditiveAttention(key_size, query_size, num_hiddens, dropout)`
#
# Queries and keys of different sizes are compared by a small network:
#
# $$a(\mathbf q, \mathbf k) = \mathbf w_v^\top \tanh(\mathbf W_q \mathbf q + \mathbf W_k \mathbf k)$$
#
# - submodules: `W_q` (query size to `num_hiddens`), `W_k` (key size to `num_hiddens`) and `w_v`
#   (`num_hiddens` to 1), all `nn.Linear` **without bias**. So the `state_dict()` holds `W_q.weight`,
#   `W_k.weight`, `w_v.weight` and nothing else, after a call too.
# - `layer(queries, keys, values, valid_lens)`: scores of every query with every key, (b, n, m);
#   `masked_softmax`, or the same worked out in another way, makes weights of them; the result is the weighted mean
#   of the values, (b, n, v). `valid_lens` as in `masked_softmax`. Gradients reach queries, keys, values and all
#   parameters.
# - Dropout with probability `dropout` (below 1) acts on the **weights** (each is zeroed or multiplied by
#   $1/(1-p)$, independently), in training mode only.
# - attribute `attention_weights`: (b, n, m), the weights of the latest call as `masked_softmax` returned
#   them, **before dropout**; detached from the graph or not, as you like. Before the first call it may be missing.
# - A layer may be called any number of times, with other sizes and lengths, under `torch.no_grad()`, or after a
#   training step has changed its weights: an earlier call plays no part in a later one, and its result stays.
#
# Hint: after the linear layers you have (b, n, h) and (b, m, h) and want a sum for every pair, (b, n, m, h).
# Where does each of the two need an axis of size 1?


# %%
class AdditiveAttention(nn.Module):
    """Attention with a one-layer network as scoring function.

    queries: (b, n, query_size), keys: (b, m, key_size), values: (b, m, v), valid_lens: None, (b,) or (b, n)
    -> (b, n, v). attention_weights: (b, n, m), before dropout.
    """

    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__()
        ### BEGIN SOLUTION
        self.W_q = nn.Linear(query_size, num_hiddens, bias=False)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=False)
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)
        self.dropout = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, queries, keys, values, valid_lens=None):
        ### BEGIN SOLUTION
        features = self.W_q(queries).unsqueeze(2) + self.W_k(keys).unsqueeze(1)
        scores = self.w_v(torch.tanh(features)).squeeze(-1)
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.dropout(self.attention_weights), values)
        ### END SOLUTION


# %% [markdown]
# ## 4. `DotProductAttention(dropout)`
#
# Queries and keys of the same size $d$ need no network. The dot product of two vectors with independent
# entries of variance 1 has variance $d$; dividing by $\sqrt d$ brings it back to 1:
#
# $$a(\mathbf q, \mathbf k) = \frac{\mathbf q^\top \mathbf k}{\sqrt d}$$
#
# - `layer(queries, keys, values, valid_lens)` with `queries` (b, n, d), `keys` (b, m, d), `values` (b, m, v);
#   returns (b, n, v). `valid_lens` as in `masked_softmax`.
# - no parameters: `state_dict()` is empty, after a call too. Dropout on the weights in training mode, the
#   attribute `attention_weights` (b, n, m) from before dropout, gradients, and further calls, all as in
#   `AdditiveAttention`.
#
# Hint: a batched matrix product of (b, n, d) with what shape gives (b, n, m)? Which two axes of `keys` change
# places?


# %%
class DotProductAttention(nn.Module):
    """Attention with the scaled dot product as scoring function.

    queries: (b, n, d), keys: (b, m, d), values: (b, m, v), valid_lens: None, (b,) or (b, n) -> (b, n, v).
    attention_weights: (b, n, m), before dropout.
    """

    def __init__(self, dropout):
        super().__init__()
        ### BEGIN SOLUTION
        self.dropout = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, queries, keys, values, valid_lens=None):
        ### BEGIN SOLUTION
        scores = torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(queries.shape[-1])
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.dropout(self.attention_weights), values)
        ### END SOLUTION
