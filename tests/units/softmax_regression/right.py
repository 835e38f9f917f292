"""Other correct ways to write softmax regression."""

import torch
from torch import nn

from autograder.suite import accepted


@accepted("softmax", "einsum")
def softmax_by_einsum(X):
    E = (X - X.amax(1)[:, None]).exp()
    return torch.einsum("ij,i->ij", E, 1 / torch.einsum("ij->i", E))


@accepted("softmax", "explicit loop over rows")
def softmax_by_rows(X):
    rows = []
    for x in X:
        e = torch.exp(x - x.max())
        rows.append(e / e.sum())
    return torch.stack(rows)


@accepted("softmax", "built-in reductions along the last axis")
def softmax_along_last(X):
    largest, _ = torch.max(X, -1, keepdim=True)
    numerator = torch.exp(X - largest.detach())
    return torch.div(numerator, numerator.sum(-1, keepdim=True))


@accepted("softmax", "transposed, broadcasting over columns")
def softmax_transposed(X):
    columns = X.T - X.T.max(0)[0]
    columns = torch.exp(columns)
    return (columns / columns.sum(0)).T


@accepted("softmax", "in log space, then exp")
def softmax_in_log_space(X):
    shifted = X - X.max(dim=-1, keepdim=True)[0]
    return (shifted - shifted.exp().sum(-1, keepdim=True).log()).exp()


@accepted("cross_entropy", "gather")
def cross_entropy_by_gather(y_hat, y):
    return -y_hat.gather(1, y.unsqueeze(1)).squeeze(1).log()


@accepted("cross_entropy", "lecture style")
def cross_entropy_of_the_lecture(y_hat, y):
    return -torch.log(y_hat[range(len(y_hat)), y])


@accepted("cross_entropy", "other classes made 1 before the logarithm")
def cross_entropy_of_ones(y_hat, y):
    mask = torch.arange(y_hat.shape[1]) == y[:, None]
    return -torch.where(mask, y_hat, 1).log().sum(dim=1)


@accepted("cross_entropy", "explicit loop")
def cross_entropy_by_loop(y_hat, y):
    return torch.stack([-torch.log(y_hat[i, int(label)]) for i, label in enumerate(y)])


@accepted("cross_entropy", "one-hot mask")
def cross_entropy_by_mask(y_hat, y):
    mask = nn.functional.one_hot(y, y_hat.shape[1]).bool()
    return -torch.log(y_hat[mask])


@accepted("net", "flatten and addmm")
def net_by_addmm(X, W, b):
    return softmax(torch.addmm(b, X.flatten(1), W))


@accepted("net", "einsum")
def net_by_einsum(X, W, b):
    rows = X.view(len(X), -1) if X.is_contiguous() else X.reshape(len(X), -1)
    return softmax(torch.einsum("nd,dq->nq", rows, W) + b)


@accepted("net", "built-in linear, softmax inline")
def net_by_linear(X, W, b):
    logits = nn.functional.linear(torch.flatten(X, 1), W.T, b)
    E = torch.exp(logits - logits.max(1, keepdim=True)[0])
    return E / E.sum(1, keepdim=True)


@accepted("accuracy", "lecture style")
def accuracy_of_the_lecture(y_hat, y):
    if len(y_hat.shape) > 1 and y_hat.shape[1] > 1:
        y_hat = y_hat.argmax(axis=1)
    cmp = y_hat.type(y.dtype) == y
    return float(cmp.type(y.dtype).sum())


@accepted("accuracy", "explicit loop")
def accuracy_by_loop(y_hat, y):
    hits = 0
    for guess, label in zip(y_hat, y):
        if guess.ndim:
            guess = torch.max(guess, 0)[1]
        hits += int(guess) == int(label)
    return hits


@accepted("accuracy", "a rounded product of the mean")
def accuracy_by_rounding(y_hat, y):
    guesses = y_hat if y_hat.shape == y.shape else torch.max(y_hat, 1).indices
    return round(torch.mean((guesses == y).double()).item() * y.numel())


@accepted("accuracy", "a tensor of one element")
def accuracy_as_tensor(y_hat, y):
    guesses = y_hat.topk(1, dim=1).indices[:, 0] if y_hat.dim() == 2 else y_hat
    return torch.eq(guesses, y).sum()


@accepted("Accumulator", "a tensor inside")
class TensorAccumulator:
    def __init__(self, n):
        self.sums = torch.zeros(n, dtype=torch.float64)

    def add(self, *args):
        for i, amount in enumerate(args):
            self.sums[i] += amount

    def reset(self):
        self.sums.zero_()

    def __getitem__(self, idx):
        return self.sums[idx]


@accepted("Accumulator", "a loop over a list")
class LoopAccumulator:
    def __init__(self, n):
        self.n = n
        self.reset()

    def add(self, *args):
        for i in range(self.n):
            self.values[i] += args[i]

    def reset(self):
        self.values = [0 for _ in range(self.n)]

    def __getitem__(self, idx):
        return self.values[idx]


@accepted("Accumulator", "amounts kept and summed when read")
class LedgerAccumulator:
    def __init__(self, n):
        self.n = n
        self.rows = []

    def add(self, *args):
        self.rows.append([a.item() if isinstance(a, torch.Tensor) else a for a in args])

    def reset(self):
        self.rows.clear()

    def __getitem__(self, idx):
        return sum(row[idx] for row in self.rows)


