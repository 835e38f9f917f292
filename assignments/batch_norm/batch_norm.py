# %% [markdown]
# # Batch normalisation
#
# A batch normalisation layer shifts and scales each channel of its input so that, within the batch, the channel has
# mean 0 and variance 1, and then lets two learned parameters choose another mean and another spread. While training it
# uses the batch at hand. While predicting there may be only one example, so it uses statistics collected on the way.
#
# **Shapes.** $N$ examples, $C$ features or channels, images of $H \times W$ pixels. A *channel* is column $c$ of an
# input (N, C), or `X[:, c]` of an input (N, C, H, W): in an image, all pixels of a channel share one mean and one
# variance.
#
# **Rules.** torch's own normalisations are ruled out: `nn.BatchNorm1d`, `nn.BatchNorm2d`, `F.batch_norm` and whatever
# else in torch has `batch_norm`, `layer_norm`, `instance_norm` or `group_norm` in its name or calls one that has. The
# rest of torch is yours, `mean` and `var` included.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check batch_norm` whenever you like.

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum, training)`
#
# **In training** (`training` is true), with $m$ the number of entries of channel $c$, that is $N$ or
# $N \cdot H \cdot W$:
#
# $$\mu_c = \frac1m \sum_{i \in c} x_i \qquad \sigma_c^2 = \frac1m \sum_{i \in c} (x_i - \mu_c)^2 \qquad
# y_i = \gamma_c \, \frac{x_i - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}} + \beta_c$$
#
# $$\text{moving mean}_c \leftarrow \text{momentum} \cdot \text{moving mean}_c
# + (1 - \text{momentum}) \cdot \mu_c$$
#
# $$\text{moving var}_c \leftarrow \text{momentum} \cdot \text{moving var}_c
# + (1 - \text{momentum}) \cdot \sigma_c^2$$
#
# **In evaluation** (`training` is false), `moving_mean` and `moving_var` take the places of $\mu$ and $\sigma^2$, and
# both are returned as they are; the very tensors passed in will do.
#
# Mind the conventions:
#
# - The variance is the *biased* one, divided by $m$ and not by $m - 1$, in $y$ and in the moving variance.
# - $\epsilon$ stands inside the root.
# - The momentum is the weight of the **old** value. (torch's own layers mean the weight of the new one.)
#
# Inputs and result:
#
# - `X`: (N, C) or (N, C, H, W), float32 or float64.
# - `gamma`, `beta`, `moving_mean`, `moving_var`: (1, C) where `X` is (N, C), and (1, C, 1, 1) where it is (N, C, H, W),
#   with the dtype of `X`. `eps`, `momentum`: numbers, `eps` above 0. `training`: a bool.
# - returns: three tensors, `(Y, moving_mean, moving_var)`. `Y` has the shape of `X`; the statistics have the shape of
#   those passed in, already updated. They are plain values, without gradient history: `requires_grad` is false.
#
# Hint: which dimensions does the mean of a channel run over, for (N, C) and for (N, C, H, W)? And which shape must the
# result have to be subtracted from `X`?
#
# In training a channel has at least two entries, so that one image may do; in evaluation one entry is enough. float64
# data around 100 000 000 must come out right too, to five digits: $\frac1m \sum x_i^2 - \mu^2$ equals the variance on
# paper, but subtracts two huge numbers to find a small one.
#
# In training, gradients flow by way of $\mu$ and $\sigma^2$ too, and they are finite even where all entries of a channel
# are equal.
#
# Gradients reach `X`, `gamma` and `beta`. What goes in stays as it is, and a call remembers nothing
# of earlier ones. `X` may be transposed or sliced out of a larger tensor. It works on the device
# that `X` is on, a GPU too. Whether gradients are being recorded makes no difference to the values.


# %%
def batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    """Normalise each channel, by the batch's statistics in training, by the moving ones in evaluation.

    X: (N, C) or (N, C, H, W); gamma, beta, moving_mean, moving_var: (1, C) or (1, C, 1, 1)
    -> Y: shape of X; moving_mean, moving_var: shapes as passed in, updated in training, no gradient history.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `BatchNorm(num_features, num_dims)`
#
# The layer: it owns the parameters and the statistics and calls your `batch_norm` with `eps=1e-5` and `momentum=0.9`.
#
# - `num_features`: $C$. `num_dims`: 2 for inputs (N, C), 4 for inputs (N, C, H, W).
# - Trainable parameters `gamma` (ones at first) and `beta` (zeros): these two and no others.
# - Statistics `moving_mean` (zeros at first) and `moving_var` (ones). All four have shape (1, C) or (1, C, 1, 1).
# - `forward(X)`: returns `Y`, the shape of `X`. In training mode it normalises with the batch and updates the
#   statistics; in evaluation mode it uses the statistics and leaves them alone. The mode is the module's own: the one
#   that `layer.train()` and `layer.eval()` set.
# - The statistics are **buffers**. They are no parameters, but part of the layer: they stand in `state_dict()` under
#   their names, and move with the layer in `layer.double()` or `layer.to(device)`. Other buffers are up to you.
# - They never keep the graph of a batch: after a forward pass `layer.moving_mean.requires_grad` is false.
#
# Hint: a tensor that is merely stored as an attribute is seen neither by `state_dict` nor by `to`. How does a module
# learn about a tensor that is not a parameter?
#
# Each layer has statistics of its own. `X` has the dtype and the device of the layer.
#
# Gradients reach `X` and its parameters. Apart from `moving_mean` and `moving_var`, what goes in
# stays as it is, and a call remembers nothing of earlier ones. `X` may be transposed or sliced out
# of a larger tensor. It works on the device that `X` is on, a GPU too. Whether gradients are being
# recorded makes no difference to the values. A new `BatchNorm` that loads the `state_dict()` of a
# used one gives what that one gives.


# %%
class BatchNorm(nn.Module):
    """Batch normalisation layer for inputs (N, C) if num_dims is 2, (N, C, H, W) if it is 4.

    Parameters gamma, beta and buffers moving_mean, moving_var: (1, C) or (1, C, 1, 1).
    """

    def __init__(self, num_features, num_dims):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X):
        """X: (N, C) or (N, C, H, W) -> same shape. Updates the statistics in training mode."""
        # YOUR CODE HERE
        raise NotImplementedError()
