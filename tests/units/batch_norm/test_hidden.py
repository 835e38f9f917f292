"""Hidden suite: batch normalisation."""

import torch

from autograder.suite import (
    SimulatedGPUs,
    check,
    close,
    equal,
    example,
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
few = settings(max_examples=12)


@st.composite
def rough(draw, shape, salt, low=-4.0, layouts=False):
    """Multiples of 1/8 in [low, 4] from a drawn seed. salt: tells the tensors of one example apart."""
    sizes = tuple(draw(size) if isinstance(size, st.SearchStrategy) else size for size in shape)
    generator = torch.Generator().manual_seed(8 * draw(st.integers(0, 10**6)) + salt)
    values = torch.randint(round(8 * low), 33, sizes, generator=generator).to(F64) / 8
    layout = draw(st.sampled_from(["contiguous", "transposed", "sliced"])) if layouts else "contiguous"
    if layout == "transposed":
        return values.transpose(0, 1).contiguous().transpose(0, 1)
    return values.repeat_interleave(2, dim=-1)[..., ::2] if layout == "sliced" else values


# All tensors of one example share the number of channels.
CHANNELS = st.shared(st.integers(1, 4), key="channels")
BATCH = st.integers(2, 5)
FEW = st.integers(1, 3)
AT_LEAST_TWO = st.integers(2, 3)
MODES = st.sampled_from([True, False])
NUMBERS = {"eps": st.sampled_from([0.25, 1e-5]), "momentum": st.sampled_from([0.9, 0.75, 0.0, 1.0])}


def rows(batch=BATCH, salt=0):
    return rough((batch, CHANNELS), salt, layouts=True)


def images(batch=FEW, width=AT_LEAST_TWO, salt=0):
    return rough((batch, CHANNELS, FEW, width), salt, layouts=True)


def per_channel(*ones):
    """Strategies for what batch_norm takes beside X, each of shape (1, C, *ones)."""
    shape = (1, CHANNELS, *ones)
    return {
        "gamma": rough(shape, 1),
        "beta": rough(shape, 2),
        "moving_mean": rough(shape, 3),
        "moving_var": rough(shape, 4, low=0.125),
    }


def fitting(X, *stored):
    """What is stored per channel, (1, C) each, in the shape that X asks for: (1, C) or (1, C, 1, 1)."""
    return [values.reshape(1, -1, *[1] * (X.ndim - 2)) for values in stored]


def cropped(X):
    """X as a window of larger images."""
    larger = torch.zeros(*X.shape[:2], X.shape[2] + 1, X.shape[3] + 2, dtype=X.dtype)
    larger[:, :, 1:, 1:-1] = X
    return larger[:, :, 1:, 1:-1]


def channels_last(X):
    return X.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


def columns_first(X):
    return X.mT.contiguous().mT


# Down to 1 x 1 pixels. What is contiguous already, channels_last and columns_first leave contiguous.
scattered_images = st.builds(
    lambda layout, X: layout(X),
    st.sampled_from([cropped, channels_last, columns_first]),
    rough((st.integers(2, 3), CHANNELS, FEW, FEW), 0),
)


def with_constant_channel(X):
    """X with the first entry of channel 0 all over channel 0."""
    X = X.clone()
    X[:, 0] = X[:, 0].flatten()[0]
    return X


constant_channels = st.one_of(rows(), images()).map(with_constant_channel)

TRAINED = {name: per_channel()[name] for name in ("gamma", "beta")}


def plain(X):
    """gamma, beta, moving_mean and moving_var that X passes through unscaled: 1, 0, 0, 1."""
    zeros = torch.zeros(1, X.shape[1], *[1] * (X.ndim - 2), dtype=X.dtype)
    return zeros + 1, zeros, zeros, zeros + 1


def three(returned):
    return items_of(returned, 3, what="What batch_norm returns, (Y, moving_mean, moving_var),")


def close_statistics(mine, right, when="", **tolerance):
    for name, own, wanted in zip(("moving_mean", "moving_var"), mine, right, strict=True):
        close(own, wanted, what=f"{name}{when}", **tolerance)


def expect_switches(switches, recording, what):
    """switches: whether gradients are recorded, and the default dtype, after the call."""
    records, dtype = switches
    if recording:
        expect(records is True, "switches torch's recording of gradients off", what=what)
    expect(records is recording, "switches torch's recording of gradients on", what=what)
    expect(dtype == torch.float32, "changes torch's default dtype", what=what)


# batch_norm


@check("batch_norm", points=2)
@given(X=rows(), **per_channel(), **NUMBERS)
def test_training_normalises_features(submission, reference, X, gamma, beta, moving_mean, moving_var, eps, momentum):
    """In training, each column of an input (N, C) is normalised with its own mean and variance."""
    args = (X, gamma, beta, moving_mean, moving_var, eps, momentum, True)
    Y, _, _ = three(submission.batch_norm(*args))
    close(Y, reference.batch_norm(*args)[0], what="Y")


@check("batch_norm", points=2)
@given(X=images(), **per_channel(1, 1), **NUMBERS)
def test_training_normalises_channels(submission, reference, X, gamma, beta, moving_mean, moving_var, eps, momentum):
    """In training, each channel of images (N, C, H, W) is normalised over all examples and pixels."""
    args = (X, gamma, beta, moving_mean, moving_var, eps, momentum, True)
    Y, _, _ = three(submission.batch_norm(*args))
    close(Y, reference.batch_norm(*args)[0], what="Y")


@check("batch_norm", points=1)
@given(X=scattered_images, **per_channel(), training=MODES)
def test_images_in_any_memory_layout(submission, reference, X, gamma, beta, moving_mean, moving_var, training):
    """Images need not lie in memory in order: channels last, or cut out of larger ones, they give the same."""
    args = (X, *fitting(X, gamma, beta, moving_mean, moving_var), 0.25, 0.9, training)
    mine, right = three(submission.batch_norm(*args)), reference.batch_norm(*args)
    close(mine[0], right[0], what="Y")
    close_statistics(mine[1:], right[1:], " as returned")


@check("batch_norm", points=1)
@given(
    X=st.one_of(
        spread((st.integers(4, 7), CHANNELS)),
        spread((st.integers(1, 3), CHANNELS, st.integers(2, 3), st.integers(2, 4))),
    )
)
def test_output_has_mean_0_and_variance_1(submission, X):
    """In training, with gamma 1 and beta 0, every channel of Y has mean 0 and (biased) variance 1."""
    Y = tensor_of(three(submission.batch_norm(X, *plain(X), 1e-12, 0.9, True))[0], shape=X.shape, dtype=F64, what="Y")
    channels = Y.transpose(0, 1).flatten(1)
    zeros = torch.zeros(len(channels), dtype=F64)
    close(channels.mean(dim=1), zeros, what="the mean of each channel of Y")
    close(channels.var(dim=1, correction=0), zeros + 1, rtol=1e-6, what="the variance of each channel of Y")


@check("batch_norm", points=1)
@given(row=rough((1, CHANNELS), 0), count=st.integers(2, 4), **TRAINED)
def test_constant_feature_gives_beta(submission, row, count, gamma, beta):
    """A feature that is the same in the whole batch comes out as beta, whatever gamma is, and not as nan."""
    X = row.repeat(count, 1)
    _, _, moving_mean, moving_var = plain(X)
    Y, _, _ = three(submission.batch_norm(X, gamma, beta, moving_mean, moving_var, 1e-5, 0.9, True))
    close(Y, beta.repeat(count, 1), what=f"Y for {count} rows equal to `row`")


@check("batch_norm", points=1)
@given(X=st.one_of(rows(), images()), **per_channel())
def test_features_far_from_zero(submission, reference, X, gamma, beta, moving_mean, moving_var):
    """Features around 100 000 000 are normalised as well as features around 0."""
    rest = (*fitting(X, gamma, beta, moving_mean, moving_var), 0.25, 0.9, True)
    Y, _, var = three(submission.batch_norm(X + 1e8, *rest))
    right, _, right_var = reference.batch_norm(X, *rest)
    close(Y, right, rtol=1e-5, atol=1e-5, what="Y for X + 1e8")
    close(var, right_var, rtol=1e-5, atol=1e-5, what="moving_var for X + 1e8")


@check("batch_norm", points=2)
@given(X=rows(), **per_channel(), **NUMBERS)
def test_training_updates_statistics_of_features(
    submission, reference, X, gamma, beta, moving_mean, moving_var, eps, momentum
):
    """In training, the statistics become momentum times the old plus (1 - momentum) times the batch's."""
    args = (X, gamma, beta, moving_mean, moving_var, eps, momentum, True)
    close_statistics(three(submission.batch_norm(*args))[1:], reference.batch_norm(*args)[1:], " as returned")


@check("batch_norm", points=1)
@given(X=images(), **per_channel(1, 1), **NUMBERS)
def test_training_updates_statistics_of_channels(
    submission, reference, X, gamma, beta, moving_mean, moving_var, eps, momentum
):
    """For images, the statistics are updated channel by channel and keep their shape (1, C, 1, 1)."""
    args = (X, gamma, beta, moving_mean, moving_var, eps, momentum, True)
    close_statistics(three(submission.batch_norm(*args))[1:], reference.batch_norm(*args)[1:], " as returned")


@check("batch_norm", points=2)
@given(X=rows(st.integers(1, 4), salt=5), **per_channel(), **NUMBERS)
def test_evaluation_uses_moving_statistics(
    submission, reference, X, gamma, beta, moving_mean, moving_var, eps, momentum
):
    """In evaluation, an input (N, C) is normalised with moving_mean and moving_var, not with the batch."""
    args = (X, gamma, beta, moving_mean, moving_var, eps, momentum, False)
    close(three(submission.batch_norm(*args))[0], reference.batch_norm(*args)[0], what="Y in evaluation")


@check("batch_norm", points=1)
@given(X=images(width=FEW, salt=5), **per_channel(1, 1), **NUMBERS)
def test_evaluation_of_images(submission, reference, X, gamma, beta, moving_mean, moving_var, eps, momentum):
    """In evaluation, images (N, C, H, W) are normalised with moving_mean and moving_var too."""
    args = (X, gamma, beta, moving_mean, moving_var, eps, momentum, False)
    close(three(submission.batch_norm(*args))[0], reference.batch_norm(*args)[0], what="Y in evaluation")


@check("batch_norm", points=1)
@given(X=rows(), **per_channel())
def test_evaluation_treats_examples_alone(submission, X, gamma, beta, moving_mean, moving_var):
    """In evaluation, the output for an example does not depend on the rest of the batch."""
    rest = (gamma, beta, moving_mean, moving_var, 1e-5, 0.9, False)
    Y = tensor_of(three(submission.batch_norm(X, *rest))[0], shape=X.shape, dtype=F64, what="Y in evaluation")
    alone = three(submission.batch_norm(X[:1], *rest))[0]
    close(
        alone,
        Y[:1],
        what="Y in evaluation for the first example alone, compared with the first row of Y for all,",
    )


@check("batch_norm", points=1)
@given(X=rows(), **per_channel(), **NUMBERS)
def test_evaluation_keeps_statistics(submission, X, gamma, beta, moving_mean, moving_var, eps, momentum):
    """In evaluation, moving_mean and moving_var are returned as they came in."""
    returned = three(submission.batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum, False))
    equal(returned[1], moving_mean, what="moving_mean as returned in evaluation")
    equal(returned[2], moving_var, what="moving_var as returned in evaluation")


