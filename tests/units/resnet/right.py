"""Other correct ways to write residual networks."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import accepted

# Bound when the file is loaded, as aliases in a student's file are. Only a submission has the names to bind.
Block, make_stage = globals().get("Residual", nn.Module), globals().get("resnet_block")
keeping = partial(Block, use_1x1conv=False, strides=1)


class Halving(Block):
    def __init__(self, input_channels, num_channels):
        super().__init__(input_channels, num_channels, True, 2)


@accepted("Residual", "lecture style, the sum in place")
class LectureStyle(nn.Module):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.Conv2d(input_channels, num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.Conv2d(num_channels, num_channels, kernel_size=3, padding=1)
        if use_1x1conv:
            self.conv3 = nn.Conv2d(input_channels, num_channels, kernel_size=1, stride=strides)
        else:
            self.conv3 = None
        self.bn1 = nn.BatchNorm2d(num_channels)
        self.bn2 = nn.BatchNorm2d(num_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, X):
        Y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(X)))))
        if self.conv3:
            X = self.conv3(X)
        Y += X
        return self.relu(Y)


@accepted("Residual", "the main path as a Sequential beside the named layers")
class PathAsSequential(nn.Module):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1, **options):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(input_channels, num_channels, (3, 3), (strides, strides), padding=(1, 1)),
            nn.BatchNorm2d(num_channels),
            nn.ReLU(),
            nn.Conv2d(num_channels, num_channels, 3, padding="same"),
            nn.BatchNorm2d(num_channels),
        )
        self.conv1, self.bn1, _, self.conv2, self.bn2 = self.path
        self.add_module("conv3", None)
        if use_1x1conv:
            self.conv3 = nn.Conv2d(input_channels, num_channels, 1, strides)
        self.shortcut = nn.Identity() if self.conv3 is None else self.conv3

    def forward(self, X):
        return torch.clamp(torch.stack([self.path(X), self.shortcut(X)]).sum(dim=0), min=0)


@accepted("Residual", "functional, pixels skipped before the 1x1 convolution")
class SkippedPixels(nn.Module):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.strides = strides
        widths = ((input_channels, 3), (num_channels, 3))
        self.conv1, self.conv2 = (nn.Conv2d(c, num_channels, k, padding=k // 2) for c, k in widths)
        self.conv1.stride = (strides, strides)
        self.bn1, self.bn2 = (nn.BatchNorm2d(num_channels) for _ in range(2))
        self.conv3 = nn.Conv2d(input_channels, num_channels, 1) if use_1x1conv else None

    def forward(self, X):
        Y = F.conv2d(F.pad(X, (1, 1, 1, 1)), self.conv1.weight, self.conv1.bias, stride=self.strides)
        Y = F.conv2d(self.bn1(Y).relu(), self.conv2.weight, self.conv2.bias, padding=1)
        Y = self.bn2(Y)
        if self.conv3 is not None:
            X = X[:, :, :: self.strides, :: self.strides]
            weight = self.conv3.weight[:, :, 0, 0]
            X = torch.einsum("nchw,dc->ndhw", X, weight) + self.conv3.bias.view(1, -1, 1, 1)
        return (Y + X).relu_()


@accepted("Residual", "lazy layers, as in newer editions of the book")
class WithLazyLayers(nn.Module):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1, self.bn2 = nn.LazyBatchNorm2d(), nn.LazyBatchNorm2d()

    def forward(self, X):
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        if self.conv3:
            X = self.conv3(X)
        return F.relu(Y.add_(X))


@accepted("resnet_block", "two list comprehensions")
def by_concatenation(input_channels, num_channels, num_residuals, first_block=False):
    if first_block:
        return [Residual(num_channels, num_channels) for _ in range(num_residuals)]
    return [Residual(input_channels, num_channels, True, 2)] + [
        Residual(num_channels, num_channels) for _ in range(num_residuals - 1)
    ]


@accepted("resnet_block", "the number of channels is carried along, a tuple is returned")
def by_carrying(input_channels, num_channels, num_residuals, first_block=False):
    blocks, channels = (), input_channels
    while len(blocks) < num_residuals:
        halve = not blocks and not first_block
        options = dict(use_1x1conv=halve, strides=1 + halve)
        blocks += (Residual(input_channels=channels, num_channels=num_channels, **options),)
        channels = num_channels
    return blocks


@accepted("resnet_block", "recursion, the stage from its end")
def by_recursion(input_channels, num_channels, num_residuals, first_block=False):
    if num_residuals == 0:
        return []
    if first_block:
        head = Residual(input_channels, num_channels, use_1x1conv=False, strides=(1, 1))
    else:
        head = Residual(input_channels, num_channels, use_1x1conv=1, strides=(2, 2))
    return [head] + by_recursion(num_channels, num_channels, num_residuals - 1, first_block=True)


@accepted("resnet_block", "a subclass and a partial, bound when the file is loaded")
def by_early_binding(input_channels, num_channels, num_residuals, first_block=False, first=Halving):
    first = keeping if first_block else first
    return [
        first(input_channels, num_channels),
        *(keeping(num_channels, num_channels) for _ in range(num_residuals - 1)),
    ]


@accepted("make_resnet18", "lecture style, in blocks b1 to b5")
def in_lecture_style(in_channels, num_classes):
    b1 = nn.Sequential(
        nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )
    b2 = nn.Sequential(*resnet_block(64, 64, 2, True))
    b3 = nn.Sequential(*resnet_block(64, 128, 2))
    b4 = nn.Sequential(*resnet_block(128, 256, 2))
    b5 = nn.Sequential(*resnet_block(256, 512, 2))
    net = nn.Sequential(b1, b2, b3, b4, b5)
    net.append(nn.AdaptiveAvgPool2d((1, 1)))
    net.append(nn.Flatten())
    net.append(nn.Linear(512, num_classes))
    return net


@accepted("make_resnet18", "flat, from Residual directly, named modules, the statistics of a trial pass forgotten")
def flat_from_residual(in_channels, num_classes):
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(in_channels, 64, 7, 2, 3))
    net.add_module("norm", nn.BatchNorm2d(64))
    net.add_module("pool", nn.MaxPool2d(3, 2, 1))
    net.add_module("relu", nn.ReLU())
    for stage in range(4):
        channels = 64 * 2**stage
        for i in range(2):
            if stage > 0 and i == 0:
                block = Residual(channels // 2, channels, use_1x1conv=True, strides=2)
            else:
                block = Residual(channels, channels)
            net.add_module(f"stage{stage + 1}_{i}", block)
    net.add_module("average", nn.AdaptiveAvgPool2d(1))
    net.add_module("flatten", nn.Flatten())
    net.add_module("linear", nn.Linear(512, num_classes))
    with torch.no_grad():
        net(torch.rand(2, in_channels, 40, 40))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    return net


@accepted("make_resnet18", "lazy layers, stages from a table")
def from_lazy_layers(in_channels, num_classes):
    net = nn.Sequential(
        nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
    )
    for i, (before, after) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)]):
        net.add_module(f"b{i + 2}", nn.Sequential(*resnet_block(before, after, 2, first_block=i == 0)))
    net.add_module("last", nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))
    return net


class GlobalAverage(nn.Module):
    def forward(self, X):
        return X.mean(dim=(2, 3))


class Transition(nn.Sequential):
    pass


@accepted("make_resnet18", "names bound earlier, own averaging layer and weights, a trial pass in evaluation mode")
def mixed(in_channels, num_classes, stage=make_stage):
    layers = [nn.Conv2d(in_channels, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    layers += [Block(64, 64), keeping(64, 64)]
    for channels in (128, 256, 512):
        layers.append(Transition(*stage(channels // 2, channels, 2)))
    layers += [GlobalAverage(), nn.Linear(512, num_classes)]
    net = Transition(*layers)
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
        if isinstance(module, Residual):
            nn.init.dirac_(module.conv2.weight)
    with torch.no_grad():
        net.eval()(torch.rand(1, in_channels, 33, 33))
    return net
