# %% [markdown]
# # Residual networks
#
# A deeper network should not do worse than a shallow one: its extra layers could learn to pass their input
# on unchanged. Plain layers find that hard to learn. A *residual block* makes it the easy case: it adds its
# input to what its layers compute, so that the layers need to learn only the difference from the identity.
#
# **Shapes.** A map has shape (N, C, H, W): $N$ examples, $C$ channels, $H \times W$ pixels.
# $\lceil \cdot \rceil$ rounds up: a 7 × 4 map that is halved becomes 4 × 2.
#
# **Rules.** Nothing is ruled out: build with `nn.Conv2d`, `nn.BatchNorm2d`, pooling and all the rest of
# `torch.nn`, lazy layers included. Where an exercise names an attribute, use that name. But for the
# running statistics of batch normalisation, a call leaves nothing behind: its input stays as it is, and so does
# the mode of a module (training or evaluation).
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check resnet` whenever you like.

# %%
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## 1. `Residual(input_channels, num_channels, use_1x1conv=False, strides=1)`
#
# The block computes
#
# $$Y = \operatorname{ReLU}\Bigl(\mathrm{bn}_2\bigl(\mathrm{conv}_2(
# \operatorname{ReLU}(\mathrm{bn}_1(\mathrm{conv}_1(X))))\bigr) + S(X)\Bigr)$$
#
# with the shortcut $S(X) = X$, or $S(X) = \mathrm{conv}_3(X)$ if `use_1x1conv` is true.
#
# | attribute | layer |
# |---|---|
# | `conv1` | 3 × 3 convolution with padding 1, `input_channels` to `num_channels`, stride `strides` |
# | `bn1` | batch normalisation |
# | `conv2` | 3 × 3 convolution with padding 1, `num_channels` to `num_channels`, stride 1 |
# | `bn2` | batch normalisation |
# | `conv3` | with `use_1x1conv`: 1 × 1 convolution, `input_channels` to `num_channels`, stride `strides` |
# | | without: `None` |
#
# - These layers hold all the parameters of the block. The convolutions have a bias, and the batch
#   normalisations are `nn.BatchNorm2d` as they come, untouched in a new block: weights 1, biases 0, and no map
#   in their statistics. There is none on the shortcut.
# - `input_channels`, `num_channels`, `strides`: integers of at least 1. `use_1x1conv`: a bool. Whoever calls
#   the block without the 1 × 1 convolution keeps to `input_channels == num_channels` and `strides == 1`.
# - `forward(X)`: (N, input_channels, H, W) to (N, num_channels, $\lceil H / \text{strides} \rceil$,
#   $\lceil W / \text{strides} \rceil$), with the dtype of `X` and of the parameters (float32 or float64).
#   No entry is negative. `X` itself stays as it is.
#
# Hint: at the moment of the addition both summands need the same shape. What makes the one side smaller, or
# gives it other channels, must do so to the other side as well.


# %%
class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut around them.

    Layers: conv1, bn1, conv2, bn2, and conv3 (None without use_1x1conv).
    """

    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(input_channels, num_channels, kernel_size=3, stride=strides, padding=1)
        self.bn1 = nn.BatchNorm2d(num_channels)
        self.conv2 = nn.Conv2d(num_channels, num_channels, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(num_channels)
        self.conv3 = None
        if use_1x1conv:
            self.conv3 = nn.Conv2d(input_channels, num_channels, kernel_size=1, stride=strides)
        ### END SOLUTION

    def forward(self, X):
        """X: (N, input_channels, H, W) -> (N, num_channels, ceil(H / strides), ceil(W / strides))."""
        ### BEGIN SOLUTION
        hidden = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(hidden))
        if self.conv3 is not None:
            return F.relu(Y + self.conv3(X))
        return F.relu(Y + X)
        ### END SOLUTION


# %% [markdown]
# ## 2. `resnet_block(input_channels, num_channels, num_residuals, first_block=False)`
#
# The network is made of *stages*: several residual blocks in a row with the same number of channels. This
# function makes one stage and returns its blocks in a **list**: `num_residuals` (at least 1) different
# instances of your `Residual`, in the order in which a map passes through them. Each comes from a call of
# `Residual` with arguments to suit.
#
# - Normally (`first_block` is false) the first block of the stage takes `input_channels` to `num_channels`
#   and halves height and width, so it needs the 1 × 1 convolution on its shortcut. All others keep channels
#   and size, and have none.
# - In the first stage of the network (`first_block` is true) the map has already been made small. There
#   **no** block changes the channels or the size, and none has the 1 × 1 convolution. This is used with
#   `input_channels == num_channels` only.
# - So `first_block` is about the *stage*, whatever its name: it says "this is the first stage of the network",
#   not "this is the first block of its stage". Every stage has a first block.
# - Each call makes a new list of new blocks.
#
# With `blocks = resnet_block(3, 8, 2)`, the network `nn.Sequential(*blocks)` takes (N, 3, 6, 6) to
# (N, 8, 3, 3).
#
# Hint: how many channels does the second block receive?


# %%
def resnet_block(input_channels, num_channels, num_residuals, first_block=False):
    """The blocks of one stage -> list of num_residuals Residual.

    Together (N, input_channels, H, W) -> (N, num_channels, ceil(H / 2), ceil(W / 2)), or the same shape if
    first_block is true: this is the first stage of the network.
    """
    ### BEGIN SOLUTION
    blocks = []
    for i in range(num_residuals):
        if i == 0 and not first_block:
            blocks.append(Residual(input_channels, num_channels, use_1x1conv=True, strides=2))
        else:
            blocks.append(Residual(num_channels, num_channels))
    return blocks
    ### END SOLUTION


# %% [markdown]
# ## 3. `make_resnet18(in_channels, num_classes)`
#
# The whole network, an `nn.Sequential` of:
#
# | part | layers | map, for 96 × 96 images |
# |---|---|---|
# | stem | 7 × 7 convolution with bias, `in_channels` to 64, stride 2, padding 3 | 64 × 48 × 48 |
# | | batch normalisation, ReLU | 64 × 48 × 48 |
# | | 3 × 3 max-pooling, stride 2, padding 1 | 64 × 24 × 24 |
# | stage 1 | 2 residual blocks, 64 channels, the size stays | 64 × 24 × 24 |
# | stage 2 | 2 residual blocks, 128 channels, size halved | 128 × 12 × 12 |
# | stage 3 | 2 residual blocks, 256 channels, size halved | 256 × 6 × 6 |
# | stage 4 | 2 residual blocks, 512 channels, size halved | 512 × 3 × 3 |
# | head | average over all pixels of a channel, flatten | 512 |
# | | fully connected layer (`nn.Linear`) with bias | `num_classes` |
#
# - Use your `resnet_block` or your `Residual`; how the parts are nested within the `nn.Sequential` is up to
#   you.
# - The network takes images (N, in_channels, H, W), one or more of any size from 33 × 33 on, and returns scores
#   (N, num_classes): real numbers, no probabilities, with the dtype of the images and of the parameters. Its batch
#   normalisation is `nn.BatchNorm2d` as it comes, untouched in a new network, too. Other weights may start as you
#   like.
# - Each call makes a new network.
# - With `in_channels=1` and `num_classes=10` it has 11 178 378 parameters.
#
# Hint: let an image of the size you expect pass through the layers one by one and print its shape after each.
# And which kind of average does not need to know how large the map is?


# %%
def make_resnet18(in_channels, num_classes):
    """ResNet-18 as an nn.Sequential: (N, in_channels, H, W) -> (N, num_classes)."""
    ### BEGIN SOLUTION
    stem = nn.Sequential(
        nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )
    return nn.Sequential(
        stem,
        nn.Sequential(*resnet_block(64, 64, 2, first_block=True)),
        nn.Sequential(*resnet_block(64, 128, 2)),
        nn.Sequential(*resnet_block(128, 256, 2)),
        nn.Sequential(*resnet_block(256, 512, 2)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, num_classes),
    )
    ### END SOLUTION
