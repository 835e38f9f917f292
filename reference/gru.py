"""Oracle for gated recurrent units (lecture 9.1), in the lecture's convention: reset before the product."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def init_gru_state(batch_size: int, num_hiddens: int, device: torch.device) -> tuple[Tensor]:
    """(H,) with H: (batch_size, num_hiddens), zeros."""
    return (torch.zeros((batch_size, num_hiddens), device=device),)


def get_gru_params(vocab_size: int, num_hiddens: int, device: torch.device) -> list[Tensor]:
    """[W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q]."""

    def affine(rows: Sequence[int], columns: int) -> list[Tensor]:
        weights = [torch.empty(n, columns, device=device).normal_(std=0.01) for n in rows]
        return [p.requires_grad_() for p in (*weights, torch.zeros(columns, device=device))]

    gates = [p for _ in range(3) for p in affine((vocab_size, num_hiddens), num_hiddens)]
    return gates + affine((num_hiddens,), vocab_size)


def gru_cell(X: Tensor, H: Tensor, params: Sequence[Tensor]) -> Tensor:
    """X: (n, d), H: (n, h), params: the first nine -> (n, h)."""
    XH = torch.cat([X, H], dim=1)
    W_z, W_r, W_h = (torch.cat([params[k], params[k + 1]]) for k in (0, 3, 6))
    Z, R = F.linear(XH, torch.cat([W_z, W_r], dim=1).T, torch.cat([params[2], params[5]])).sigmoid().chunk(2, dim=1)
    candidate = F.linear(torch.cat([X, R * H], dim=1), W_h.T, params[8]).tanh()
    return torch.lerp(candidate, H, Z)


def gru(inputs: Tensor, state: Sequence[Tensor], params: Sequence[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
    """inputs: (num_steps, n, d), state: (H,), params: all eleven -> (outputs: (num_steps * n, d), (H,))."""
    states = [state[0]]
    for X in inputs.unbind():
        states.append(gru_cell(X, states[-1], params[:9]))
    return F.linear(torch.stack(states[1:]), params[9].T, params[10]).flatten(0, 1), (states[-1],)
