"""Other correct ways to write attention scoring functions."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograder.suite import accepted

# sequence_mask


@accepted("sequence_mask", "lecture style, on a copy")
def sequence_mask_of_the_lecture(X, valid_len, value=0):
    maxlen = X.size(1)
    mask = torch.arange((maxlen), dtype=torch.float32, device=X.device)[None, :] < valid_len[:, None]
    X = X.clone()
    X[~mask] = value
    return X


@accepted("sequence_mask", "explicit loop over rows")
def sequence_mask_by_rows(X, valid_len, value=0):
    masked = X.clone()
    for i, length in enumerate(valid_len):
        masked[i, length:] = value
    return masked


@accepted("sequence_mask", "rows glued together from two pieces")
def sequence_mask_by_concatenation(X, valid_len, value=0):
    rows = []
    for row, length in zip(X, valid_len.tolist()):
        rows.append(torch.cat([row[:length], torch.full((len(row) - length,), value, dtype=X.dtype)]))
    return torch.stack(rows)


@accepted("sequence_mask", "torch.where")
def sequence_mask_by_where(X, valid_len, value=0):
    columns = torch.arange(X.shape[1]).expand_as(X)
    return torch.where(columns < valid_len.view(-1, 1), X, torch.tensor(value, dtype=X.dtype))


@accepted("sequence_mask", "a mask made with numpy")
def sequence_mask_by_numpy(X, valid_len, value=0):
    past = np.arange(X.shape[1])[np.newaxis, :] >= valid_len.numpy()[:, np.newaxis]
    return torch.masked_fill(X, torch.from_numpy(past), value)


@accepted("sequence_mask", "the valid entries written into a tensor full of value")
def sequence_mask_by_index(X, valid_len, value=0):
    rows = torch.repeat_interleave(torch.arange(len(X)), valid_len)
    columns = torch.cat([torch.arange(int(length)) for length in valid_len])
    return torch.full_like(X, value).index_put((rows, columns), X[rows, columns])


# masked_softmax


@accepted("masked_softmax", "lecture style")
def masked_softmax_of_the_lecture(X, valid_lens):
    if valid_lens is None:
        return nn.functional.softmax(X, dim=-1)
    else:
        shape = X.shape
        if valid_lens.dim() == 1:
            valid_lens = torch.repeat_interleave(valid_lens, shape[1])
        else:
            valid_lens = valid_lens.reshape(-1)
        X = sequence_mask(X.reshape(-1, shape[-1]), valid_lens, value=-1e6)
        return nn.functional.softmax(X.reshape(shape), dim=-1)


@accepted("masked_softmax", "broadcast lengths and minus infinity")
def masked_softmax_by_infinity(X, valid_lens):
    if valid_lens is None:
        return torch.softmax(X, -1)
    if valid_lens.ndim == 1:
        valid_lens = valid_lens[:, None]
    valid = torch.arange(X.shape[-1]) < valid_lens[..., None]
    return torch.where(valid, X, float("-inf")).softmax(-1)


@accepted("masked_softmax", "a large negative number is added")
def masked_softmax_by_addition(X, valid_lens):
    b, n, m = X.shape
    if valid_lens is None:
        valid_lens = torch.full((b, n), m)
    if valid_lens.dim() == 1:
        valid_lens = valid_lens.unsqueeze(1).repeat(1, n)
    past = (torch.arange(m).view(1, 1, m) >= valid_lens.view(b, n, 1)).to(X.dtype)
    return F.softmax(X + past * -1e9, dim=2)


@accepted("masked_softmax", "explicit loop, the softmax of each valid part")
def masked_softmax_by_loop(X, valid_lens):
    weights = torch.zeros_like(X)
    b, n, m = X.shape
    for i in range(b):
        for j in range(n):
            if valid_lens is None:
                length = m
            else:
                length = int(valid_lens[i]) if valid_lens.dim() == 1 else int(valid_lens[i, j])
            weights[i, j, :length] = F.softmax(X[i, j, :length], dim=0)
    return weights


@accepted("masked_softmax", "exponentials by hand")
def masked_softmax_by_hand(X, valid_lens):
    if valid_lens is not None:
        lengths = valid_lens.reshape(X.shape[0], -1, 1)
        X = X.masked_fill(torch.arange(X.shape[2]) >= lengths, torch.finfo(X.dtype).min)
    E = torch.exp(X - X.amax(dim=2, keepdim=True))
    return E / E.sum(dim=2, keepdim=True)


@accepted("masked_softmax", "torch's masked tensors")
def masked_softmax_by_torch_masked(X, valid_lens):
    if valid_lens is None:
        return torch.masked.softmax(X, 2)
    mask = torch.arange(X.shape[2]).expand(X.shape) < valid_lens.reshape(X.shape[0], -1, 1)
    return torch.masked.softmax(X, 2, mask=mask)


class SoftmaxOfValid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X, padding):
        E = torch.exp(X.masked_fill(padding, -math.inf) - X.masked_fill(padding, -math.inf).amax(2, keepdim=True))
        ctx.weights = E / E.sum(2, keepdim=True)
        return ctx.weights.clone()

    @staticmethod
    def backward(ctx, grad):
        return ctx.weights * (grad - (grad * ctx.weights).sum(2, keepdim=True)), None


@accepted("masked_softmax", "a backward pass of one's own")
def masked_softmax_by_function(X, valid_lens):
    lengths = torch.full((len(X),), X.shape[2]) if valid_lens is None else valid_lens
    return SoftmaxOfValid.apply(X, torch.arange(X.shape[2]) >= lengths.reshape(len(X), -1, 1))


@accepted("masked_softmax", "a clone worked on in place, exponentials of a logarithm")
def masked_softmax_by_log(X, valid_lens):
    S = X.clone()
    if valid_lens is not None:
        last = (valid_lens[:, None] if valid_lens.ndim == 1 else valid_lens).expand(X.shape[:2]) - 1
        edge = torch.zeros(X.shape, dtype=torch.int64).scatter(2, last.unsqueeze(2), 1)
        S[edge.cumsum(2) > edge] = -math.inf
    S -= S.detach().amax(2, keepdim=True)
    return torch.exp(S - S.logsumexp(2, keepdim=True))


# AdditiveAttention


@accepted("AdditiveAttention", "lecture style")
class AdditiveAttentionOfTheLecture(nn.Module):
    def __init__(self, key_size, query_size, num_hiddens, dropout, **kwargs):
        super().__init__(**kwargs)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=False)
        self.W_q = nn.Linear(query_size, num_hiddens, bias=False)
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_lens):
        queries, keys = self.W_q(queries), self.W_k(keys)
        features = queries.unsqueeze(2) + keys.unsqueeze(1)
        features = torch.tanh(features)
        scores = self.w_v(features).squeeze(-1)
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.dropout(self.attention_weights), values)


@accepted("AdditiveAttention", "explicit loop over the queries")
class AdditiveAttentionByLoop(nn.Module):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__()
        self.W_q, self.W_k = (nn.Linear(size, num_hiddens, bias=False) for size in (query_size, key_size))
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)
        self.p = dropout

    def forward(self, queries, keys, values, valid_lens=None):
        projected = self.W_k(keys)
        columns = []
        for i in range(queries.size(1)):
            query = self.W_q(queries[:, i : i + 1])
            columns.append(self.w_v(torch.tanh(query + projected))[:, :, 0])
        weights = masked_softmax(torch.stack(columns, 1), valid_lens)
        self.attention_weights = weights.detach()
        return F.dropout(weights, self.p, training=self.training) @ values


@accepted("AdditiveAttention", "einsum, with a dropout of one's own")
class AdditiveAttentionByEinsum(nn.Module):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__()
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=False)
        self.W_q = nn.Linear(query_size, num_hiddens, bias=False)
        self.dropout = dropout

    def forward(self, queries, keys, values, valid_lens=None):
        q = torch.einsum("bnd,hd->bnh", queries, self.W_q.weight)
        k = torch.einsum("bmd,hd->bmh", keys, self.W_k.weight)
        hidden = (q[:, :, None, :] + k[:, None, :, :]).tanh()
        scores = torch.einsum("bnmh,oh->bnm", hidden, self.w_v.weight)
        self.attention_weights = masked_softmax(scores, valid_lens)
        weights = self.attention_weights
        if self.training and self.dropout > 0:
            weights = weights * (torch.rand(weights.shape) > self.dropout) / (1 - self.dropout)
        return torch.einsum("bnm,bmv->bnv", weights, values)


@accepted("AdditiveAttention", "one wide linear map of every pair")
class AdditiveAttentionOfPairs(nn.Module):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__()
        self.W_q = nn.Linear(query_size, num_hiddens, bias=False)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=False)
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)
        self.drop = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_lens=None):
        n, m = queries.shape[1], keys.shape[1]
        pairs = torch.cat(
            [queries.repeat_interleave(m, dim=1), keys.repeat(1, n, 1)], dim=2
        )  # one row per pair: the query's features, then the key's
        hidden = torch.tanh(F.linear(pairs, torch.cat([self.W_q.weight, self.W_k.weight], dim=1)))
        scores = self.w_v(hidden).reshape(-1, n, m)
        self.attention_weights = masked_softmax(scores, valid_lens)
        return self.drop(self.attention_weights).matmul(values)


@accepted("AdditiveAttention", "rows picked for every pair, new tensors worked on in place")
class AdditiveAttentionInPlace(nn.Module):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__()
        self.W_q = nn.Linear(query_size, num_hiddens, bias=False)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=False)
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("attention_weights", None, persistent=False)

    def forward(self, queries, keys, values, valid_lens=None):
        n, m = queries.shape[1], keys.shape[1]
        pairs = self.W_q(queries).index_select(1, torch.arange(n).repeat_interleave(m))
        pairs += self.W_k(keys).index_select(1, torch.arange(m).repeat(n))
        scores = self.w_v(pairs.tanh_()).view(-1, n, m)
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.dropout(self.attention_weights), values)


# DotProductAttention


@accepted("DotProductAttention", "lecture style")
class DotProductAttentionOfTheLecture(nn.Module):
    def __init__(self, dropout, **kwargs):
        super().__init__(**kwargs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_lens=None):
        d = queries.shape[-1]
        scores = torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(d)
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.dropout(self.attention_weights), values)


@accepted("DotProductAttention", "einsum, queries scaled first")
class DotProductAttentionByEinsum(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.p = dropout

    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.einsum("bnd,bmd->bnm", queries * queries.size(-1) ** -0.5, keys)
        self.attention_weights = masked_softmax(scores, valid_lens)
        weights = F.dropout(self.attention_weights, self.p, self.training)
        return torch.einsum("bnm,bmv->bnv", weights, values)


@accepted("DotProductAttention", "sums of broadcast products")
class DotProductAttentionByBroadcasting(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.drop = nn.Dropout(p=dropout)
        self.attention_weights = None

    def forward(self, queries, keys, values, valid_lens=None):
        root = torch.sqrt(torch.tensor(queries.shape[2], dtype=queries.dtype))
        scores = (queries[:, :, None] * keys[:, None]).sum(-1) / root
        self.attention_weights = masked_softmax(scores, valid_lens)
        return (self.drop(self.attention_weights)[..., None] * values[:, None]).sum(2)


@accepted("DotProductAttention", "explicit loop over examples, both sides scaled by the fourth root")
class DotProductAttentionByLoop(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.dropout = dropout

    def forward(self, queries, keys, values, valid_lens=None):
        root = queries.shape[2] ** 0.25
        scores = torch.stack([(q / root) @ (k / root).T for q, k in zip(queries, keys)])
        self.attention_weights = masked_softmax(scores, valid_lens)
        weights = self.attention_weights
        if self.training:
            keep = torch.bernoulli(torch.full_like(weights, 1 - self.dropout))
            weights = weights * keep / (1 - self.dropout)
        return torch.stack([w @ v for w, v in zip(weights, values)])
