"""Oracle for attention scoring functions (lecture 10.3), on torch's own operators."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def sequence_mask(X: Tensor, valid_len: Tensor, value: float = 0) -> Tensor:
    """X: (n, m), valid_len: (n,) -> (n, m)."""
    rest = torch.ones_like(X, dtype=torch.long).cumsum(dim=1) > valid_len.unsqueeze(1)
    return torch.where(rest, torch.full_like(X, value), X)


def masked_softmax(X: Tensor, valid_lens: Tensor | None) -> Tensor:
    """X: (b, n, m), valid_lens: None, (b,) or (b, n) -> (b, n, m)."""
    if valid_lens is None:
        return F.softmax(X, dim=2)
    padding = torch.arange(X.shape[2]) >= valid_lens.reshape(len(X), -1, 1)
    return F.softmax(X.masked_fill(padding, -torch.inf), dim=2)


class _Attention(nn.Module):
    """Weights from a subclass's scores; keeps them as attention_weights (b, n, m), before dropout."""

    attention_weights: Tensor

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self._dropout = dropout

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """queries: (b, n, ...), keys: (b, m, ...) -> (b, n, m)."""
        raise NotImplementedError

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor, valid_lens: Tensor | None = None) -> Tensor:
        """queries: (b, n, ...), keys: (b, m, ...), values: (b, m, v) -> (b, n, v)."""
        self.attention_weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return F.dropout(self.attention_weights, self._dropout, self.training) @ values


class AdditiveAttention(_Attention):
    """Scores w_v tanh(W_q q + W_k k)."""

    def __init__(self, key_size: int, query_size: int, num_hiddens: int, dropout: float) -> None:
        super().__init__(dropout)
        self.W_q = nn.Linear(query_size, num_hiddens, bias=False)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=False)
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """queries: (b, n, query_size), keys: (b, m, key_size) -> (b, n, m)."""
        hidden = self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None]
        return torch.einsum("bnmh,h->bnm", hidden.tanh(), self.w_v.weight[0])


class DotProductAttention(_Attention):
    """Scores q.k / sqrt(d)."""

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """queries: (b, n, d), keys: (b, m, d) -> (b, n, m)."""
        return torch.einsum("bnd,bmd->bnm", queries, keys) * queries.shape[2] ** -0.5