@probe
def batch_norm_without_recording_gradients(names, X, gamma, beta, moving_mean, moving_var, training):
    with torch.no_grad():
        return names.batch_norm(X, gamma, beta, moving_mean, moving_var, 1e-5, 0.9, training)


@check("batch_norm", points=1)
@given(X=rows(), **per_channel(), training=MODES)
def test_mode_comes_from_the_argument(submission, reference, X, gamma, beta, moving_mean, moving_var, training):
    """The argument training decides, under torch.no_grad() too."""
    args = (X, gamma, beta, moving_mean, moving_var, training)
    mine = three(submission.run(batch_norm_without_recording_gradients, *args))
    right = reference.run(batch_norm_without_recording_gradients, *args)
    close(mine[0], right[0], what=f"Y with training={training} under torch.no_grad()")
    close_statistics(mine[1:], right[1:], f" as returned with training={training} under torch.no_grad()")


def close_gradients(submission, reference, args):
    """Compare the gradients through Y to X, gamma and beta."""
    X, moving_mean = args[0], args[3]
    through_Y = torch.linspace(-1, 2, X.numel(), dtype=F64).cos().view_as(X)
    zeros = torch.zeros_like(moving_mean)
    mine = submission.batch_norm.vjp(*args, cotangent=[through_Y, zeros, zeros])
    right = reference.batch_norm.vjp(*args, cotangent=[through_Y, zeros, zeros])
    close(three(mine.output)[0], right.output[0], what="Y")
    for name, own, wanted in zip(("X", "gamma", "beta"), mine.inputs, right.inputs, strict=False):
        close(own, wanted, what=f"the gradient of Y with respect to {name}")


