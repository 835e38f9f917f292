"""The reference agrees with loops over single numbers, and with nn.GRU where the two conventions coincide."""

import math

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("gru").reference)
STEPS, BATCH, VOCAB, HIDDENS = 5, 3, 4, 6


def drawn(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def case():
    gates = [
        p
        for k in range(3)
        for p in (drawn(VOCAB, HIDDENS) + k, drawn(HIDDENS, HIDDENS) - k, drawn(HIDDENS) * (k + 1))
    ]
    return drawn(STEPS, BATCH, VOCAB), drawn(BATCH, HIDDENS), [*gates, drawn(HIDDENS, VOCAB), drawn(VOCAB)]


def agree(got, want):
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def product(row, matrix):
    return [
        sum(v * weights[j] for v, weights in zip(row, matrix, strict=True)) for j in range(len(matrix[0]))
    ]


def affine(x, W_x, h, W_h, b):
    return [u + v + w for u, v, w in zip(product(x, W_x), product(h, W_h), b, strict=True)]


def step(x, h, params):
    """One step for one sequence, on lists of numbers."""
    W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h = (p.tolist() for p in params[:9])
    z = [sigmoid(a) for a in affine(x, W_xz, h, W_hz, b_z)]
    r = [sigmoid(a) for a in affine(x, W_xr, h, W_hr, b_r)]
    proposed = [math.tanh(a) for a in affine(x, W_xh, [u * v for u, v in zip(r, h, strict=True)], W_hh, b_h)]
    return [k * old + (1 - k) * new for k, old, new in zip(z, h, proposed, strict=True)]


def test_cell_is_the_loop():
    inputs, H, params = case()
    rows = [step(x, h, params) for x, h in zip(inputs[0].tolist(), H.tolist(), strict=True)]
    agree(reference.gru_cell(inputs[0], H, params[:9]), torch.tensor(rows, dtype=torch.float64))


def test_sequence_is_the_loop():
    inputs, H, params = case()
    rows, expected = H.tolist(), []
    for X in inputs.tolist():
        rows = [step(x, h, params) for x, h in zip(X, rows, strict=True)]
        expected += [
            [u + v for u, v in zip(product(h, params[9].tolist()), params[10].tolist(), strict=True)]
            for h in rows
        ]
    outputs, (last,) = reference.gru(inputs, (H,), params)
    agree(outputs, torch.tensor(expected, dtype=torch.float64))
    agree(last, torch.tensor(rows, dtype=torch.float64))


@pytest.mark.parametrize("coincidence", ["reset gate open", "diagonal W_hh"])
def test_sequence_is_torchs_where_the_reset_gate_commutes_with_the_product(coincidence):
    inputs, H, params = case()
    if coincidence == "reset gate open":
        params[5] = torch.full_like(params[5], 100.0)
    else:
        params[7] = params[7].diag().diag()
    W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q = params
    layer = nn.GRU(VOCAB, HIDDENS, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.cat([W_xr.T, W_xz.T, W_xh.T]))
        layer.weight_hh_l0.copy_(torch.cat([W_hr.T, W_hz.T, W_hh.T]))
        layer.bias_ih_l0.copy_(torch.cat([b_r, b_z, b_h]))
        layer.bias_hh_l0.zero_()
    states, last = layer(inputs, H[None])
    outputs, (own_last,) = reference.gru(inputs, (H,), params)
    agree(outputs, (states @ W_hq + b_q).reshape(-1, VOCAB))
    agree(own_last, last[0])


def test_reset_gate_acts_before_the_product():
    inputs, H, params = case()
    W_xr, W_hr, b_r, W_xh, W_hh, b_h = params[3:9]
    params[2] = torch.full_like(params[2], -100.0)
    R = torch.sigmoid(inputs[0] @ W_xr + H @ W_hr + b_r)
    new = reference.gru_cell(inputs[0], H, params[:9])
    agree(new, torch.tanh(inputs[0] @ W_xh + (R * H) @ W_hh + b_h))
    assert not torch.allclose(new, torch.tanh(inputs[0] @ W_xh + R * (H @ W_hh) + b_h))


def test_gradients_are_numeric_ones():
    inputs, H, params = case()
    tracked = [t.requires_grad_() for t in (inputs[:2].clone(), H, *params)]

    def flat(inputs, H, *params):
        outputs, (last,) = reference.gru(inputs, (H,), params)
        return outputs, last

    assert torch.autograd.gradcheck(flat, tracked)


def test_parameters_and_state():
    (H,) = reference.init_gru_state(3, 2, torch.device("cpu"))
    assert H.shape == (3, 2)
    assert not H.any()
    params = reference.get_gru_params(4, 2, torch.device("cpu"))
    shapes = [(4, 2), (2, 2), (2,)] * 3 + [(2, 4), (4,)]
    assert [tuple(p.shape) for p in params] == shapes
    assert all(p.is_leaf and p.requires_grad for p in params)
