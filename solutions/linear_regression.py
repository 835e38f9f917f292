# %% [markdown]
# # Linear regression from scratch
#
# What does a house cost, if you know its area and its age? Linear regression answers with a weighted sum: every
# feature is multiplied by a weight of its own, and a bias is added.
#
# $$\hat y = x_1 w_1 + \dots + x_d w_d + b$$
#
# In this unit you build all of it: data to learn from, the model, its loss, the step that improves the weights, and the
# training loop. Later units replace the model and keep the rest. For this one model there is also a formula that gives
# the best weights at once, and you will write that one too.
#
# **Shapes.** There are $n$ examples with $d$ features each. Features are a matrix of shape (n, d), one row per example.
# Labels and predictions are *columns* of shape (n, 1). The tensors of one call have one dtype, float32 or float64, and
# results have it too. Where a number is returned, a Python number or a tensor of one element will do.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check linear_regression` whenever you like.

# %%
import random

import torch

# %% [markdown]
# ## 1. `synthetic_data(w, b, num_examples)`
#
# To find out whether a method works, try it on data whose answer you know. Somebody chooses the true weights `w` and
# the true bias `b`. Draw features at random, and compute the labels from them, with a little noise $\epsilon$, as in
# every measurement:
#
# $$y = Xw + b + \epsilon$$
#
# Every entry of $X$ is drawn from the standard normal distribution (mean 0, standard deviation 1). The noise of every
# example is drawn from a normal distribution with mean 0 and *standard deviation* 0.01.
#
# - `w`: (d,), float32. `b`: a Python number. `num_examples`: $n$.
# - returns: a pair `(X, y)` of features (n, d) and labels (n, 1), float32. Every call draws new numbers.


# %%
def synthetic_data(w, b, num_examples):
    """Random features, and labels y = Xw + b + noise.

    w: (d,), b: number -> X: (n, d), y: (n, 1).
    """
    ### BEGIN SOLUTION
    X = torch.normal(0, 1, (num_examples, len(w)))
    y = torch.normal(X @ w + b, 0.01)
    return X, y.reshape(-1, 1)
    ### END SOLUTION


# %% [markdown]
# ## 2. `data_iter(batch_size, features, labels)`
#
# Training looks at a few examples at a time, a *minibatch*, and goes through the data in random order. One pass over
# the data hands out every example exactly once. It is used like this:
#
# ```
# for X, y in data_iter(10, features, labels):
#     ...
# ```
#
# - `batch_size`: a whole number, 1 or more. `features`: (n, d). `labels`: (n, 1). Both stay as they are.
# - yields: pairs `(X, y)` of shapes (k, d) and (k, 1): the features of some examples, and the labels of the same
#   examples in the same order. $k$ is the batch size. Only the last batch is smaller, if fewer examples are left.
# - The order is drawn anew in every pass. The examples of a batch come from anywhere in the data.
#
# A function with `yield` in it is a *generator*: it hands out one pair, waits, and goes on when the loop asks for the
# next one. (If you would rather return a list of pairs, that is fine too.)


# %%
def data_iter(batch_size, features, labels):
    """One pass over the data in minibatches, in random order.

    features: (n, d), labels: (n, 1) -> pairs (X, y) of shapes (k, d) and (k, 1), k <= batch_size.
    """
    ### BEGIN SOLUTION
    indices = list(range(len(features)))
    random.shuffle(indices)
    for start in range(0, len(indices), batch_size):
        batch = indices[start : start + batch_size]
        yield features[batch], labels[batch]
    ### END SOLUTION


# %% [markdown]
# ## 3. `linreg(X, w, b)`
#
# The model: all predictions of a batch in one formula.
#
# $$\hat y = Xw + b$$
#
# - `X`: (n, d). `w`: (d, 1). `b`: (1,).
# - returns: (n, 1), one prediction per example.
#
# {promises of linreg}


# %%
def linreg(X, w, b):
    """Predictions of the linear model.

    X: (n, d), w: (d, 1), b: (1,) -> (n, 1).
    """
    ### BEGIN SOLUTION
    return X @ w + b
    ### END SOLUTION


# %% [markdown]
# ## 4. `squared_loss(y_hat, y)`
#
# How bad is each prediction? Twice the error costs four times as much. The half makes the derivative simple.
#
# $$\ell_i = \tfrac{1}{2} (\hat y_i - y_i)^2$$
#
# - `y_hat`: (n, 1), predictions. `y`: labels, either (n, 1) or flat, (n,).
# - returns: (n, 1), one loss per example. No mean, no sum.
#
# Try `torch.ones(3, 1) - torch.ones(3)` before you begin. What is its shape?
#
# {promises of squared_loss}


