"""Hidden suite: attention scoring functions."""

import torch

from autograder.suite import (
    FLOATS,
    binomial_bounds,
    check,
    close,
    different,
    eighths,
    expect,
    given,
    items_of,
    probe,
    settings,
    st,
    tensor_of,
    tensors,
)

F64 = torch.float64
NEGLIGIBLE = 1e-12


def lengths(shape, longest, shortest=1):
    """Valid lengths of this shape, int64, from `shortest` to `longest`, contiguous or not."""
    return tensors(shape, elements=st.integers(shortest, longest), dtype=torch.int64)


def padding_of(X, valid_lens):
    """(b, n, m) bool: where a row is past its valid length. valid_lens: (b,) or (b, n)."""
    return torch.arange(X.shape[-1]) >= valid_lens.reshape(len(X), -1, 1)


def same_settings(gradients, default_dtype, call):
    """Require gradients to be still switched on, and float32 to be still the default dtype, after `call`."""
    expect(gradients, "must leave gradients switched on", what=call)
    expect(default_dtype == "torch.float32", "must leave the default dtype alone, which is float32", what=call)


# sequence_mask

rows_of = st.shared(st.tuples(st.integers(1, 4), st.integers(1, 5)), key="rows and columns")
row_lengths = rows_of.flatmap(lambda size: lengths(size[:1], size[1], shortest=0))
full_rows = rows_of.map(lambda size: torch.full(size[:1], size[1]))


@check("sequence_mask", points=2)
@given(X=tensors(rows_of), valid_len=row_lengths, value=eighths())
def test_sequence_mask_matches_its_definition(submission, reference, X, valid_len, value):
    """Entries from a row's valid length on become value; all others stay."""
    close(submission.sequence_mask(X, valid_len, value), reference.sequence_mask(X, valid_len, value))


# On the way through float32, 0.1 and -0.3 lose more than the tolerance allows, and odd numbers above 2**24 change.
DECIMALS = st.one_of(eighths(), st.sampled_from([0.1, -0.3]))
TOKENS = st.one_of(st.integers(1, 9), st.just(2**24 + 1))


@check("sequence_mask", points=1)
@given(X=tensors(rows_of, elements=DECIMALS, dtype=F64), value=DECIMALS)
def test_sequence_mask_of_whole_rows(submission, X, value):
    """Rows of full length stay as they are, and rows of length 0 hold nothing but value, in double precision."""
    n, m = X.shape
    full, none = torch.full((n,), m), torch.zeros(n, dtype=torch.int64)
    close(submission.sequence_mask(X, full, value), X, what="sequence_mask(X, valid_len, value) with full lengths")
    emptied = submission.sequence_mask(X, none, value=value)
    close(emptied, torch.full_like(X, value), what="sequence_mask(X, valid_len, value) with lengths 0")


@check("sequence_mask", points=1)
@given(
    X=tensors(rows_of, elements=TOKENS, dtype=torch.int64), valid_len=row_lengths,
    value=st.one_of(st.none(), st.just(2**24 + 1)),
)  # fmt: skip
def test_sequence_mask_writes_zeros_unless_told_otherwise(submission, X, valid_len, value):
    """Without a value the padding becomes 0; token numbers (int64), however large, come through exactly."""
    told = () if value is None else (value,)
    call = "sequence_mask(X, valid_len, value)" if told else "sequence_mask(X, valid_len)"
    wanted = torch.where(torch.arange(X.shape[1]) < valid_len.unsqueeze(1), X, value or 0)
    close(submission.sequence_mask(X, valid_len, *told), wanted, what=call)


UNUSUAL = st.sampled_from([float("nan"), float("inf"), float("-inf")])


@check("sequence_mask", points=1)
@given(X=tensors(rows_of, dtype=F64), valid_len=row_lengths, padding=UNUSUAL, value=eighths())
def test_sequence_mask_overwrites_nan_and_infinity(submission, X, valid_len, padding, value):
    """Padding is overwritten whatever it held: nan and infinity too."""
    past = torch.arange(X.shape[1]) >= valid_len.unsqueeze(1)
    got = submission.sequence_mask(X.masked_fill(past, padding), valid_len, value)
    what = f"sequence_mask(X, valid_len, value) with {padding} as padding of X"
    close(got, X.masked_fill(past, value), what=what)


