"""Known mistakes in softmax regression with torch's own layers."""

from autograder.suite import wrong

# fmt: off

wrong("one_hot", "True and False are returned", {".float()": ""},
      hint="The pattern is right, but its entries are truth values. A loss or a matrix product needs numbers. Which dtype does "
      "the exercise ask for?")

wrong("one_hot", "whole numbers are returned", {".float()": ".long()"},
      hint="The pattern is right, but its entries are whole numbers, which do not multiply with the floating-point numbers of a "
      "network. Which dtype does the exercise ask for?")

wrong("one_hot", "rows and columns are exchanged", {"y[:, None] == torch.arange(num_classes)": "y == torch.arange(num_classes)[:, None]"},
      hint="Each example stands in a column instead of a row. Which of the two, the classes of the examples or the list of all "
      "classes, has to run down the rows?")

wrong("one_hot", "there are only as many columns as y needs", {"torch.arange(num_classes)": "torch.arange(int(y.max()) + 1)"},
      hint="You count the columns by the largest class in y. A batch need not contain the last classes, and all batches must have "
      "rows of one length. Which argument says how many classes there are?")

wrong("one_hot", "classes are counted from 1", {"torch.arange(num_classes)": "torch.arange(1, num_classes + 1)"},
      hint="The 1 stands one column too far to the left, and class 0 has none. Classes are counted from 0, as columns are. With "
      "which number does your list of classes begin?")

wrong("init_weights", "the biases are drawn too", {"std=0.01)": "std=0.01)\n        nn.init.normal_(m.bias, std=0.01)"},
      hint="The weights are as asked for, but the biases have changed as well. Only the weight of a linear layer is to be drawn. "
      "What does the exercise say about the bias?")

wrong("init_weights", "the standard deviation is 0.1", {"std=0.01": "std=0.1"},
      hint="The weights are ten times as large as they should be. Compare the number that you hand over with the one in the "
      "exercise: is yours a standard deviation, or a variance?")

wrong("init_weights", "the standard deviation is left out", {", std=0.01": ""},
      hint="Without being told, torch draws with the standard deviation 1, a hundred times too much. Which argument says how far "
      "the numbers may spread?")

wrong("init_weights", "the numbers 0 and 0.01 are taken for bounds", {"nn.init.normal_(m.weight, std=0.01)": "nn.init.uniform_(m.weight, -0.01, 0.01)"},
      hint="Your weights are spread evenly between two bounds. Asked for is a normal distribution, whose numbers gather around 0 "
      "and have no bounds. Which initialiser draws from it?")

wrong("init_weights", "every layer with a weight is drawn", {"isinstance(m, nn.Linear)": "hasattr(m, 'weight') and m.weight is not None"},
      hint="Convolutions, embeddings and normalisations have weights too, and you redraw them all. Only linear layers are meant. "
      "How do you ask a module for its kind?")

wrong("init_weights", "only layers in a Sequential are looked at",
      {"if isinstance(m, nn.Linear):\n        nn.init.normal_(m.weight, std=0.01)":
       "if isinstance(m, nn.Sequential) and isinstance(m[0], nn.Linear):\n        nn.init.normal_(m[0].weight, std=0.01)"},
      hint="You expect the whole network and look for its first layer. Your function is called with every single module, one "
      "after the other, inner ones too. What is m when a linear layer is handed in?")

wrong("make_net", "the initialisation is never applied", {"    net.apply(init_weights)\n": ""},
      hint="The network is right, but its weights are those that torch gives every new linear layer. You wrote a function for "
      "that. Who calls it?")

wrong("make_net", "softmax is the last layer", {"nn.Linear(num_inputs, num_outputs))": "nn.Linear(num_inputs, num_outputs), nn.Softmax(dim=1))"},
      hint="Your network gives probabilities. Softmax is a part of the loss already, so that it would be applied twice, and "
      "training slows down to a crawl. What should come out of the network?")

wrong("make_net", "images have 724 pixels", {"num_inputs=784": "num_inputs=724"},
      hint="The shapes do not fit for images of 28 × 28 pixels. Count once more how many pixels such an image has. What is 28 "
      "times 28?")

wrong("make_net", "images are not flattened", {"nn.Flatten(), ": ""},
      hint="A linear layer works on the last axis alone, and an image has several. All pixels of an image have to stand in one row "
      "first. Which layer does that?")

wrong("make_net", "the whole batch is flattened", {"nn.Flatten()": "nn.Flatten(0)"},
      hint="All images of the batch end up in one long row. The first axis counts the examples and has to stay. From which axis "
      "on should be flattened?")

wrong("make_net", "the layer has no bias", {"nn.Linear(num_inputs, num_outputs)": "nn.Linear(num_inputs, num_outputs, bias=False)"},
      hint="Without a bias, a black image has the same score for every class. A linear layer has one unless it is told not to. Why "
      "did you leave it out?")

wrong("make_net", "an activation follows the linear layer", {"nn.Linear(num_inputs, num_outputs))": "nn.Linear(num_inputs, num_outputs), nn.ReLU())"},
      hint="Your logits are never below 0: whatever the linear layer holds against a class is cut off. Nothing should follow it. "
      "What are logits?")

