"""Known mistakes in loss functions."""

from autograder.suite import wrong

wrong(
    "l2_loss",
    "the half is left out",
    {"** 2 / 2": "** 2"},
    hint="Your losses are twice as large as they should be. The factor in front of the square is there so that the derivative "
    "comes out without one. Which factor does the formula begin with?",
)
wrong(
    "l2_loss",
    "the mean of all entries instead of one loss each",
    {"(y_hat - y) ** 2 / 2": "((y_hat - y) ** 2 / 2).mean()"},
    hint="A single number came back for all predictions. Here each entry has a loss of its own, and whoever calls the function "
    "decides whether to add or to average. Which shape should the result have?",
)
wrong(
    "l2_loss",
    "the labels are flattened and the predictions are not",
    {"y_hat - y": "y_hat - y.reshape(-1)"},
    hint="A column of n predictions minus a row of n labels is a table of n times n differences, without any error message: "
    "that is broadcasting. Print both shapes right before you subtract. Are they the same?",
)

wrong(
    "l1_loss",
    "the sign of the error is kept",
    {"(y_hat - y).abs()": "y_hat - y"},
    hint="Some of your losses are negative, so that a prediction that is too small would even be rewarded. A loss measures how far "
    "away the label is, in either direction. What turns a difference into a distance?",
)
wrong(
    "l1_loss",
    "the difference of the absolute values",
    {"(y_hat - y).abs()": "y_hat.abs() - y.abs()"},
    hint="Predicting 3 where the label is -3 costs nothing with your loss. The sign was dropped before the subtraction, and "
    "with it the information on which side of zero each number lies. Which comes first, difference or absolute value?",
)
wrong(
    "l1_loss",
    "the mean of all entries instead of one loss each",
    {"(y_hat - y).abs()": "(y_hat - y).abs().mean()"},
    hint="A single number came back for all predictions. Here each entry has a loss of its own, and whoever calls the function "
    "decides whether to add or to average. Which shape should the result have?",
)
wrong(
    "l1_loss",
    "dimensions of size 1 are dropped",
    {"(y_hat - y).abs()": "(y_hat - y).abs().squeeze()"},
    hint="Predictions of shape (n, 1) gave losses of shape (n,). Whoever subtracts or multiplies the two later gets a table of "
    "n times n numbers without noticing. Which step takes a dimension away?",
)
wrong(
    "l1_loss",
    "the root of the square",
    {"(y_hat - y).abs()": "((y_hat - y) ** 2).sqrt()"},
    hint="The values are right, but the slope of a square root is infinite at 0. Where a prediction is exact, going backward "
    "multiplies infinity by 0, and the gradient is nan. Which function drops a sign without a detour?",
)

wrong(
    "huber_loss",
    "the half delta is not subtracted from the linear piece",
    {"(e.abs() - delta / 2)": "e.abs()"},
    hint="Your loss jumps where the error reaches delta: there the squared piece ends at half of delta squared, and your "
    "linear piece begins at twice that. By how much must the line be lowered so that the two pieces meet?",
)
wrong(
    "huber_loss",
    "the two pieces are exchanged",
    {"squared, linear": "linear, squared"},
    hint="Small errors get the line and large ones the square, the wrong way round: Huber's loss should be gentle with "
    "outliers. Read your choice aloud. Which piece comes back where the condition is true?",
)
wrong(
    "huber_loss",
    "the condition forgets the sign of the error",
    {"e.abs() <= delta": "e <= delta"},
    hint="A prediction that is far too small has a large negative error, and every negative number is below delta: such an "
    "entry gets the squared piece. Does your condition ask for the size of the error, or for the error?",
)
wrong(
    "huber_loss",
    "the line forgets the sign of the error",
    {"e.abs() - delta / 2": "e - delta / 2"},
    hint="Large negative errors get a negative loss from your linear piece, so that a prediction far too small is rewarded. "
    "What does the formula put into the line: the error, or its absolute value?",
)
wrong(
    "huber_loss",
    "one half instead of half of delta is subtracted",
    {"(e.abs() - delta / 2)": "(e.abs() - 1 / 2)"},
    hint="With delta 1 your loss is right, and with any other delta it jumps where the two pieces should meet. Put an error of "
    "exactly delta into both pieces. What must be subtracted in the line?",
)
wrong(
    "huber_loss",
    "the half is left out of the squared piece",
    {"e**2 / 2": "e**2"},
    hint="Small errors cost twice what they should, and where the error reaches delta your loss falls all of a sudden. Put an "
    "error of exactly delta into both pieces. Which factor of the squared piece makes them meet?",
)
wrong(
    "huber_loss",
    "everything is divided by delta",
    {
        "return torch.where(e.abs() <= delta, squared, linear)": "return torch.where(e.abs() <= delta, squared, linear) / delta"
    },
    hint="Your loss is the smooth L1 loss of object detection, whose line has slope 1 whatever delta is. Huber's line has "
    "slope delta. Which factor distinguishes the two formulas?",
)
wrong(
    "huber_loss",
    "one if for the whole tensor",
    {"torch.where(e.abs() <= delta, squared, linear)": "squared if e.abs() <= delta else linear"},
    hint="An if needs one answer, and a tensor with several entries gives several: some errors are small, others large. Each entry "
    "must choose its own piece. Which function of torch chooses entry by entry?",
)
wrong(
    "huber_loss",
    "all entries get the piece of the largest error",
    {"e.abs() <= delta, squared": "e.abs().max() <= delta, squared"},
    hint="One outlier in the batch puts every entry on the line, even those with a tiny error. The choice between the pieces "
    "belongs to each entry. What is your condition a condition on: one number, or a number per entry?",
)
wrong(
    "huber_loss",
    "the mean of all entries instead of one loss each",
    {"torch.where(e.abs() <= delta, squared, linear)": "torch.where(e.abs() <= delta, squared, linear).mean()"},
    hint="A single number came back for all predictions. Here each entry has a loss of its own, and whoever calls the function "
    "decides whether to add or to average. Which shape should the result have?",
)

