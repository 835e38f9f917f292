"""The reference agrees with loops over single rows and with torch's own attention, to 1e-10 in float64."""

import math

import pytest
import torch
from torch.nn import functional as F

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("attention_scoring").reference)
generator = torch.Generator().manual_seed(0)
B, N, M, D, V = 3, 4, 5, 6, 2
queries, keys, values, scores = (
    torch.randn(shape, dtype=torch.float64, generator=generator)
    for shape in [(B, N, D), (B, M, D), (B, M, V), (B, N, M)]
)
PER_EXAMPLE = torch.tensor([1, 3, 5])
PER_QUERY = torch.arange(B * N).reshape(B, N) % M + 1
LENGTHS = pytest.mark.parametrize("valid_lens", [None, PER_EXAMPLE, PER_QUERY], ids=["none", "1-D", "2-D"])


def agree(got, want):
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


def length(valid_lens, b, n):
    if valid_lens is None:
        return M
    return int(valid_lens[b] if valid_lens.ndim == 1 else valid_lens[b, n])


@pytest.mark.parametrize("value", [0, -1.5])
def test_sequence_mask_is_slicing(value):
    X = scores[0].clone()
    lengths = torch.tensor([0, 5, 2, 3])
    got = reference.sequence_mask(X, lengths, value)
    for row, n in zip(X, lengths, strict=True):
        row[int(n) :] = value
    agree(got, X)


@LENGTHS
def test_masked_softmax_is_the_loop(valid_lens):
    want = torch.zeros_like(scores)
    for b in range(B):
        for n in range(N):
            exponentials = [math.exp(s) for s in scores[b, n, : length(valid_lens, b, n)]]
            for m, e in enumerate(exponentials):
                want[b, n, m] = e / sum(exponentials)
    agree(reference.masked_softmax(scores, valid_lens), want)


@LENGTHS
def test_dot_product_attention_is_torchs(valid_lens):
    mask = torch.tensor([[[m < length(valid_lens, b, n) for m in range(M)] for n in range(N)] for b in range(B)])
    layer = reference.DotProductAttention(0.5).eval()
    agree(layer(queries, keys, values, valid_lens), F.scaled_dot_product_attention(queries, keys, values, mask))
    agree(layer.attention_weights @ values, layer(queries, keys, values, valid_lens))


@LENGTHS
def test_additive_attention_is_the_loop(valid_lens):
    layer = reference.AdditiveAttention(D, D - 2, 3, 0.5).double().eval()
    W_q, W_k, w_v = layer.W_q.weight, layer.W_k.weight, layer.w_v.weight[0]
    narrow = queries[..., :-2]
    want = torch.zeros(B, N, V, dtype=torch.float64)
    for b in range(B):
        for n in range(N):
            count = length(valid_lens, b, n)
            row = [float((w_v * torch.tanh(W_q @ narrow[b, n] + W_k @ keys[b, m])).sum()) for m in range(count)]
            total = sum(map(math.exp, row))
            for m, score in enumerate(row):
                want[b, n] += math.exp(score) / total * values[b, m]
    agree(layer(narrow, keys, values, valid_lens).detach(), want)


def test_dropout_is_off_in_evaluation_mode_only():
    layer = reference.DotProductAttention(0.5)
    dropped = layer(queries, keys, torch.eye(M, dtype=torch.float64).expand(B, M, M))
    kept = layer.attention_weights * 2
    assert bool(((dropped == 0) | torch.isclose(dropped, kept)).all())
    assert bool((dropped == 0).any())
    agree(layer.attention_weights.sum(dim=2), torch.ones(B, N, dtype=torch.float64))