@check("batch_norm", points=2)
@given(X=rows(), **per_channel(), eps=NUMBERS["eps"])
def test_gradients_of_features(submission, reference, X, gamma, beta, moving_mean, moving_var, eps):
    """In training, gradients reach X, gamma and beta, those of X by way of the mean and the variance too."""
    close_gradients(submission, reference, (X, gamma, beta, moving_mean, moving_var, eps, 0.9, True))


@check("batch_norm", points=1)
@given(X=images(), **per_channel(1, 1), training=MODES)
def test_gradients_of_images(submission, reference, X, gamma, beta, moving_mean, moving_var, training):
    """For images, gradients reach X, gamma and beta in training and in evaluation."""
    close_gradients(submission, reference, (X, gamma, beta, moving_mean, moving_var, 0.25, 0.9, training))


@check("batch_norm", points=1)
@given(X=constant_channels, **per_channel(), eps=NUMBERS["eps"])
def test_gradient_of_a_constant_channel(submission, reference, X, gamma, beta, moving_mean, moving_var, eps):
    """In training, the gradient is finite for a channel whose entries are all equal, too."""
    stored = fitting(X, gamma, beta, moving_mean, moving_var)
    close_gradients(submission, reference, (X, *stored, eps, 0.9, True))


@probe
def gradient_history_of_statistics(names, X, gamma, beta, moving_mean, moving_var, training):
    X, gamma, beta = (t.clone().requires_grad_() for t in (X, gamma, beta))
    _, mean, var = names.batch_norm(X, gamma, beta, moving_mean, moving_var, 1e-5, 0.9, training)
    return [mean.requires_grad, var.requires_grad]


