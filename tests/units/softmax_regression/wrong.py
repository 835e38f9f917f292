"""Known mistakes in softmax regression."""

import torch
from torch import nn

from autograder.suite import misconception


@misconception(
    "softmax",
    "the largest logit is not subtracted",
    hint="exp of a large logit is infinite, and infinity divided by infinity is nan. The softmax of a row does not change "
    "when the same number is subtracted from every entry. Which number makes every exponent zero or negative?",
)
def overflowing_softmax(X):
    E = torch.exp(X)
    return E / E.sum(dim=1, keepdim=True)


@misconception(
    "softmax",
    "normalised over the examples instead of the classes",
    hint="The columns of your result sum to 1, the rows do not. Each row is one example, and its classes lie along "
    "dimension 1. Which dimension does your sum run over?",
)
def column_softmax(X):
    E = torch.exp(X - X.max(dim=1, keepdim=True).values)
    return E / E.sum(dim=0, keepdim=True)


@misconception(
    "softmax",
    "the sum loses its dimension",
    hint="A sum over dimension 1 has shape (n,), and dividing (n, q) by (n,) lines n up with the columns, not the rows. "
    "Look at what keepdim does.",
)
def softmax_without_keepdim(X):
    E = torch.exp(X - X.max(dim=1, keepdim=True).values)
    return E / E.sum(dim=1)


@misconception(
    "softmax",
    "one sum for the whole batch",
    hint="All entries of your result together sum to 1. Each example has probabilities of its own: the sum belongs to a row.",
)
def batch_softmax(X):
    E = torch.exp(X - X.max())
    return E / E.sum()


@misconception(
    "softmax",
    "one maximum for the whole batch",
    hint="Subtracting the largest logit of the whole batch keeps exp from overflowing, but a row far below it becomes all "
    "zeros, and 0 / 0 is nan. Each row needs its own maximum.",
)
def global_maximum_softmax(X):
    E = torch.exp(X - X.max())
    return E / E.sum(dim=1, keepdim=True)


@misconception(
    "softmax",
    "the input is changed in place",
    hint="The caller's X is different after the call. Operators such as -= and functions that end in an underscore write "
    "into the tensor they are given.",
)
def softmax_in_place(X):
    X.sub_(X.max(dim=1, keepdim=True).values).exp_()
    return X / X.sum(dim=1, keepdim=True)


@misconception(
    "softmax",
    "an infinity on the way spoils the gradient",
    hint="Your values are right, because 1 divided by an infinite sum is 0. Going backward the same infinity is multiplied by "
    "that 0, and the gradient is nan. It is not enough that the result is finite: what is computed on the way must be, too.",
)
def softmax_by_differences(X):
    differences = X[:, None, :] - X[:, :, None]
    return 1 / differences.exp().sum(dim=2)


@misconception(
    "cross_entropy",
    "the minus sign is missing",
    hint="Your losses are negative. The logarithm of a probability is at most 0, and a loss should grow as the probability "
    "of the true class falls.",
)
def positive_log(y_hat, y):
    return torch.log(y_hat[range(len(y_hat)), y])


@misconception(
    "cross_entropy",
    "the mean over the batch instead of one loss per example",
    hint="One number came back for the whole batch. This function returns one loss per example; the training loop sums or "
    "averages them, and needs them apart.",
)
def mean_cross_entropy(y_hat, y):
    return -torch.log(y_hat[range(len(y_hat)), y]).mean()


@misconception(
    "cross_entropy",
    "the sum over the batch instead of one loss per example",
    hint="One number came back for the whole batch: its sum. Return the losses of the examples one by one, shape (n,).",
)
def summed_cross_entropy(y_hat, y):
    return -torch.log(y_hat[range(len(y_hat)), y]).sum()


@misconception(
    "cross_entropy",
    "every row is indexed by every label",
    hint="y_hat[:, y] takes the columns y of every row, n times too many. Row i and label i belong together: index rows and "
    "columns in pairs.",
)
def crossed_indices(y_hat, y):
    return -torch.log(y_hat[:, y])