@probe
def arguments_after_sequence_mask(names, X, valid_len):
    """X and valid_len after sequence_mask(X, valid_len, -1)"""
    names.sequence_mask(X, valid_len, -1)
    return [X, valid_len, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("sequence_mask", points=1)
@given(X=tensors(rows_of), valid_len=row_lengths)
def test_sequence_mask_leaves_its_input_alone(submission, X, valid_len):
    """X, valid_len and torch's settings are the same after sequence_mask(X, valid_len, value) as before."""
    call = "sequence_mask(X, valid_len, value)"
    mine, lens, *found = items_of(submission.run(arguments_after_sequence_mask, X, valid_len), 4)
    close(mine, X, what=f"X after {call}")
    close(lens, valid_len, what=f"valid_len after {call}")
    same_settings(*found, call)


@probe
def second_mask_written(names, X, valid_len, value, gradients):
    """sequence_mask(X, valid_len, value) three times, the second result filled with 7"""
    torch.set_grad_enabled(gradients)
    first, second = names.sequence_mask(X, valid_len, value), names.sequence_mask(X, valid_len, value)
    second.detach().fill_(7)
    # A later call may put the right numbers back.
    first = first.clone()
    return [X, first, names.sequence_mask(X, valid_len, value)]


@check("sequence_mask", points=1)
@given(X=tensors(rows_of), valid_len=st.one_of(row_lengths, full_rows), value=eighths(), gradients=st.booleans())
def test_sequence_mask_returns_a_new_tensor(submission, reference, X, valid_len, value, gradients):
    """Writing into a result, even of rows of full length, changes neither X nor the result of another call."""
    mine, first, third = items_of(submission.run(second_mask_written, X, valid_len, value, gradients), 3)
    wanted, call = reference.sequence_mask(X, valid_len, value), "sequence_mask(X, valid_len, value)"
    close(mine, X, what=f"X, once the result of {call} was filled with 7,")
    close(first, wanted, what=f"{call}, once the result of a later call was filled with 7,")
    close(third, wanted, what=f"{call}, once the result of an earlier call was filled with 7,")


some_of_each_row = rows_of.flatmap(lambda size: lengths(size[:1], size[1]))


@check("sequence_mask", points=1)
@given(X=tensors(rows_of, dtype=F64), valid_len=some_of_each_row)
def test_sequence_mask_gradient(submission, reference, X, valid_len):
    """Gradients flow to the valid entries of X and to no others."""
    mine, right = submission.sequence_mask.vjp(X, valid_len, -2.0), reference.sequence_mask.vjp(X, valid_len, -2.0)
    close(mine.output, right.output)
    what = "the gradient of sequence_mask(X, valid_len, -2) with respect to X"
    close(mine.inputs[0], right.inputs[0], what=what)


# masked_softmax

table = st.shared(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4)), key="examples, queries, keys")
scores = tensors(table)
exact_scores = tensors(table, dtype=F64)
per_example = table.flatmap(lambda size: lengths(size[:1], size[2]))
# Every second one, and some of the others, with columns that are contiguous in memory instead of rows.
per_query = table.flatmap(lambda size: lengths(size[:2], size[2])).flatmap(
    lambda lens: st.sampled_from([lens, lens.T.contiguous().T])
)
either = st.one_of(per_example, per_query)


@check("masked_softmax", points=2)
@given(X=scores, valid_lens=per_example)
def test_masked_softmax_with_one_length_per_example(submission, reference, X, valid_lens):
    """With lengths of shape (b,), every query of an example is a softmax over that example's valid keys."""
    close(submission.masked_softmax(X, valid_lens), reference.masked_softmax(X, valid_lens))


@check("masked_softmax", points=2)
@given(X=scores, valid_lens=per_query)
def test_masked_softmax_with_one_length_per_query(submission, reference, X, valid_lens):
    """With lengths of shape (b, n), every query is a softmax over its own valid keys."""
    close(submission.masked_softmax(X, valid_lens), reference.masked_softmax(X, valid_lens))


