"""Hidden suite: BERT."""

import math

import torch
from torch import Tensor, nn

from autograder.suite import (
    check,
    close,
    different,
    expect,
    given,
    items_of,
    probe,
    settings,
    spread,
    st,
    tensor_of,
)

F64 = torch.float64
V, H, FFN, LONGEST = 7, 4, 6, 6
SIZES = st.shared(
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 4)), key="examples, tokens, predictions"
)
SEEDS = st.integers(0, 9999)
few = settings(max_examples=12)


@st.composite
def whole(draw, axes, below, at_least=0, sizes=SIZES):
    """Integers from at_least to below - 1, int64, from a drawn seed; a matrix may be a transposed view.

    axes: a string of b, n and k, the sizes. below: a number or one of these letters ('n+1': one more).
    """
    size = dict(zip("bnk", draw(sizes)))
    limit = below if isinstance(below, int) else size[below[0]] + below.count("+")
    shape = tuple(size[axis] for axis in axes)
    generator = torch.Generator().manual_seed(draw(SEEDS))
    entries = torch.randint(at_least, max(limit, at_least + 1), shape, generator=generator)
    return entries.T.contiguous().T if draw(st.booleans()) and len(axes) == 2 else entries


@st.composite
def vectors(draw, axes, width, dtype=F64):
    """Normal entries of shape (*axes, width), from a drawn seed, in eighths; at times a transposed view."""
    size = dict(zip("bnk", draw(SIZES)))
    entries = (draw(spread((*(size[axis] for axis in axes), width))) * 8).round().div(8).to(dtype)
    return entries.transpose(0, 1).contiguous().transpose(0, 1) if draw(st.booleans()) else entries


TOKENS, SEGMENTS = whole("bn", V), whole("bn", 2)
LENS, POSITIONS = whole("b", "n+", at_least=1), whole("bk", "n")
OPTIONAL_LENS = st.one_of(st.none(), LENS)


# Weights: names and shapes as the exercise states them


def block_shapes(prefix, h, ffn):
    """Names and shapes of one given encoder block."""
    linear = {f"W_{letter}": (h, h) for letter in "qkvo"} | {"ffn.0": (ffn, h), "ffn.2": (h, ffn)}
    shapes = {}
    for name, shape in linear.items():
        shapes |= {f"{prefix}.{name}.weight": shape, f"{prefix}.{name}.bias": shape[:1]}
    return shapes | {f"{prefix}.norm{i}.{part}": (h,) for i in (1, 2) for part in ("weight", "bias")}


def encoder_shapes(vocab_size, num_hiddens, ffn_num_hiddens, num_blks, max_len, **_):
    shapes = {
        "token_embedding.weight": (vocab_size, num_hiddens),
        "segment_embedding.weight": (2, num_hiddens),
        "pos_embedding": (1, max_len, num_hiddens),
    }
    for i in range(num_blks):
        shapes |= block_shapes(f"blks.{i}", num_hiddens, ffn_num_hiddens)
    return shapes


def mlm_shapes(vocab_size, num_hiddens, num_inputs):
    return {
        "mlp.0.weight": (num_hiddens, num_inputs),
        "mlp.0.bias": (num_hiddens,),
        "mlp.2.weight": (num_hiddens,),
        "mlp.2.bias": (num_hiddens,),
        "mlp.3.weight": (vocab_size, num_hiddens),
        "mlp.3.bias": (vocab_size,),
    }


def nsp_shapes(num_inputs):
    return {"output.weight": (2, num_inputs), "output.bias": (2,)}


def model_shapes(vocab_size, num_hiddens, **sizes):
    h = num_hiddens
    parts = {
        "encoder": encoder_shapes(vocab_size, h, **sizes),
        "hidden": {"0.weight": (h, h), "0.bias": (h,)},
        "mlm": mlm_shapes(vocab_size, h, h),
        "nsp": nsp_shapes(h),
    }
    return {f"{part}.{name}": shape for part, shapes in parts.items() for name, shape in shapes.items()}


def drawn(shapes, seed, dtype=F64):
    """A state dict with these shapes, its entries normal, three decimals, from the seed."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: (torch.randn(shape, generator=generator, dtype=F64) * 0.8).round(decimals=3).to(dtype)
        for name, shape in shapes.items()
    }


def encoder_sizes(num_blks=1, num_heads=2, dropout=0.0):
    return {
        "vocab_size": V,
        "num_hiddens": H,
        "ffn_num_hiddens": FFN,
        "num_heads": num_heads,
        "num_blks": num_blks,
        "dropout": dropout,
        "max_len": LONGEST,
    }


def judge_parameters(got, shapes, what):
    """Require exactly the parameters of these names and shapes, and no buffer. got: name -> shape, of both."""
    missing, extra = sorted(set(shapes) - set(got)), sorted(set(got) - set(shapes))
    expect(not missing, f"must have a parameter {', '.join(missing[:4])}", what=what)
    expect(not extra, f"must have no parameter or buffer {', '.join(extra[:4])}", what=what)
    for name, shape in shapes.items():
        problem = f"must have a {name} of shape {tuple(shape)}, not {tuple(got[name])}"
        expect(list(got[name]) == list(shape), problem, what=what)


def judge_gradients(got, right, call):
    """Require the reference's gradient at every parameter. got, right: name -> gradient."""
    for name, wanted in right.items():
        gradient = got.get(name)
        expect(gradient is not None, f"must reach {name}; none arrived", what=f"The gradient of {call}")
        close(gradient, wanted, what=f"the gradient of {call} with respect to {name}")


@probe
def call_again(names, kind, sizes, states, earlier, arguments, training):
    """a second call"""
    module = getattr(names, kind)(**sizes)
    module.load_state_dict(states[0])
    first = module(*[a.float() if isinstance(a, Tensor) and a.is_floating_point() else a for a in earlier])
    for part in first if isinstance(first, (list, tuple)) else [first]:
        if part is not None:
            part.detach().fill_(9.0)
    module.double().train(training).load_state_dict(states[1])
    second = module(*arguments)
    modes = {module.training for module in module.modules()}
    return {
        "arguments": arguments,
        "result": list(second) if isinstance(second, (list, tuple)) else second,
        "stays": [torch.is_grad_enabled(), torch.get_default_dtype() == torch.float32, modes == {training}],
    }


