# %% [markdown]
# # BERT
#
# BERT is a stack of transformer encoder blocks that reads a whole text at once, in both directions. It is pretrained on
# two tasks that need no labels: guess the words that were masked out, and tell whether the second of two sentences
# really followed the first. In this unit you write what makes an encoder a BERT: its input, its three embeddings, the
# two prediction heads and the loss. The encoder block itself is given.
#
# **Shapes.** A batch holds $b$ sequences of $n$ tokens each, with $h$ (`num_hiddens`) features per token; in each
# sequence, $k$ positions are to be predicted. The vocabulary has $V$ (`vocab_size`) tokens. All of these are at least 1.
#
# **Names.** The checks load weights into your modules with `load_state_dict`. So parameters and submodules need exactly
# the names stated here (0, 1, ... inside an `nn.Sequential`), and a module must hold no other parameters or buffers,
# persistent or not. Linear layers are `nn.Linear` with bias; lazy ones will do.
#
# **Calls.** What is passed in stays as it is, the modes of modules included; a tensor may be a view that is not
# contiguous in memory. A call depends on no call before it, and may come with other sizes. Results of modules have the
# dtype of their parameters.
#
# **Rules.** Everything in torch is yours. The given block stays as it is.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check bert` whenever you like.

# %%
import math

import torch
from torch import nn

# %% [markdown]
# ## Given: the transformer encoder block
#
# Multi-head self-attention, then a feed-forward network, each followed by dropout, the residual sum and layer
# normalisation. `blk(X, valid_lens)` maps (b, n, h) to (b, n, h). `valid_lens` is `None` or (b,), from 1 to n: no token
# attends to the positions of its sequence from the valid length on. `num_heads` divides `num_hiddens`.


