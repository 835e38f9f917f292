"""Hidden suite: multi-head attention."""

import torch

from autograder.suite import (
    FLOATS,
    binomial_bounds,
    check,
    close,
    different,
    equal,
    expect,
    given,
    items_of,
    probe,
    settings,
    st,
    tensor_of,
)

F64 = torch.float64
NEGLIGIBLE = 1e-12

# Inputs come from few draws (a seed, a layout), so that looking for the smallest one stays quick.
LAYOUTS = st.sampled_from(["contiguous", "contiguous", "transposed", "sliced"])


def laid_out(tensor, layout):
    """The same numbers, contiguous in memory or not."""
    if layout == "transposed":
        return tensor.transpose(0, -1).contiguous().transpose(0, -1)
    return tensor.repeat_interleave(2, dim=-1)[..., ::2] if layout == "sliced" else tensor


def same_settings(gradients, default_dtype, call):
    """Require gradients to be still switched on, and float32 to be still the default dtype, after `call`."""
    expect(gradients, "must leave gradients switched on", what=call)
    expect(default_dtype == "torch.float32", "must leave the default dtype alone, which is float32", what=call)


# transpose_qkv and transpose_output

few = settings(max_examples=12)
small = st.integers(1, 3)
# Examples, positions, heads, width of a head.
splits = st.shared(st.tuples(small, small, small, small), key="examples, positions, heads, width")
HEADS = splits.map(lambda size: size[2])
KINDS = st.sampled_from([torch.float64, torch.float32, torch.int64, torch.bool])
# From here on the next smaller type has no odd numbers left.
LARGE = {torch.float64: 2**24, torch.int64: 2**53}


@st.composite
def numbered(draw, shape_of, dtype=F64):
    """1, 2, 3, ...: every entry can be told from every other, wherever it ends up.

    dtype: a strategy draws also what must survive unchanged: large numbers, infinity, and (less easily told apart) bools.
    """
    shape = shape_of(*draw(splits))
    entries = torch.arange(1, 1 + torch.Size(shape).numel()).reshape(shape)
    if isinstance(dtype, st.SearchStrategy):
        dtype = draw(dtype)
        entries += draw(st.sampled_from([0, LARGE.get(dtype, 0)]))
        entries = entries % 3 == 0 if dtype is torch.bool else entries.to(dtype)
        if dtype.is_floating_point and draw(st.booleans()):
            entries[-1, -1, -1] = torch.inf
    return laid_out(entries.to(dtype), draw(LAYOUTS))


def whole(b, n, heads, width):
    return b, n, heads * width


def in_heads(b, n, heads, width):
    return b * heads, n, width


@check("transpose_qkv", points=3)
@given(X=numbered(whole, KINDS), num_heads=HEADS)
def test_transpose_qkv_matches_its_definition(submission, reference, X, num_heads):
    """Head j of example i becomes matrix i · num_heads + j, with the j-th group of neighbouring features."""
    equal(submission.transpose_qkv(X, num_heads), reference.transpose_qkv(X, num_heads))


