"""The reference agrees with torch.nn.MultiheadAttention and with loops over single heads, to 1e-10 in float64."""

import math

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("multi_head_attention").reference)
generator = torch.Generator().manual_seed(0)
B, N, M, HEADS, D = 3, 4, 5, 2, 3
H = HEADS * D
QUERY, KEY, VALUE = H, 4, 7  # torch's layer takes queries of width H only
LINEAR = ("W_q", "W_k", "W_v", "W_o")


def random(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=generator)


queries, keys, values = random(B, N, QUERY), random(B, M, KEY), random(B, M, VALUE)
PER_EXAMPLE = torch.tensor([1, 3, 5])
PER_QUERY = torch.arange(B * N).reshape(B, N) % M + 1
LENGTHS = pytest.mark.parametrize("valid_lens", [None, PER_EXAMPLE, PER_QUERY], ids=["none", "1-D", "2-D"])
BIAS = pytest.mark.parametrize("bias", [False, True], ids=["weights", "weights and biases"])


def agree(got, want):
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


def reference_layer(bias):
    layer = reference.MultiHeadAttention(KEY, QUERY, VALUE, H, HEADS, 0.5, bias).double().eval()
    for parameter in layer.parameters():
        parameter.data = random(*parameter.shape)
    return layer


def torch_layer(layer, bias):
    """torch's own layer with the weights of `layer`."""
    other = nn.MultiheadAttention(H, HEADS, 0.5, bias, kdim=KEY, vdim=VALUE, batch_first=True).double().eval()
    other.q_proj_weight.data = layer.W_q.weight.data
    other.k_proj_weight.data = layer.W_k.weight.data
    other.v_proj_weight.data = layer.W_v.weight.data
    other.out_proj.weight.data = layer.W_o.weight.data
    if bias:
        other.in_proj_bias.data = torch.cat([layer.W_q.bias, layer.W_k.bias, layer.W_v.bias]).data
        other.out_proj.bias.data = layer.W_o.bias.data
    return other


def length(valid_lens, b, n):
    if valid_lens is None:
        return M
    return int(valid_lens[b] if valid_lens.ndim == 1 else valid_lens[b, n])


@LENGTHS
@BIAS
def test_layer_is_torchs(valid_lens, bias):
    layer = reference_layer(bias)
    masked = [[[m >= length(valid_lens, b, n) for m in range(M)] for n in range(N)] for b in range(B)]
    mask = torch.tensor(masked).repeat_interleave(HEADS, dim=0)
    want, _ = torch_layer(layer, bias)(queries, keys, values, attn_mask=mask)
    agree(layer(queries, keys, values, valid_lens), want)


@LENGTHS
@BIAS
def test_layer_is_the_loop(valid_lens, bias):
    layer = reference_layer(bias)
    Q, K, V = layer.W_q(queries), layer.W_k(keys), layer.W_v(values)
    heads = torch.zeros(B, N, H, dtype=torch.float64)
    for b in range(B):
        for n in range(N):
            for start in range(0, H, D):
                own = slice(start, start + D)
                count = length(valid_lens, b, n)
                scores = [float(Q[b, n, own] @ K[b, m, own]) / math.sqrt(D) for m in range(count)]
                total = sum(map(math.exp, scores))
                for m, score in enumerate(scores):
                    heads[b, n, own] += (math.exp(score) / total * V[b, m, own]).detach()
    agree(layer(queries, keys, values, valid_lens), layer.W_o(heads))


def test_transpose_qkv_is_the_loop():
    X = random(B, N, H)
    got = reference.transpose_qkv(X, HEADS)
    assert got.shape == (B * HEADS, N, D)
    for b in range(B):
        for j in range(HEADS):
            agree(got[b * HEADS + j], X[b, :, j * D : (j + 1) * D])


def test_transpose_output_is_the_loop_and_the_inverse():
    X = random(B * HEADS, N, D)
    got = reference.transpose_output(X, HEADS)
    assert got.shape == (B, N, H)
    for r in range(B * HEADS):
        b, j = divmod(r, HEADS)
        agree(got[b, :, j * D : (j + 1) * D], X[r])
    agree(reference.transpose_qkv(got, HEADS), X)


def test_dropout_is_off_in_evaluation_mode_only():
    layer = reference_layer(False)
    agree(layer(queries, keys, values, None), layer(queries, keys, values, None))
    layer.train()
    assert not torch.equal(layer(queries, keys, values, None), layer(queries, keys, values, None))