# %%
class TransformerEncoderBlock(nn.Module):
    """One encoder block. X: (b, n, num_hiddens), valid_lens: None or (b,) -> (b, n, num_hiddens)."""

    def __init__(self, num_hiddens, ffn_num_hiddens, num_heads, dropout):
        super().__init__()
        self.num_heads = num_heads
        self.W_q = nn.Linear(num_hiddens, num_hiddens)
        self.W_k = nn.Linear(num_hiddens, num_hiddens)
        self.W_v = nn.Linear(num_hiddens, num_hiddens)
        self.W_o = nn.Linear(num_hiddens, num_hiddens)
        self.norm1 = nn.LayerNorm(num_hiddens)
        self.ffn = nn.Sequential(
            nn.Linear(num_hiddens, ffn_num_hiddens), nn.ReLU(), nn.Linear(ffn_num_hiddens, num_hiddens)
        )
        self.norm2 = nn.LayerNorm(num_hiddens)
        self.dropout = nn.Dropout(dropout)

    def attend(self, X, valid_lens):
        b, n, h = X.shape
        heads = (b, n, self.num_heads, h // self.num_heads)
        Q, K, V = (W(X).reshape(heads).transpose(1, 2) for W in (self.W_q, self.W_k, self.W_v))
        scores = Q @ K.transpose(2, 3) / math.sqrt(heads[-1])
        if valid_lens is not None:
            padding = torch.arange(n, device=X.device) >= valid_lens[:, None]
            scores = scores.masked_fill(padding[:, None, None, :], -1e6)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return self.W_o((weights @ V).transpose(1, 2).reshape(b, n, h))

    def forward(self, X, valid_lens):
        Y = self.norm1(X + self.dropout(self.attend(X, valid_lens)))
        return self.norm2(Y + self.dropout(self.ffn(Y)))


# %% [markdown]
# ## 1. `get_tokens_and_segments(tokens_a, tokens_b=None)`
#
# BERT reads one text or a pair of texts, framed by two special tokens:
#
# | | | | | | |
# |---|---|---|---|---|---|
# | tokens | `<cls>` | first text | `<sep>` | second text | `<sep>` |
# | segments | 0 | 0 … 0 | 0 | 1 … 1 | 1 |
#
# Every `<sep>` belongs to the text that it ends. Without a second text, the first two columns and the first `<sep>` are
# all there is.
#
# - `tokens_a`: a list of strings. `tokens_b`: a list of strings, or `None` for "no second text". The words of a text
#   are any strings: with blanks, empty, or `<sep>` itself, which ends nothing there. A list may be empty; an empty
#   `tokens_b` is still a second text, and has its `<sep>`.
# - returns: a pair `(tokens, segments)`, a list of strings and a list of integers of the same length. The lists passed
#   in stay as they are; each call returns new ones.
#
# Hint: how long is the part with segment 0, counting the special tokens? And the part with segment 1?


# %%
def get_tokens_and_segments(tokens_a, tokens_b=None):
    """Frame one text or two as BERT's input.

    tokens_a, tokens_b: lists of strings, tokens_b may be None -> (tokens, segments), lists of the same length.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `BERTEncoder(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000)`
#
# The vector of token $t$ of sequence $i$ is a sum of three embeddings, all of them learnt:
#
# $$\mathbf x_{it} = \mathbf E^{\text{token}}_{\text{tokens}_{it}} + \mathbf E^{\text{segment}}_{\text{segments}_{it}} +
# \mathbf P_{t} \qquad t = 0, 1, \dots, n - 1$$
#
# The sum passes through the blocks, one after another. Nothing else happens to it: no scaling, no dropout or
# normalisation outside the blocks.
#
# - `token_embedding`: `nn.Embedding` of `vocab_size` vectors; `segment_embedding`: `nn.Embedding` of 2 vectors.
# - `pos_embedding`: an `nn.Parameter` of shape (1, `max_len`, h) that starts from `torch.randn`. It must **learn**: a
#   gradient has to reach it.
# - `blks`: an `nn.Sequential` or `nn.ModuleList` of `num_blks` blocks, each `TransformerEncoderBlock(num_hiddens,
#   ffn_num_hiddens, num_heads, dropout)` with weights of its own. With `num_blks=0` the sum is the result.
# - `encoder(tokens, segments, valid_lens)` with `tokens`, `segments`: (b, n) int64, n at most `max_len`; `valid_lens`:
#   `None` or (b,) int64, handed to every block. Returns (b, n, h).
#
# Hint: sequences are shorter than `max_len`. Which part of `pos_embedding` is needed, and along which axis is it cut?
# And what do you lose if you read a parameter through `.data`?


# %%
class BERTEncoder(nn.Module):
    """Token, segment and position embeddings, then encoder blocks.

    tokens, segments: (b, n) int64, valid_lens: None or (b,) -> (b, n, num_hiddens).
    """

    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, tokens, segments, valid_lens):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 3. `MaskLM(vocab_size, num_hiddens, num_inputs)`
#
# Masked language modelling: predict the token at each masked position from the encoder's vector at that position. With
# $p = \text{pred\_positions}_{ij}$,
#
# $$\hat{\mathbf y}_{ij} = \operatorname{mlp}(\mathbf x_{ip}) \qquad i = 0, \dots, b - 1, \quad j = 0, \dots, k - 1$$
#
# - `mlp`: an `nn.Sequential` of four layers: linear from `num_inputs` to `num_hiddens`, ReLU, `nn.LayerNorm`, linear to
#   `vocab_size`.
# - `mlm(X, pred_positions)` with `X`: (b, n, num_inputs); `pred_positions`: (b, k) int64 in [0, n), row $i$ holding the
#   positions of sequence $i$, in any order; a position may stand there twice.
# - returns: (b, k, vocab_size), logits: no softmax.
#
# Hint: two index tensors of the same shape pick entries in pairs, as in `X[rows, columns]`. Which row belongs to
# `pred_positions[i, j]`?


# %%
class MaskLM(nn.Module):
    """Logits of the tokens at the predicted positions.

    X: (b, n, num_inputs), pred_positions: (b, k) int64 -> (b, k, vocab_size).
    """

    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X, pred_positions):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 4. `NextSentencePred(num_inputs)`
#
# Does the second text follow the first? Two logits per sequence answer, from one vector per sequence.
#
# - `output`: a linear layer from `num_inputs` to 2.
# - `nsp(X)` with `X`: (b, num_inputs). Returns (b, 2), logits: no softmax.


# %%
class NextSentencePred(nn.Module):
    """Two logits per sequence. X: (b, num_inputs) -> (b, 2)."""

    def __init__(self, num_inputs):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 5. `BERTModel(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000)`
#
# The encoder with both heads. Build the parts from your own classes, under these names, and call them in `forward`;
# some checks put stand-ins in their place, which take the same arguments.
#
# - `encoder`: a `BERTEncoder`; `mlm`: a `MaskLM` and `nsp`: a `NextSentencePred`, with `num_hiddens` as every width.
# - `hidden`: an `nn.Sequential` of a linear layer from `num_hiddens` to `num_hiddens` and `nn.Tanh`. The next-sentence
#   head sees the encoder's vector of the token `<cls>`, which stands first in every sequence, **after** it went through
#   `hidden`.
# - `net(tokens, segments, valid_lens=None, pred_positions=None)` returns three things, `(encoded_X, mlm_Y_hat,
#   nsp_Y_hat)`: the encoder's output (b, n, h), the logits of `mlm` (b, k, vocab_size), or `None` where
#   `pred_positions` is `None`, and the logits of `nsp` (b, 2). `valid_lens` may be given without `pred_positions`, and
#   the other way round.


# %%
class BERTModel(nn.Module):
    """BERT with its two pretraining heads.

    tokens, segments: (b, n), valid_lens: None or (b,), pred_positions: None or (b, k)
    -> encoded_X (b, n, num_hiddens), mlm_Y_hat (b, k, vocab_size) or None, nsp_Y_hat (b, 2).
    """

    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 6. `bert_loss(net, loss, vocab_size, ...)`
#
# Its other arguments are the seven parts of a batch: `tokens_X`, `segments_X`, `valid_lens_x`, `pred_positions_X`,
# `mlm_weights_X`, `mlm_Y`, `nsp_y`.
#
# The pretraining loss of one batch. Short texts have fewer masked tokens than others, so `pred_positions_X` is padded;
# `mlm_weights_X` is 1 at a real prediction and 0 at a padded one, which must count **nowhere**. With $\ell_{ij}$ the
# loss of prediction $j$ of sequence $i$ and $w_{ij}$ its weight,
#
# $$\ell_{\text{mlm}} = \frac{\sum_{ij} w_{ij}\,\ell_{ij}}{\sum_{ij} w_{ij}} \qquad \ell_{\text{nsp}} = \frac{1}{b}
# \sum_i \ell^{\text{nsp}}_i \qquad \ell = \ell_{\text{mlm}} + \ell_{\text{nsp}}$$
#
# - `net`: called as `net(tokens_X, segments_X, valid_lens_x, pred_positions_X)`, returns what `BERTModel` returns.
# - `loss`: as `nn.CrossEntropyLoss(reduction="none")`: logits (m, q) and labels (m,) give (m,), **one loss per row**.
#   (With the default reduction the padded predictions would be averaged in before a weight could keep them out.)
# - `tokens_X`, `segments_X`: (b, n); `valid_lens_x`: (b,); `pred_positions_X`, `mlm_weights_X`, `mlm_Y`: (b, k), the
#   weights in the dtype of the logits, the labels int64 in [0, V), at padded predictions, too; `nsp_y`: (b,) int64.
# - returns: `(mlm_l, nsp_l, l)`, three tensors of shape (); gradients flow from all of them to the parameters of `net`.
#   If all weights are 0, `mlm_l` is 0, not `nan`, and can still be differentiated: add a tiny number ($10^{-8}$) to the
#   denominator.
#
# Hint: which shapes do losses and weights have when you multiply them? (m,) times (m, 1) is a table.


# %%
def bert_loss(net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y):
    """Masked-language-model loss over real predictions, next-sentence loss, and their sum.

    tokens_X, segments_X: (b, n), valid_lens_x: (b,), pred_positions_X, mlm_weights_X, mlm_Y: (b, k), nsp_y: (b,)
    -> (mlm_l, nsp_l, l), each of shape ().
    """
    # YOUR CODE HERE
    raise NotImplementedError()
