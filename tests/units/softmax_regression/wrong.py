"""Known mistakes in softmax regression."""

from autograder.suite import misconception, wrong

# fmt: off

# softmax

wrong("softmax", "the largest logit is not subtracted",
      {" - X.max(dim=1, keepdim=True).values": ""},
      hint="exp of a large logit is infinite, and infinity divided by infinity is nan. The softmax of a row does not "
      "change when the same number is subtracted from every entry. Which number makes every exponent zero or "
      "negative?")
wrong("softmax", "normalised over the examples instead of the classes",
      {"exponentials.sum(dim=1": "exponentials.sum(dim=0"},
      hint="The columns of your result sum to 1, the rows do not. Each row is one example, and its classes lie along "
      "dimension 1. Which dimension does your sum run over?")
wrong("softmax", "the maximum loses its dimension",
      {"X.max(dim=1, keepdim=True)": "X.max(dim=1)"},
      hint="One maximum a row came back as (n,), and a subtraction lines that up with the columns. With as many rows "
      "as columns, each column has the maximum of one row taken off; otherwise the shapes do not fit. Which shape "
      "would keep each maximum beside its row?")
wrong("softmax", "the sum loses its dimension",
      {"exponentials.sum(dim=1, keepdim=True)": "exponentials.sum(dim=1)"},
      hint="A sum over dimension 1 has shape (n,), and dividing (n, q) by (n,) lines n up with the columns, not the "
      "rows. Look at what keepdim does.")
wrong("softmax", "one sum for the whole batch",
      {"X.max(dim=1, keepdim=True).values": "X.max()", "exponentials.sum(dim=1, keepdim=True)": "exponentials.sum()"},
      hint="All entries of your result together sum to 1. Each example has probabilities of its own: the sum belongs "
      "to a row.")
wrong("softmax", "one maximum for the whole batch",
      {"X.max(dim=1, keepdim=True).values": "X.max()"},
      hint="Subtracting the largest logit of the whole batch keeps exp from overflowing, but a row far below it "
      "becomes all zeros, and 0 / 0 is nan. Each row needs its own maximum.")

@misconception("softmax", "an infinity on the way spoils the gradient",
      hint="Your values are right, because 1 divided by an infinite sum is 0. Going backward the same infinity is "
      "multiplied by that 0, and the gradient is nan. It is not enough that the result is finite: what is computed "
      "on the way must be, too.")
def softmax_by_differences(X):
    return 1 / (X[:, None, :] - X[:, :, None]).exp().sum(dim=2)

# cross_entropy

wrong("cross_entropy", "the minus sign is missing",
      {"-torch": "torch"},
      hint="Your losses are negative. The logarithm of a probability is at most 0, and a loss should grow as the "
      "probability of the true class falls.")
wrong("cross_entropy", "the mean over the batch instead of one loss per example",
      {", y])": ", y]).mean()"},
      hint="One number came back for the whole batch. This function returns one loss per example; the training loop "
      "sums or averages them, and needs them apart.")
wrong("cross_entropy", "the sum over the batch instead of one loss per example",
      {", y])": ", y]).sum()"},
      hint="One number came back for the whole batch: its sum. Return the losses of the examples one by one, shape "
      "(n,).")
wrong("cross_entropy", "every row is indexed by every label",
      {"torch.arange(len(y_hat))": ":"},
      hint="y_hat[:, y] takes the columns y of every row, n times too many. Row i and label i belong together: index "
      "rows and columns in pairs.")
wrong("cross_entropy", "small probabilities are raised to a floor",
      {"y_hat[": "y_hat.clamp(min=1e-6)["},
      hint="From some point on, a smaller probability no longer gives a larger loss, and its gradient is zero: the "
      "examples the model gets most wrong teach it nothing. The logarithm of 1e-12 is an ordinary number and needs "
      "no floor.")
wrong("cross_entropy", "the logarithm of all probabilities is taken",
      {"y_hat[": "y_hat)[", ", y])": ", y]"},
      hint="A softmax may round the probability of a class to 0. Where another class than the true one has it, your "
      "loss does not show it, but the slope of the logarithm there is infinite, and infinity times 0 makes the "
      "gradient nan. Which probabilities does the loss need, and does anything else have to pass through the "
      "logarithm?")

