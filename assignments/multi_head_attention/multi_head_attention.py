# %% [markdown]
# # Multi-head attention
#
# One attention has one set of weights per query: whatever it looks at, it looks at in a single way. Multi-head
# attention lets several small attentions, the *heads*, look at the same queries, keys and values through linear
# maps of their own, and mixes what they found. All heads have the same size, so they can be computed together,
# in one batch. In this unit you write the two changes of shape that make this possible, and the layer.
#
# **Shapes.** $b$ examples, $n$ queries and $m$ key–value pairs per example, `num_heads` heads. `num_hiddens`,
# $h$, is the width of all heads together; it is always a multiple of `num_heads`, and $d = h\,/\,$`num_heads`
# is the width of one head. No size is 0.
#
# **Rules.** `nn.functional.scaled_dot_product_attention`, `nn.MultiheadAttention` and what is built on them are
# ruled out in `MultiHeadAttention`: you are building it. `nn.Linear` and everything else in torch are yours.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check multi_head_attention` whenever you like.

# %%
import math

import torch
from torch import nn

# %% [markdown]
# ## Given: `DotProductAttention(dropout)`
#
# This one is complete: masked scaled dot-product attention, the subject of an earlier unit. Use it for your
# heads, or calculate them yourself; there is nothing to change here. It divides the scores by the square root of
# the width of **the queries that it is given**, and it takes one row of `valid_lens` for each of their matrices:
#
# - `attention(queries, keys, values, valid_lens)` with `queries` (B, n, d), `keys` (B, m, d), `values` (B, m, v)
#   returns (B, n, v).
# - `valid_lens`: `None` (every key counts), (B,) int64 (one length per matrix of queries) or (B, n) int64 (one
#   length per query). Any other number of rows is a `ValueError`.
# - In training mode each attention weight is dropped with probability `dropout`.


# %%
class DotProductAttention(nn.Module):
    """Given: masked scaled dot-product attention.

    queries: (B, n, d), keys: (B, m, d), values: (B, m, v), valid_lens: None, (B,) or (B, n) -> (B, n, v).
    attention_weights: (B, n, m), before dropout.
    """

    def __init__(self, dropout):
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(queries.shape[-1])
        if valid_lens is not None:
            if len(valid_lens) != len(queries):
                raise ValueError(f"valid_lens is of length {len(valid_lens)}, but queries of length {len(queries)}")
            if valid_lens.dim() == 1:
                valid_lens = valid_lens.unsqueeze(1)
            positions = torch.arange(scores.shape[-1], device=scores.device)
            scores = scores.masked_fill(positions >= valid_lens.unsqueeze(2), float("-inf"))
        self.attention_weights = torch.softmax(scores, dim=-1)
        return torch.bmm(self.dropout(self.attention_weights), values)


# %% [markdown]
# ## 1. `transpose_qkv(X, num_heads)`
#
# Turns every head into an example of its own, so that one batched attention computes them all. Head $j$ of
# example $i$ owns $d$ neighbouring features and becomes matrix number $i \cdot \text{num\_heads} + j$:
#
# $$\operatorname{transpose\_qkv}(X)_{\,i \cdot \text{num\_heads} + j,\; t,\; c} = X_{\,i,\; t,\; j d + c}
# \qquad c = 0, \dots, d - 1$$
#
# - `X`: (b, n, h), any dtype. `num_heads`: an int that divides h.
# - returns: (b · num_heads, n, h / num_heads), same dtype, the heads of one example **adjacent**. Numbers only
#   change places, whatever they are. The result may be a view of `X`.
#
# Hint: `reshape` never moves a number: it reads them in order and breaks the lines elsewhere. So first give the
# heads an axis of their own, then bring that axis to where it belongs, and only then merge axes. Which two axes
# must be neighbours for the last step?
#
# Gradients reach `X`. What goes in stays as it is, and a call remembers nothing of earlier ones.
# `X` may be transposed or sliced out of a larger tensor.