@check("masked_softmax", points=1)
@given(X=scores)
def test_masked_softmax_without_lengths(submission, reference, X):
    """Without lengths, every query is a softmax over all keys."""
    close(submission.masked_softmax(X, None), reference.masked_softmax(X, None), what="masked_softmax(X, None)")


@check("masked_softmax", points=2)
@given(X=exact_scores, valid_lens=either)
def test_masked_softmax_gives_padding_no_weight(submission, X, valid_lens):
    """Padding has weight 0, and the valid keys share a weight of 1."""
    weights = tensor_of(submission.masked_softmax(X, valid_lens), shape=X.shape, dtype=X.dtype)
    padding = padding_of(X, valid_lens)
    expect((weights[padding.expand_as(X)].abs() <= NEGLIGIBLE).all(), "must be 0 at the padding", got=weights)
    valid = weights[~padding.expand_as(X)]
    expect((valid > 0).all(), "must be positive at every valid key", got=weights)
    close(
        weights.sum(dim=2),
        torch.ones(X.shape[:2], dtype=F64),
        what="masked_softmax(X, valid_lens).sum(dim=2)",
    )


@check("masked_softmax", points=1)
@given(X=exact_scores, valid_lens=either, other=eighths(5, 30))
def test_masked_softmax_ignores_the_scores_of_padding(submission, X, valid_lens, other):
    """Other scores at the padding change nothing."""
    before = tensor_of(submission.masked_softmax(X, valid_lens), shape=X.shape)
    after = submission.masked_softmax(X.masked_fill(padding_of(X, valid_lens), other), valid_lens)
    close(after, before, what=f"masked_softmax(X, valid_lens), once the scores of padding are {other:g},")


LARGE = st.sampled_from([0.0, 1.0, -1.0, 100.0, -100.0, 1000.0, -1000.0])


@check("masked_softmax", points=1)
@given(X=tensors(table, elements=LARGE), valid_lens=either)
def test_masked_softmax_of_large_scores(submission, reference, X, valid_lens):
    """Scores of up to 1000 in size, at valid keys or at padding, do no harm."""
    close(submission.masked_softmax(X, valid_lens), reference.masked_softmax(X, valid_lens))


@probe
def arguments_after_masked_softmax(names, X, valid_lens):
    """X and valid_lens after masked_softmax(X, valid_lens)"""
    names.masked_softmax(X, valid_lens)
    return [X, valid_lens, torch.is_grad_enabled(), str(torch.get_default_dtype())]


@check("masked_softmax", points=1)
@given(X=scores, valid_lens=st.one_of(st.none(), either))
def test_masked_softmax_leaves_its_input_alone(submission, X, valid_lens):
    """X, valid_lens and torch's settings are the same after masked_softmax(X, valid_lens) as before."""
    call = "masked_softmax(X, valid_lens)"
    mine, lens, *found = items_of(submission.run(arguments_after_masked_softmax, X, valid_lens), 4)
    close(mine, X, what=f"X after {call}")
    close(lens, valid_lens, what=f"valid_lens after {call}")
    same_settings(*found, call)


@probe
def second_softmax_written(names, X, valid_lens, gradients):
    """masked_softmax(X, valid_lens) three times, the second result filled with 7"""
    torch.set_grad_enabled(gradients)
    first, second = names.masked_softmax(X, valid_lens), names.masked_softmax(X, valid_lens)
    second.detach().fill_(7)
    # A later call may put the right numbers back.
    first = first.clone()
    return [X, first, names.masked_softmax(X, valid_lens)]


@check("masked_softmax", points=1)
@given(X=scores, valid_lens=st.one_of(st.none(), either), gradients=st.booleans())
def test_masked_softmax_returns_a_new_tensor(submission, reference, X, valid_lens, gradients):
    """Writing into a result changes neither X nor the result of another call."""
    mine, first, third = items_of(submission.run(second_softmax_written, X, valid_lens, gradients), 3)
    wanted, call = reference.masked_softmax(X, valid_lens), "masked_softmax(X, valid_lens)"
    close(mine, X, what=f"X, once the result of {call} was filled with 7,")
    close(first, wanted, what=f"{call}, once the result of a later call was filled with 7,")
    close(third, wanted, what=f"{call}, once the result of an earlier call was filled with 7,")


