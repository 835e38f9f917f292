# %% [markdown]
# # Working with tensors
#
# A tensor is a box of numbers with a shape. Everything in this course is made of tensors, so these first eight
# exercises are small ones: combine tensors of different shapes, read and write parts of them, and find out when two
# tensors are really one and the same piece of memory.
#
# **Shapes.** `torch.arange(12)` has the shape `(12,)`: one axis, so it is neither a row nor a column yet.
# `X.reshape(3, 4)` gives a tensor of another shape; `X` itself keeps the shape it had. Letters such as $m$ and $n$ are
# sizes of at least 1.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check tensors` whenever you like.

# %%
import numpy as np
import torch

# %% [markdown]
# ## 1. `outer_sum(a, b)`
#
# Add every entry of one vector to every entry of another. Broadcasting does this without a loop: an axis of size 1 is
# stretched to whatever size the other tensor has there. Which shape must `a` get, so that its entries run down the
# rows?
#
# $$\operatorname{outer\_sum}(a, b)_{ij} = a_i + b_j$$
#
# - `a`: (m,). `b`: (n,), of the same dtype.
# - returns: (m, n), same dtype. Do without `torch.meshgrid`, `torch.cartesian_prod` and `torch.outer`.
#
# {promises of outer_sum}


# %%
def outer_sum(a, b):
    """All sums of an entry of a and an entry of b.

    a: (m,), b: (n,) -> (m, n).
    """
    ### BEGIN SOLUTION
    return a[:, None] + b
    ### END SOLUTION


# %% [markdown]
# ## 2. `broadcast_shape(s, t)`
#
# Which shape does the sum of two tensors of shapes `s` and `t` have? Work it out from the two shapes alone.
#
# Write the shapes one below the other so that their *last* sizes line up; where one shape is shorter, think of ones in
# front of it. In each column the two sizes must be equal, or one of them is 1 and becomes the other.
#
# ```
# s          4  1  3
# t             5  1
# together   4  5  3
# ```
#
# - `s`, `t`: shapes, as `X.shape` gives them: tuples of whole numbers, `()` among them. Their lengths may differ.
# - returns: the common shape as a tuple (or `torch.Size`). If there is none, as for `(3,)` and `(6,)`, raise a
#   `ValueError`.
# - A size can be 0: `(0,)` and `(1,)` become `(0,)`, and `(0,)` does not fit `(3,)`.
# - Make no tensor, and do without torch's and numpy's own functions for this, such as `torch.broadcast_shapes`.


# %%
def broadcast_shape(s, t):
    """The shape that tensors of shapes s and t are broadcast to, as a tuple; ValueError if there is none."""
    ### BEGIN SOLUTION
    rank = max(len(s), len(t))
    s = (1,) * (rank - len(s)) + tuple(s)
    t = (1,) * (rank - len(t)) + tuple(t)
    for a, b in zip(s, t):
        if a != b and a != 1 and b != 1:
            raise ValueError(f"sizes {a} and {b} do not fit together")
    return tuple(b if a == 1 else a for a, b in zip(s, t))
    ### END SOLUTION


# %% [markdown]
# ## 3. `pick(y_hat, y)`
#
# Pick one entry from each row. Later, row $i$ will hold a model's scores for example $i$, and $y_i$ will be its true
# class.
#
# $$\operatorname{pick}(\hat y, y)_i = \hat y_{i,\,y_i}$$
#
# - `y_hat`: (n, q). `y`: (n,), for each row the column to look in, int64, counted from 0.
# - returns: (n,), same dtype as `y_hat`.
#
# {promises of pick}


# %%
def pick(y_hat, y):
    """The entry of each row that y points at.

    y_hat: (n, q), y: (n,) int64 -> (n,).
    """
    ### BEGIN SOLUTION
    return y_hat[torch.arange(len(y)), y]
    ### END SOLUTION


