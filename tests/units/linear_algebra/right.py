"""Right answers of linear algebra in other styles, the lectures' own among them."""

import torch

from autograder.suite import accepted


@accepted("dot", "as in the lecture: torch.sum of the products")
def dot_of_the_lecture(x, y):
    return torch.sum(x * y)


@accepted("dot", "a loop")
def dot_by_loop(x, y):
    total = x.new_zeros(())
    for i in range(len(x)):
        total = total + x[i] * y[i]
    return total


@accepted("dot", "torch.mul and a zip")
def dot_by_zip(x, y):
    return sum(torch.mul(a, b) for a, b in zip(x, y))


@accepted("matvec", "as in the lecture: one dot product for each row")
def matvec_of_the_lecture(A, x):
    result = torch.zeros(A.shape[0], dtype=A.dtype)
    for i in range(A.shape[0]):
        result[i] = torch.sum(A[i, :] * x)
    return result


@accepted("matvec", "stacked rows")
def matvec_by_stack(A, x):
    return torch.stack([(row * x).sum() for row in A])


@accepted("matvec", "a sum of columns")
def matvec_by_columns(A, x):
    return sum(x[j] * A[:, j] for j in range(A.shape[1]))


@accepted("matmul", "transposed and added along the last axis")
def matmul_last_axis(A, B):
    return torch.sum(A.unsqueeze(1) * B.T.unsqueeze(0), dim=-1)


@accepted("matmul", "expanded to three axes")
def matmul_expanded(A, B):
    m, k, n = A.shape[0], A.shape[1], B.shape[1]
    products = A.reshape(m, k, 1).expand(m, k, n) * B.reshape(1, k, n).expand(m, k, n)
    return products.sum(axis=1)


@accepted("matmul", "as in the lecture: broadcasting, with the common axis in front")
def matmul_front_axis(A, B):
    return (A.T[:, :, None] * B[:, None, :]).sum(0)


@accepted("l1_norm", "as in the lecture: torch.abs and sum")
def l1_of_the_lecture(x):
    return torch.abs(x).sum()


@accepted("l1_norm", "entries times their signs")
def l1_by_sign(x):
    return torch.sum(x * torch.sign(x))


@accepted("l1_norm", "a loop")
def l1_by_loop(x):
    total = torch.zeros((), dtype=x.dtype)
    for entry in x:
        total += abs(entry)
    return total


@accepted("l2_norm", "as in the lecture: the root of a sum of squares")
def l2_of_the_lecture(x):
    return torch.sqrt(torch.sum(x**2))


@accepted("l2_norm", "the root of x times x")
def l2_by_dot(x):
    return torch.dot(x, x) ** 0.5


@accepted("l2_norm", "squares by multiplication")
def l2_by_product(x):
    return (x @ x).sqrt()


@accepted("frobenius_norm", "as in the lecture: a root of a double sum")
def frobenius_of_the_lecture(A):
    return torch.sqrt((A * A).sum(dim=1).sum(dim=0))


@accepted("frobenius_norm", "a long vector")
def frobenius_by_vector(A):
    flat = A.reshape(-1)
    return torch.sqrt(flat @ flat)


@accepted("frobenius_norm", "the trace of the transpose times A")
def frobenius_by_trace(A):
    return (A.T @ A).trace().pow(0.5)


@accepted("matrix_norm", "the first singular value of a decomposition")
def matrix_norm_by_svd(A):
    _, S, _ = torch.linalg.svd(A, full_matrices=False)
    return S[0]


@accepted("matrix_norm", "the root of the largest eigenvalue, as in the lecture")
def matrix_norm_of_the_lecture(A):
    return torch.sqrt(torch.linalg.eigvalsh(A.T @ A)[-1])


@accepted("matrix_norm", "eigenvalues of A times its transpose")
def matrix_norm_by_eigvals(A):
    return torch.linalg.eigvals(A @ A.T).real.max() ** 0.5


@accepted("row_normalize", "as in the lecture: sums that keep their axis")
def row_normalize_of_the_lecture(A):
    sum_A = A.sum(axis=1, keepdims=True)
    return A / sum_A


@accepted("row_normalize", "transposed twice")
def row_normalize_transposed(A):
    return (A.T / A.sum(1)).T


@accepted("row_normalize", "row by row")
def row_normalize_by_rows(A):
    return torch.stack([row / row.sum() for row in A])


