"""Hidden suite: batch normalisation."""

import torch

from autograder.suite import check, close, contract, equal, given, items_of, probe, settings, st, tensor_lists, together

F64 = torch.float64
MODES = st.sampled_from([True, False])
TRAINING, EVALUATION = st.just(True), st.just(False)
FEATURES, IMAGES = st.just(2), st.just(4)
EPS = st.sampled_from([0.25, 1e-5])
MOMENTUM = st.sampled_from([0.9, 0.75, 0.0, 1.0])
SCATTERED = "Images may lie in memory in any order, channels last for instance."


@st.composite
def calls(draw, dims=FEATURES | IMAGES, training=MODES, dtype=F64, eps=EPS, constant=False):
    """All arguments of batch_norm. constant: the entries of channel 0 are all equal."""
    mode, small = draw(training), st.integers(1, 3)
    least = 2 if mode else 1  # entries of a channel
    pixels = (draw(small), draw(st.integers(least, 3))) if draw(dims) == 4 else ()
    X_shape = (draw(small if pixels else st.integers(least, 5)), draw(st.integers(1, 4)), *pixels)
    shape = (1, X_shape[1], *[1] * len(pixels))
    X, gamma, beta, mean, var = draw(tensor_lists([X_shape, shape, shape, shape, shape], dtype=dtype))
    if constant:
        X[:, 0] = X[:, 0].flatten()[0].clone()
    # In float32 a variance near 0 shows how the mean was rounded.
    return X, gamma, beta, mean, var.abs() + 0.125, draw(eps) if X.dtype == F64 else 0.25, draw(MOMENTUM), mode


def case(**options):
    names = ("X", "gamma", "beta", "moving_mean", "moving_var", "eps", "momentum", "training")
    return together(calls(**options), *names)


# batch_norm

contract(
    "batch_norm",
    call="batch_norm(X, ..., training)",
    inputs=together(
        calls(dtype=st.sampled_from([F64, F64, torch.float32])),
        "X", "gamma", "beta", "moving_mean", "moving_var", "eps", "momentum", "training",
    ),
    returns=("Y", "moving_mean", "moving_var"),
    matches="Each channel is normalised, scaled by gamma and shifted by beta, and the statistics come back with Y.",
    also={
        "features": (
            "In training, each column of an input (N, C) is normalised with its own mean and variance.",
            case(dims=FEATURES, training=TRAINING),
        ),
        "images": (
            "In training, each channel of images (N, C, H, W) has one mean and one variance for all its pixels.",
            case(dims=IMAGES, training=TRAINING),
        ),
        "evaluation": (
            "In evaluation, moving_mean and moving_var take the place of the batch's statistics, and come back as they are.",
            case(training=EVALUATION),
        ),
        "scattered": (SCATTERED, case(dims=IMAGES, training=TRAINING), "layout"),
        "constant": (
            "Gradients are right, and finite, where all entries of a channel are equal.",
            case(training=TRAINING, constant=True),
            "gradient",
        ),
    },
    gradient=["X", "gamma", "beta"],
    through="Y",
    keeps=True,
    layout=["X"],
    device=["X"],
    mode=True,
    about=["mode"],
    public={
        "X": torch.tensor([[0.0, 1.0], [4.0, 1.0]]), "gamma": torch.tensor([[3.0, 1.0]]), "beta": torch.tensor([[1.0, 0.0]]),
        "moving_mean": torch.tensor([[0.0, 2.0]]), "moving_var": torch.tensor([[1.0, 0.5]]),
        "eps": 5.0, "momentum": 0.9, "training": True,
    },
)  # fmt: skip


@check("batch_norm", points=1)
@settings(max_examples=10)
@given(**case(training=TRAINING, eps=st.just(0.25)))
def test_features_far_from_zero(
    submission, reference, X, gamma, beta, moving_mean, moving_var, eps, momentum, training
):
    """Features around 100 000 000 are normalised as well as features around 0."""
    rest = (gamma, beta, moving_mean, moving_var, eps, momentum, training)
    Y, _, var = items_of(submission.batch_norm(X + 1e8, *rest), 3, what="what batch_norm returns")
    right, _, right_var = reference.batch_norm(X, *rest)
    close(Y, right, rtol=1e-5, atol=1e-5, what="Y for X + 1e8")
    close(var, right_var, rtol=1e-5, atol=1e-5, what="moving_var for X + 1e8")


