# %% [markdown]
# # Matrix calculus
#
# Training needs derivatives of functions with many inputs and many outputs. There is nothing new in them, only bookkeeping:
# every output has a slope in the direction of every input, and the question is where to put it. Here you measure slopes,
# work some out on paper, and learn to predict the shape of a derivative without computing it.
#
# **Layouts.** For $y = f(x)$ with m outputs and n inputs, the *numerator layout* writes the derivative as an (m, n) matrix:
# row i belongs to output i, column j to input j. This matrix is the *Jacobian*. The *denominator layout* is its transpose.
#
# **Rules.** Do without autograd where a derivative is asked for: you are finding out what it does.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check matrix_calculus` whenever you like.

# %%
import torch

# %% [markdown]
# ## 1. `numeric_jacobian(f, x, h=1e-6)`
#
# The slope of a function can be measured: go a little to the right, a little to the left, and see how much the value changes
# on the way. Going to both sides is worth it: the error of this *central difference* is far smaller than that of a step to one
# side only.
#
# $$\frac{\partial f_i}{\partial x_j} \approx \frac{f_i(x + h e_j) - f_i(x - h e_j)}{2h}$$
#
# where $e_j$ is 1 in entry j and 0 elsewhere.
#
# - `f`: a function that maps a tensor (n,) to a tensor (m,). `x`: (n,), float64. `h`: a Python number above 0.
# - returns: (m, n), float64, the Jacobian of f at x in numerator layout.
# - f may be expensive: call it at most 2n + 1 times.
#
# {promises of numeric_jacobian}


# %%
def numeric_jacobian(f, x, h=1e-6):
    """Jacobian of f at x by central differences.

    f: (n,) -> (m,), x: (n,) -> (m, n).
    """
    ### BEGIN SOLUTION
    columns = []
    for j in range(len(x)):
        step = torch.zeros_like(x)
        step[j] = h
        columns.append((f(x + step) - f(x - step)) / (2 * h))
    return torch.stack(columns, dim=1)
    ### END SOLUTION


# %% [markdown]
# ## 2. `jacobian_shape(y_shape, x_shape)`
#
# Which shape has the derivative of y with respect to x, in numerator layout? In this table scalars are written as (1,), vectors
# as (m, 1) or (n, 1), and matrices as (m, l) or (n, k):
#
# | | x: (1,) | x: (n, 1) | x: (n, k) |
# |---|---|---|---|
# | **y: (1,)** | (1,) | (1, n) | (k, n) |
# | **y: (m, 1)** | (m, 1) | (m, n) | (m, k, n) |
# | **y: (m, l)** | (m, l) | (m, l, n) | (m, l, k, n) |
#
# Do you see the rule? First what is left of the shape of y, then the shape of x, *turned round*.
#
# - `y_shape`, `x_shape`: tuples as in the table, all other sizes above 1; a matrix has more than one column.
# - returns: the shape as a tuple.


# %%
def jacobian_shape(y_shape, x_shape):
    """Shape of the derivative of y with respect to x, in numerator layout, as a tuple."""
    ### BEGIN SOLUTION
    if x_shape == (1,):
        return tuple(y_shape)
    x_part = tuple(reversed(x_shape))
    if y_shape == (1,):
        return x_part
    return tuple(size for size in (*y_shape, *x_part) if size > 1)
    ### END SOLUTION


# %% [markdown]
# ## 3. `jacobian_of_linear(A, layout)`
#
# The simplest function of all is $f(x) = Ax$. How fast does output i grow with input j?
#
# - `A`: (m, n). `layout`: `"numerator"` or `"denominator"`.
# - returns: the derivative of $Ax$ with respect to x: (m, n) in numerator layout, (n, m) in denominator layout.


# %%
def jacobian_of_linear(A, layout):
    """Derivative of x -> A x. A: (m, n) -> (m, n) for layout "numerator", (n, m) for "denominator"."""
    ### BEGIN SOLUTION
    return A if layout == "numerator" else A.T
    ### END SOLUTION


# %% [markdown]
# ## 4. `grad_quadratic_form(A, x)`
#
# $f(x) = x^\top A x = \sum_{ij} A_{ij}\, x_i\, x_j$ is a single number. Each $x_k$ occurs in it twice: once as $x_i$, once as
# $x_j$. Do not forget one of them, for A need not be symmetric.
#
# - `A`: (n, n). `x`: (n,).
# - returns: (n,), the derivative of f with respect to each entry of x.
#
# {promises of grad_quadratic_form}


# %%
def grad_quadratic_form(A, x):
    """Gradient of x^T A x with respect to x. A: (n, n), x: (n,) -> (n,)."""
    ### BEGIN SOLUTION
    return (A + A.T) @ x
    ### END SOLUTION


# %% [markdown]
# ## 5. `grad_least_squares(X, w, y)`
#
# The loss of linear regression over n examples, and what training follows downhill:
#
# $$L(w) = \frac{1}{2n} \lVert Xw - y \rVert^2$$
#
# - `X`: (n, d). `w`: (d,). `y`: (n,).
# - returns: (d,), the derivative of L with respect to w.
#
# {promises of grad_least_squares}


# %%
def grad_least_squares(X, w, y):
    """Gradient of ||X w - y||^2 / (2 n) with respect to w. X: (n, d), w: (d,), y: (n,) -> (d,)."""
    ### BEGIN SOLUTION
    return X.T @ (X @ w - y) / len(X)
    ### END SOLUTION


# %% [markdown]
# ## 6. `subgradient_abs(x)`
#
# $|x|$ has a kink at 0: no single slope fits there. But many lines touch the graph from below in that point, and the slopes of
# all of them are an interval, the *subdifferential*. Everywhere else only one line touches, so the interval is a single number.
#
# - `x`: a Python number.
# - returns: a pair (low, high), the ends of the interval of slopes of |x| at x.


# %%
def subgradient_abs(x):
    """Ends (low, high) of the interval of slopes of |x| at the number x."""
    ### BEGIN SOLUTION
    if x == 0:
        return -1.0, 1.0
    return (1.0, 1.0) if x > 0 else (-1.0, -1.0)
    ### END SOLUTION


# %% [markdown]
# ## 7. `subgradient_relu(x)`
#
# The same question for $\max(0, x)$.
#
# - `x`: a Python number.
# - returns: a pair (low, high).


# %%
def subgradient_relu(x):
    """Ends (low, high) of the interval of slopes of max(0, x) at the number x."""
    ### BEGIN SOLUTION
    if x == 0:
        return 0.0, 1.0
    return (1.0, 1.0) if x > 0 else (0.0, 0.0)
    ### END SOLUTION
