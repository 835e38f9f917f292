"""Hidden suite: multi-head attention."""

import math
import operator

import torch
from torch import nn

from autograder.suite import (
    FLOATS,
    binomial_bounds,
    check,
    close,
    contract,
    different,
    expect,
    given,
    items_of,
    probe,
    settings,
    spread,
    st,
    tensor_of,
    tensors,
)

F64 = torch.float64


def size(key, largest=3):
    return st.shared(st.integers(1, largest), key=key)


EXAMPLES, POSITIONS, HEADS, WIDTH = size("examples"), size("positions"), size("heads"), size("width")
HIDDENS = st.builds(operator.mul, HEADS, WIDTH)


# transpose_qkv and transpose_output

KINDS = st.sampled_from([torch.float64, torch.float32, torch.int64, torch.bool])
# From here on the next smaller type has no odd numbers left.
LARGE = {torch.float64: 2**24, torch.int64: 2**53}


@st.composite
def numbered(draw, *sizes):
    """1, 2, 3, ...: every entry can be told from every other, wherever it ends up, large numbers and infinity too."""
    shape, dtype = [draw(each) for each in sizes], draw(KINDS)
    entries = torch.arange(1, 1 + math.prod(shape)).reshape(shape) + draw(st.sampled_from([0, LARGE.get(dtype, 0)]))
    entries = entries % 3 == 0 if dtype is torch.bool else entries.to(dtype)
    if dtype.is_floating_point and draw(st.booleans()):
        entries[-1, -1, -1] = torch.inf
    return entries


contract(
    "transpose_qkv",
    inputs={"X": numbered(EXAMPLES, POSITIONS, HIDDENS), "num_heads": HEADS},
    matches="Head j of example i becomes matrix i · num_heads + j, with the j-th group of neighbouring features.",
    gradient=["X"],
    keeps=True,
    layout=["X"],
    public={"X": torch.arange(12.0).reshape(1, 3, 4), "num_heads": 2},
)

contract(
    "transpose_output",
    inputs={"X": numbered(st.builds(operator.mul, EXAMPLES, HEADS), POSITIONS, WIDTH), "num_heads": HEADS},
    matches="The heads of each example end up side by side, head 0 first.",
    gradient=["X"],
    keeps=True,
    layout=["X"],
    public={"X": torch.arange(12.0).reshape(2, 3, 2), "num_heads": 2},
)


# MultiHeadAttention

PAIRS = size("pairs", 4)
QUERY, KEY, VALUE = size("query"), size("key"), size("value")
few = settings(max_examples=12)


def features(*shape):
    return st.shared(FLOATS, key="dtype").flatmap(lambda dtype: spread(shape, dtype=dtype))


def lengths(*shape):
    return PAIRS.flatmap(lambda m: tensors(shape, elements=st.integers(1, m), dtype=torch.int64, layouts=False))


PER_EXAMPLE, PER_QUERY = lengths(EXAMPLES), lengths(EXAMPLES, POSITIONS)
LENGTHS = st.one_of(PER_EXAMPLE, PER_QUERY)
IN_F64 = {
    "queries": spread((EXAMPLES, POSITIONS, QUERY)),
    "keys": spread((EXAMPLES, PAIRS, KEY)),
    "values": spread((EXAMPLES, PAIRS, VALUE)),
}
# Against any key, a query so large has scores of some thousands, of either sign.
FAR_OUT = tensors((EXAMPLES, POSITIONS, QUERY), elements=st.sampled_from([2e3, -2e3]), dtype=F64, layouts=False)

contract(
    "MultiHeadAttention",
    builds={
        "key_size": KEY, "query_size": QUERY, "value_size": VALUE, "num_hiddens": HIDDENS, "num_heads": HEADS,
        "dropout": st.just(0.0), "bias": st.just(False),
    },
    inputs={
        "queries": features(EXAMPLES, POSITIONS, QUERY),
        "keys": features(EXAMPLES, PAIRS, KEY),
        "values": features(EXAMPLES, PAIRS, VALUE),
        "valid_lens": st.none() | LENGTHS,
    },
    training=False,
    matches="Every head averages its values by the softmax of its scores, without padding, and W_o mixes the heads.",
    also={
        "no_lengths": ("Without lengths, every head attends to all keys.", {"valid_lens": st.none()}),
        "per_example": (
            "With lengths of shape (b,), all heads and queries of an example attend to its valid keys.",
            {"valid_lens": PER_EXAMPLE},
        ),
        "per_query": (
            "With lengths of shape (b, n), each query has a length of its own, shared by all heads.",
            {"valid_lens": PER_QUERY},
        ),
        "bias": (
            "With bias=True the biases of all four linear layers take part.",
            {"bias": st.just(True), "valid_lens": st.none()},
        ),
        "large": (
            "With scores in the thousands, of either sign, the valid keys share the weight, and padding has none.",
            {**IN_F64, "queries": FAR_OUT, "valid_lens": LENGTHS},
        ),
        "other_lengths": ("A call with other lengths than the call before is right too.", {"valid_lens": LENGTHS}, "keeps"),
    },
    gradient=["queries", "keys", "values", "parameters"],
    keeps=True,
    layout=["queries", "keys", "values"],
    drops="dropout",
    alone=["queries", "keys", "values", "valid_lens"],
    parameters=True,
    public={
        "key_size": 2, "query_size": 2, "value_size": 3, "num_hiddens": 4, "num_heads": 2, "dropout": 0.0,
        "bias": False, "queries": torch.tensor([[[0.0, 1.0]], [[2.0, -1.0]]]),
        "keys": torch.tensor([[[1.0, 0.5], [0.0, 2.0]]] * 2),
        "values": torch.arange(12.0).reshape(2, 2, 3), "valid_lens": torch.tensor([1, 2]),
    },
)  # fmt: skip