def earlier_batch(arguments, seed):
    """Arguments for an earlier call: at times with a token less, with more sequences or more predictions."""
    shorter, copies, more = seed & 1, 1 + (seed >> 1 & 1), 1 + (seed >> 2 & 1)
    n = max(1, next(iter(arguments.values())).shape[1] - shorter)
    earlier = []
    for name, a in arguments.items():
        if name == "pred_positions" and a is not None:
            a = a.clamp(max=n - 1).repeat(1, more)
        elif name == "valid_lens" and a is not None:
            a = a.clamp(max=n)
        elif name in ("tokens", "segments") or (name == "X" and a.dim() == 3):
            a = a[:, :n]
        earlier.append(a if a is None else a.repeat(copies, *[1] * (a.dim() - 1)))
    return earlier


def judge_second_call(submission, reference, kind, sizes, shapes, seed, arguments, training, call):
    """Require that a call changes no argument, and depends on the weights of the day and on no call before.

    The first call is in float32, with other weights and at times other sizes, and its results are overwritten.
    arguments: name -> value.
    """
    states = [drawn(shapes, seed + i) for i in range(2)]
    args = (kind, sizes, states, earlier_batch(arguments, seed), list(arguments.values()), training)
    mine, right = submission.run(call_again, *args), reference.run(call_again, *args)
    for (name, before), after in zip(arguments.items(), items_of(mine["arguments"], len(arguments))):
        close(after, before, what=f"{name} after {call}")
    close(mine["result"], right["result"], what=f"{call}, called again with other weights or sizes,")
    judge_surroundings(mine["stays"], call, kind)


def judge_surroundings(stays, call, whose):
    """Require what a probe saw after a call. stays: whether gradients, default dtype and training mode are as before."""
    gradients, dtype, mode = items_of(stays, 3)
    expect(gradients, "must still be computed after the call", what=f"The gradients of what follows {call}")
    expect(dtype, "must still be torch.float32 after the call", what="torch.get_default_dtype()")
    expect(mode, f"must be in the mode (training or evaluation) in which it was before {call}", what=whose)


# get_tokens_and_segments

WORD = st.sampled_from(["this", "movie", "is", "great", "i", "like", "it", "New York", "", "<sep>", "<cls>"])
WORDS, SOME_WORDS = st.lists(WORD, max_size=4), st.lists(WORD, min_size=1, max_size=4)


@check("get_tokens_and_segments", points=2)
@given(tokens_a=WORDS, tokens_b=SOME_WORDS)
def test_pair_of_texts(submission, reference, tokens_a, tokens_b):
    """Two texts become <cls>, first text, <sep>, second text, <sep>; segment 1 begins with the second text."""
    tokens, segments = items_of(submission.get_tokens_and_segments(tokens_a, tokens_b), 2)
    wanted, wanted_segments = reference.get_tokens_and_segments(tokens_a, tokens_b)
    close(tokens, wanted, what="tokens")
    close(segments, wanted_segments, what="segments")


@check("get_tokens_and_segments", points=1)
@given(tokens_a=WORDS)
def test_single_text(submission, reference, tokens_a):
    """Without a second text, <cls>, the text and one <sep> are all there is, in segment 0."""
    tokens, segments = items_of(submission.get_tokens_and_segments(tokens_a), 2)
    wanted, wanted_segments = reference.get_tokens_and_segments(tokens_a)
    close(tokens, wanted, what="tokens")
    close(segments, wanted_segments, what="segments")


@check("get_tokens_and_segments", points=1)
@given(tokens_a=WORDS)
def test_empty_second_text(submission, tokens_a):
    """An empty second text still has its <sep>, in segment 1."""
    tokens, segments = items_of(submission.get_tokens_and_segments(tokens_a, []), 2)
    close(tokens, ["<cls>", *tokens_a, "<sep>", "<sep>"], what="tokens")
    close(segments, [0] * (len(tokens_a) + 2) + [1], what="segments")


@probe
def lists_after_framing(names, tokens_a, tokens_b):
    """get_tokens_and_segments(tokens_a, tokens_b)"""
    tokens, segments = names.get_tokens_and_segments(tokens_a, tokens_b)
    tokens.append("another")
    segments.append(0)
    return [tokens_a, tokens_b]


@check("get_tokens_and_segments", points=1)
@given(tokens_a=WORDS, tokens_b=SOME_WORDS)
def test_framing_leaves_its_input_alone(submission, tokens_a, tokens_b):
    """tokens_a and tokens_b are the same after the call as before."""
    first, second = items_of(submission.run(lists_after_framing, tokens_a, tokens_b), 2)
    close(first, tokens_a, what="tokens_a after get_tokens_and_segments(tokens_a, tokens_b)")
    close(second, tokens_b, what="tokens_b after get_tokens_and_segments(tokens_a, tokens_b)")


@probe
def framed_again(names, tokens_a, tokens_b):
    """get_tokens_and_segments(tokens_a, tokens_b), called again"""
    for part in [*names.get_tokens_and_segments(tokens_a, tokens_b), *names.get_tokens_and_segments(tokens_a)]:
        part.append("another")
    return [*names.get_tokens_and_segments(tokens_a, tokens_b), *names.get_tokens_and_segments(tokens_a)]


# Texts of no other check: what is kept of the calls before is then the same for a known mistake and for a submission.
AGAIN = WORDS.map(lambda words: [*words, "again"])


@check("get_tokens_and_segments", points=1)
@given(tokens_a=AGAIN, tokens_b=AGAIN)
def test_framing_again_makes_new_lists(submission, reference, tokens_a, tokens_b):
    """Another call makes new lists, whatever has become of those of the calls before."""
    answer = items_of(submission.run(framed_again, tokens_a, tokens_b), 4)
    right = reference.run(framed_again, tokens_a, tokens_b)
    labels = ["tokens of a second call", "segments of a second call"]
    labels += [f"{label} without tokens_b" for label in labels]
    for label, got, wanted in zip(labels, answer, right):
        close(got, wanted, what=label)


# BERTEncoder

ENCODER = "encoder(tokens, segments, valid_lens)"


@probe
def encoder_parameters(names, sizes):
    """encoder = BERTEncoder(...)"""
    encoder = names.BERTEncoder(**sizes)
    parameters = [(name, p) for name, p in encoder.named_parameters() if p.requires_grad]
    return {name: list(held.shape) for name, held in [*parameters, *encoder.named_buffers()]}


