"""Other correct ways to write gated recurrent units."""

import numpy as np
import torch
from torch import nn

from autograder.suite import accepted


@accepted("init_gru_state", "lecture style, a size tuple")
def state_by_tuple(batch_size, num_hiddens, device):
    return (torch.zeros((batch_size, num_hiddens), device=device),)


@accepted("init_gru_state", "a list, moved to the device")
def state_by_list(batch_size, num_hiddens, device):
    return [torch.full((batch_size, num_hiddens), 0.0).to(device)]


@accepted("init_gru_state", "filled in place")
def state_by_filling(batch_size, num_hiddens, device):
    H = torch.empty(batch_size, num_hiddens, device=device)
    nn.init.zeros_(H)
    return tuple([H])


@accepted("get_gru_params", "closures, requires_grad in a last loop")
def params_by_closures(vocab_size, num_hiddens, device):
    def draw(*size):
        return torch.normal(0.0, 0.01, size=size, device=device)

    def part():
        return (
            draw(vocab_size, num_hiddens),
            draw(num_hiddens, num_hiddens),
            torch.zeros(num_hiddens, device=device),
        )

    W_xz, W_hz, b_z = part()
    W_xr, W_hr, b_r = part()
    W_xh, W_hh, b_h = part()
    params = [W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h]
    params += [draw(num_hiddens, vocab_size), torch.zeros(vocab_size, device=device)]
    for p in params:
        p.requires_grad_(True)
    return params


@accepted("get_gru_params", "nn.Parameter and nn.init")
def params_as_modules_have_them(vocab_size, num_hiddens, device):
    weights = nn.ParameterList()
    for _ in "zrh":
        weights.append(
            nn.init.normal_(nn.Parameter(torch.empty(vocab_size, num_hiddens, device=device)), std=0.01)
        )
        weights.append(
            nn.init.normal_(nn.Parameter(torch.empty(num_hiddens, num_hiddens, device=device)), std=0.01)
        )
        weights.append(nn.Parameter(torch.zeros(num_hiddens, device=device)))
    weights.append(nn.Parameter(torch.randn(num_hiddens, vocab_size, device=device) / 100))
    weights.append(nn.Parameter(torch.zeros(vocab_size, device=device)))
    return list(weights)


@accepted("get_gru_params", "numpy draws, a tuple")
def params_by_numpy(vocab_size, num_hiddens, device):
    def weight(rows, columns):
        return torch.tensor(
            np.random.normal(scale=0.01, size=(rows, columns)), dtype=torch.float32, device=device
        )

    def zeros(n):
        return torch.zeros(n).to(device)

    biases = [zeros(num_hiddens) for _ in range(3)] + [zeros(vocab_size)]
    output = weight(num_hiddens, vocab_size)
    found = []
    for k in range(3):
        found += [weight(vocab_size, num_hiddens), weight(num_hiddens, num_hiddens), biases[k]]
    return tuple(p.requires_grad_() for p in [*found, output, biases[3]])


@accepted("get_gru_params", "moved to the device, then detached into a leaf")
def params_detached(vocab_size, num_hiddens, device):
    gate = ((vocab_size, num_hiddens), (num_hiddens, num_hiddens), num_hiddens)
    sizes = gate + gate + gate + ((num_hiddens, vocab_size), vocab_size)
    made = [torch.zeros(s) if isinstance(s, int) else 0.01 * torch.randn(*s) for s in sizes]
    return [p.to(device).detach().requires_grad_() for p in made]


@accepted("gru_cell", "einsum")
def cell_by_einsum(X, H, params):
    def affine(k, state):
        return (
            torch.einsum("nd,dh->nh", X, params[k])
            + torch.einsum("ni,ij->nj", state, params[k + 1])
            + params[k + 2]
        )

    Z, R = affine(0, H).sigmoid(), affine(3, H).sigmoid()
    return torch.einsum("nh,nh->nh", Z, H) + torch.einsum("nh,nh->nh", 1 - Z, affine(6, R * H).tanh())


@accepted("gru_cell", "input and state side by side, one product for both gates")
def cell_by_concatenation(X, H, params):
    W_z, W_r, W_h = (torch.cat((params[k], params[k + 1]), 0) for k in (0, 3, 6))
    XH = torch.hstack((X, H))
    both = torch.sigmoid(XH @ torch.hstack((W_z, W_r)) + torch.hstack((params[2], params[5])))
    Z, R = both.split(H.shape[1], dim=1)
    return torch.lerp(torch.tanh(torch.hstack((X, R * H)) @ W_h + params[8]), H, Z)


@accepted("gru_cell", "explicit loop over the batch")
def cell_by_rows(X, H, params):
    W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h = params
    rows = []
    for x, h in zip(X, H):
        z = torch.sigmoid(x @ W_xz + h @ W_hz + b_z)
        r = torch.sigmoid(W_xr.T @ x + W_hr.T @ h + b_r)
        new = torch.tanh(torch.matmul(x, W_xh) + torch.matmul(r * h, W_hh) + b_h)
        rows.append(new + z * (h - new))
    return torch.stack(rows)


@accepted("gru_cell", "sigmoid and tanh by hand, parameters indexed")
def cell_by_hand(X, H, params):
    def sigmoid(a):
        return 1 / (1 + torch.exp(-a))

    Z = sigmoid(torch.mm(X, params[0]) + torch.mm(H, params[1]) + params[2])
    R = sigmoid(torch.mm(X, params[3]) + torch.mm(H, params[4]) + params[5])
    H_tilde = 2 * sigmoid(2 * (torch.mm(X, params[6]) + torch.mm(R * H, params[7]) + params[8])) - 1
    return Z * H + (1 - Z) * H_tilde