@probe
def histories(names, X, gamma, beta, *rest):
    """batch_norm(X, ..., training)"""
    _, mean, var = names.batch_norm(*[t.clone().requires_grad_() * 1 for t in (X, gamma, beta)], *rest)
    return [mean.requires_grad, var.requires_grad]


@check("batch_norm", points=1)
@settings(max_examples=10)
@given(**case())
def test_returned_statistics_have_no_history(
    submission, X, gamma, beta, moving_mean, moving_var, eps, momentum, training
):
    """The returned statistics are plain values, even where X, gamma and beta require gradients."""
    found = submission.run(histories, X, gamma, beta, moving_mean, moving_var, eps, momentum, training)
    equal(found, [False, False], what="requires_grad of the returned moving_mean and moving_var")


# BatchNorm


def layer_for(X):
    X = st.shared(X, key="X")
    return {"num_features": X.map(lambda X: X.shape[1]), "num_dims": X.map(lambda X: X.ndim), "X": X}


def batches(**options):
    return calls(training=TRAINING, **options).map(lambda drawn: drawn[0])


DRAWN = layer_for(batches(dtype=st.sampled_from([F64, F64, torch.float32])))

contract(
    "BatchNorm",
    builds={"num_features": DRAWN["num_features"], "num_dims": DRAWN["num_dims"]},
    inputs={"X": DRAWN["X"]},
    training=MODES,
    matches="In training, layer(X) normalises with the batch and learns from it; in evaluation, with what it has learned.",
    also={
        "images": ("Images (N, C, H, W) are normalised channel by channel.", layer_for(batches(dims=IMAGES))),
        "scattered": (SCATTERED, layer_for(batches(dims=IMAGES)), "layout"),
        "constant": (
            "Gradients are right, and finite, where all entries of a channel are equal.",
            layer_for(batches(constant=True)),
            "gradient",
        ),
    },
    gradient=["X", "parameters"],
    keeps=True,
    changes=["moving_mean", "moving_var"],
    layout=True,
    device=True,
    mode=True,
    parameters="initial",
    buffers=["moving_mean", "moving_var"],
    state_dict=True,
    about=["mode", "parameters", "buffers", "state_dict"],
    public={"num_features": 2, "num_dims": 2, "X": torch.tensor([[0.0, 1.0], [4.0, 1.0]])},
)


@probe
def passes(names, batches, modes, turns):
    """layer(X)"""
    torch.set_default_dtype(torch.float64)
    layers = [names.BatchNorm(batches[0].shape[1], batches[0].ndim).double() for _ in range(2)]
    torch.set_default_dtype(torch.float32)
    found = []
    for number, X in enumerate(batches):
        layer = layers[turns[number]].train(modes[number])
        at(f"layer(batches[{number}]) in {'training' if modes[number] else 'evaluation'} mode")  # noqa: F821
        Y = layer(X)
        found.append([Y, layer.moving_mean.detach().clone(), layer.moving_var.detach().clone()])
    return found


BATCHES = st.integers(1, 3).flatmap(lambda C: st.lists(st.integers(2, 5).map(lambda N: (N, C)), min_size=2, max_size=4))


@check("BatchNorm", points=2)
@settings(max_examples=20)
@given(
    batches=BATCHES.flatmap(tensor_lists), modes=st.lists(MODES, min_size=4, max_size=4),
    turns=st.lists(st.integers(0, 1), min_size=4, max_size=4),
)  # fmt: skip
def test_any_sequence_of_passes(submission, reference, batches, modes, turns):
    """Of two layers, each learns from its own training passes and from no evaluation, in any order."""
    mine = items_of(submission.run(passes, batches, modes, turns), len(batches))
    for number, right in enumerate(reference.run(passes, batches, modes, turns)):
        when = f"after pass {number + 1}, by layer {turns[number]} with layer.training={modes[number]},"
        for name, own, wanted in zip(("Y", "moving_mean", "moving_var"), items_of(mine[number], 3), right, strict=True):
            close(own, wanted, what=f"{name} {when}")
