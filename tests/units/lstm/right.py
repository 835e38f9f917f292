"""Other correct ways to write long short-term memory."""

import numpy as np
import torch
from torch import nn

from autograder.suite import accepted


@accepted("init_lstm_state", "lecture style, a size tuple")
def state_by_tuple(batch_size, num_hiddens, device):
    return (
        torch.zeros((batch_size, num_hiddens), device=device),
        torch.zeros((batch_size, num_hiddens), device=device),
    )


@accepted("init_lstm_state", "a list, moved to the device")
def state_by_list(batch_size, num_hiddens, device):
    return [torch.full((batch_size, num_hiddens), 0.0).to(device) for _ in range(2)]


@accepted("init_lstm_state", "two slices of one tensor")
def state_by_slicing(batch_size, num_hiddens, device):
    both = torch.zeros(2, batch_size, num_hiddens, device=device)
    return both[0], both[1]


@accepted("get_lstm_params", "closures, requires_grad in a last loop")
def params_by_closures(vocab_size, num_hiddens, device):
    def draw(*size):
        return torch.normal(0.0, 0.01, size=size, device=device)

    def part():
        return (
            draw(vocab_size, num_hiddens),
            draw(num_hiddens, num_hiddens),
            torch.zeros(num_hiddens, device=device),
        )

    W_xi, W_hi, b_i = part()
    W_xf, W_hf, b_f = part()
    W_xo, W_ho, b_o = part()
    W_xc, W_hc, b_c = part()
    params = [W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c]
    params += [draw(num_hiddens, vocab_size), torch.zeros(vocab_size, device=device)]
    for p in params:
        p.requires_grad_(True)
    return params


@accepted("get_lstm_params", "nn.Parameter and nn.init")
def params_as_modules_have_them(vocab_size, num_hiddens, device):
    def weight(*shape):
        return nn.init.normal_(nn.Parameter(torch.empty(shape, device=device)), std=0.01)

    params = nn.ParameterList()
    for _ in "ifoc":
        params.extend([weight(vocab_size, num_hiddens), weight(num_hiddens, num_hiddens)])
        params.append(nn.Parameter(torch.zeros(num_hiddens, device=device)))
    params.append(nn.Parameter(torch.randn(num_hiddens, vocab_size, device=device) / 100))
    params.append(nn.Parameter(torch.zeros(vocab_size, device=device)))
    return list(params)


@accepted("get_lstm_params", "numpy draws, a tuple")
def params_by_numpy(vocab_size, num_hiddens, device):
    def weight(rows, columns):
        draws = np.random.default_rng(np.random.randint(2**31)).normal(scale=0.01, size=(rows, columns))
        return torch.tensor(draws, dtype=torch.float32, device=device)

    output = [weight(num_hiddens, vocab_size), torch.zeros(vocab_size).to(device)]
    found = []
    for _ in range(4):
        found += [weight(vocab_size, num_hiddens), weight(num_hiddens, num_hiddens)]
        found += [torch.zeros(num_hiddens).to(device)]
    return tuple(p.requires_grad_() for p in found + output)


@accepted("get_lstm_params", "one large draw, cut into leaves")
def params_cut_from_one_draw(vocab_size, num_hiddens, device):
    block = 0.01 * torch.randn(4, vocab_size + num_hiddens, num_hiddens, device=device)
    params = []
    for gate in block:
        params += [
            gate[:vocab_size].clone(),
            gate[vocab_size:].clone(),
            torch.zeros(num_hiddens, device=device),
        ]
    params += [
        torch.randn(num_hiddens, vocab_size, device=device).mul_(0.01),
        torch.zeros(vocab_size, device=device),
    ]
    return [p.detach().requires_grad_() for p in params]


