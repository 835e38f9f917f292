"""Oracle for BERT (lecture 14.8), on torch's fused attention and gather."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TransformerEncoderBlock(nn.Module):
    """X: (b, n, num_hiddens), valid_lens: None or (b,) -> (b, n, num_hiddens)."""

    def __init__(self, num_hiddens: int, ffn_num_hiddens: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self._heads, self._dropout = num_heads, dropout
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(num_hiddens, num_hiddens) for _ in range(4))
        self.ffn = nn.Sequential(
            nn.Linear(num_hiddens, ffn_num_hiddens), nn.ReLU(), nn.Linear(ffn_num_hiddens, num_hiddens)
        )
        self.norm1, self.norm2 = nn.LayerNorm(num_hiddens), nn.LayerNorm(num_hiddens)

    def forward(self, X: Tensor, valid_lens: Tensor | None) -> Tensor:
        mask = None if valid_lens is None else (torch.arange(X.shape[1]) < valid_lens[:, None])[:, None, None]
        Q, K, V = (W(X).unflatten(2, (self._heads, -1)).transpose(1, 2) for W in (self.W_q, self.W_k, self.W_v))
        p = self._dropout if self.training else 0.0
        attended = F.scaled_dot_product_attention(Q, K, V, attn_mask=mask, dropout_p=p).transpose(1, 2).flatten(2)
        Y = self.norm1(X + F.dropout(self.W_o(attended), p))
        return self.norm2(Y + F.dropout(self.ffn(Y), p))


def get_tokens_and_segments(
    tokens_a: Sequence[str], tokens_b: Sequence[str] | None = None
) -> tuple[list[str], list[int]]:
    """(tokens, segments) of one text or two."""
    first, second = ["<cls>", *tokens_a, "<sep>"], [] if tokens_b is None else [*tokens_b, "<sep>"]
    return first + second, [0 for _ in first] + [1 for _ in second]


class BERTEncoder(nn.Module):
    """tokens, segments: (b, n), valid_lens: None or (b,) -> (b, n, num_hiddens)."""

    def __init__(
        self,
        vocab_size: int,
        num_hiddens: int,
        ffn_num_hiddens: int,
        num_heads: int,
        num_blks: int,
        dropout: float,
        max_len: int = 1000,
    ) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, num_hiddens)
        self.segment_embedding = nn.Embedding(2, num_hiddens)
        self.pos_embedding = nn.Parameter(torch.randn(1, max_len, num_hiddens))
        self.blks = nn.ModuleList(
            TransformerEncoderBlock(num_hiddens, ffn_num_hiddens, num_heads, dropout) for _ in range(num_blks)
        )

    def forward(self, tokens: Tensor, segments: Tensor, valid_lens: Tensor | None) -> Tensor:
        positions = F.embedding(torch.arange(tokens.shape[1]), self.pos_embedding[0])
        X = F.embedding(tokens, self.token_embedding.weight) + self.segment_embedding.weight[segments] + positions
        for blk in self.blks:
            X = blk(X, valid_lens)
        return X


class MaskLM(nn.Module):
    """X: (b, n, num_inputs), pred_positions: (b, k) -> (b, k, vocab_size)."""

    def __init__(self, vocab_size: int, num_hiddens: int, num_inputs: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(num_inputs, num_hiddens), nn.ReLU(), nn.LayerNorm(num_hiddens), nn.Linear(num_hiddens, vocab_size)
        )

    def forward(self, X: Tensor, pred_positions: Tensor) -> Tensor:
        logits: Tensor = self.mlp(X)
        return logits.take_along_dim(pred_positions[:, :, None], dim=1)


class NextSentencePred(nn.Module):
    """X: (b, num_inputs) -> (b, 2)."""

    def __init__(self, num_inputs: int) -> None:
        super().__init__()
        self.output = nn.Linear(num_inputs, 2)

    def forward(self, X: Tensor) -> Tensor:
        return F.linear(X, self.output.weight, self.output.bias)


class BERTModel(nn.Module):
    """tokens, segments: (b, n) -> (b, n, num_hiddens), (b, k, vocab_size) or None, (b, 2)."""

    def __init__(
        self,
        vocab_size: int,
        num_hiddens: int,
        ffn_num_hiddens: int,
        num_heads: int,
        num_blks: int,
        dropout: float,
        max_len: int = 1000,
    ) -> None:
        super().__init__()
        self.encoder = BERTEncoder(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        self.hidden = nn.Sequential(nn.Linear(num_hiddens, num_hiddens), nn.Tanh())
        self.mlm = MaskLM(vocab_size, num_hiddens, num_hiddens)
        self.nsp = NextSentencePred(num_hiddens)

    def forward(
        self, tokens: Tensor, segments: Tensor, valid_lens: Tensor | None = None, pred_positions: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        encoded = self.encoder(tokens, segments, valid_lens)
        predicted = None if pred_positions is None else self.mlm(encoded, pred_positions)
        return encoded, predicted, self.nsp(self.hidden(encoded.select(1, 0)))


def bert_loss(
    net: Callable[..., tuple[Tensor, Tensor, Tensor]],
    loss: Callable[[Tensor, Tensor], Tensor],
    vocab_size: int,
    tokens_X: Tensor,
    segments_X: Tensor,
    valid_lens_x: Tensor,
    pred_positions_X: Tensor,
    mlm_weights_X: Tensor,
    mlm_Y: Tensor,
    nsp_y: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """(mlm_l, nsp_l, l), each ()."""
    _, predicted, follows = net(tokens_X, segments_X, valid_lens_x, pred_positions_X)
    real = mlm_weights_X.bool()
    each = loss(predicted[real], mlm_Y[real])
    mlm_l, nsp_l = each.sum() / max(len(each), 1), loss(follows, nsp_y).mean()
    return mlm_l, nsp_l, mlm_l + nsp_l
