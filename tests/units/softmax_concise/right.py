"""Other correct ways to write softmax regression with torch's own layers."""

import torch
from torch import nn

from autograder.suite import accepted


@accepted("one_hot", "rows of the identity")
def one_hot_by_eye(y, num_classes):
    return torch.eye(num_classes)[y]


@accepted("one_hot", "scattered")
def one_hot_by_scatter(y, num_classes):
    return torch.zeros(len(y), num_classes).scatter_(1, y.unsqueeze(1), 1.0)


@accepted("one_hot", "a loop")
def one_hot_by_loop(y, num_classes):
    rows = torch.zeros((y.shape[0], num_classes), dtype=torch.float32)
    for i, label in enumerate(y):
        rows[i, label] = 1
    return rows


@accepted("init_weights", "lecture style")
def init_weights_of_the_lecture(m):
    if type(m) == nn.Linear:  # noqa: E721
        nn.init.normal_(m.weight, std=0.01)


@accepted("init_weights", "in place")
def init_weights_in_place(m):
    if isinstance(m, nn.Linear):
        m.weight.data.normal_(0, 0.01)
    return m


@accepted("init_weights", "copied")
def init_weights_copied(m):
    if not isinstance(m, nn.Linear):
        return
    with torch.no_grad():
        m.weight.copy_(torch.randn_like(m.weight) * 0.01)


@accepted("make_net", "lecture style")
def make_net_of_the_lecture(num_inputs=784, num_outputs=10):
    def init(m):
        if type(m) == nn.Linear:  # noqa: E721
            nn.init.normal_(m.weight, std=0.01)

    net = nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, num_outputs))
    net.apply(init)
    return net


@accepted("make_net", "a class")
def make_net_as_class(num_inputs=784, num_outputs=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(num_inputs, num_outputs)

        def forward(self, X):
            return self.linear(X.reshape(X.shape[0], -1))

    return Net().apply(init_weights)


@accepted("make_net", "initialised by hand")
def make_net_by_hand(num_inputs=784, num_outputs=10):
    layer = nn.Linear(num_inputs, num_outputs)
    nn.init.normal_(layer.weight, 0.0, 0.01)
    nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Flatten(start_dim=1), layer)


@accepted("cross_entropy_from_logits", "log of softmax, shifted")
def cross_entropy_by_log_probabilities(logits, y):
    shifted = logits - logits.amax(1, keepdim=True)
    log_probs = shifted - torch.log(torch.exp(shifted).sum(1, keepdim=True))
    return -log_probs.gather(1, y[:, None])[:, 0]


@accepted("cross_entropy_from_logits", "one-hot mask")
def cross_entropy_by_mask(logits, y):
    top = logits.max(1, keepdim=True)[0].detach()
    chosen = torch.where(torch.arange(logits.shape[1]) == y[:, None], logits - top, 0.0).sum(1)
    return (logits - top).exp().sum(1).log() - chosen


@accepted("cross_entropy_from_logits", "a loop over rows")
def cross_entropy_by_loop(logits, y):
    losses = []
    for row, label in zip(logits, y):
        m = row.max()
        losses.append(m + torch.log(torch.sum(torch.exp(row - m))) - row[label])
    return torch.stack(losses)


@accepted("cross_entropy_grad", "softmax minus one-hot")
def grad_by_one_hot(logits, y):
    z = logits - logits.amax(dim=1, keepdim=True)
    p = z.exp() / z.exp().sum(1, keepdim=True)
    return p - (y[:, None] == torch.arange(logits.shape[1])).to(p.dtype)


@accepted("cross_entropy_grad", "by inverse sums")
def grad_by_differences(logits, y):
    p = 1 / torch.exp(logits[:, None, :] - logits[:, :, None]).sum(dim=2)
    return p - torch.eye(logits.shape[1], dtype=logits.dtype)[y]


@accepted("cross_entropy_grad", "a loop over rows")
def grad_by_loop(logits, y):
    out = torch.empty_like(logits)
    for i in range(len(logits)):
        e = torch.exp(logits[i] - logits[i].max())
        out[i] = e / e.sum()
        out[i, y[i]] -= 1
    return out


@accepted("entropy_between", "xlogy")
def entropy_by_xlogy(p, t):
    return -torch.special.xlogy(p, t).sum(1)


@accepted("entropy_between", "zeros filled in")
def entropy_by_mask(p, t):
    terms = torch.zeros_like(p)
    terms[p > 0] = p[p > 0] * torch.log(t[p > 0])
    return -terms.sum(dim=-1)


@accepted("entropy_between", "nan to zero")
def entropy_by_nan(p, t):
    return -(p * t.log()).nan_to_num(nan=0.0, neginf=float("-inf")).sum(1)


@accepted("binary_as_softmax", "the score shared out")
def binary_shared_out(x):
    return torch.stack((x / 2, -x / 2), dim=-1)


@accepted("binary_as_softmax", "log probabilities")
def binary_by_log(x):
    return torch.cat([torch.log(torch.sigmoid(x))[:, None], torch.log(torch.sigmoid(-x))[:, None]], 1)


@accepted("binary_as_softmax", "the second class")
def binary_second(x):
    two = torch.zeros(len(x), 2, dtype=x.dtype)
    two[:, 1] = -x
    return two


@accepted("train_ch3", "lecture style")
def train_ch3_of_the_lecture(net, train_iter, test_iter, loss, num_epochs, updater):
    history = []
    for epoch in range(num_epochs):
        train_metrics = train_epoch_ch3(net, train_iter, loss, updater)
        test_acc = evaluate_accuracy(net, test_iter)
        print(epoch + 1, train_metrics + (test_acc,))
        history.append(train_metrics + (test_acc,))
    return history


@accepted("train_ch3", "a comprehension")
def train_ch3_as_comprehension(net, train_iter, test_iter, loss, num_epochs, updater):
    return [
        (*train_epoch_ch3(net, train_iter, loss, updater), evaluate_accuracy(net, test_iter)) for _ in range(num_epochs)
    ]


@accepted("train_ch3", "written out")
def train_ch3_written_out(net, train_iter, test_iter, loss, num_epochs, updater):
    history = []
    for _ in range(num_epochs):
        net.train()
        total, right, n = 0.0, 0.0, 0
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
            total += l.sum().item()
            right += (y_hat.argmax(1) == y).sum().item()
            n += y.numel()
        net.eval()
        with torch.no_grad():
            tested = [((net(X).argmax(1) == y).sum().item(), len(y)) for X, y in test_iter]
        history.append([total / n, right / n, sum(a for a, _ in tested) / sum(b for _, b in tested)])
    return history
