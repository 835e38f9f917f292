"""Known mistakes in residual networks."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import misconception


class Layers(nn.Module):
    """The right layers; subclasses put them together wrongly, or change some of them."""

    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.Conv2d(input_channels, num_channels, 3, strides, 1)
        self.bn1 = nn.BatchNorm2d(num_channels)
        self.conv2 = nn.Conv2d(num_channels, num_channels, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(num_channels)
        self.conv3 = nn.Conv2d(input_channels, num_channels, 1, strides) if use_1x1conv else None

    def body(self, X):
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X)))))

    def shortcut(self, X):
        return X if self.conv3 is None else self.conv3(X)

    def forward(self, X):
        return F.relu(self.body(X) + self.shortcut(X))


@misconception(
    "Residual",
    "ReLU before the addition",
    hint="Your ReLU acts on the output of bn2 alone, and the shortcut is added afterwards. The sum can then "
    "be negative, and the convolutions can only ever add to X, never take away from it. Look at what stands "
    "inside the outer ReLU of the formula.",
)
class EarlyReLU(Layers):
    def forward(self, X):
        return F.relu(self.body(X)) + self.shortcut(X)


@misconception(
    "Residual",
    "no ReLU at the end",
    hint="The sum of the two paths is returned as it is. Without a ReLU after it, the next block starts "
    "from another kind of map than this exercise asks for: one with negative entries.",
)
class NoLastReLU(Layers):
    def forward(self, X):
        return self.body(X) + self.shortcut(X)


@misconception(
    "Residual",
    "no ReLU between the convolutions",
    hint="Your first convolution and its normalisation lead straight into the second convolution. Two linear "
    "maps in a row are one linear map: what has to stand between them?",
)
class NoInnerReLU(Layers):
    def body(self, X):
        return self.bn2(self.conv2(self.bn1(self.conv1(X))))


@misconception(
    "Residual",
    "the shortcut is not added",
    hint="Your block returns what the convolutions make of X, and X itself is lost: that is a plain "
    "convolutional network. The point of the block is the sum of both.",
)
class NoShortcut(Layers):
    def forward(self, X):
        return F.relu(self.body(X))


@misconception(
    "Residual",
    "the shortcut goes around the 1x1 convolution",
    hint="conv3 exists, but forward never calls it: X is added as it came in. That goes wrong as soon as "
    "channels or size change. When must X pass through conv3 first?",
)
class UnusedThirdConvolution(Layers):
    def shortcut(self, X):
        return X


@misconception(
    "Residual",
    "shortcut without the stride",
    hint="Your 1x1 convolution always has stride 1. With strides=2 the main path halves the map, the shortcut "
    "does not, and the two no longer fit. Both paths have to skip the same pixels.",
)
class ShortcutWithoutStride(Layers):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__(input_channels, num_channels, use_1x1conv, strides)
        if use_1x1conv:
            self.conv3 = nn.Conv2d(input_channels, num_channels, 1)


@misconception(
    "Residual",
    "the stride is in the second convolution",
    hint="The shape is right, but conv1 runs over all pixels and conv2 skips some. Here it is the other way "
    "round: the first convolution has the stride, so that the second one has fewer pixels to work on.",
)
class StrideInTheSecond(Layers):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__(input_channels, num_channels, use_1x1conv, strides)
        self.conv1.stride, self.conv2.stride = self.conv2.stride, self.conv1.stride


@misconception(
    "Residual",
    "stride in both convolutions",
    hint="Both of your 3x3 convolutions have the stride, so with strides=2 the main path ends at a quarter of "
    "the height and width, the shortcut at half of it. How often may the block make its map smaller?",
)
class StrideInBoth(Layers):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__(input_channels, num_channels, use_1x1conv, strides)
        self.conv2.stride = self.conv1.stride


@misconception(
    "Residual",
    "BN missing",
    hint="Your block has no batch normalisation. A batch normalisation follows each of the two 3x3 "
    "convolutions, under the names bn1 and bn2.",
)
class NoNormalisation(Layers):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__(input_channels, num_channels, use_1x1conv, strides)
        del self.bn1, self.bn2

    def body(self, X):
        return self.conv2(F.relu(self.conv1(X)))


@misconception(
    "Residual",
    "bn2 is never used",
    hint="bn2 is made in __init__, but forward does not call it: the second convolution goes into the sum "
    "without normalisation. Go through the layers and see where each of them is called.",
)
class UnusedSecondNormalisation(Layers):
    def body(self, X):
        return self.conv2(F.relu(self.bn1(self.conv1(X))))


@misconception(
    "Residual",
    "one batch normalisation for both convolutions",
    hint="forward normalises twice with bn1. The outputs of the two convolutions have means and variances of "
    "their own, and the running statistics of one layer would mix them up.",
)
class SameNormalisationTwice(Layers):
    def body(self, X):
        return self.bn1(self.conv2(F.relu(self.bn1(self.conv1(X)))))


@misconception(
    "Residual",
    "1x1 convolution in every block",
    hint="Your block always has a conv3. Without use_1x1conv the shortcut is X itself, with nothing to learn, "
    "and conv3 is None.",
)
class AlwaysThirdConvolution(Layers):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__(input_channels, num_channels, True, strides)


@misconception(
    "Residual",
    "convolutions without bias",
    hint="Your convolutions have no bias. A batch normalisation makes it superfluous, so many libraries leave "
    "it out; this exercise keeps it, as nn.Conv2d does unless told otherwise.",
)
class NoBias(Layers):
    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__(input_channels, num_channels, use_1x1conv, strides)
        for layer in (self.conv1, self.conv2, self.conv3):
            if layer is not None:
                layer.bias = None


@misconception(
    "Residual",
    "the input is changed in place",
    hint="The caller's X is different after the call. Operators like += and methods that end in an underscore "
    "write into the tensor they are given; here that tensor is X.",
)
class InPlaceSum(Layers):
    def forward(self, X):
        body = self.body(X)
        shortcut = self.shortcut(X)
        shortcut += body
        return F.relu(shortcut)


@misconception(
    "Residual",
    "a forward pass ends the training mode",
    hint="After one call your block is in evaluation mode, so its batch normalisations stop learning their statistics and "
    "normalise with those of the first batch. The mode belongs to the caller; a forward pass only goes by it.",
)
class EndsTraining(Layers):
    def forward(self, X):
        Y = super().forward(X)
        self.eval()
        return Y


@misconception(
    "Residual",
    "one example ends the training mode",
    hint="For a batch of one example your block goes into evaluation mode, and stays there for all batches that "
    "follow. One map has many pixels, enough to take a mean of; and the mode belongs to the caller.",
)
class OneExampleEndsTraining(Layers):
    def forward(self, X):
        if len(X) == 1:
            self.eval()
        return super().forward(X)


# resnet_block


@misconception(
    "resnet_block",
    "first_block halves the map",
    hint="Your first block halves the map whatever first_block says. In the first stage the stem has already "
    "made the map small, so there all blocks keep its size.",
)
def halving_always(input_channels, num_channels, num_residuals, first_block=False):
    rest = [Residual(num_channels, num_channels) for _ in range(num_residuals - 1)]
    return [Residual(input_channels, num_channels, use_1x1conv=True, strides=2), *rest]


@misconception(
    "resnet_block",
    "first_block the wrong way round",
    hint="Your stages halve the map where first_block is true and keep it where it is false. first_block "
    "means: this is the first stage of the network, which must not halve the map again.",
)
def inverted(input_channels, num_channels, num_residuals, first_block=False):
    blocks = []
    for i in range(num_residuals):
        if i == 0 and first_block:
            blocks.append(Residual(input_channels, num_channels, use_1x1conv=True, strides=2))
        else:
            blocks.append(Residual(num_channels, num_channels))
    return blocks


@misconception(
    "resnet_block",
    "every block halves the map",
    hint="All blocks of your stage have stride 2, so the map shrinks with each of them. Only the first block "
    "of a stage halves it; the others work at the smaller size.",
)
def halving_everywhere(input_channels, num_channels, num_residuals, first_block=False):
    if first_block:
        return [Residual(num_channels, num_channels) for _ in range(num_residuals)]
    channels = [input_channels] + [num_channels] * (num_residuals - 1)
    return [Residual(c, num_channels, use_1x1conv=True, strides=2) for c in channels]


@misconception(
    "resnet_block",
    "later blocks expect input_channels",
    hint="Every block of your stage is made for input_channels. The first one has already turned them into "
    "num_channels: what does the second one receive?",
)
def input_channels_everywhere(input_channels, num_channels, num_residuals, first_block=False):
    blocks = []
    for i in range(num_residuals):
        halves = i == 0 and not first_block
        blocks.append(Residual(input_channels, num_channels, halves, 2 if halves else 1))
    return blocks


@misconception(
    "resnet_block",
    "the first block keeps the size",
    hint="Your first block changes the channels but has stride 1, so the map stays as large as it was. It has "
    "to halve height and width as well.",
)
def without_stride(input_channels, num_channels, num_residuals, first_block=False):
    blocks = [Residual(num_channels, num_channels) for _ in range(num_residuals)]
    if not first_block:
        blocks[0] = Residual(input_channels, num_channels, use_1x1conv=True)
    return blocks


@misconception(
    "resnet_block",
    "the first block has no 1x1 convolution",
    hint="Your first block halves the map but leaves its shortcut as it is, so the two sides of the sum have "
    "different shapes. What brings the shortcut to the new channels and the new size?",
)
def without_third_convolution(input_channels, num_channels, num_residuals, first_block=False):
    blocks = [Residual(num_channels, num_channels) for _ in range(num_residuals)]
    if not first_block:
        blocks[0] = Residual(input_channels, num_channels, strides=2)
    return blocks


@misconception(
    "resnet_block",
    "one block several times",
    hint="Multiplying a list repeats the same object: your later blocks are one block with one set of "
    "weights. Each has to be made by a call of its own.",
)
def repeated(input_channels, num_channels, num_residuals, first_block=False):
    if first_block:
        return [Residual(num_channels, num_channels)] * num_residuals
    later = [Residual(num_channels, num_channels)] * (num_residuals - 1)
    return [Residual(input_channels, num_channels, use_1x1conv=True, strides=2), *later]


@misconception(
    "resnet_block",
    "copies of one block",
    hint="Your later blocks are copies of one, so all of them start from the same random weights. Blocks that are made one "
    "by one start from different ones.",
)
def copied(input_channels, num_channels, num_residuals, first_block=False):
    first = Residual(num_channels, num_channels)
    if not first_block:
        first = Residual(input_channels, num_channels, use_1x1conv=True, strides=2)
    later = Residual(num_channels, num_channels)
    return [first, *(copy.deepcopy(later) for _ in range(num_residuals - 1))]


@misconception(
    "resnet_block",
    "one block too many",
    hint="Your list has one block more than num_residuals: the one that halves the map counts as well.",
)
def one_more(input_channels, num_channels, num_residuals, first_block=False):
    blocks = [Residual(num_channels, num_channels) for _ in range(num_residuals)]
    if not first_block:
        blocks.insert(0, Residual(input_channels, num_channels, use_1x1conv=True, strides=2))
    return blocks


@misconception(
    "resnet_block",
    "blocks of earlier calls are handed out again",
    hint="A second call with the same arguments returns the blocks of the first, so two stages share one set of weights. "
    "Look at what your function keeps between calls: a default value that is a list, a cache, a global variable.",
)
def remembered(input_channels, num_channels, num_residuals, first_block=False, made={}):
    key = input_channels, num_channels, num_residuals, first_block
    if key not in made:
        made[key] = [Residual(num_channels, num_channels) for _ in range(num_residuals)]
        if not first_block:
            made[key][0] = Residual(input_channels, num_channels, use_1x1conv=True, strides=2)
    return made[key]


# make_resnet18


def stem_of(in_channels):
    return [nn.Conv2d(in_channels, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]


def stages_of(counts=(2, 2, 2, 2), first_block=True):
    blocks = list(resnet_block(64, 64, counts[0], first_block=first_block))
    for i in range(1, 4):
        blocks += resnet_block(32 << i, 64 << i, counts[i])
    return blocks


def head_of(num_classes):
    return [nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(512, num_classes)]


@misconception(
    "make_resnet18",
    "the first stage halves the map",
    hint="Your first stage is made like the others, so it halves a map that the stem has already brought to a "
    "quarter. What does resnet_block have for this case?",
)
def halving_first_stage(in_channels, num_classes):
    stages = stages_of(first_block=False)
    return nn.Sequential(*stem_of(in_channels), *stages, *head_of(num_classes))


@misconception(
    "make_resnet18",
    "one residual block per stage",
    hint="Your stages have one block each. ResNet-18 has two per stage: with two convolutions each that is 16, "
    "and the first convolution and the last layer make 18.",
)
def one_per_stage(in_channels, num_classes):
    return nn.Sequential(*stem_of(in_channels), *stages_of((1, 1, 1, 1)), *head_of(num_classes))


@misconception(
    "make_resnet18",
    "no max-pooling in the stem",
    hint="Your stem only halves the image: the max-pooling after the ReLU is missing. All stages then work on "
    "four times as many pixels.",
)
def without_pooling(in_channels, num_classes):
    return nn.Sequential(*stem_of(in_channels)[:3], *stages_of(), *head_of(num_classes))


@misconception(
    "make_resnet18",
    "no batch normalisation in the stem",
    hint="In your stem the 7x7 convolution leads straight into the ReLU. As in the residual blocks, a batch "
    "normalisation stands between them.",
)
def without_normalisation(in_channels, num_classes):
    conv, _, relu, pool = stem_of(in_channels)
    return nn.Sequential(conv, relu, pool, *stages_of(), *head_of(num_classes))


@misconception(
    "make_resnet18",
    "no ReLU in the stem",
    hint="The map that enters your first block has not passed through a ReLU: it may hold negative entries. "
    "Compare the order of the layers in your stem with the table.",
)
def without_relu(in_channels, num_classes):
    conv, norm, _, pool = stem_of(in_channels)
    return nn.Sequential(conv, norm, pool, *stages_of(), *head_of(num_classes))


@misconception(
    "make_resnet18",
    "the average is a maximum",
    hint="Your head takes the largest entry of each channel. It is the average over all pixels that the "
    "linear layer receives.",
)
def largest_pixel(in_channels, num_classes):
    head = (nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(512, num_classes))
    return nn.Sequential(*stem_of(in_channels), *stages_of(), *head)


@misconception(
    "make_resnet18",
    "softmax at the end",
    hint="Your network returns probabilities. The loss that is used in training, the cross-entropy from "
    "scores, applies the softmax itself; applied twice it slows learning down.",
)
def with_softmax(in_channels, num_classes):
    return nn.Sequential(*stem_of(in_channels), *stages_of(), *head_of(num_classes), nn.Softmax(dim=1))


@misconception(
    "make_resnet18",
    "one fixed map size at the end",
    hint="Your head averages over a window of 7 x 7 pixels: that fits images of 224 x 224 and no others. A "
    "global average takes the whole map, however large it is.",
)
def fixed_window(in_channels, num_classes):
    head = (nn.AvgPool2d(7), nn.Flatten(), nn.Linear(512, num_classes))
    return nn.Sequential(*stem_of(in_channels), *stages_of(), *head)


class Squeezed(nn.Module):
    def forward(self, X):
        return X.mean(dim=(2, 3), keepdim=True).squeeze()


@misconception(
    "make_resnet18",
    "one image loses its batch axis",
    hint="For several images your scores are right, but a batch of one image gives a result without the axis of the batch. "
    "Removing every axis of size 1 removes that one, too: say which axes are to go.",
)
def squeezed_head(in_channels, num_classes):
    head = Squeezed(), nn.Linear(512, num_classes)
    return nn.Sequential(*stem_of(in_channels), *stages_of(), *head)


class Centred(nn.Module):
    def forward(self, X):
        X -= X.mean()
        return X


@misconception(
    "make_resnet18",
    "the images are changed in place",
    hint="The caller's images are different after they went through your network. Preparing them is not its business: the "
    "table begins with a convolution. And a layer that writes into its input writes into the caller's tensor.",
)
def centring(in_channels, num_classes):
    return nn.Sequential(Centred(), *stem_of(in_channels), *stages_of(), *head_of(num_classes))


@misconception(
    "make_resnet18",
    "the blocks start as their shortcuts",
    hint="You set weights of the batch normalisations to 0, so each new block passes on its shortcut alone. That is a "
    "known trick, but not this exercise's: here the batch normalisations of a new network stay as they come.",
)
def starting_as_identity(in_channels, num_classes):
    net = nn.Sequential(*stem_of(in_channels), *stages_of(), *head_of(num_classes))
    for module in net.modules():
        if isinstance(module, Residual):
            nn.init.zeros_(module.bn2.weight)
    return net


@misconception(
    "make_resnet18",
    "a trial pass stays in the statistics",
    hint="You send images through the network before you return it, and in training mode each pass moves the running "
    "statistics of the batch normalisations. So a new network already knows images that nobody gave it. Is the trial "
    "needed, and if so, in which mode does it leave no traces?",
)
def after_a_trial(in_channels, num_classes):
    net = nn.Sequential(*stem_of(in_channels), *stages_of(), *head_of(num_classes))
    with torch.no_grad():
        net(torch.rand(2, in_channels, 64, 64))
    return net
