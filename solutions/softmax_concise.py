# %% [markdown]
# # Softmax regression, concisely
#
# Once more softmax regression, now with torch's layers. The network gives *logits*: scores without bounds, one for each
# class. Softmax is not a layer of it, but a part of the loss, where it can be computed without ever leaving the range of
# numbers. You write that loss and its gradient, the network around it, and the training loop.
#
# **Shapes.** `logits`: (n, q), one row per example and one column per class. `y`: (n,), the true classes, int64, counted
# from 0.
#
# **Rules.** torch's own softmax, log-softmax, logsumexp and losses are ruled out where you are building them, and so is
# autograd in `cross_entropy_grad`.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check softmax_concise` whenever you like.

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `one_hot(y, num_classes)`
#
# A class as a row of zeros with a single 1, in the column of the class. With three classes, class 2 is (0, 0, 1).
#
# - `y`: (n,), classes, int64. `num_classes`: the number q of columns; not every class need occur in `y`.
# - returns: (n, q), float32. Do without `torch.nn.functional.one_hot`.
#
# {promises of one_hot}


# %%
def one_hot(y, num_classes):
    """Each class as a row with a single 1.

    y: (n,) int64 -> (n, num_classes) float32.
    """
    ### BEGIN SOLUTION
    return (y[:, None] == torch.arange(num_classes)).float()
    ### END SOLUTION


# %% [markdown]
# ## 2. `init_weights(m)`
#
# `net.apply(init_weights)` calls this function once with every module in `net`. Where the module is an `nn.Linear`, draw
# its weight from a normal distribution with mean 0 and standard deviation 0.01. Everything else stays as it is: the bias,
# and modules of any other kind.
#
# - `m`: a module. What is returned does not matter.


# %%
def init_weights(m):
    """Draw the weight of m from N(0, 0.01²) if m is an nn.Linear."""
    ### BEGIN SOLUTION
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=0.01)
    ### END SOLUTION


# %% [markdown]
# ## 3. `make_net(num_inputs=784, num_outputs=10)`
#
# The network: flatten each image, then one linear layer from its pixels to the classes. Apply `init_weights` to it. An image
# of 28 × 28 pixels has 784 of them. Nothing follows the linear layer: what comes out are logits.
#
# - returns: a module that maps (n, ...) to (n, num_outputs), for example images (n, 1, 28, 28) to (n, 10).


# %%
def make_net(num_inputs=784, num_outputs=10):
    """Flatten and one linear layer, with init_weights applied: (n, ...) -> (n, num_outputs) logits."""
    ### BEGIN SOLUTION
    net = nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, num_outputs))
    net.apply(init_weights)
    return net
    ### END SOLUTION


# %% [markdown]
# ## 4. `cross_entropy_from_logits(logits, y)`
#
# The loss of each example is minus the logarithm of the probability that softmax gives to its true class. Computed one
# after the other, exp overflows for large logits, and the logarithm of a probability that was rounded to 0 is infinite.
# Written out, the two cancel:
#
# $$-\log \frac{e^{o_y}}{\sum_k e^{o_k}} = \log \sum_k e^{o_k} - o_y$$
#
# A number can be subtracted from all logits of a row without changing the loss. Which one keeps exp in range?
#
# - `logits`: (n, q). `y`: (n,).
# - returns: (n,), one loss per example.
#
# {promises of cross_entropy_from_logits}


