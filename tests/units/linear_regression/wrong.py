"""Known mistakes in linear regression from scratch."""

from autograder.suite import misconception, wrong

wrong(
    "synthetic_data",
    "the labels are left flat",
    {"y.reshape(-1, 1)": "y"},
    hint="The labels are right, but they have the shape (n,). A column of predictions minus such labels is no error for torch "
    "but a table of n times n numbers. Which shape should the labels have?",
)
wrong(
    "synthetic_data",
    "the noise has the standard deviation 0.1",
    {"0.01": "0.1"},
    hint="Your noise is ten times too large. Perhaps you took 0.01 for the variance: the standard deviation is its root, "
    "and the normal distributions of torch ask for the standard deviation. Which of the two is 0.01 here?",
)
wrong(
    "synthetic_data",
    "the standard deviation of the noise is squared",
    {"0.01": "0.01**2"},
    hint="Your noise is a hundred times too small. Textbooks write N(0, 0.01²), where the square is the variance, but torch "
    "asks for the standard deviation. Which number does it want, then?",
)
wrong(
    "synthetic_data",
    "there is no noise",
    {"torch.normal(X @ w + b, 0.01)": "X @ w + b"},
    hint="Your labels lie exactly on the plane. No measurement is like that, and the point of this data is to find out "
    "whether the weights can be found in spite of a little noise. Which part of the formula is missing?",
)
wrong(
    "synthetic_data",
    "the features are uniform",
    {"torch.normal(0, 1, (num_examples, len(w)))": "torch.rand(num_examples, len(w))"},
    hint="Your features all lie between 0 and 1: they come from a uniform distribution. The exercise asks for normal numbers "
    "with mean 0 and standard deviation 1. How do the names of torch's two functions differ?",
)
wrong(
    "synthetic_data",
    "the bias is left out",
    {"X @ w + b": "X @ w"},
    hint="All your labels are off by the same amount. An example whose features are all 0 should have a label near b, and "
    "yours is near 0. Compare your line with the formula: what is missing?",
)
wrong(
    "synthetic_data",
    "the generator is reset in every call",
    {"X = torch.normal": "torch.manual_seed(0)\n    X = torch.normal"},
    hint="Every call gives the same numbers, because you set the seed inside the function. A seed is set once at the "
    "beginning of a program, if at all. Where would it belong?",
)

wrong(
    "data_iter",
    "the last smaller batch is dropped",
    {"len(indices), batch_size": "len(indices) - batch_size + 1, batch_size"},
    hint="When the examples do not divide evenly, some of them never come: you give full batches only. The last batch may be "
    "smaller than the others. At which position may the last batch begin?",
)
wrong(
    "data_iter",
    "a batch holds neighbours from the data",
    {"random.shuffle(indices)": "pass"},
    hint="Your batches are cut from the data as they lie, so the same neighbours meet in every pass. Shuffling inside a batch "
    "does not change that. If the data are sorted, each batch holds one kind of example. What has to be shuffled, and when?",
)
wrong(
    "data_iter",
    "the same order in every pass",
    {"random.shuffle(indices)": "random.Random(0).shuffle(indices)"},
    hint="You do shuffle, but every pass has the same order: the seed is set anew each time. Then the same examples always "
    "meet in a batch. What decides which order is drawn?",
)
wrong(
    "data_iter",
    "features and labels are shuffled apart",
    {"labels[batch]": "labels[random.sample(indices, len(batch))]"},
    hint="The features of one example come with the label of another: you draw an order for each of the two. Nothing can be "
    "learned from such pairs. How can both be looked up by the same numbers?",
)
wrong(
    "data_iter",
    "only the first batch is given",
    {"yield features[batch], labels[batch]": "return features[batch], labels[batch]"},
    hint="Your function ends after the first batch: a return leaves the loop for good. Something that pauses and goes on "
    "later, or a list that is collected first, gives the others too. Which word does the exercise mention?",
)
wrong(
    "data_iter",
    "the data themselves are shuffled",
    {"random.shuffle(indices)":
     "random.shuffle(indices)\n    features[:], labels[:] = features[indices], labels[indices]"},
    hint="You write the new order into features and labels, so the caller's data have changed. Somebody may have kept row "
    "numbers that now point elsewhere. What could you shuffle instead of the data?",
)  # fmt: skip

wrong(
    "linreg",
    "the bias is left out",
    {"X @ w + b": "X @ w"},
    hint="Your plane always goes through the origin: features of 0 give the prediction 0, whatever b is. Compare with the "
    "formula. Which term moves the plane up and down?",
)
wrong(
    "linreg",
    "entries are multiplied and not added up",
    {"X @ w": "X * w.T"},
    hint="You multiply every feature by its weight, which gives a matrix of shape (n, d). A prediction is one number for each "
    "example: the products of a row belong together. What is still to be done with them?",
)
wrong(
    "linreg",
    "the predictions are flat",
    {"X @ w + b": "(X @ w + b).reshape(-1)"},
    hint="The numbers are right, but they come in the shape (n,), and the labels are a column. A flat tensor minus a "
    "column is a table of n times n numbers. Which shape should the predictions have?",
)
wrong(
    "linreg",
    "the graph is cut at the weights",
    {"X @ w + b": "X @ w.detach() + b"},
    hint="The predictions are right, but no gradient reaches w, so it would never learn anything. Detaching a tensor, or "
    "reading its data, leaves the recording. Where do you take w out of it?",
)