# %%
def transpose_qkv(X, num_heads):
    """Make an example of every head.

    X: (b, n, h) -> (b * num_heads, n, h / num_heads), the heads of one example adjacent, same dtype.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `transpose_output(X, num_heads)`
#
# The way back: the heads of each example are put side by side again, head 0 first.
#
# $$\operatorname{transpose\_output}(X)_{\,i,\; t,\; j d + c} = X_{\,i \cdot \text{num\_heads} + j,\; t,\; c}$$
#
# - `X`: (b · num_heads, n, d), any dtype, as `transpose_qkv` orders it. `num_heads`: an int that divides the
#   length of the first axis.
# - returns: (b, n, num_heads · d), same dtype. Here too, numbers only change places:
#   `transpose_output(transpose_qkv(X, num_heads), num_heads)` equals `X`. The result may be a view of `X`.
#
# Hint: undo the steps of `transpose_qkv`, last one first. A permuted tensor is not contiguous; which of `view`
# and `reshape` minds?
#
# Gradients reach `X`. What goes in stays as it is, and a call remembers nothing of earlier ones.
# `X` may be transposed or sliced out of a larger tensor.


# %%
def transpose_output(X, num_heads):
    """Put the heads of each example side by side; the inverse of transpose_qkv.

    X: (b * num_heads, n, d) -> (b, n, num_heads * d), same dtype.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `MultiHeadAttention(key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False)`
#
# With $\mathbf Q$, $\mathbf K$, $\mathbf V$ for the queries, keys and values of one example (one per row), the
# layer projects each of them to $h$ features and gives head $j$ the features $jd, \dots, jd + d - 1$ of each
# projection:
#
# $$\mathbf H_j = \operatorname{softmax}\!\left(\frac{[W_q \mathbf Q]_j\, [W_k \mathbf K]_j^\top}{\sqrt d}\right)
# [W_v \mathbf V]_j \qquad \text{output} = W_o\,[\mathbf H_0, \mathbf H_1, \dots]$$
#
# Here $W \mathbf X$ stands for the linear layer $W$ applied to every row, $[\cdot]_j$ for the features of head
# $j$, and padding is left out of the softmax.
#
# - submodules: `W_q` (query size to h), `W_k` (key size to h), `W_v` (value size to h) and `W_o` (h to h), all
#   `nn.Linear`. All four have a bias with `bias=True`, and none with `bias=False`. There are no other parameters. How
#   they are initialised is up to you.
# - `layer(queries, keys, values, valid_lens)` with `queries` (b, n, query size), `keys` (b, m, key size) and
#   `values` (b, m, value size) returns (b, n, h), same dtype.
# - `valid_lens`: `None` (every key counts), (b,) int64, one length per example, shared by its queries, or (b, n)
#   int64, one length per query; from 1 to m. **All heads of an example share its lengths.**
# - Dropout acts on the attention weights of every head, and on nothing else: each weight is zeroed with probability
#   $p$, the argument `dropout` (below 1), independently of the others, or else divided by $1 - p$.
#
# Hint: after `transpose_qkv` there are b · num_heads matrices of queries, but `valid_lens` still has b rows. In
# which order do the heads follow each other, and so, in which order must the lengths be repeated? (Compare
# `Tensor.repeat` with `torch.repeat_interleave`, and mind the axis.)
#
# Inputs are all float32 or all float64 and finite, padding too. Scores of either sign may run into the thousands.
#
# Gradients reach `queries`, `keys`, `values` and its parameters. What goes in stays as it is, and a
# call remembers nothing of earlier ones. `queries`, `keys` and `values` may be transposed or sliced
# out of a larger tensor. It drops in training mode only. Each example is treated by itself,
# whatever else is in the batch.


# %%
class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on features of its own, and a linear map that mixes them.

    queries: (b, n, query_size), keys: (b, m, key_size), values: (b, m, value_size),
    valid_lens: None, (b,) or (b, n) int64 in [1, m] -> (b, n, num_hiddens), same dtype.
    """

    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, queries, keys, values, valid_lens):
        # YOUR CODE HERE
        raise NotImplementedError()
