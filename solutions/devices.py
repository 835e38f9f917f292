# %% [markdown]
# # Devices
#
# A tensor lives on a device: on the CPU, or on one of the GPUs of the machine. An operation works on the device where
# its operands are, and all of them have to be on the same one. This unit is about choosing a device, moving a batch
# there, keeping a module's own tensors with it, and measuring an accuracy without mixing devices up.
#
# **Without a GPU.** You need none. Some checks replace `torch.cuda.is_available` and `torch.cuda.device_count`, so
# that your code believes in a machine with 0, 1 or 4 GPUs; others use torch's device `meta`, whose tensors have a
# shape and no numbers; others simulate GPUs: tensors report `cuda:1` as their device, and an operation on tensors of
# two devices raises an error, as on real hardware; `.to`, `.cuda`, `.cpu`, `device=`, `copy_` and the assignment to a
# slice bring them together. Where there is a GPU, the same is tried on it.
#
# **Rules.** Everything in torch is yours. Ask about GPUs with `torch.cuda.is_available()` and
# `torch.cuda.device_count()`, written like that and called anew each time, so that the checks can replace them; the
# two always agree. A function changes nothing but what it is said to change, and gradients are still switched on after
# it.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check devices` whenever you like.

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `try_gpu(i=0)`
#
# - `i`: an int, 0 or more.
# - returns: a `torch.device`: GPU number `i`, written with its number as in `torch.device("cuda:2")`, if the machine
#   has it; the CPU, `torch.device("cpu")`, if not.
#
# Hint: GPUs are numbered from 0. How many must there be so that number `i` exists?


# %%
def try_gpu(i=0):
    """GPU number i if it exists, otherwise the CPU: a torch.device."""
    ### BEGIN SOLUTION
    if torch.cuda.device_count() >= i + 1:
        return torch.device(f"cuda:{i}")
    return torch.device("cpu")
    ### END SOLUTION


# %% [markdown]
# ## 2. `try_all_gpus()`
#
# - returns: a list of `torch.device`: all GPUs, in the order of their numbers and with their numbers; if there are
#   none, a list that holds the CPU alone. The list is never empty, and every call makes a new one.


# %%
def try_all_gpus():
    """All GPUs in order, or [the CPU] where there are none: a list of torch.device."""
    ### BEGIN SOLUTION
    devices = [torch.device(f"cuda:{i}") for i in range(torch.cuda.device_count())]
    return devices if devices else [torch.device("cpu")]
    ### END SOLUTION


# %% [markdown]
# ## 3. `to_device(batch, device)`
#
# A data loader may yield more than a tensor: a pair, a dictionary of tensors, a list of those, …
#
# - `batch`: a tensor (an `nn.Parameter` is one), or a plain list, tuple or dictionary whose items are again such
#   things, nested to any depth, or empty. Other things may stand in it too: numbers, strings, `None`. `device`: a
#   `torch.device`.
# - returns: the same structure. Lists stay lists, tuples stay tuples, dictionaries keep their keys and the order of
#   these. Every tensor in it is on `device`, with its values and its dtype; everything else is what it was. Whether
#   gradients find their way back through the move is left open.
# - `batch` itself is not changed: where it holds lists or dictionaries, even empty ones, new ones are returned. (A
#   tensor that is on `device` already need not be copied.)
#
# Hint: one kind of thing at a time. What a list needs done to each of its items is what you are just writing.


# %%
def to_device(batch, device):
    """Move every tensor of a nested batch to device; same structure, anything that is no tensor unchanged."""
    ### BEGIN SOLUTION
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, list):
        return [to_device(item, device) for item in batch]
    if isinstance(batch, tuple):
        return tuple(to_device(item, device) for item in batch)
    if isinstance(batch, dict):
        return {key: to_device(item, device) for key, item in batch.items()}
    return batch
    ### END SOLUTION


