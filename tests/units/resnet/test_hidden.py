"""Hidden suite: residual networks."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import (
    check,
    close,
    equal,
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
few = settings(max_examples=10)

SEEDS = st.integers(0, 10**6)
BATCH = st.integers(2, 3)
CHANNELS = st.integers(1, 4)
SIZES = st.integers(1, 6)
STRIDES = st.integers(1, 3)
MODES = st.sampled_from([True, False])
PIXELS = st.integers(4, 6)  # one example has enough of them for batch statistics


@st.composite
def maps(draw, batch=BATCH, channels=CHANNELS, size=SIZES):
    """(N, C, H, W), float64, at times not contiguous in memory."""
    X = draw(spread((batch, channels, size, size)))
    return X.transpose(2, 3) if draw(st.booleans()) else X


def mode_of(training):
    return "training" if training else "evaluation"


class LazyLayers:
    """Lazy layers have no weights before their first call."""

    @staticmethod
    def fill(module, X):
        if any(isinstance(p, nn.parameter.UninitializedParameter) for p in module.parameters()):
            with torch.no_grad():
                module.eval()(X)  # a pass in training mode would leave its mark on the running statistics
            module.train()
        return module


class StandInBlocks:
    """While it lasts, Residual makes blocks that only know their arguments, and compute what `forward` says.

    The class is changed, not the name Residual: an alias, a partial, a default argument or a subclass may have bound it
    when the file was loaded.
    """

    def __init__(self, names, forward=lambda block, X: X):
        self.names, self.made = names, []

        def initialise(block, input_channels, num_channels, use_1x1conv=False, strides=1):
            nn.Module.__init__(block)
            self.made.append(block)
            stride = strides[0] if isinstance(strides, (tuple, list)) else strides
            block.map = num_channels, stride
            block.arguments = [input_channels, num_channels, bool(use_1x1conv), stride]
            block._modules.update(conv1=nn.Conv2d(1, 1, 1), bn1=nn.BatchNorm2d(1))
            block._modules.update(conv2=nn.Conv2d(1, 1, 1), bn2=nn.BatchNorm2d(1))
            block._modules["conv3"] = nn.Conv2d(1, 1, 1) if use_1x1conv else None

        self.methods = {"__init__": initialise, "forward": forward, "__call__": nn.Module.__call__}

    def __enter__(self):
        self.named = self.changed = self.names.Residual
        if not (isinstance(self.named, type) and issubclass(self.named, nn.Module)):
            self.changed = self.names.Residual = type("Residual", (nn.Module,), {})
        self.own = {name: vars(self.changed)[name] for name in self.methods if name in vars(self.changed)}
        for name, method in self.methods.items():
            setattr(self.changed, name, method)
        return self

    def __exit__(self, *_):
        for name in self.methods:
            delattr(self.changed, name)
        for name, method in self.own.items():
            setattr(self.changed, name, method)
        self.names.Residual = self.named


class Normalisation:
    """What the batch normalisations of a module hold."""

    @staticmethod
    def values(module):
        """Name of a parameter or buffer -> the different entries it has, over all batch normalisations."""
        layers = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
        found = {}
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            held = [getattr(layer, name).detach().reshape(-1) for layer in layers if getattr(layer, name) is not None]
            found[name] = torch.cat(held).unique().tolist() if held else []
        return found


UNTOUCHED = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1, "num_batches_tracked": 0}


def judge_untouched(values, whose):
    """Require of batch normalisations what nn.BatchNorm2d makes them with. values: as Normalisation gives them."""
    for name, value in UNTOUCHED.items():
        for got in values[name]:
            problem = f"must be {value} everywhere, as nn.BatchNorm2d makes it, but holds {got:.3g}"
            expect(got == value, problem, what=f"{name} of the batch normalisation in {whose}")


# Residual


@probe(LazyLayers)
def residual(names, weights_seed, arguments, options, training):
    """Residual(...)"""
    block = LazyLayers.fill(names.Residual(*arguments, **options), torch.zeros(1, arguments[0], 3, 3)).double()
    generator = torch.Generator().manual_seed(weights_seed)

    def fill(tensor, low):
        tensor.copy_(low + torch.rand(tensor.shape, generator=generator, dtype=torch.float64))

    with torch.no_grad():
        for layer in ["conv1", "bn1", "conv2", "bn2", "conv3"]:
            if layer == "conv3" and block.conv3 is None:
                continue
            fill(block.get_parameter(f"{layer}.weight"), -0.5)
            fill(block.get_parameter(f"{layer}.bias"), -0.5)
            if layer.startswith("bn"):
                fill(block.get_buffer(f"{layer}.running_mean"), -0.5)
                fill(block.get_buffer(f"{layer}.running_var"), 0.5)
    return block.train(training)


def blocks(submission, reference, *arguments):
    """The submission's and the reference's block with the same weights."""
    return submission.run(residual, *arguments), reference.run(residual, *arguments)


@probe(LazyLayers, Normalisation)
def shapes_of_parameters(names, arguments):
    """Residual(input_channels, num_channels, use_1x1conv, strides)"""
    block = LazyLayers.fill(names.Residual(*arguments), torch.zeros(1, arguments[0], 3, 3))
    shapes = {name: list(p.shape) for name, p in block.named_parameters(remove_duplicate=False)}
    return [shapes, sum(p.numel() for p in block.parameters()), Normalisation.values(block)]


@check("Residual", points=2)
@given(input_channels=CHANNELS, num_channels=CHANNELS, use_1x1conv=MODES, strides=STRIDES)
def test_layers_and_their_parameters(submission, reference, input_channels, num_channels, use_1x1conv, strides):
    """Parameters are those of conv1, conv2, bn1, bn2 and, only if asked for, conv3; bn1 and bn2 are untouched."""
    arguments = [input_channels, *((num_channels, True, strides) if use_1x1conv else (input_channels, False, 1))]
    mine, count, normalisation = items_of(submission.run(shapes_of_parameters, arguments), 3)
    right, right_count, _ = reference.run(shapes_of_parameters, arguments)
    for name, shape in right.items():
        expect(name in mine, f"has no parameter {name}, but {', '.join(mine) or 'none at all'}", what="The block")
        close(mine[name], shape, what=f"the shape of {name}")
    problem = f"must have {right_count} parameters in all (numbers, not tensors), not {count}"
    expect(count == right_count, problem, what="The block")
    judge_untouched(normalisation, "a new block")


@probe
def third_convolution_is_none(names, arguments):
    """Residual(...).conv3 is None"""
    return names.Residual(*arguments).conv3 is None


@check("Residual", points=1)
@given(num_channels=CHANNELS, use_1x1conv=MODES)
def test_third_convolution_only_if_asked_for(submission, num_channels, use_1x1conv):
    """conv3 is None without use_1x1conv, which is the default, and a layer with it."""
    arguments = [num_channels, num_channels]
    what = f"conv3 of Residual({num_channels}, {num_channels}, {use_1x1conv})"
    is_none = submission.run(third_convolution_is_none, [*arguments, use_1x1conv])
    expect(is_none is not use_1x1conv, "must be a layer, not None" if use_1x1conv else "must be None", what=what)
    is_none = submission.run(third_convolution_is_none, arguments)
    expect(is_none is True, "must be None", what=f"conv3 of Residual({num_channels}, {num_channels})")


@check("Residual", points=2)
@given(X=maps(), weights_seed=SEEDS)
def test_plain_block(submission, reference, X, weights_seed):
    """Residual(c, c) adds X itself to what its two convolutions make of X; the last ReLU acts on the sum."""
    mine, right = blocks(submission, reference, weights_seed, [X.shape[1], X.shape[1]], {}, True)
    close(mine(X), right(X), what="block(X) in training mode")


@check("Residual", points=2)
@given(X=maps(), num_channels=CHANNELS, strides=STRIDES, weights_seed=SEEDS)
def test_block_with_1x1_convolution(submission, reference, X, num_channels, strides, weights_seed):
    """With use_1x1conv, the shortcut goes through conv3, which takes it to the same channels and size."""
    options = {"use_1x1conv": True, "strides": strides}
    mine, right = blocks(submission, reference, weights_seed, [X.shape[1], num_channels], options, True)
    close(mine(X), right(X), what=f"block(X) with use_1x1conv=True and strides={strides} in training mode")


@check("Residual", points=2)
@given(X=maps(batch=st.integers(1, 3)), use_1x1conv=MODES, weights_seed=SEEDS)
def test_block_in_evaluation_mode(submission, reference, X, use_1x1conv, weights_seed):
    """After block.eval(), both batch normalisations use their running statistics."""
    arguments = [X.shape[1], X.shape[1], use_1x1conv, 2 if use_1x1conv else 1]
    mine, right = blocks(submission, reference, weights_seed, arguments, {}, False)
    close(mine(X), right(X), what="block(X) in evaluation mode")


@probe
def statistics_after_two_passes(names, block, X):
    """block(X)"""
    block(X)
    block(-X)
    kinds = ("num_batches_tracked", "running_mean", "running_var")
    return {f"{layer}.{kind}": block.get_buffer(f"{layer}.{kind}") for layer in ("bn1", "bn2") for kind in kinds}


@check("Residual", points=1)
@given(X=maps(), strides=STRIDES, weights_seed=SEEDS)
def test_running_statistics(submission, reference, X, strides, weights_seed):
    """A training pass updates the running statistics of bn1 and of bn2 once."""
    mine, right = blocks(submission, reference, weights_seed, [X.shape[1], 2, True, strides], {}, True)
    own = submission.run(statistics_after_two_passes, mine, X)
    for name, wanted in reference.run(statistics_after_two_passes, right, X).items():
        close(own[name], wanted, what=f"block.{name} after block(X) and block(-X) in training mode")


@probe(LazyLayers)
def shortcut_alone(names, X, arguments, training):
    """block(X)"""
    block = LazyLayers.fill(names.Residual(*arguments).double(), X.clone()).train(training)
    with torch.no_grad():
        block.bn2.weight.zero_()
        block.bn2.bias.zero_()
        shortcut = [] if block.conv3 is None else [block.conv3.weight, block.conv3.bias]
        return [block(X), *shortcut]


@check("Residual", points=2)
@given(X=maps(), training=MODES)
def test_silent_convolutions_leave_the_shortcut(submission, X, training):
    """Once bn2 scales everything to zero, the block is ReLU(X): nothing stands on the shortcut."""
    Y, *_ = items_of(submission.run(shortcut_alone, X, [X.shape[1], X.shape[1]], training))
    close(Y, X.relu(), what=f"block(X) with the weight and bias of bn2 set to 0, in {mode_of(training)} mode,")


@check("Residual", points=1)
@given(X=maps(), num_channels=CHANNELS, strides=STRIDES, training=MODES)
def test_silent_convolutions_leave_the_1x1_convolution(submission, X, num_channels, strides, training):
    """Once bn2 scales everything to zero, the block with the 1x1 convolution is ReLU(conv3(X))."""
    returned = submission.run(shortcut_alone, X, [X.shape[1], num_channels, True, strides], training)
    expect(len(items_of(returned)) == 3, "must have a layer conv3", what="Residual(..., use_1x1conv=True)")
    Y, weight, bias = returned
    weight = tensor_of(weight, shape=(num_channels, X.shape[1], 1, 1), dtype=F64, what="block.conv3.weight")
    bias = tensor_of(bias, shape=(num_channels,), dtype=F64, what="block.conv3.bias")
    right = F.conv2d(X, weight, bias, stride=strides).relu()
    close(Y, right, what=f"block(X) with the weight and bias of bn2 set to 0, in {mode_of(training)} mode,")


@check("Residual", points=1)
@given(X=maps(), num_channels=CHANNELS, strides=STRIDES)
def test_shape_dtype_and_sign(submission, X, num_channels, strides):
    """A new block keeps float32, divides height and width by strides (rounded up) and returns no negative entry."""
    n, c, h, w = X.shape
    block = submission.Residual(c, num_channels, use_1x1conv=True, strides=strides)
    shape = (n, num_channels, -(-h // strides), -(-w // strides))
    what = f"Residual({c}, {num_channels}, use_1x1conv=True, strides={strides})(X.float())"
    Y = tensor_of(block(X.float()), shape=shape, dtype=torch.float32, what=what)
    expect((Y >= 0).all(), "has negative entries, where the ReLU at the end must leave none", got=Y, what=what)


@probe
def gradients_of_block(names, block, X):
    """block(X)"""
    X = X.detach().requires_grad_()
    Y = block(X * 1)
    Y.backward(torch.linspace(-1, 2, Y.numel(), dtype=Y.dtype).cos().view_as(Y))
    layers = ["conv1", "bn1", "conv2", "bn2"] + ["conv3"] * (block.conv3 is not None)
    wanted = [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
    return [X.grad, {name: block.get_parameter(name).grad for name in wanted}]


@check("Residual", points=2)
@given(X=maps(), use_1x1conv=MODES, training=MODES, weights_seed=SEEDS)
def test_gradients(submission, reference, X, use_1x1conv, training, weights_seed):
    """Gradients reach X, by way of the convolutions and of the shortcut, and every parameter."""
    arguments = [X.shape[1], X.shape[1], use_1x1conv, 2 if use_1x1conv else 1]
    mine, right = blocks(submission, reference, weights_seed, arguments, {}, training)
    to_X, to_parameters = items_of(submission.run(gradients_of_block, mine, X), 2)
    right_to_X, right_to_parameters = reference.run(gradients_of_block, right, X)
    close(to_X, right_to_X, what="the gradient of block(X) with respect to X")
    for name, wanted in right_to_parameters.items():
        close(to_parameters.get(name), wanted, what=f"the gradient of block(X) with respect to {name}")


@probe
def input_after_block(names, X, arguments, training):
    """Residual(...)(X)"""
    block = names.Residual(*arguments).double().train(training)
    with torch.no_grad():
        block(X)
    return X


@check("Residual", points=1)
@given(X=maps(), use_1x1conv=MODES, training=MODES)
def test_leaves_its_input_alone(submission, X, use_1x1conv, training):
    """X is the same after block(X) as before."""
    arguments = [X.shape[1], X.shape[1], use_1x1conv]
    equal(submission.run(input_after_block, X, arguments, training), X, what="X after block(X)")


@probe
def two_calls(names, block, X):
    """block(X), then block(-X)"""
    training = block.training
    outputs = [block(X), block(-X)]
    modes = {module.training for module in block.modules()}
    stays = [torch.is_grad_enabled(), torch.get_default_dtype() == torch.float32, modes == {training}]
    return [outputs, stays]


@check("Residual", points=1)
@given(
    X=st.one_of(maps(), maps(batch=st.just(1), size=PIXELS)),
    use_1x1conv=MODES,
    training=MODES,
    weights_seed=SEEDS,
)
def test_calls_in_a_row(submission, reference, X, use_1x1conv, training, weights_seed):
    """Each of two calls gives its own result, and the block stays in training or evaluation mode."""
    arguments = [X.shape[1], X.shape[1], use_1x1conv]
    mine, right = blocks(submission, reference, weights_seed, arguments, {}, training)
    outputs, (gradients, dtype, mode) = items_of(submission.run(two_calls, mine, X), 2)
    wanted, _ = reference.run(two_calls, right, X)
    expect(mode, f"must still be in {mode_of(training)} mode after block(X)", what="The block, with all its layers,")
    expect(gradients, "must still be computed after block(X)", what="Gradients")
    expect(dtype, "must still be torch.float32 after block(X)", what="torch.get_default_dtype()")
    first, second = items_of(outputs, 2)
    close(first, wanted[0], what="block(X), looked at after block(-X),")
    close(second, wanted[1], what="block(-X), called after block(X),")


# resnet_block

COUNTS = st.integers(1, 4)


@probe(StandInBlocks)
def arguments_of_blocks(names, arguments, options):
    """resnet_block(...)"""
    with StandInBlocks(names) as blocks:
        stage = names.resnet_block(*arguments, **options)
        if not isinstance(stage, (list, tuple)):
            return type(stage).__name__
        called = [getattr(b, "arguments", None) if isinstance(b, names.Residual) else None for b in stage]
    return [called, len({id(b) for b in stage}), all(any(b is m for m in blocks.made) for b in stage)]


def arguments_of(exhibit, arguments, options):
    """For each block of the list, what Residual was called with.

    The other values: how many of the blocks differ, and whether each comes from a call of Residual.
    """
    returned = exhibit.run(arguments_of_blocks, arguments, options)
    expect(not isinstance(returned, str), f"must be a list, not {returned}", what="What resnet_block returns")
    called, different_ones, all_called = items_of(returned, 3)
    for index, block in enumerate(called):
        expect(block is not None, "must be an instance of Residual", what=f"resnet_block(...)[{index}]")
    return called, different_ones, all_called


RESIDUAL = ("input_channels", "num_channels", "use_1x1conv", "strides")
STAGE = ("input_channels", "num_channels", "num_residuals", "first_block")


def close_arguments(mine, right, index, names=RESIDUAL, whose="block {}"):
    """Compare the arguments of one block, each under its name."""
    expect(len(mine) > index, f"has no block {index}, but only {len(mine)} in all", what="It")
    for name, own, wanted in zip(names, items_of(mine[index], 4), right[index]):
        close(own, wanted, what=f"the argument {name} of {whose.format(index)}")


@check("resnet_block", points=2)
@given(num_channels=CHANNELS, num_residuals=COUNTS, first_block=MODES)
def test_list_of_different_blocks(submission, num_channels, num_residuals, first_block):
    """The list holds num_residuals instances of Residual, each with parameters of its own."""
    arguments = [num_channels, num_channels, num_residuals]
    called, different_ones, all_called = arguments_of(submission, arguments, {"first_block": first_block})
    expect(len(called) == num_residuals, f"must have length {num_residuals}, not {len(called)}", what="The list")
    problem = f"must be {num_residuals} different objects, but some are one and the same"
    expect(different_ones == num_residuals, problem, what="The blocks")
    expect(all_called, "must come from a call of Residual each, none from a copy", what="The blocks")


@check("resnet_block", points=2)
@given(input_channels=CHANNELS, num_channels=CHANNELS, num_residuals=COUNTS)
def test_first_block_halves(submission, reference, input_channels, num_channels, num_residuals):
    """The first block changes the channels and halves the map, with the 1x1 convolution on its shortcut."""
    arguments = [input_channels, num_channels, num_residuals]
    mine, right = (arguments_of(exhibit, arguments, {})[0] for exhibit in (submission, reference))
    close_arguments(mine, right, 0)


@check("resnet_block", points=2)
@given(input_channels=CHANNELS, num_channels=CHANNELS, num_residuals=st.integers(2, 4))
def test_later_blocks_keep_the_shape(submission, reference, input_channels, num_channels, num_residuals):
    """All blocks after the first keep channels and size, without the 1x1 convolution."""
    arguments = [input_channels, num_channels, num_residuals]
    mine, right = (arguments_of(exhibit, arguments, {})[0] for exhibit in (submission, reference))
    for index in range(1, num_residuals):
        close_arguments(mine, right, index)


@check("resnet_block", points=2)
@given(num_channels=CHANNELS, num_residuals=COUNTS)
def test_first_stage_keeps_the_shape(submission, reference, num_channels, num_residuals):
    """With first_block=True, no block halves the map or has the 1x1 convolution."""
    arguments, options = [num_channels, num_channels, num_residuals], {"first_block": True}
    mine, right = (arguments_of(exhibit, arguments, options)[0] for exhibit in (submission, reference))
    for index in range(num_residuals):
        close_arguments(mine, right, index)


@probe
def objects_of_two_stages(names, arguments):
    """resnet_block(...), called twice"""
    first = names.resnet_block(*arguments)
    held = list(first)
    second = list(names.resnet_block(*arguments))
    shared = {id(p) for block in held for p in block.parameters()} & {
        id(p) for block in second for p in block.parameters()
    }
    return [
        len(held),
        len(first),
        len(second),
        len({id(block) for block in held} & {id(block) for block in second}),
        len(shared),
    ]


@check("resnet_block", points=1)
@given(num_channels=CHANNELS, num_residuals=COUNTS, first_block=MODES)
def test_another_stage_has_blocks_of_its_own(submission, num_channels, num_residuals, first_block):
    """A second call makes another list of other blocks, with parameters of their own, and leaves the first list alone."""
    arguments = [num_channels, num_channels, num_residuals, first_block]
    held, first, second, again, shared = items_of(submission.run(objects_of_two_stages, arguments), 5)
    expect(
        first == held,
        f"must still have length {held} after a second call, not {first}",
        what="The list of the first call",
    )
    expect(second == held, f"must have length {held} as well, not {second}", what="The list of a second call")
    expect(again == 0, "must be other objects than those of the first", what="The blocks of a second call")
    expect(shared == 0, "must share no parameters with those of the first", what="The blocks of a second call")


@probe(LazyLayers)
def stage_of_blocks(names, X, arguments, weights_seed, fill):
    """nn.Sequential(*resnet_block(...))(X)"""
    generator = torch.Generator().manual_seed(weights_seed)
    outputs = []
    for block in names.resnet_block(X.shape[1], *arguments):
        LazyLayers.fill(block.double(), X.clone())
        with torch.no_grad():
            for layer in ["conv1", "bn1", "conv2", "bn2", "conv3"] if fill else []:
                for kind in ("weight", "bias") if getattr(block, layer) is not None else ():
                    p = block.get_parameter(f"{layer}.{kind}")
                    p.copy_(torch.rand(p.shape, generator=generator, dtype=torch.float64) - 0.5)
            X = block(X)
        outputs.append(X)
    return outputs


@check("resnet_block", points=1)
@given(X=maps(), num_channels=CHANNELS, num_residuals=st.integers(1, 3), first_block=MODES)
def test_shapes_of_the_maps(submission, X, num_channels, num_residuals, first_block):
    """A map comes out of the first block at half its height and width, or of the same shape with first_block."""
    n, c, h, w = X.shape
    num_channels = c if first_block else num_channels
    shape = (n, c, h, w) if first_block else (n, num_channels, (h + 1) // 2, (w + 1) // 2)
    outputs = submission.run(stage_of_blocks, X, [num_channels, num_residuals, first_block], 0, False)
    for index, Y in enumerate(items_of(outputs, num_residuals)):
        tensor_of(Y, shape=shape, what=f"the map after block {index} of {num_residuals}, for your own Residual,")


@check("resnet_block", points=1)
@given(X=maps(), num_channels=CHANNELS, first_block=MODES, weights_seed=SEEDS)
def test_stage_of_own_blocks(submission, reference, X, num_channels, first_block, weights_seed):
    """In a row, the blocks (your own Residual) compute what a stage of the network computes."""
    arguments = [X.shape[1] if first_block else num_channels, 2, first_block]
    mine, right = (
        exhibit.run(stage_of_blocks, X, arguments, weights_seed, True) for exhibit in (submission, reference)
    )
    for index, (own, wanted) in enumerate(zip(items_of(mine, 2), right, strict=True)):
        close(own, wanted, what=f"the map after block {index}, in training mode,")


# make_resnet18


@probe(LazyLayers, StandInBlocks, Normalisation)
def network_of_parts(names, X, num_classes, own_stages, asks_for_new=False):
    """make_resnet18(in_channels, num_classes)"""
    seen, stages = [], []

    def forward(part, X):
        num_channels, stride = part.map
        ramp = torch.arange(1, num_channels + 1, dtype=X.dtype).view(1, -1, 1, 1) / num_channels
        Y = X[:, :, ::stride, ::stride].mean(dim=1, keepdim=True) * ramp + 0.1
        seen.append((part, X, Y))
        return Y

    def stage(input_channels, num_channels, num_residuals, first_block=False):
        stages.append(num_channels)
        parts = [names.Residual(num_channels, num_channels) for _ in range(num_residuals)]
        for part in parts:
            part.arguments = [input_channels, num_channels, num_residuals, bool(first_block)]
        return parts

    own = names.resnet_block
    with StandInBlocks(names, forward):
        try:
            if not own_stages:
                names.resnet_block = stage
            net = names.make_resnet18(X.shape[1], num_classes)
        finally:
            names.resnet_block = own
        is_sequential = isinstance(net, nn.Sequential)
        LazyLayers.fill(net.double(), X.clone())
        new = Normalisation.values(net) if asks_for_new else {}
        seen.clear()
        with torch.no_grad():
            for name, tensor in [*net.named_parameters(), *net.named_buffers()]:
                if tensor.is_floating_point():
                    kind = name.split(".")[-1]
                    generator = torch.Generator().manual_seed(len(kind) + sum(tensor.shape))
                    values = torch.rand(tensor.shape, generator=generator, dtype=torch.float64)
                    tensor.copy_(values + 0.5 if kind == "running_var" else values - 0.3)
            outputs = [net.train()(X)]
            modes = [all(module.training for module in net.modules())]
            entered = list(seen)
            seen.clear()
            outputs.append(net.eval()(X))
            modes.append(not any(module.training for module in net.modules()))
            last = list(seen)
            again = net(X)
    return {
        "image": X,
        "again": again,
        "new": new,
        "modes": modes,
        "is_sequential": is_sequential,
        "stages": len(stages),
        "arguments": [part.arguments for part, *_ in entered],
        "different": len({id(part) for part, *_ in entered}),
        "stem": [entered[0][1], last[0][1]] if entered and last else [],
        "last": [entered[-1][2], last[-1][2]] if entered and last else [],
        "outputs": outputs,
        "linear": [[layer.weight, layer.bias] for layer in net.modules() if isinstance(layer, nn.Linear)],
    }


def networks(submission, reference, X, num_classes):
    """What the submission's and the reference's network look like around their blocks.

    The blocks are replaced by recording ones, so that a mistake in Residual costs nothing here. So are the stages,
    if the network is made of four calls of resnet_block; otherwise the submission's own resnet_block makes them.
    """
    mine = submission.run(network_of_parts, X, num_classes, False)
    own_stages = mine["stages"] != 4
    if own_stages:
        mine = submission.run(network_of_parts, X, num_classes, True)
    return mine, reference.run(network_of_parts, X, num_classes, own_stages)


IMAGES, ANY_IMAGES, SINGLE_IMAGES = (
    maps(batch=batch, channels=st.integers(1, 3), size=st.integers(33, 48))
    for batch in (BATCH, st.integers(1, 3), st.just(1))
)
CLASSES = st.integers(1, 5)


@check("make_resnet18", points=1)
@few
@given(X=IMAGES, num_classes=CLASSES)
def test_sequential_of_eight_blocks(submission, X, num_classes):
    """The network is an nn.Sequential in which X passes through 8 different residual blocks."""
    mine = submission.run(network_of_parts, X, num_classes, True)
    expect(mine["is_sequential"], "must be an nn.Sequential", what="make_resnet18(in_channels, num_classes)")
    passed = len(items_of(mine["arguments"]))
    expect(passed == 8, f"must pass through 8 residual blocks, not {passed}", what="X")
    problem = f"must be 8 different ones, but there are only {mine['different']}"
    expect(mine["different"] == 8, problem, what="The residual blocks")


@check("make_resnet18", points=2)
@few
@given(X=IMAGES, num_classes=CLASSES)
def test_stages(submission, reference, X, num_classes):
    """Four stages of two blocks have 64, 128, 256 and 512 channels; all but the first halve the map."""
    mine, right = networks(submission, reference, X, num_classes)
    called, wanted = items_of(mine["arguments"]), right["arguments"]
    by_stage = right["stages"] == 4
    for index in range(len(wanted)):
        if by_stage:
            close_arguments(called, wanted, index, STAGE, "the stage that holds block {}")
        else:
            close_arguments(called, wanted, index)
    expect(len(called) == len(wanted), f"must be {len(wanted)}, not {len(called)}", what="The number of blocks")


@check("make_resnet18", points=1)
@few
@given(X=IMAGES, num_classes=CLASSES)
def test_stem_quarters_the_image(submission, X, num_classes):
    """The stem gives the first block 64 channels at a quarter of the image's height and width, rounded up."""
    n, _, h, w = X.shape
    mine = submission.run(network_of_parts, X, num_classes, False)
    maps_entered = items_of(mine["stem"])
    expect(len(maps_entered) == 2, "must pass through residual blocks, but meets none", what="X")
    what = "the map that enters the first residual block"
    tensor_of(maps_entered[0], shape=(n, 64, (h + 3) // 4, (w + 3) // 4), what=what)


@check("make_resnet18", points=2)
@few
@given(X=ANY_IMAGES, training=MODES)
def test_stem(submission, reference, X, training):
    """Before the first block stand convolution, batch normalisation, ReLU and max-pooling."""
    mine, right = networks(submission, reference, X, 2)
    maps_entered = items_of(mine["stem"])
    expect(len(maps_entered) == 2, "must pass through residual blocks, but meets none", what="X")
    index = 0 if training else 1
    what = f"the map that enters the first residual block in {mode_of(training)} mode"
    close(maps_entered[index], right["stem"][index], what=what)


@check("make_resnet18", points=2)
@few
@given(
    X=ANY_IMAGES,
    num_classes=CLASSES,
    training=MODES,
)
def test_head(submission, X, num_classes, training):
    """After the last block stand the average over all pixels of a channel and a linear layer, and nothing else."""
    mine = submission.run(network_of_parts, X, num_classes, False)
    index = 0 if training else 1
    last = items_of(mine["last"])
    expect(len(last) == 2, "must pass through residual blocks, but meets none", what="X")
    count = len(items_of(mine["linear"]))
    expect(count == 1, f"must have one fully connected layer (nn.Linear), not {count}", what="The network")
    channels = tensor_of(last[index], shape=(len(X), None, None, None), dtype=F64).mean(dim=(2, 3))
    weight, bias = mine["linear"][0]
    shape = (num_classes, channels.shape[1])
    weight = tensor_of(weight, shape=shape, dtype=F64, what="the weight of the fully connected layer")
    bias = tensor_of(bias, shape=shape[:1], dtype=F64, what="the bias of the fully connected layer")
    got = items_of(mine["outputs"], 2)[index]
    what = f"net(X) in {mode_of(training)} mode, from the map that leaves the last residual block,"
    close(got, F.linear(channels, weight, bias), what=what)


@check("make_resnet18", points=1)
@few
@given(X=SINGLE_IMAGES, num_classes=CLASSES)
def test_single_image(submission, X, num_classes):
    """A batch of one image gives scores of shape (1, num_classes), in both modes."""
    mine = submission.run(network_of_parts, X, num_classes, False)
    for training, scores in zip((True, False), items_of(mine["outputs"], 2)):
        what = f"net(X) of one image, in {mode_of(training)} mode,"
        tensor_of(scores, shape=(1, num_classes), dtype=F64, what=what)


@check("make_resnet18", points=1)
@few
@given(X=ANY_IMAGES, num_classes=CLASSES)
def test_network_leaves_images_alone(submission, X, num_classes):
    """net(X) changes neither X nor the network's mode; in evaluation mode X gives the same scores again."""
    mine = submission.run(network_of_parts, X, num_classes, False)
    equal(mine["image"], X, what="X after net(X)")
    first = tensor_of(items_of(mine["outputs"], 2)[1], what="net(X) in evaluation mode")
    close(mine["again"], first, what="net(X) of a second call in evaluation mode")
    for training, stays in zip((True, False), items_of(mine["modes"], 2)):
        expect(
            stays, f"must still be in {mode_of(training)} mode after net(X)", what="The network, with all its layers,"
        )


@check("make_resnet18", points=1)
def test_new_batch_normalisation(submission):
    """The batch normalisation in a new network is untouched: weights 1, biases 0 and no map in its statistics."""
    X = torch.linspace(-1, 1, 2 * 33 * 33, dtype=F64).view(2, 1, 33, 33)
    judge_untouched(submission.run(network_of_parts, X, 2, False, True)["new"], "a new network")


@probe
def whole_network(names, X):
    """make_resnet18(in_channels, num_classes)"""
    net = names.make_resnet18(X.shape[1], 3)
    with torch.no_grad():
        single = net(X.float())
        net.double()
        generator = torch.Generator().manual_seed(0)
        numbers = torch.randn(2**22, generator=generator, dtype=torch.float64)
        for name, tensor in [*net.named_parameters(), *net.named_buffers()]:
            if tensor.is_floating_point():
                offset = 1009 * (len(name.split(".")[-1]) + sum(tensor.shape))
                values = numbers[offset : offset + tensor.numel()].view(tensor.shape)
                scale = 0.5 if tensor.ndim < 2 else tensor[0].numel() ** -0.5
                tensor.copy_(values.abs() + 0.5 if name.endswith("running_var") else values * scale)
        return [sum(p.numel() for p in net.parameters()), single, net.train()(X), net.eval()(X)]


@check("make_resnet18", points=1)
def test_whole_network_with_own_blocks(submission, reference):
    """With your own blocks in it, the network turns images of 41 x 35 pixels into the right scores, in both modes."""
    X = torch.randn((2, 2, 41, 35), generator=torch.Generator().manual_seed(1), dtype=F64)
    mine = items_of(submission.run(whole_network, X), 4)
    right = reference.run(whole_network, X)
    expect(mine[0] == right[0], f"must be {right[0]}, not {mine[0]}", what="The number of parameters")
    tensor_of(mine[1], shape=(2, 3), dtype=torch.float32, what="net(X.float())")
    close(mine[2], right[2], rtol=1e-6, atol=1e-8, what="net(X) in training mode")
    close(mine[3], right[3], rtol=1e-6, atol=1e-8, what="net(X) in evaluation mode")