wrong("make_net", "there are always ten classes", {"nn.Linear(num_inputs, num_outputs)": "nn.Linear(num_inputs, 10)"},
      hint="Whatever the caller asks for, your network has ten outputs. The number of classes is an argument. Where does it belong?")

wrong("cross_entropy_from_logits", "the largest logit is not subtracted",
      {"logits - logits.max(dim=1, keepdim=True).values": "logits"},
      hint="For large logits exp is infinite, and for very negative ones all of them become 0. Subtract the same number from every "
      "logit of a row, and nothing changes but the range. Which number makes the largest exponent 0?")

wrong("cross_entropy_from_logits", "one largest logit is subtracted from all rows",
      {"logits.max(dim=1, keepdim=True).values": "logits.max()"},
      hint="You subtract the largest logit of the whole batch. A row that lies far below it loses all its exponentials to 0. Each "
      "row needs a number of its own. Along which axis do you take the maximum?")

wrong("cross_entropy_from_logits", "the logarithm of a softmax that was rounded",
      {"return shifted.exp().sum(dim=1).log() - shifted[torch.arange(len(y)), y]":
       "return -(shifted.exp() / shifted.exp().sum(dim=1, keepdim=True))[torch.arange(len(y)), y].log()"},
      hint="First you compute the probability, then its logarithm. A small probability is rounded to 0, and its logarithm is "
      "infinite. In the formula logarithm and exp cancel. Which quotient do you not need at all?")

wrong("cross_entropy_from_logits", "the logits are taken for probabilities",
      {"return shifted.exp().sum(dim=1).log() - shifted[torch.arange(len(y)), y]": "return -logits[torch.arange(len(y)), y].log()"},
      hint="You take the logarithm of a logit. That is the loss of a probability, but logits can be negative and sum to anything. "
      "What turns logits into probabilities?")

wrong("cross_entropy_from_logits", "the sign is wrong", {"return shifted": "return -shifted", ".log() - shifted[": ".log() + shifted["},
      hint="Your losses are the right ones with a minus: the better the prediction, the larger. A loss is 0 at best. Which of the "
      "two terms of the formula has the minus sign?")

wrong("cross_entropy_from_logits", "the mean is returned",
      {"return shifted.exp().sum(dim=1).log() - shifted[torch.arange(len(y)), y]":
       "return (shifted.exp().sum(dim=1).log() - shifted[torch.arange(len(y)), y]).mean()"},
      hint="You average over the batch. The exercise asks for one loss per example; whoever trains decides what to do with them. "
      "What is the shape of your result?")

wrong("cross_entropy_from_logits", "the sum runs over the batch", {".sum(dim=1)": ".sum(dim=0)"},
      hint="You add up the exponentials of one class over all examples. The probabilities of one example have to sum to 1, so the "
      "sum runs over its classes. Along which axis do they lie?")

wrong("cross_entropy_from_logits", "the logarithm has base 2", {".sum(dim=1).log()": ".sum(dim=1).log2()"},
      hint="Two equal logits cost 1 with your function, which is the logarithm of 2 to the base 2. The formula means the natural "
      "logarithm, which undoes exp. Which one do you call?")

wrong("cross_entropy_grad", "the sign is wrong", {"return grad": "return -grad"},
      hint="Your derivative points the other way: at the true class it is positive, as if a larger logit made the loss larger. "
      "Which of the two is subtracted from which, the probabilities or the truth?")

wrong("cross_entropy_grad", "the derivative of the mean is returned", {"return grad": "return grad / len(y)"},
      hint="Everything is too small by the number of examples. That would be the derivative of the mean loss. What does the "
      "exercise say about how the losses are put together?")

wrong("cross_entropy_grad", "nothing is taken away at the true class", {"    grad[torch.arange(len(y)), y] -= 1\n": ""},
      hint="These are the probabilities of softmax, the derivative of the first term of the loss. The second term depends on a "
      "logit too. On which one, and with which slope?")

wrong("cross_entropy_grad", "1 is taken away in whole columns", {"grad[torch.arange(len(y)), y] -= 1": "grad[:, y] -= 1"},
      hint="You take 1 away from all rows in every column that is somebody's true class. Each row has one true class. How are a "
      "row number and a column number paired?")

wrong("cross_entropy_grad", "the largest logit is not subtracted", {"(logits - logits.max(dim=1, keepdim=True).values).exp()": "logits.exp()"},
      hint="For large logits exp is infinite, and a quotient of two infinities is no number. How did you keep exp in range when "
      "you computed the loss?")

wrong("cross_entropy_grad", "the other classes are 0",
      {"return grad": "return grad * (y[:, None] == torch.arange(logits.shape[1]))"},
      hint="Only the true class has a derivative in your result. The other logits stand in the sum of the exponentials, too: a "
      "larger one makes the loss larger. What is left for them when 1 is not taken away?")

