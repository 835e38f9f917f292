"""Known mistakes in multi-head attention."""

import math

import torch
from torch import nn

from autograder.suite import misconception


class Parts(nn.Module):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__()
        self.num_heads = num_heads
        self.attention = DotProductAttention(dropout)
        self.W_q = nn.Linear(query_size, num_hiddens, bias=bias)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=bias)
        self.W_v = nn.Linear(value_size, num_hiddens, bias=bias)
        self.W_o = nn.Linear(num_hiddens, num_hiddens, bias=bias)

    def split(self, X):
        return X.unflatten(2, (self.num_heads, -1)).transpose(1, 2).flatten(0, 1)

    def join(self, X):
        return X.unflatten(0, (-1, self.num_heads)).transpose(1, 2).flatten(2)

    def repeated(self, valid_lens):
        return valid_lens.repeat_interleave(self.num_heads, dim=0)

    def heads(self, queries, keys, values, valid_lens):
        if valid_lens is not None:
            valid_lens = self.repeated(valid_lens)
        q, k, v = self.split(self.W_q(queries)), self.split(self.W_k(keys)), self.split(self.W_v(values))
        return self.join(self.attention(q, k, v, valid_lens))

    def forward(self, queries, keys, values, valid_lens):
        return self.W_o(self.heads(queries, keys, values, valid_lens))


# transpose_qkv


