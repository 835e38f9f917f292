"""Public checks: attention scoring functions."""

import math

import torch

from autograder.suite import check, close, hints


@check("sequence_mask", points=1)
def test_sequence_mask_of_two_rows(submission):
    """Lengths 1 and 2 keep the first entry of one row and the first two of the other."""
    X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    wanted = torch.tensor([[1.0, 0.0, 0.0], [4.0, 5.0, 0.0]])
    close(submission.sequence_mask(X, torch.tensor([1, 2])), wanted, what="sequence_mask(X, valid_len)")


@check("sequence_mask", points=1)
def test_sequence_mask_writes_the_value(submission):
    """The padding gets the value that was asked for."""
    X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    wanted = torch.tensor([[1.0, -5.0], [3.0, 4.0]])
    close(submission.sequence_mask(X, torch.tensor([1, 2]), -5), wanted, what="sequence_mask(X, valid_len, -5)")


@check("masked_softmax", points=1)
def test_masked_softmax_with_one_length_per_example(submission):
    """Equal scores share the weight among the valid keys: 2 of the first example, 3 of the second."""
    half, third = [1 / 2, 1 / 2, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3, 0.0]
    wanted = torch.tensor([[half, half], [third, third]])
    got = submission.masked_softmax(torch.zeros(2, 2, 4), torch.tensor([2, 3]))
    close(got, wanted, what="masked_softmax(X, valid_lens)")


@check("masked_softmax", points=1)
def test_masked_softmax_with_one_length_per_query(submission):
    """Lengths of shape (b, n) belong to single queries: here 1 and 2 of the only example."""
    X = torch.tensor([[[5.0, 1.0, 1.0], [0.0, math.log(3), 7.0]]])
    wanted = torch.tensor([[[1.0, 0.0, 0.0], [0.25, 0.75, 0.0]]])
    close(submission.masked_softmax(X, torch.tensor([[1, 2]])), wanted, what="masked_softmax(X, valid_lens)")


@check("masked_softmax", points=1)
def test_masked_softmax_without_lengths(submission):
    """Without lengths it is the softmax of each row."""
    X = torch.tensor([[[0.0, math.log(3)]]])
    close(submission.masked_softmax(X, None), torch.tensor([[[0.25, 0.75]]]), what="masked_softmax(X, None)")


@check("AdditiveAttention", points=1)
def test_additive_attention_to_equal_keys(submission):
    """Keys that are all the same share the weight: the result is the mean of the valid values."""
    layer = submission.AdditiveAttention(key_size=2, query_size=3, num_hiddens=4, dropout=0.1)
    layer.eval()
    values = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]]])
    output = layer(torch.ones(1, 1, 3), torch.ones(1, 3, 2), values, torch.tensor([2]))
    close(output, torch.tensor([[[2.0, 3.0]]]), what="layer(queries, keys, values, valid_lens)")


@check("AdditiveAttention", points=1)
def test_additive_attention_keeps_its_weights(submission):
    """After a call, attention_weights holds one row of weights per query."""
    layer = submission.AdditiveAttention(key_size=2, query_size=3, num_hiddens=4, dropout=0.1)
    layer.eval()
    layer(torch.ones(1, 1, 3), torch.ones(1, 3, 2), torch.ones(1, 3, 5), torch.tensor([2]))
    close(layer.attention_weights, torch.tensor([[[0.5, 0.5, 0.0]]]), what="layer.attention_weights")


@check("DotProductAttention", points=1)
def test_dot_product_attention_of_a_small_example(submission):
    """A dot product of 2 log 3 over 4 features scores log 3, three times the weight of a score of 0."""
    layer = submission.DotProductAttention(dropout=0.5)
    layer.eval()
    queries = torch.tensor([[[2 * math.log(3), 0.0, 0.0, 0.0]]])
    keys = torch.tensor([[[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]])
    output = layer(queries, keys, torch.tensor([[[4.0], [0.0]]]), None)
    close(output, torch.tensor([[[3.0]]]), what="layer(queries, keys, values, None)")
    close(layer.attention_weights, torch.tensor([[[0.75, 0.25]]]), what="layer.attention_weights")


@check("DotProductAttention", points=1)
def test_dot_product_attention_leaves_padding_out(submission):
    """A key beyond the valid length has no weight, however well it fits the query."""
    layer = submission.DotProductAttention(dropout=0.5)
    layer.eval()
    keys = torch.tensor([[[0.0], [0.0], [9.0]]])
    values = torch.tensor([[[1.0], [3.0], [100.0]]])
    output = layer(torch.ones(1, 1, 1), keys, values, torch.tensor([2]))
    close(output, torch.tensor([[[2.0]]]), what="layer(queries, keys, values, valid_lens)")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "sequence_mask",
    question="If you number the positions of a row from 0, which numbers belong to a row of valid length 2?",
    idea="Compare every position with every row's length at once: positions along one axis, lengths along "
    "the other. The comparison is a table that says where X stays and where value takes its place; "
    "choose, do not multiply.",
    formula="mask(X)ᵢⱼ = Xᵢⱼ if j < valid_lenᵢ, else value",
)

hints(
    "masked_softmax",
    question="Which score gets no weight at all from a softmax, and how many rows does X have if you look at "
    "it as one long matrix?",
    idea="Give each of the b · n rows its own length: repeat the length of an example for its n queries, "
    "one after the other, or flatten lengths that are given per query. Replace the scores of padding "
    "by a hugely negative number, take the softmax, and restore the shape.",
    formula="weightᵢⱼ = exp(xᵢⱼ) / Σ_{k < ℓᵢ} exp(xᵢₖ) for j < ℓᵢ, else 0;  with ℓ in the order ℓ₀, …, ℓ₀, "
    "ℓ₁, …, ℓ₁, … (n times each)",
)

hints(
    "AdditiveAttention",
    question="Every query has to meet every key. What shapes do the two need so that one addition makes all b "
    "· n · m pairs?",
    idea="Bring queries and keys to the same width, give each an axis of size 1 where the other one "
    "counts, add, apply tanh, and let w_v turn each vector into one score. The masked softmax makes "
    "weights; dropout acts on these, and they average the values.",
    formula="aᵢⱼ = w_vᵀ tanh(W_q qᵢ + W_k kⱼ),  output_i = Σⱼ αᵢⱼ vⱼ,  α = masked_softmax(a)",
)

hints(
    "DotProductAttention",
    question="How large does a dot product of two random vectors get as the number of features d grows, and "
    "what does the softmax make of large scores?",
    idea="Multiply queries with transposed keys, batch by batch, and bring the scores back to variance 1. "
    "The rest is as before: masked softmax, dropout on the weights, weighted mean of the values.",
    formula="α = masked_softmax(Q Kᵀ / √d),  output = α V",
)