# net

wrong("net", "the softmax inside overflows",
      {"return softmax": "E = torch.exp", "+ b)": "+ b)\n    return E / E.sum(dim=1, keepdim=True)"},
      hint="Pixels from 0 to 255 make logits of several hundred, and exp of those is infinite. Does the model use "
      "your softmax, and can that cope with such rows, or is there a second, simpler copy of it inside?")

@misconception("net", "only the first channel of an image is used",
      hint="A grey image has one channel, a colour image three, and all of them are numbers of the example. Check "
      "that no index drops a part of X before it becomes rows.")
def net_of_first_channel(X, W, b):
    rows = (X[:, 0] if X.dim() == 4 else X).flatten(1)
    return softmax(rows @ W[: rows.shape[1]] + b)

wrong("net", "images are not flattened",
      {".reshape(-1, W.shape[0])": ""},
      hint="A batch of images has shape (n, 1, h, w), and a matrix product needs one row of numbers per example. How "
      "many columns does each row need to meet W?")
wrong("net", "the logits are returned without the softmax",
      {"softmax(X": "(X"},
      hint="The rows you return do not sum to 1: these are still scores. One step of the model is missing after the "
      "linear layer.")
wrong("net", "the bias is left out",
      {" + b": ""},
      hint="Your result is right only where b is zero. Look for b in your code.")

# accuracy

wrong("accuracy", "a fraction instead of a count",
      {".sum())": ".sum()) / len(y)"},
      hint="You divide by the number of examples. A count can be added up over batches of different sizes; a "
      "fraction cannot. The division comes at the very end, in evaluate_accuracy.")
wrong("accuracy", "the largest score is looked for along the wrong dimension",
      {"dim=1": "dim=0"},
      hint="argmax over dimension 0 compares the examples with each other. The prediction for an example is the "
      "position of the largest score within its own row.")
wrong("accuracy", "class indices are taken for scores",
      {"y_hat.ndim > 1": "True"},
      hint="y_hat may already hold the predicted classes, with shape (n,). Take the argmax only where there is a row "
      "to take it over.")
wrong("accuracy", "a fraction times the number of examples, cut off",
      {"float(": "int(", ".sum())": ".double().mean() * len(y))"},
      hint="17 / 41 * 41 need not be 17 on a computer: a fraction is rounded, and when the product is a hair too "
      "small, int cuts off a whole example. Count the hits; then nothing has to be multiplied back.")
wrong("accuracy", "hits are summed in half precision",
      {".sum()": ".half().sum()"},
      hint="Half precision has 11 significant bits: above 2048 it knows even numbers only, so counts of large "
      "batches are rounded. Look at the dtype in which you add up.")
wrong("accuracy", "a mean times the number of examples",
      {"float(": "(", ".sum())": ".float().mean() * len(y))"},
      hint="A mean is rounded, and multiplying it by the number of examples does not always lead back to the count: "
      "7 right of 13 become 7.0000005. What would you do to count without a computer?")
wrong("accuracy", "scores go through NumPy",
      {"y_hat.argmax(dim=1)": "torch.from_numpy(y_hat.numpy().argmax(axis=1))"},
      hint="The scores of a net that is being trained require a gradient, and torch hands no such tensor to NumPy. "
      "Is there anything here that torch cannot do itself?")

# Accumulator

wrong("Accumulator", "all accumulators share their sums",
      {"self.data = [0.0] * n": "Accumulator.data = [0.0] * n", "self.data = [a": "Accumulator.data = [a",
       "self.data = [0.0] * len": "Accumulator.data = [0.0] * len"},
      hint="A list that stands in the class itself, outside every method, exists once, for all accumulators. Where "
      "does an object get values of its own?")
wrong("Accumulator", "sums in single precision",
      {"a + float(b)": "torch.as_tensor(a) + float(b)"},
      hint="A float32 number has 24 significant bits: at 16,777,216 a count stops growing, because adding 1 is "
      "rounded away. That is torch's default dtype; Python's own numbers have more room.")
