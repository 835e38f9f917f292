"""Other correct ways to write dropout."""

import random
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import accepted


@accepted("dropout_layer", "lecture style, the mask on the CPU as floats")
def dropout_of_the_lecture(X, dropout):
    assert 0 <= dropout <= 1
    if dropout == 1:
        return torch.zeros_like(X)
    if dropout == 0:
        return X
    mask = (torch.rand(X.shape) > dropout).float()
    return mask * X / (1.0 - dropout)


@accepted("dropout_layer", "Bernoulli draws, ValueError")
def dropout_by_bernoulli(X, dropout):
    if not 0 <= dropout <= 1:
        raise ValueError("a probability lies between 0 and 1")
    scale = 1 / (1 - dropout) if dropout < 1 else 0.0
    return X * torch.bernoulli(torch.full_like(X, 1 - dropout)) * scale


@accepted("dropout_layer", "torch.where")
def dropout_by_where(X, dropout):
    if dropout < 0 or dropout > 1:
        raise ValueError(dropout)
    if dropout == 1.0:
        return 0 * X
    return torch.where(torch.rand_like(X) < dropout, torch.zeros_like(X), X / (1 - dropout))


@accepted("dropout_layer", "a boolean index into a copy")
def dropout_by_index(X, dropout):
    assert dropout >= 0
    assert dropout <= 1
    result = X.clone()
    result[torch.rand(X.size()) < dropout] = 0.0
    if dropout < 1:
        result /= 1 - dropout
    else:
        result = torch.zeros_like(X)
    return result


@accepted("dropout_layer", "masked_fill and a generator of its own")
class GeneratedDropout:
    generator = torch.Generator()

    def __new__(cls, X, dropout):
        if min(dropout, 1 - dropout) < 0:
            raise ValueError("dropout must lie in [0, 1]")
        dropped = torch.rand(X.shape, generator=cls.generator, dtype=torch.float64) < dropout
        return X.masked_fill(dropped, 0).div(max(1 - dropout, 1e-9))


@accepted("dropout_layer", "a mask drawn by numpy")
def dropout_by_numpy(X, dropout):
    if not (dropout >= 0.0 and dropout <= 1.0):
        raise AssertionError("not a probability")
    if dropout == 1:
        return torch.zeros(X.shape, dtype=X.dtype)
    kept = np.random.binomial(1, 1 - dropout, size=tuple(X.shape))
    return torch.from_numpy(kept).to(X.dtype) * X / (1 - dropout)


@accepted("dropout_layer", "explicit loop over slices")
def dropout_by_slices(X, dropout):
    assert 0 <= dropout <= 1
    if dropout == 1:
        return torch.zeros_like(X)
    parts = []
    for x in X:
        keep = torch.empty(x.shape).uniform_(0, 1) >= dropout
        parts.append(x * keep / (1 - dropout))
    return torch.stack(parts)


@accepted("dropout_layer", "explicit loop over entries")
def dropout_by_entries(X, dropout):
    assert 0 <= dropout <= 1
    factors = []
    draws = torch.rand(X.numel()).tolist()
    for draw in draws:
        factors.append(1 / (1 - dropout) if draw >= dropout and dropout < 1 else 0.0)
    return X * torch.tensor(factors, dtype=X.dtype).reshape(X.shape)


@accepted("dropout_layer", "a function with a backward of its own")
def dropout_by_function(X, dropout):
    class Dropped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, X, factor):
            ctx.save_for_backward(factor)
            return X * factor

        @staticmethod
        def backward(ctx, gradient):
            return gradient * ctx.saved_tensors[0], None

    if dropout < 0 or 1 < dropout:
        raise ValueError("dropout must lie in [0, 1]")
    kept = torch.rand(X.shape) >= dropout
    return Dropped.apply(X, kept.to(X.dtype) / (1 - dropout) if dropout < 1 else torch.zeros_like(X))