class Layers:
    """Makes layers for these inputs, with numbers as their parameters that follow from their shapes."""

    def __init__(self, names, queries, keys, values):
        self.names, self.inputs = names, (queries, keys, values)

    def made(self, num_hiddens, num_heads, dropout=0.0):
        query_size, key_size, value_size = [X.shape[2] for X in self.inputs]
        layer = self.names.MultiHeadAttention(key_size, query_size, value_size, num_hiddens, num_heads, dropout)
        for parameter in layer.to(self.inputs[0].dtype).parameters():
            numbers = torch.arange(parameter.numel(), dtype=parameter.dtype)
            parameter.data.copy_(torch.sin(2 + 5 * numbers).reshape(parameter.shape))
        return layer


@probe(Layers)
def heads_apart(names, num_heads, width, queries, keys, values):
    """layer(queries, keys, values, None)"""
    layers = Layers(names, queries, keys, values)
    together = layers.made(num_heads * width, num_heads)
    nn.init.eye_(together.W_o.weight)
    results, alone = [together(queries, keys, values, None)], []
    at("layer(queries, keys, values, None) of a layer with one head")  # noqa: F821
    for j in range(num_heads):
        head = layers.made(width, 1)
        for mine, all_heads in ((head.W_q, together.W_q), (head.W_k, together.W_k), (head.W_v, together.W_v)):
            mine.weight.data.copy_(all_heads.weight[j * width : (j + 1) * width])
        nn.init.eye_(head.W_o.weight)
        alone.append(head(queries, keys, values, None))
    return [*results, torch.cat(alone, dim=2)]


@check("MultiHeadAttention", points=2)
@given(num_heads=HEADS, width=WIDTH, **IN_F64)
@few
def test_each_head_is_an_attention_of_its_own(submission, num_heads, width, queries, keys, values):
    """With W_o the identity, the features of head j are what a layer with head j alone returns."""
    together, alone = items_of(submission.run(heads_apart, num_heads, width, queries, keys, values), 2)
    alone = tensor_of(alone, shape=(*queries.shape[:2], num_heads * width), what="the results of the single heads")
    close(together, alone, what="layer(queries, keys, values, None) with W_o the identity, compared with single heads,")


@probe(Layers)
def called_with_two(names, num_heads, queries, valid_lens, first, second):
    """layer(queries, keys, values, valid_lens)"""
    layer = Layers(names, queries, *first).made(2 * num_heads, num_heads)
    return [layer(queries, *pair, valid_lens) for pair in (first, second)]


def same_result(submission, num_heads, queries, valid_lens, first, second, what):
    """Require the same result for two pairs of keys and values."""
    args = num_heads, queries, valid_lens, first, second
    mine, other = items_of(submission.run(called_with_two, *args), 2)
    close(mine, tensor_of(other, shape=(*queries.shape[:2], 2 * num_heads)), what=what)


@check("MultiHeadAttention", points=1)
@given(num_heads=HEADS, valid_lens=PER_EXAMPLE, **IN_F64)
@few
def test_equal_keys_give_the_mean(submission, num_heads, queries, keys, values, valid_lens):
    """Where all keys are equal, every head finds the mean of the valid values."""
    keys = keys[:, :1].expand_as(keys).contiguous()
    valid = (torch.arange(values.shape[1]) < valid_lens[:, None]).to(F64)[:, :, None]
    mean = ((valid * values).sum(dim=1, keepdim=True) / valid_lens[:, None, None]).expand_as(values).contiguous()
    what = "layer(queries, keys, values, valid_lens) with equal keys, compared with the mean as every value,"
    same_result(submission, num_heads, queries, valid_lens, [keys, values], [keys, mean], what)