@check("batch_norm", points=1)
@given(X=st.one_of(rows(), images()), **per_channel(), training=MODES)
def test_returned_statistics_have_no_history(submission, X, gamma, beta, moving_mean, moving_var, training):
    """The returned statistics carry no gradient history, even where X, gamma and beta require gradients."""
    stored = fitting(X, gamma, beta, moving_mean, moving_var)
    histories = submission.run(gradient_history_of_statistics, X, *stored, training)
    for name, history in zip(("moving_mean", "moving_var"), items_of(histories, 2), strict=True):
        problem = "must be cut off from the graph, but its requires_grad is true"
        expect(history is False, problem, what=f"the returned {name}")


@probe
def inputs_after_batch_norm(names, X, gamma, beta, moving_mean, moving_var, training):
    names.batch_norm(X, gamma, beta, moving_mean, moving_var, 1e-5, 0.9, training)
    return [X, gamma, beta, moving_mean, moving_var]


@check("batch_norm", points=1)
@given(X=st.one_of(rows(), images()), **per_channel(), training=MODES)
def test_leaves_its_inputs_alone(submission, X, gamma, beta, moving_mean, moving_var, training):
    """X, gamma, beta, moving_mean and moving_var are the same after the call as before."""
    before = (X, *fitting(X, gamma, beta, moving_mean, moving_var))
    after = items_of(submission.run(inputs_after_batch_norm, *before, training), 5)
    for name, now, then in zip(("X", "gamma", "beta", "moving_mean", "moving_var"), after, before, strict=True):
        equal(now, then, what=f"the {name} passed in, after batch_norm,")


@probe
def traces_of_batch_norm(names, X, gamma, beta, moving_mean, moving_var, training, recording):
    def returned(change, mode):
        tensors = [tensor + change for tensor in (X, gamma, beta, moving_mean, moving_var)]
        return list(names.batch_norm(*tensors, 1e-5, 0.9, mode))

    with torch.set_grad_enabled(recording):
        first = returned(0, training)
        before = [tensor.clone() for tensor in first]
        returned(1, training)
        after = [tensor.clone() for tensor in first]
        returned(1, not training)
        again = returned(0, training)
        return [before, after, again, torch.is_grad_enabled(), torch.get_default_dtype()]


PLAIN = {
    "X": torch.arange(8, dtype=F64).view(4, 2),
    "gamma": torch.ones(1, 2, dtype=F64),
    "beta": torch.zeros(1, 2, dtype=F64),
    "moving_mean": torch.zeros(1, 2, dtype=F64),
    "moving_var": torch.ones(1, 2, dtype=F64),
}