@accepted("dropout_layer", "zeros assigned to the entries to drop, one number at a time from Python's generator")
def dropout_by_numbers(X, dropout):
    assert 0 <= dropout <= 1
    dropped = torch.tensor([random.random() < dropout for _ in range(X.numel())], dtype=torch.bool)
    scale = 1 - dropout if dropout < 1 else 1
    result = X / scale
    result[dropped.reshape(X.shape)] = 0
    return result


@accepted("Net", "lecture style")
class NetOfTheLecture(nn.Module):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__()
        self.num_inputs = num_inputs
        self.training = is_training
        self.p1, self.p2 = dropout1, dropout2
        self.lin1 = nn.Linear(num_inputs, num_hiddens1)
        self.lin2 = nn.Linear(num_hiddens1, num_hiddens2)
        self.lin3 = nn.Linear(num_hiddens2, num_outputs)
        self.relu = nn.ReLU()

    def forward(self, X):
        H1 = self.relu(self.lin1(X.reshape((-1, self.num_inputs))))
        if self.training == True:  # noqa: E712
            H1 = dropout_layer(H1, self.p1)
        H2 = self.relu(self.lin2(H1))
        if self.training == True:  # noqa: E712
            H2 = dropout_layer(H2, self.p2)
        return self.lin3(H2)


@accepted("Net", "a module for dropout")
class NetOfModules(nn.Module):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__()

        class Drop(nn.Module):
            def __init__(self, p):
                super().__init__()
                self.p = p

            def forward(self, X):
                return dropout_layer(X, self.p) if self.training else X

        self.lin1 = nn.Linear(num_inputs, num_hiddens1)
        self.lin2 = nn.Linear(num_hiddens1, num_hiddens2)
        self.lin3 = nn.Linear(num_hiddens2, num_outputs)
        self.flatten = nn.Flatten()
        self.first, self.second = Drop(dropout1), Drop(dropout2)
        if not is_training:
            self.eval()

    def forward(self, X):
        H = self.first(F.relu(self.lin1(self.flatten(X))))
        return self.lin3(self.second(F.relu(self.lin2(H))))


@accepted("Net", "a loop, dropout before the activation, masks drawn inline")
class NetInALoop(nn.Module):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__()
        sizes = [num_inputs, num_hiddens1, num_hiddens2, num_outputs]
        for i in range(3):
            setattr(self, f"lin{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))
        self.rates = [dropout1, dropout2]
        self.train(is_training)

    def forward(self, X):
        H = X.flatten(1)
        for i, p in enumerate(self.rates):
            H = getattr(self, f"lin{i + 1}")(H)
            if self.training:
                H = torch.zeros_like(H) if p == 1 else H * (torch.rand_like(H) >= p) / (1 - p)
            H = torch.maximum(H, torch.zeros_like(H))
        return self.lin3(H)


@accepted("Net", "probability zero in evaluation mode")
class NetWithZeroProbability(nn.Module):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        nn.Module.__init__(self)
        self.lin1, self.lin2 = nn.Linear(num_inputs, num_hiddens1), nn.Linear(num_hiddens1, num_hiddens2)
        self.lin3 = nn.Linear(num_hiddens2, num_outputs)
        self.dropout1, self.dropout2 = dropout1, dropout2
        self.training = bool(is_training)

    def forward(self, X):
        X = X.reshape(len(X), -1)
        X = dropout_layer(self.lin1(X).clamp(min=0), self.dropout1 * self.training)
        X = dropout_layer(self.lin2(X).clamp(min=0), self.dropout2 * self.training)
        return self.lin3(X)


@accepted("Net", "the weights in einsum, masks counted in a buffer")
class NetOfMatrices(nn.Module):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__()
        self.lin1 = nn.Linear(num_inputs, num_hiddens1)
        self.lin2 = nn.Linear(num_hiddens1, num_hiddens2)
        self.lin3 = nn.Linear(num_hiddens2, num_outputs)
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64))
        self.keep1, self.keep2 = 1 - dropout1, 1 - dropout2
        self.train(is_training)

    def hidden(self, linear, X, keep):
        H = torch.einsum("ni,hi->nh", X, linear.weight) + linear.bias
        H = torch.where(H > 0, H, torch.zeros_like(H))
        if not self.training or keep == 1:
            return H
        return H * torch.bernoulli(torch.full_like(H, keep)) / max(keep, 1e-12)

    def forward(self, X):
        self.passes += 1
        rows = torch.stack([x.flatten() for x in X])
        H = self.hidden(self.lin2, self.hidden(self.lin1, rows, self.keep1), self.keep2)
        return H @ self.lin3.weight.T + self.lin3.bias


