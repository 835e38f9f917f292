# %% [markdown]
# # Linear algebra
#
# A neural network multiplies matrices, adds vectors, and asks how long they are. Here you build these operations
# yourself, and then look at a matrix as a machine that turns one vector into another: how much longer can it make a
# vector, which directions does it keep, and does it keep all lengths?
#
# There are fourteen exercises, most of them of one or two lines. Letters such as $m$ and $n$ are sizes of at least 1.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check linear_algebra` whenever you like.

# %%
import torch

# %% [markdown]
# ## 1. `dot(x, y)`
#
# Multiply two vectors entry by entry and add up the products. Exercises 1 to 3 are about what happens inside a product,
# so do without `@`, `torch.dot`, `torch.matmul`, `torch.einsum` and their relatives; `*` and `sum` are what you need.
#
# $$\operatorname{dot}(x, y) = \sum_i x_i y_i$$
#
# - `x`, `y`: (n,), of one dtype, which may be an integer one.
# - returns: a tensor with a single number and no axis, shape (), same dtype.


# %%
def dot(x, y):
    """The dot product of two vectors.

    x, y: (n,) -> ().
    """
    ### BEGIN SOLUTION
    return (x * y).sum()
    ### END SOLUTION


# %% [markdown]
# ## 2. `matvec(A, x)`
#
# The product of a matrix and a vector holds one dot product for each row of the matrix.
#
# $$\operatorname{matvec}(A, x)_i = \sum_j A_{ij}\, x_j$$
#
# - `A`: (m, n). `x`: (n,). Both of one dtype, which may be an integer one.
# - returns: (m,), same dtype.
#
# {promises of matvec}


# %%
def matvec(A, x):
    """The product of a matrix and a vector.

    A: (m, n), x: (n,) -> (m,).
    """
    ### BEGIN SOLUTION
    return (A * x).sum(dim=1)
    ### END SOLUTION


# %% [markdown]
# ## 3. `matmul(A, B)`
#
# Now a matrix times a matrix: entry $(i, j)$ is the dot product of row $i$ of `A` and column $j$ of `B`.
#
# $$\operatorname{matmul}(A, B)_{ij} = \sum_k A_{ik}\, B_{kj}$$
#
# Three loops would do it, but slowly. Broadcasting makes all products $A_{ik} B_{kj}$ at once, in a tensor with three
# axes. Along which of them do you add?
#
# - `A`: (m, k). `B`: (k, n). Both of one dtype, which may be an integer one.
# - returns: (m, n), same dtype.
#
# {promises of matmul}


# %%
def matmul(A, B):
    """The product of two matrices, without a loop.

    A: (m, k), B: (k, n) -> (m, n).
    """
    ### BEGIN SOLUTION
    return (A[:, :, None] * B[None, :, :]).sum(dim=1)
    ### END SOLUTION


# %% [markdown]
# ## 4. `l1_norm(x)`
#
# A norm says how large a vector is. The $L_1$ norm adds up how far each entry is from 0. In exercises 4 to 7, do without
# `torch.norm`, `torch.linalg.norm` and their relatives.
#
# $$\|x\|_1 = \sum_i |x_i|$$
#
# - `x`: (n,), floating-point numbers.
# - returns: a tensor of shape (), same dtype.


# %%
def l1_norm(x):
    """The L1 norm of a vector.

    x: (n,) -> ().
    """
    ### BEGIN SOLUTION
    return x.abs().sum()
    ### END SOLUTION


# %% [markdown]
# ## 5. `l2_norm(x)`
#
# The $L_2$ norm is the length of an arrow, by the theorem of Pythagoras.
#
# $$\|x\|_2 = \sqrt{\sum_i x_i^2}$$
#
# - `x`: (n,), floating-point numbers.
# - returns: a tensor of shape (), same dtype.


# %%
def l2_norm(x):
    """The L2 norm of a vector.

    x: (n,) -> ().
    """
    ### BEGIN SOLUTION
    return (x**2).sum().sqrt()
    ### END SOLUTION


