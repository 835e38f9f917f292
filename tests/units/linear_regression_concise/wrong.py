"""Known mistakes in linear regression with torch's own layers."""

import torch
from torch import nn

from autograder.suite import misconception, wrong

# fmt: off

wrong("load_array", "the rows are shuffled while testing too", {"shuffle=is_train": "shuffle=True"},
      hint="The rows are always shuffled. Only training needs a new order each time; who tests wants to know which row "
      "came out how. Which argument says what the data is for?")

wrong("load_array", "the rows are never shuffled", {", shuffle=is_train": ""},
      hint="The rows always come in the order in which they lie. A DataLoader does not shuffle unless it is told to. "
      "Which of its arguments says so, and what do you know about when to?")

wrong("load_array", "is_train is turned round", {"shuffle=is_train": "shuffle=not is_train"},
      hint="You shuffle where the order should stay, and keep the order where it should be shuffled. What does "
      "your condition mean when is_train is True?")

wrong("load_array", "the last smaller batch is dropped", {"shuffle=is_train": "shuffle=is_train, drop_last=True"},
      hint="Where the number of rows is no multiple of the batch size, some rows are left over, and you throw them away. "
      "Every row should be seen in every pass. What may the last batch look like?")

wrong("load_array", "every row is a batch of its own", {"dataset, batch_size,": "dataset,"},
      hint="A DataLoader that is not told a size hands out one row at a time. You know how many rows a batch should "
      "have. Where do you pass that on?")

wrong("load_array", "only the first tensor is loaded", {"*data_arrays": "data_arrays[0]"},
      hint="A batch should hold a part of each tensor, features and labels alike, and yours holds the first alone. How "
      "are all entries of a tuple handed to a function that takes any number of them?")

wrong("load_array", "a list of batches that never changes is returned",
      {"return data.DataLoader(dataset, batch_size, shuffle=is_train)":
       "return list(data.DataLoader(dataset, batch_size, shuffle=is_train))"},
      hint="The order was drawn once, when the list was made, and every pass repeats it. A DataLoader draws a new order "
      "each time somebody loops over it. What do you return?")


@misconception("load_array", "each tensor is shuffled by itself",
               hint="Features and labels are put into random orders of their own, so that a row meets the label of another "
               "row. Shuffle the numbers of the rows, or let a TensorDataset tie the rows together. What belongs together?")
def shuffled_apart(data_arrays, batch_size, is_train=True):
    class Apart:
        def __iter__(self):
            arrays = [a[torch.randperm(len(a))] if is_train else a for a in data_arrays]
            return zip(*(a.split(batch_size) for a in arrays))

    return Apart()


wrong("make_net", "the weights have the standard deviation 0.1", {"normal_(0, 0.01)": "normal_(0, 0.1)"},
      hint="The weights are ten times as large as they should be: you give 0.1, perhaps because 0.01 is its square. The "
      "second argument is the standard deviation itself. Which number does the exercise name?")

wrong("make_net", "the weights stay as nn.Linear made them", {"    net[0].weight.data.normal_(0, 0.01)\n": ""},
      hint="A new layer has weights of its own, drawn evenly and far larger than asked for. The exercise wants others. "
      "How do you overwrite what is there?")

wrong("make_net", "normal is called without its underscore", {"normal_(0, 0.01)": "normal(0, 0.01)"},
      hint="A tensor has no method of this name. Those that change it in place end with an underscore, and this is one of "
      "them. Compare the names in the error message with those in torch's documentation.")

wrong("make_net", "the weights are drawn evenly", {"normal_(0, 0.01)": "uniform_(-0.01, 0.01)"},
      hint="Your weights lie evenly between two bounds. A normal distribution has most of its values near 0 and a few far "
      "out, and no bounds. Which method draws from it?")

wrong("make_net", "all weights are equal", {"normal_(0, 0.01)": "fill_(0.01)"},
      hint="Every weight has the same value. Here that would still learn, but in larger networks all units would stay "
      "alike for ever. The weights should be drawn at random. From which distribution?")

wrong("make_net", "the bias stays as nn.Linear made it", {"    net[0].bias.data.fill_(0)\n": ""},
      hint="The weights are as asked, but the bias is still the random number that the layer began with. What should it be, "
      "and how is a tensor filled with one number?")

wrong("make_net", "the layer has no bias",
      {"nn.Linear(in_features, 1)": "nn.Linear(in_features, 1, bias=False)", "    net[0].bias.data.fill_(0)\n": ""},
      hint="Without a bias the line always goes through the origin. A bias that begins at 0 can still be learned; one that is "
      "not there cannot. What does the layer need?")

wrong("make_net", "the layer is not in a Sequential",
      {"nn.Sequential(nn.Linear(in_features, 1))": "nn.Linear(in_features, 1)",
       "net[0].weight": "net.weight", "net[0].bias": "net.bias"},
      hint="The layer is right, but it stands alone, so that there is no first layer to look up. A Sequential is a list of layers, even if "
      "the list has only one. What is the type of what you return?")

