"""Oracle: linear regression with torch's own layers, loss and optimiser."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, TensorDataset

Batches = Iterable[tuple[Tensor, Tensor]]


def load_array(data_arrays: Sequence[Tensor], batch_size: int, is_train: bool = True) -> DataLoader:
    """data_arrays: (n, ...) each -> batches of (batch_size, ...) each, in a random order if is_train."""
    rows = TensorDataset(*data_arrays)
    order = RandomSampler(rows) if is_train else SequentialSampler(rows)
    return DataLoader(rows, batch_sampler=BatchSampler(order, batch_size, drop_last=False))


def make_net(in_features: int) -> nn.Sequential:
    """(n, in_features) -> (n, 1), weights of standard deviation 0.01, bias 0."""
    layer = nn.Linear(in_features, 1)
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return nn.Sequential(layer)


def train_concise(net: nn.Module, data_iter: Batches, lr: float, num_epochs: int) -> list[float]:
    """Gradient descent by hand along the mean squared error of each batch; the error over all rows after each epoch."""
    losses = []
    for _ in range(num_epochs):
        for X, y in data_iter:
            parameters = [p for p in net.parameters() if p.requires_grad]
            gradients = torch.autograd.grad(F.mse_loss(net(X), y), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= lr * gradient
        losses.append(_mean_squared_error(net, data_iter))
    return losses


@torch.no_grad()
def _mean_squared_error(net: nn.Module, data_iter: Batches) -> float:
    errors = [net(X) - y for X, y in data_iter]
    return float(torch.cat(errors).square().mean())