@check("masked_softmax", points=1)
@given(X=exact_scores, valid_lens=st.one_of(st.none(), either))
def test_masked_softmax_gradient(submission, reference, X, valid_lens):
    """Gradients flow to the scores of valid keys, and none to padding."""
    mine, right = submission.masked_softmax.vjp(X, valid_lens), reference.masked_softmax.vjp(X, valid_lens)
    close(mine.output, right.output)
    what = "the gradient of masked_softmax(X, valid_lens) with respect to X"
    close(mine.inputs[0], right.inputs[0], what=what)


@check("masked_softmax", points=1)
@given(X=tensors(table, elements=LARGE, dtype=F64), valid_lens=st.one_of(st.none(), either))
def test_masked_softmax_gradient_of_large_scores(submission, reference, X, valid_lens):
    """Scores of up to 1000 in size, at valid keys or at padding, do no harm to the gradient either."""
    mine, right = submission.masked_softmax.vjp(X, valid_lens), reference.masked_softmax.vjp(X, valid_lens)
    close(mine.output, right.output)
    what = "the gradient of masked_softmax(X, valid_lens) with respect to X"
    close(mine.inputs[0], right.inputs[0], what=what)


# AdditiveAttention and DotProductAttention

# Sizes: examples, queries, keys; then the width of a query, of a key, of a value, and the hidden width.
few = settings(max_examples=12)
small = st.integers(1, 3)
sizes = st.shared(st.tuples(small, small, st.integers(1, 4), small, small, small, small), key="sizes of a layer")
kinds = st.shared(FLOATS, key="dtype of a layer")
B, N, M, D_Q, D_K, V, H = range(7)


def part(*axes, dtype=F64):
    """A tensor whose axes are these entries of `sizes`, its entries small enough to keep tanh from saturating."""
    shape = sizes.map(lambda size: tuple(size[axis] for axis in axes))
    return tensors(shape, elements=eighths(-2, 2), dtype=dtype)


LENS = st.one_of(
    sizes.flatmap(lambda size: lengths((size[B],), size[M])),
    sizes.flatmap(lambda size: lengths((size[B], size[N]), size[M])),
)
ANY_LENS = st.one_of(st.none(), LENS)
SHARES = st.sampled_from([0.25, 0.75])
CALLED = "layer(queries, keys, values, valid_lens)"


@probe
def set_up(names, layer, dtype, training, weights):
    layer.to(dtype)
    if weights:
        layer.load_state_dict(weights)
    layer.train(training)


def additive(side, W_q, W_k, w_v):
    """An AdditiveAttention of `side` in evaluation mode with these weights: (h, query size), (h, key size), (h,)."""
    layer = side.AdditiveAttention(key_size=W_k.shape[1], query_size=W_q.shape[1], num_hiddens=len(w_v), dropout=0.0)
    weights = {"W_q.weight": W_q, "W_k.weight": W_k, "w_v.weight": w_v.unsqueeze(0)}
    side.run(set_up, layer, W_q.dtype, False, weights)
    return layer


def untrained(side, queries, keys, num_hiddens, dropout, training):
    """An AdditiveAttention of `side` in float64 with the weights it was made with."""
    layer = side.AdditiveAttention(
        key_size=keys.shape[2], query_size=queries.shape[2], num_hiddens=num_hiddens, dropout=dropout
    )
    side.run(set_up, layer, F64, training, {})
    return layer


def dot_product(side, dropout=0.0, training=False):
    """A DotProductAttention of `side`."""
    layer = side.DotProductAttention(dropout)
    side.run(set_up, layer, F64, training, {})
    return layer


def kept_weights(layer, queries, keys):
    """The layer's attention_weights, once they are known to be a tensor of the right shape and dtype."""
    shape = (*queries.shape[:2], keys.shape[1])
    return tensor_of(layer.attention_weights, shape=shape, dtype=queries.dtype, what="layer.attention_weights")


def agree(mine, right, queries, keys, values, valid_lens):
    """Require two layers to give the same result and to keep the same weights."""
    output, weights = right(queries, keys, values, valid_lens), right.attention_weights
    close(mine(queries, keys, values, valid_lens), output, what=CALLED)
    close(kept_weights(mine, queries, keys), weights, what="layer.attention_weights")