@check("batch_norm", points=1)
@given(X=rows(), **per_channel(), training=MODES, recording=MODES)
@example(**PLAIN, training=False, recording=True)
@example(**PLAIN, training=True, recording=False)
@few
def test_leaves_no_trace(submission, X, gamma, beta, moving_mean, moving_var, training, recording):
    """Calls do not disturb each other: earlier results stay, the same arguments give the same, torch is as before."""
    args = (X, gamma, beta, moving_mean, moving_var, training, recording)
    before, after, again, *switches = items_of(submission.run(traces_of_batch_norm, *args), 5)
    for name, then, now, anew in zip(("Y", "moving_mean", "moving_var"), before, after, again, strict=True):
        equal(now, tensor_of(then, what=name), what=f"{name}, looked at again after another call,")
        close(anew, then, what=f"{name} in a second call with the same arguments, after another one in between,")
    expect_switches(switches, recording, what="batch_norm")


@check("batch_norm", points=1)
@given(X=spread((st.integers(4, 6), CHANNELS), dtype=torch.float32), training=MODES)
def test_float32_stays_float32(submission, reference, X, training):
    """float32 inputs give a float32 Y and float32 statistics."""
    args = (X, *plain(X), 0.25, 0.9, training)
    mine, right = three(submission.batch_norm(*args)), reference.batch_norm(*args)
    close(mine[0], right[0], what="Y")
    close_statistics(mine[1:], right[1:], " as returned")


# BatchNorm


@probe
def BatchNorm_in_float64(names, num_features, num_dims, gamma=None, beta=None):
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        layer = names.BatchNorm(num_features, num_dims)
    finally:
        torch.set_default_dtype(default)
    layer.double()
    with torch.no_grad():
        if gamma is not None:
            layer.gamma.copy_(gamma)
        if beta is not None:
            layer.beta.copy_(beta)
    return layer


def float64_layers(submission, reference, X, *parameters):
    """The submission's and the reference's layer for inputs like X, with these gamma and beta if any."""
    arguments = (X.shape[1], X.ndim, *parameters)
    return submission.run(BatchNorm_in_float64, *arguments), reference.run(BatchNorm_in_float64, *arguments)


def statistics(layer):
    return layer.moving_mean, layer.moving_var


@probe
def registered(names, num_features, num_dims):
    layer = names.BatchNorm(num_features, num_dims)
    return [dict(layer.named_parameters()), dict(layer.named_buffers())]


@check("BatchNorm", points=1)
@given(num_features=st.integers(1, 5), num_dims=st.sampled_from([2, 4]))
def test_parameters(submission, num_features, num_dims):
    """The trainable parameters are gamma, all ones, and beta, all zeros, of shape (1, C) or (1, C, 1, 1)."""
    parameters, _ = submission.run(registered, num_features, num_dims)
    ones = torch.ones(1, num_features, *[1] * (num_dims - 2))
    what = f"dict(BatchNorm({num_features}, {num_dims}).named_parameters())"
    close(parameters, {"gamma": ones, "beta": 0 * ones}, what=what)


@check("BatchNorm", points=2)
@given(num_features=st.integers(1, 5), num_dims=st.sampled_from([2, 4]))
def test_buffers(submission, num_features, num_dims):
    """moving_mean, all zeros, and moving_var, all ones, are buffers of shape (1, C) or (1, C, 1, 1)."""
    _, buffers = submission.run(registered, num_features, num_dims)
    ones = torch.ones(1, num_features, *[1] * (num_dims - 2))
    for name, start in (("moving_mean", 0 * ones), ("moving_var", ones)):
        expect(name in buffers, f"has no {name} among its buffers", what=f"BatchNorm({num_features}, {num_dims})")
        close(buffers[name], start, what=f"the buffer {name} of BatchNorm({num_features}, {num_dims})")


@check("BatchNorm", points=2)
@given(X=st.one_of(rows(), images()))
def test_training_pass(submission, reference, X):
    """In training mode, the first pass normalises X with the batch and takes its statistics in."""
    mine, right = float64_layers(submission, reference, X)
    close(mine(X), right(X), what="layer(X) in training mode")
    close_statistics(statistics(mine), statistics(right), " after one training pass")