# %%
def squared_loss(y_hat, y):
    """Half the squared error of each example.

    y_hat: (n, 1), y: (n, 1) or (n,) -> (n, 1).
    """
    ### BEGIN SOLUTION
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2
    ### END SOLUTION


# %% [markdown]
# ## 5. `sgd(params, lr, batch_size)`
#
# One step of minibatch stochastic gradient descent. Somebody has added up the losses of a batch and called `backward()`
# on the sum, so the `.grad` of each parameter holds the gradient of that sum. We want a step against the gradient of
# the *mean*, so that the learning rate need not change with the batch size:
#
# $$p \leftarrow p - \frac{\eta}{|B|} \, g$$
#
# - `params`: a list of parameters $p$, tensors that require a gradient, each with its $g$ in `.grad`. `lr`: the learning
#   rate $\eta$. `batch_size`: $|B|$. Both are numbers.
# - Each parameter is changed *in place*: it stays the same tensor, in the same memory, and still requires a gradient.
#   The step itself is not recorded.
# - Afterwards the gradients are cleared for the next batch: the `.grad` of each parameter is all zeros or `None`.
# - returns: nothing.
#
# {promises of sgd}


# %%
def sgd(params, lr, batch_size):
    """Move each parameter in place by -lr / batch_size times its .grad, and clear the .grad."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()
    ### END SOLUTION


# %% [markdown]
# ## 6. `normal_equation(X, y)`
#
# For most models we can only walk towards the best parameters step by step. For linear regression there is a formula.
# We look for the $w$ and $b$ with the smallest sum of squared errors:
#
# $$\min_{w,\,b} \; \sum_i (x_i w + b - y_i)^2$$
#
# Here $x_i$ is row $i$ of $X$. A column of ones to the right of $X$ turns the bias into one more weight: with
# $A = [X, \mathbf{1}]$ and a column $v$ that holds $w$ and below it $b$, all predictions are $Av$. Where the sum is
# smallest, its derivative is 0. That gives $d + 1$ linear equations for the $d + 1$ entries of $v$, the *normal
# equation*:
#
# $$A^\top A \, v = A^\top y$$
#
# - `X`: (n, d). `y`: (n, 1). Both float64, and such that there is exactly one solution.
# - returns: the pair `(w, b)` of shapes (d, 1) and (1,).
# - `torch.linalg.lstsq` and `torch.linalg.pinv` would be the whole answer, and are not allowed. `torch.linalg.solve` and
#   `torch.linalg.inv` are.
#
# {promises of normal_equation}


# %%
def normal_equation(X, y):
    """The weights and the bias with the smallest sum of squared errors.

    X: (n, d), y: (n, 1) -> w: (d, 1), b: (1,).
    """
    ### BEGIN SOLUTION
    A = torch.cat([X, torch.ones_like(y)], dim=1)
    v = torch.linalg.solve(A.T @ A, A.T @ y)
    return v[:-1], v[-1]
    ### END SOLUTION


# %% [markdown]
# ## 7. `train_linreg(w, b, features, labels, lr, num_epochs, batch_size)`
#
# Now put it all together. An *epoch* is one pass over the data. For each batch: predict, compute the losses, add them
# up, call `backward()` on the sum, and take one step of `sgd`. At the end of the epoch, look at all examples once more to
# see how far you have come.
#
# - `w`: (d, 1). `b`: (1,). Both require a gradient, and both are trained in place.
# - `features`: (n, d). `labels`: (n, 1). Both stay as they are.
# - `batch_size`: a divisor of $n$, so that all batches are of one size.
# - `lr`, `num_epochs`: learning rate, and number of passes.
# - returns: a list with one number per epoch: the mean of `squared_loss` over *all* examples after that epoch.
#
# With 1000 examples from `synthetic_data`, a learning rate of 0.03 and batches of 10, three epochs bring `w` and `b` within
# 0.02 of the true ones.


# %%
def train_linreg(w, b, features, labels, lr, num_epochs, batch_size):
    """Train w (d, 1) and b (1,) in place; return the mean loss over all examples after each epoch."""
    ### BEGIN SOLUTION
    losses = []
    for _ in range(num_epochs):
        for X, y in data_iter(batch_size, features, labels):
            squared_loss(linreg(X, w, b), y).sum().backward()
            sgd([w, b], lr, batch_size)
        with torch.no_grad():
            losses.append(float(squared_loss(linreg(features, w, b), labels).mean()))
    return losses
    ### END SOLUTION
