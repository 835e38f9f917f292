"""Oracle for multi-head attention (lecture 10.5), on torch's own operators."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def transpose_qkv(X: Tensor, num_heads: int) -> Tensor:
    """X: (b, n, h) -> (b * num_heads, n, h / num_heads)."""
    return torch.stack(X.tensor_split(num_heads, dim=2), dim=1).flatten(0, 1)


def transpose_output(X: Tensor, num_heads: int) -> Tensor:
    """X: (b * num_heads, n, d) -> (b, n, num_heads * d)."""
    return torch.cat([X[head::num_heads] for head in range(num_heads)], dim=2)


class MultiHeadAttention(nn.Module):
    """Heads on an axis of their own, (b, num_heads, n, d), and torch's attention with an explicit mask."""

    def __init__(
        self,
        key_size: int,
        query_size: int,
        value_size: int,
        num_hiddens: int,
        num_heads: int,
        dropout: float,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.W_q = nn.Linear(query_size, num_hiddens, bias=bias)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=bias)
        self.W_v = nn.Linear(value_size, num_hiddens, bias=bias)
        self.W_o = nn.Linear(num_hiddens, num_hiddens, bias=bias)
        self._heads, self._dropout = num_heads, dropout

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor, valid_lens: Tensor | None) -> Tensor:
        """queries: (b, n, ...), keys: (b, m, ...), values: (b, m, ...), valid_lens: None, (b,), (b, n) -> (b, n, h)."""
        split = [
            linear(X).unflatten(2, (self._heads, -1)).movedim(2, 1)
            for linear, X in ((self.W_q, queries), (self.W_k, keys), (self.W_v, values))
        ]
        mask = None
        if valid_lens is not None:
            mask = torch.arange(keys.shape[1]) < valid_lens.reshape(len(keys), 1, -1, 1)
        heads = F.scaled_dot_product_attention(*split, attn_mask=mask, dropout_p=self._dropout * self.training)
        return self.W_o(heads.movedim(1, 2).flatten(2))