# %% [markdown]
# ## 6. `frobenius_norm(A)`
#
# The Frobenius norm treats a matrix as one long vector.
#
# $$\|A\|_F = \sqrt{\sum_i \sum_j A_{ij}^2}$$
#
# - `A`: (m, n), floating-point numbers.
# - returns: a tensor of shape (), same dtype.


# %%
def frobenius_norm(A):
    """The Frobenius norm of a matrix.

    A: (m, n) -> ().
    """
    ### BEGIN SOLUTION
    return (A**2).sum().sqrt()
    ### END SOLUTION


# %% [markdown]
# ## 7. `matrix_norm(A)`
#
# Here a matrix is seen as a machine: a vector $b$ goes in, $Ab$ comes out. How many times longer can it become? The
# answer is a number $c$, the smallest one with
#
# $$\|Ab\|_2 \leq c\, \|b\|_2 \quad \text{for all vectors } b.$$
#
# For example, the matrix with 3 and 2 on its diagonal and 0 elsewhere makes no vector more than 3 times as long, so its
# $c$ is 3; its Frobenius norm is larger, $\sqrt{13}$. In general, $c$ is the largest *singular value* of $A$, which is the
# square root of the largest eigenvalue of $A^\top A$. `torch.linalg.svdvals` and `torch.linalg.eigvalsh` are allowed.
#
# - `A`: (m, n), float64.
# - returns: a tensor of shape (), same dtype.


# %%
def matrix_norm(A):
    """The least c with |Ab| <= c |b| for all vectors b.

    A: (m, n) -> ().
    """
    ### BEGIN SOLUTION
    return torch.linalg.svdvals(A).max()
    ### END SOLUTION


# %% [markdown]
# ## 8. `row_normalize(A)`
#
# Divide every row by its own sum, so that it sums to 1 and can be read as shares. Watch the shape of the sums before you
# divide: with a square matrix, the wrong shape goes unnoticed.
#
# $$\operatorname{row\_normalize}(A)_{ij} = A_{ij} \Big/ \sum_k A_{ik}$$
#
# - `A`: (m, n), floating-point numbers above 0.
# - returns: (m, n), same dtype.
#
# {promises of row_normalize}


# %%
def row_normalize(A):
    """A with every row divided by its sum.

    A: (m, n) with entries above 0 -> (m, n).
    """
    ### BEGIN SOLUTION
    return A / A.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %% [markdown]
# ## 9. `is_symmetric(A)`
#
# A matrix is symmetric if it is its own transpose.
#
# $$A_{ij} = A_{ji} \quad \text{for all } i, j$$
#
# From here to exercise 12 the answer is yes or no. Computed numbers are rounded, so torch compares them with a tolerance,
# in `torch.allclose` for example. You need not think about how large it is: nothing comes close to the line.
#
# - `A`: (m, n), float64.
# - returns: `True` or `False`. A matrix that is not square is not symmetric.
#
# {promises of is_symmetric}


# %%
def is_symmetric(A):
    """Whether the matrix A is its own transpose."""
    ### BEGIN SOLUTION
    return A.shape[0] == A.shape[1] and torch.allclose(A, A.T)
    ### END SOLUTION


# %% [markdown]
# ## 10. `is_antisymmetric(A)`
#
# A matrix is antisymmetric if transposing it turns all signs. What does this say about the diagonal?
#
# $$A_{ij} = -A_{ji} \quad \text{for all } i, j$$
#
# - `A`: (m, n), float64.
# - returns: `True` or `False`. A matrix that is not square is not antisymmetric.
#
# {promises of is_antisymmetric}


# %%
def is_antisymmetric(A):
    """Whether the matrix A is minus its own transpose."""
    ### BEGIN SOLUTION
    return A.shape[0] == A.shape[1] and torch.allclose(A, -A.T)
    ### END SOLUTION


# %% [markdown]
# ## 11. `is_orthogonal(U)`
#
# A square matrix is orthogonal if its rows have length 1 and are perpendicular to each other. Such a matrix rotates or
# mirrors a vector, and keeps its length. All these conditions fit into one equation, with the identity matrix $I$:
#
# $$U U^\top = I$$
#
# - `U`: (m, n), float64. The entries of a rotation are rounded, so $U U^\top$ is $I$ only up to about $10^{-15}$.
# - returns: `True` or `False`. A matrix that is not square is not orthogonal.
#
# {promises of is_orthogonal}