@check("BatchNorm", points=1)
@given(X=rows(), training=MODES, **TRAINED)
@few
def test_parameters_are_used(submission, reference, X, gamma, beta, training):
    """gamma scales and beta shifts the output, in both modes."""
    mine, right = float64_layers(submission, reference, X, gamma, beta)
    mine.train(training)
    right.train(training)
    mode = "training" if training else "evaluation"
    close(mine(X), right(X), what=f"layer(X) with these gamma and beta in {mode} mode")


@check("BatchNorm", points=2)
@given(seen=rows(), X=rows(st.integers(1, 4), salt=5))
def test_evaluation_pass(submission, reference, seen, X):
    """In evaluation mode, the statistics of earlier training passes normalise X, and stay as they are."""
    mine, right = float64_layers(submission, reference, seen)
    for layer in (mine, right):
        layer(seen)
        layer.eval()
    before = [tensor_of(t, what="A moving statistic") for t in statistics(mine)]
    close(mine(X), right(X), what="layer(X) in evaluation mode after one training pass over `seen`")
    for name, now, then in zip(("moving_mean", "moving_var"), statistics(mine), before, strict=True):
        equal(now, then, what=f"{name} after an evaluation pass")


@check("BatchNorm", points=1)
@given(seen=images(), X=images(width=FEW, salt=5))
def test_evaluation_pass_of_images(submission, reference, seen, X):
    """In evaluation mode, images are normalised channel by channel, also in another size than before."""
    mine, right = float64_layers(submission, reference, seen)
    for layer in (mine, right):
        layer(seen)
        layer.eval()
    close(mine(X), right(X), what="layer(X) in evaluation mode after one training pass over `seen`")


@check("BatchNorm", points=2)
@given(
    batches=st.lists(rough((BATCH, CHANNELS), 0), min_size=2, max_size=4),
    modes=st.lists(MODES, min_size=4, max_size=4),
)
def test_any_sequence_of_passes(submission, reference, batches, modes):
    """Training passes learn and evaluation passes do not, in any order and for batches of any size."""
    mine, right = float64_layers(submission, reference, batches[0])
    for number, (X, training) in enumerate(zip(batches, modes, strict=False), start=1):
        mine.train(training)
        right.train(training)
        name = f"pass {number}, in {'training' if training else 'evaluation'} mode"
        close(mine(X), right(X), what=f"layer(batches[{number - 1}]) in {name},")
        close_statistics(statistics(mine), statistics(right), f" after {name},")


@check("BatchNorm", points=1)
@given(X=rows(), passes=st.integers(1, 12))
@few
def test_statistics_converge(submission, X, passes):
    """Each pass over a batch takes the statistics a tenth of the way to the batch's mean and variance."""
    left = 0.9**passes
    mean, var = X.mean(dim=0, keepdim=True), X.var(dim=0, correction=0, keepdim=True)
    layer = submission.run(BatchNorm_in_float64, X.shape[1], 2)
    for _ in range(passes):
        layer(X)
    wanted = ((1 - left) * mean, left + (1 - left) * var)
    close_statistics(statistics(layer), wanted, f" after {passes} training passes over X")


@probe
def layer_under_no_grad(names, layer, X):
    with torch.no_grad():
        return layer(X)


@check("BatchNorm", points=1)
@given(seen=rows(), X=rows(FEW, salt=5))
def test_mode_is_the_modules_own(submission, reference, seen, X):
    """The module's own mode decides: in training mode it learns under torch.no_grad() too."""
    mine, right = float64_layers(submission, reference, seen)
    first, wanted = (
        submission.run(layer_under_no_grad, mine, seen),
        reference.run(layer_under_no_grad, right, seen),
    )
    close(first, wanted, what="layer(seen) in training mode under torch.no_grad()")
    close_statistics(statistics(mine), statistics(right), " after a training pass under torch.no_grad()")
    for layer in (mine, right):
        layer.eval()
    close(mine(X), right(X), what="layer(X) in evaluation mode while gradients are recorded")


@check("BatchNorm", points=1)
@given(X=st.one_of(rows(), images()))
@few
def test_state_dict_holds_parameters_and_statistics(submission, reference, X):
    """state_dict() holds gamma, beta, moving_mean and moving_var, with the values training has left."""
    mine, right = float64_layers(submission, reference, X)
    for layer in (mine, right):
        layer(X)
    state, wanted = mine.state_dict(), right.state_dict()
    for name in ("gamma", "beta", "moving_mean", "moving_var"):
        expect(name in state, f"must hold {name}, but it holds {', '.join(state)}", what="layer.state_dict()")
        close(state[name], wanted[name], what=f"layer.state_dict()[{name!r}] after one training pass")