# %%
def cross_entropy_from_logits(logits, y):
    """Cross-entropy of softmax(logits) against the true classes, one per example.

    logits: (n, q), y: (n,) int64 -> (n,).
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(dim=1, keepdim=True).values
    return shifted.exp().sum(dim=1).log() - shifted[torch.arange(len(y)), y]
    ### END SOLUTION


# %% [markdown]
# ## 5. `cross_entropy_grad(logits, y)`
#
# The derivative of the sum of these losses with respect to the logits, worked out on paper. It is a beautiful formula: the
# probabilities that the model gives, minus the ones that would have been right.
#
# - `logits`: (n, q). `y`: (n,).
# - returns: (n, q), the derivative with respect to each logit.
#
# {promises of cross_entropy_grad}


# %%
def cross_entropy_grad(logits, y):
    """Derivative of cross_entropy_from_logits(logits, y).sum() with respect to logits.

    logits: (n, q), y: (n,) int64 -> (n, q).
    """
    ### BEGIN SOLUTION
    exp = (logits - logits.max(dim=1, keepdim=True).values).exp()
    grad = exp / exp.sum(dim=1, keepdim=True)
    grad[torch.arange(len(y)), y] -= 1
    return grad
    ### END SOLUTION


# %% [markdown]
# ## 6. `entropy_between(p, t)`
#
# Labels need not be certain. If the truth is the distribution $p$ and a model says $t$, then the cross-entropy is the
# surprise that the model has to expect:
#
# $$H(p, t) = -\sum_k p_k \log t_k$$
#
# - `p`, `t`: (n, q), each row a distribution.
# - returns: (n,), with the natural logarithm.
# - What never happens costs nothing: where $p_k = 0$ the term is 0, even if $t_k = 0$. What the model holds for impossible
#   and happens all the same ($t_k = 0 < p_k$) costs infinitely much.
#
# {promises of entropy_between}


# %%
def entropy_between(p, t):
    """Cross-entropy H(p, t) of each pair of rows.

    p, t: (n, q) -> (n,).
    """
    ### BEGIN SOLUTION
    return -torch.where(p > 0, p * t.log(), 0.0).sum(dim=1)
    ### END SOLUTION


# %% [markdown]
# ## 7. `binary_as_softmax(x)`
#
# With two classes, softmax and sigmoid are the same thing. Given scores $x$, find logits of two classes whose softmax is
# $[\sigma(x), 1 - \sigma(x)]$, where $\sigma(x) = 1 / (1 + e^{-x})$.
#
# - `x`: (n,).
# - returns: (n, 2), logits. There are many right answers, all with the same softmax; yours may be any of them.


# %%
def binary_as_softmax(x):
    """Logits (n, 2) whose softmax is [sigmoid(x), 1 - sigmoid(x)]. x: (n,)."""
    ### BEGIN SOLUTION
    return torch.stack([x, torch.zeros_like(x)], dim=1)
    ### END SOLUTION


# %% [markdown]
# ## 8. `train_ch3(net, train_iter, test_iter, loss, num_epochs, updater)`
#
# The whole training. One epoch and one evaluation you wrote in the unit before; both are given here. Put them together:
# in each epoch train once, then see how the network does on data that it was not trained on.
#
# - `net`, `loss`, `updater`: as `train_epoch_ch3` takes them. `train_iter`, `test_iter`: batches `(X, y)`.
# - returns: a list with one tuple per epoch: (training loss, training accuracy, test accuracy).
#
# {promises of train_ch3}


# %%
def evaluate_accuracy(net, data_iter):
    """Given: the share of examples in data_iter whose largest logit is the true class's."""
    net.eval()
    right = total = 0
    with torch.no_grad():
        for X, y in data_iter:
            right += int((net(X).argmax(dim=1) == y).sum())
            total += len(y)
    return right / total


def train_epoch_ch3(net, train_iter, loss, updater):
    """Given: one epoch. loss gives one value an example; updater is an optimiser, or a function of the batch size.

    Returns the mean loss and the accuracy, both from before each step.
    """
    net.train()
    losses, right, total = 0.0, 0, 0
    for X, y in train_iter:
        y_hat = net(X)
        each = loss(y_hat, y)
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            each.mean().backward()
            updater.step()
        else:
            each.sum().backward()
            updater(len(y))
        losses += float(each.detach().sum())
        right += int((y_hat.argmax(dim=1) == y).sum())
        total += len(y)
    return losses / total, right / total


def train_ch3(net, train_iter, test_iter, loss, num_epochs, updater):
    """Train for num_epochs; one (train_loss, train_acc, test_acc) per epoch."""
    ### BEGIN SOLUTION
    history = []
    for _ in range(num_epochs):
        train_loss, train_acc = train_epoch_ch3(net, train_iter, loss, updater)
        test_acc = evaluate_accuracy(net, test_iter)
        history.append((train_loss, train_acc, test_acc))
    return history
    ### END SOLUTION
