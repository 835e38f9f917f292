"""Public checks: residual networks."""

import torch
from torch import nn

from autograder.suite import check, close, expect, hints, items_of, probe, tensor_of


@probe
def block_of_zeros(names, X):
    """block(X)"""
    block = names.Residual(1, 1)
    with torch.no_grad():
        block(X.clone())  # lazy layers have no weights before
    for layer in (block.conv1, block.conv2):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        return block(X)


@check("Residual", points=1)
def test_block_whose_convolutions_are_zero(submission):
    """Where both convolutions give zeros, only the shortcut is left: the block is ReLU(X)."""
    X = torch.tensor([[[[-1.0, 2.0], [3.0, -4.0]]]])
    right = torch.tensor([[[[0.0, 2.0], [3.0, 0.0]]]])
    close(submission.run(block_of_zeros, X), right, what="block(X) with all weights of its convolutions set to 0")


@check("Residual", points=1)
def test_block_that_halves_a_small_map(submission):
    """With the 1x1 convolution and strides 2, a map 3 x 6 x 6 becomes 4 x 3 x 3."""
    block = submission.Residual(3, 4, use_1x1conv=True, strides=2)
    what = "Residual(3, 4, use_1x1conv=True, strides=2)(X)"
    Y = tensor_of(block(torch.rand(2, 3, 6, 6)), shape=(2, 4, 3, 3), dtype=torch.float32, what=what)
    expect((Y >= 0).all(), "has negative entries, where the ReLU at the end must leave none", got=Y, what=what)


@probe
def names_of_parameters(names, arguments):
    """Residual(...)"""
    return sorted(name for name, _ in names.Residual(*arguments).named_parameters(remove_duplicate=False))


@check("Residual", points=1)
def test_names_of_the_layers(submission):
    """The layers are called conv1, bn1, conv2, bn2 and, with use_1x1conv only, conv3."""
    plain = items_of(submission.run(names_of_parameters, [2, 2]))
    with_1x1 = items_of(submission.run(names_of_parameters, [2, 2, True]))
    for layer in ("conv1", "bn1", "conv2", "bn2"):
        for name in (f"{layer}.weight", f"{layer}.bias"):
            expect(name in plain, f"must include {name}, but are {plain}", what="The parameters of Residual(2, 2)")
    expect("conv3.weight" not in plain, "must not include conv3.weight", what="The parameters of Residual(2, 2)")
    what = "The parameters of Residual(2, 2, True)"
    expect("conv3.weight" in with_1x1, f"must include conv3.weight, but are {with_1x1}", what=what)


@probe
def shapes_in_a_stage(names, X, arguments):
    """resnet_block(...)"""
    shapes = []
    with torch.no_grad():
        for block in names.resnet_block(*arguments):
            X = block(X)
            shapes.append(list(X.shape))
    return shapes


@check("resnet_block", points=1)
def test_small_stage(submission):
    """resnet_block(3, 8, 2) takes a map 3 x 6 x 6 to 8 x 3 x 3 in its first block and keeps it in its second."""
    shapes = submission.run(shapes_in_a_stage, torch.rand(2, 3, 6, 6), [3, 8, 2])
    close(shapes, [[2, 8, 3, 3], [2, 8, 3, 3]], what="the shapes after the blocks")


@check("resnet_block", points=1)
def test_small_first_stage(submission):
    """resnet_block(3, 3, 2, first_block=True) keeps a map 3 x 6 x 6 as large as it is."""
    shapes = submission.run(shapes_in_a_stage, torch.rand(2, 3, 6, 6), [3, 3, 2, True])
    close(shapes, [[2, 3, 6, 6], [2, 3, 6, 6]], what="the shapes after the blocks")


@probe
def network(names, X):
    """make_resnet18(1, 10)"""
    net = names.make_resnet18(1, 10)
    with torch.no_grad():
        Y = net(X)  # first: lazy layers have no weights before
        return [isinstance(net, nn.Sequential), sum(p.numel() for p in net.parameters()), Y]


@check("make_resnet18", points=1)
def test_network_for_grey_images(submission):
    """make_resnet18(1, 10) is an nn.Sequential with 11 178 378 parameters and gives 10 scores for each image."""
    is_sequential, count, Y = items_of(submission.run(network, torch.rand(2, 1, 64, 64)), 3)
    expect(is_sequential, "must be an nn.Sequential", what="make_resnet18(1, 10)")
    tensor_of(Y, shape=(2, 10), dtype=torch.float32, what="net(X)")
    expect(count == 11_178_378, f"must be 11178378, not {count}", what="The number of parameters")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "Residual",
    question="At the moment of the addition both sides need the same shape. Which sides change channels or "
    "size, and by how much?",
    idea="The main path is convolution, normalisation, ReLU, convolution, normalisation; the stride sits "
    "in its first convolution. The shortcut is X itself, or X after the 1 × 1 convolution with the "
    "same stride. Add the two, and let the last ReLU act on the sum.",
    formula="Y = ReLU(bn₂(conv₂(ReLU(bn₁(conv₁(X))))) + S(X)),  S(X) = X or conv₃(X)",
)

hints(
    "resnet_block",
    question="How many channels does the second block of a stage receive, and should it halve the map once more?",
    idea="Only the first block of a stage is special: it brings the map to the new channels and half the "
    "size, unless the stage is the first of the network. All others keep both. Make each block by a "
    "call of its own.",
    formula="block 1: (C_in, H, W) → (C_out, ⌈H/2⌉, ⌈W/2⌉);  blocks 2, …, r: (C_out, h, w) → (C_out, h, w)",
)

hints(
    "make_resnet18",
    question="How large is the map after each part for an image of 96 × 96? And which average needs no "
    "knowledge of that size?",
    idea="A stem brings the image to 64 channels at a quarter of its size; four stages of two blocks "
    "follow, of which the first keeps the size; a global average and one linear layer make the "
    "scores. The loss takes care of the softmax.",
    formula="image → 64 (¼) → 64 → 128 (½) → 256 (½) → 512 (½) → mean over the map → W h + b;  1 + 4 · 2 · 2 "
    "+ 1 = 18 layers",
)