@accepted("lstm_cell", "einsum")
def cell_by_einsum(X, H, C, params):
    def affine(k):
        x, h = torch.einsum("nd,dh->nh", X, params[k]), torch.einsum("ni,ij->nj", H, params[k + 1])
        return x + h + params[k + 2]

    I, F, O = (affine(k).sigmoid() for k in (0, 3, 6))
    memory = torch.einsum("nh,nh->nh", F, C) + torch.einsum("nh,nh->nh", I, affine(9).tanh())
    return torch.einsum("nh,nh->nh", O, memory.tanh()), memory


@accepted("lstm_cell", "input and state side by side, one product for all gates, a list")
def cell_by_concatenation(X, H, C, params):
    W = torch.cat([torch.cat([params[k], params[k + 1]]) for k in (0, 3, 6, 9)], dim=1)
    b = torch.cat(tuple(params[2::3]))
    gates, candidate = torch.split(torch.hstack((X, H)) @ W + b, [3 * H.shape[1], H.shape[1]], dim=1)
    I, F, O = torch.sigmoid(gates).chunk(3, dim=1)
    C = torch.addcmul(F * C, I, torch.tanh(candidate))
    return [O * torch.tanh(C), C]


@accepted("lstm_cell", "explicit loop over the batch")
def cell_by_rows(X, H, C, params):
    W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c = params
    shown, kept = [], []
    for x, h, c in zip(X, H, C):
        i = torch.sigmoid(x @ W_xi + h @ W_hi + b_i)
        f = torch.sigmoid(W_xf.T @ x + W_hf.T @ h + b_f)
        o = torch.sigmoid(torch.matmul(x, W_xo) + torch.matmul(h, W_ho) + b_o)
        c = i * torch.tanh(x @ W_xc + h @ W_hc + b_c) + f * c
        kept.append(c)
        shown.append(torch.tanh(c) * o)
    return torch.stack(shown), torch.stack(kept)


@accepted("lstm_cell", "sigmoid and tanh by hand, parameters indexed")
def cell_by_hand(X, H, C, params):
    def sigmoid(a):
        return 1 / (1 + torch.exp(-a))

    def tanh(a):
        return 2 * sigmoid(2 * a) - 1

    I = sigmoid(torch.mm(X, params[0]) + torch.mm(H, params[1]) + params[2])
    F = sigmoid(torch.mm(X, params[3]) + torch.mm(H, params[4]) + params[5])
    O = sigmoid(torch.mm(X, params[6]) + torch.mm(H, params[7]) + params[8])
    C_tilde = tanh(torch.mm(X, params[9]) + torch.mm(H, params[10]) + params[11])
    C_new = F * C + I * C_tilde
    return O * tanh(C_new), C_new


@accepted("lstm_cell", "built-in linear, in-place arithmetic on tensors of its own")
def cell_by_linear(X, H, C, params):
    W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c, *_ = params
    linear = nn.functional.linear
    memory = nn.Sigmoid()(linear(X, W_xf.t(), b_f) + linear(H, W_hf.t())) * C
    a = linear(X, W_xc.t(), b_c)
    a += linear(H, W_hc.t())
    memory += nn.Sigmoid()(linear(X, W_xi.t(), b_i) + linear(H, W_hi.t())) * nn.Tanh()(a)
    return nn.Sigmoid()(linear(X, W_xo.t(), b_o) + linear(H, W_ho.t())) * nn.Tanh()(memory), memory


@accepted("lstm_cell", "sigmoid by softplus, gates in a dictionary")
def cell_by_softplus(X, H, C, params):
    a = {k: torch.addmm(params[3 * i + 2], X, params[3 * i]).addmm(H, params[3 * i + 1]) for i, k in enumerate("ifoc")}
    gate = {k: torch.exp(-nn.functional.softplus(-a[k])) for k in "ifo"}
    memory = torch.lerp(torch.zeros_like(C), C, gate["f"]) + gate["i"] * a["c"].tanh()
    return gate["o"] * memory.tanh(), memory