wrong(
    "l2_grad",
    "label minus prediction",
    {"y_hat - y": "y - y_hat"},
    hint="Your sign is turned round. A prediction above its label costs more when it grows, so there the derivative with respect "
    "to the prediction is positive. Which is subtracted from which?",
)
wrong(
    "l2_grad",
    "the half is forgotten",
    {"y_hat - y": "2 * (y_hat - y)"},
    hint="Your gradient is twice what it should be: it belongs to the squared error without the half in front. What becomes of "
    "that half when the square is differentiated?",
)
wrong(
    "l2_grad",
    "divided by the number of entries",
    {"y_hat - y": "(y_hat - y) / y_hat.numel()"},
    hint="This is the gradient of the mean over all entries. Here each entry has a loss of its own, and its gradient does not "
    "depend on how many others there are. Does the formula of the loss divide by anything but 2?",
)
wrong(
    "l2_grad",
    "the loss instead of its derivative",
    {"y_hat - y": "(y_hat - y) ** 2 / 2"},
    hint="What came back is the squared loss itself. Asked for is how fast it changes with the prediction: a number that can be "
    "negative, too. What is the derivative of half a square?",
)

wrong(
    "l1_grad",
    "the sign is turned round",
    {"y_hat - y": "y - y_hat"},
    hint="A prediction above its label costs more when it grows, so there the derivative with respect to the prediction is "
    "positive. You have it negative. Which is subtracted from which?",
)
wrong(
    "l1_grad",
    "minus one where the prediction is exact",
    {"torch.sign(y_hat - y)": "torch.where(y_hat > y, 1.0, -1.0).to(y_hat.dtype)"},
    hint="Where prediction and label agree, nothing should pull: at the kink we take 0. Your answer knows two cases, above and "
    "not above. In which of them does an error of exactly 0 end?",
)
wrong(
    "l1_grad",
    "one where the prediction is exact",
    {"torch.sign(y_hat - y)": "torch.where(y_hat < y, -1.0, 1.0).to(y_hat.dtype)"},
    hint="Where prediction and label agree, nothing should pull: at the kink we take 0. Your answer knows two cases, below and "
    "not below. In which of them does an error of exactly 0 end?",
)
wrong(
    "l1_grad",
    "the error divided by its absolute value",
    {"torch.sign(y_hat - y)": "(y_hat - y) / (y_hat - y).abs()"},
    hint="The quotient has the right sign wherever there is an error, but 0 divided by 0 is nan, and one nan spoils a whole "
    "training. What should come out where a prediction is exact?",
)
wrong(
    "l1_grad",
    "the error instead of its sign",
    {"torch.sign(y_hat - y)": "y_hat - y"},
    hint="Your gradient grows with the error, which is how the squared loss pulls. The absolute loss consists of two straight "
    "lines. What is the slope of each of them?",
)

