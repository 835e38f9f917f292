"""Public checks: linear regression with torch's own layers."""

import torch
from torch import nn

from autograder.suite import check, close, expect, hints, items_of, probe


@probe
def in_order(names):
    """list(load_array((features, labels), 2, is_train=False))"""
    features, labels = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[10.0], [20.0], [30.0]])
    return [list(batch) for batch in names.load_array((features, labels), 2, is_train=False)]


@check("load_array")
def test_load_array_of_three_rows(submission):
    """Three rows in batches of 2, not for training: the first two rows, then the last one alone."""
    batches = items_of(submission.run(in_order), 2, what="the list of batches")
    close(batches[0], [torch.tensor([[1.0], [2.0]]), torch.tensor([[10.0], [20.0]])], what="the first batch")
    close(batches[1], [torch.tensor([[3.0]]), torch.tensor([[30.0]])], what="the last batch")


@probe
def small_net(names):
    """net = make_net(2)"""
    net = names.make_net(2)
    net[0].weight.data.copy_(torch.tensor([[1.0, 2.0]]))
    return [net(torch.tensor([[3.0, 4.0]])), net[0].bias.detach()]


@check("make_net")
def test_net_of_known_weights(submission):
    """With the weights 1 and 2, the row (3, 4) gives 11, because the bias is 0."""
    output, bias = items_of(submission.run(small_net), 2)
    close(bias, torch.zeros(1), what="net[0].bias")
    close(output, torch.tensor([[11.0]]), what="net(X)")


@probe
def one_step(names):
    """train_concise(net, data_iter, 0.1, 1)"""
    net = nn.Sequential(nn.Linear(1, 1))
    net[0].weight.data.fill_(1.0)
    net[0].bias.data.fill_(0.0)
    losses = names.train_concise(net, [(torch.tensor([[2.0]]), torch.tensor([[4.0]]))], 0.1, 1)
    return [net[0].weight.item(), net[0].bias.item(), [float(value) for value in losses]]


@check("train_concise")
def test_one_step_by_hand(submission):
    """w = 1 and b = 0 predict 2 where 4 is right. A step with lr 0.1 gives w = 1.8 and b = 0.4, and no error is left."""
    weight, bias, losses = items_of(submission.run(one_step), 3)
    close(weight, 1.8, atol=1e-5, what="w after one step")
    close(bias, 0.4, atol=1e-5, what="b after one step")
    expect(len(losses) == 1, "must hold one loss, for one epoch", got=losses, what="what comes back")
    close(losses[0], 0.0, atol=1e-5, what="the loss after the step")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "load_array",
    question="What would go wrong if features and labels were shuffled each by itself?",
    idea="A TensorDataset ties the tensors together row by row: its entry i is row i of each. A DataLoader takes such a set, "
    "the size of a batch, and whether to shuffle.",
    formula="batch = (features[rows], labels[rows]) for the same rows",
)

hints(
    "make_net",
    question="Which attributes of a linear layer hold its weights and its bias, and what shapes do they have?",
    idea="Make the layer first, then overwrite what it holds, in place. Functions of torch that change a tensor in place end "
    "with an underscore.",
    formula="wⱼ ~ N(0, 0.01²), b = 0",
)

hints(
    "train_concise",
    question="Gradients add up until somebody clears them. When is the right moment, and when would it undo the work?",
    idea="For each batch: clear, compute the loss, go backwards, step. After the epoch, go over all batches once more without "
    "training, and add up each batch's loss times its number of rows.",
    formula="loss = Σ over batches of (rows · mean loss) / Σ over batches of rows",
)
