"""The reference agrees with loops over single numbers, nn.LSTM and nn.LSTMCell, to 1e-10 in float64."""

import math

import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("lstm").reference)
STEPS, BATCH, VOCAB, HIDDENS = 5, 3, 4, 6


def drawn(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def case():
    gates = [
        p
        for k in range(4)
        for p in (drawn(VOCAB, HIDDENS) + k, drawn(HIDDENS, HIDDENS) - k, drawn(HIDDENS) * (k + 1))
    ]
    state = (drawn(BATCH, HIDDENS), drawn(BATCH, HIDDENS) * 2)
    return drawn(STEPS, BATCH, VOCAB), state, [*gates, drawn(HIDDENS, VOCAB), drawn(VOCAB)]


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


def step(x, h, c, params):
    """One step for one sequence, on lists of numbers."""
    W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c = (p.tolist() for p in params[:12])
    write = [sigmoid(a) for a in affine(x, W_xi, h, W_hi, b_i)]
    keep = [sigmoid(a) for a in affine(x, W_xf, h, W_hf, b_f)]
    show = [sigmoid(a) for a in affine(x, W_xo, h, W_ho, b_o)]
    proposed = [math.tanh(a) for a in affine(x, W_xc, h, W_hc, b_c)]
    memory = [f * old + i * new for f, old, i, new in zip(keep, c, write, proposed, strict=True)]
    return [o * math.tanh(m) for o, m in zip(show, memory, strict=True)], memory


def test_cell_is_the_loop():
    inputs, (H, C), params = case()
    rows = [step(x, h, c, params) for x, h, c in zip(inputs[0].tolist(), H.tolist(), C.tolist(), strict=True)]
    own = reference.lstm_cell(inputs[0], H, C, params[:12])
    for k in range(2):
        agree(own[k], torch.tensor([row[k] for row in rows], dtype=torch.float64))


def test_sequence_is_the_loop():
    inputs, (H, C), params = case()
    rows, expected = list(zip(H.tolist(), C.tolist(), strict=True)), []
    for X in inputs.tolist():
        rows = [step(x, h, c, params) for x, (h, c) in zip(X, rows, strict=True)]
        for h, _ in rows:
            expected.append(
                [u + v for u, v in zip(product(h, params[12].tolist()), params[13].tolist(), strict=True)]
            )
    outputs, last = reference.lstm(inputs, (H, C), params)
    agree(outputs, torch.tensor(expected, dtype=torch.float64))
    for k in range(2):
        agree(last[k], torch.tensor([row[k] for row in rows], dtype=torch.float64))


def fill(module, params, suffix):
    """Copy the lecture's parameters into torch's module, which orders its gates i, f, candidate, o."""
    W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c = params[:12]
    with torch.no_grad():
        getattr(module, f"weight_ih{suffix}").copy_(torch.hstack([W_xi, W_xf, W_xc, W_xo]).T)
        getattr(module, f"weight_hh{suffix}").copy_(torch.hstack([W_hi, W_hf, W_hc, W_ho]).T)
        getattr(module, f"bias_ih{suffix}").zero_()
        getattr(module, f"bias_hh{suffix}").copy_(torch.hstack([b_i, b_f, b_c, b_o]))
    return module


def test_sequence_is_torchs_layer():
    inputs, (H, C), params = case()
    layer = fill(nn.LSTM(VOCAB, HIDDENS, dtype=torch.float64), params, "_l0")
    states, (last_H, last_C) = layer(inputs, (H[None], C[None]))
    outputs, (own_H, own_C) = reference.lstm(inputs, (H, C), params)
    agree(outputs, (states @ params[12] + params[13]).reshape(-1, VOCAB))
    agree(own_H, last_H[0])
    agree(own_C, last_C[0])


def test_cell_is_torchs_cell():
    inputs, (H, C), params = case()
    cell = fill(nn.LSTMCell(VOCAB, HIDDENS, dtype=torch.float64), params, "")
    for got, want in zip(
        reference.lstm_cell(inputs[1], H, C, params[:12]), cell(inputs[1], (H, C)), strict=True
    ):
        agree(got, want)


def test_gradients_are_numeric_ones():
    inputs, (H, C), params = case()
    tracked = [t.requires_grad_() for t in (inputs[:2].clone(), H, C, *params)]

    def flat(inputs, H, C, *params):
        outputs, last = reference.lstm(inputs, (H, C), params)
        return outputs, *last

    assert torch.autograd.gradcheck(flat, tracked)


def test_parameters_and_states():
    H, C = reference.init_lstm_state(3, 2, torch.device("cpu"))
    assert H.shape == C.shape == (3, 2)
    H.fill_(1)
    assert not C.any()
    params = reference.get_lstm_params(4, 2, torch.device("cpu"))
    shapes = [(4, 2), (2, 2), (2,)] * 4 + [(2, 4), (4,)]
    assert [tuple(p.shape) for p in params] == shapes
    assert all(p.is_leaf and p.requires_grad for p in params)