# %%
def is_orthogonal(U):
    """Whether the matrix U is square, with rows of length 1 that are perpendicular to each other."""
    ### BEGIN SOLUTION
    if U.shape[0] != U.shape[1]:
        return False
    return torch.allclose(U @ U.T, torch.eye(len(U), dtype=U.dtype))
    ### END SOLUTION


# %% [markdown]
# ## 12. `is_positive_definite(A)`
#
# A symmetric matrix is positive definite if $x^\top A x$ is positive for every vector $x$ but 0. At a minimum of a
# function, the matrix of its second derivatives tells with this that the way goes up in every direction.
#
# You cannot try all vectors. But there is an equivalent condition: all eigenvalues of $A$ are *above* 0. The signs of the
# entries do not tell: $\begin{bmatrix} 1 & 2 \\ 2 & 1 \end{bmatrix}$ is not positive definite, since $x = (1, -1)$ gives
# $-2$. `torch.linalg.eigvalsh` has the eigenvalues of a symmetric matrix.
#
# - `A`: (n, n), float64, symmetric. Its smallest eigenvalue is not close to 0, unless `A` is a diagonal matrix, where
#   it can be exactly 0.
# - returns: `True` or `False`.
#
# {promises of is_positive_definite}


# %%
def is_positive_definite(A):
    """Whether the symmetric matrix A has x^T A x > 0 for all x but 0."""
    ### BEGIN SOLUTION
    return bool((torch.linalg.eigvalsh(A) > 0).all())
    ### END SOLUTION


# %% [markdown]
# ## 13. `permutation_matrix(p)`
#
# A permutation matrix puts the entries of a vector into another order: $Px$ has the entries `x[p]`. So row $i$ of $P$
# picks entry $p_i$:
#
# $$P_{ij} = \begin{cases} 1 & \text{if } j = p_i \\ 0 & \text{otherwise} \end{cases}$$
#
# Check your result with $n = 3$ and `p` = [1, 2, 0]: exchanging rows and columns makes no difference for a mere swap, and
# here it does.
#
# - `p`: (n,), the numbers 0 to n − 1 in some order, int64.
# - returns: (n, n), float32, zeros and ones.
#
# {promises of permutation_matrix}


# %%
def permutation_matrix(p):
    """The matrix P with P x = x[p].

    p: (n,) int64, the numbers 0 to n - 1 in some order -> (n, n) float32.
    """
    ### BEGIN SOLUTION
    return torch.eye(len(p))[p]
    ### END SOLUTION


# %% [markdown]
# ## 14. `eigenvalue_of(A, v)`
#
# Most vectors change their direction when they are multiplied by a matrix. An *eigenvector* only becomes longer or
# shorter, or turns round; the factor is its *eigenvalue* $\lambda$, which may be negative or 0.
#
# $$A v = \lambda v, \quad v \neq 0$$
#
# Given `A` and `v`, is there such a $\lambda$? Find a candidate first, and then see whether it is right. Dividing $Av$ by
# $v$ entry by entry fails where `v` has a 0. Better multiply both sides by $v^\top$ and solve for $\lambda$.
#
# - `A`: (n, n). `v`: (n,). Both float64.
# - returns: $\lambda$ as a number (a tensor with one number will do), or `None` if `v` is not an eigenvector of `A`. The
#   vector 0 is none.
# - Compare with a tolerance of about $10^{-6}$: computed eigenvectors are rounded. Nothing comes close to the line.


# %%
def eigenvalue_of(A, v):
    """The number lambda with A v = lambda v, or None if there is none or v is 0."""
    ### BEGIN SOLUTION
    if not v.any():
        return None
    eigenvalue = (v @ A @ v) / (v @ v)
    return float(eigenvalue) if torch.allclose(A @ v, eigenvalue * v) else None
    ### END SOLUTION
