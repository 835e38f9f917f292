"""Other correct ways to write the perceptron."""

import torch

from autograder.suite import accepted


@accepted("predict", "a loop over the points")
def predict_by_loop(X, w, b):
    out = []
    for x in X:
        out.append(1 if float(torch.dot(x, w)) + b > 0 else -1)
    return torch.tensor(out)


@accepted("predict", "twice a truth value, less one")
def predict_by_arithmetic(X, w, b):
    return 2 * (torch.mv(X, w) + b > 0).long() - 1


@accepted("predict", "lecture style")
def predict_of_the_lecture(X, w, b):
    score = torch.matmul(X, w) + b
    y = torch.sign(score)
    y[score == 0] = -1
    return y


@accepted("perceptron_loss", "lecture style")
def perceptron_loss_of_the_lecture(X, w, b, y):
    return torch.max(torch.zeros_like(y), -y * (torch.matmul(X, w) + b))


@accepted("perceptron_loss", "relu")
def perceptron_loss_by_relu(X, w, b, y):
    return torch.relu(-(y * ((X * w).sum(1) + b)))


@accepted("perceptron_loss", "a loop over the points")
def perceptron_loss_by_loop(X, w, b, y):
    losses = torch.zeros_like(y)
    for i in range(len(X)):
        margin = y[i] * (X[i] @ w + b)
        if margin < 0:
            losses[i] = -margin
    return losses


@accepted("perceptron_grad", "a mask as numbers")
def perceptron_grad_by_mask(X, w, b, y):
    mask = (y * (X @ w + b) <= 0).to(X.dtype)
    return -(X.T @ (mask * y)), -(mask * y).sum()


@accepted("perceptron_grad", "a loop over the points")
def perceptron_grad_by_loop(X, w, b, y):
    dw, db = torch.zeros_like(w), 0.0
    for x_i, y_i in zip(X, y):
        if y_i * (w @ x_i + b) < 0:
            dw -= y_i * x_i
            db -= y_i.item()
    return [dw, db]


@accepted("perceptron_grad", "through the slope of the loss")
def perceptron_grad_by_chain(X, w, b, y):
    slope = torch.where(-y * (X.mv(w) + b) > 0, -y, torch.zeros_like(y))
    return (slope[:, None] * X).sum(0), slope.sum(0, keepdim=True)


@accepted("train_perceptron", "lecture style")
def train_perceptron_of_the_lecture(X, y, max_epochs=1000):
    w = torch.zeros(X.shape[1], dtype=X.dtype)
    b = torch.zeros(1, dtype=X.dtype)
    updates = 0
    for epoch in range(max_epochs):
        errors = 0
        for i in range(len(y)):
            if y[i] * (torch.dot(w, X[i]) + b) <= 0:
                w += y[i] * X[i]
                b += y[i]
                errors += 1
        updates += errors
        if errors == 0:
            break
    return w, b, updates


@accepted("train_perceptron", "a bias among the weights")
def train_perceptron_with_ones(X, y, max_epochs=1000):
    Z = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], 1) * y.reshape(-1, 1)
    v, updates, clean, epoch = torch.zeros(Z.shape[1], dtype=X.dtype), 0, False, 0
    while not clean and epoch < max_epochs:
        clean, epoch = True, epoch + 1
        for z in Z:
            if torch.sum(v * z) <= 0:
                v, updates, clean = v + z, updates + 1, False
    return v[:-1], v[-1], torch.tensor(updates)


@accepted("train_perceptron", "Python's own numbers")
def train_perceptron_in_python(X, y, max_epochs=1000):
    points, kinds = X.tolist(), y.tolist()
    w, b, updates = [0.0] * X.shape[1], 0.0, 0
    for _ in range(max_epochs):
        changed = False
        for point, kind in zip(points, kinds):
            if kind * (sum(a * c for a, c in zip(w, point)) + b) <= 0:
                w = [a + kind * c for a, c in zip(w, point)]
                b += kind
                updates += 1
                changed = True
        if not changed:
            break
    return torch.tensor(w, dtype=X.dtype), b, updates


@accepted("convergence_bound", "multiplied")
def convergence_bound_multiplied(r, rho):
    return (1 + r * r) / (rho * rho)


@accepted("convergence_bound", "a tensor")
def convergence_bound_as_tensor(r, rho):
    r, rho = torch.tensor(r, dtype=torch.float64), torch.tensor(rho, dtype=torch.float64)
    return (r.pow(2) + 1) / rho.pow(2)


@accepted("convergence_bound", "two fractions")
def convergence_bound_in_parts(r, rho):
    return (r / rho) ** 2 + 1 / rho**2
