"""Other correct ways to write linear regression with torch's own layers."""

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

from autograder.suite import accepted


@accepted("load_array", "lecture style")
def load_array_of_the_lecture(data_arrays, batch_size, is_train=True):
    return DataLoader(TensorDataset(*data_arrays), batch_size, shuffle=is_train)


@accepted("load_array", "a dataset of its own")
def load_array_by_dataset(data_arrays, batch_size, is_train=True):
    class Rows(Dataset):
        def __len__(self):
            return len(data_arrays[0])

        def __getitem__(self, index):
            return tuple(array[index] for array in data_arrays)

    return DataLoader(Rows(), batch_size=batch_size, shuffle=is_train, drop_last=False, num_workers=0)


@accepted("load_array", "a list of rows")
def load_array_by_list(data_arrays, batch_size, is_train=True):
    rows = [[array[i] for array in data_arrays] for i in range(len(data_arrays[0]))]
    return DataLoader(rows, batch_size, is_train)


@accepted("make_net", "lecture style")
def make_net_of_the_lecture(in_features):
    net = nn.Sequential(nn.Linear(in_features, 1))
    net[0].weight.data.normal_(0, 0.01)
    net[0].bias.data.fill_(0)
    return net


@accepted("make_net", "nn.init")
def make_net_by_init(in_features):
    layer = nn.Linear(in_features, 1)
    nn.init.normal_(layer.weight, mean=0.0, std=0.01)
    nn.init.constant_(layer.bias, 0.0)
    return nn.Sequential(layer)


@accepted("make_net", "new parameters")
def make_net_of_parameters(in_features):
    net = nn.Sequential()
    net.append(nn.Linear(in_features, 1))
    net[0].weight = nn.Parameter(torch.randn(1, in_features) * 0.01)
    net[0].bias = nn.Parameter(torch.zeros(1))
    return net


@accepted("train_concise", "lecture style")
def train_concise_of_the_lecture(net, data_iter, lr, num_epochs):
    loss = nn.MSELoss()
    trainer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for epoch in range(num_epochs):
        for X, y in data_iter:
            l = loss(net(X), y)
            trainer.zero_grad()
            l.backward()
            trainer.step()
        features = torch.cat([X for X, _ in data_iter])
        labels = torch.cat([y for _, y in data_iter])
        l = loss(net(features), labels)
        print(f"epoch {epoch + 1}, loss {l:f}")
        losses.append(l.detach())
    return losses


@accepted("train_concise", "cleared after the step")
def train_concise_cleared_after(net, data_iter, lr, num_epochs):
    net.zero_grad()
    optimiser = optim.SGD(net.parameters(), lr)
    losses = []
    for _ in range(num_epochs):
        net.train()
        for X, y in data_iter:
            F.mse_loss(net(X), y).backward()
            optimiser.step()
            optimiser.zero_grad()
        with torch.no_grad():
            parts = [(F.mse_loss(net(X), y, reduction="sum").item(), y.numel()) for X, y in data_iter]
        losses.append(sum(part[0] for part in parts) / sum(part[1] for part in parts))
    return losses


@accepted("train_concise", "a helper and set_to_none=False")
def train_concise_with_a_helper(net, data_iter, lr, num_epochs):
    loss, optimizer = nn.MSELoss(reduction="mean"), optim.SGD(net.parameters(), lr=lr, momentum=0)

    def epoch():
        for X, y in data_iter:
            optimizer.zero_grad(set_to_none=False)
            loss(net(X), y).backward()
            optimizer.step()

    def evaluate():
        with torch.inference_mode():
            squares = torch.cat([((net(X) - y) ** 2).flatten() for X, y in data_iter])
        return squares.mean().item()

    losses = []
    for _ in range(num_epochs):
        epoch()
        losses.append(evaluate())
    return losses