# %% [markdown]
# ## 4. `concat(X, Y, dim)`
#
# Put two matrices together: `Y` below `X` for `dim` 0, `Y` to the right of `X` for `dim` 1. As everywhere in torch,
# negative numbers count from the end: −1 is the last axis, −2 the one before.
#
# This is what `torch.cat` does. Here you build it: make a matrix that is large enough, and write both parts into it.
# The functions `cat`, `concat`, `stack` and their relatives are therefore not allowed.
#
# - `X`, `Y`: matrices of one dtype, which may be an integer one, and of the same size along the other axis.
#   `dim`: 0, 1, −1 or −2.
# - returns: the matrix that holds both, same dtype.
#
# {promises of concat}


# %%
def concat(X, Y, dim):
    """X and Y put together along axis dim (-2 to 1): first X, then Y."""
    ### BEGIN SOLUTION
    if dim in (1, -1):
        X, Y = X.T, Y.T
    Z = X.new_zeros(len(X) + len(Y), X.shape[1])
    Z[: len(X)] = X
    Z[len(X) :] = Y
    return Z.T if dim in (1, -1) else Z
    ### END SOLUTION


# %% [markdown]
# ## 5. `set_region(X, rows, cols, value)`
#
# Return a matrix like `X` in which every entry of a rectangle is `value`. As in `X[1:3]`, a range includes its
# beginning and not its end: `rows` = (1, 3) means rows 1 and 2.
#
# - `X`: (m, n), of floating-point or whole numbers. `rows`, `cols`: pairs (from, to) with 0 ≤ from ≤ to. `value`: a
#   number of the same kind.
# - returns: (m, n), same dtype.
# - If from equals to, there is nothing to set. If to is beyond the end of X, the region ends where X ends.
#
# {promises of set_region}


# %%
def set_region(X, rows, cols, value):
    """A copy of X in which rows[0] <= i < rows[1] and cols[0] <= j < cols[1] hold value.

    X: (m, n) -> (m, n).
    """
    ### BEGIN SOLUTION
    Z = X.clone()
    Z[rows[0] : rows[1], cols[0] : cols[1]] = value
    return Z
    ### END SOLUTION


# %% [markdown]
# ## 6. `add_in_place(Y, X)`
#
# Large tensors are expensive to copy. So add `X` to `Y` *in place*: the sum goes into the memory that `Y` has already,
# and everybody else who looks at that memory sees the new numbers.
#
# - `Y`: (m, n). `X`: (m, n), or a smaller shape that broadcasts to it. Both of one dtype, and no memory in common.
# - returns: `Y` itself, which now holds Y + X. `X` stays as it is.
# - If `X` could only be added to an enlarged `Y`, say `X` of shape (3, 4) to `Y` of shape (3, 1), some error must be
#   raised.


# %%
def add_in_place(Y, X):
    """Add X to Y in Y's own memory, and return Y."""
    ### BEGIN SOLUTION
    Y += X
    return Y
    ### END SOLUTION


# %% [markdown]
# ## 7. `shares_memory(A, B)`
#
# The numbers of a tensor lie in its *storage*. Slices, transposes and many reshapes are only new ways of looking at a
# storage that is there already: they are called *views*. Whoever writes into a view writes into the original.
#
# So: do `A` and `B` lie in one storage? Two parts of one tensor do, even if they have no entry in common.
#
# - `A`, `B`: tensors with at least one entry each.
# - returns: `True` or `False`.
#
# To look around: `A.data_ptr()` is the address of the first entry of `A`. `A.untyped_storage()` is the storage behind
# `A`, and it has a `data_ptr()`, too. Try both on a tensor and on a slice of it.


# %%
def shares_memory(A, B):
    """Whether tensors A and B lie in one storage."""
    ### BEGIN SOLUTION
    return A.untyped_storage().data_ptr() == B.untyped_storage().data_ptr()
    ### END SOLUTION


# %% [markdown]
# ## 8. `numpy_copy(X)`
#
# Turn a tensor into a NumPy array that is independent of it: whatever is written into one of them later, the other one
# keeps its numbers.
#
# - `X`: a tensor of any shape, with floating-point or whole numbers or truth values. It may have `requires_grad=True`.
# - returns: a `numpy.ndarray` with the shape and the numbers of X, and the dtype that goes with X's: float32 stays
#   float32.


# %%
def numpy_copy(X):
    """The numbers of tensor X in a NumPy array of their own, same shape and dtype."""
    ### BEGIN SOLUTION
    return X.detach().numpy().copy()
    ### END SOLUTION