def mean_of_valid_values(values, valid_lens, n):
    """(b, n, v): the plain mean of each example's first valid_lens values. valid_lens: (b,) or (b, n)."""
    counts = valid_lens.reshape(len(values), -1).expand(len(values), n)
    valid = torch.arange(values.shape[1]) < counts.unsqueeze(2)
    return valid.to(values.dtype) @ values / counts.unsqueeze(2)


def agree_in_gradients(mine, right, *arguments):
    """Require equal vector-Jacobian products with respect to queries, keys, values and all parameters."""
    right, mine = right.vjp(*arguments), mine.vjp(*arguments)
    close(mine.output, right.output, what=CALLED)
    names = ["queries", "keys", "values", *right.parameters]
    got = [*mine.inputs, *(mine.parameters.get(name) for name in right.parameters)]
    want = [*right.inputs, *right.parameters.values()]
    for name, ours, theirs in zip(names, got, want, strict=True):
        expect(ours is not None, f"must reach {name}; none arrived", what=f"The gradient of {CALLED}")
        close(ours, theirs, what=f"the gradient of {CALLED} with respect to {name}")


def judge_evaluation(layer, queries, keys, values, valid_lens):
    """Require the result to be attention_weights @ values, and attention_weights to be those of the latest call."""
    layer(queries[:, :1], keys, values, None)
    output = layer(queries, keys, values, valid_lens)
    wanted = kept_weights(layer, queries, keys) @ values
    close(output, wanted, what=f"{CALLED} in evaluation mode, next to attention_weights @ values,")


def judge_dropout(layer, queries, keys, more, valid_lens, dropout):
    """In training mode, require each weight to be either gone or scaled up, and that for all values alike.

    The first values are the identity, which copies the weights that were used into the result; the rest, `more`,
    must be averaged with the same weights.
    """
    b, m = keys.shape[:2]
    values = torch.cat([torch.eye(m, dtype=F64).expand(b, m, m), more], dim=2)
    shape = (*queries.shape[:2], values.shape[2])
    output = tensor_of(layer(queries, keys, values, valid_lens), shape=shape, dtype=F64, what=CALLED)
    weights = kept_weights(layer, queries, keys)
    sums, what = weights.sum(dim=2), "layer.attention_weights.sum(dim=2), in training mode,"
    close(sums, torch.ones_like(sums), what=what)
    used, scaled = output[..., :m], weights / (1 - dropout)
    what = "the first m columns of the result in training mode, with values = [identity, more],"
    problem = f"must be attention_weights, each of them either 0 or divided by 1 - {dropout}"
    expect(((used.abs() <= NEGLIGIBLE) | ((used - scaled).abs() <= 1e-8)).all(), problem, got=used, what=what)
    what = "the other columns of the result in training mode, with values = [identity, more],"
    problem = "are not averaged with the weights that the first m columns show: drop weights, nothing else"
    expect(((output[..., m:] - used @ more).abs() <= 1e-8).all(), problem, got=output[..., m:], what=what)


def judge_fraction(layer):
    """In training mode, require a quarter of many equal weights to be dropped, each by a draw of its own."""
    b, n, m, dropout = 4, 16, 64, 0.25
    arguments = torch.zeros(b, n, 1), torch.zeros(b, m, 1), torch.eye(m).expand(b, m, m), None
    first, second = (tensor_of(layer(*arguments), shape=(b, n, m), what=CALLED) != 0 for _ in range(2))
    count, total = int(first.sum()), first.numel()
    low, high = binomial_bounds(total, 1 - dropout)
    problem = f"are {count} of {total} with dropout={dropout}; a number from {low} to {high} is plausible"
    expect(low <= count <= high, problem, what="the weights left in training mode")
    what = "the choice of dropped weights"
    different(first, second, "must be drawn anew in every call", what=what)
    different(first[0], first[1], "must be drawn for each example by itself", what=what)
    different(first[:, 0], first[:, 1], "must be drawn for each query by itself", what=what)
    different(first[..., 0], first[..., 1], "must be drawn for each key by itself", what=what)