@probe
def first_positions(names, sizes):
    """BERTEncoder(...).pos_embedding"""
    return names.BERTEncoder(**sizes).pos_embedding.detach()


@check("BERTEncoder", points=1)
@given(num_hiddens=st.sampled_from([2, 4]), ffn_num_hiddens=st.integers(1, 5), num_blks=st.integers(0, 3))
@few
def test_encoder_parameters(submission, num_hiddens, ffn_num_hiddens, num_blks):
    """It has the embeddings and blocks stated, all trainable; max_len is 1000 unless given, positions start random."""
    sizes = {
        "vocab_size": 5,
        "num_hiddens": num_hiddens,
        "ffn_num_hiddens": ffn_num_hiddens,
        "num_heads": 2,
        "num_blks": num_blks,
        "dropout": 0.1,
    }
    shapes = encoder_shapes(**sizes, max_len=1000)
    judge_parameters(submission.run(encoder_parameters, sizes), shapes, "BERTEncoder(...)")
    what = "the initial pos_embedding"
    positions = tensor_of(submission.run(first_positions, sizes), shape=(1, 1000, num_hiddens), what=what)
    mean, deviation = float(positions.mean()), float(positions.std())
    normal = abs(mean) < 0.2 and abs(deviation - 1) < 0.2  # of 2000 entries or more: nine standard errors at least
    problem = f"must be standard normal; its mean is {mean:.3g} and its standard deviation {deviation:.3g}"
    expect(normal, problem, what=what)


@probe
def encoded(names, sizes, state, tokens, segments, valid_lens, training):
    """encoder(tokens, segments, valid_lens)"""
    encoder = names.BERTEncoder(**sizes)
    encoder.to(state["pos_embedding"].dtype)
    encoder.load_state_dict(state)
    encoder.train(training)
    return encoder(tokens, segments, valid_lens)


@check("BERTEncoder", points=2)
@given(tokens=TOKENS, segments=SEGMENTS, valid_lens=OPTIONAL_LENS, single_precision=st.booleans(), seed=SEEDS)
def test_encoder_adds_three_embeddings(submission, tokens, segments, valid_lens, single_precision, seed):
    """Without blocks, the result is the sum of token, segment and position embeddings, in training mode too."""
    sizes = encoder_sizes(num_blks=0, dropout=0.5)
    state = drawn(encoder_shapes(**sizes), seed, torch.float32 if single_precision else F64)
    got = submission.run(encoded, sizes, state, tokens, segments, valid_lens, True)
    wanted = state["token_embedding.weight"][tokens] + state["segment_embedding.weight"][segments]
    close(got, wanted + state["pos_embedding"][:, : tokens.shape[1]], what=f"{ENCODER} with num_blks=0")


@check("BERTEncoder", points=3)
@given(
    tokens=TOKENS,
    segments=SEGMENTS,
    valid_lens=OPTIONAL_LENS,
    num_heads=st.sampled_from([1, 2, 4]),
    num_blks=st.integers(1, 3),
    training=st.booleans(),
    seed=SEEDS,
)
def test_encoder_runs_every_block(
    submission, reference, tokens, segments, valid_lens, num_heads, num_blks, training, seed
):
    """The embeddings pass through all blocks in order, each with weights of its own and with valid_lens."""
    sizes = encoder_sizes(num_blks, num_heads)
    args = (sizes, drawn(encoder_shapes(**sizes), seed), tokens, segments, valid_lens, training)
    close(submission.run(encoded, *args), reference.run(encoded, *args), what=ENCODER)


LONGER = st.shared(st.tuples(st.integers(1, 3), st.integers(2, 5), st.just(1)), key="examples and more tokens")


@check("BERTEncoder", points=1)
@given(
    tokens=whole("bn", V, sizes=LONGER),
    segments=whole("bn", 2, sizes=LONGER),
    valid_lens=whole("b", "n", at_least=1, sizes=LONGER),
    seed=SEEDS,
)
@few
def test_encoder_ignores_padding(submission, tokens, segments, valid_lens, seed):
    """Other tokens at the padding change nothing at the valid positions."""
    sizes = encoder_sizes(num_blks=2)
    state = drawn(encoder_shapes(**sizes), seed)
    real = torch.arange(tokens.shape[1]) < valid_lens[:, None]
    shape = (*tokens.shape, H)
    others = torch.where(real, tokens, (tokens + 1) % V)
    first, second = (
        tensor_of(submission.run(encoded, sizes, state, t, segments, valid_lens, False), shape=shape, what=ENCODER)
        for t in (tokens, others)
    )
    close(second[real], first[real], what=f"{ENCODER} at the valid positions, after a change of the padding,")


@probe
def encoder_gradients(names, sizes, state, tokens, segments, valid_lens, cotangent):
    """the gradients of encoder(tokens, segments, valid_lens)"""
    encoder = names.BERTEncoder(**sizes).double()
    encoder.load_state_dict(state)
    output = encoder(tokens, segments, valid_lens)
    parameters = dict(encoder.named_parameters())
    gradients = torch.autograd.grad(output, list(parameters.values()), cotangent, allow_unused=True)
    return dict(zip(parameters, gradients))


@check("BERTEncoder", points=2)
@given(
    tokens=TOKENS,
    segments=SEGMENTS,
    valid_lens=LENS,
    cotangent=vectors("bn", H),
    num_blks=st.integers(0, 2),
    seed=SEEDS,
)
@few
def test_encoder_gradient_reaches_every_parameter(
    submission, reference, tokens, segments, valid_lens, cotangent, num_blks, seed
):
    """Gradients flow to all parameters: the position embedding learns, too."""
    sizes = encoder_sizes(num_blks)
    args = (sizes, drawn(encoder_shapes(**sizes), seed), tokens, segments, valid_lens, cotangent)
    judge_gradients(submission.run(encoder_gradients, *args), reference.run(encoder_gradients, *args), ENCODER)


