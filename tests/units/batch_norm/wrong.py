"""Known mistakes in batch normalisation."""

import torch
from torch import nn

from autograder.suite import misconception


def channel_dims(X):
    return (0,) if X.ndim == 2 else (0, 2, 3)


def moments(X):
    mean = X.mean(dim=channel_dims(X), keepdim=True)
    return mean, ((X - mean) ** 2).mean(dim=channel_dims(X), keepdim=True)


def mixed(old, new, momentum):
    return (momentum * old + (1 - momentum) * new).detach()


def scaled(X, mean, var, gamma, beta, eps):
    return gamma * (X - mean) / torch.sqrt(var + eps) + beta


@misconception(
    "batch_norm",
    "unbiased variance",
    hint="Your variance is divided by m - 1, where this layer divides by m: the aim is that the batch "
    "itself comes out with variance 1. Look at what torch's var does by default, and how its "
    "correction is chosen.",
)
def unbiased_variance(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean = X.mean(dim=channel_dims(X), keepdim=True)
    var = X.var(dim=channel_dims(X), keepdim=True)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "unbiased variance in the moving variance",
    hint="Y is right, but the moving variance takes in the variance divided by m - 1. torch's own layer "
    "does it that way; here one variance, divided by m, serves for both.",
)
def unbiased_moving_variance(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean, var = moments(X)
    Y = scaled(X, mean, var, gamma, beta, eps)
    unbiased = X.var(dim=channel_dims(X), keepdim=True)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, unbiased, momentum)


@misconception(
    "batch_norm",
    "eps outside the root",
    hint="You add eps to the standard deviation, after the root has been taken. In the formula it is added "
    "to the variance, under the root; there it also keeps the gradient of the root finite.",
)
def eps_outside_the_root(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    Y = gamma * (X - mean) / (torch.sqrt(var) + eps) + beta
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "eps is left out",
    hint="A feature that is the same in the whole batch has variance 0, and dividing 0 by the root of 0 "
    "gives nan. That is what eps is for: look where it stands in the formula.",
)
def no_eps(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    Y = scaled(X, mean, var, gamma, beta, 0.0)
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "divided by the variance instead of its root",
    hint="Dividing by the variance makes wide features narrow and narrow ones wide. What has the unit of X, "
    "and brings the variance of the result to 1, is the standard deviation.",
)
def no_root(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    Y = gamma * (X - mean) / (var + eps) + beta
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "statistics of their own for each pixel",
    hint="For images you average over the examples only, so that every pixel gets its own mean and "
    "variance. A channel shares one mean and one variance among all its pixels: over which other "
    "dimensions must they be taken?",
)
def per_pixel(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean = X.mean(dim=0, keepdim=True)
    var = ((X - mean) ** 2).mean(dim=0, keepdim=True)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "statistics of their own for each image",
    hint="You average over the pixels of one image, so that every image is normalised by itself. Batch "
    "normalisation takes a channel's statistics over all images of the batch as well: dimension 0 "
    "belongs to them.",
)
def per_image(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    dims = 0 if X.ndim == 2 else (2, 3)
    mean = X.mean(dim=dims, keepdim=True)
    var = ((X - mean) ** 2).mean(dim=dims, keepdim=True)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "each example is normalised by itself",
    hint="Your mean runs over the features of an example: that is layer normalisation. Here every feature "
    "has statistics of its own, taken over the examples. Which dimension counts the examples?",
)
def over_the_features(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    dims = 1 if X.ndim == 2 else (1, 2, 3)
    mean = X.mean(dim=dims, keepdim=True)
    var = ((X - mean) ** 2).mean(dim=dims, keepdim=True)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "one mean and one variance for all channels",
    hint="You take one mean over all entries of X, the channels thrown together. A mean called without "
    "dimensions runs over all of them, but each channel is to get a mean and a variance of its own.",
)
def over_everything(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean = X.mean()
    var = ((X - mean) ** 2).mean()
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "momentum the other way round",
    hint="You weigh the batch's statistics with momentum and the old ones with the rest. Here the momentum "
    "is the weight of the old value, so that with 0.9 the statistics change slowly; torch's own layers "
    "count the other way.",
)
def reversed_momentum(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean, var = moments(X)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, 1 - momentum), mixed(moving_var, var, 1 - momentum)


