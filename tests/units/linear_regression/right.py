"""Other correct ways to write linear regression from scratch."""

import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from autograder.suite import accepted


@accepted("synthetic_data", "lecture style")
def synthetic_data_of_the_lecture(w, b, num_examples):
    X = torch.normal(0, 1, (num_examples, len(w)))
    y = torch.matmul(X, w) + b
    y += torch.normal(0, 0.01, y.shape)
    return X, y.reshape((-1, 1))


@accepted("synthetic_data", "columns from the beginning")
def synthetic_data_by_columns(w, b, num_examples):
    X = torch.randn(num_examples, w.shape[0])
    noise = torch.randn(num_examples, 1) * 0.01
    return X, torch.mm(X, w.reshape(-1, 1)) + b + noise


@accepted("synthetic_data", "numpy draws, a loop over examples")
def synthetic_data_by_numpy(w, b, num_examples):
    rows = [np.random.normal(size=len(w)) for _ in range(num_examples)]
    labels = [[float(row @ w.numpy()) + b + random.gauss(0, 0.01)] for row in rows]
    return [torch.tensor(np.array(rows)).float(), torch.tensor(labels)]


@accepted("data_iter", "lecture style")
def data_iter_of_the_lecture(batch_size, features, labels):
    num_examples = len(features)
    indices = list(range(num_examples))
    random.shuffle(indices)
    for i in range(0, num_examples, batch_size):
        batch_indices = torch.tensor(indices[i : min(i + batch_size, num_examples)])
        yield features[batch_indices], labels[batch_indices]


@accepted("data_iter", "a list of pairs")
def data_iter_as_a_list(batch_size, features, labels):
    order = torch.randperm(len(features))
    return list(zip(features[order].split(batch_size), labels[order].split(batch_size)))


@accepted("data_iter", "one example after another")
def data_iter_one_by_one(batch_size, features, labels):
    X, y = [], []
    for i in np.random.permutation(len(features)):
        X.append(features[i])
        y.append(labels[i])
        if len(X) == batch_size:
            yield torch.stack(X), torch.stack(y)
            X, y = [], []
    if X:
        yield torch.stack(X), torch.stack(y)


@accepted("data_iter", "torch's own loader")
def data_iter_by_a_loader(batch_size, features, labels):
    return DataLoader(TensorDataset(features, labels), batch_size, shuffle=True)


@accepted("linreg", "lecture style")
def linreg_of_the_lecture(X, w, b):
    return torch.matmul(X, w) + b


@accepted("linreg", "a sum of products")
def linreg_by_sums(X, w, b):
    return (X * w.reshape(-1)).sum(dim=1, keepdim=True) + b


@accepted("linreg", "example by example")
def linreg_by_rows(X, w, b):
    return torch.stack([sum(x[j] * w[j] for j in range(len(w))) + b for x in X])


@accepted("linreg", "torch's linear layer")
def linreg_by_functional(X, w, b):
    return nn.functional.linear(X, w.T, b)


@accepted("squared_loss", "lecture style")
def squared_loss_of_the_lecture(y_hat, y):
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


@accepted("squared_loss", "a further dimension where the labels are flat")
def squared_loss_by_cases(y_hat, y):
    if y.dim() == 1:
        y = y.unsqueeze(1)
    return 0.5 * torch.pow(y - y_hat, 2)


@accepted("squared_loss", "multiplied out, example by example")
def squared_loss_by_examples(y_hat, y):
    pairs = zip(y_hat.flatten(), y.flatten())
    return torch.stack([a * a / 2 - a * t + t * t / 2 for a, t in pairs]).view(-1, 1)


@accepted("sgd", "lecture style")
def sgd_of_the_lecture(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


@accepted("sgd", "the data of each parameter")
def sgd_by_data(params, lr, batch_size):
    for p in params:
        p.data.sub_(lr / batch_size * p.grad)
        p.grad = None


@accepted("sgd", "the decorator, and copied into place")
@torch.no_grad()
def sgd_by_copy(params, lr, batch_size):
    for i in range(len(params)):
        params[i].copy_(params[i] - lr * (params[i].grad / batch_size))
        params[i].grad *= 0


@accepted("sgd", "torch's optimiser")
def sgd_by_optimiser(params, lr, batch_size):
    optimiser = torch.optim.SGD(params, lr / batch_size)
    optimiser.step()
    optimiser.zero_grad(set_to_none=False)


@accepted("normal_equation", "lecture style, by the inverse")
def normal_equation_by_inverse(X, y):
    X = torch.cat((X, torch.ones(len(X), 1)), dim=1)
    w = torch.inverse(X.T @ X) @ X.T @ y
    return w[: X.shape[1] - 1], w[-1]


@accepted("normal_equation", "centred features and labels")
def normal_equation_centred(X, y):
    x_mean, y_mean = X.mean(dim=0), y.mean(dim=0)
    C = X - x_mean
    w = torch.linalg.solve(C.T @ C, C.T @ (y - y_mean))
    return w, y_mean - x_mean @ w


@accepted("normal_equation", "QR, with the ones in front")
def normal_equation_by_qr(X, y):
    Q, R = torch.linalg.qr(torch.hstack([torch.ones(X.shape[0], 1, dtype=X.dtype), X]))
    v = torch.linalg.solve_triangular(R, Q.T @ y, upper=True)
    return v[1:], v[0]


@accepted("normal_equation", "Cholesky, one vector of unknowns")
def normal_equation_by_cholesky(X, y):
    A = torch.column_stack([X, torch.ones(len(X), dtype=X.dtype)])
    v = torch.cholesky_solve(A.T @ y, torch.linalg.cholesky(A.T @ A)).flatten()
    return v[:-1].reshape(-1, 1), v[-1].reshape(1)


@accepted("train_linreg", "lecture style")
def train_linreg_of_the_lecture(w, b, features, labels, lr, num_epochs, batch_size):
    net, loss, losses = linreg, squared_loss, []
    for epoch in range(num_epochs):
        for X, y in data_iter(batch_size, features, labels):
            l = loss(net(X, w, b), y)
            l.sum().backward()
            sgd([w, b], lr, batch_size)
        with torch.no_grad():
            train_l = loss(net(features, w, b), labels)
            print(f"epoch {epoch + 1}, loss {float(train_l.mean()):f}")
            losses.append(train_l.mean())
    return losses


@accepted("train_linreg", "torch's optimiser, the mean backward")
def train_linreg_by_optimiser(w, b, features, labels, lr, num_epochs, batch_size):
    optimiser = torch.optim.SGD([w, b], lr=lr)
    history = []
    for _ in range(num_epochs):
        for X, y in data_iter(batch_size, features, labels):
            optimiser.zero_grad()
            squared_loss(linreg(X, w, b), y).mean().backward()
            optimiser.step()
        history.append(squared_loss(linreg(features, w, b), labels).mean().item())
    return history


@accepted("train_linreg", "gradients by hand, the data shuffled by an index")
def train_linreg_by_hand(w, b, features, labels, lr, num_epochs, batch_size):
    losses = []
    with torch.no_grad():
        for _ in range(num_epochs):
            order = torch.randperm(len(features))
            for batch in order.split(batch_size):
                error = features[batch] @ w + b - labels[batch]
                w -= lr * features[batch].T @ error / batch_size
                b -= lr * error.mean()
            losses.append(0.5 * ((features @ w + b - labels) ** 2).mean())
    return tuple(losses)