@check("BatchNorm", points=1)
@given(seen=rows(), X=rows(FEW, salt=5), **TRAINED)
@few
def test_state_dict_restores_the_layer(submission, reference, seen, X, gamma, beta):
    """A new layer that loads the state_dict() of a trained one predicts like it."""
    trained, right = float64_layers(submission, reference, seen, gamma, beta)
    restored, _ = float64_layers(submission, reference, seen)
    for layer in (trained, right):
        layer(seen)
    restored.load_state_dict(trained.state_dict())
    for layer in (restored, right):
        layer.eval()
    what = "layer(X) in evaluation mode, restored from the state_dict of a layer that has seen `seen`,"
    close(restored(X), right(X), what=what)


@probe
def gradient_history_of_buffers(names, layer, X, passes):
    X = X.clone().requires_grad_()
    for _ in range(passes):
        layer(X).square().sum().backward()
    return [layer.moving_mean.requires_grad, layer.moving_var.requires_grad]


@check("BatchNorm", points=1)
@given(X=rows(), passes=st.integers(1, 2))
@few
def test_statistics_do_not_keep_the_graph(submission, X, passes):
    """After training passes, moving_mean and moving_var require no gradient: they keep no batch's graph."""
    layer = submission.run(BatchNorm_in_float64, X.shape[1], 2)
    histories = items_of(submission.run(gradient_history_of_buffers, layer, X, passes), 2)
    for name, history in zip(("moving_mean", "moving_var"), histories, strict=True):
        problem = "must be cut off from the graph, but its requires_grad is true"
        expect(history is False, problem, what=f"layer.{name}")


@check("BatchNorm", points=1)
@given(X=spread((st.integers(4, 6), CHANNELS), dtype=torch.float32))
@few
def test_statistics_follow_the_dtype(submission, reference, X):
    """layer.double() turns the statistics collected in float32 into float64, and the layer goes on."""
    mine, right = (exhibit.BatchNorm(X.shape[1], 2) for exhibit in (submission, reference))
    close(mine(X), right(X), what="layer(X) in float32")
    close_statistics(statistics(mine), statistics(right), " after one training pass in float32")
    for layer in (mine, right):
        layer.double()
    for name, own in zip(("moving_mean", "moving_var"), statistics(mine), strict=True):
        tensor_of(own, shape=(1, X.shape[1]), dtype=F64, what=f"{name} after layer.double()")
    close(mine(X.double()), right(X.double()), what="layer(X.double()) after layer.double()")
    rounded = {"rtol": 2e-4, "atol": 2e-5}  # what float32 has rounded stays rounded
    close_statistics(statistics(mine), statistics(right), " after a training pass in float64", **rounded)


SHAPES = st.sampled_from([(3, 2), (4, 1), (2, 3, 4, 5)])


@check("BatchNorm", points=1)
@given(shape=SHAPES)
def test_statistics_follow_the_device(submission, shape):
    """layer.to(device) moves the statistics too (tried on torch's device "meta")."""
    layer = submission.BatchNorm(shape[1], len(shape))
    layer.to("meta")
    for name, own in zip(("moving_mean", "moving_var"), statistics(layer), strict=True):
        device = tensor_of(own, what=name).device.type
        expect(
            device == "meta",
            f"must be on the device meta, not {device}",
            what=f'{name} after layer.to("meta")',
        )


@probe(SimulatedGPUs)
def pass_on_a_gpu(names, seen, X, training):
    """layer(X)"""
    with SimulatedGPUs():
        layer = names.BatchNorm(X.shape[1], X.ndim).double()
        layer(seen)
        layer.to("cuda:1")
        layer.train(training)
        results = [layer(X.to("cuda:1")), layer.moving_mean, layer.moving_var]
        return [[str(result.device) for result in results], [result.detach().to("cpu") for result in results]]


@check("BatchNorm", points=1)
@given(seen=rows(), X=rows(salt=5), training=MODES)
@few
def test_layer_works_on_another_device(submission, reference, seen, X, training):
    """A layer that has learned and is moved goes on learning and predicting on its new device (simulated GPUs)."""
    places, mine = items_of(submission.run(pass_on_a_gpu, seen, X, training), 2)
    _, right = reference.run(pass_on_a_gpu, seen, X, training)
    mode = "training" if training else "evaluation"
    names = ("layer(X)", "moving_mean", "moving_var")
    for name, place, own, wanted in zip(names, places, items_of(mine, 3), right, strict=True):
        what = f"{name} after a pass in {mode} mode on cuda:1"
        expect(place == "cuda:1", f"must be on cuda:1, not on {place}", what=what)
        close(own, wanted, what=what)