@misconception(
    "cross_entropy",
    "small probabilities are raised to a floor",
    hint="From some point on, a smaller probability no longer gives a larger loss, and its gradient is zero: the examples "
    "the model gets most wrong teach it nothing. The logarithm of 1e-12 is an ordinary number and needs no floor.",
)
def clamped_cross_entropy(y_hat, y):
    return -torch.log(y_hat.clamp(min=1e-6)[range(len(y_hat)), y])


@misconception(
    "cross_entropy",
    "the probabilities are changed in place",
    hint="The caller's y_hat holds something else after the call, and whoever counts right predictions next reads that. "
    "Functions that end in an underscore write into the tensor they are given.",
)
def cross_entropy_in_place(y_hat, y):
    return -y_hat.log_()[range(len(y_hat)), y]


@misconception(
    "cross_entropy",
    "the logarithm of all probabilities is taken",
    hint="A softmax may round the probability of a class to 0. Where another class than the true one has it, your loss does not "
    "show it, but the slope of the logarithm there is infinite, and infinity times 0 makes the gradient nan. Which "
    "probabilities does the loss need, and does anything else have to pass through the logarithm?",
)
def log_of_everything(y_hat, y):
    return -torch.log(y_hat)[range(len(y_hat)), y]


@misconception(
    "net",
    "the softmax inside overflows",
    hint="Pixels from 0 to 255 make logits of several hundred, and exp of those is infinite. Does the model use your softmax, "
    "and can that cope with such rows, or is there a second, simpler copy of it inside?",
)
def net_with_overflow(X, W, b):
    E = torch.exp(X.reshape(-1, W.shape[0]) @ W + b)
    return E / E.sum(dim=1, keepdim=True)


@misconception(
    "net",
    "only the first channel of an image is used",
    hint="A grey image has one channel, a colour image three, and all of them are numbers of the example. Check that no index "
    "drops a part of X before it becomes rows.",
)
def net_of_first_channel(X, W, b):
    rows = (X[:, 0] if X.dim() == 4 else X).flatten(1)
    return softmax(rows @ W[: rows.shape[1]] + b)


@misconception(
    "net",
    "images are not flattened",
    hint="A batch of images has shape (n, 1, h, w), and a matrix product needs one row of numbers per example. How many "
    "columns does each row need to meet W?",
)
def net_without_reshape(X, W, b):
    return softmax(X @ W + b)


@misconception(
    "net",
    "the logits are returned without the softmax",
    hint="The rows you return do not sum to 1: these are still scores. One step of the model is missing after the linear layer.",
)
def net_without_softmax(X, W, b):
    return X.reshape(-1, W.shape[0]) @ W + b


@misconception(
    "net",
    "the bias is left out",
    hint="Your result is right only where b is zero. Look for b in your code.",
)
def net_without_bias(X, W, b):
    return softmax(X.reshape(-1, W.shape[0]) @ W)


@misconception(
    "accuracy",
    "a fraction instead of a count",
    hint="You divide by the number of examples. A count can be added up over batches of different sizes; a fraction cannot. "
    "The division comes at the very end, in evaluate_accuracy.",
)
def fraction_accuracy(y_hat, y):
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    return float((y_hat == y).sum()) / len(y)


@misconception(
    "accuracy",
    "the largest score is looked for along the wrong dimension",
    hint="argmax over dimension 0 compares the examples with each other. The prediction for an example is the position of "
    "the largest score within its own row.",
)
def column_accuracy(y_hat, y):
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=0)
    n = min(len(y_hat), len(y))
    return float((y_hat[:n] == y[:n]).sum())


@misconception(
    "accuracy",
    "class indices are taken for scores",
    hint="y_hat may already hold the predicted classes, with shape (n,). Take the argmax only where there is a row to take "
    "it over.",
)
def accuracy_needs_scores(y_hat, y):
    return float((y_hat.argmax(dim=1) == y).sum())


@misconception(
    "accuracy",
    "a fraction times the number of examples, cut off",
    hint="17 / 41 * 41 need not be 17 on a computer: a fraction is rounded, and when the product is a hair too small, int cuts "
    "off a whole example. Count the hits; then nothing has to be multiplied back.",
)
def truncated_accuracy(y_hat, y):
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    return int((y_hat == y).double().mean() * len(y))