@misconception(
    "batch_norm",
    "the batch's statistics are returned unmixed",
    hint="You return the mean and the variance of this batch alone, and what earlier batches have taught is "
    "lost. The moving statistics mix the old values with the new ones; momentum says how much of the "
    "old stays.",
)
def no_moving_average(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    return scaled(X, mean, var, gamma, beta, eps), mean.detach(), var.detach()


@misconception(
    "batch_norm",
    "the statistics are never updated",
    hint="You return the moving statistics as they came in, also in training. If they never take anything "
    "in from the batches, evaluation normalises with their starting values.",
)
def no_update(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    return scaled(X, mean, var, gamma, beta, eps), moving_mean, moving_var


@misconception(
    "batch_norm",
    "standard deviation in the moving variance",
    hint="Your moving variance takes in the root of the batch's variance. In evaluation the root would then "
    "be taken a second time. Look at which of the two, variance or its root, goes into the mixture.",
)
def moving_deviation(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean, var = moments(X)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, torch.sqrt(var + eps), momentum)


@misconception(
    "batch_norm",
    "mode read from is_grad_enabled",
    hint="You decide between training and evaluation by whether gradients are being recorded. These are two "
    "questions: an evaluation may record gradients, and a training pass may run without. The argument "
    "training answers the first.",
)
def mode_from_gradients(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not torch.is_grad_enabled():
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean, var = moments(X)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "evaluation normalises with the batch",
    hint="In evaluation you still use the mean and the variance of the batch, so a prediction depends on "
    "which other examples happen to come along. What are moving_mean and moving_var collected for?",
)
def batch_statistics_in_evaluation(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X)
    Y = scaled(X, mean, var, gamma, beta, eps)
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "evaluation updates the statistics",
    hint="Your statistics take in the batch in evaluation too, so that the test data leak into the model. "
    "Look at which of your lines run whatever training is.",
)
def update_in_evaluation(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X)
    used = (mean, var) if training else (moving_mean, moving_var)
    Y = scaled(X, *used, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "training normalises with the moving statistics",
    hint="In training you update the moving statistics, which is right, but then normalise with them "
    "instead of with the batch's own mean and variance. Keep the two apart: one pair is used now, the "
    "other is for later.",
)
def moving_statistics_in_training(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if training:
        mean, var = moments(X)
        moving_mean, moving_var = mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)
    return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var


@misconception(
    "batch_norm",
    "gamma and beta are left out",
    hint="Your Y has mean 0 and variance 1 whatever gamma and beta are. The last step is missing, the one "
    "that lets the layer learn another spread and another mean.",
)
def no_scale_and_shift(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    Y = (X - mean) / torch.sqrt(var + eps)
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "beta is added before gamma multiplies",
    hint="You multiply beta by gamma as well. Scale first, then shift: a feature that is constant in the "
    "batch must come out as beta, whatever gamma is.",
)
def shift_before_scale(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    Y = gamma * ((X - mean) / torch.sqrt(var + eps) + beta)
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "the variance as mean of squares minus square of the mean",
    hint="On paper your variance is right. But around 100 000 000 the squares have 17 digits, more than "
    "float64 holds, and the small difference of two such numbers is mostly rounding error. Subtract "
    "the mean first, square then.",
)
def difference_of_squares(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean = X.mean(dim=channel_dims(X), keepdim=True)
    var = (X**2).mean(dim=channel_dims(X), keepdim=True) - mean**2
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "the batch's statistics are cut out of the gradient",
    hint="Y is right, but its gradient treats the mean and the variance as constants. In training they are "
    "computed from X, and the gradient of X flows through them too; detach only what goes into the "
    "moving statistics.",
)
def detached_statistics(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean, var = moments(X.detach())
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "the whole function runs without gradients",
    hint="No gradient reaches X, gamma or beta: Y itself was computed while recording was off, or was "
    "detached. Only the moving statistics are to be cut off from the graph.",
)
def everything_detached(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    Y = scaled(X, mean, var, gamma, beta, eps).detach()
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "the returned statistics keep the graph",
    hint="Your moving statistics remember how they were computed from X. Each new batch then adds its graph "
    "to those of all the batches before, and memory fills up. The statistics are values: which tensor "
    "method gives the value alone?",
)
def statistics_with_history(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean, var = moments(X)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, momentum * moving_mean + (1 - momentum) * mean, momentum * moving_var + (1 - momentum) * var


@misconception(
    "batch_norm",
    "the moving statistics are changed in place",
    hint="The moving_mean and moving_var that were passed in are different after the call. Operators such "
    "as *= and methods that end in an underscore write into the tensor they are given; return new "
    "tensors instead.",
)
def statistics_in_place(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    mean, var = moments(X)
    Y = scaled(X, mean, var, gamma, beta, eps)
    with torch.no_grad():
        moving_mean.mul_(momentum).add_((1 - momentum) * mean)
        moving_var.mul_(momentum).add_((1 - momentum) * var)
    return Y, moving_mean, moving_var


@misconception(
    "batch_norm",
    "X is changed in place",
    hint="The caller's X is different after the call. Operators such as -= and methods that end in an "
    "underscore write into the tensor they are given, and others may still need it: the skip "
    "connection of a residual block, for instance.",
)
def input_in_place(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    X -= mean
    Y = gamma * X / torch.sqrt(var + eps) + beta
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "only Y is returned",
    hint="One tensor came back where three are asked for. The layer has to store the updated statistics, so "
    "the function must hand them over: Y first, then the moving mean, then the moving variance.",
)
def output_alone(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    return scaled(X, mean, var, gamma, beta, eps)


@misconception(
    "batch_norm",
    "everything turned into float32",
    hint="Your result is float32 although X is float64. A conversion to a fixed dtype throws digits away "
    "and fails in float64 or half precision: let every tensor keep the dtype of X.",
)
def float32_only(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    X, gamma, beta, moving_mean, moving_var = (t.float() for t in (X, gamma, beta, moving_mean, moving_var))
    mean, var = moments(X) if training else (moving_mean, moving_var)
    Y = scaled(X, mean, var, gamma, beta, eps)
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "the gradient of a root at zero",
    hint="Y is right, but X gets nan as its gradient where all entries of a channel are equal. You take the "
    "root of the variance alone, and the slope of the root at 0 is infinite. What does the formula add "
    "before it takes a root?",
)
def root_of_the_bare_variance(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moments(X) if training else (moving_mean, moving_var)
    deviation = torch.sqrt(var)
    Y = scaled(X, mean, deviation**2, gamma, beta, eps)
    if not training:
        return Y, moving_mean, moving_var
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "view where the memory is not in order",
    hint="view keeps the memory as it lies and raises where the new shape does not fit it, as for a window of "
    "larger images. Merge dimensions with what copies if it has to, or average over several dimensions "
    "at once.",
)
def pixels_by_view(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        return scaled(X, moving_mean, moving_var, gamma, beta, eps), moving_mean, moving_var
    pixels = X.view(*X.shape[:2], -1)
    mean = pixels.mean(dim=(0, 2)).view(gamma.shape)
    var = ((X - mean) ** 2).mean(dim=channel_dims(X), keepdim=True)
    Y = scaled(X, mean, var, gamma, beta, eps)
    return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


@misconception(
    "batch_norm",
    "all calls write into one tensor",
    hint="The result of one call has changed after the next: both are the same tensor, kept between the calls "
    "to save memory. Each result needs memory of its own.",
)
class OneResult:
    results = {}

    def __new__(cls, X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
        mean, var = moments(X) if training else (moving_mean, moving_var)
        Y = scaled(X, mean, var, gamma, beta, eps)
        if not Y.requires_grad:
            Y = cls.results.setdefault((Y.shape, Y.dtype, Y.device), torch.empty_like(Y)).copy_(Y)
        if not training:
            return Y, moving_mean, moving_var
        return Y, mixed(moving_mean, mean, momentum), mixed(moving_var, var, momentum)


class Layer(nn.Module):
    """What the wrong layers share; each changes one thing."""

    eps, momentum = 1e-5, 0.9

    def __init__(self, num_features, num_dims):
        super().__init__()
        shape = (1, num_features) if num_dims == 2 else (1, num_features, 1, 1)
        self.gamma = nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.zeros(shape))
        self.add_statistics(shape)

    def add_statistics(self, shape):
        self.register_buffer("moving_mean", torch.zeros(shape))
        self.register_buffer("moving_var", torch.ones(shape))

    def is_training(self):
        return self.training

    def returned(self, X):
        stored = (self.gamma, self.beta, self.moving_mean, self.moving_var)
        return batch_norm(X, *stored, self.eps, self.momentum, self.is_training())

    def forward(self, X):
        Y, self.moving_mean, self.moving_var = self.returned(X)
        return Y


@misconception(
    "BatchNorm",
    "statistics are plain attributes",
    hint="moving_mean and moving_var are tensors stored as ordinary attributes, which a module does not "
    "know about: they are missing from state_dict and stay behind when the layer moves. They have to "
    "be registered.",
)
class PlainAttributes(Layer):
    def add_statistics(self, shape):
        self.moving_mean = torch.zeros(shape)
        self.moving_var = torch.ones(shape)


@misconception(
    "BatchNorm",
    "statistics are moved by hand in forward",
    hint="You carry the statistics to X's device in every forward pass. That mends the move but not the "
    "rest: as plain attributes they are still missing from state_dict. Registered, they would move by "
    "themselves.",
)
class MovedByHand(Layer):
    def add_statistics(self, shape):
        self.moving_mean = torch.zeros(shape)
        self.moving_var = torch.ones(shape)

    def forward(self, X):
        if self.moving_mean.device != X.device:
            self.moving_mean = self.moving_mean.to(X.device)
            self.moving_var = self.moving_var.to(X.device)
        Y, self.moving_mean, self.moving_var = self.returned(X)
        return Y


@misconception(
    "BatchNorm",
    "statistics are left out of the state_dict",
    hint="The statistics move with the layer but are not saved with it: a buffer that is registered as not "
    "persistent stays out of state_dict. A trained layer would be restored with the statistics of a "
    "new one.",
)
class NotPersistent(Layer):
    def add_statistics(self, shape):
        self.register_buffer("moving_mean", torch.zeros(shape), persistent=False)
        self.register_buffer("moving_var", torch.ones(shape), persistent=False)


@misconception(
    "BatchNorm",
    "statistics are trainable parameters",
    hint="moving_mean and moving_var stand among the parameters, so an optimiser will change them, by "
    "weight decay for instance. They are measured, not learned: a module has another kind of "
    "registered tensor for that.",
)
class StatisticsAsParameters(Layer):
    def add_statistics(self, shape):
        self.moving_mean = nn.Parameter(torch.zeros(shape))
        self.moving_var = nn.Parameter(torch.ones(shape))

    def forward(self, X):
        Y, self.moving_mean.data, self.moving_var.data = self.returned(X)
        return Y


@misconception(
    "BatchNorm",
    "statistics are parameters without gradients",
    hint="Switching off requires_grad keeps the gradients away, but the statistics still count as "
    "parameters of the layer: parameters() yields them to the optimiser. A module has another kind of "
    "registered tensor for that.",
)
class StatisticsAsFrozenParameters(Layer):
    def add_statistics(self, shape):
        self.moving_mean = nn.Parameter(torch.zeros(shape), requires_grad=False)
        self.moving_var = nn.Parameter(torch.ones(shape), requires_grad=False)

    def forward(self, X):
        Y, self.moving_mean.data, self.moving_var.data = self.returned(X)
        return Y


@misconception(
    "BatchNorm",
    "the stored statistics keep the graph",
    hint="Your buffers remember how they were computed from X, and through the old values from every batch "
    "before: memory grows with each step. Store the values without their history.",
)
class GraphInBuffers(Layer):
    def forward(self, X):
        if not self.training:
            return scaled(X, self.moving_mean, self.moving_var, self.gamma, self.beta, self.eps)
        mean, var = moments(X)
        self.moving_mean = self.momentum * self.moving_mean + (1 - self.momentum) * mean
        self.moving_var = self.momentum * self.moving_var + (1 - self.momentum) * var
        return scaled(X, mean, var, self.gamma, self.beta, self.eps)


@misconception(
    "BatchNorm",
    "the updated statistics are thrown away",
    hint="batch_norm returns the updated statistics, and your layer keeps the old ones: they stay 0 and 1 "
    "forever. What comes back has to be stored in the layer.",
)
class Forgetful(Layer):
    def forward(self, X):
        return self.returned(X)[0]


@misconception(
    "BatchNorm",
    "mode read from is_grad_enabled",
    hint="You decide between training and evaluation by whether gradients are being recorded. layer.eval() "
    "does not switch recording off, and torch.no_grad() does not switch to evaluation: ask the module "
    "for its mode.",
)
class ModeFromGradients(Layer):
    def is_training(self):
        return torch.is_grad_enabled()


@misconception(
    "BatchNorm",
    "always in training mode",
    hint="Your layer normalises with the batch, and goes on learning, after layer.eval() too. Every module "
    "knows which mode it is in: look at the attribute that train() and eval() set.",
)
class AlwaysTraining(Layer):
    def is_training(self):
        return True


@misconception(
    "BatchNorm",
    "always in evaluation mode",
    hint="Your layer uses the moving statistics in training too, so that they never learn and X passes "
    "almost unchanged. Every module knows which mode it is in: look at the attribute that train() and "
    "eval() set.",
)
class AlwaysEvaluating(Layer):
    def is_training(self):
        return False


@misconception(
    "BatchNorm",
    "gamma starts at zero",
    hint="With gamma zero the layer's output is beta everywhere, and no gradient reaches the layers below. "
    "A new layer leaves the normalised values as they are: which factor does that?",
)
class GammaZero(Layer):
    def __init__(self, num_features, num_dims):
        super().__init__(num_features, num_dims)
        self.gamma = nn.Parameter(torch.zeros_like(self.gamma))


@misconception(
    "BatchNorm",
    "gamma and beta are not parameters",
    hint="gamma and beta are plain tensors. Even with requires_grad a module does not list them among its "
    "parameters, so that no optimiser gets to see them. What turns a tensor into a parameter of its "
    "module?",
)
class PlainGammaAndBeta(Layer):
    def __init__(self, num_features, num_dims):
        super().__init__(num_features, num_dims)
        shape = self.gamma.shape
        del self.gamma, self.beta
        self.gamma = torch.ones(shape, requires_grad=True)
        self.beta = torch.zeros(shape, requires_grad=True)


@misconception(
    "BatchNorm",
    "the moving variance starts at zero",
    hint="A new layer would divide by almost nothing in evaluation mode: a moving variance of 0 leaves only "
    "eps under the root. It starts at the value that changes nothing.",
)
class VarianceFromZero(Layer):
    def add_statistics(self, shape):
        self.register_buffer("moving_mean", torch.zeros(shape))
        self.register_buffer("moving_var", torch.zeros(shape))


@misconception(
    "BatchNorm",
    "shape (1, C) for images too",
    hint="A tensor of shape (1, C) meets images (N, C, H, W) from the right: its C lines up with the width. "
    "For num_dims=4 the channels have to stand in dimension 1, with sizes of 1 after them.",
)
class FlatShape(Layer):
    def __init__(self, num_features, num_dims):
        super().__init__(num_features, 2)


@misconception(
    "BatchNorm",
    "momentum 0.1",
    hint="After one pass your statistics are nine tenths of the way to those of the batch, where a tenth is "
    "right. torch's layers call that 0.1; here the momentum is the weight of the old value.",
)
class TorchMomentum(Layer):
    momentum = 0.1


@misconception(
    "BatchNorm",
    "another eps than 1e-5",
    hint="Your output is a little too small where the variance is small: the eps that you pass to "
    "batch_norm is larger than the one the exercise names.",
)
class LargeEps(Layer):
    eps = 1e-3


@misconception(
    "BatchNorm",
    "X is changed in place",
    hint="The caller's X is different after the pass. Operators such as -= and methods that end in an "
    "underscore write into the tensor they are given, and others may still need it: the skip connection "
    "of a residual block, for instance.",
)
class InputInPlace(Layer):
    def forward(self, X):
        if not self.training:
            return super().forward(X)
        mean, var = moments(X)
        self.moving_mean = mixed(self.moving_mean, mean, self.momentum)
        self.moving_var = mixed(self.moving_var, var, self.momentum)
        X -= mean
        return self.gamma * X / torch.sqrt(var + self.eps) + self.beta


@misconception(
    "BatchNorm",
    "all layers share their statistics",
    hint="A pass through one layer changes the statistics of another. The tensors were made once, for the "
    "class or as a default value, and every layer writes into them. Each layer needs tensors of its own.",
)
class SharedStatistics(Layer):
    made = {}

    def add_statistics(self, shape):
        key = shape, torch.get_default_dtype()
        mean, var = self.made.setdefault(key, (torch.empty(shape), torch.empty(shape)))
        self.register_buffer("moving_mean", mean.zero_())
        self.register_buffer("moving_var", var.fill_(1))

    def forward(self, X):
        Y, mean, var = self.returned(X)
        self.moving_mean.copy_(mean)
        self.moving_var.copy_(var)
        return Y


class Inline(Layer):
    """Computes in the layer what batch_norm would have computed."""

    def batch_moments(self, X):
        return moments(X)

    def forward(self, X):
        mean, var = self.moving_mean, self.moving_var
        if self.training:
            mean, var = self.batch_moments(X)
            self.moving_mean = mixed(self.moving_mean, mean, self.momentum)
            self.moving_var = mixed(self.moving_var, var, self.momentum)
        return scaled(X, mean, var, self.gamma, self.beta, self.eps)


@misconception(
    "BatchNorm",
    "the gradient of a root at zero",
    hint="The output is right, but X gets nan as its gradient where all entries of a channel are equal: on the "
    "way the root of the variance alone was taken, and the slope of the root at 0 is infinite. Keep to the "
    "order of the formula.",
)
class SquaredDeviation(Inline):
    def batch_moments(self, X):
        mean, var = moments(X)
        return mean, torch.sqrt(var) ** 2


@misconception(
    "BatchNorm",
    "view where the memory is not in order",
    hint="view raises where the memory of X does not allow the new shape, as for a window of larger images. Use "
    "what copies if it has to, or do without another shape.",
)
class PixelsByView(Inline):
    def batch_moments(self, X):
        mean = X.view(*X.shape[:2], -1).mean(dim=(0, 2)).view(self.gamma.shape)
        return mean, ((X - mean) ** 2).mean(dim=channel_dims(X), keepdim=True)
