"""Other correct ways to write multi-head attention."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from autograder.suite import accepted

# transpose_qkv


@accepted("transpose_qkv", "lecture style")
def split_as_in_the_lecture(X, num_heads):
    X = X.reshape(X.shape[0], X.shape[1], num_heads, -1)
    X = X.permute(0, 2, 1, 3)
    return X.reshape(-1, X.shape[2], X.shape[3])


@accepted("transpose_qkv", "explicit loop over examples and heads")
def split_by_loop(X, num_heads):
    d = X.size(2) // num_heads
    matrices = []
    for example in X:
        for j in range(num_heads):
            matrices.append(example[:, j * d : (j + 1) * d])
    return torch.stack(matrices)


@accepted("transpose_qkv", "every num_heads-th matrix of a new tensor filled")
def split_into_empty(X, num_heads):
    b, n, h = X.shape
    d = h // num_heads
    out = torch.empty(b * num_heads, n, d, dtype=X.dtype, device=X.device)
    for j, head in enumerate(torch.split(X, d, dim=-1)):
        out[j::num_heads] = head
    return out


@accepted("transpose_qkv", "einsum, then one flatten")
def split_by_einsum(X, num_heads):
    return torch.einsum("bnhd->bhnd", X.unflatten(-1, (num_heads, X.shape[-1] // num_heads))).flatten(0, 1)


@accepted("transpose_qkv", "an index for every entry")
def split_by_index(X, num_heads):
    b, n, h = X.shape
    d = h // num_heads
    row = torch.arange(b * num_heads)[:, None, None]
    t = torch.arange(n)[None, :, None]
    c = torch.arange(d)[None, None, :]
    return X[row // num_heads, t, row % num_heads * d + c]


# transpose_output


@accepted("transpose_output", "lecture style")
def join_as_in_the_lecture(X, num_heads):
    X = X.reshape(-1, num_heads, X.shape[1], X.shape[2])
    X = X.permute(0, 2, 1, 3)
    return X.reshape(X.shape[0], X.shape[1], -1)


@accepted("transpose_output", "explicit loop over examples")
def join_by_loop(X, num_heads):
    examples = []
    for i in range(0, len(X), num_heads):
        examples.append(torch.hstack([X[i + j] for j in range(num_heads)]))
    return torch.stack(examples, dim=0)


@accepted("transpose_output", "contiguous view")
def join_by_view(X, num_heads):
    rows, n, d = X.size()
    X = X.contiguous().view(rows // num_heads, num_heads, n, d)
    return X.transpose(1, 2).contiguous().view(rows // num_heads, n, num_heads * d)


@accepted("transpose_output", "blocks of a new tensor filled")
def join_into_zeros(X, num_heads):
    rows, n, d = X.shape
    out = X.new_zeros((rows // num_heads, n, num_heads * d))
    for r in range(rows):
        i, j = divmod(r, num_heads)
        out[i, :, j * d : (j + 1) * d] = X[r]
    return out


@accepted("transpose_output", "unflatten, swapaxes, flatten")
def join_by_flatten(X, num_heads):
    return X.unflatten(0, (-1, num_heads)).swapaxes(1, 2).flatten(start_dim=2)


@accepted("transpose_output", "one index into all numbers in a row")
def join_by_index(X, num_heads):
    rows, n, d = X.shape
    i = torch.arange(rows // num_heads).view(-1, 1, 1)
    t = torch.arange(n).view(1, -1, 1)
    f = torch.arange(num_heads * d).view(1, 1, -1)
    return X.reshape(-1)[((i * num_heads + f // d) * n + t) * d + f % d]


# MultiHeadAttention


@accepted("MultiHeadAttention", "lecture style")
class MultiHeadAttentionOfTheLecture(nn.Module):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.attention = DotProductAttention(dropout)
        self.W_k = nn.Linear(key_size, num_hiddens, bias)
        self.W_q = nn.Linear(query_size, num_hiddens, bias)
        self.W_v = nn.Linear(value_size, num_hiddens, bias)
        self.W_o = nn.Linear(num_hiddens, num_hiddens, bias)

    def forward(self, queries, keys, values, valid_lens):
        q, k, v = (
            transpose_qkv(linear(X), self.num_heads)
            for linear, X in zip((self.W_q, self.W_k, self.W_v), (queries, keys, values))
        )
        if valid_lens is not None:
            valid_lens = valid_lens.repeat_interleave(self.num_heads, 0)
        out = self.attention(q, k, v, valid_lens)
        return self.W_o(transpose_output(out, self.num_heads))


@accepted("MultiHeadAttention", "loop over heads with slices of the weights, an attention each")
class MultiHeadAttentionByHeads(nn.Module):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__()
        for name, size in zip("qkvo", (query_size, key_size, value_size, num_hiddens)):
            self.add_module(f"W_{name}", nn.Linear(size, num_hiddens, bias=bias))
        self.heads = nn.ModuleList([DotProductAttention(dropout) for _ in range(num_heads)])

    def forward(self, queries, keys, values, valid_lens=None):
        q, k, v = self.W_q(queries), self.W_k(keys), self.W_v(values)
        count = len(self.heads)
        found = []
        for head, q, k, v in zip(self.heads, q.chunk(count, -1), k.chunk(count, -1), v.chunk(count, -1)):
            found.append(head(q, k, v, valid_lens))
        return self.W_o(torch.cat(found, dim=-1))


@accepted("MultiHeadAttention", "einsum on four axes, a mask and a softmax of one's own")
class MultiHeadAttentionByEinsum(nn.Module):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__()
        self.W_o = nn.Linear(num_hiddens, num_hiddens, bias=bias)
        self.W_v = nn.Linear(value_size, num_hiddens, bias=bias)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=bias)
        self.W_q = nn.Linear(query_size, num_hiddens, bias=bias)
        self.heads, self.p = num_heads, dropout

    def forward(self, queries, keys, values, valid_lens):
        b, n, m = len(queries), queries.shape[1], keys.shape[1]
        q = self.W_q(queries).reshape(b, n, self.heads, -1)
        k = self.W_k(keys).reshape(b, m, self.heads, -1)
        v = self.W_v(values).reshape(b, m, self.heads, -1)
        scores = torch.einsum("bnhd,bmhd->bhnm", q, k) * q.shape[-1] ** -0.5
        if valid_lens is not None:
            past = torch.arange(m) >= valid_lens.reshape(b, 1, -1, 1)
            scores = torch.where(past, -1e6, scores).to(q.dtype)
        weights = F.dropout(scores.softmax(-1), self.p, self.training)
        return self.W_o(torch.einsum("bhnm,bmhd->bnhd", weights, v).flatten(2))


@accepted("MultiHeadAttention", "explicit loop over examples and heads, a dropout of one's own")
class MultiHeadAttentionByLoop(nn.Module):
    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__()
        self.W_q = nn.Linear(query_size, num_hiddens, bias=bias)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=bias)
        self.W_v = nn.Linear(value_size, num_hiddens, bias=bias)
        self.W_o = nn.Linear(num_hiddens, num_hiddens, bias=bias)
        self.num_heads, self.width, self.dropout = num_heads, num_hiddens // num_heads, dropout

    def forward(self, queries, keys, values, valid_lens):
        Q, K, V = self.W_q(queries), self.W_k(keys), self.W_v(values)
        examples = []
        for i in range(Q.shape[0]):
            heads = []
            for start in range(0, self.num_heads * self.width, self.width):
                own = slice(start, start + self.width)
                scores = Q[i, :, own] @ K[i, :, own].T / math.sqrt(self.width)
                if valid_lens is not None:
                    rows = valid_lens[i].view(-1, 1).expand(len(scores), 1)
                    scores = scores.masked_fill(torch.arange(scores.shape[1]) >= rows, -torch.inf)
                weights = F.softmax(scores, dim=1)
                if self.training and self.dropout > 0:
                    weights = weights * (torch.rand_like(weights) >= self.dropout) / (1 - self.dropout)
                heads.append(weights @ V[i, :, own])
            examples.append(torch.cat(heads, dim=1))
        return self.W_o(torch.stack(examples))
