"""Other correct ways to write matrix calculus."""

import torch

from autograder.suite import accepted


@accepted("numeric_jacobian", "clones of x")
def numeric_jacobian_by_clones(f, x, h=1e-6):
    J = torch.zeros(len(f(x)), len(x), dtype=torch.float64)
    for j in range(x.shape[0]):
        right, left = x.clone(), x.clone()
        right[j] += h
        left[j] -= h
        J[:, j] = (f(right) - f(left)) / (2 * h)
    return J


@accepted("numeric_jacobian", "rows of the identity")
def numeric_jacobian_by_eye(f, x, h=1e-6):
    eye = torch.eye(x.numel(), dtype=x.dtype) * h
    return torch.stack([(f(x + e) - f(x - e)) / h / 2 for e in eye], dim=-1)


@accepted("numeric_jacobian", "transposed at the end")
def numeric_jacobian_transposed(f, x, h=1e-6):
    rows = []
    for j in range(len(x)):
        e = torch.nn.functional.one_hot(torch.tensor(j), len(x)).to(x.dtype)
        rows.append(0.5 * (f(x + h * e) - f(x - h * e)) / h)
    return torch.stack(rows).T


@accepted("jacobian_shape", "the table")
def jacobian_shape_by_table(y_shape, x_shape):
    def kind(shape):
        return 0 if shape == (1,) else 1 if shape[1] == 1 else 2

    m, l = (y_shape + (0,))[:2]
    n, k = (x_shape + (0,))[:2]
    table = [[(1,), (1, n), (k, n)], [(m, 1), (m, n), (m, k, n)], [(m, l), (m, l, n), (m, l, k, n)]]
    return table[kind(y_shape)][kind(x_shape)]


@accepted("jacobian_shape", "a list of sizes")
def jacobian_shape_as_list(y_shape, x_shape):
    if len(x_shape) == 1:
        return list(y_shape)
    if len(y_shape) == 1:
        return list(x_shape)[::-1]
    return [n for n in [*y_shape, *x_shape[::-1]] if n != 1]


@accepted("jacobian_shape", "case by case")
def jacobian_shape_by_cases(y_shape, x_shape):
    if x_shape == (1,):
        return y_shape
    n, k = x_shape
    if y_shape == (1,):
        return torch.Size([k, n])
    m, l = y_shape
    front = (m,) if l == 1 else (m, l)
    return front + ((n,) if k == 1 else (k, n))


@accepted("jacobian_of_linear", "a copy")
def jacobian_of_linear_copied(A, layout):
    return {"numerator": A.clone(), "denominator": A.clone().T}[layout]


@accepted("jacobian_of_linear", "columns of unit vectors")
def jacobian_of_linear_by_columns(A, layout):
    J = torch.stack([A @ e for e in torch.eye(A.shape[1], dtype=A.dtype)], dim=1)
    return J.transpose(0, 1) if layout == "denominator" else J


@accepted("jacobian_of_linear", "permuted")
def jacobian_of_linear_permuted(A, layout):
    if layout == "denominator":
        A = A.permute(1, 0)
    return A


@accepted("grad_quadratic_form", "two products")
def grad_quadratic_form_of_two(A, x):
    return torch.mv(A, x) + torch.mv(A.T, x)


@accepted("grad_quadratic_form", "row vector on the left")
def grad_quadratic_form_from_the_left(A, x):
    return A @ x + x @ A


@accepted("grad_quadratic_form", "loops")
def grad_quadratic_form_by_loops(A, x):
    g = torch.zeros_like(x)
    for k in range(len(x)):
        for i in range(len(x)):
            g[k] += (A[k, i] + A[i, k]) * x[i]
    return g


@accepted("grad_least_squares", "mean of the products")
def grad_least_squares_by_mean(X, w, y):
    error = torch.matmul(X, w) - y
    return (X * error[:, None]).mean(dim=0)


@accepted("grad_least_squares", "multiplied out")
def grad_least_squares_multiplied_out(X, w, y):
    return (X.T @ X @ w - X.T @ y) / X.shape[0]


@accepted("grad_least_squares", "a loop over the examples")
def grad_least_squares_by_loop(X, w, y):
    total = torch.zeros_like(w)
    for x_i, y_i in zip(X, y):
        total += (x_i @ w - y_i) * x_i
    return total / len(y)


@accepted("subgradient_abs", "comparisons as numbers")
def subgradient_abs_by_comparison(x):
    return (1 if x > 0 else -1), (-1 if x < 0 else 1)


@accepted("subgradient_abs", "a list of tensors")
def subgradient_abs_as_tensors(x):
    s = torch.sign(torch.tensor(float(x)))
    return [s if x != 0 else torch.tensor(-1.0), s if x != 0 else torch.tensor(1.0)]


@accepted("subgradient_abs", "an early return")
def subgradient_abs_early(x):
    if x != 0:
        slope = abs(x) / x
        return slope, slope
    return -1, 1


@accepted("subgradient_relu", "truth values as numbers")
def subgradient_relu_by_truth(x):
    return int(x > 0), int(x >= 0)


@accepted("subgradient_relu", "through abs")
def subgradient_relu_through_abs(x):
    low, high = subgradient_abs(x)
    return (1 + low) / 2, (1 + high) / 2


@accepted("subgradient_relu", "case by case")
def subgradient_relu_by_cases(x):
    if x < 0:
        return 0.0, 0.0
    elif x > 0:
        return 1.0, 1.0
    return 0.0, 1.0