@check("BatchNorm", points=2)
@given(X=rows(), training=MODES, **TRAINED)
@few
def test_gradients_reach_the_parameters(submission, reference, X, gamma, beta, training):
    """Gradients reach X, gamma and beta in both modes."""
    mine, right = float64_layers(submission, reference, X, gamma, beta)
    mine.train(training)
    right.train(training)
    through_Y = torch.linspace(-1, 2, X.numel(), dtype=F64).cos().view_as(X)
    own, wanted = mine.vjp(X, cotangent=through_Y), right.vjp(X, cotangent=through_Y)
    mode = f"in {'training' if training else 'evaluation'} mode"
    close(own.output, wanted.output, what=f"layer(X) {mode}")
    close(own.inputs[0], wanted.inputs[0], what=f"the gradient of layer(X) with respect to X {mode}")
    what = f"the gradients of layer(X) with respect to its parameters {mode}"
    close(own.parameters, wanted.parameters, what=what)


@check("BatchNorm", points=1)
@given(X=constant_channels, **TRAINED)
@few
def test_layer_gradient_of_a_constant_channel(submission, reference, X, gamma, beta):
    """In training mode, the gradient of X is finite for a channel whose entries are all equal, too."""
    mine, right = float64_layers(submission, reference, X, *fitting(X, gamma, beta))
    through_Y = torch.linspace(-1, 2, X.numel(), dtype=F64).cos().view_as(X)
    own, wanted = mine.vjp(X, cotangent=through_Y), right.vjp(X, cotangent=through_Y)
    close(own.output, wanted.output, what="layer(X) in training mode")
    close(own.inputs[0], wanted.inputs[0], what="the gradient of layer(X) with respect to X in training mode")


@check("BatchNorm", points=1)
@given(X=scattered_images, training=MODES)
def test_layer_takes_images_in_any_memory_layout(submission, reference, X, training):
    """In both modes, images need not lie in memory in order: they may be channels last, or cut out of larger ones."""
    mine, right = float64_layers(submission, reference, X)
    mine.train(training)
    right.train(training)
    mode = "training" if training else "evaluation"
    close(mine(X), right(X), what=f"layer(X) in {mode} mode")
    close_statistics(statistics(mine), statistics(right), f" after a pass in {mode} mode")


@probe
def traces_of_a_pass(names, X, training, recording):
    layer, other = (names.BatchNorm(X.shape[1], X.ndim) for _ in range(2))
    layer.train(training)
    kept = [X, layer.gamma, layer.beta]
    before = [tensor.detach().clone() for tensor in kept]
    with torch.set_grad_enabled(recording):
        output = layer(X)
        copy = output.detach().clone()
        layer(X + 1)
        switches = [torch.is_grad_enabled(), torch.get_default_dtype()]
    after = [tensor.detach() for tensor in kept]
    return [copy, output.detach(), before, after, switches, layer.training, [other.moving_mean, other.moving_var]]


@check("BatchNorm", points=1)
@given(X=st.one_of(rows(), images()), training=MODES, recording=MODES)
@example(X=PLAIN["X"], training=False, recording=True)
@example(X=PLAIN["X"], training=True, recording=False)
@few
def test_pass_leaves_no_trace(submission, X, training, recording):
    """A pass leaves X, gamma, beta, the mode, earlier results and other layers as they are."""
    X = X.float()
    copy, output, before, after, switches, mode, other = items_of(
        submission.run(traces_of_a_pass, X, training, recording), 7
    )
    equal(output, tensor_of(copy, what="layer(X)"), what="layer(X), looked at again after another pass,")
    for name, then, now in zip(("X", "gamma", "beta"), before, after, strict=True):
        equal(now, then, what=f"{name} after a pass")
    expect(mode is training, "changes layer.training", what="layer(X)")
    expect_switches(switches, recording, what="layer(X)")
    for name, own, start in zip(("moving_mean", "moving_var"), other, (0.0, 1.0), strict=True):
        equal(own, torch.full_like(tensor_of(own), start), what=f"{name} of another layer, which has seen nothing,")
