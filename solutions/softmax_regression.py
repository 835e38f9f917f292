# %% [markdown]
# # Softmax regression from scratch
#
# Softmax regression is a linear layer whose outputs are turned into probabilities, one per class. In this unit you
# build every part of it from elementary tensor operations: the softmax, the cross-entropy, the accuracy, and the loop
# that trains for one epoch.
#
# **Shapes.** A batch holds $n \geq 1$ examples, $d$ features, $q$ classes. Floating-point inputs are float32 or float64.
# Scores before the softmax are called *logits*. Where a number is returned, a Python number or a tensor of one element
# will do.
#
# **Rules.** `torch.softmax`, `torch.logsumexp`, `F.cross_entropy`, `F.nll_loss` and their variants are ruled out in
# `softmax`, `cross_entropy` and `net`: you are building them. Everything else in torch is yours.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check softmax_regression` whenever you like.

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `softmax(X)`
#
# $$\operatorname{softmax}(X)_{ij} = \frac{\exp(X_{ij})}{\sum_k \exp(X_{ik})}$$
#
# - `X`: (n, q), logits of any size: 50 000 must turn neither the result nor a gradient into `nan`.
# - returns: (n, q), same dtype. Every row is positive (a tiny entry may be rounded to 0) and sums to 1.
#
# Hint: the result does not change if you subtract the same number from every entry of a row. Which number keeps every
# exponent at or below zero?
#
# {promises of softmax}


# %%
def softmax(X):
    """Turn each row of logits into probabilities.

    X: (n, q) -> (n, q), same dtype, rows sum to 1, finite for logits of any size.
    """
    ### BEGIN SOLUTION
    shifted = X - X.max(dim=1, keepdim=True).values
    exponentials = torch.exp(shifted)
    return exponentials / exponentials.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %% [markdown]
# ## 2. `cross_entropy(y_hat, y)`
#
# The loss of example $i$ is the surprise at its true class: $-\log \hat y_{i,\,y_i}$.
#
# - `y_hat`: (n, q), probabilities (rows of a softmax). `y`: (n,), class indices, int64.
# - returns: (n,), one loss per example, same dtype as `y_hat`. No mean, no sum: the training loop decides. Probabilities
#   as small as $10^{-12}$ count with their own logarithm. Where other classes have probability 0, the gradient is finite.
#
# {promises of cross_entropy}


# %%
def cross_entropy(y_hat, y):
    """Negative log-probability of each example's true class.

    y_hat: (n, q) probabilities, y: (n,) int64 -> (n,).
    """
    ### BEGIN SOLUTION
    return -torch.log(y_hat[torch.arange(len(y_hat)), y])
    ### END SOLUTION


# %% [markdown]
# ## 3. `net(X, W, b)`
#
# The model: flatten each example to a row of $d$ numbers, apply the linear layer, then your `softmax`.
#
# - `X`: (n, ...) with $d$ numbers per example, for instance (n, 3, 28, 28) for colour images. `W`: (d, q). `b`: (q,).
#   All of one floating dtype.
# - returns: (n, q), probabilities, for logits of any size.
#
# {promises of net}


# %%
def net(X, W, b):
    """Softmax regression.

    X: (n, ...) with d numbers per example, W: (d, q), b: (q,) -> (n, q) probabilities.
    """
    ### BEGIN SOLUTION
    return softmax(X.reshape(-1, W.shape[0]) @ W + b)
    ### END SOLUTION


# %% [markdown]
# ## 4. `accuracy(y_hat, y)`
#
# How many predictions are right: a **count**, not a fraction, so that counts of several batches can be added up.
#
# - `y_hat`: either (n, q) scores with $q \geq 2$ (they may require a gradient), where the largest in a row is the
#   prediction, or (n,) predicted classes.
# - `y`: (n,), true classes; classes are int64.
# - returns: a number, exact for every $n$.
#
# {promises of accuracy}


# %%
def accuracy(y_hat, y):
    """Number of correct predictions.

    y_hat: (n, q) scores or (n,) classes, y: (n,) -> a number in [0, n].
    """
    ### BEGIN SOLUTION
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    return float((y_hat.type(y.dtype) == y).sum())
    ### END SOLUTION