# %% [markdown]
# ## 4. `evaluate_accuracy_gpu(net, data_iter, device=None)`
#
# The fraction of a data set that a model gets right, computed on a device.
#
# - `net`: an `nn.Module` with parameters, or a function; it maps `X` to scores (n, q) on the device of `X`, for any
#   q from 1 on, and the largest score of a row (there are no ties) is the prediction. A module is evaluated in
#   **evaluation mode**, with all modules inside it; whether you put it back into its former mode is up to you. It stays
#   on the device where it is, and its parameters stay as they are.
# - `data_iter`: yields at least one pair `(X, y)`, usually on the CPU. `X` is a tensor, or a list of tensors, which
#   `net` then receives as a list. `y`: (n,), the true classes. The last batch may be smaller than the others. What it
#   yields (it may be a list of batches) is not changed.
# - `device`: where `X` **and** `y` are moved, batch by batch. `None` means the device of the module's parameters; if
#   `net` is a function, it means that the batches stay where they are.
# - returns: correct predictions / examples, over *all* batches, as a number in [0, 1]. No gradient is needed.
#
# Hint: the scores are where `net` has computed them. Where must `y` be to be compared with them?


# %%
def evaluate_accuracy_gpu(net, data_iter, device=None):
    """Accuracy of net over all batches, a fraction; batches are moved to device (None: where the module is)."""
    ### BEGIN SOLUTION
    if isinstance(net, nn.Module):
        net.eval()
        if device is None:
            device = next(net.parameters()).device
    correct, total = 0, 0
    with torch.no_grad():
        for X, y in data_iter:
            if device is not None:
                X, y = to_device(X, device), to_device(y, device)
            correct += int((net(X).argmax(dim=1) == y).sum())
            total += len(y)
    return correct / total
    ### END SOLUTION


# %% [markdown]
# ## 5. `DeviceAwareBuffer(num_features)`
#
# A layer without parameters that centres its input with a running mean, and ignores padding. It has to work wherever
# it has been moved, with everything it owns and everything it makes on the way.
#
# - It owns two **buffers**: `total`, shape (num_features,), and `count`, shape (), both zeros of torch's default
#   floating dtype at first. They stand in `state_dict()` under these names, and follow the layer in
#   `layer.to(device)` and `layer.double()`.
# - `forward(X, valid_len)`: `X` is (n, num_features), and only its first `valid_len` rows are real; the rest is
#   padding, any finite numbers whose distance from the mean is finite too. `valid_len` is an int from 0 to n. With $V$
#   the set of real rows:
#
# $$\text{in training mode, first:} \qquad \text{total} \leftarrow \text{total} + \sum_{i \in V} X_i
# \qquad \text{count} \leftarrow \text{count} + |V|$$
#
# $$\text{in both modes:} \qquad Y_i = \begin{cases} X_i - \text{total} \,/\, \max(\text{count}, 1) & i \in V \\
# 0 & \text{otherwise} \end{cases}$$
#
# - returns: $Y$, a new tensor with the shape, dtype and device of `X`. `X` itself stays as it is.
# - In evaluation mode the buffers stay as they are.
# - The buffers are statistics: they never require gradients, and for the gradient of $Y$ the mean counts as a
#   constant. So the gradient passes unchanged to the real rows of `X`, and none reaches the padding.
# - `X` is always on the layer's device and has its dtype. Any tensor that `forward` makes (a mask, row numbers,
#   zeros) must be made on that device: a new tensor lands on the CPU unless it is told otherwise. (On `meta`, `forward`
#   is not called.)
#
# Hint: a tensor that is merely stored as an attribute is not seen by `to`. How does a module learn about a tensor
# that is not a parameter?


# %%
class DeviceAwareBuffer(nn.Module):
    """Subtracts a running mean of the real rows; padding becomes zero. Buffers total (num_features,), count ()."""

    def __init__(self, num_features):
        super().__init__()
        ### BEGIN SOLUTION
        self.register_buffer("total", torch.zeros(num_features))
        self.register_buffer("count", torch.zeros(()))
        ### END SOLUTION

    def forward(self, X, valid_len):
        """X: (n, num_features), valid_len: int in [0, n] -> (n, num_features), same dtype and device."""
        ### BEGIN SOLUTION
        mask = (torch.arange(len(X), device=X.device) < valid_len).unsqueeze(1)
        if self.training:
            self.total += (X.detach() * mask).sum(dim=0)
            self.count += valid_len
        mean = self.total / self.count.clamp(min=1)
        return (X - mean) * mask
        ### END SOLUTION