wrong("Accumulator", "the amounts are rounded to single precision",
      {"float(b)": "float(torch.tensor(float(b)))"},
      hint="Your sums are kept in double precision, but the amounts of a call are made one tensor first, of torch's "
      "default dtype: 0.1 is rounded to seven digits before it is added, and large counts to even numbers.")
wrong("Accumulator", "amounts go through NumPy",
      {"float(b)": "float(b.numpy() if isinstance(b, torch.Tensor) else b)"},
      hint="The loss of a batch requires a gradient, and torch hands no such tensor to NumPy. How does one get a "
      "plain Python number out of a tensor of one element?")
wrong("Accumulator", "the caller's tensor becomes the sum",
      {"a + float(b)": "a.add_(b) if isinstance(a, torch.Tensor) else a + b if a else b"},
      hint="The tensor that was added first is itself kept as the sum, and the next amount is written into it: the "
      "caller's loss changes behind their back. Keep a number or a tensor of your own, and be careful with += on "
      "tensors.")
wrong("Accumulator", "add overwrites instead of adding",
      {"a + float(b)": "float(b)"},
      hint="After two calls of add only the amounts of the second are left. Each call has to start from the sums so "
      "far.")
wrong("Accumulator", "reset leaves a single sum",
      {"[0.0] * len(self.data)": "[0.0]"},
      hint="After reset() some sums are gone. It sets every sum to zero and keeps as many as there were.")

# evaluate_accuracy

wrong("evaluate_accuracy", "return inside the loop",
      {"\n    return": "\n            return"},
      hint="Only the first batch is counted: the function leaves at its first return. Look at how far your return is "
      "indented.")
wrong("evaluate_accuracy", "the mean of the batches' accuracies",
      {"y), len(y)": "y) / len(y), 1"},
      hint="You average one accuracy per batch, so an example in a small batch weighs more than one in a large "
      "batch. Add up right predictions and examples, and divide once.")
wrong("evaluate_accuracy", "only the outermost module is in evaluation mode",
      {"net.eval()": "net.training = False"},
      hint="The flag of net itself is off, those of the layers inside are still on, and it is dropout and batch norm "
      "inside that read theirs. A module has a method that tells all modules inside as well.")
wrong("evaluate_accuracy", "only the outermost module is asked for its mode",
      {"nn.Module)": "nn.Module) and net.training"},
      hint="You switch the mode only where net says that it is training. Every module has a flag of its own, and a "
      "dropout inside can be in another mode than the net around it. What would it cost to switch without asking?")
wrong("evaluate_accuracy", "batches are flattened before net sees them",
      {"net(X)": "net(X.flatten(1))"},
      hint="Your own softmax regression wants rows of numbers, other models want images: a convolution cannot do "
      "anything with flattened ones. Whose business is it to bring a batch into shape, the model's or the one's who "
      "calls it?")

# train_epoch_ch3

wrong("train_epoch_ch3", "gradients are never cleared",
      {"updater.zero_grad()": "pass"},
      hint="backward() adds to the gradients that are already there. With an optimiser, what was left from the batch "
      "before has to go first.")
wrong("train_epoch_ch3", "the sum of the losses goes backward to the optimiser",
      {"l.mean()": "l.sum()"},
      hint="Your step is as many times too long as the batch has examples. A torch optimiser knows nothing of the "
      "batch size, so it has to see the mean loss.")
wrong("train_epoch_ch3", "the mean of the losses goes backward to the updater function",
      {"l.sum().backward()": "l.mean().backward()"},
      hint="An updater function divides by the batch size itself. If the loss was averaged before, it is divided "
      "twice.")
wrong("train_epoch_ch3", "the loop reads a global data_iter instead of its argument",
      {"in train_iter": "in data_iter"},
      hint="Your loop does not go over the batches that the function was given, but over something outside that is "
      "called data_iter: in your notebook it may exist by chance, anywhere else the name is unknown. Under which "
      "name do the batches arrive in this function?")