@probe
def arguments_after_call(names, layer, queries, keys, values, valid_lens):
    """queries, keys, values and valid_lens after layer(queries, keys, values, valid_lens)"""
    layer(queries, keys, values, valid_lens)
    return [queries, keys, values, valid_lens, torch.is_grad_enabled(), str(torch.get_default_dtype())]


def judge_arguments(side, layer, queries, keys, values, valid_lens):
    """Require the arguments, and torch's settings, to be the same after a call of the layer as before."""
    before = {"queries": queries, "keys": keys, "values": values, "valid_lens": valid_lens}
    *after, gradients, default_dtype = items_of(side.run(arguments_after_call, layer, *before.values()), 6)
    for (name, argument), now in zip(before.items(), after, strict=True):
        close(now, argument, what=f"{name} after {CALLED}")
    same_settings(gradients, default_dtype, CALLED)


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
    return [first, second, third, fourth, layer.attention_weights, gradient, stored, training]


def judge_two_calls(sides, layers, queries, keys, values, valid_lens):
    """Require calls of a layer in evaluation mode to give what the same calls of the reference's give.

    In the second call short rows are long, and long ones short.
    """
    arguments = queries, keys, values, valid_lens, keys.shape[1] + 1 - valid_lens
    mine, right = (items_of(side.run(called_twice, layer, *arguments), 8) for side, layer in zip(sides, layers))
    second = "layer(-queries, keys, values, other_lens)"
    close(mine[0], right[0], what=f"{CALLED}, once {second} was called,")
    close(mine[1], right[1], what=f"{second} after {CALLED}")
    close(mine[2], right[2], what=f"{CALLED} under torch.no_grad(), once a later call was made,")
    changed = "layer(queries, keys, values, other_lens) after queries.neg_(), all parameters doubled in place,"
    close(mine[3], right[3], what=changed)
    close(mine[4], right[4], what="layer.attention_weights after several calls")
    close(mine[5], right[5], what="the gradient of (first result * second result).sum() with respect to queries")
    problem = f"must have the keys {', '.join(right[6]) or 'none'}, not {', '.join(mine[6]) or 'none'}"
    expect(mine[6] == right[6], problem, what="layer.state_dict() after several calls")
    expect(not mine[7], "must still be in evaluation mode, with all its parts", what=f"The layer after {CALLED}")


# AdditiveAttention

WEIGHTS = {"W_q": part(H, D_Q), "W_k": part(H, D_K), "w_v": part(H)}


@check("AdditiveAttention", points=1)
@given(key_size=st.integers(1, 5), query_size=st.integers(1, 5), num_hiddens=st.integers(1, 5))
@few
def test_additive_attention_parameters(submission, key_size, query_size, num_hiddens):
    """Its parameters are W_q.weight, W_k.weight and w_v.weight, of the right shapes, and nothing else."""
    layer = submission.AdditiveAttention(key_size, query_size, num_hiddens, 0.1)
    state, what = layer.state_dict(), "layer.state_dict()"
    expect(isinstance(state, dict), "must be a dictionary", got=state, what=what)
    h = num_hiddens
    shapes = {"W_q.weight": (h, query_size), "W_k.weight": (h, key_size), "w_v.weight": (1, h)}
    problem = f"must have the keys {', '.join(shapes)}, not {', '.join(state) or 'none'}"
    expect(set(state) == set(shapes), problem, what=what)
    for name, shape in shapes.items():
        tensor_of(state[name], shape=shape, what=f"layer.{name}")


@check("AdditiveAttention", points=2)
@given(
    queries=part(B, N, D_Q, dtype=kinds), keys=part(B, M, D_K, dtype=kinds), values=part(B, M, V, dtype=kinds),
    W_q=part(H, D_Q, dtype=kinds), W_k=part(H, D_K, dtype=kinds), w_v=part(H, dtype=kinds),
)  # fmt: skip
def test_additive_attention_matches_its_definition(submission, reference, queries, keys, values, W_q, W_k, w_v):
    """Without lengths, every query is scored against every key by w_v · tanh(W_q q + W_k k)."""
    mine, right = additive(submission, W_q, W_k, w_v), additive(reference, W_q, W_k, w_v)
    agree(mine, right, queries, keys, values, None)