# %% [markdown]
# ## 5. `Accumulator(n)`
#
# Keeps `n` running sums. `metric = Accumulator(2)`, then `metric.add(3, 10)` adds 3 to the first and 10 to the second;
# `metric[0]` reads the first; `metric.reset()` sets all to zero.
#
# - `add` takes `n` amounts, Python numbers or tensors of one element (they may require a gradient). Sums of Python
#   numbers alone have their own (double) precision: a count goes on growing above $2^{24}$.


# %%
class Accumulator:
    """n running sums: add(*amounts), reset(), [i]."""

    def __init__(self, n):
        ### BEGIN SOLUTION
        self.data = [0.0] * n
        ### END SOLUTION

    def add(self, *args):
        ### BEGIN SOLUTION
        self.data = [a + float(b) for a, b in zip(self.data, args)]
        ### END SOLUTION

    def reset(self):
        ### BEGIN SOLUTION
        self.data = [0.0] * len(self.data)
        ### END SOLUTION

    def __getitem__(self, idx):
        ### BEGIN SOLUTION
        return self.data[idx]
        ### END SOLUTION


# %% [markdown]
# ## 6. `evaluate_accuracy(net, data_iter)`
#
# The fraction of a data set that a model gets right.
#
# - `net`: a function or an `nn.Module` that maps a batch `X` of any shape (n, ...), as it is, to (n, q).
# - `data_iter`: yields pairs `(X, y)`. The last batch may be smaller than the others.
# - returns: correct predictions / examples, over *all* batches, as a number in [0, 1]. No gradient is needed here, but
#   torch goes on recording gradients afterwards if it did before.
#
# {promises of evaluate_accuracy}


# %%
def evaluate_accuracy(net, data_iter):
    """Accuracy of net over all batches of data_iter, a fraction. Modules are put into evaluation mode."""
    ### BEGIN SOLUTION
    if isinstance(net, nn.Module):
        net.eval()
    metric = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            metric.add(accuracy(net(X), y), len(y))
    return metric[0] / metric[1]
    ### END SOLUTION


# %% [markdown]
# ## 7. `train_epoch_ch3(net, train_iter, loss, updater)`
#
# One pass over the training data, one update per batch.
#
# - `net`: a function or an `nn.Module`, as above. `loss(y_hat, y)` returns (n,).
# - `updater` is one of two things. A `torch.optim.Optimizer` of any kind: clear the gradients, go backward from the
#   **mean** loss of the batch, take a step. Or a function of the batch size, as in
#   `lambda batch_size: sgd(params, lr, batch_size)`: go backward from the **sum** of the losses, then call `updater(n)`
#   once, with the size of this batch (its parameter may have any name); it divides by `n` and clears the gradients.
# - returns: a pair, the mean loss per example and the accuracy (a fraction), both over the whole epoch and both from
#   the predictions made *before* each update.
#
# {promises of train_epoch_ch3}


# %%
def train_epoch_ch3(net, train_iter, loss, updater):
    """Train for one epoch; return (mean loss per example, accuracy)."""
    ### BEGIN SOLUTION
    if isinstance(net, nn.Module):
        net.train()
    metric = Accumulator(3)
    for X, y in train_iter:
        y_hat = net(X)
        l = loss(y_hat, y)
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            l.mean().backward()
            updater.step()
        else:
            l.sum().backward()
            updater(X.shape[0])
        metric.add(l.sum().detach(), accuracy(y_hat, y), y.numel())
    return metric[0] / metric[2], metric[1] / metric[2]
    ### END SOLUTION


# %% [markdown]
# ## 8. `predict_labels(net, X)`
#
# - `net`: a function or an `nn.Module` that maps (n, ...) to (n, q). `X`: one batch.
# - returns: (n,), int64, the index of the largest score in each row; where several are largest, any one of theirs.
#
# {promises of predict_labels}


# %%
def predict_labels(net, X):
    """Predicted class of each example of X: (n,) int64."""
    ### BEGIN SOLUTION
    if isinstance(net, nn.Module):
        net.eval()
    with torch.no_grad():
        return net(X).argmax(dim=1)
    ### END SOLUTION