wrong("train_epoch_ch3", "a mean loss is summed up as if it were per example",
      {"l.sum().detach()": "float(l.mean())"},
      hint="You add one mean a batch to the total, and at the end you divide by the number of examples: the loss "
      "comes out too small by the size of a batch. How many examples does each of the means stand for?")
wrong("train_epoch_ch3", "return inside the loop",
      {"\n    return": "\n        return"},
      hint="The epoch ends after its first batch: the function leaves at its first return. Look at how far your "
      "return is indented.")
wrong("train_epoch_ch3", "l.sum without the call",
      {"l.sum().backward()": "l.sum.backward()"},
      hint="l.sum is the method itself, not its result: without parentheses nothing is summed, and a method has no "
      "backward().")
wrong("train_epoch_ch3", "only the outermost module is in training mode",
      {"net.train()": "net.training = True"},
      hint="The flag of net itself is on, those of the layers inside are still off from the last evaluation. A "
      "module has a method that tells all modules inside as well.")
wrong("train_epoch_ch3", "only the outermost module is asked for its mode",
      {"nn.Module)": "nn.Module) and not net.training"},
      hint="You switch the mode only where net says that it is not training. Every module has a flag of its own, and "
      "a dropout inside may still be in evaluation mode. What would it cost to switch without asking?")
wrong("train_epoch_ch3", "the updater's parameter is called by a name",
      {"updater(X": "updater(batch_size=X"},
      hint="Whoever writes the updater function chooses the name of its parameter; the one in the example is only an "
      "example. Which way of passing an argument needs no name?")
wrong("train_epoch_ch3", "only SGD counts as an optimiser",
      {"torch.optim.Optimizer": "torch.optim.SGD"},
      hint="Adam and the others are called like a function of the batch size here. All of torch's optimisers have "
      "one class in common: ask for that one.")
wrong("train_epoch_ch3", "totals instead of means",
      {"metric[0] / metric[2], metric[1] / metric[2]": "metric[0], metric[1]"},
      hint="You return sums over the epoch. Divide the loss and the count of right predictions by the number of "
      "examples.")

# predict_labels

wrong("predict_labels", "the scores instead of their positions",
      {"argmax(dim=1)": "max(dim=1).values"},
      hint="You return the largest score of each row. A label is the position where it stands.")
wrong("predict_labels", "the largest score of each column",
      {"dim=1": "dim=0"},
      hint="argmax over dimension 0 compares the examples with each other. The classes of one example lie along "
      "dimension 1.")
wrong("predict_labels", "only the outermost module is asked for its mode",
      {"nn.Module)": "nn.Module) and net.training"},
      hint="You switch the mode only where net says that it is training. Every module has a flag of its own, and a "
      "dropout inside can be in another mode than the net around it. What would it cost to switch without asking?")
wrong("predict_labels", "the batch is flattened before net sees it",
      {"net(X)": "net(X.flatten(1))"},
      hint="Your own softmax regression wants rows of numbers, other models want images: a convolution cannot do "
      "anything with flattened ones. Whose business is it to bring a batch into shape, the model's or the one's who "
      "calls it?")
wrong("predict_labels", "the scores are changed in place",
      {"return net(X)": "scores = net(X)\n        scores -= scores.amax(dim=1, keepdim=True)\n        return scores"},
      hint="The scores belong to net, not to you. A net may return its input itself or a view of it, and then the "
      "caller's X holds something else after the prediction. Operators such as -= write into the tensor on their "
      "left.")
wrong("predict_labels", "only an nn.Sequential is put into evaluation mode",
      {"nn.Module": "nn.Sequential"},
      hint="A model that somebody wrote as a class of its own keeps its dropout on. nn.Sequential is one kind of "
      "module; which class do all of them come from?")
wrong("predict_labels", "a tie gives several labels",
      {"return net(X).argmax(dim=1)":
       "scores = net(X)\n        return torch.where(scores == scores.amax(dim=1, keepdim=True))[1]"},
      hint="You look for every place where the largest score stands. Two equal scores in a row give that row two "
      "labels, and all rows after it get the wrong ones. One label per row is asked for.")