@misconception(
    "accuracy",
    "hits are summed in half precision",
    hint="Half precision has 11 significant bits: above 2048 it knows even numbers only, so counts of large batches are "
    "rounded. Look at the dtype in which you add up.",
)
def half_precision_accuracy(y_hat, y):
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    return float((y_hat == y).half().sum())


@misconception(
    "accuracy",
    "a mean times the number of examples",
    hint="A mean is rounded, and multiplying it by the number of examples does not always lead back to the count: 7 right of 13 "
    "become 7.0000005. What would you do to count without a computer?",
)
def accuracy_by_mean(y_hat, y):
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    return (y_hat == y).float().mean() * len(y)


@misconception(
    "accuracy",
    "scores go through NumPy",
    hint="The scores of a net that is being trained require a gradient, and torch hands no such tensor to NumPy. Is there "
    "anything here that torch cannot do itself?",
)
def accuracy_by_numpy(y_hat, y):
    predicted = y_hat.numpy()
    if predicted.ndim > 1:
        predicted = predicted.argmax(axis=1)
    return float((predicted == y.numpy()).sum())


class Sums:
    def __init__(self, n):
        self.data = [0.0] * n

    def add(self, *args):
        self.data = [a + float(b) for a, b in zip(self.data, args)]

    def reset(self):
        self.data = [0.0] * len(self.data)

    def __getitem__(self, idx):
        return self.data[idx]


@misconception(
    "Accumulator",
    "all accumulators share their sums",
    hint="A list that stands in the class itself, outside every method, exists once, for all accumulators. Where does an "
    "object get values of its own?",
)
class SharedAccumulator:
    data = []

    def __init__(self, n):
        self.data[:] = [0.0] * n

    def add(self, *args):
        self.data[:] = [a + float(b) for a, b in zip(self.data, args)]

    def reset(self):
        self.data[:] = [0.0] * len(self.data)

    def __getitem__(self, idx):
        return self.data[idx]


@misconception(
    "Accumulator",
    "sums in single precision",
    hint="A float32 number has 24 significant bits: at 16,777,216 a count stops growing, because adding 1 is rounded away. "
    "That is torch's default dtype; Python's own numbers have more room.",
)
class SinglePrecisionAccumulator:
    def __init__(self, n):
        self.data = torch.zeros(n)

    def add(self, *args):
        self.data = self.data + torch.tensor([float(a) for a in args])

    def reset(self):
        self.data = torch.zeros(len(self.data))

    def __getitem__(self, idx):
        return float(self.data[idx])


@misconception(
    "Accumulator",
    "the amounts are rounded to single precision",
    hint="Your sums are kept in double precision, but the amounts of a call are made one tensor first, of torch's default "
    "dtype: 0.1 is rounded to seven digits before it is added, and large counts to even numbers.",
)
class RoundingAccumulator:
    def __init__(self, n):
        self.data = torch.zeros(n, dtype=torch.float64)

    def add(self, *args):
        self.data = self.data + torch.tensor([float(a) for a in args])

    def reset(self):
        self.data = torch.zeros_like(self.data)

    def __getitem__(self, idx):
        return float(self.data[idx])


@misconception(
    "Accumulator",
    "amounts go through NumPy",
    hint="The loss of a batch requires a gradient, and torch hands no such tensor to NumPy. How does one get a plain Python "
    "number out of a tensor of one element?",
)
class NumpyAccumulator(Sums):
    def add(self, *args):
        super().add(*(a.double().numpy() if isinstance(a, torch.Tensor) else a for a in args))


@misconception(
    "Accumulator",
    "the caller's tensor becomes the sum",
    hint="The tensor that was added first is itself kept as the sum, and the next amount is written into it: the caller's "
    "loss changes behind their back. Keep a number or a tensor of your own, and be careful with += on tensors.",
)
class AliasingAccumulator:
    def __init__(self, n):
        self.data = [0.0] * n
        self.empty = True

    def add(self, *args):
        for i, amount in enumerate(args):
            if self.empty:
                self.data[i] = amount
            else:
                self.data[i] += amount
        self.empty = False

    def reset(self):
        self.__init__(len(self.data))

    def __getitem__(self, idx):
        return self.data[idx]