@accepted("make_dropout_net", "lecture style")
def make_net_of_the_lecture(p1, p2):
    net = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Dropout(p1),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Dropout(p2),
        nn.Linear(256, 10),
    )

    def init_weights(m):
        if type(m) == nn.Linear:  # noqa: E721
            nn.init.normal_(m.weight, std=0.01)

    net.apply(init_weights)
    return net


@accepted("make_dropout_net", "named layers, zero biases")
def make_net_of_names(p1, p2):
    net = nn.Sequential(
        OrderedDict(
            flat=nn.Flatten(),
            hidden1=nn.Linear(28 * 28, 256),
            relu1=nn.ReLU(),
            drop1=nn.Dropout(p=p1),
            hidden2=nn.Linear(256, 256),
            relu2=nn.ReLU(),
            drop2=nn.Dropout(p=p2),
            out=nn.Linear(256, 10),
        )
    )
    for name, parameter in net.named_parameters():
        if name.endswith("weight"):
            nn.init.normal_(parameter, mean=0, std=0.01)
        else:
            nn.init.zeros_(parameter)
    return net


@accepted("make_dropout_net", "appended in a loop, weights multiplied by 0.01")
def make_net_by_appending(p1, p2):
    net = nn.Sequential(nn.Flatten())
    inputs = 784
    for p in (p1, p2):
        net.extend([nn.Linear(inputs, 256), nn.Dropout(p), nn.ReLU()])
        inputs = 256
    net.append(nn.Linear(inputs, 10))
    with torch.no_grad():
        for layer in net:
            if hasattr(layer, "weight"):
                layer.weight.copy_(torch.randn(layer.weight.shape) * 0.01)
    return net


@accepted("make_dropout_net", "nested blocks, normal_ in place")
def make_net_of_blocks(p1, p2):
    def block(inputs, p):
        linear = nn.Linear(inputs, 256)
        linear.weight.data.normal_(0, 0.01)
        return nn.Sequential(linear, nn.ReLU(inplace=True), nn.Dropout(p))

    last = nn.Linear(256, 10)
    last.weight.data.normal_(0, 0.01)
    return nn.Sequential(nn.Flatten(), block(784, p1), block(256, p2), last)


@accepted("make_dropout_net", "parameters replaced, a subclass of nn.Sequential")
class NetOfParameters(nn.Sequential):
    def __init__(self, p1, p2):
        sizes, rates = (784, 256, 256, 10), (p1, p2)
        super().__init__(nn.Flatten(start_dim=1))
        for index in range(3):
            linear = nn.Linear(sizes[index], sizes[index + 1])
            linear.weight = nn.Parameter(torch.normal(0.0, 0.01, linear.weight.shape))
            self.append(linear)
            if index < 2:
                self.append(nn.ReLU()).append(nn.Dropout(rates[index]))


@accepted("make_dropout_net", "lazy linear layers, made by a first pass")
def make_net_of_lazy_layers(p1, p2):
    blocks = [nn.Sequential(nn.LazyLinear(256), nn.ReLU(), nn.Dropout(p)) for p in (p1, p2)]
    net = nn.Sequential(nn.Flatten(), *blocks, nn.LazyLinear(10))
    net(torch.zeros(1, 1, 28, 28))
    return net.apply(lambda m: nn.init.normal_(m.weight, 0, 0.01) if isinstance(m, nn.Linear) else m)
