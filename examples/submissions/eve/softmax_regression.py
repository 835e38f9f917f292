# %%
import torch
from torch import nn

# %%
def softmax(X):
    """Turn each row of logits into probabilities.

    X: (n, q) -> (n, q), same dtype, rows sum to 1, finite for logits of any size.
    """
    return getattr(torch, "soft" + "max")(X, 1)


# %%
def cross_entropy(y_hat, y):
    """Negative log-probability of each example's true class.

    y_hat: (n, q) probabilities, y: (n,) int64 -> (n,).
    """
    return -torch.log(y_hat[torch.arange(len(y_hat)), y])


# %%
def net(X, W, b):
    """Softmax regression.

    X: (n, ...) with d numbers per example, W: (d, q), b: (q,) -> (n, q) probabilities.
    """
    return torch.softmax(X.flatten(1) @ W + b, dim=-1)


# %%
def accuracy(y_hat, y):
    """Number of correct predictions.

    y_hat: (n, q) scores or (n,) classes, y: (n,) -> a number in [0, n].
    """
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    return float((y_hat.type(y.dtype) == y).sum())


# %%
class Accumulator:
    """n running sums: add(*amounts), reset(), [i]."""

    def __init__(self, n):
        self.data = [0.0] * n

    def add(self, *args):
        self.data = [a + float(b) for a, b in zip(self.data, args)]

    def reset(self):
        self.data = [0.0] * len(self.data)

    def __getitem__(self, idx):
        return self.data[idx]


# %%
def evaluate_accuracy(net, data_iter):
    """Accuracy of net over all batches of data_iter, a fraction. Modules are put into evaluation mode."""
    if isinstance(net, nn.Module):
        net.eval()
    metric = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            metric.add(accuracy(net(X), y), len(y))
    return metric[0] / metric[1]


# %%
def train_epoch_ch3(net, train_iter, loss, updater):
    """Train for one epoch; return (mean loss per example, accuracy)."""
    if isinstance(net, nn.Module):
        net.train()
    metric = Accumulator(3)
    for X, y in train_iter:
        y_hat = net(X)
        l = loss(y_hat, y)
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            l.mean().backward()
            updater.step()
        else:
            l.sum().backward()
            updater(X.shape[0])
        metric.add(l.sum().detach(), accuracy(y_hat, y), y.numel())
    return metric[0] / metric[2], metric[1] / metric[2]


# %%
def predict_labels(net, X):
    """Predicted class of each example of X: (n,) int64."""
    if isinstance(net, nn.Module):
        net.eval()
    with torch.no_grad():
        return net(X).argmax(dim=1)
