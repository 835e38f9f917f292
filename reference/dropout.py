"""Oracle for dropout (lecture 4.6), on torch's own operators."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


def dropout_layer(X: Tensor, dropout: float) -> Tensor:
    """X: any shape, dropout in [0, 1] -> same shape. Raises ValueError outside [0, 1]."""
    return F.dropout(X, dropout)


class Net(nn.Module):
    """X: (n, ...) with num_inputs numbers per example -> (n, num_outputs)."""

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        num_hiddens1: int,
        num_hiddens2: int,
        is_training: bool = True,
        dropout1: float = 0.2,
        dropout2: float = 0.5,
    ) -> None:
        super().__init__()
        self.lin1 = nn.Linear(num_inputs, num_hiddens1)
        self.lin2 = nn.Linear(num_hiddens1, num_hiddens2)
        self.lin3 = nn.Linear(num_hiddens2, num_outputs)
        self._rates = dropout1, dropout2
        self.train(is_training)

    def forward(self, X: Tensor) -> Tensor:
        hidden = X.flatten(1)
        for layer, rate in zip((self.lin1, self.lin2), self._rates, strict=True):
            hidden = F.dropout(layer(hidden).relu(), rate, self.training)
        return self.lin3(hidden)


def make_dropout_net(p1: float, p2: float) -> nn.Sequential:
    """(n, 1, 28, 28) -> (n, 10)."""
    first, second, last = nn.Linear(784, 256), nn.Linear(256, 256), nn.Linear(256, 10)
    for linear in (first, second, last):
        nn.init.normal_(linear.weight, 0.0, 0.01)
    return nn.Sequential(nn.Flatten(), first, nn.ReLU(), nn.Dropout(p1), second, nn.ReLU(), nn.Dropout(p2), last)