wrong(
    "huber_grad",
    "large errors pull with one instead of delta",
    {"delta * torch.sign(e)": "torch.sign(e)"},
    hint="With delta 1 your gradient is right; with another one it jumps where the pieces meet. The straight piece of the loss "
    "has a factor in front. What becomes of it in the derivative?",
)
wrong(
    "huber_grad",
    "large errors do not pull at all",
    {"delta * torch.sign(e)": "0 * e"},
    hint="Beyond delta your gradient is 0, so that the examples predicted worst teach nothing. The loss does go on growing "
    "there, along a straight line. What is the slope of that line?",
)
wrong(
    "huber_grad",
    "large errors pull upwards whatever their sign",
    {"delta * torch.sign(e)": "torch.full_like(e, delta)"},
    hint="For large negative errors you return delta, as for large positive ones. The straight piece falls on the left and rises "
    "on the right. Which sign does its slope have for a prediction far too small?",
)
wrong(
    "huber_grad",
    "large errors pull with their own size",
    {"delta * torch.sign(e)": "delta * e"},
    hint="Your gradient goes on growing with the error beyond delta. The loss is a straight line there, and a straight line has "
    "the same slope everywhere. Where does the size of the error go when you differentiate?",
)
wrong(
    "huber_grad",
    "the condition forgets the sign of the error",
    {"e.abs() <= delta": "e <= delta"},
    hint="Every negative number is below delta, so predictions far too small pull with their whole error. Does your condition "
    "ask for the size of the error, or for the error?",
)
wrong(
    "huber_grad",
    "label minus prediction",
    {"y_hat - y": "y - y_hat"},
    hint="Your sign is turned round. A prediction above its label costs more when it grows, so there the derivative with respect "
    "to the prediction is positive. Which is subtracted from which?",
)
wrong(
    "huber_grad",
    "the two pieces are exchanged",
    {"e, delta * torch.sign(e)": "delta * torch.sign(e), e"},
    hint="Small errors pull with delta and large ones with all they have, the wrong way round: a gradient of Huber's loss is "
    "never larger than delta. Which piece comes back where your condition is true?",
)

wrong(
    "has_margin",
    "the right class is compared with itself, too",
    {"    lead[rows, y] = delta\n": ""},
    hint="Your answer is False for every example. The right class is ahead of itself by 0, which is never delta or more. Which "
    "classes does the formula compare, and which one must stay out?",
)
wrong(
    "has_margin",
    "a lead of exactly delta is not enough",
    {"(lead >= delta)": "(lead > delta)", "lead[rows, y] = delta": "lead[rows, y] = torch.inf"},
    hint="Where a class is ahead by exactly delta, you say no. Look closely at the sign in the formula. Does it allow both sides to "
    "be equal?",
)
wrong(
    "has_margin",
    "a lead over any other class is enough",
    {"lead[rows, y] = delta\n    return (lead >= delta).all(dim=1)": "return (lead >= delta).any(dim=1)"},
    hint="You say yes as soon as the right class is far ahead of one other class. Then another one may still lie close behind, or "
    "even in front. For how many of the other classes must the inequality hold?",
)
wrong(
    "has_margin",
    "only the largest score is looked for",
    {"return (lead >= delta).all(dim=1)": "return o.argmax(dim=1) == y"},
    hint="This asks whether the prediction is right. A right prediction may be right by a hair, and the question is whether it is "
    "right by delta or more. Where does delta enter?",
)
wrong(
    "has_margin",
    "the leader's margin, whichever class leads",
    {"o[rows, y][:, None] - o": "o.amax(dim=1)[:, None] - o", "lead[rows, y]": "lead[rows, o.argmax(dim=1)]"},
    hint="You measure how far the largest score is ahead of the others, even where it belongs to a wrong class. A network that is "
    "sure of something false has no margin. Whose score does the formula begin with?",
)
wrong(
    "has_margin",
    "a distance instead of a lead",
    {"(lead >= delta)": "(lead.abs() >= delta)"},
    hint="You ask whether the other scores are far away, above or below. A wrong class that is far above the right one is the "
    "worst case and counts as a margin with you. Which sign must the difference have?",
)
wrong(
    "has_margin",
    "one answer for the whole batch",
    {"all(dim=1)": "all()"},
    hint="A single True or False came back. Each example has a margin or has none, so there are as many answers as there are rows. "
    "Along which dimension do the classes lie?",
)
wrong(
    "has_margin",
    "one answer per class instead of one per example",
    {"all(dim=1)": "all(dim=0)"},
    hint="As many answers came back as there are classes: you asked all examples about each class. Each row is one example, and "
    "its classes lie side by side. Along which dimension must all comparisons hold?",
)
wrong(
    "has_margin",
    "dimensions of size 1 are dropped",
    {"all(dim=1)": "all(dim=1).squeeze()"},
    hint="For a batch of one example a value without any dimension came back, and whoever counts or indexes the answers will fail. "
    "One example is a batch, too. Which step takes its dimension away?",
)
