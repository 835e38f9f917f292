"""Oracle: softmax regression on torch's own operators."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Batches = Iterable[tuple[Tensor, Tensor]]


def one_hot(y: Tensor, num_classes: int) -> Tensor:
    """y: (n,) int64 -> (n, num_classes) float32."""
    return F.one_hot(y, num_classes).float()


def init_weights(m: nn.Module) -> None:
    """The weight of a linear layer from N(0, 0.01²)."""
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=0.01)


def make_net(num_inputs: int = 784, num_outputs: int = 10) -> nn.Module:
    """(n, ...) -> (n, num_outputs)."""
    return nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, num_outputs)).apply(init_weights)


def cross_entropy_from_logits(logits: Tensor, y: Tensor) -> Tensor:
    """logits: (n, q), y: (n,) -> (n,)."""
    return F.cross_entropy(logits, y, reduction="none")


def cross_entropy_grad(logits: Tensor, y: Tensor) -> Tensor:
    """logits: (n, q), y: (n,) -> (n, q)."""
    with torch.enable_grad():
        leaf = logits.detach().requires_grad_()
        return torch.autograd.grad(F.cross_entropy(leaf, y, reduction="sum"), leaf)[0]


def entropy_between(p: Tensor, t: Tensor) -> Tensor:
    """p, t: (n, q) -> (n,)."""
    return -torch.xlogy(p, t).sum(dim=1)


def binary_as_softmax(x: Tensor) -> Tensor:
    """x: (n,) -> (n, 2)."""
    return torch.stack([x, -x], dim=1) / 2


@torch.no_grad()
def _accuracy(net: nn.Module, data_iter: Batches) -> float:
    net.eval()
    return float(torch.cat([net(X).argmax(dim=1) == y for X, y in data_iter]).double().mean())


def train_ch3(
    net: nn.Module, train_iter: Batches, test_iter: Batches,
    loss: Callable[[Tensor, Tensor], Tensor], num_epochs: int, updater: object,
) -> list[tuple[float, float, float]]:  # fmt: skip
    """One (train_loss, train_acc, test_acc) per epoch."""
    history = []
    for _ in range(num_epochs):
        losses, hits = [], []
        net.train()
        for X, y in train_iter:
            scores = net(X)
            losses.append(loss(scores, y))
            hits.append(scores.argmax(dim=1) == y)
            if isinstance(updater, torch.optim.Optimizer):
                updater.zero_grad()
                losses[-1].mean().backward()
                updater.step()
            else:
                losses[-1].sum().backward()
                updater(len(y))  # type: ignore[operator]
        seen = torch.cat(losses).detach().mean(), torch.cat(hits).double().mean()
        history.append((float(seen[0]), float(seen[1]), _accuracy(net, test_iter)))
    return history
