# %% [markdown]
# # Dropout
#
# During training, dropout switches off a random part of a layer's units, a different part for every example
# and in every pass, so that no unit can rely on another one being there. What is left is scaled up so that
# the expected value of each unit stays what it was. In this unit you write the operation itself, put it
# into a network with two hidden layers, and build the same network from torch's ready-made modules.
#
# **Shapes.** A batch holds $n$ examples. $p$, called `dropout` in the code, is the probability that an
# entry is *dropped*; it is kept with probability $1-p$.
#
# **Rules.** `nn.Dropout`, `F.dropout` and all other operators of torch with dropout in their name are ruled
# out in `dropout_layer` and `Net`: you are building them. The rest of torch is yours, random numbers
# included. `make_dropout_net` is the place for `nn.Dropout`.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check dropout` whenever you like.

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `dropout_layer(X, dropout)`
#
# $$\operatorname{dropout}(x) = \begin{cases}
# 0 & \text{with probability } p \\
# \dfrac{x}{1-p} & \text{otherwise}
# \end{cases}$$
#
# Every entry of `X` is decided on its own, anew in each call: different examples of a batch get different
# masks, and how many entries are dropped is left to chance as well.
#
# - `X`: float32 or float64, any shape with at least one entry, any strides; `X` itself stays as it is.
#   `dropout`: a float in [0, 1].
# - returns: the shape and dtype of `X`. Gradients flow to the entries that were kept. It drops whether
#   gradients are being recorded or not.
# - `dropout = 0.0` returns the values of `X` (`X` itself will do); `dropout = 1.0` returns zeros, never
#   `nan`. These zeros may be cut off from `X`; if they are not, their gradient is zero as well.
# - a `dropout` outside [0, 1] raises an `AssertionError` or a `ValueError`.
#
# Hint: a number drawn uniformly from [0, 1) is below $p$ with probability $p$. And which value of $p$ makes
# the formula divide by zero?


# %%
def dropout_layer(X, dropout):
    """Drop each entry of X with probability dropout, and divide the others by 1 - dropout.

    X: any shape, floating point; dropout: float in [0, 1] -> same shape and dtype as X.
    Raises AssertionError or ValueError for a dropout outside [0, 1].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `Net(num_inputs, num_outputs, num_hiddens1, num_hiddens2, is_training=True, ...)`
#
# A multilayer perceptron with two hidden layers. In training mode, dropout acts on each hidden layer, after
# its activation and with a probability of its own:
#
# $$H_1 = \operatorname{dropout}_{p_1}(\operatorname{relu}(\mathtt{lin1}(X))), \qquad
# H_2 = \operatorname{dropout}_{p_2}(\operatorname{relu}(\mathtt{lin2}(H_1))), \qquad
# O = \mathtt{lin3}(H_2)$$
#
# where $p_1$ and $p_2$ are the last two arguments of the constructor, `dropout1=0.2` and `dropout2=0.5`. In
# evaluation mode there is no dropout at all.
#
# - Attributes the checks rely on: `lin1`, `lin2`, `lin3`, each an `nn.Linear` with a bias. There are no
#   parameters besides those of the three layers. What else you store, and under which name, is up to you.
# - `training` is the attribute that every `nn.Module` has and that `net.train()` and `net.eval()` set: it
#   alone decides, whether gradients are being recorded or not. `is_training` says in which of the two modes
#   the new network *starts*.
# - `net(X)`: `X` is (n, ...) with n at least 1, `num_inputs` numbers per example and at least two dimensions,
#   for instance (n, 1, 28, 28) for images, with any strides; flatten it first. Returns (n, `num_outputs`), in
#   the dtype of `X` and the parameters. `X` stays as it is. Gradients reach `X` and all parameters in either
#   mode, unless a dropout of 1 cuts them off.
#
# Hint: `super().__init__()` comes first; it sets `training` to `True`.


# %%
class Net(nn.Module):
    """Multilayer perceptron with two hidden layers and dropout on both in training mode.

    X: (n, ...) with num_inputs numbers per example -> (n, num_outputs).
    """

    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 3. `make_dropout_net(p1, p2)`
#
# The same network from torch's modules, for images of 28 × 28 pixels and ten classes: an `nn.Sequential`, flat or
# nested, of
#
# 1. flatten, linear 784 → 256, ReLU, dropout with `p1`,
# 2. linear 256 → 256, ReLU, dropout with `p2`,
# 3. linear 256 → 10.
#
# - The *weights* of all three linear layers are drawn from a normal distribution with mean 0 and **standard
#   deviation 0.01**. The biases may start as torch makes them.
# - returns: a new network in each call, in training mode. It maps (n, 1, 28, 28) to (n, 10), and gradients
#   reach all its parameters. Here `nn.Dropout` is allowed, and it follows `net.train()` and `net.eval()` by
#   itself.
#
# Hint: `net.apply(f)` calls `f` on every module inside `net`.


# %%
def make_dropout_net(p1, p2):
    """Concise multilayer perceptron with dropout: (n, 1, 28, 28) -> (n, 10).

    p1, p2: probability to drop a unit of the first and of the second hidden layer.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