class Step(torch.autograd.Function):
    @staticmethod
    def parts(X, H, p):
        I, F, O, new = (X @ p[k] + H @ p[k + 1] + p[k + 2] for k in (0, 3, 6, 9))
        return I.sigmoid(), F.sigmoid(), O.sigmoid(), new.tanh()

    @staticmethod
    def forward(ctx, X, H, C, *p):
        I, F, O, new = Step.parts(X, H, p)
        memory = F * C + I * new
        ctx.save_for_backward(X, H, C, memory, *p)
        return O * memory.tanh(), memory

    @staticmethod
    def backward(ctx, to_H, to_C):
        X, H, C, memory, *p = ctx.saved_tensors
        I, F, O, new = Step.parts(X, H, p)
        shown = memory.tanh()
        to_C = to_C + to_H * O * (1 - shown**2)
        affine = (
            to_C * new * I * (1 - I),
            to_C * C * F * (1 - F),
            to_H * shown * O * (1 - O),
            to_C * I * (1 - new**2),
        )
        to_X, to_H = (sum(a @ p[3 * k + i].T for k, a in enumerate(affine)) for i in (0, 1))
        return to_X, to_H, to_C * F, *(g for a in affine for g in (X.T @ a, H.T @ a, a.sum(0)))


@accepted("lstm_cell", "a backward pass of its own")
def cell_by_function(X, H, C, params):
    return Step.apply(X, H, C, *params)


@accepted("lstm", "lecture style, formulas inside")
def lstm_of_the_lecture(inputs, state, params):
    [W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c, W_hq, b_q] = params
    (H, C) = state
    collected = []
    for x in inputs:
        write = torch.sigmoid((x @ W_xi) + (H @ W_hi) + b_i)
        keep = torch.sigmoid((x @ W_xf) + (H @ W_hf) + b_f)
        show = torch.sigmoid((x @ W_xo) + (H @ W_ho) + b_o)
        candidate = torch.tanh((x @ W_xc) + (H @ W_hc) + b_c)
        C = keep * C + write * candidate
        H = show * torch.tanh(C)
        collected.append((H @ W_hq) + b_q)
    return torch.cat(collected, dim=0), (H, C)


@accepted("lstm", "all states first, one product for all outputs, lists")
def lstm_by_stacking(inputs, state, params):
    shown = []
    H, C = state[0], state[1]
    for t in range(inputs.shape[0]):
        H, C = lstm_cell(inputs[t], H, C, params[:12])
        shown += [H]
    outputs = torch.stack(shown) @ params[-2] + params[-1]
    return [outputs.reshape(-1, outputs.shape[-1]), [H, C]]


@accepted("lstm", "outputs written into a tensor")
def lstm_by_writing(inputs, state, params):
    num_steps, n, _ = inputs.shape
    outputs = inputs.new_zeros(num_steps, n, params[13].shape[0])
    states = [each.clone() for each in state]
    for t in range(num_steps):
        states = lstm_cell(inputs[t], *states, params[0:12])
        outputs[t] = torch.addmm(params[13], states[0], params[12])
    return outputs.flatten(0, 1), states


@accepted("lstm", "products of the inputs taken out of the loop")
def lstm_hoisted(inputs, state, params):
    W_x, W_h, b = (torch.cat([params[k + i] for k in (0, 3, 6, 9)], dim=-1) for i in range(3))
    (H, C), Y = state, None
    for a in inputs @ W_x + b:
        i, f, o, g = (a + H @ W_h).chunk(4, dim=1)
        C = f.sigmoid() * C + i.sigmoid() * g.tanh()
        H = o.sigmoid() * C.tanh()
        y = H @ params[12] + params[13]
        Y = y if Y is None else torch.vstack((Y, y))
    return Y, (H, C)


@accepted("lstm", "recursion")
def lstm_by_recursion(inputs, state, params):
    H, C = lstm_cell(inputs[0], *state, list(params)[:12])
    Y = H @ params[12] + params[13]
    if len(inputs) == 1:
        return Y, (H, C)
    later, state = lstm_by_recursion(inputs[1:], (H, C), params)
    return torch.cat([Y, later]), state