@check("BERTEncoder", points=1)
@given(tokens=whole("bn", V, sizes=st.just((2, 5, 1))), seed=SEEDS)
@few
def test_encoder_hands_dropout_to_the_blocks(submission, reference, tokens, seed):
    """Dropout is at work inside the blocks in training mode, and off in evaluation mode."""
    sizes = encoder_sizes(num_blks=2, dropout=0.5)
    args = (sizes, drawn(encoder_shapes(**sizes), seed), tokens, torch.zeros_like(tokens), None)
    right = reference.run(encoded, *args, False)
    close(submission.run(encoded, *args, False), right, what=f"{ENCODER} with dropout=0.5 in evaluation mode")
    trained = tensor_of(submission.run(encoded, *args, True), shape=right.shape, what=ENCODER)
    problem = "must differ from evaluation mode: no dropout was at work"
    different(trained.round(decimals=6), right.round(decimals=6), problem, what=f"{ENCODER} with dropout=0.5")


@check("BERTEncoder", points=1)
@given(
    tokens=TOKENS,
    segments=SEGMENTS,
    valid_lens=OPTIONAL_LENS,
    num_blks=st.integers(0, 1),
    training=st.booleans(),
    seed=SEEDS,
)
def test_encoder_call_depends_on_no_call_before(
    submission, reference, tokens, segments, valid_lens, num_blks, training, seed
):
    """A second call works with the weights that are there by then; no call changes its arguments or a mode."""
    sizes, arguments = encoder_sizes(num_blks), {"tokens": tokens, "segments": segments, "valid_lens": valid_lens}
    shapes = encoder_shapes(**sizes)
    judge_second_call(submission, reference, "BERTEncoder", sizes, shapes, seed, arguments, training, ENCODER)


# MaskLM

MLM = "mlm(X, pred_positions)"
INPUTS = 3


@probe
def mlm_parameters(names, vocab_size, num_hiddens, num_inputs):
    """mlm = MaskLM(vocab_size, num_hiddens, num_inputs)"""
    mlm = names.MaskLM(vocab_size, num_hiddens, num_inputs)
    if any(isinstance(p, nn.parameter.UninitializedParameter) for p in mlm.parameters()):
        mlm(torch.zeros(1, 1, num_inputs), torch.zeros(1, 1, dtype=torch.int64))
    parameters = [(name, p) for name, p in mlm.named_parameters() if p.requires_grad]
    return {name: list(held.shape) for name, held in [*parameters, *mlm.named_buffers()]}


@check("MaskLM", points=1)
@given(vocab_size=st.integers(2, 5), num_hiddens=st.integers(1, 5), num_inputs=st.integers(1, 5))
def test_mask_lm_parameters(submission, vocab_size, num_hiddens, num_inputs):
    """Its mlp is linear, ReLU, layer normalisation, linear, with the widths stated."""
    got = submission.run(mlm_parameters, vocab_size, num_hiddens, num_inputs)
    judge_parameters(got, mlm_shapes(vocab_size, num_hiddens, num_inputs), "MaskLM(...)")


@probe
def masked_predictions(names, state, X, pred_positions):
    """mlm(X, pred_positions)"""
    mlm = names.MaskLM(len(state["mlp.3.bias"]), len(state["mlp.0.bias"]), X.shape[2]).to(X.dtype)
    mlm.load_state_dict(state)
    return mlm(X, pred_positions)


@check("MaskLM", points=3)
@given(X=vectors("bn", INPUTS), pred_positions=POSITIONS, seed=SEEDS)
def test_mask_lm_predicts_at_each_sequence_s_own_positions(submission, reference, X, pred_positions, seed):
    """Prediction j of sequence i is mlp of X[i] at position pred_positions[i, j]."""
    args = (drawn(mlm_shapes(V, H, INPUTS), seed), X, pred_positions)
    close(submission.run(masked_predictions, *args), reference.run(masked_predictions, *args), what=MLM)


@check("MaskLM", points=1)
@given(X=vectors("bn", INPUTS, torch.float32), pred_positions=POSITIONS, seed=SEEDS)
def test_mask_lm_sees_the_predicted_positions_only(submission, X, pred_positions, seed):
    """Other vectors at the positions that are not predicted change nothing; float32 stays float32."""
    state = drawn(mlm_shapes(V, H, INPUTS), seed, torch.float32)
    predicted = torch.zeros(X.shape[:2], dtype=torch.bool).scatter(1, pred_positions, True)
    other = torch.where(predicted[:, :, None], X, X.flip(2) + 1)
    shape = (*pred_positions.shape, V)
    before = submission.run(masked_predictions, state, X, pred_positions)
    before = tensor_of(before, shape=shape, dtype=torch.float32, what=MLM)
    after = submission.run(masked_predictions, state, other, pred_positions)
    close(after, before, what=f"{MLM}, after a change of the positions that are not predicted,")


@probe
def mlm_gradients(names, state, X, pred_positions, cotangent):
    """the gradients of mlm(X, pred_positions)"""
    mlm = names.MaskLM(len(state["mlp.3.bias"]), len(state["mlp.0.bias"]), X.shape[2]).double()
    mlm.load_state_dict(state)
    X = X.clone().requires_grad_()
    wanted = {"X": X, **dict(mlm.named_parameters())}
    output = mlm(X, pred_positions)
    gradients = torch.autograd.grad(output, list(wanted.values()), cotangent, allow_unused=True)
    return dict(zip(wanted, gradients))


@check("MaskLM", points=1)
@given(X=vectors("bn", INPUTS), pred_positions=POSITIONS, cotangent=vectors("bk", V), seed=SEEDS)
def test_mask_lm_gradient(submission, reference, X, pred_positions, cotangent, seed):
    """Gradients flow to the predicted positions of X and to the parameters."""
    args = (drawn(mlm_shapes(V, H, INPUTS), seed), X, pred_positions, cotangent)
    judge_gradients(submission.run(mlm_gradients, *args), reference.run(mlm_gradients, *args), MLM)


@check("MaskLM", points=1)
@given(X=vectors("bn", INPUTS), pred_positions=POSITIONS, training=st.booleans(), seed=SEEDS)
def test_mask_lm_call_depends_on_no_call_before(submission, reference, X, pred_positions, training, seed):
    """X and pred_positions stay as they are; a second call works with the weights that are there by then."""
    sizes, arguments = (
        {"vocab_size": V, "num_hiddens": H, "num_inputs": INPUTS},
        {"X": X, "pred_positions": pred_positions},
    )
    shapes = mlm_shapes(**sizes)
    judge_second_call(submission, reference, "MaskLM", sizes, shapes, seed, arguments, training, MLM)


