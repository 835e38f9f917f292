"""Known mistakes in dropout."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import misconception


def masked(X, dropout, mask):
    """What a right dropout makes of a mask: the ends of the range, the check of the range, the scale."""
    assert 0 <= dropout <= 1
    if dropout == 1:
        return torch.zeros_like(X)
    if dropout == 0:
        return X
    return mask.to(X.dtype) * X / (1 - dropout)


@misconception(
    "dropout_layer",
    "mask from a normal distribution",
    hint="The share of kept entries is wrong, and it fits a mask drawn from randn: a normal number is "
    "above 0.5 in only 31% of all cases. A number that is below p with probability p comes from a "
    "uniform distribution.",
)
def normal_mask(X, dropout):
    return masked(X, dropout, torch.randn(X.shape) > dropout)


@misconception(
    "dropout_layer",
    "kept with probability p instead of dropped",
    hint="dropout is the probability to drop an entry; your mask keeps it with that probability. With 0.5 "
    "both look the same, so try 0.1. Which side of the comparison stands for the dropped entries?",
)
def inverted_mask(X, dropout):
    return masked(X, dropout, torch.rand(X.shape) < dropout)


@misconception(
    "dropout_layer",
    "no division by 1 - p",
    hint="The kept entries came back as they were. Only a share 1 - p of them is left, so their mean has "
    "shrunk, and in evaluation, without dropout, the next layer would see larger numbers than in "
    "training. What makes up for it?",
)
def unscaled(X, dropout):
    assert 0 <= dropout <= 1
    return (torch.rand(X.shape) >= dropout).to(X.dtype) * X


@misconception(
    "dropout_layer",
    "divided by p instead of 1 - p",
    hint="The kept entries were divided by the probability to be dropped. The expected value has to stay "
    "x: an entry is kept with probability 1 - p, so that is what must cancel. With p = 0.5 both are "
    "the same.",
)
def divided_by_p(X, dropout):
    assert 0 <= dropout <= 1
    if dropout in (0, 1):
        return X * (1 - dropout)
    return (torch.rand(X.shape) > dropout).to(X.dtype) * X / dropout


@misconception(
    "dropout_layer",
    "multiplied by 1 - p",
    hint="The kept entries were made smaller, although there are fewer of them. Their scale has to make up "
    "for the dropped ones, so that the expected value stays x: compute (1 - p) times what you return "
    "for a kept entry.",
)
def multiplied(X, dropout):
    assert 0 <= dropout <= 1
    return (torch.rand(X.shape) >= dropout).to(X.dtype) * X * (1 - dropout)


@misconception(
    "dropout_layer",
    "0 / 0 where everything is dropped",
    hint="With dropout 1 the mask is zero everywhere, and so is 1 - p: 0 / 0 is nan. The formula has no "
    "value there, the exercise does. Treat this case before you divide.",
)
def nan_at_1(X, dropout):
    assert 0 <= dropout <= 1
    mask = (torch.rand(X.shape) >= dropout).to(X.dtype)
    return mask * X / (1 - dropout)


@misconception(
    "dropout_layer",
    "everything kept where dropout is 1",
    hint="With dropout 1 every entry is dropped, so nothing but zeros may come back. X itself is the "
    "answer at the other end of the range.",
)
def ends_swapped(X, dropout):
    assert 0 <= dropout <= 1
    if dropout == 1:
        return X
    if dropout == 0:
        return torch.zeros_like(X)
    return masked(X, dropout, torch.rand(X.shape) > dropout)


@misconception(
    "dropout_layer",
    "one mask for the whole batch",
    hint="All examples lose the same entries: your mask has the shape of one example and is broadcast over "
    "the batch. Every entry of X is decided on its own. Which shape must the random numbers have?",
)
def shared_mask(X, dropout):
    return masked(X, dropout, torch.rand(X.shape[1:]) > dropout)


@misconception(
    "dropout_layer",
    "whole examples are dropped",
    hint="One number is drawn per example, so an example is kept or dropped as a whole. Dropout removes "
    "single units: the random numbers need the shape of X, not just its first dimension.",
)
def whole_examples(X, dropout):
    draws = torch.rand(X.shape[:1] + (1,) * (X.ndim - 1))
    return masked(X, dropout, (draws > dropout).expand(X.shape))


@misconception(
    "dropout_layer",
    "one coin for the whole tensor",
    hint="A single random number decides over all of X: it is kept or dropped as a whole. Draw one number "
    "for each entry.",
)
def one_coin(X, dropout):
    keep = float(torch.rand(1)) > dropout
    return masked(X, dropout, torch.full(X.shape, float(keep)))


@misconception(
    "dropout_layer",
    "a fixed number of entries is dropped",
    hint="Your function drops exactly a share p of the entries, chosen at random. In dropout each entry is "
    "decided on its own, without a look at the others, so the number of dropped ones is random too.",
)
def fixed_number(X, dropout):
    order = torch.randperm(X.numel()).reshape(X.shape)
    return masked(X, dropout, order >= round(dropout * X.numel()))


@misconception(
    "dropout_layer",
    "the generator is seeded in every call",
    hint="Each call draws the same mask, because the random generator is put back to the same seed inside "
    "the function. Then the same units are dropped in every step of the training. Seeds belong "
    "outside.",
)
def seeded(X, dropout):
    torch.manual_seed(0)
    return masked(X, dropout, torch.rand(X.shape) > dropout)


@misconception(
    "dropout_layer",
    "random numbers instead of zeros and ones",
    hint="X was multiplied by random numbers between 0 and 1. A mask holds only zeros and ones: compare "
    "the random numbers with the probability before you multiply.",
)
def without_threshold(X, dropout):
    return masked(X, dropout, torch.rand(X.shape, dtype=X.dtype))


@misconception(
    "dropout_layer",
    "the range of dropout is not checked",
    hint="A dropout of 1.5 or -0.5 is no probability, and most likely a percentage or a slip of the "
    "caller. Say so with an error instead of computing nonsense.",
)
def unchecked_range(X, dropout):
    if dropout == 1:
        return torch.zeros_like(X)
    return (torch.rand(X.shape) >= dropout).to(X.dtype) * X / (1 - dropout)


@misconception(
    "dropout_layer",
    "only one end of the range is checked",
    hint="One side of the range is refused and the other accepted. A probability is neither below 0 nor above 1.",
)
def half_checked_range(X, dropout):
    assert dropout <= 1
    if dropout == 1:
        return torch.zeros_like(X)
    return (torch.rand(X.shape) >= dropout).to(X.dtype) * X / (1 - dropout)


@misconception(
    "dropout_layer",
    "the ends of the range are refused",
    hint="0 and 1 belong to the range: dropout 0 switches dropout off, and dropout 1 drops everything. "
    "Look at whether your comparison is strict.",
)
def open_range(X, dropout):
    assert 0 < dropout < 1
    return masked(X, dropout, torch.rand(X.shape) > dropout)


@misconception(
    "dropout_layer",
    "the input is changed in place",
    hint="The caller's X is different after the call. Assigning to X[...], operators such as *= and "
    "functions that end in an underscore write into the tensor they are given.",
)
def in_place(X, dropout):
    assert 0 <= dropout <= 1
    X *= (torch.rand(X.shape) >= dropout).to(X.dtype)
    return X / (1 - dropout) if dropout < 1 else X


@misconception(
    "dropout_layer",
    "cut off from the gradient",
    hint="The result is right, but no gradient flows back to X, so the layers before this one would not "
    "learn. Look for detach, .data, no_grad, or a new tensor made from the values of X.",
)
def detached(X, dropout):
    return masked(X.detach(), dropout, torch.rand(X.shape) > dropout)


@misconception(
    "dropout_layer",
    "nan in the gradient where everything is dropped",
    hint="With dropout 1 your result is zero, but on the way to it X was divided by 0 and the outcome "
    "replaced afterwards. The gradient goes back through that division: 0 times infinity is nan. Treat "
    "this case before you divide.",
)
def division_hidden_afterwards(X, dropout):
    assert 0 <= dropout <= 1
    dropped = torch.rand(X.shape) < dropout
    return torch.where(dropped, torch.zeros_like(X), X / torch.tensor(1 - dropout, dtype=X.dtype))


@misconception(
    "dropout_layer",
    "all calls write into one tensor",
    hint="The result of the first call has changed after the second one: both are the same tensor, kept "
    "between the calls. Each result needs memory of its own.",
)
class OneResult:
    results = {}

    def __new__(cls, X, dropout):
        result = masked(X, dropout, torch.rand(X.shape) > dropout)
        if result.requires_grad:
            return result
        kept = cls.results.setdefault((X.shape, X.dtype), torch.empty(X.shape, dtype=X.dtype))
        return kept.copy_(result)


@misconception(
    "dropout_layer",
    "the recording of gradients is switched on",
    hint="You switch recording off for the mask and on again afterwards. Whoever called you under "
    "torch.no_grad() now records gradients without knowing. Use what puts the old state back by itself, "
    "or look at whether a mask needs this at all.",
)
def recording_switched_on(X, dropout):
    torch.set_grad_enabled(False)
    mask = torch.rand(X.shape) > dropout
    torch.set_grad_enabled(True)
    return masked(X, dropout, mask)


@misconception(
    "dropout_layer",
    "nothing is dropped under no_grad",
    hint="Under torch.no_grad() your function returns X. Whether gradients are recorded and whether a network "
    "is being trained are two questions. This function always drops; its caller asks for the mode.",
)
def idle_without_gradients(X, dropout):
    assert 0 <= dropout <= 1
    return masked(X, dropout, torch.rand(X.shape) > dropout) if torch.is_grad_enabled() or dropout == 1 else X


class Perceptron(nn.Module):
    """A right network, to be spoilt in one place."""

    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__()
        self.lin1 = nn.Linear(num_inputs, num_hiddens1)
        self.lin2 = nn.Linear(num_hiddens1, num_hiddens2)
        self.lin3 = nn.Linear(num_hiddens2, num_outputs)
        self.rates = dropout1, dropout2
        self.training = is_training

    def drop(self, H, layer):
        return dropout_layer(H, self.rates[layer]) if self.training else H

    def forward(self, X):
        H1 = self.drop(F.relu(self.lin1(X.flatten(1))), 0)
        return self.lin3(self.drop(F.relu(self.lin2(H1)), 1))


@misconception(
    "Net",
    "lin2 is defined twice, lin3 never",
    hint="The third layer was stored under the name of the second, which is lost, and lin3 does not exist. "
    "Compare the names you assign in the constructor with those you use in forward.",
)
class LastLayerMisnamed(Perceptron):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__(num_inputs, num_outputs, num_hiddens1, num_hiddens2, is_training, dropout1, dropout2)
        del self.lin3
        self.lin2 = nn.Linear(num_hiddens2, num_outputs)


@misconception(
    "Net",
    "dropout is active in evaluation mode",
    hint="After net.eval() the same X gives different outputs. Dropout is there to train; a prediction "
    "uses every unit. Ask self.training before you drop.",
)
class AlwaysDropping(Perceptron):
    def drop(self, H, layer):
        return dropout_layer(H, self.rates[layer])


@misconception(
    "Net",
    "one of the two dropouts is active in evaluation mode",
    hint="One hidden layer asks for the mode, the other drops units in evaluation too. Look at what stands "
    "under each if.",
)
class SecondAlwaysDropping(Perceptron):
    def drop(self, H, layer):
        return dropout_layer(H, self.rates[layer]) if self.training or layer == 1 else H


@misconception(
    "Net",
    "dropout in evaluation mode instead of training mode",
    hint="The condition is the wrong way round: units are dropped in evaluation mode and kept in training mode.",
)
class DroppingInEvaluation(Perceptron):
    def drop(self, H, layer):
        return H if self.training else dropout_layer(H, self.rates[layer])


@misconception(
    "Net",
    "the mode is kept in an attribute of its own",
    hint="forward looks at what the constructor was told, and net.eval() does not change that. Every "
    "module has an attribute that net.train() and net.eval() set; use that one.",
)
class OwnMode(Perceptron):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__(num_inputs, num_outputs, num_hiddens1, num_hiddens2, is_training, dropout1, dropout2)
        self.is_training = is_training

    def drop(self, H, layer):
        return dropout_layer(H, self.rates[layer]) if self.is_training else H


@misconception(
    "Net",
    "is_training is ignored",
    hint="A network made with is_training=False drops units from the start. Either the argument is never "
    "used, or super().__init__() comes after it and sets training back to True.",
)
class IgnoresIsTraining(Perceptron):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__(num_inputs, num_outputs, num_hiddens1, num_hiddens2, True, dropout1, dropout2)


@misconception(
    "Net",
    "the two dropout probabilities are swapped",
    hint="The first hidden layer is dropped with dropout2 and the second with dropout1. The first argument "
    "belongs to the layer behind lin1.",
)
class SwappedRates(Perceptron):
    def drop(self, H, layer):
        return super().drop(H, 1 - layer)


@misconception(
    "Net",
    "dropout1 for both hidden layers",
    hint="Both hidden layers are dropped with dropout1. The second has a probability of its own.",
)
class FirstRateTwice(Perceptron):
    def drop(self, H, layer):
        return super().drop(H, 0)


@misconception(
    "Net",
    "probabilities written into the code",
    hint="Whatever dropout1 and dropout2 say, the network drops with 0.2 and 0.5. These are only their "
    "defaults: keep the arguments in the constructor and use them in forward.",
)
class FixedRates(Perceptron):
    def drop(self, H, layer):
        return dropout_layer(H, (0.2, 0.5)[layer]) if self.training else H


@misconception(
    "Net",
    "the input is dropped",
    hint="Dropout acts one layer too early, on the input and on the first hidden layer. It belongs behind "
    "the activation of each hidden layer.",
)
class DropsTheInput(Perceptron):
    def forward(self, X):
        H1 = F.relu(self.lin1(self.drop(X.flatten(1), 0)))
        return self.lin3(F.relu(self.lin2(self.drop(H1, 1))))


@misconception(
    "Net",
    "the output is dropped",
    hint="Dropout acts on the output of lin3: whole scores of classes disappear. It belongs to the two "
    "hidden layers only.",
)
class DropsTheOutput(Perceptron):
    def forward(self, X):
        H2 = F.relu(self.lin2(self.drop(F.relu(self.lin1(X.flatten(1))), 0)))
        return self.drop(self.lin3(H2), 1)


@misconception(
    "Net",
    "no activation behind the second layer",
    hint="Without an activation between them, lin2 and lin3 together are one linear layer. Each hidden "
    "layer has its relu.",
)
class OneActivation(Perceptron):
    def forward(self, X):
        H1 = self.drop(F.relu(self.lin1(X.flatten(1))), 0)
        return self.lin3(self.drop(self.lin2(H1), 1))


@misconception(
    "Net",
    "an activation on the output",
    hint="No output is ever negative: a relu was put behind lin3 too. The scores of the classes may have any sign.",
)
class ActivatedOutput(Perceptron):
    def forward(self, X):
        return super().forward(X).relu()


@misconception(
    "Net",
    "images are not flattened",
    hint="A linear layer acts on the last dimension, and that of an image is its width. Make each example "
    "a row of num_inputs numbers first.",
)
class WithoutFlattening(Perceptron):
    def forward(self, X):
        H1 = self.drop(F.relu(self.lin1(X)), 0)
        return self.lin3(self.drop(F.relu(self.lin2(H1)), 1))


@misconception(
    "Net",
    "one mask drawn in the constructor",
    hint="The masks were drawn once, when the network was made, so the same units are missing for ever. A "
    "new mask belongs to every pass and every example: draw it in forward.",
)
class FixedMasks(Perceptron):
    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__(num_inputs, num_outputs, num_hiddens1, num_hiddens2, is_training, dropout1, dropout2)
        self.masks = [
            dropout_layer(torch.ones(n, dtype=torch.float64), p)
            for n, p in ((num_hiddens1, dropout1), (num_hiddens2, dropout2))
        ]

    def drop(self, H, layer):
        return H * self.masks[layer].to(H.dtype) if self.training else H


@misconception(
    "Net",
    "dropped behind the back of autograd",
    hint="The output is right, but the gradient is not: the units were dropped and scaled in a way that "
    "autograd does not see, so it passes the scale by. Look for .data, detach and no_grad in forward.",
)
class DropsTheData(Perceptron):
    def drop(self, H, layer):
        if self.training:
            H.data = dropout_layer(H.data, self.rates[layer])
        return H


@misconception(
    "Net",
    "the probabilities belong to the class",
    hint="When a second network is made, the first one drops with its probabilities: they are kept in a place "
    "that all networks share, the class or a global name. Each network needs its own.",
)
class RatesOfTheClass(Perceptron):
    shared = {}

    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        super().__init__(num_inputs, num_outputs, num_hiddens1, num_hiddens2, is_training, dropout1, dropout2)
        self.shared["rates"] = dropout1, dropout2

    def drop(self, H, layer):
        return dropout_layer(H, self.shared["rates"][layer]) if self.training else H


@misconception(
    "Net",
    "evaluation switches the recording of gradients off",
    hint="After a pass in evaluation mode torch records no gradients any more, here and in the rest of the "
    "program. Evaluation mode changes what the network computes; whether gradients are recorded is the "
    "caller's decision.",
)
class SwitchesRecordingOff(Perceptron):
    def forward(self, X):
        if not self.training:
            torch.set_grad_enabled(False)
        return super().forward(X)


@misconception(
    "Net",
    "nothing is dropped under no_grad",
    hint="In training mode but under torch.no_grad() your network drops nothing. Only the mode decides: "
    "whether gradients are recorded is another question.",
)
class IdleWithoutGradients(Perceptron):
    def drop(self, H, layer):
        return super().drop(H, layer) if torch.is_grad_enabled() else H


@misconception(
    "Net",
    "the mode of a larger network is not followed",
    hint="Alone, your network follows train() and eval(). As a part of a larger one it does not: the larger "
    "one never calls eval() of its parts, but train with the argument False. Leave both methods as they "
    "are and ask for the attribute they set.",
)
class DeafToItsParent(Perceptron):
    def train(self, mode=True):
        self.dropping = True
        return super().train(mode)

    def eval(self):
        super().eval()
        self.dropping = False
        return self

    def drop(self, H, layer):
        return dropout_layer(H, self.rates[layer]) if getattr(self, "dropping", self.training) else H


def concise(p1, p2, *, std=0.01, activations=(True, True), dropouts=None, last=None):
    """The right concise network, or one that differs in one place."""
    layers = [nn.Flatten()]
    first, second = dropouts or (nn.Dropout(p1), nn.Dropout(p2))
    for inputs, active, drop in ((784, activations[0], first), (256, activations[1], second)):
        layers += [nn.Linear(inputs, 256), *([nn.ReLU()] if active else []), drop]
    net = nn.Sequential(*layers, nn.Linear(256, 10), *([last] if last else []))
    for layer in net:
        if std and isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=std)
    return net


@misconception(
    "make_dropout_net",
    "the initialisation is never applied",
    hint="The weights are those that nn.Linear draws by itself, uniform and larger. A function that "
    "initialises a layer does nothing until it is applied to the network.",
)
def without_initialisation(p1, p2):
    return concise(p1, p2, std=None)


@misconception(
    "make_dropout_net",
    "0.01 taken as the variance",
    hint="The standard deviation of your weights is 0.1, so their variance is 0.01. The exercise gives the "
    "standard deviation.",
)
def variance_for_deviation(p1, p2):
    return concise(p1, p2, std=0.1)


@misconception(
    "make_dropout_net",
    "the standard deviation is left at 1",
    hint="Your weights are standard normal: without its std argument, normal_ draws with standard deviation 1.",
)
def standard_normal(p1, p2):
    return concise(p1, p2, std=1.0)


@misconception(
    "make_dropout_net",
    "only the hidden layers are initialised",
    hint="The weights of the last linear layer are still those that nn.Linear draws by itself. All three start small.",
)
def last_layer_left(p1, p2):
    net = concise(p1, p2)
    net[-1].reset_parameters()
    return net


@misconception(
    "make_dropout_net",
    "p1 and p2 are swapped",
    hint="The first hidden layer is dropped with p2 and the second with p1. Compare the order of the "
    "modules with the order of the arguments.",
)
def swapped_probabilities(p1, p2):
    return concise(p2, p1)


@misconception(
    "make_dropout_net",
    "p1 for both hidden layers",
    hint="Both hidden layers are dropped with p1. The second has a probability of its own.",
)
def first_probability_twice(p1, p2):
    return concise(p1, p1)


@misconception(
    "make_dropout_net",
    "probabilities written into the code",
    hint="Whatever p1 and p2 say, the network drops with 0.2 and 0.5. Hand the arguments on to the modules.",
)
def fixed_probabilities(p1, p2):
    return concise(0.2, 0.5)


@misconception(
    "make_dropout_net",
    "dropout on the first hidden layer only",
    hint="Nothing happens to the second hidden layer: p2 is never used. Each ReLU has a dropout behind it.",
)
def one_dropout(p1, p2):
    return concise(p1, p2, dropouts=(nn.Dropout(p1), nn.Identity()))


@misconception(
    "make_dropout_net",
    "dropout on the output",
    hint="The second dropout stands behind the last linear layer, where it removes scores of whole "
    "classes. It belongs behind the second ReLU.",
)
def dropout_on_the_output(p1, p2):
    return concise(p1, p2, dropouts=(nn.Dropout(p1), nn.Identity()), last=nn.Dropout(p2))


@misconception(
    "make_dropout_net",
    "no ReLU behind the second linear layer",
    hint="Dropout is no activation: in evaluation mode the second and the third linear layer are one "
    "linear map. Each hidden layer needs its ReLU.",
)
def one_relu(p1, p2):
    return concise(p1, p2, activations=(True, False))


@misconception(
    "make_dropout_net",
    "the network comes back in evaluation mode",
    hint="The network drops nothing until somebody calls net.train(). A new network is made to be trained: "
    "leave its mode as it is.",
)
def in_evaluation_mode(p1, p2):
    return concise(p1, p2).eval()


@misconception(
    "make_dropout_net",
    "dropout is active in evaluation mode",
    hint="After net.eval() units are still dropped. The module nn.Dropout follows the mode by itself; the "
    "function F.dropout, called on its own, is always in training.",
)
def functional_dropout(p1, p2):
    class Drop(nn.Module):
        def __init__(self, p):
            super().__init__()
            self.p = p

        def forward(self, X):
            return F.dropout(X, self.p)

    return concise(p1, p2, dropouts=(Drop(p1), Drop(p2)))


@misconception(
    "make_dropout_net",
    "whole images are dropped",
    hint="An image loses all hidden units or none. The dropout modules with a digit in their name drop whole "
    "channels, and take the matrix of hidden units for one example with the images as its channels. "
    "Which module drops single units?",
)
def dropout_of_channels(p1, p2):
    return concise(p1, p2, dropouts=(nn.Dropout1d(p1), nn.Dropout1d(p2)))


@misconception(
    "make_dropout_net",
    "dropout overwrites what ReLU needs",
    hint="The backward pass fails: dropout in place has changed the output of ReLU, which ReLU needs for its "
    "gradient. Let dropout return a new tensor; that is what it does by default.",
)
def dropout_in_place(p1, p2):
    return concise(p1, p2, dropouts=(nn.Dropout(p1, inplace=True), nn.Dropout(p2, inplace=True)))


@misconception(
    "make_dropout_net",
    "every call returns the same layers",
    hint="Two networks share their linear layers, so training one changes the other. The layers are made once, "
    "outside the function or on its first call; make new ones in each call.",
)
class SharedLayers:
    linears = []

    def __new__(cls, p1, p2):
        net = concise(p1, p2)
        cls.linears = cls.linears or [net[1], net[4], net[7]]
        for place, linear in zip((1, 4, 7), cls.linears, strict=True):
            net[place] = linear
        return net