@check("MultiHeadAttention", points=1)
@given(num_heads=HEADS, valid_lens=PER_EXAMPLE, **IN_F64)
@few
def test_padding_does_not_matter(submission, num_heads, queries, keys, values, valid_lens):
    """Whatever stands in the padding, the result is the same."""
    padding = (torch.arange(keys.shape[1]) >= valid_lens[:, None])[:, :, None]
    zeros = [keys.masked_fill(padding, 0), values.masked_fill(padding, 0)]
    noise = [keys.masked_fill(padding, 5), values.masked_fill(padding, 99)]
    what = "layer(queries, keys, values, valid_lens) with keys of 5 and values of 99 as padding, compared with zeros,"
    same_result(submission, num_heads, queries, valid_lens, noise, zeros, what)


@probe(Layers)
def evaluated_and_trained(names, num_heads, dropout, queries, keys, values):
    """layer(queries, keys, values, None)"""
    width = values.shape[2]
    layer = Layers(names, queries, keys, values).made(num_heads * width, num_heads, dropout)
    layer.W_v.weight.data.copy_(torch.eye(width).repeat(num_heads, 1))
    nn.init.eye_(layer.W_o.weight)
    results = [layer.eval()(queries, keys, values, None)]
    at("layer(queries, keys, values, None) in training mode")  # noqa: F821
    layer.train()
    return [*results, *[layer(queries, keys, values, None) for _ in range(2)]]


def weights_used(submission, num_heads, dropout, queries, keys, values):
    """What each head returns in evaluation mode and twice in training mode, (b, n, num_heads, value size) each; with
    identities in W_v and W_o these are the values, averaged."""
    args = num_heads, dropout, queries, keys, values
    shape = (*queries.shape[:2], num_heads * values.shape[2])
    for mine in items_of(submission.run(evaluated_and_trained, *args), 3):
        yield tensor_of(mine, shape=shape, dtype=queries.dtype).unflatten(2, (num_heads, -1))


@check("MultiHeadAttention", points=2)
@given(num_heads=HEADS, dropout=st.sampled_from([0.25, 0.75]), **IN_F64)
def test_training_mode_drops_whole_weights(submission, num_heads, dropout, queries, keys, values):
    """In training mode each attention weight of each head becomes 0 or is divided by 1 - p."""
    # The identity among the values copies the weights that were used into the result, head by head.
    b, m = keys.shape[:2]
    values = torch.cat([torch.eye(m, dtype=F64).expand(b, m, m), values], dim=2)
    evaluated, trained, _again = weights_used(submission, num_heads, dropout, queries, keys, values)
    setting = "with values = [identity, more], W_o the identity and W_v one identity per head,"
    sums, what = (
        evaluated[..., :m].sum(dim=3),
        f"the sum of the first m features of each head in evaluation mode, {setting}",
    )
    close(sums, torch.ones_like(sums), what=what)
    copied, scaled = trained[..., :m], evaluated[..., :m] / (1 - dropout)
    problem = f"must be the weights of evaluation mode, each of them either 0 or divided by 1 - {dropout}"
    what = f"the first m features of each head in training mode, {setting}"
    expect(((copied.abs() <= 1e-12) | ((copied - scaled).abs() <= 1e-8)).all(), problem, got=copied, what=what)
    problem = "is not averaged with the weights that the first m features show: drop weights, nothing else"
    mean = torch.einsum("bnhm,bmv->bnhv", copied, values)
    what = f"the other features of each head in training mode, {setting}"
    expect(((trained - mean).abs() <= 1e-8).all(), problem, got=trained[..., m:], what=what)


@check("MultiHeadAttention", points=1)
def test_training_mode_drops_the_stated_fraction(submission):
    """In training mode each weight is dropped with probability p, independently of the others."""
    b, n, m, num_heads, dropout = 2, 8, 32, 4, 0.25
    inputs = torch.zeros(b, n, 1), torch.zeros(b, m, 1), torch.eye(m).expand(b, m, m).contiguous()
    _evaluated, first, second = (used != 0 for used in weights_used(submission, num_heads, dropout, *inputs))
    count, total = int(first.sum()), first.numel()
    low, high = binomial_bounds(total, 1 - dropout)
    problem = f"are {count} of {total} with dropout={dropout}; a number from {low} to {high} is plausible"
    expect(low <= count <= high, problem, what="The weights left in training mode")
    what = "The choice of dropped weights"
    different(first, second, "must be drawn anew in every call", what=what)
    different(first[0], first[1], "must be drawn for each example by itself", what=what)
    different(first[:, 0], first[:, 1], "must be drawn for each query by itself", what=what)
    different(first[:, :, 0], first[:, :, 1], "must be drawn for each head by itself", what=what)
    different(first[..., 0], first[..., 1], "must be drawn for each key by itself", what=what)
