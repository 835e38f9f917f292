"""Oracle for long short-term memory (lecture 9.2), on torch's own layer and cell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

LIBRARY_ORDER = (
    0,
    3,
    9,
    6,
)  # torch keeps input, forget, candidate, output; the lecture puts the candidate last


def init_lstm_state(batch_size: int, num_hiddens: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """(H, C), each (batch_size, num_hiddens), zeros."""
    H, C = torch.zeros((2, batch_size, num_hiddens), device=device)
    return H, C


def get_lstm_params(vocab_size: int, num_hiddens: int, device: torch.device) -> list[Tensor]:
    """[W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c, W_hq, b_q]."""

    def affine(rows: Sequence[int], columns: int) -> list[Tensor]:
        weights = [torch.empty(n, columns, device=device).normal_(std=0.01) for n in rows]
        return [p.requires_grad_() for p in (*weights, torch.zeros(columns, device=device))]

    gates = [p for _ in range(4) for p in affine((vocab_size, num_hiddens), num_hiddens)]
    return gates + affine((num_hiddens,), vocab_size)


def lstm_cell(X: Tensor, H: Tensor, C: Tensor, params: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """X: (n, d), H, C: (n, h), params: the first twelve -> (H, C)."""
    return torch.lstm_cell(X, (H, C), *_packed(params))


def lstm(inputs: Tensor, state: Sequence[Tensor], params: Sequence[Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """inputs: (num_steps, n, d), state: (H, C), params: all fourteen -> ((num_steps * n, d), (H, C))."""
    initial = [each.unsqueeze(0) for each in state]
    states, H, C = torch.lstm(inputs, initial, _packed(params), True, 1, 0.0, True, False, False)
    return F.linear(states, params[12].T, params[13]).flatten(0, 1), (H[0], C[0])


def _packed(params: Sequence[Tensor]) -> list[Tensor]:
    """torch's four: (4h, d), (4h, h), (4h,) and a second bias, zero."""
    W_x, W_h, b = (torch.cat([params[k + i].t() for k in LIBRARY_ORDER]) for i in range(3))
    return [W_x, W_h, b, torch.zeros_like(b)]
