# %% [markdown]
# # The perceptron
#
# The oldest network that learns, from 1958: it draws a line between two kinds of points. For a point $x$ it looks at the
# sign of $w \cdot x + b$, and whenever it is wrong it turns its line a little towards the point. If there is a line that
# separates the two kinds, it finds one, and we can even say how long that takes at most.
#
# **Shapes.** `X`: (n, d), one point per row. `w`: (d,). `b`: a number. `y`: (n,), the kind of each point, 1 or −1, as
# floating-point numbers.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check perceptron` whenever you like.

# %%
import torch

# %% [markdown]
# ## 1. `predict(X, w, b)`
#
# On which side of the line does each point lie?
#
# - returns: (n,), of any dtype: 1 where $w \cdot x + b > 0$, and −1 everywhere else. A point on the line itself gets −1.
#
# {promises of predict}


# %%
def predict(X, w, b):
    """1 for the points with w·x + b > 0, -1 for the others.

    X: (n, d), w: (d,), b: a number -> (n,).
    """
    ### BEGIN SOLUTION
    return torch.where(X @ w + b > 0, 1.0, -1.0)
    ### END SOLUTION


# %% [markdown]
# ## 2. `perceptron_loss(X, w, b, y)`
#
# A point is on its right side if $y$ and $w \cdot x + b$ have the same sign, that is, if their product is positive. Then it
# costs nothing. If it is on the wrong side, it costs the more, the farther it is off:
#
# $$\ell = \max(0,\ -y\,(w \cdot x + b))$$
#
# - returns: (n,), one loss per point.
#
# {promises of perceptron_loss}


# %%
def perceptron_loss(X, w, b, y):
    """max(0, -y(w·x + b)) of each point.

    X: (n, d), w: (d,), b: a number, y: (n,) -> (n,).
    """
    ### BEGIN SOLUTION
    return torch.clamp(-y * (X @ w + b), min=0)
    ### END SOLUTION


# %% [markdown]
# ## 3. `perceptron_grad(X, w, b, y)`
#
# The derivative of the *sum* of these losses, worked out on paper. Only the points on the wrong side count: the loss of all
# others is 0, and stays 0 when the line moves a little.
#
# - returns: a pair (dw, db): dw has the shape (d,), and db is a number or a tensor with one. Do without autograd.
# - Points exactly on the line do not occur.
#
# {promises of perceptron_grad}


# %%
def perceptron_grad(X, w, b, y):
    """Derivative of perceptron_loss(X, w, b, y).sum() with respect to w and b: (d,), ()."""
    ### BEGIN SOLUTION
    wrong = y * (X @ w + b) < 0
    dw = -(y[wrong, None] * X[wrong]).sum(dim=0)
    db = -y[wrong].sum()
    return dw, db
    ### END SOLUTION


# %% [markdown]
# ## 4. `train_perceptron(X, y, max_epochs=1000)`
#
# Rosenblatt's rule. Begin with $w = 0$ and $b = 0$. Go through the points in the order of their rows; whenever
# $y\,(w \cdot x + b) \leq 0$, make an update:
#
# $$w \leftarrow w + y\,x \qquad b \leftarrow b + y$$
#
# At the beginning every point lies on the "line", so the very first point makes an update: that is why the condition has
# $\leq$. An epoch is one pass over all points. Stop after an epoch without an update, or after `max_epochs` epochs.
#
# - returns: (w, b, updates): w with the shape (d,) and the dtype of `X`, b as a number or a tensor with one, and how many
#   updates were made.
#
# {promises of train_perceptron}


# %%
def train_perceptron(X, y, max_epochs=1000):
    """Train a perceptron from zeros. X: (n, d), y: (n,) of 1 and -1 -> w (d,), b, number of updates."""
    ### BEGIN SOLUTION
    w, b, updates = torch.zeros(X.shape[1], dtype=X.dtype), 0.0, 0
    for _ in range(max_epochs):
        before = updates
        for x_i, y_i in zip(X, y):
            if y_i * (w @ x_i + b) <= 0:
                w = w + y_i * x_i
                b = b + float(y_i)
                updates += 1
        if updates == before:
            break
    return w, b, updates
    ### END SOLUTION


# %% [markdown]
# ## 5. `convergence_bound(r, rho)`
#
# How many updates can there be? Let all points have a length of at most $r$, and let some line with
# $\lVert w \rVert^2 + b^2 = 1$ separate them with room to spare: $y\,(w \cdot x + b) \geq \rho$ for every point. Then, however
# many points there are, the perceptron is done after at most
#
# $$\frac{r^2 + 1}{\rho^2}$$
#
# updates. The 1 comes from the bias: it is a weight like the others, for an input that is always 1.
#
# - `r`, `rho`: Python numbers above 0.
# - returns: the bound, a number.


# %%
def convergence_bound(r, rho):
    """The most updates a perceptron can need: points of length <= r, separable with margin rho."""
    ### BEGIN SOLUTION
    return (r**2 + 1) / rho**2
    ### END SOLUTION