@check("AdditiveAttention", points=2)
@given(queries=part(B, N, D_Q), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=LENS, **WEIGHTS)
def test_additive_attention_with_lengths(submission, reference, queries, keys, values, valid_lens, W_q, W_k, w_v):
    """With lengths, per example or per query, only the valid keys are attended to."""
    mine, right = additive(submission, W_q, W_k, w_v), additive(reference, W_q, W_k, w_v)
    agree(mine, right, queries, keys, values, valid_lens)


@check("AdditiveAttention", points=1)
@given(queries=part(B, N, D_Q), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=ANY_LENS, **WEIGHTS)
@few
def test_additive_attention_gradient(submission, reference, queries, keys, values, valid_lens, W_q, W_k, w_v):
    """Gradients flow to queries, keys, values and all three weights."""
    mine, right = additive(submission, W_q, W_k, w_v), additive(reference, W_q, W_k, w_v)
    agree_in_gradients(mine, right, queries, keys, values, valid_lens)


@check("AdditiveAttention", points=1)
@given(queries=part(B, N, D_Q), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=ANY_LENS, num_hiddens=small)
@few
def test_additive_attention_leaves_its_inputs_alone(submission, queries, keys, values, valid_lens, num_hiddens):
    """Queries, keys, values, valid_lens and torch's settings are the same after a call as before."""
    layer = untrained(submission, queries, keys, num_hiddens, dropout=0.5, training=True)
    judge_arguments(submission, layer, queries, keys, values, valid_lens)


@check("AdditiveAttention", points=1)
@given(queries=part(B, N, D_Q), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=LENS, **WEIGHTS)
@few
def test_additive_attention_called_twice(submission, reference, queries, keys, values, valid_lens, W_q, W_k, w_v):
    """Later calls are right too, with new weights as well; they leave earlier results and state_dict() as they are."""
    layers = additive(submission, W_q, W_k, w_v), additive(reference, W_q, W_k, w_v)
    judge_two_calls((submission, reference), layers, queries, keys, values, valid_lens)


@check("AdditiveAttention", points=1)
@given(queries=part(B, N, D_Q), key=part(D_K), values=part(B, M, V), valid_lens=LENS, num_hiddens=small)
def test_additive_attention_to_equal_keys_is_the_mean(submission, queries, key, values, valid_lens, num_hiddens):
    """Keys that are all the same share the weight: the result is the mean of the valid values."""
    keys = key.repeat(*values.shape[:2], 1)
    layer = untrained(submission, queries, keys, num_hiddens, dropout=0.5, training=False)
    wanted = mean_of_valid_values(values, valid_lens, queries.shape[1])
    what = f"{CALLED} in evaluation mode, with {key.tolist()} as every key,"
    close(layer(queries, keys, values, valid_lens), wanted, what=what)


@check("AdditiveAttention", points=1)
@given(queries=part(B, N, D_Q), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=LENS, num_hiddens=small)
@few
def test_additive_attention_in_evaluation_mode(submission, queries, keys, values, valid_lens, num_hiddens):
    """In evaluation mode nothing is dropped: the result is attention_weights @ values, whatever p is."""
    layer = untrained(submission, queries, keys, num_hiddens, dropout=0.5, training=False)
    judge_evaluation(layer, queries, keys, values, valid_lens)


@check("AdditiveAttention", points=2)
@given(
    queries=part(B, N, D_Q), keys=part(B, M, D_K), more=part(B, M, V), valid_lens=LENS,
    num_hiddens=small, dropout=SHARES,
)  # fmt: skip
def test_additive_attention_drops_whole_weights(submission, queries, keys, more, valid_lens, num_hiddens, dropout):
    """In training mode each weight becomes 0 or is divided by 1 - p; attention_weights are from before."""
    layer = untrained(submission, queries, keys, num_hiddens, dropout, training=True)
    judge_dropout(layer, queries, keys, more, valid_lens, dropout)


@check("AdditiveAttention", points=1)
def test_additive_attention_drops_the_stated_fraction(submission):
    """In training mode each weight is dropped with probability p, independently of the others."""
    layer = submission.AdditiveAttention(key_size=1, query_size=1, num_hiddens=2, dropout=0.25)
    submission.run(set_up, layer, torch.float32, True, {})
    judge_fraction(layer)