@accepted("is_symmetric", "as in the lecture: A == A.T")
def symmetric_of_the_lecture(A):
    if A.shape != A.T.shape:
        return False
    return (A == A.T).all()


@accepted("is_symmetric", "equal, which looks at the shape itself")
def symmetric_by_equal(A):
    return torch.equal(A, A.T)


@accepted("is_symmetric", "two loops")
def symmetric_by_loops(A):
    m, n = A.shape
    return m == n and all(abs(A[i, j] - A[j, i]) < 1e-6 for i in range(n) for j in range(i))


@accepted("is_antisymmetric", "as in the lecture: A == -A.T")
def antisymmetric_of_the_lecture(A):
    return A.shape[0] == A.shape[1] and bool(torch.all(A == -A.T))


@accepted("is_antisymmetric", "the sum with the transpose is 0")
def antisymmetric_by_sum(A):
    if A.size(0) != A.size(1):
        return False
    return not (A + A.T).any()


@accepted("is_antisymmetric", "a largest difference")
def antisymmetric_by_difference(A):
    m, n = A.shape
    if m != n:
        return False
    return (A + A.t()).abs().max().item() < 1e-6


@accepted("is_orthogonal", "as in the lecture: compared with the identity")
def orthogonal_of_the_lecture(U):
    n = U.shape[0]
    if n != U.shape[1]:
        return False
    return bool(((torch.mm(U.T, U) - torch.eye(n)).abs() < 1e-6).all())


@accepted("is_orthogonal", "all singular values are 1")
def orthogonal_by_singular_values(U):
    S = torch.linalg.svdvals(U)
    return U.shape[0] == U.shape[1] and torch.allclose(S, torch.ones_like(S))


@accepted("is_orthogonal", "row by row")
def orthogonal_by_rows(U):
    m, n = U.shape
    if m != n:
        return False
    for i in range(n):
        for j in range(n):
            if abs(float(U[i] @ U[j]) - (1.0 if i == j else 0.0)) > 1e-6:
                return False
    return True


@accepted("is_positive_definite", "an attempt at Cholesky's factor")
def definite_by_cholesky(A):
    try:
        torch.linalg.cholesky(A)
        return True
    except RuntimeError:
        return False


@accepted("is_positive_definite", "as in the lecture: the smallest eigenvalue")
def definite_of_the_lecture(A):
    return torch.linalg.eigvalsh(A).min() > 1e-6


@accepted("is_positive_definite", "the determinants of all corners")
def definite_by_minors(A):
    return all(torch.linalg.det(A[:k, :k]).item() > 1e-9 for k in range(1, len(A) + 1))


@accepted("permutation_matrix", "as in the lecture: ones written into zeros")
def permutation_of_the_lecture(p):
    n = len(p)
    P = torch.zeros(n, n)
    for i in range(n):
        P[i, p[i]] = 1
    return P


@accepted("permutation_matrix", "one comparison")
def permutation_by_comparison(p):
    return (p[:, None] == torch.arange(len(p))).float()


@accepted("permutation_matrix", "one index for each row")
def permutation_by_index(p):
    P = torch.zeros((len(p), len(p)), dtype=torch.float32)
    P[torch.arange(len(p)), p] = 1.0
    return P


@accepted("eigenvalue_of", "at the largest entry of v")
def eigenvalue_at_largest(A, v):
    if torch.all(v == 0):
        return None
    i = v.abs().argmax()
    w = A @ v
    c = w[i] / v[i]
    return c if torch.allclose(w, c * v, rtol=1e-6) else None


@accepted("eigenvalue_of", "what is left beside v is small")
def eigenvalue_by_rest(A, v):
    length = torch.linalg.norm(v)
    if length == 0:
        return None
    u = v / length
    c = torch.dot(u, torch.mv(A, u))
    if torch.linalg.norm(torch.mv(A, u) - c * u) > 1e-6:
        return None
    return c.item()


@accepted("eigenvalue_of", "as in the lecture: torch.mv and sums")
def eigenvalue_of_the_lecture(A, v):
    if (v == 0).all():
        return None
    candidate = (torch.sum(v * torch.mv(A, v)) / torch.sum(v * v)).item()
    same = (torch.mv(A, v) - candidate * v).abs().max() < 1e-6 * max(1.0, abs(candidate)) * v.abs().max()
    return candidate if same else None