wrong(
    "squared_loss",
    "the half is left out",
    {"** 2 / 2": "** 2"},
    hint="Your losses are twice as large as they should be, and so are their gradients. The half is there to cancel the 2 that "
    "comes from differentiating the square. Which factor does the formula begin with?",
)
wrong(
    "squared_loss",
    "flat labels are broadcast to a table",
    {"y.reshape(y_hat.shape)": "y"},
    hint="A column of n predictions minus n flat labels is a table of n times n differences: every prediction is compared with "
    "every label, and no error is raised. Print both shapes before you subtract. Are they the same?",
)
wrong(
    "squared_loss",
    "all labels are flattened",
    {"y.reshape(y_hat.shape)": "y.reshape(-1)"},
    hint="You make the labels flat, but the predictions are a column. The difference of the two is a table of n times n "
    "numbers, without any error message. Which of the two shapes should both have?",
)
wrong(
    "squared_loss",
    "the losses come back flat",
    {"(y_hat - y.reshape(y_hat.shape)) ** 2": "(y_hat.reshape(-1) - y.reshape(-1)) ** 2"},
    hint="Each loss is right, but they come in the shape (n,), where a column like the predictions is asked for. "
    "Which of the two did you reshape, and which is the one to follow?",
)
wrong(
    "squared_loss",
    "the mean of the whole batch",
    {"(y_hat - y.reshape(y_hat.shape)) ** 2 / 2": "((y_hat - y.reshape(y_hat.shape)) ** 2 / 2).mean()"},
    hint="A single number came back for the whole batch. Here each example has a loss of its own, and the training loop decides "
    "whether to add or to average. Which shape should the result have?",
)

wrong(
    "sgd",
    "the gradients are never cleared",
    {"param.grad.zero_()": "pass"},
    hint="Your step is right, but the gradients stay. The next backward pass adds to what is there, so that every step would "
    "also repeat all earlier ones. What is to be done with a gradient once it was used?",
)
wrong(
    "sgd",
    "a tensor is asked for a method it does not have",
    {"zero_()": "zeros_()"},
    hint="Python stops with an error because tensors have no such method: you call it as if it were the function that makes a "
    "tensor of zeros. Setting a tensor to zero in place has a similar, shorter name. Read the message: which word is it about?",
)
wrong(
    "sgd",
    "the step is not divided by the batch size",
    {"param.grad / batch_size": "param.grad"},
    hint="Your step is too large by the factor of the batch size. The gradient in the parameter belongs to the sum of a "
    "batch's losses, and we want to follow their mean. What lies between sum and mean?",
)
wrong(
    "sgd",
    "the step is recorded",
    {"with torch.no_grad():": "if True:"},
    hint="torch refuses to write into a parameter while it records for gradients: it would lose the values it may need later. "
    "The step is no part of the model. How do you tell torch not to record for a while?",
)
wrong(
    "sgd",
    "the name is given to a new tensor",
    {"param -= lr * param.grad / batch_size": "param = param - lr * param.grad / batch_size"},
    hint="After your assignment the name means a new tensor. It has no gradient yet, so the next line fails, and the caller's "
    "parameter has not moved. Which operators write into the tensor that is there, and leave the name alone?",
)
wrong(
    "sgd",
    "the caller's parameters do not move",
    {"param -= lr * param.grad": "new = param - lr * param.grad"},
    hint="The caller's parameters are what they were. Either the result went into a new tensor, as with every plain "
    "assignment, or the gradients were already zero when they were used. Which operators write into a tensor that is there?",
)
wrong(
    "sgd",
    "the list gets new tensors",
    {"for param in params:": "for i, param in enumerate(params):",
     "param -= lr * param.grad / batch_size": "params[i] = param - lr * param.grad / batch_size"},
    hint="You put new tensors into the list, but whoever made the parameters still holds the old ones, and they have not "
    "moved. Also, the new ones have no gradients. How is a tensor changed without making another one?",
)  # fmt: skip
wrong(
    "sgd",
    "the parameters are given new memory",
    {"param -= lr * param.grad / batch_size": "param.data = param - lr * param.grad / batch_size"},
    hint="Each parameter now has the right numbers, but at another place in memory: you exchanged what lies behind it. Others "
    "who look at the old memory see nothing of the step. How do you write into the memory that is there?",
)