# NextSentencePred

NSP = "nsp(X)"


@probe
def nsp_parameters(names, num_inputs):
    """nsp = NextSentencePred(num_inputs)"""
    nsp = names.NextSentencePred(num_inputs)
    if any(isinstance(p, nn.parameter.UninitializedParameter) for p in nsp.parameters()):
        nsp(torch.zeros(1, num_inputs))
    parameters = [(name, p) for name, p in nsp.named_parameters() if p.requires_grad]
    return {name: list(held.shape) for name, held in [*parameters, *nsp.named_buffers()]}


@check("NextSentencePred", points=1)
@given(num_inputs=st.integers(1, 6))
def test_next_sentence_pred_parameters(submission, num_inputs):
    """It has one linear layer, output, from num_inputs to 2, with bias."""
    got = submission.run(nsp_parameters, num_inputs)
    judge_parameters(got, nsp_shapes(num_inputs), "NextSentencePred(num_inputs)")


@probe
def next_sentence(names, state, X):
    """nsp(X)"""
    nsp = names.NextSentencePred(X.shape[1]).to(X.dtype)
    nsp.load_state_dict(state)
    X = X.clone().requires_grad_()
    output = nsp(X)
    wanted = {"X": X, **dict(nsp.named_parameters())}
    gradients = torch.autograd.grad(output.square().sum(), list(wanted.values()), allow_unused=True)
    return [output, dict(zip(wanted, gradients))]


@check("NextSentencePred", points=1)
@given(X=vectors("b", INPUTS), seed=SEEDS)
def test_next_sentence_pred_gives_two_logits(submission, reference, X, seed):
    """Each row gives the two logits of the linear layer, and gradients flow."""
    state = drawn(nsp_shapes(INPUTS), seed)
    got, gradients = items_of(submission.run(next_sentence, state, X), 2)
    right, right_gradients = reference.run(next_sentence, state, X)
    close(got, right, what=NSP)
    judge_gradients(gradients, right_gradients, NSP)


@check("NextSentencePred", points=1)
@given(X=vectors("b", INPUTS, torch.float32), seed=SEEDS)
def test_next_sentence_pred_is_linear(submission, X, seed):
    """The results are logits: twice the input moves them twice as far from the bias."""
    state = drawn(nsp_shapes(INPUTS), seed, torch.float32)
    shape, dtype = (len(X), 2), torch.float32
    at_zero, once, twice = (
        tensor_of(submission.run(next_sentence, state, factor * X)[0], shape=shape, dtype=dtype, what=NSP)
        for factor in (0, 1, 2)
    )
    close(at_zero, state["output.bias"].expand(shape), what=f"{NSP} with X = 0")
    close(twice - at_zero, 2 * (once - at_zero), what="nsp(2 X) - nsp(0), next to twice nsp(X) - nsp(0),")


@check("NextSentencePred", points=1)
@given(X=vectors("b", INPUTS), training=st.booleans(), seed=SEEDS)
def test_next_sentence_pred_call_depends_on_no_call_before(submission, reference, X, training, seed):
    """X stays as it is; a second call works with the weights that are there by then."""
    sizes, shapes = {"num_inputs": INPUTS}, nsp_shapes(INPUTS)
    judge_second_call(submission, reference, "NextSentencePred", sizes, shapes, seed, {"X": X}, training, NSP)


# BERTModel

MODEL = "net(tokens, segments, valid_lens, pred_positions)"


@probe
def with_stand_ins(names, hidden, tokens, segments, valid_lens, pred_positions, max_len):
    """net(tokens, segments, ...)"""

    class Encoder(nn.Module):
        def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
            super().__init__()
            self.sizes = [vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len]

        def forward(self, tokens, segments, valid_lens):
            number = tokens + 0.5 * segments + 0.3 * torch.arange(tokens.shape[1])
            if valid_lens is not None:
                number = number + 0.2 * valid_lens[:, None]
            return torch.sin(number[:, :, None] * torch.arange(1.0, 5.0, dtype=torch.float64))

    class Masked(nn.Module):
        def __init__(self, vocab_size, num_hiddens, num_inputs):
            super().__init__()
            self.sizes = [vocab_size, num_hiddens, num_inputs]

        def forward(self, X, pred_positions):
            return X.sum(dim=1, keepdim=True) * (1 + pred_positions[:, :, None])

    class Follows(nn.Module):
        def __init__(self, num_inputs):
            super().__init__()
            self.sizes = [num_inputs]

        def forward(self, X):
            return 3 * X

    own = {name: getattr(names, name) for name in ("BERTEncoder", "MaskLM", "NextSentencePred")}
    names.BERTEncoder, names.MaskLM, names.NextSentencePred = Encoder, Masked, Follows
    try:
        sizes = {"vocab_size": 7, "num_hiddens": 4, "ffn_num_hiddens": 6, "num_heads": 2, "num_blks": 3}
        net = names.BERTModel(**sizes, dropout=0.25, **({} if max_len is None else {"max_len": max_len}))
        net.double().eval()
        net.hidden.load_state_dict(hidden)
        optional = [valid_lens, pred_positions]
        while optional and optional[-1] is None:
            optional.pop()
        outputs = net(tokens, segments, *optional)
        return [list(outputs), [net.encoder.sizes, net.mlm.sizes, net.nsp.sizes]]
    finally:
        for name, value in own.items():
            setattr(names, name, value)


@check("BERTModel", points=1)
@given(max_len=st.one_of(st.none(), st.integers(2, 9)), seed=SEEDS)
def test_model_passes_its_sizes_on(submission, max_len, seed):
    """Encoder and heads get the sizes the model was given; max_len is 1000 unless given."""
    hidden = drawn({"0.weight": (H, H), "0.bias": (H,)}, seed)
    tokens, positions = torch.tensor([[1, 2]]), torch.tensor([[1]])
    answer = submission.run(with_stand_ins, hidden, tokens, torch.zeros_like(tokens), None, positions, max_len)
    encoder, mlm, nsp = items_of(items_of(answer, 2)[1], 3)
    labels = ["vocab_size", "num_hiddens", "ffn_num_hiddens", "num_heads", "num_blks", "dropout", "max_len"]
    for label, got, wanted in zip(labels, encoder, [7, 4, 6, 2, 3, 0.25, max_len or 1000]):
        close(got, wanted, what=f"{label} of net.encoder")
    for label, got, wanted in zip(["vocab_size", "num_hiddens", "num_inputs"], mlm, [7, 4, 4]):
        close(got, wanted, what=f"{label} of net.mlm")
    close(nsp, [4], what="the arguments of NextSentencePred")