@misconception(
    "transpose_qkv",
    "reshape without permute",
    hint="The shape is right, but the numbers were never moved: reshape reads them in memory order, so a head gets "
    "pieces of several positions instead of a group of features of every position. Give the heads an axis of "
    "their own and move that axis before you merge it with the examples.",
)
def split_by_reshape(X, num_heads):
    b, n, h = X.shape
    return X.reshape(b * num_heads, n, h // num_heads)


@misconception(
    "transpose_qkv",
    "heads first, examples second",
    hint="All first heads come first, then all second heads. The heads of one example must be adjacent: when two "
    "axes are merged, the one on the left varies slowest. Which of examples and heads should that be?",
)
def split_heads_first(X, num_heads):
    return torch.cat(X.tensor_split(num_heads, dim=2))


@misconception(
    "transpose_qkv",
    "a head gets every num_heads-th feature",
    hint="Each head receives features that lie num_heads apart, as cards are dealt to players. A head owns a block "
    "of neighbouring features: look at the order of the two sizes that you split the last axis into.",
)
def split_dealt_out(X, num_heads):
    return X.unflatten(2, (-1, num_heads)).movedim(3, 1).flatten(0, 1)


@misconception(
    "transpose_qkv",
    "examples and heads are not merged",
    hint="The heads have an axis of their own, and it is in the right place, but the result has four axes. A batched "
    "attention takes three: to it, every head of every example is an example. One more change of shape is needed.",
)
def split_unmerged(X, num_heads):
    return X.unflatten(2, (num_heads, -1)).transpose(1, 2)


@misconception(
    "transpose_qkv",
    "positions and features change places",
    hint="The heads are where they belong, but each of their matrices is transposed: features in rows, positions in "
    "columns. Positions stay on the last axis but one, features on the last; check the order of your axes.",
)
def split_transposed(X, num_heads):
    return X.unflatten(2, (num_heads, -1)).permute(0, 2, 3, 1).flatten(0, 1)


@misconception(
    "transpose_qkv",
    "num_heads taken for the width of a head",
    hint="Every piece has num_heads features, and there are as many pieces as a head should have features. num_heads "
    "says how many pieces there are; the width of each follows from it.",
)
def split_into_width(X, num_heads):
    return torch.stack(X.split(num_heads, dim=2), dim=1).flatten(0, 1)


@misconception(
    "transpose_qkv",
    "view where the numbers do not lie in that order",
    hint="view only relabels memory, and refuses where the numbers do not lie there in the order that it needs: for "
    "instance after a permutation. Which method copies them when it has to?",
)
def split_by_view(X, num_heads):
    b, n, h = X.shape
    X = X.reshape(b, n, num_heads, h // num_heads).permute(0, 2, 1, 3)
    return X.view(b * num_heads, n, h // num_heads)


split_results = {}


@misconception(
    "transpose_qkv",
    "one tensor for all results of a shape",
    hint="The result of a call is right until the next call of the same shape, which writes into the same tensor: "
    "once keys are split, the queries that were split before hold keys. Make a new tensor in every call.",
)
def split_into_kept_tensor(X, num_heads):
    parts = torch.stack(X.tensor_split(num_heads, dim=2), dim=1).flatten(0, 1)
    return split_results.setdefault((parts.shape, X.dtype), torch.empty_like(parts)).detach().copy_(parts)


# transpose_output


@misconception(
    "transpose_output",
    "reshape without permute",
    hint="The shape is right, but the numbers were never moved: several positions of one head stand side by side "
    "where the heads of one position should. Give heads and positions an axis each, let these two change places, "
    "and merge axes only then.",
)
def join_by_reshape(X, num_heads):
    return X.reshape(X.shape[0] // num_heads, X.shape[1], -1)


@misconception(
    "transpose_output",
    "view after a permutation",
    hint="view only relabels memory, and a permuted tensor does not lie in memory in its new order, so view refuses. "
    "Which method copies the numbers when it has to?",
)
def join_by_view(X, num_heads):
    X = X.reshape(-1, num_heads, X.shape[1], X.shape[2]).permute(0, 2, 1, 3)
    return X.view(X.shape[0], X.shape[1], -1)


@misconception(
    "transpose_output",
    "heads first, examples second",
    hint="You read the first axis as if all first heads came first. transpose_qkv keeps the heads of one example "
    "adjacent, so on the first axis the head varies fastest: which size comes last when you split it?",
)
def join_heads_first(X, num_heads):
    return torch.cat(X.tensor_split(num_heads), dim=2)


@misconception(
    "transpose_output",
    "features of the heads interleaved",
    hint="The first feature of every head comes first, then the second of every head. Each head's features stay "
    "together, head 0 first: look at the order of the two axes that you merge at the end.",
)
def join_interleaved(X, num_heads):
    return X.unflatten(0, (-1, num_heads)).permute(0, 2, 3, 1).flatten(2)


@misconception(
    "transpose_output",
    "heads are added up",
    hint="The heads of an example are summed, so the result is only one head wide. Nothing is computed here: each head "
    "keeps its features, and the result is as wide as all heads together.",
)
def join_by_sum(X, num_heads):
    return X.unflatten(0, (-1, num_heads)).sum(dim=1)


joined_results = {}


@misconception(
    "transpose_output",
    "one tensor for all results of a shape",
    hint="A tensor for the result is made once, kept, and filled anew in each call, so whoever still holds an earlier "
    "result finds other numbers in it. Each call needs a result of its own.",
)
def join_into_kept_tensor(X, num_heads):
    joined = torch.cat([X[j::num_heads] for j in range(num_heads)], dim=2)
    return joined_results.setdefault((joined.shape, X.dtype), torch.empty_like(joined)).detach().copy_(joined)


# MultiHeadAttention: lengths


@misconception(
    "MultiHeadAttention",
    "the lengths of the first call are kept",
    hint="A second call with other lengths is masked like the first: what was made from valid_lens is stored on self "
    "and used again as long as its shape fits. The lengths belong to one batch; work them out in every call.",
)
class KeptLengths(Parts):
    def repeated(self, valid_lens):
        if getattr(self, "shape", None) != valid_lens.shape:
            self.shape, self.kept = valid_lens.shape, super().repeated(valid_lens)
        return self.kept


@misconception(
    "MultiHeadAttention",
    "valid_lens tiled instead of interleaved",
    hint="The lengths were repeated as a whole, one copy after the other, so heads are masked with the lengths of "
    "other examples. The heads of one example are adjacent: its length must be repeated right there, before the next "
    "example's comes.",
)
class TiledLengths(Parts):
    def repeated(self, valid_lens):
        return torch.cat([valid_lens] * self.num_heads)


@misconception(
    "MultiHeadAttention",
    "lengths per query repeated entry by entry",
    hint="repeat_interleave flattens a tensor unless it is told along which axis to repeat. With lengths of shape "
    "(b, n) whole rows must be repeated, so that there is one row for each head.",
)
class FlattenedLengths(Parts):
    def repeated(self, valid_lens):
        return valid_lens.repeat_interleave(self.num_heads)


@misconception(
    "MultiHeadAttention",
    "valid_lens not repeated for the heads",
    hint="The attention sees b · num_heads matrices of queries, but valid_lens still has b rows. Every head needs the "
    "lengths of its example.",
)
class UnrepeatedLengths(Parts):
    def repeated(self, valid_lens):
        return valid_lens


@misconception(
    "MultiHeadAttention",
    "valid_lens ignored",
    hint="Results are right only where every key is valid: the lengths never reach the attention, so padding is "
    "attended to. Hand them on, one row for each head.",
)
class IgnoredLengths(Parts):
    def heads(self, queries, keys, values, valid_lens):
        return super().heads(queries, keys, values, None)


@misconception(
    "MultiHeadAttention",
    "the score of padding is not low enough",
    hint="Your padding gets a score that is low beside usual ones. But scores may run into the thousands, below zero too, "
    "and where every valid key scores lower than the padding, the padding takes all the weight. Which score is lower "
    "than any that can occur?",
)
class ModestPaddingScore(Parts):
    def heads(self, queries, keys, values, valid_lens):
        q, k, v = self.split(self.W_q(queries)), self.split(self.W_k(keys)), self.split(self.W_v(values))
        scores = q @ k.mT / math.sqrt(q.shape[2])
        if valid_lens is not None:
            lens = self.repeated(valid_lens).reshape(len(q), -1, 1)
            scores = scores.masked_fill(torch.arange(scores.shape[2]) >= lens, -1000.0)
        return self.join(self.attention.dropout(scores.softmax(dim=2)) @ v)


# MultiHeadAttention: heads


@misconception(
    "MultiHeadAttention",
    "scores divided by the square root of num_hiddens",
    hint="Results are right with one head only: the scores of every head are divided by the root of the width of all "
    "heads together. A head's dot product has as many terms as the head is wide, and that is the number whose root "
    "matters.",
)
class SharedScale(Parts):
    def heads(self, queries, keys, values, valid_lens):
        if valid_lens is not None:
            valid_lens = self.repeated(valid_lens)
        q = self.split(self.W_q(queries)) / math.sqrt(self.num_heads)
        return self.join(self.attention(q, self.split(self.W_k(keys)), self.split(self.W_v(values)), valid_lens))


@misconception(
    "MultiHeadAttention",
    "a single head as wide as all",
    hint="Queries, keys and values are never cut into heads: one attention sees all features, so every feature is "
    "averaged with the same weights. Each head compares, and averages, only features of its own.",
)
class OneWideHead(Parts):
    def split(self, X):
        return X

    def join(self, X):
        return X

    def repeated(self, valid_lens):
        return valid_lens


@misconception(
    "MultiHeadAttention",
    "heads cut by reshape alone",
    hint="The projections were reshaped into heads, and back, without moving any number. So a head mixes features of "
    "different positions. Between giving the heads an axis and merging it with the examples, that axis has to move.",
)
class ReshapedHeads(Parts):
    def split(self, X):
        return X.reshape(-1, X.shape[1], X.shape[2] // self.num_heads)

    def join(self, X):
        return X.reshape(-1, X.shape[1], X.shape[2] * self.num_heads)


@misconception(
    "MultiHeadAttention",
    "heads put together by reshape alone",
    hint="The heads are computed rightly but put together wrongly: a reshape puts several positions of one head "
    "side by side. The heads of one position belong side by side, which is what transpose_output is for.",
)
class ReshapedResult(Parts):
    def join(self, X):
        return X.reshape(-1, X.shape[1], X.shape[2] * self.num_heads)


# MultiHeadAttention: linear layers


@misconception(
    "MultiHeadAttention",
    "W_o left out",
    hint="The heads are put side by side and returned as they are; there is no W_o. Without a last linear layer the "
    "heads never meet.",
)
class NoOutputLayer(Parts):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.W_o

    def forward(self, queries, keys, values, valid_lens):
        return self.heads(queries, keys, values, valid_lens)


@misconception(
    "MultiHeadAttention",
    "W_o is made but never applied",
    hint="The layer has a W_o, but the result is what the heads found, side by side. W_o has to map that once more "
    "before it is returned.",
)
class UnusedOutputLayer(Parts):
    def forward(self, queries, keys, values, valid_lens):
        return self.heads(queries, keys, values, valid_lens)


@misconception(
    "MultiHeadAttention",
    "sizes of queries and keys swapped",
    hint="W_q has as many columns as a key has features, and W_k as many as a query. Look at the order of the "
    "constructor's arguments: key_size comes first.",
)
class SwappedSizes(Parts):
    def __init__(self, key_size, query_size, *args, **kwargs):
        super().__init__(query_size, key_size, *args, **kwargs)


@misconception(
    "MultiHeadAttention",
    "projections only as wide as one head",
    hint="W_q, W_k and W_v lead to the width of a single head. They serve all heads at once: their results have "
    "num_hiddens features, which are then shared out among the heads.",
)
class NarrowProjections(Parts):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__(key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias)
        width = num_hiddens // num_heads
        self.W_q = nn.Linear(query_size, width, bias=bias)
        self.W_k = nn.Linear(key_size, width, bias=bias)
        self.W_v = nn.Linear(value_size, width, bias=bias)

    def split(self, X):
        return X.repeat_interleave(self.num_heads, dim=0)


@misconception(
    "MultiHeadAttention",
    "the argument bias is ignored",
    hint="The linear layers have a bias although bias is False. nn.Linear has one unless it is told otherwise: what "
    "you are asked for in the constructor has to be handed on.",
)
class AlwaysBias(Parts):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__(key_size, query_size, value_size, num_hiddens, num_heads, dropout, True)


@misconception(
    "MultiHeadAttention",
    "W_o has no bias",
    hint="With bias=True, W_q, W_k and W_v have a bias, but W_o has none. The argument is about all four.",
)
class OutputWithoutBias(Parts):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__(key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias)
        self.W_o = nn.Linear(num_hiddens, num_hiddens, bias=False)


# MultiHeadAttention: dropout


@misconception(
    "MultiHeadAttention",
    "dropout never happens",
    hint="Training mode gives the results of evaluation mode: the argument dropout is not handed on to the attention, "
    "which is where weights are dropped.",
)
class NoDropout(Parts):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__(key_size, query_size, value_size, num_hiddens, num_heads, 0.0, bias)


@misconception(
    "MultiHeadAttention",
    "dropout taken for the share that is kept",
    hint="Too many weights are dropped, or too few: dropout is the probability that a weight goes, not that it stays. "
    "The attention means the same by its argument as the layer does.",
)
class KeepProbability(Parts):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__(key_size, query_size, value_size, num_hiddens, num_heads, 1 - dropout, bias)


@misconception(
    "MultiHeadAttention",
    "dropout on the result",
    hint="Features of the result are dropped. Here dropout acts on the attention weights: a dropped weight takes a key "
    "away from one head of one query, for all features of that head alike.",
)
class DropoutOnResult(Parts):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__(key_size, query_size, value_size, num_hiddens, num_heads, 0.0, bias)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_lens):
        return self.dropout(super().forward(queries, keys, values, valid_lens))


@misconception(
    "MultiHeadAttention",
    "dropout in evaluation mode too",
    hint="Weights are dropped after layer.eval() as well. Dropout is for training; nn.Module keeps the mode for you "
    "and for every submodule, so look for the place where the mode is overruled or never asked.",
)
class AlwaysDropout(Parts):
    def heads(self, queries, keys, values, valid_lens):
        self.attention.train()
        return super().heads(queries, keys, values, valid_lens)
