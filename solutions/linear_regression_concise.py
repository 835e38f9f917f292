# %% [markdown]
# # Linear regression, concisely
#
# In the last unit you wrote linear regression by hand. Here torch does the work: it hands out the batches, holds the
# parameters, measures the loss and takes the steps. What is left for you is to put the pieces together, in the right
# order.
#
# **Shapes.** A batch is a pair of features `X`: (n, d), and labels `y`: (n, 1).
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check linear_regression_concise` whenever you like.

# %%
import torch
from torch import nn
from torch.utils import data

# %% [markdown]
# ## 1. `load_array(data_arrays, batch_size, is_train=True)`
#
# Training reads the data again and again, a few rows at a time, each time in another order. A `DataLoader` does that: it
# is made once, and each `for` loop over it is a pass over all of the data.
#
# - `data_arrays`: tensors with the same number of rows, for example `(features, labels)`.
# - `batch_size`: how many rows a batch has. The last batch may have fewer: no row is left out.
# - `is_train`: for training the rows come in a new random order in each pass. Without, they come in the order in which
#   they lie.
# - returns: a `DataLoader`. Each batch holds one part of every tensor in `data_arrays`, and these parts belong to the same
#   rows.
#
# {promises of load_array}


# %%
def load_array(data_arrays, batch_size, is_train=True):
    """A DataLoader that hands out the rows of all data_arrays together, batch_size at a time."""
    ### BEGIN SOLUTION
    dataset = data.TensorDataset(*data_arrays)
    return data.DataLoader(dataset, batch_size, shuffle=is_train)
    ### END SOLUTION


# %% [markdown]
# ## 2. `make_net(in_features)`
#
# Linear regression is a network with a single layer: `nn.Linear` holds a weight and a bias, and computes $Xw + b$. Put it
# into an `nn.Sequential`, so that it is found as `net[0]` and more layers could follow.
#
# `nn.Linear` begins with weights of its own. Replace them: the weights are drawn from a normal distribution with mean 0 and
# standard deviation 0.01, and the bias is 0.
#
# - `in_features`: the number d of features.
# - returns: an `nn.Sequential` whose only layer maps (n, d) to (n, 1).


# %%
def make_net(in_features):
    """nn.Sequential with one linear layer (n, in_features) -> (n, 1): weights from N(0, 0.01²), bias 0."""
    ### BEGIN SOLUTION
    net = nn.Sequential(nn.Linear(in_features, 1))
    net[0].weight.data.normal_(0, 0.01)
    net[0].bias.data.fill_(0)
    return net
    ### END SOLUTION


# %% [markdown]
# ## 3. `train_concise(net, data_iter, lr, num_epochs)`
#
# Train a network with torch's own loss and optimiser: the mean squared error `nn.MSELoss`, and `torch.optim.SGD` with the
# learning rate `lr`. Every batch takes one step, and a step has three parts: old gradients are cleared, new ones are
# computed, the parameters move. In which order do they come?
#
# `nn.MSELoss` is the mean of $(\hat y - y)^2$, without the ½ of the last unit. So its gradient is twice as large.
#
# - `net`: any module. `data_iter`: batches `(X, y)`, where `y` has the shape of `net(X)`. It can be looped over again and
#   again.
# - returns: a list with one number per epoch: the mean squared error over *all* rows of `data_iter`, measured after the
#   epoch. The last batch may be smaller, so a mean of the batches' means is not quite the same.
#
# {promises of train_concise}


# %%
def train_concise(net, data_iter, lr, num_epochs):
    """Train net by SGD on nn.MSELoss, one step a batch. Returns the loss over data_iter after each epoch."""
    ### BEGIN SOLUTION
    loss = nn.MSELoss()
    trainer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(num_epochs):
        for X, y in data_iter:
            trainer.zero_grad()
            loss(net(X), y).backward()
            trainer.step()
        total, rows = 0.0, 0
        with torch.no_grad():
            for X, y in data_iter:
                total += float(loss(net(X), y)) * len(X)
                rows += len(X)
        losses.append(total / rows)
    return losses
    ### END SOLUTION