def model_parts(side, seed, tokens, segments, valid_lens, pred_positions):
    """encoded_X, mlm_Y_hat, nsp_Y_hat of a model whose encoder and heads are stand-ins."""
    hidden = drawn({"0.weight": (H, H), "0.bias": (H,)}, seed)
    answer = side.run(with_stand_ins, hidden, tokens, segments, valid_lens, pred_positions, 9)
    return items_of(items_of(answer, 2)[0], 3, what=f"what {MODEL} returns")


@check("BERTModel", points=2)
@given(tokens=TOKENS, segments=SEGMENTS, valid_lens=OPTIONAL_LENS, pred_positions=POSITIONS, seed=SEEDS)
def test_model_joins_encoder_and_mask_lm(submission, reference, tokens, segments, valid_lens, pred_positions, seed):
    """It returns the encoder's output first, and the masked-language-model logits of that output second."""
    args = (seed, tokens, segments, valid_lens, pred_positions)
    mine, right = model_parts(submission, *args), model_parts(reference, *args)
    close(mine[0], right[0], what="encoded_X (with a stand-in as encoder)")
    close(mine[1], right[1], what="mlm_Y_hat (with stand-ins as encoder and mlm)")


@check("BERTModel", points=2)
@given(tokens=TOKENS, segments=SEGMENTS, valid_lens=LENS, pred_positions=POSITIONS, seed=SEEDS)
def test_model_reads_the_next_sentence_from_cls(
    submission, reference, tokens, segments, valid_lens, pred_positions, seed
):
    """The next-sentence head sees the encoder's vector of <cls>, the first token, after hidden."""
    args = (seed, tokens, segments, valid_lens, pred_positions)
    mine, right = model_parts(submission, *args), model_parts(reference, *args)
    close(mine[2], right[2], what="nsp_Y_hat (with stand-ins as encoder and nsp)")


@check("BERTModel", points=1)
@given(tokens=TOKENS, segments=SEGMENTS, valid_lens=OPTIONAL_LENS, seed=SEEDS)
def test_model_without_positions_predicts_no_masked_tokens(submission, reference, tokens, segments, valid_lens, seed):
    """Without pred_positions, with valid_lens or without, mlm_Y_hat is None and the other two are as ever."""
    args = (seed, tokens, segments, valid_lens, None)
    mine, right = model_parts(submission, *args), model_parts(reference, *args)
    call = "net(tokens, segments)" if valid_lens is None else "net(tokens, segments, valid_lens)"
    close(mine[0], right[0], what=f"encoded_X of {call}")
    close(mine[1], None, what=f"mlm_Y_hat of {call}")
    close(mine[2], right[2], what=f"nsp_Y_hat of {call}")


@probe
def whole_model(names, sizes, state, tokens, segments, valid_lens, pred_positions):
    """net(tokens, segments, valid_lens, pred_positions)"""
    net = names.BERTModel(**sizes).double()
    net.load_state_dict(state)
    outputs = list(net(tokens, segments, valid_lens=valid_lens, pred_positions=pred_positions))
    parameters = dict(net.named_parameters())
    total = sum((output * output.detach()).sum() for output in outputs)
    gradients = torch.autograd.grad(total, list(parameters.values()), allow_unused=True)
    own = [name for name, _ in net.named_buffers() if name.split(".")[0] not in ("encoder", "mlm", "nsp")]
    return [outputs, dict(zip(parameters, gradients)), own]


@check("BERTModel", points=2)
@given(tokens=TOKENS, segments=SEGMENTS, valid_lens=LENS, pred_positions=POSITIONS, seed=SEEDS)
@few
def test_model_as_a_whole(submission, reference, tokens, segments, valid_lens, pred_positions, seed):
    """With your own encoder and heads in place, results are right, gradients reach all, and no buffer is added."""
    sizes = encoder_sizes(num_blks=1)
    args = (sizes, drawn(model_shapes(**sizes), seed), tokens, segments, valid_lens, pred_positions)
    outputs, gradients, buffers = items_of(submission.run(whole_model, *args), 3)
    right, right_gradients, _ = reference.run(whole_model, *args)
    expect(not buffers, f"must have no buffer {', '.join(buffers[:4])}", what="BERTModel(...)")
    for label, got, wanted in zip(("encoded_X", "mlm_Y_hat", "nsp_Y_hat"), items_of(outputs, 3), right):
        close(got, wanted, what=label)
    judge_gradients(gradients, right_gradients, MODEL)


@check("BERTModel", points=1)
@given(
    tokens=TOKENS,
    segments=SEGMENTS,
    valid_lens=OPTIONAL_LENS,
    pred_positions=st.one_of(st.none(), POSITIONS),
    training=st.booleans(),
    seed=SEEDS,
)
@few
def test_model_call_depends_on_no_call_before(
    submission, reference, tokens, segments, valid_lens, pred_positions, training, seed
):
    """A second call works with the weights that are there by then; no call changes its arguments or a mode."""
    arguments = {"tokens": tokens, "segments": segments, "valid_lens": valid_lens, "pred_positions": pred_positions}
    sizes = encoder_sizes(num_blks=1)
    judge_second_call(
        submission, reference, "BERTModel", sizes, model_shapes(**sizes), seed, arguments, training, MODEL
    )


# bert_loss

LOSS = "bert_loss(...)"


@probe
def batch_loss(names, batch, mlm_scores, nsp_scores, label_smoothing):
    """bert_loss(net, loss, vocab_size, ...)"""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.mlm_scores, self.nsp_scores = nn.Parameter(mlm_scores), nn.Parameter(nsp_scores)

        def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
            return torch.zeros(*tokens.shape, 2), 1 * self.mlm_scores, 1 * self.nsp_scores

    net = Net()
    loss = nn.CrossEntropyLoss(reduction="none", label_smoothing=label_smoothing)
    result = list(names.bert_loss(net, loss, mlm_scores.shape[2], *batch))
    gradients = []
    if all(isinstance(part, Tensor) and part.requires_grad for part in result):
        for part in result:
            for parameter in (net.mlm_scores, net.nsp_scores):
                gradients += torch.autograd.grad(part.sum(), parameter, retain_graph=True, allow_unused=True)
    zero = [torch.zeros_like(p) for p in (net.mlm_scores, net.nsp_scores)] * 3
    return [result, [z if g is None else g for g, z in zip(gradients, zero)]]