@accepted("Accumulator", "a list subclass")
class ListAccumulator(list):
    def __init__(self, n):
        super().__init__([0.0] * n)

    def add(self, *args):
        self[:] = map(sum, zip(self, map(float, args)))

    def reset(self):
        self[:] = [0.0] * len(self)


@accepted("evaluate_accuracy", "lecture style")
def evaluate_accuracy_of_the_lecture(net, data_iter):
    if isinstance(net, torch.nn.Module):
        net.eval()
    metric = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            metric.add(accuracy(net(X), y), y.numel())
    return metric[0] / metric[1]


@accepted("evaluate_accuracy", "one concatenation")
def evaluate_accuracy_at_once(net, data_iter):
    if hasattr(net, "eval"):
        net.eval()
    hits = torch.cat([net(X).argmax(1).eq(y) for X, y in data_iter])
    return hits.float().mean().item()


@accepted("evaluate_accuracy", "explicit loop over examples, switching the mode back")
@torch.no_grad()
def evaluate_accuracy_by_example(net, data_iter):
    is_module = isinstance(net, nn.Module)
    before = is_module and net.training
    if is_module:
        net.eval()
    right, seen = 0, 0
    for X, y in data_iter:
        for scores, label in zip(net(X), y):
            right += int(scores.argmax() == label)
            seen += 1
    if before:
        net.train()
    return torch.tensor(right / seen)


@accepted("evaluate_accuracy", "inference mode, the flags of all modules put back even after an error")
def evaluate_accuracy_with_care(net, data_iter):
    flags = {module: module.training for module in net.modules()} if isinstance(net, nn.Module) else {}
    for module in flags:
        module.training = False
    right = seen = 0
    try:
        with torch.inference_mode():
            for X, y in data_iter:
                right, seen = right + (net(X).max(1)[1] == y).sum().item(), seen + y.shape[0]
    finally:
        for module, training in flags.items():
            module.training = training
    return right / seen


@accepted("train_epoch_ch3", "lecture style")
def train_epoch_of_the_lecture(net, train_iter, loss, updater):
    if isinstance(net, torch.nn.Module):
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
        metric.add(float(l.sum()), accuracy(y_hat, y), y.numel())
    return metric[0] / metric[2], metric[1] / metric[2]


@accepted("train_epoch_ch3", "a list of losses, the gradient cleared after the step too")
def train_epoch_with_lists(net, train_iter, loss, updater):
    is_module = isinstance(net, nn.Module)
    is_optimiser = isinstance(updater, torch.optim.Optimizer)
    if is_module:
        net.train(True)
    losses, hits = [], []
    for X, y in train_iter:
        if is_optimiser:
            updater.zero_grad(set_to_none=True)
        scores = net(X)
        each = loss(scores, y)
        hits += (scores.argmax(1) == y).tolist()
        losses += each.tolist()
        if is_optimiser:
            (each.sum() / len(each)).backward()
            updater.step()
            updater.zero_grad()
        else:
            each.backward(torch.ones_like(each))
            updater(len(X))
    return [sum(losses) / len(losses), sum(hits) / len(hits)]


@accepted("train_epoch_ch3", "tensors as sums")
def train_epoch_with_tensors(net, train_iter, loss, updater):
    if isinstance(net, nn.Module) and not all(module.training for module in net.modules()):
        net.train()
    sums = torch.zeros(3, dtype=torch.float64)
    for X, y in train_iter:
        y_hat = net(X)
        l = loss(y_hat, y)
        with torch.no_grad():
            sums += torch.tensor([l.sum(), (y_hat.max(1)[1] == y).sum(), y.shape[0]], dtype=torch.float64)
        if not isinstance(updater, torch.optim.Optimizer):
            l.sum().backward()
            updater(y.shape[0])
            continue
        updater.zero_grad()
        torch.mean(l).backward()
        updater.step()
    return sums[0] / sums[2], sums[1] / sums[2]


@accepted("predict_labels", "max with indices")
def predict_by_max(net, X):
    if isinstance(net, torch.nn.Module):
        net.eval()
    _, indices = torch.max(net(X), 1)
    return indices


@accepted("predict_labels", "explicit loop")
def predict_by_loop(net, X):
    if isinstance(net, nn.Module):
        net.eval()
    return torch.tensor([int(torch.argmax(row)) for row in net(X)])


@accepted("predict_labels", "sorting")
@torch.no_grad()
def predict_by_sorting(net, X):
    if isinstance(net, nn.Module):
        net = net.eval()
    return net(X).sort(dim=-1, descending=True, stable=True).indices.select(1, 0)


@accepted("predict_labels", "the gradient mode switched by hand and put back")
def predict_with_the_mode_put_back(net, X):
    training = getattr(net, "training", None)
    recorded = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        scores = net.eval()(X) if training is not None else net(X)
    finally:
        torch.set_grad_enabled(recorded)
    if training:
        net.train()
    best = scores.amax(dim=1, keepdim=True)
    return (scores == best).long().argmax(dim=1)