@misconception(
    "Accumulator",
    "add overwrites instead of adding",
    hint="After two calls of add only the amounts of the second are left. Each call has to start from the sums so far.",
)
class OverwritingAccumulator(Sums):
    def add(self, *args):
        self.data = [float(a) for a in args]


@misconception(
    "Accumulator",
    "reset leaves a single sum",
    hint="After reset() some sums are gone. It sets every sum to zero and keeps as many as there were.",
)
class ForgetfulAccumulator(Sums):
    def reset(self):
        self.data = [0.0]


def share_of_hits(net, data_iter):
    hits = total = 0
    for X, y in data_iter:
        hits += float((net(X).argmax(dim=1) == y).sum())
        total += len(y)
    return hits / total


@misconception(
    "evaluate_accuracy",
    "return inside the loop",
    hint="Only the first batch is counted: the function leaves at its first return. Look at how far your return is indented.",
)
def evaluate_first_batch(net, data_iter):
    if isinstance(net, nn.Module):
        net.eval()
    hits = total = 0
    for X, y in data_iter:
        hits += float((net(X).argmax(dim=1) == y).sum())
        total += len(y)
        return hits / total


@misconception(
    "evaluate_accuracy",
    "the mean of the batches' accuracies",
    hint="You average one accuracy per batch, so an example in a small batch weighs more than one in a large batch. Add up "
    "right predictions and examples, and divide once.",
)
def mean_of_batch_accuracies(net, data_iter):
    if isinstance(net, nn.Module):
        net.eval()
    values = [float((net(X).argmax(dim=1) == y).float().mean()) for X, y in data_iter]
    return sum(values) / len(values)


@misconception(
    "evaluate_accuracy",
    "the module stays in training mode",
    hint="Layers such as dropout and batch norm act differently while training. A module has to be told, once, before it is "
    "evaluated.",
)
def evaluate_in_training_mode(net, data_iter):
    return share_of_hits(net, data_iter)


@misconception(
    "evaluate_accuracy",
    "only the outermost module is in evaluation mode",
    hint="The flag of net itself is off, those of the layers inside are still on, and it is dropout and batch norm inside "
    "that read theirs. A module has a method that tells all modules inside as well.",
)
def evaluate_with_one_flag(net, data_iter):
    if isinstance(net, nn.Module):
        net.training = False
    return share_of_hits(net, data_iter)


@misconception(
    "evaluate_accuracy",
    "only the outermost module is asked for its mode",
    hint="You switch the mode only where net says that it is training. Every module has a flag of its own, and a dropout "
    "inside can be in another mode than the net around it. What would it cost to switch without asking?",
)
def evaluate_if_training(net, data_iter):
    if isinstance(net, nn.Module) and net.training:
        net.eval()
    return share_of_hits(net, data_iter)


@misconception(
    "evaluate_accuracy",
    "batches are flattened before net sees them",
    hint="Your own softmax regression wants rows of numbers, other models want images: a convolution cannot do anything with "
    "flattened ones. Whose business is it to bring a batch into shape, the model's or the one's who calls it?",
)
def evaluate_flattened(net, data_iter):
    if isinstance(net, nn.Module):
        net.eval()
    return share_of_hits(net, ((X.flatten(1), y) for X, y in data_iter))


@misconception(
    "evaluate_accuracy",
    "gradients stay switched off",
    hint="After the call torch records no gradients anywhere, and the next backward() fails far away from here. A switch that "
    "is turned for a while has to be turned back; what does that for you, even when an error occurs?",
)
def evaluate_without_gradients_for_good(net, data_iter):
    if isinstance(net, nn.Module):
        net.eval()
    torch.set_grad_enabled(False)
    return share_of_hits(net, data_iter)


def one_step(net, X, y, loss, updater, clear=True, reduce=True):
    y_hat = net(X)
    each = loss(y_hat, y)
    if isinstance(updater, torch.optim.Optimizer):
        if clear:
            updater.zero_grad()
        (each.mean() if reduce else each.sum()).backward()
        updater.step()
    else:
        each.sum().backward()
        updater(X.shape[0])
    return float(each.sum()), float((y_hat.argmax(dim=1) == y).sum()), len(y)


def totals(steps):
    loss, hits, n = (sum(column) for column in zip(*steps))
    return loss / n, hits / n


