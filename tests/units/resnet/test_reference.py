"""The reference agrees with torchvision's BasicBlock and resnet18, to 1e-10 in float64.

torchvision's convolutions have no bias, and its shortcuts end in a batch normalisation: our biases are set to zero,
and that normalisation is taken out.
"""

import pytest
import torch
from torch import nn
from torchvision.models import resnet18
from torchvision.models.resnet import BasicBlock

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("resnet").reference)
F64 = torch.float64


def drawn(*shape):
    return torch.randn(shape, dtype=F64, generator=torch.Generator().manual_seed(len(shape)))


def randomised(net):
    generator = torch.Generator().manual_seed(7)
    for parameter in net.parameters():
        fan_in = parameter[0].numel()
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator, dtype=F64) / fan_in**0.5)
    for buffer in net.buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand(buffer.shape, generator=generator, dtype=F64) + 0.5)
    return net


def torchvision_block(input_channels, num_channels, use_1x1conv, strides):
    shortcut = nn.Conv2d(input_channels, num_channels, 1, strides, bias=False) if use_1x1conv else None
    return randomised(BasicBlock(input_channels, num_channels, strides, shortcut).double())


def copy_block(own, theirs):
    layers = {"conv1": theirs.conv1, "bn1": theirs.bn1, "conv2": theirs.conv2, "bn2": theirs.bn2}
    if own.conv3 is not None:
        layers["conv3"] = theirs.downsample
    for name, layer in layers.items():
        copy_layer(getattr(own, name), layer)


def copy_layer(own, theirs):
    own.load_state_dict({"bias": torch.zeros_like(own.bias), **theirs.state_dict()})


def assert_same_in_both_modes(own, theirs, X):
    for training in (True, False):
        own.train(training)
        theirs.train(training)
        torch.testing.assert_close(own(X), theirs(X), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "arguments",
    [(3, 3, False, 1), (3, 5, True, 1), (3, 5, True, 2), (2, 2, True, 3), (1, 1, True, 1)],
)
@pytest.mark.parametrize("size", [(6, 6), (5, 2), (1, 1)])
def test_the_block_is_torchvisions(arguments, size):
    own, theirs = reference.Residual(*arguments).double(), torchvision_block(*arguments)
    copy_block(own, theirs)
    assert_same_in_both_modes(own, theirs, drawn(3, arguments[0], *size))


def test_gradients_are_those_of_finite_differences():
    block = randomised(reference.Residual(2, 1, True, 2).double())
    assert torch.autograd.gradcheck(block.eval(), drawn(2, 2, 3, 3).requires_grad_())


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("channels", [(2, 3, False), (3, 3, True), (3, 3, False)])
def test_a_stage_is_a_row_of_torchvisions_blocks(channels, count):
    input_channels, num_channels, first_block = channels
    own = reference.resnet_block(input_channels, num_channels, count, first_block)
    head = (num_channels, num_channels, False, 1) if first_block else (input_channels, num_channels, True, 2)
    theirs = [torchvision_block(*head), *(torchvision_block(num_channels, num_channels, False, 1) for _ in own[1:])]
    for block, other in zip(own, theirs, strict=True):
        copy_block(block.double(), other)
    assert len(own) == count
    assert_same_in_both_modes(nn.Sequential(*own), nn.Sequential(*theirs), drawn(2, input_channels, 5, 4))


@pytest.mark.parametrize("size", [(33, 45), (64, 64)])
def test_the_network_is_torchvisions(size):
    theirs = resnet18(num_classes=5).double()
    stages = [theirs.layer1, theirs.layer2, theirs.layer3, theirs.layer4]
    for stage in stages[1:]:
        stage[0].downsample = stage[0].downsample[0]
    randomised(theirs)
    own = reference.make_resnet18(3, 5).double()
    blocks = [block for stage in stages for block in stage]
    for layer, other in zip([own[0], own[1], own[-1]], [theirs.conv1, theirs.bn1, theirs.fc], strict=True):
        copy_layer(layer, other)
    for block, other in zip([m for m in own if isinstance(m, reference.Residual)], blocks, strict=True):
        copy_block(block, other)
    assert_same_in_both_modes(own, theirs, drawn(2, 3, *size))


def test_the_number_of_parameters():
    assert sum(p.numel() for p in reference.make_resnet18(1, 10).parameters()) == 11_178_378
