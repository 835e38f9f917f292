# %% [markdown]
# # Loss functions
#
# A loss says how bad a prediction is, and its gradient says how hard training pulls the prediction towards the label.
# In this unit you write three losses for regression, then their gradients by hand, and last a question that is asked of
# classifiers: is the right class ahead by enough?
#
# **Shapes.** `y_hat` holds predictions and `y` the labels. Both have the same shape, whatever it is, and the same dtype,
# float32 or float64. The **error** of an entry is $e = \hat y - y$. Losses and gradients are computed entry by entry and
# come back in the shape and dtype of `y_hat`: no mean, no sum.
#
# **Rules.** torch's own losses (`F.mse_loss`, `F.l1_loss`, `F.huber_loss` and so on) are ruled out in the three losses,
# and autograd is ruled out in the three gradients: you are building both.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check loss_functions` whenever you like.

# %%
import torch

# %% [markdown]
# ## 1. `l2_loss(y_hat, y)`
#
# The squared loss: twice the error costs four times as much. The half makes the derivative simple.
#
# $$\ell(e) = \tfrac{1}{2} e^2$$
#
# - `y_hat`, `y`: predictions and labels, of one shape.
# - returns: one loss per entry, shape of `y_hat`.
#
# {promises of l2_loss}


# %%
def l2_loss(y_hat, y):
    """Half the squared error of each entry.

    y_hat, y: same shape -> that shape.
    """
    ### BEGIN SOLUTION
    return (y_hat - y) ** 2 / 2
    ### END SOLUTION


# %% [markdown]
# ## 2. `l1_loss(y_hat, y)`
#
# The absolute loss: twice the error costs twice as much, so that one outlier does not outweigh everything else.
#
# $$\ell(e) = |e|$$
#
# - `y_hat`, `y`: predictions and labels, of one shape.
# - returns: one loss per entry, shape of `y_hat`. Where a prediction is exact, the gradient must not be `nan`.
#
# {promises of l1_loss}


# %%
def l1_loss(y_hat, y):
    """Absolute error of each entry.

    y_hat, y: same shape -> that shape.
    """
    ### BEGIN SOLUTION
    return (y_hat - y).abs()
    ### END SOLUTION


# %% [markdown]
# ## 3. `huber_loss(y_hat, y, delta=1.0)`
#
# The best of both: squared while the error is small, linear once it is large. The two pieces meet at $|e| = \delta$
# without a jump and without a kink, which is what the $-\frac{1}{2}\delta$ is for.
#
# $$\ell(e) = \begin{cases} \frac{1}{2} e^2 & |e| \leq \delta \\ \delta \left(|e| - \frac{1}{2} \delta\right) & |e| > \delta \end{cases}$$
#
# - `y_hat`, `y`: predictions and labels, of one shape. Each entry chooses its own piece.
# - `delta`: a Python number above 0.
# - returns: one loss per entry, shape of `y_hat`.
#
# {promises of huber_loss}


# %%
def huber_loss(y_hat, y, delta=1.0):
    """Squared for small errors, linear for large ones.

    y_hat, y: same shape, delta > 0 -> that shape.
    """
    ### BEGIN SOLUTION
    e = y_hat - y
    squared = e**2 / 2
    linear = delta * (e.abs() - delta / 2)
    return torch.where(e.abs() <= delta, squared, linear)
    ### END SOLUTION


# %% [markdown]
# ## 4. `l2_grad(y_hat, y)`
#
# Now the derivative of each loss with respect to the prediction $\hat y$, worked out on paper. The squared loss pulls the
# harder, the larger the error is.
#
# - `y_hat`, `y`: predictions and labels, of one shape.
# - returns: $\partial \ell / \partial \hat y$ of each entry's own `l2_loss`, shape of `y_hat`.
#
# {promises of l2_grad}


# %%
def l2_grad(y_hat, y):
    """Derivative of l2_loss with respect to y_hat, entry by entry.

    y_hat, y: same shape -> that shape.
    """
    ### BEGIN SOLUTION
    return y_hat - y
    ### END SOLUTION


# %% [markdown]
# ## 5. `l1_grad(y_hat, y)`
#
# The absolute loss pulls equally hard whatever the error, and changes direction where the error changes its sign. At
# $e = 0$ it has a kink and no derivative: we take 0 there.
#
# - `y_hat`, `y`: predictions and labels, of one shape.
# - returns: $\partial \ell / \partial \hat y$ of each entry's own `l1_loss`, shape and dtype of `y_hat`.
#
# {promises of l1_grad}


# %%
def l1_grad(y_hat, y):
    """Derivative of l1_loss with respect to y_hat, entry by entry; 0 where the prediction is exact.

    y_hat, y: same shape -> that shape.
    """
    ### BEGIN SOLUTION
    return torch.sign(y_hat - y)
    ### END SOLUTION


# %% [markdown]
# ## 6. `huber_grad(y_hat, y, delta=1.0)`
#
# Differentiate each piece of Huber's loss. What comes out is bounded: however wrong a prediction is, it pulls no harder
# than $\delta$.
#
# - `y_hat`, `y`: predictions and labels, of one shape.
# - `delta`: a Python number above 0.
# - returns: $\partial \ell / \partial \hat y$ of each entry's own `huber_loss`, shape of `y_hat`.
#
# {promises of huber_grad}


# %%
def huber_grad(y_hat, y, delta=1.0):
    """Derivative of huber_loss with respect to y_hat, entry by entry.

    y_hat, y: same shape, delta > 0 -> that shape, entries in [-delta, delta].
    """
    ### BEGIN SOLUTION
    e = y_hat - y
    return torch.where(e.abs() <= delta, e, delta * torch.sign(e))
    ### END SOLUTION


# %% [markdown]
# ## 7. `has_margin(o, y, delta)`
#
# A classifier gives each class a score. It is not enough that the right class has the largest: to be sure of it, we want
# it ahead by a margin. An example with the scores $o$ and the right class $y$ has the margin $\delta$ if, for every other
# class $j$,
#
# $$o_y - o_j \geq \delta \quad (j \neq y)$$
#
# - `o`: (n, q), scores of $q \geq 2$ classes. `y`: (n,), right classes, int64. `delta`: a Python number above 0.
# - returns: (n,), bool: whether each example has the margin.
#
# {promises of has_margin}


# %%
def has_margin(o, y, delta):
    """Whether the right class of each example is ahead of all others by delta or more.

    o: (n, q) scores, y: (n,) int64 -> (n,) bool.
    """
    ### BEGIN SOLUTION
    rows = torch.arange(len(o))
    lead = o[rows, y][:, None] - o
    lead[rows, y] = delta
    return (lead >= delta).all(dim=1)
    ### END SOLUTION