@st.composite
def weights_of(draw):
    """(b, k) weights 0 and 1, float64, with at least one 1; real predictions come first in each row."""
    b, _, k = draw(SIZES)
    generator = torch.Generator().manual_seed(draw(SEEDS))
    counts = torch.randint(0, k + 1, (b, 1), generator=generator)
    counts[-1] = max(1, int(counts[-1]))
    return (torch.arange(k) < counts).double()


WEIGHTS, LABELS, PAIRS = weights_of(), whole("bk", V), whole("b", 2)


def batch_of(mlm_weights_X, mlm_Y, nsp_y):
    """The seven parts of a batch with these weights and labels."""
    (b, k), n = mlm_Y.shape, 4
    tokens, segments = torch.arange(b * n).reshape(b, n) % V, (torch.arange(n) > 1).long().repeat(b, 1)
    positions = torch.arange(b * k).reshape(b, k) % n
    return [tokens, segments, torch.arange(b) % n + 1, positions, mlm_weights_X, mlm_Y, nsp_y]


def judged_loss(side, mlm_weights_X, mlm_Y, nsp_y, scores, smoothing=0.0):
    """(mlm_l, nsp_l, l) and the gradients with respect to the net's parameters. scores: (mlm, nsp)."""
    batch = batch_of(mlm_weights_X, mlm_Y, nsp_y)
    answer = items_of(side.run(batch_loss, batch, *scores, smoothing), 2)
    return items_of(answer[0], 3, what=f"what {LOSS} returns"), answer[1]


def close_gradients(gradients, right_gradients):
    """Compare what batch_loss returns as gradients."""
    pairs = [(part, head) for part in ("mlm_l", "nsp_l", "l") for head in ("masked-token", "next-sentence")]
    for (part, head), got, wanted in zip(pairs, gradients, right_gradients):
        close(got, wanted, what=f"the gradient of {part} with respect to the {head} scores", **NEARLY)


def scores_of(seed, mlm_Y):
    """Drawn logits of both heads for a batch."""
    b, k = mlm_Y.shape
    return tuple(drawn({"mlm": (b, k, V), "nsp": (b, 2)}, seed).values())


@probe
def seen_by_net(names, batch):
    """bert_loss(net, loss, vocab_size, ...)"""
    seen = []

    def net(tokens, segments, valid_lens=None, pred_positions=None):
        seen.append([tokens, segments, valid_lens, pred_positions])
        return torch.zeros(*tokens.shape, 1), torch.zeros(*batch[5].shape, 7), torch.zeros(len(tokens), 2)

    names.bert_loss(net, nn.CrossEntropyLoss(reduction="none"), 7, *batch)
    return seen


@check("bert_loss", points=1)
@given(tokens_X=TOKENS, segments_X=SEGMENTS, valid_lens_x=LENS, pred_positions_X=POSITIONS)
def test_net_sees_the_batch(submission, tokens_X, segments_X, valid_lens_x, pred_positions_X):
    """net is called with the tokens, segments, valid lengths and positions to predict."""
    weights, labels = torch.ones(pred_positions_X.shape), torch.zeros_like(pred_positions_X)
    passed = [tokens_X, segments_X, valid_lens_x, pred_positions_X]
    calls = items_of(submission.run(seen_by_net, [*passed, weights, labels, torch.zeros(len(tokens_X)).long()]))
    expect(calls, "must be called", what="net")
    labels = ["tokens", "segments", "valid_lens", "pred_positions"]
    for label, got, wanted in zip(labels, items_of(calls[0], 4), passed):
        got = tensor_of(got, what=f"{label} of the call of net")
        close(got.reshape(-1) if label == "valid_lens" else got, wanted, what=f"{label} of the call of net")


# Sums divided by a number of predictions may have 1e-8 added to it.
NEARLY = {"rtol": 1e-6, "atol": 1e-7}


@check("bert_loss", points=3)
@given(mlm_weights_X=WEIGHTS, mlm_Y=LABELS, nsp_y=PAIRS, label_smoothing=st.sampled_from([0.0, 0.25]), seed=SEEDS)
def test_mlm_loss_is_the_mean_over_real_predictions(
    submission, reference, mlm_weights_X, mlm_Y, nsp_y, label_smoothing, seed
):
    """mlm_l is the mean loss of the predictions with weight 1, with the loss that was passed in."""
    args = (mlm_weights_X, mlm_Y, nsp_y, scores_of(seed, mlm_Y), label_smoothing)
    mine, right = judged_loss(submission, *args)[0], judged_loss(reference, *args)[0]
    close(mine[0], right[0], what="mlm_l", **NEARLY)


@check("bert_loss", points=1)
@given(mlm_weights_X=WEIGHTS, mlm_Y=LABELS, nsp_y=PAIRS, label_smoothing=st.sampled_from([0.0, 0.25]), seed=SEEDS)
def test_nsp_loss_is_the_mean_over_sequences(submission, reference, mlm_weights_X, mlm_Y, nsp_y, label_smoothing, seed):
    """nsp_l is the mean loss of the next-sentence predictions, with the loss that was passed in."""
    args = (mlm_weights_X, mlm_Y, nsp_y, scores_of(seed, mlm_Y), label_smoothing)
    mine, right = judged_loss(submission, *args)[0], judged_loss(reference, *args)[0]
    close(mine[1], right[1], what="nsp_l", **NEARLY)


@check("bert_loss", points=2)
@given(mlm_weights_X=WEIGHTS, mlm_Y=LABELS, nsp_y=PAIRS, seed=SEEDS)
def test_loss_is_the_sum_and_is_learnt_from(submission, reference, mlm_weights_X, mlm_Y, nsp_y, seed):
    """l is mlm_l + nsp_l, and gradients flow from all three to the parameters of net."""
    args = (mlm_weights_X, mlm_Y, nsp_y, scores_of(seed, mlm_Y))
    (mine, gradients), (right, right_gradients) = judged_loss(submission, *args), judged_loss(reference, *args)
    close(mine[2], right[2], what="l", **NEARLY)
    expect(gradients, "must be tensors that lead back to the parameters of net", what="Each of mlm_l, nsp_l and l")
    close_gradients(gradients, right_gradients)