@check("transpose_qkv", points=1)
@given(X=numbered(whole), num_heads=HEADS)
def test_transpose_qkv_keeps_the_heads_of_an_example_together(submission, X, num_heads):
    """The first num_heads matrices are those of the first example alone, the next ones those of the second."""
    got = submission.transpose_qkv(X, num_heads)
    alone = []
    for i, example in enumerate(X.split(1)):
        part = submission.transpose_qkv(example, num_heads)
        shape = (num_heads, X.shape[1], X.shape[2] // num_heads)
        alone.append(tensor_of(part, shape=shape, dtype=F64, what=f"transpose_qkv(X[{i} : {i + 1}], num_heads)"))
    what = "transpose_qkv(X, num_heads), compared with one example at a time,"
    equal(got, torch.cat(alone), what=what)


@check("transpose_qkv", points=1)
@given(X=numbered(whole))
def test_transpose_qkv_with_one_head(submission, X):
    """With a single head nothing moves."""
    equal(submission.transpose_qkv(X, 1), X, what="transpose_qkv(X, 1)")


@check("transpose_qkv", points=1)
@given(X=numbered(whole), num_heads=HEADS)
def test_transpose_qkv_gradient(submission, reference, X, num_heads):
    """Every entry of the gradient finds its way back to the feature it came from."""
    mine, right = submission.transpose_qkv.vjp(X, num_heads), reference.transpose_qkv.vjp(X, num_heads)
    close(mine.output, right.output)
    close(mine.inputs[0], right.inputs[0], what="the gradient of transpose_qkv(X, num_heads) with respect to X")


@probe
def input_after_transpose_qkv(names, X, num_heads):
    """X after transpose_qkv(X, num_heads)"""
    names.transpose_qkv(X, num_heads)
    return [X, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("transpose_qkv", points=1)
@given(X=numbered(whole), num_heads=HEADS)
def test_transpose_qkv_leaves_its_input_alone(submission, X, num_heads):
    """X and torch's settings are the same after transpose_qkv(X, num_heads) as before."""
    mine, *found = items_of(submission.run(input_after_transpose_qkv, X, num_heads), 3)
    equal(mine, X, what="X after transpose_qkv(X, num_heads)")
    same_settings(*found, "transpose_qkv(X, num_heads)")


@probe
def transpose_qkv_three_times(names, X, num_heads, gradients):
    """transpose_qkv(X, num_heads), then transpose_qkv(-X, num_heads), then X.neg_() and transpose_qkv(X, num_heads)"""
    torch.set_grad_enabled(gradients)
    first = names.transpose_qkv(X, num_heads)
    second = names.transpose_qkv(-X, num_heads)
    # The first result may be a view of X, which changes now.
    first = first.clone()
    X.neg_()
    return [first, second, names.transpose_qkv(X, num_heads)]


@check("transpose_qkv", points=1)
@given(X=numbered(whole), num_heads=HEADS, gradients=st.booleans())
def test_transpose_qkv_keeps_nothing_between_calls(submission, reference, X, num_heads, gradients):
    """A second call is right too, and leaves the first result as it is."""
    first, second, third = items_of(submission.run(transpose_qkv_three_times, X, num_heads, gradients), 3)
    equal(first, reference.transpose_qkv(X, num_heads), what="transpose_qkv(X, num_heads), once it was called with -X,")
    wanted = reference.transpose_qkv(-X, num_heads)
    equal(second, wanted, what="transpose_qkv(-X, num_heads) after transpose_qkv(X, num_heads)")
    equal(third, wanted, what="transpose_qkv(X, num_heads) after X.neg_()")


@check("transpose_output", points=3)
@given(X=numbered(in_heads, KINDS), num_heads=HEADS)
def test_transpose_output_matches_its_definition(submission, reference, X, num_heads):
    """The heads of each example end up side by side, head 0 first."""
    equal(submission.transpose_output(X, num_heads), reference.transpose_output(X, num_heads))


@check("transpose_output", points=2)
@given(X=numbered(whole), num_heads=HEADS)
def test_transpose_output_undoes_the_split(submission, X, num_heads):
    """It puts an X together again that was cut into heads as transpose_qkv is meant to do it."""
    width = X.shape[2] // num_heads
    heads = torch.stack([part for example in X for part in example.split(width, dim=1)])
    equal(submission.transpose_output(heads, num_heads), X, what="transpose_output(the heads of X, num_heads)")


@check("transpose_output", points=1)
@given(X=numbered(in_heads))
def test_transpose_output_with_one_head(submission, X):
    """With a single head nothing moves."""
    equal(submission.transpose_output(X, 1), X, what="transpose_output(X, 1)")


@check("transpose_output", points=1)
@given(X=numbered(in_heads), num_heads=HEADS)
def test_transpose_output_gradient(submission, reference, X, num_heads):
    """Every entry of the gradient finds its way back to the head it came from."""
    mine, right = submission.transpose_output.vjp(X, num_heads), reference.transpose_output.vjp(X, num_heads)
    close(mine.output, right.output)
    close(mine.inputs[0], right.inputs[0], what="the gradient of transpose_output(X, num_heads) with respect to X")


@probe
def input_after_transpose_output(names, X, num_heads):
    """X after transpose_output(X, num_heads)"""
    names.transpose_output(X, num_heads)
    return [X, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("transpose_output", points=1)
@given(X=numbered(in_heads), num_heads=HEADS)
def test_transpose_output_leaves_its_input_alone(submission, X, num_heads):
    """X and torch's settings are the same after transpose_output(X, num_heads) as before."""
    mine, *found = items_of(submission.run(input_after_transpose_output, X, num_heads), 3)
    equal(mine, X, what="X after transpose_output(X, num_heads)")
    same_settings(*found, "transpose_output(X, num_heads)")


@probe
def transpose_output_three_times(names, X, num_heads, gradients):
    """transpose_output(X, num_heads), then transpose_output(-X, num_heads), then X.neg_() and transpose_output(X, num_heads)"""
    torch.set_grad_enabled(gradients)
    first = names.transpose_output(X, num_heads)
    second = names.transpose_output(-X, num_heads)
    # The first result may be a view of X, which changes now.
    first = first.clone()
    X.neg_()
    return [first, second, names.transpose_output(X, num_heads)]


@check("transpose_output", points=1)
@given(X=numbered(in_heads), num_heads=HEADS, gradients=st.booleans())
def test_transpose_output_keeps_nothing_between_calls(submission, reference, X, num_heads, gradients):
    """A second call is right too, and leaves the first result as it is."""
    first, second, third = items_of(submission.run(transpose_output_three_times, X, num_heads, gradients), 3)
    equal(
        first,
        reference.transpose_output(X, num_heads),
        what="transpose_output(X, num_heads), once it was called with -X,",
    )
    wanted = reference.transpose_output(-X, num_heads)
    equal(second, wanted, what="transpose_output(-X, num_heads) after transpose_output(X, num_heads)")
    equal(third, wanted, what="transpose_output(X, num_heads) after X.neg_()")


# MultiHeadAttention

# b examples, n queries, m pairs; widths of a query, key, value and head; from these, h (all heads together) and
# wide (all heads together, where a head is one feature wider than there are pairs).
sizes = st.shared(
    st.fixed_dictionaries(dict.fromkeys(("b", "n", "q", "k", "v", "heads", "d"), small) | {"m": st.integers(1, 4)}),
    key="sizes of a layer",
).map(
    lambda size: size | {"h": size["heads"] * size["d"], "wide": size["heads"] * (size["m"] + 1), "one": 1, "four": 4}
)
NUM_HEADS = sizes.map(lambda size: size["heads"])
TYPE = st.shared(FLOATS, key="dtype of a layer")
CALLED, UNMASKED = "layer(queries, keys, values, valid_lens)", "layer(queries, keys, values, None)"
LINEAR = ("W_q", "W_k", "W_v", "W_o")


def drawn_generator(draw, salt):
    return torch.Generator().manual_seed(16 * draw(st.integers(0, 10**6)) + salt)


@st.composite
def part(draw, salt, *axes, dtype=F64, layouts=False):
    """Multiples of 1/8 from -1 to 1. axes: entries of `sizes`. salt: tells the tensors of one example apart."""
    size = draw(sizes)
    shape = [size[axis] for axis in axes]
    values = torch.randint(-8, 9, shape, generator=drawn_generator(draw, salt)) / 8
    values = values.to(draw(dtype) if isinstance(dtype, st.SearchStrategy) else dtype)
    return laid_out(values, draw(LAYOUTS)) if layouts else values


@st.composite
def lengths(draw, *axes):
    """Valid lengths, int64, from 1 to m."""
    size = draw(sizes)
    return torch.randint(1, size["m"] + 1, [size[axis] for axis in axes], generator=drawn_generator(draw, 15))


def inputs(dtype=F64):
    """Strategies for queries, keys and values."""
    return {
        "queries": part(1, "b", "n", "q", dtype=dtype, layouts=True),
        "keys": part(2, "b", "m", "k", dtype=dtype, layouts=True),
        "values": part(3, "b", "m", "v", dtype=dtype, layouts=True),
    }


def weights(dtype=F64):
    """Strategies for the number of heads and the four weights."""
    return {
        "num_heads": NUM_HEADS,
        "W_q": part(4, "h", "q", dtype=dtype),
        "W_k": part(5, "h", "k", dtype=dtype),
        "W_v": part(6, "h", "v", dtype=dtype),
        "W_o": part(7, "h", "h", dtype=dtype),
    }


PER_EXAMPLE, PER_QUERY = lengths("b"), lengths("b", "n")
LENS = st.one_of(PER_EXAMPLE, PER_QUERY)
ANY_LENS = st.one_of(st.none(), LENS)


@probe
def layer_with_state(names, sizes, num_heads, dropout, bias, state, training):
    """MultiHeadAttention(key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias)"""
    layer = names.MultiHeadAttention(**sizes, num_heads=num_heads, dropout=dropout, bias=bias)
    layer.to(state["W_q.weight"].dtype)
    # A layer without W_o fails where W_o matters, not everywhere.
    own = layer.state_dict()
    layer.load_state_dict({name: W for name, W in state.items() if name in own or not name.startswith("W_o")})
    return layer.train(training)


def layer_of(side, num_heads, W_q, W_k, W_v, W_o, *, biases=None, dropout=0.0, training=False):
    """A layer of `side` with these weights. biases: (4, h), of W_q, W_k, W_v and W_o, or None."""
    sizes = {"query_size": W_q.shape[1], "key_size": W_k.shape[1], "value_size": W_v.shape[1], "num_hiddens": len(W_o)}
    state = {f"{name}.weight": W for name, W in zip(LINEAR, (W_q, W_k, W_v, W_o), strict=True)}
    if biases is not None:
        state |= {f"{name}.bias": bias for name, bias in zip(LINEAR, biases, strict=True)}
    return side.run(layer_with_state, sizes, num_heads, dropout, biases is not None, state, training)


def result(layer, queries, keys, values, valid_lens, width, what=CALLED):
    """What the layer returns, once it is known to be a tensor of the right shape and dtype."""
    shape = (*queries.shape[:2], width)
    return tensor_of(layer(queries, keys, values, valid_lens), shape=shape, dtype=queries.dtype, what=what)


def require_shapes(layer, shapes):
    """Require these parameters, and no others, in the layer's state_dict()."""
    state, what = layer.state_dict(), "layer.state_dict()"
    expect(isinstance(state, dict), "must be a dictionary", got=state, what=what)
    problem = f"must have the keys {', '.join(shapes)}, not {', '.join(map(str, state)) or 'none'}"
    expect(set(state) == set(shapes), problem, what=what)
    for name, shape in shapes.items():
        tensor_of(state[name], shape=shape, what=f"layer.{name}")


some = st.integers(1, 5)


@check("MultiHeadAttention", points=1)
@given(key_size=some, query_size=some, value_size=some, num_heads=some, width=some)
@few
def test_parameters(submission, key_size, query_size, value_size, num_heads, width):
    """Its parameters are the weights of W_q, W_k, W_v and W_o, of the right shapes, and nothing else."""
    h = num_heads * width
    layer = submission.MultiHeadAttention(key_size, query_size, value_size, h, num_heads, 0.1)
    columns = zip(LINEAR, (query_size, key_size, value_size, h), strict=True)
    require_shapes(layer, {f"{name}.weight": (h, size) for name, size in columns})


@check("MultiHeadAttention", points=1)
@given(key_size=some, query_size=some, value_size=some, num_heads=some, width=some)
@few
def test_parameters_with_bias(submission, key_size, query_size, value_size, num_heads, width):
    """With bias=True all four of them have a bias as well."""
    h = num_heads * width
    layer = submission.MultiHeadAttention(key_size, query_size, value_size, h, num_heads, 0.1, True)
    columns = list(zip(LINEAR, (query_size, key_size, value_size, h), strict=True))
    shapes = {f"{name}.weight": (h, size) for name, size in columns}
    require_shapes(layer, shapes | {f"{name}.bias": (h,) for name in LINEAR})


@check("MultiHeadAttention", points=3)
@given(**inputs(TYPE), **weights(TYPE))
def test_matches_its_definition(submission, reference, queries, keys, values, num_heads, W_q, W_k, W_v, W_o):
    """Without lengths, every head attends to all keys, and W_o mixes the heads."""
    mine, right = (layer_of(side, num_heads, W_q, W_k, W_v, W_o, training=True) for side in (submission, reference))
    close(mine(queries, keys, values, None), right(queries, keys, values, None), what=UNMASKED)


@check("MultiHeadAttention", points=2)
@given(**inputs(TYPE), **weights(TYPE), valid_lens=PER_EXAMPLE)
def test_one_length_per_example(
    submission, reference, queries, keys, values, valid_lens, num_heads, W_q, W_k, W_v, W_o
):
    """With lengths of shape (b,), all heads and queries of an example attend to its valid keys."""
    mine, right = (layer_of(side, num_heads, W_q, W_k, W_v, W_o) for side in (submission, reference))
    close(mine(queries, keys, values, valid_lens), right(queries, keys, values, valid_lens), what=CALLED)


@check("MultiHeadAttention", points=2)
@given(**inputs(TYPE), **weights(TYPE), valid_lens=PER_QUERY)
def test_one_length_per_query(submission, reference, queries, keys, values, valid_lens, num_heads, W_q, W_k, W_v, W_o):
    """With lengths of shape (b, n), each query has a length of its own, shared by all heads."""
    mine, right = (layer_of(side, num_heads, W_q, W_k, W_v, W_o) for side in (submission, reference))
    close(mine(queries, keys, values, valid_lens), right(queries, keys, values, valid_lens), what=CALLED)


@check("MultiHeadAttention", points=1)
@given(**inputs(), **weights(), biases=part(8, "four", "h"))
@few
def test_biases_are_added(submission, reference, queries, keys, values, num_heads, W_q, W_k, W_v, W_o, biases):
    """With bias=True the biases of all four linear layers take part."""
    sides = submission, reference
    mine, right = (layer_of(side, num_heads, W_q, W_k, W_v, W_o, biases=biases) for side in sides)
    close(mine(queries, keys, values, None), right(queries, keys, values, None), what=UNMASKED)


@check("MultiHeadAttention", points=2)
@given(**inputs(), **weights())
@few
def test_each_head_is_an_attention_of_its_own(submission, queries, keys, values, num_heads, W_q, W_k, W_v, W_o):
    """With W_o the identity, the features of head j are what a layer with head j alone returns."""
    eye = torch.eye(len(W_o), dtype=F64)
    together = layer_of(submission, num_heads, W_q, W_k, W_v, eye)(queries, keys, values, None)
    width = len(W_o) // num_heads
    alone = []
    for j in range(num_heads):
        rows = slice(j * width, (j + 1) * width)
        layer = layer_of(submission, 1, W_q[rows], W_k[rows], W_v[rows], eye[:width, :width])
        what = f"{UNMASKED} of a layer with one head, made of head {j},"
        alone.append(result(layer, queries, keys, values, None, width, what))
    what = f"{UNMASKED} with W_o the identity, compared with one layer for each head,"
    close(together, torch.cat(alone, dim=2), what=what)


@check("MultiHeadAttention", points=1)
@given(**inputs(), **weights(), valid_lens=ANY_LENS)
@few
def test_each_example_by_itself(submission, queries, keys, values, valid_lens, num_heads, W_q, W_k, W_v, W_o):
    """An example gets the same result alone as in a batch with others."""
    layer = layer_of(submission, num_heads, W_q, W_k, W_v, W_o)
    together = layer(queries, keys, values, valid_lens)
    alone = []
    for i in range(len(queries)):
        one = slice(i, i + 1)
        lens = None if valid_lens is None else valid_lens[one]
        what = f"layer(...) for example {i} alone"
        alone.append(result(layer, queries[one], keys[one], values[one], lens, len(W_o), what))
    close(together, torch.cat(alone), what=f"{CALLED}, compared with one example at a time,")


@check("MultiHeadAttention", points=1)
@given(queries=part(1, "b", "n", "q"), key=part(2, "k"), values=part(3, "b", "m", "v"), valid_lens=LENS, **weights())
@few
def test_equal_keys_give_the_mean(submission, queries, key, values, valid_lens, num_heads, W_q, W_k, W_v, W_o):
    """Keys that are all the same share the weight: the result is W_o W_v times the mean of the valid values."""
    layer = layer_of(submission, num_heads, W_q, W_k, W_v, W_o)
    output = layer(queries, key.repeat(*values.shape[:2], 1), values, valid_lens)
    counts = valid_lens.reshape(len(values), -1).expand(queries.shape[:2]).unsqueeze(2)
    mean = (torch.arange(values.shape[1]) < counts).to(F64) @ values / counts
    close(output, mean @ W_v.T @ W_o.T, what=f"{CALLED} with {key.tolist()} as every key,")


@check("MultiHeadAttention", points=1)
@given(**inputs(), **weights(), valid_lens=PER_EXAMPLE)
@few
def test_padding_does_not_matter(submission, queries, keys, values, valid_lens, num_heads, W_q, W_k, W_v, W_o):
    """Whatever stands in the padding, the result is the same."""
    layer = layer_of(submission, num_heads, W_q, W_k, W_v, W_o)
    padding = (torch.arange(keys.shape[1]) >= valid_lens.unsqueeze(1)).unsqueeze(2)
    zeroed = [keys.masked_fill(padding, 0), values.masked_fill(padding, 0)]
    wanted = result(layer, queries, *zeroed, valid_lens, len(W_o), f"{CALLED} with zeros as padding")
    noisy = [keys.masked_fill(padding, 5), values.masked_fill(padding, 99)]
    what = f"{CALLED} with keys of 5 and values of 99 as padding, compared with padding of zeros,"
    close(layer(queries, *noisy, valid_lens), wanted, what=what)


@check("MultiHeadAttention", points=1)
@given(**inputs(), **weights(), valid_lens=ANY_LENS)
def test_large_scores_do_no_harm(
    submission, reference, queries, keys, values, valid_lens, num_heads, W_q, W_k, W_v, W_o
):
    """With scores in the thousands, of either sign, the valid keys share the weight as ever, and padding has none."""
    # No score is larger in size than the product of the largest features of a query and of a key, times the root of d.
    root = (len(W_o) / num_heads) ** 0.5
    bound = float((queries @ W_q.T).abs().amax() * (keys @ W_k.T).abs().amax()) * root
    factor = round(8000 / max(bound, 1 / 8))
    mine, right = (layer_of(side, num_heads, factor * W_q, W_k, W_v, W_o) for side in (submission, reference))
    what = f"{CALLED} with W_q {factor} times as large"
    close(mine(queries, keys, values, valid_lens), right(queries, keys, values, valid_lens), what=what)


@check("MultiHeadAttention", points=2)
@given(**inputs(), **weights(), biases=part(8, "four", "h"), valid_lens=ANY_LENS)
@few
def test_gradient(submission, reference, queries, keys, values, num_heads, W_q, W_k, W_v, W_o, biases, valid_lens):
    """Gradients flow to queries, keys, values, and all weights and biases."""
    mine, right = (
        layer_of(side, num_heads, W_q, W_k, W_v, W_o, biases=biases).vjp(queries, keys, values, valid_lens)
        for side in (submission, reference)
    )
    close(mine.output, right.output, what=CALLED)
    names = ["queries", "keys", "values", *right.parameters]
    got = [*mine.inputs, *(mine.parameters.get(name) for name in right.parameters)]
    for name, own, wanted in zip(names, got, [*right.inputs, *right.parameters.values()], strict=True):
        expect(own is not None, f"must reach {name}; none arrived", what=f"The gradient of {CALLED}")
        close(own, wanted, what=f"the gradient of {CALLED} with respect to {name}")


@probe
def inputs_after_call(names, layer, queries, keys, values, valid_lens):
    """queries, keys, values and valid_lens after layer(queries, keys, values, valid_lens)"""
    layer(queries, keys, values, valid_lens)
    return [queries, keys, values, valid_lens, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("MultiHeadAttention", points=1)
@given(**inputs(), **weights(), valid_lens=ANY_LENS)
@few
def test_leaves_its_inputs_alone(submission, queries, keys, values, valid_lens, num_heads, W_q, W_k, W_v, W_o):
    """Queries, keys, values, valid_lens and torch's settings are the same after a call as before."""
    layer = layer_of(submission, num_heads, W_q, W_k, W_v, W_o)
    after = items_of(submission.run(inputs_after_call, layer, queries, keys, values, valid_lens), 6)
    before = {"queries": queries, "keys": keys, "values": values, "valid_lens": valid_lens}
    for (name, argument), now in zip(before.items(), after[:4], strict=True):
        equal(now, argument, what=f"{name} after {CALLED}")
    same_settings(*after[4:], CALLED)


@probe
def called_twice(names, layer, queries, keys, values, valid_lens, other_lens):
    """layer(queries, keys, values, valid_lens), then layer(-queries, keys, values, other_lens), then twice without gradients"""
    queries.requires_grad_()
    first = layer(queries, keys, values, valid_lens)
    second = layer(-queries, keys, values, other_lens)
    (gradient,) = torch.autograd.grad((first * second).sum(), queries)
    with torch.no_grad():
        third = layer(queries, keys, values, valid_lens)
        # As after a training step: the same tensors, holding other numbers.
        queries.neg_()
        for parameter in layer.parameters():
            parameter.mul_(2)
        fourth = layer(queries, keys, values, other_lens)
    stored, training = sorted(layer.state_dict()), any(module.training for module in layer.modules())
    return [first, second, third, fourth, gradient, stored, training]


@check("MultiHeadAttention", points=1)
@given(**inputs(), **weights(), valid_lens=LENS)
@few
def test_keeps_nothing_between_calls(
    submission, reference, queries, keys, values, valid_lens, num_heads, W_q, W_k, W_v, W_o
):
    """Later calls are right too, with new weights as well; they leave earlier results and state_dict() as they are."""
    # In the second call short rows are long, and long ones short.
    other_lens = keys.shape[1] + 1 - valid_lens
    mine, right = (
        items_of(side.run(called_twice, layer, queries, keys, values, valid_lens, other_lens), 7)
        for side, layer in ((side, layer_of(side, num_heads, W_q, W_k, W_v, W_o)) for side in (submission, reference))
    )
    second = "layer(-queries, keys, values, other_lens)"
    close(mine[0], right[0], what=f"{CALLED}, once {second} was called,")
    close(mine[1], right[1], what=f"{second} after {CALLED}")
    close(mine[2], right[2], what=f"{CALLED} under torch.no_grad(), once a later call was made,")
    changed = "layer(queries, keys, values, other_lens) after queries.neg_(), all parameters doubled in place,"
    close(mine[3], right[3], what=changed)
    close(mine[4], right[4], what="the gradient of (first result * second result).sum() with respect to queries")
    problem = f"must have the keys {', '.join(right[5])}, not {', '.join(mine[5]) or 'none'}"
    expect(mine[5] == right[5], problem, what="layer.state_dict() after several calls")
    expect(not mine[6], "must still be in evaluation mode, with all its parts", what=f"The layer after {CALLED}")


@check("MultiHeadAttention", points=1)
@given(**inputs(), **weights())
@few
def test_evaluation_mode_drops_nothing(submission, queries, keys, values, num_heads, W_q, W_k, W_v, W_o):
    """In evaluation mode a layer with dropout 0.5 returns what one with dropout 0 returns."""
    plain = layer_of(submission, num_heads, W_q, W_k, W_v, W_o)
    what = f"{UNMASKED} with dropout=0"
    wanted = result(plain, queries, keys, values, None, len(W_o), what)
    layer = layer_of(submission, num_heads, W_q, W_k, W_v, W_o, dropout=0.5)
    what = f"{UNMASKED} in evaluation mode, dropout=0.5 compared with dropout=0,"
    close(layer(queries, keys, values, None), wanted, what=what)


@probe
def evaluated_and_trained(names, layer, queries, keys, values):
    """layer.eval()(queries, keys, values, None) and layer.train()(queries, keys, values, None)"""
    evaluated = layer.eval()(queries, keys, values, None)
    return [evaluated, layer.train()(queries, keys, values, None)]


def copying(num_heads, pairs, dtype=F64):
    """W_v and W_o that hand `pairs` features of the values to every head and on to the result."""
    W_v = torch.eye(pairs, dtype=dtype).repeat(num_heads, 1)
    return W_v, torch.eye(len(W_v), dtype=dtype)


@check("MultiHeadAttention", points=2)
@given(
    queries=part(1, "b", "n", "q"), keys=part(2, "b", "m", "k"), more=part(3, "b", "m", "one"),
    num_heads=NUM_HEADS, W_q=part(4, "wide", "q"), W_k=part(5, "wide", "k"), dropout=st.sampled_from([0.25, 0.75]),
)  # fmt: skip
def test_training_mode_drops_whole_weights(submission, queries, keys, more, num_heads, W_q, W_k, dropout):
    """In training mode each attention weight of each head becomes 0 or is divided by 1 - p."""
    # The identity among the values copies the weights that were used into the result, head by head.
    b, m = keys.shape[:2]
    values = torch.cat([torch.eye(m, dtype=F64).expand(b, m, m), more], dim=2)
    layer = layer_of(submission, num_heads, W_q, W_k, *copying(num_heads, m + 1), dropout=dropout, training=True)
    both = items_of(submission.run(evaluated_and_trained, layer, queries, keys, values), 2)
    shape = (*queries.shape[:2], num_heads * (m + 1))
    kept, used = (
        tensor_of(output, shape=shape, dtype=F64, what=f"{UNMASKED} in {mode} mode").unflatten(2, (num_heads, m + 1))
        for output, mode in zip(both, ("evaluation", "training"), strict=True)
    )
    setting = "with values = [identity, more], W_o the identity and W_v one identity per head,"
    sums = kept[..., :m].sum(dim=3)
    what = f"the sum of the first m features of each head in evaluation mode, {setting}"
    close(sums, torch.ones_like(sums), what=what)
    scaled, copied = kept[..., :m] / (1 - dropout), used[..., :m]
    problem = f"must be the weights of evaluation mode, each of them either 0 or divided by 1 - {dropout}"
    what = f"the first m features of each head in training mode, {setting}"
    expect(((copied.abs() <= NEGLIGIBLE) | ((copied - scaled).abs() <= 1e-8)).all(), problem, got=copied, what=what)
    problem = "is not averaged with the weights that the first m features show: drop weights, nothing else"
    what = f"the last feature of each head in training mode, {setting}"
    mean = torch.einsum("bnhm,bmo->bnho", copied, more)
    expect(((used[..., m:] - mean).abs() <= 1e-8).all(), problem, got=used[..., m:], what=what)


@check("MultiHeadAttention", points=1)
def test_training_mode_drops_the_stated_fraction(submission):
    """In training mode each weight is dropped with probability p, independently of the others."""
    b, n, m, num_heads, dropout = 2, 8, 32, 4, 0.25
    zeros = torch.zeros(num_heads * m, 1)
    copies = copying(num_heads, m, torch.float32)
    layer = layer_of(submission, num_heads, zeros, zeros, *copies, dropout=dropout, training=True)
    arguments = torch.zeros(b, n, 1), torch.zeros(b, m, 1), torch.eye(m).expand(b, m, m), None
    first, second = (result(layer, *arguments, num_heads * m).unflatten(2, (num_heads, m)) != 0 for _ in range(2))
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