wrong(
    "normal_equation",
    "there is no bias",
    {"A = torch.cat([X, torch.ones_like(y)], dim=1)": "A = X", "v[:-1], v[-1]": "v, torch.zeros_like(v[0])"},
    hint="You look for the best plane through the origin, with a bias of 0. Where the labels lie far from 0, no such plane is "
    "good. Which column turns the bias into one more weight?",
)
wrong(
    "normal_equation",
    "the bias is found after the weights",
    {"A = torch.cat([X, torch.ones_like(y)], dim=1)": "A = X", "v[:-1], v[-1]": "v, (y - X @ v).mean(dim=0)"},
    hint="You first find the best weights without a bias, and then the best bias for these weights. But with a bias other "
    "weights would have been better: both have to be found together. What could stand beside the features?",
)
wrong(
    "normal_equation",
    "the matrix of features is inverted",
    {"A.T @ A, A.T @ y": "A, y"},
    hint="There are more examples than unknowns, so the matrix has more rows than columns, and no inverse: "
    "in general no w fits all labels exactly. What do you multiply both sides by to get a square matrix?",
)
wrong(
    "normal_equation",
    "every example is compared with all labels",
    {"A.T @ y": "A.T @ y.mean().expand(y.shape)"},
    hint="All your weights are 0, and the bias is the mean of the labels. That happens if the sum goes over the labels and "
    "holds the vector of all predictions in every term. Which prediction belongs to which label?",
)
wrong(
    "normal_equation",
    "the ones come first and are read last",
    {"[X, torch.ones_like(y)]": "[torch.ones_like(y), X]"},
    hint="Your column of ones stands in front of the features, so the bias is the first of the unknowns. You take the last one "
    "for it, and the bias for a weight. In which order do the unknowns come out?",
)
wrong(
    "normal_equation",
    "w and b come back in one column",
    {"v[:-1], v[-1]": "v"},
    hint="Your numbers are right, but they all come in one column, where a pair is asked for: the weights, and the bias. "
    "The column has one entry more than there are features. Which of its entries is the bias?",
)

wrong(
    "train_linreg",
    "labels are broadcast against predictions",
    {
        "squared_loss(linreg(X, w, b), y).sum()": "((linreg(X, w, b) - y.reshape(-1)) ** 2 / 2).mean()",
        "sgd([w, b], lr, batch_size)": "sgd([w, b], lr, 1)",
    },
    hint="Every prediction of a batch is compared with every label of the batch, so the model learns the mean of the labels and "
    "nothing else. A column minus a flat tensor does that without any message. Which shapes meet in your loss?",
)
wrong(
    "train_linreg",
    "the gradients pile up",
    {"sgd([w, b], lr, batch_size)":
     "w.data -= lr * w.grad / batch_size; b.data -= lr * b.grad / batch_size"},
    hint="You take the steps yourself and never clear the gradients. Every backward pass adds to what is there, so each "
    "step repeats all earlier ones, and the parameters swing ever further. What does sgd do after its step?",
)  # fmt: skip
wrong(
    "train_linreg",
    "the loss before the last step is noted",
    {"squared_loss(linreg(X, w, b), y).sum().backward()":
     "l = squared_loss(linreg(X, w, b), y); l.sum().backward()",
     "squared_loss(linreg(features, w, b), labels).mean()": "l.mean()"},
    hint="You note the loss of the last batch, computed before its step was taken. The list should say how good the model is "
    "after the epoch, on all examples. When, and on which data, is that to be measured?",
)  # fmt: skip
wrong(
    "train_linreg",
    "one step an epoch",
    {"            sgd([w, b], lr, batch_size)": "        sgd([w, b], lr, len(features))"},
    hint="You go backward for every batch but take a step only when all of them are through, so the parameters move once in "
    "an epoch. The point of small batches is many steps. How far must the step be indented?",
)
wrong(
    "train_linreg",
    "the batch size is divided out twice",
    {"squared_loss(linreg(X, w, b), y).sum()": "squared_loss(linreg(X, w, b), y).mean()"},
    hint="You go backward from the mean of the losses, and your sgd divides by the batch size once more. The steps are too "
    "small by that factor. Which of the two expects the sum?",
)
wrong(
    "train_linreg",
    "the sum of all losses is noted",
    {"labels).mean()": "labels).sum()"},
    hint="The parameters are right, but the numbers in your list grow with the number of examples: they are sums. Losses of "
    "data sets of different sizes could not be compared. What should be done with the losses of all examples?",
)
wrong(
    "train_linreg",
    "the loss is that of the last batch only",
    {"linreg(features, w, b), labels": "linreg(X, w, b), y"},
    hint="You take your steps as you should, but then look at the last batch only. A few examples may be easy or hard by chance, so "
    "that the numbers in your list jump up and down. On which examples is the loss to be computed after an epoch?",
)


@misconception(
    "train_linreg",
    "copies are trained",
    hint="You train tensors of your own that only begin with the numbers of w and b. The losses get smaller, but "
    "the caller's w and b are what they were. Which tensors should sgd be given?",
)
def copies_are_trained(w, b, features, labels, lr, num_epochs, batch_size):
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    losses = []
    for _ in range(num_epochs):
        for X, y in data_iter(batch_size, features, labels):
            squared_loss(linreg(X, w, b), y).sum().backward()
            sgd([w, b], lr, batch_size)
        losses.append(float(squared_loss(linreg(features, w, b), labels).mean()))
    return losses