wrong("make_net", "an activation follows the layer",
      {"nn.Sequential(nn.Linear(in_features, 1))": "nn.Sequential(nn.Linear(in_features, 1), nn.ReLU())"},
      hint="After the activation no prediction is below 0, but labels can be. Linear regression is the line itself, with "
      "nothing behind it. How many layers does the exercise ask for?")

wrong("train_concise", "no step follows the gradients",
      {"            trainer.zero_grad()\n            loss(net(X), y).backward()\n":
       "            loss(net(X), y).backward()\n            trainer.zero_grad()\n"},
      hint="The parameters stay as they were. Either no step is taken, or the gradients are thrown away between backward and "
      "step, so that the step finds nothing to follow. At which moments of the loop are old gradients of no use any more?")

wrong("train_concise", "gradients are never cleared", {"            trainer.zero_grad()\n": ""},
      hint="backward adds to the gradients that are there, so that each step also follows those of all batches before. What "
      "has to happen once for every batch, and when?")

wrong("train_concise", "gradients are cleared once for all",
      {"            trainer.zero_grad()\n": "", "    losses = []\n": "    losses = []\n    trainer.zero_grad()\n"},
      hint="You clear the gradients before training begins, and then they pile up from batch to batch. How often does a new "
      "gradient come in, and how often should the old one go?")

wrong("train_concise", "the loss has a half", {"loss = nn.MSELoss()": "loss = lambda a, b: nn.MSELoss()(a, b) / 2"},
      hint="This is the loss of the last unit, with a half in front: losses and gradients are half of what they should be. "
      "The loss that is asked for has none. What is the loss of a prediction that is 2 away?")

wrong("train_concise", "the loss is a sum", {"nn.MSELoss()": "nn.MSELoss(reduction='sum')"},
      hint="A sum grows with the batch, and the step grows with it: twice as many rows, twice as far. The mean keeps the "
      "learning rate meaningful for every size of a batch. Which one is asked for?")

wrong("train_concise", "the class of the loss is passed instead of a loss", {"loss = nn.MSELoss()": "loss = nn.MSELoss"},
      hint="MSELoss is a class. With two tensors in its brackets it makes a loss and takes them for settings; nothing is "
      "computed. What has to be made first, so that it can be called with predictions and labels?")

wrong("train_concise", "there is one step per epoch",
      {"            trainer.zero_grad()\n            loss(net(X), y).backward()\n            trainer.step()\n":
       "            loss(net(X), y).backward()\n        trainer.step()\n        trainer.zero_grad()\n"},
      hint="The gradients of all batches are added up, and one large step is taken at the end. Each batch should take a step "
      "of its own. To which loop does the step belong?")

wrong("train_concise", "the learning rate is not passed on", {"lr=lr": "lr=0.03"},
      hint="Your optimiser always uses the same learning rate, whatever the caller asks for. Where does the argument lr come "
      "in?")

wrong("train_concise", "the loss of the last batch is returned",
      {"total += float(loss(net(X), y)) * len(X)": "total = float(loss(net(X), y))", "total / rows": "total"},
      hint="You return the loss of one batch, the last one. It should be the loss over all rows, and after the epoch. What "
      "has to be added up?")

wrong("train_concise", "every batch counts the same",
      {"float(loss(net(X), y)) * len(X)": "float(loss(net(X), y))", "rows += len(X)": "rows += 1"},
      hint="You take the mean of the batches' means. The last batch may be smaller, and its rows then count for more than "
      "others. What has each batch's mean to be multiplied by?")

wrong("train_concise", "only the last loss is returned", {"return losses": "return losses[-1]"},
      hint="A single number comes back. The caller wants to see how the loss fell from epoch to epoch. What do you collect, "
      "and what do you return?")


@misconception("train_concise", "the loss is measured before each step",
               hint="You add up the losses on the way, each from before its step, while the network still changes. Asked for "
               "is the loss of the network as it is at the end of the epoch. When do you go over the data to measure it?")
def measured_on_the_way(net, data_iter, lr, num_epochs):
    loss, trainer, losses = nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=lr), []
    for _ in range(num_epochs):
        total = rows = 0
        for X, y in data_iter:
            trainer.zero_grad()
            l = loss(net(X), y)
            l.backward()
            trainer.step()
            total, rows = total + l.item() * len(X), rows + len(X)
        losses.append(total / rows)
    return losses


@misconception("train_concise", "another optimiser takes the steps",
               hint="Adam chooses the length of each step by itself, and the learning rate means something else to it. The "
               "exercise asks for plain gradient descent. Which of torch's optimisers is that?")
def by_adam(net, data_iter, lr, num_epochs):
    loss, trainer, losses = nn.MSELoss(), torch.optim.Adam(net.parameters(), lr=lr), []
    for _ in range(num_epochs):
        for X, y in data_iter:
            trainer.zero_grad()
            loss(net(X), y).backward()
            trainer.step()
        with torch.no_grad():
            parts = [(loss(net(X), y).item() * len(X), len(X)) for X, y in data_iter]
        losses.append(sum(part[0] for part in parts) / sum(part[1] for part in parts))
    return losses