wrong("entropy_between", "0 times log 0 is not a number", {"torch.where(p > 0, p * t.log(), 0.0)": "(p * t.log())"},
      hint="The logarithm of 0 is minus infinity, and 0 times infinity is not a number. Here it should count as 0, for what never "
      "happens is never a surprise. How do you choose 0 where p is 0?")

wrong("entropy_between", "the two distributions are exchanged", {"p > 0, p * t.log()": "t > 0, t * p.log()"},
      hint="You weigh the logarithm of p by t. It is the truth that decides how often something happens, and the model that is "
      "surprised. Which of the two belongs into the logarithm?")

wrong("entropy_between", "a small number is added before the logarithm", {"t.log()": "(t + 1e-7).log()"},
      hint="A small number keeps the logarithm finite, but changes every result a little, and what the model holds for impossible "
      "should cost infinitely much. Where exactly is there a problem, and what should come out there?")

wrong("entropy_between", "the entropy of the truth is taken away", {"p * t.log()": "p * (t.log() - p.log())"},
      hint="This is the Kullback-Leibler divergence, which is 0 if both are the same. The cross-entropy does not take the entropy "
      "of p away. Compare with the formula: how many logarithms has it?")

wrong("entropy_between", "the minus sign is missing", {"return -torch": "return torch"},
      hint="Your results are negative: a logarithm of a number below 1 is. Surprise should be counted positively. What stands in "
      "front of the sum in the formula?")

wrong("entropy_between", "the logarithm has base 2", {"t.log()": "t.log2()"},
      hint="A fair coin has the entropy 1 in your unit, the bit. The exercise asks for the natural logarithm, in which it has "
      "0.6931. Which logarithm do you call?")

wrong("entropy_between", "the mean over the classes is taken", {".sum(dim=1)": ".mean(dim=1)"},
      hint="You divide by the number of classes. The probabilities are the weights already, and they sum to 1. What does the "
      "formula do with the terms of a row?")

wrong("binary_as_softmax", "the two classes are exchanged", {"[x, torch.zeros_like(x)]": "[torch.zeros_like(x), x]"},
      hint="Your softmax gives the sigmoid to the second class. A large score should speak for the first class. Which of the two logits has to grow "
      "with x?")

wrong("binary_as_softmax", "the second logit is minus the score", {"torch.zeros_like(x)": "-x"},
      hint="The two logits differ by twice the score, so that your softmax is the sigmoid of 2x. Only the difference of the logits counts. How "
      "large should it be?")

wrong("binary_as_softmax", "probabilities are returned instead of logits",
      {"torch.stack([x, torch.zeros_like(x)], dim=1)": "torch.stack([x.sigmoid(), 1 - x.sigmoid()], dim=1)"},
      hint="These are the probabilities themselves, and softmax is still to come: it would squeeze them together once more. Which "
      "numbers have these probabilities as their softmax?")

wrong("binary_as_softmax", "the second logit is one minus the score", {"torch.zeros_like(x)": "1 - x"},
      hint="Probabilities sum to 1, logits need not. Only the difference of two logits counts, and yours is 2x − 1. What should it "
      "be, so that softmax gives the sigmoid of x?")

wrong("train_ch3", "the network is tested on the training set", {"evaluate_accuracy(net, test_iter)": "evaluate_accuracy(net, train_iter)"},
      hint="Your third number is measured on data that the network was trained on. It says nothing about new data. Which of the "
      "two sets is meant for that?")

wrong("train_ch3", "only the last epoch is returned", {"return history": "return history[-1]"},
      hint="A single tuple comes back. The caller wants to draw a curve, with a point for every epoch. What did you collect, and "
      "what do you return?")

wrong("train_ch3", "the test comes before the training",
      {"        train_loss, train_acc = train_epoch_ch3(net, train_iter, loss, updater)\n        test_acc = evaluate_accuracy(net, test_iter)\n":
       "        test_acc = evaluate_accuracy(net, test_iter)\n        train_loss, train_acc = train_epoch_ch3(net, train_iter, loss, updater)\n"},
      hint="You test the network as it was before the epoch. The tuple of an epoch should say how good the network is after it. In "
      "which order do the two calls belong?")

wrong("train_ch3", "loss and accuracy are exchanged", {"(train_loss, train_acc, test_acc)": "(train_acc, train_loss, test_acc)"},
      hint="The numbers are right, but they stand in the wrong order. Whoever draws them would show a loss as an accuracy. In which "
      "order does the exercise list them?")

wrong("train_ch3", "an epoch is trained too many", {"range(num_epochs)": "range(num_epochs + 1)"},
      hint="Your list is one longer than the number of epochs that was asked for, and the network has been trained once too often. "
      "How often does your loop run?")

wrong("train_ch3", "the test set is trained on too", {"test_acc = evaluate_accuracy(net, test_iter)": "test_acc = train_epoch_ch3(net, test_iter, loss, updater)[1]"},
      hint="You use the function that trains in order to test, so that the network also learns from the test set. After that no "
      "data is left to tell how good it is. Which of the two given functions leaves the network as it is?")
