# %% [markdown]
# # Data-parallel training
#
# One batch, several devices: every device keeps a copy of all parameters, works out the gradient of its own part of
# the batch, and then the devices add their gradients up. After that each of them takes the same step, so the copies
# stay equal. Done right, nobody can tell from the numbers that more than one device was at work: **one data-parallel
# step is the single-device step on the whole batch**.
#
# **Devices.** `devices` is a list of `torch.device` objects. On a machine without GPUs it may hold
# `torch.device("cpu")` several times; the bookkeeping is the same, and most of the grading is done that way. Some
# checks simulate GPUs: tensors then report `cuda:0`, `cuda:1`, … as their device, and, as on real hardware, an
# operation on tensors of two devices raises an error until one of them has been moved. The simulation knows `.to`,
# `.cuda`, `.cpu`, `device=`, `copy_` and the assignment to a slice; functions of `torch.cuda` it does not know.
#
# **Rules.** Everything in torch is yours. But `nn.parallel` and `torch.distributed` will not help: the first works on
# GPUs only, the second needs several processes. A function changes nothing but what it is said to change, and
# gradients are still switched on after it.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check data_parallel` whenever you like.

# %%
import torch
from torch import nn

# %% [markdown]
# ## The model
#
# This model and its loss are given; leave them as they are. The loss is **one number per example**: no mean, no sum.
#
# `params` is a list `[W1, b1, W2, b2]` of shapes (d, h), (h,), (h, q), (q,).


# %%
def loss_of(X, y, params):
    """Losses of a network with one hidden layer. X: (n, d), y: (n,) int64, params: [W1, b1, W2, b2] -> (n,)."""
    W1, b1, W2, b2 = params
    hidden = torch.relu(X @ W1 + b1)
    return nn.functional.cross_entropy(hidden @ W2 + b2, y, reduction="none")


# %% [markdown]
# ## 1. `get_params(params, device)`
#
# Copies of all parameters, to be trained on `device`.
#
# - `params`: a list of floating-point tensors of any shapes. Some may require gradients, some not.
# - returns: a list of as many tensors, in the same order, with the same shapes, dtypes and values, all on `device`.
# - Every copy requires gradients and is a leaf without a `.grad`: after `backward()` its own `.grad` holds its gradient
#   alone.
# - Copies and originals share nothing. Writing into one leaves the other as it is, no gradient flows from a copy to
#   its original, and the originals' `requires_grad` stays what it was.
#
# Hint: what does `.to(device)` return if the tensor is on `device` already?


# %%
def get_params(params, device):
    """Independent copies of the parameters on device, each a leaf that requires gradients.

    params: list of tensors -> list of tensors, same shapes and dtypes.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `allreduce(data)`
#
# $$\text{data}_k \leftarrow \sum_{j} \text{data}_j \qquad \text{for every } k$$
#
# - `data`: a list of one or more tensors of the same shape (at least one dimension) and dtype (floating-point or
#   integer), one per device, contiguous or not. None of them requires gradients.
# - Changes the tensors **in place**: afterwards every tensor of the list holds the sum of all, as exact as its dtype
#   allows in whatever order you add, and still lives in its own memory on its own device. An infinite entry makes the
#   sum infinite there. Putting other tensors into the list is not enough, since the caller may hold the tensors
#   elsewhere too. Nothing is returned.
#
# Hint: tensors on two devices cannot be added before one of them has moved. And when you write the first result, do
# you still have all the numbers that the second one needs?


# %%
def allreduce(data):
    """Overwrite each tensor with the sum of all. data: list of tensors of one shape, one per device."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `split_batch(X, y, devices)`
#
# Deals a batch out to the devices: the first rows to the first device, the next rows to the second, and so on.
#
# - `X`: (n, ...), `y`: (n, ...), with n at least 1. `devices`: a list of $k$ devices.
# - returns: a pair `(X_shards, y_shards)` of lists with **exactly $k$ tensors** each. Shard $i$ is on `devices[i]`, and
#   row $j$ of `X_shards[i]` belongs to row $j$ of `y_shards[i]`.
# - Nothing is lost, doubled or reordered: the shards one after another are the batch, whether or not $k$ divides $n$.
# - The work is even: the numbers of rows of two shards differ by at most one; which are the larger ones is up to you.
#   With more devices than examples, some shards have 0 rows. A shard may be a view of the batch.
# - If `X` and `y` differ in their numbers of rows, it raises a `ValueError` (or an `AssertionError`).
#
# Hint: 7 rows for 3 devices are 3 + 2 + 2. Check what your way of splitting makes of 4 rows for 3 devices.


# %%
def split_batch(X, y, devices):
    """Split a batch into one shard per device.

    X: (n, ...), y: (n, ...), devices: k devices -> two lists of k tensors, sizes that differ by at most one.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `train_batch(X, y, device_params, devices, lr)`
#
# One step of stochastic gradient descent, shared out among the devices. With $n$ the number of examples of the
# **whole** batch and $\ell_i$ the loss of example $i$, every copy of every parameter $p$ becomes
#
# $$p \leftarrow p - \text{lr} \cdot \frac1n \sum_{i=1}^{n} \frac{\partial \ell_i}{\partial p}$$
#
# - `X`: (n, d), `y`: (n,), anywhere. `devices`: a list of $k$ devices. `device_params`: a list of $k$ lists, what
#   `get_params` returns for each device; all copies hold the same numbers. `lr`: a number.
# - Call `loss_of` **once per device**: on that device's shard, with that device's copy of the parameters (the tensors
#   in `device_params` or something in the same memory, such as what `torch.func` makes of them). A device whose shard
#   is empty may do without the call.
# - The parameters are updated **in place**: the very tensors in `device_params` change, on all devices alike, and
#   remain leaves that require gradients and share no memory. Nothing is returned.
# - Calling it again takes the next step. No gradient of one step may leak into another; before the first, every `.grad`
#   is `None`, so whether you clear gradients before or after is up to you.
#
# Hint: the shards may differ in size. Whose mean, or whose sum, adds up to the right thing?


# %%
def train_batch(X, y, device_params, devices, lr):
    """One step of SGD on all devices, equal to the single-device step with the mean loss of the whole batch.

    X: (n, d), y: (n,), device_params: one list of parameters per device, updated in place.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