@accepted("gru_cell", "built-in linear, in-place arithmetic on tensors of its own")
def cell_by_linear(X, H, params):
    W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, *_ = params
    linear = nn.functional.linear
    Z = nn.Sigmoid()(linear(X, W_xz.t(), b_z) + linear(H, W_hz.t()))
    R = nn.Sigmoid()(linear(X, W_xr.t(), b_r) + linear(H, W_hr.t()))
    a = linear(X, W_xh.t(), b_h)
    a += linear(R.mul(H), W_hh.t())
    new = (1 - Z) * nn.Tanh()(a)
    new += Z * H
    return new


@accepted("gru_cell", "sigmoid by tanh, the old state plus a step towards the candidate")
def cell_by_steps(X, H, params):
    Z, R = (0.5 + 0.5 * torch.tanh((X @ params[k] + H @ params[k + 1] + params[k + 2]) / 2) for k in (0, 3))
    H_tilde = torch.tanh(torch.addmm(params[8], X, params[6]).addmm(R * H, params[7]))
    return H + (1 - Z) * (H_tilde - H)


class Step(torch.autograd.Function):
    @staticmethod
    def parts(X, H, W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h):
        Z, R = torch.sigmoid(X @ W_xz + H @ W_hz + b_z), torch.sigmoid(X @ W_xr + H @ W_hr + b_r)
        return Z, R, torch.tanh(X @ W_xh + (R * H) @ W_hh + b_h)

    @staticmethod
    def forward(ctx, *args):
        ctx.save_for_backward(*args)
        Z, _, H_tilde = Step.parts(*args)
        return Z * args[1] + (1 - Z) * H_tilde

    @staticmethod
    def backward(ctx, gradient):
        X, H, W_xz, W_hz, _, W_xr, W_hr, _, W_xh, W_hh, _ = ctx.saved_tensors
        Z, R, H_tilde = Step.parts(*ctx.saved_tensors)
        new = gradient * (1 - Z) * (1 - H_tilde**2)
        update = gradient * (H - H_tilde) * Z * (1 - Z)
        reset = (new @ W_hh.T) * H * R * (1 - R)
        to_X = update @ W_xz.T + reset @ W_xr.T + new @ W_xh.T
        to_H = gradient * Z + (new @ W_hh.T) * R + update @ W_hz.T + reset @ W_hr.T
        trios = [(X.T @ a, S.T @ a, a.sum(0)) for a, S in ((update, H), (reset, H), (new, R * H))]
        return to_X, to_H, *trios[0], *trios[1], *trios[2]


@accepted("gru_cell", "a backward pass of its own")
def cell_by_function(X, H, params):
    return Step.apply(X, H, *params)


@accepted("gru", "lecture style, formulas inside")
def gru_of_the_lecture(inputs, state, params):
    W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q = params
    (H,) = state
    collected = []
    for x in inputs:
        update = torch.sigmoid((x @ W_xz) + (H @ W_hz) + b_z)
        reset = torch.sigmoid((x @ W_xr) + (H @ W_hr) + b_r)
        candidate = torch.tanh((x @ W_xh) + ((reset * H) @ W_hh) + b_h)
        H = update * H + (1 - update) * candidate
        collected.append(H @ W_hq + b_q)
    return torch.cat(collected, dim=0), (H,)


@accepted("gru", "all states first, one product for all outputs, lists")
def gru_by_stacking(inputs, state, params):
    states = []
    H = state[0]
    for t in range(inputs.shape[0]):
        H = gru_cell(inputs[t], H, params[:9])
        states += [H]
    outputs = torch.stack(states) @ params[-2] + params[-1]
    return [outputs.reshape(-1, outputs.shape[-1]), [H]]


@accepted("gru", "outputs written into a tensor")
def gru_by_writing(inputs, state, params):
    num_steps, n, _ = inputs.shape
    outputs = inputs.new_zeros(num_steps, n, params[10].shape[0])
    H = state[0].clone()
    for t in range(num_steps):
        H = gru_cell(inputs[t], H, params[0:9])
        outputs[t] = torch.addmm(params[10], H, params[9])
    return outputs.flatten(0, 1), (H,)


@accepted("gru", "products of the inputs taken out of the loop")
def gru_hoisted(inputs, state, params):
    W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q = params
    XZ, XR, XH = inputs @ W_xz + b_z, inputs @ W_xr + b_r, inputs @ W_xh + b_h
    H, Y = state[0], None
    for xz, xr, xh in zip(XZ, XR, XH):
        Z = (xz + H @ W_hz).sigmoid()
        H = Z * H + (1 - Z) * (xh + ((xr + H @ W_hr).sigmoid() * H) @ W_hh).tanh()
        y = H @ W_hq + b_q
        Y = y if Y is None else torch.vstack((Y, y))
    return Y, (H,)


@accepted("gru", "recursion")
def gru_by_recursion(inputs, state, params):
    H = gru_cell(inputs[0], *state, list(params)[:9])
    Y = H @ params[9] + params[10]
    if len(inputs) == 1:
        return Y, (H,)
    later, state = gru_by_recursion(inputs[1:], (H,), params)
    return torch.cat([Y, later]), state