@check("bert_loss", points=2)
@given(mlm_weights_X=WEIGHTS, mlm_Y=LABELS, nsp_y=PAIRS, seed=SEEDS)
def test_padded_predictions_do_not_count(submission, mlm_weights_X, mlm_Y, nsp_y, seed):
    """Other scores and labels at predictions of weight 0 change nothing."""
    mlm_scores, nsp_scores = scores_of(seed, mlm_Y)
    before, _ = judged_loss(submission, mlm_weights_X, mlm_Y, nsp_y, (mlm_scores, nsp_scores))
    tensor_of(before[0], shape=(), what="mlm_l")
    real = mlm_weights_X > 0
    labels = torch.where(real, mlm_Y, (mlm_Y + 1) % V)
    scores = torch.where(real[:, :, None], mlm_scores, mlm_scores.flip(2) * 3)
    after, _ = judged_loss(submission, mlm_weights_X, labels, nsp_y, (scores, nsp_scores))
    close(after[0], before[0], what="mlm_l, after a change of the padded predictions,")


@check("bert_loss", points=1)
@given(mlm_Y=LABELS, nsp_y=PAIRS, seed=SEEDS)
def test_no_real_prediction_costs_nothing(submission, reference, mlm_Y, nsp_y, seed):
    """If every weight is 0, mlm_l is 0 and l is nsp_l; all three still lead back to the parameters of net."""
    args = (torch.zeros(mlm_Y.shape, dtype=F64), mlm_Y, nsp_y, scores_of(seed, mlm_Y))
    ((mlm_l, nsp_l, total), gradients), (_, right_gradients) = (
        judged_loss(submission, *args),
        judged_loss(reference, *args),
    )
    close(mlm_l, torch.zeros((), dtype=F64), what="mlm_l with all weights 0", **NEARLY)
    close(total, tensor_of(nsp_l, shape=(), what="nsp_l"), what="l with all weights 0", **NEARLY)
    problem = "must lead back to the parameters of net, with all weights 0 as well"
    expect(gradients, problem, what="Each of mlm_l, nsp_l and l")
    close_gradients(gradients, right_gradients)


@probe
def loss_again(names, batch, mlm_scores, nsp_scores, training):
    """bert_loss(net, loss, vocab_size, ...), called again"""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.mlm_scores, self.nsp_scores = nn.Parameter(mlm_scores), nn.Parameter(nsp_scores)

        def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
            return torch.zeros(*tokens.shape, 2), 1 * self.mlm_scores, 1 * self.nsp_scores

    net, loss = Net().train(training), nn.CrossEntropyLoss(reduction="none")
    for part in names.bert_loss(net, loss, mlm_scores.shape[2], *batch):
        part.detach().fill_(9.0)
    same = [torch.is_grad_enabled(), torch.get_default_dtype() == torch.float32, net.training is training]
    reduction = loss.reduction
    return [batch, reduction, same, list(names.bert_loss(net, loss, mlm_scores.shape[2], *batch))]


@check("bert_loss", points=1)
@given(mlm_weights_X=WEIGHTS, mlm_Y=LABELS, nsp_y=PAIRS, training=st.booleans(), seed=SEEDS)
def test_loss_leaves_its_arguments_alone(submission, reference, mlm_weights_X, mlm_Y, nsp_y, training, seed):
    """The batch, net and loss are the same after the call as before, and a second call gives the same."""
    batch, scores = batch_of(mlm_weights_X, mlm_Y, nsp_y), scores_of(seed, mlm_Y)
    after, reduction, same, again = items_of(submission.run(loss_again, batch, *scores, training), 4)
    right = reference.run(loss_again, batch, *scores, training)[3]
    labels = ["tokens_X", "segments_X", "valid_lens_x", "pred_positions_X", "mlm_weights_X", "mlm_Y", "nsp_y"]
    for label, got, before in zip(labels, items_of(after, 7), batch):
        close(got, before, what=f"{label} after {LOSS}")
    close(reduction, "none", what=f"loss.reduction after {LOSS}")
    judge_surroundings(same, LOSS, "net")
    for label, got, wanted in zip(("mlm_l", "nsp_l", "l"), items_of(again, 3), right):
        close(got, wanted, what=f"{label} of a second call with the same net and loss", **NEARLY)


@probe
def undecided_loss(names, mlm_weights, mlm_Y, nsp_y, vocab_size):
    """bert_loss(net, loss, vocab_size, ...) of a net whose logits are all 0"""
    b, k = mlm_Y.shape

    def net(tokens, segments, valid_lens=None, pred_positions=None):
        return torch.zeros(b, 2, 1), torch.zeros(b, k, vocab_size), torch.zeros(b, 2)

    tokens = torch.zeros(b, 2, dtype=torch.int64)
    loss = nn.CrossEntropyLoss(reduction="none")
    lens, positions = torch.full((b,), 2), torch.zeros_like(mlm_Y)
    return list(
        names.bert_loss(net, loss, vocab_size, tokens, tokens, lens, positions, mlm_weights.float(), mlm_Y, nsp_y)
    )


@check("bert_loss", points=1)
@given(mlm_weights_X=weights_of(), mlm_Y=whole("bk", 3), nsp_y=whole("b", 2), vocab_size=st.integers(3, 9))
def test_loss_of_an_undecided_net(submission, mlm_weights_X, mlm_Y, nsp_y, vocab_size):
    """If all logits are 0, mlm_l is log(vocab_size) and nsp_l is log 2, whatever the batch; float32 stays float32."""
    got = items_of(submission.run(undecided_loss, mlm_weights_X, mlm_Y, nsp_y, vocab_size), 3)
    wanted = [math.log(vocab_size), math.log(2), math.log(vocab_size) + math.log(2)]
    for label, value, number in zip(("mlm_l", "nsp_l", "l"), got, wanted):
        close(value, torch.tensor(number), what=f"{label} of a net whose logits are all 0")