@misconception(
    "train_epoch_ch3",
    "gradients are never cleared",
    hint="backward() adds to the gradients that are already there. With an optimiser, what was left from the batch before "
    "has to go first.",
)
def train_without_zero_grad(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    return totals([one_step(net, X, y, loss, updater, clear=False) for X, y in train_iter])


@misconception(
    "train_epoch_ch3",
    "the sum of the losses goes backward to the optimiser",
    hint="Your step is as many times too long as the batch has examples. A torch optimiser knows nothing of the batch size, "
    "so it has to see the mean loss.",
)
def train_on_the_sum(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    return totals([one_step(net, X, y, loss, updater, reduce=False) for X, y in train_iter])


@misconception(
    "train_epoch_ch3",
    "the mean of the losses goes backward to the updater function",
    hint="An updater function divides by the batch size itself. If the loss was averaged before, it is divided twice.",
)
def train_divides_twice(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()

    def mean_loss(y_hat, y):
        each = loss(y_hat, y)
        return each if isinstance(updater, torch.optim.Optimizer) else each / len(each)

    steps = [(one_step(net, X, y, mean_loss, updater), len(y)) for X, y in train_iter]
    scale = [1 if isinstance(updater, torch.optim.Optimizer) else n for _, n in steps]
    return totals([(step[0] * k, step[1], step[2]) for (step, _), k in zip(steps, scale)])


@misconception(
    "train_epoch_ch3",
    "return inside the loop",
    hint="The epoch ends after its first batch: the function leaves at its first return. Look at how far your return is indented.",
)
def train_first_batch(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    for X, y in train_iter:
        return totals([one_step(net, X, y, loss, updater)])


@misconception(
    "train_epoch_ch3",
    "l.sum without the call",
    hint="l.sum is the method itself, not its result: without parentheses nothing is summed, and a method has no backward().",
)
def train_uncalled_sum(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    steps = []
    for X, y in train_iter:
        if isinstance(updater, torch.optim.Optimizer):
            steps.append(one_step(net, X, y, loss, updater))
        else:
            loss(net(X), y).sum.backward()
    return totals(steps)


@misconception(
    "train_epoch_ch3",
    "the module stays in evaluation mode",
    hint="After an evaluation the module is still in evaluation mode, where dropout is off and batch norm does not learn. "
    "Training has to switch it back.",
)
def train_in_evaluation_mode(net, train_iter, loss, updater):
    return totals([one_step(net, X, y, loss, updater) for X, y in train_iter])


@misconception(
    "train_epoch_ch3",
    "only the outermost module is in training mode",
    hint="The flag of net itself is on, those of the layers inside are still off from the last evaluation. A module has a "
    "method that tells all modules inside as well.",
)
def train_with_one_flag(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.training = True
    return totals([one_step(net, X, y, loss, updater) for X, y in train_iter])


@misconception(
    "train_epoch_ch3",
    "only the outermost module is asked for its mode",
    hint="You switch the mode only where net says that it is not training. Every module has a flag of its own, and a dropout "
    "inside may still be in evaluation mode. What would it cost to switch without asking?",
)
def train_if_evaluating(net, train_iter, loss, updater):
    if isinstance(net, nn.Module) and not net.training:
        net.train()
    return totals([one_step(net, X, y, loss, updater) for X, y in train_iter])


@misconception(
    "train_epoch_ch3",
    "the updater's parameter is called by a name",
    hint="Whoever writes the updater function chooses the name of its parameter; the one in the example is only an example. "
    "Which way of passing an argument needs no name?",
)
def train_with_a_keyword(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    is_optimiser = isinstance(updater, torch.optim.Optimizer)
    update = updater if is_optimiser else lambda count: updater(batch_size=count)
    return totals([one_step(net, X, y, loss, update) for X, y in train_iter])


@misconception(
    "train_epoch_ch3",
    "only SGD counts as an optimiser",
    hint="Adam and the others are called like a function of the batch size here. All of torch's optimisers have one class "
    "in common: ask for that one.",
)
def train_with_sgd_only(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    steps = []
    for X, y in train_iter:
        y_hat = net(X)
        each = loss(y_hat, y)
        if isinstance(updater, torch.optim.SGD):
            updater.zero_grad()
            each.mean().backward()
            updater.step()
        else:
            each.sum().backward()
            updater(len(X))
        steps.append((float(each.sum()), float((y_hat.argmax(dim=1) == y).sum()), len(y)))
    return totals(steps)


@misconception(
    "train_epoch_ch3",
    "totals instead of means",
    hint="You return sums over the epoch. Divide the loss and the count of right predictions by the number of examples.",
)
def train_returns_totals(net, train_iter, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    steps = [one_step(net, X, y, loss, updater) for X, y in train_iter]
    return sum(s[0] for s in steps), sum(s[1] for s in steps)


@misconception(
    "predict_labels",
    "the scores instead of their positions",
    hint="You return the largest score of each row. A label is the position where it stands.",
)
def predict_scores(net, X):
    if isinstance(net, nn.Module):
        net.eval()
    with torch.no_grad():
        return net(X).max(dim=1).values


@misconception(
    "predict_labels",
    "the largest score of each column",
    hint="argmax over dimension 0 compares the examples with each other. The classes of one example lie along dimension 1.",
)
def predict_columns(net, X):
    if isinstance(net, nn.Module):
        net.eval()
    with torch.no_grad():
        return net(X).argmax(dim=0)


@misconception(
    "predict_labels",
    "the module stays in training mode",
    hint="With dropout still active, the same X can get different labels. A module has to be told before it predicts.",
)
def predict_in_training_mode(net, X):
    with torch.no_grad():
        return net(X).argmax(dim=1)


@misconception(
    "predict_labels",
    "only the outermost module is asked for its mode",
    hint="You switch the mode only where net says that it is training. Every module has a flag of its own, and a dropout "
    "inside can be in another mode than the net around it. What would it cost to switch without asking?",
)
def predict_if_training(net, X):
    if isinstance(net, nn.Module) and net.training:
        net.eval()
    with torch.no_grad():
        return net(X).argmax(dim=1)


@misconception(
    "predict_labels",
    "the batch is flattened before net sees it",
    hint="Your own softmax regression wants rows of numbers, other models want images: a convolution cannot do anything with "
    "flattened ones. Whose business is it to bring a batch into shape, the model's or the one's who calls it?",
)
def predict_flattened(net, X):
    if isinstance(net, nn.Module):
        net.eval()
    with torch.no_grad():
        return net(X.reshape(len(X), -1)).argmax(dim=1)


@misconception(
    "predict_labels",
    "the scores are changed in place",
    hint="The scores belong to net, not to you. A net may return its input itself or a view of it, and then the caller's X holds "
    "something else after the prediction. Operators such as -= write into the tensor on their left.",
)
def predict_shifted(net, X):
    if isinstance(net, nn.Module):
        net.eval()
    with torch.no_grad():
        scores = net(X)
        scores -= scores.amax(dim=1, keepdim=True)
    return (scores == 0).float().argmax(dim=1)


@misconception(
    "predict_labels",
    "only an nn.Sequential is put into evaluation mode",
    hint="A model that somebody wrote as a class of its own keeps its dropout on. nn.Sequential is one kind of module; which "
    "class do all of them come from?",
)
def predict_with_sequential_only(net, X):
    if isinstance(net, nn.Sequential):
        net.eval()
    with torch.no_grad():
        return net(X).argmax(dim=1)


@misconception(
    "predict_labels",
    "a tie gives several labels",
    hint="You look for every place where the largest score stands. Two equal scores in a row give that row two labels, and "
    "all rows after it get the wrong ones. One label per row is asked for.",
)
def predict_every_largest(net, X):
    if isinstance(net, nn.Module):
        net.eval()
    with torch.no_grad():
        scores = net(X)
    return torch.where(scores == scores.amax(dim=1, keepdim=True))[1]


@misconception(
    "predict_labels",
    "gradients stay switched off",
    hint="After a prediction torch records no gradients any more, and training cannot go on. What is switched off for a "
    "prediction has to be as it was afterwards.",
)
def predict_without_gradients_for_good(net, X):
    if isinstance(net, nn.Module):
        net.eval()
    torch.set_grad_enabled(False)
    return net(X).argmax(dim=1)