# DotProductAttention


@check("DotProductAttention", points=2)
@given(queries=part(B, N, D_K, dtype=kinds), keys=part(B, M, D_K, dtype=kinds), values=part(B, M, V, dtype=kinds))
def test_dot_product_attention_matches_its_definition(submission, reference, queries, keys, values):
    """Without lengths, every query is scored against every key by q · k / √d."""
    agree(dot_product(submission), dot_product(reference), queries, keys, values, None)


@check("DotProductAttention", points=2)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=LENS)
def test_dot_product_attention_with_lengths(submission, reference, queries, keys, values, valid_lens):
    """With lengths, per example or per query, only the valid keys are attended to."""
    agree(dot_product(submission), dot_product(reference), queries, keys, values, valid_lens)


@check("DotProductAttention", points=1)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), values=part(B, M, V))
def test_dot_product_attention_scales_with_the_size(submission, queries, keys, values):
    """Four copies of every feature only double the scores: √(4d) = 2√d."""
    layer = dot_product(submission)
    doubled = tensor_of(
        layer(2 * queries, keys, values, None),
        shape=(*queries.shape[:2], values.shape[2]),
        what="layer(2 * queries, keys, values, None)",
    )
    four = layer(queries.repeat(1, 1, 4), keys.repeat(1, 1, 4), values, None)
    close(four, doubled, what="the result for four copies of every feature, compared with that for 2 * queries,")


@check("DotProductAttention", points=1)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=LENS)
@few
def test_dot_product_attention_of_zero_queries_is_the_mean(submission, queries, keys, values, valid_lens):
    """A query of zeros scores every key alike: the result is the mean of the valid values."""
    output = dot_product(submission)(0 * queries, keys, values, valid_lens)
    wanted = mean_of_valid_values(values, valid_lens, queries.shape[1])
    close(output, wanted, what="layer(0 * queries, keys, values, valid_lens)")


@check("DotProductAttention", points=1)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=LENS)
@few
def test_dot_product_attention_in_evaluation_mode(submission, queries, keys, values, valid_lens):
    """In evaluation mode nothing is dropped: the result is attention_weights @ values, whatever p is."""
    judge_evaluation(dot_product(submission, dropout=0.5), queries, keys, values, valid_lens)


@check("DotProductAttention", points=1)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=ANY_LENS)
@few
def test_dot_product_attention_gradient(submission, reference, queries, keys, values, valid_lens):
    """Gradients flow to queries, keys and values."""
    agree_in_gradients(dot_product(submission), dot_product(reference), queries, keys, values, valid_lens)


@check("DotProductAttention", points=1)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=ANY_LENS)
@few
def test_dot_product_attention_leaves_its_inputs_alone(submission, queries, keys, values, valid_lens):
    """Queries, keys, values, valid_lens and torch's settings are the same after a call as before."""
    judge_arguments(submission, dot_product(submission, 0.5, training=True), queries, keys, values, valid_lens)


@check("DotProductAttention", points=1)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), values=part(B, M, V), valid_lens=LENS)
@few
def test_dot_product_attention_called_twice(submission, reference, queries, keys, values, valid_lens):
    """Later calls are right too; they leave earlier results as they are, and state_dict() empty."""
    layers = dot_product(submission), dot_product(reference)
    judge_two_calls((submission, reference), layers, queries, keys, values, valid_lens)


@check("DotProductAttention", points=2)
@given(queries=part(B, N, D_K), keys=part(B, M, D_K), more=part(B, M, V), valid_lens=LENS, dropout=SHARES)
def test_dot_product_attention_drops_whole_weights(submission, queries, keys, more, valid_lens, dropout):
    """In training mode each weight becomes 0 or is divided by 1 - p; attention_weights are from before."""
    layer = dot_product(submission, dropout, training=True)
    judge_dropout(layer, queries, keys, more, valid_lens, dropout)


@check("DotProductAttention", points=1)
def test_dot_product_attention_drops_the_stated_fraction(submission):
    """In training mode each weight is dropped with probability p, independently of the others."""
    judge_fraction(dot_product(submission, dropout=0.25, training=True))
