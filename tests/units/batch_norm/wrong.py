"""Known mistakes in batch normalisation."""

import torch

from autograder.suite import misconception, wrong

# fmt: off

wrong("batch_norm", "unbiased variance",
      {"((X - mean) ** 2).mean(dim=dims, keepdim=True)": "X.var(dim=dims, keepdim=True)"},
      hint="Your variance is divided by m - 1, where this layer divides by m: the aim is that the batch itself comes out "
      "with variance 1. Look at what torch's var does by default, and how its correction is chosen.")
wrong("batch_norm", "unbiased variance in the moving variance",
      {"* var.detach()": "* X.var(dim=dims, keepdim=True).detach()"},
      hint="Y is right, but the moving variance takes in the variance divided by m - 1. torch's own layer does it that way; "
      "here one variance, divided by m, serves for both.")
wrong("batch_norm", "eps outside the root",
      {"torch.sqrt(var + eps)": "(torch.sqrt(var) + eps)"},
      hint="You add eps to the standard deviation, after the root has been taken. In the formula it is added to the "
      "variance, under the root; there it also keeps the gradient of the root finite.")
wrong("batch_norm", "eps is left out",
      {"var + eps": "var"},
      hint="A feature that is the same in the whole batch has variance 0, and dividing 0 by the root of 0 gives nan. That "
      "is what eps is for: look where it stands in the formula.")
wrong("batch_norm", "divided by the variance instead of its root",
      {"torch.sqrt(var + eps)": "(var + eps)"},
      hint="Dividing by the variance makes wide features narrow and narrow ones wide. What has the unit of X, and brings "
      "the variance of the result to 1, is the standard deviation.")
wrong("batch_norm", "statistics of their own for each pixel",
      {"(0, 2, 3)": "0"},
      hint="For images you average over the examples only, so that every pixel gets its own mean and variance. A channel "
      "shares one mean and one variance among all its pixels: over which other dimensions must they be taken?")
wrong("batch_norm", "statistics of their own for each image",
      {"(0, 2, 3)": "(2, 3)"},
      hint="You average over the pixels of one image, so that every image is normalised by itself. Batch normalisation "
      "takes a channel's statistics over all images of the batch as well: dimension 0 belongs to them.")
wrong("batch_norm", "each example is normalised by itself",
      {"0 if X.ndim == 2 else (0, 2, 3)": "1 if X.ndim == 2 else (1, 2, 3)"},
      hint="Your mean runs over the features of an example: that is layer normalisation. Here every feature has statistics "
      "of its own, taken over the examples. Which dimension counts the examples?")
wrong("batch_norm", "one mean and one variance for all channels",
      {"X.mean(dim=dims, keepdim=True)": "X.mean()", "** 2).mean(dim=dims, keepdim=True)": "** 2).mean()"},
      hint="You take one mean over all entries of X, the channels thrown together. A mean called without dimensions runs "
      "over all of them, but each channel is to get a mean and a variance of its own.")
wrong("batch_norm", "momentum the other way round",
      {"momentum * moving_mean + (1 - momentum)": "(1 - momentum) * moving_mean + momentum",
       "momentum * moving_var + (1 - momentum)": "(1 - momentum) * moving_var + momentum"},
      hint="You weigh the batch's statistics with momentum and the old ones with the rest. Here the momentum is the weight "
      "of the old value, so that with 0.9 the statistics change slowly; torch's own layers count the other way.")
wrong("batch_norm", "the batch's statistics are returned unmixed",
      {"momentum * moving_mean + (1 - momentum) * mean": "mean", "momentum * moving_var + (1 - momentum) * var": "var"},
      hint="You return the mean and the variance of this batch alone, and what earlier batches have taught is lost. The "
      "moving statistics mix the old values with the new ones; momentum says how much of the old stays.")
wrong("batch_norm", "the statistics are never updated",
      {"momentum * moving_mean + (1 - momentum) * mean.detach()": "moving_mean",
       "momentum * moving_var + (1 - momentum) * var.detach()": "moving_var"},
      hint="You return the moving statistics as they came in, also in training. If they never take anything in from the "
      "batches, evaluation normalises with their starting values.")
wrong("batch_norm", "standard deviation in the moving variance",
      {"* var.detach()": "* torch.sqrt(var + eps).detach()"},
      hint="Your moving variance takes in the root of the batch's variance. In evaluation the root would then be taken a "
      "second time. Look at which of the two, variance or its root, goes into the mixture.")
wrong("batch_norm", "mode read from is_grad_enabled",
      {"if training:": "if torch.is_grad_enabled():"},
      hint="You decide between training and evaluation by whether gradients are being recorded. These are two questions: "
      "an evaluation may record gradients, and a training pass may run without. The argument training answers the first.")
wrong("batch_norm", "evaluation normalises with the batch",
      {"mean, var = moving_mean, moving_var": "mean, var = moments(X)"},
      hint="In evaluation you still use the mean and the variance of the batch, so a prediction depends on which other "
      "examples happen to come along. What are moving_mean and moving_var collected for?")
wrong("batch_norm", "evaluation updates the statistics",
      {"mean, var = moving_mean, moving_var": "mean, var = moving_mean, moving_var\n        _, moving_mean, moving_var = "
       "batch_norm(X, gamma, beta, mean, var, eps, momentum, True)"},
      hint="Your statistics take in the batch in evaluation too, so that the test data leak into the model. Look at which "
      "of your lines run whatever training is.")
wrong("batch_norm", "training normalises with the moving statistics",
      {"    else:\n        mean, var": "    mean, var"},
      hint="In training you update the moving statistics, which is right, but then normalise with them instead of with the "
      "batch's own mean and variance. Keep the two apart: one pair is used now, the other is for later.")
wrong("batch_norm", "gamma and beta are left out",
      {"gamma * (X": "(X", " + beta": ""},
      hint="Your Y has mean 0 and variance 1 whatever gamma and beta are. The last step is missing, the one that lets the "
      "layer learn another spread and another mean.")
wrong("batch_norm", "beta is added before gamma multiplies",
      {"(X - mean) / torch.sqrt(var + eps) + beta": "((X - mean) / torch.sqrt(var + eps) + beta)"},
      hint="You multiply beta by gamma as well. Scale first, then shift: a feature that is constant in the batch must come "
      "out as beta, whatever gamma is.")
wrong("batch_norm", "the variance as mean of squares minus square of the mean",
      {"((X - mean) ** 2).mean(dim=dims, keepdim=True)": "(X**2).mean(dim=dims, keepdim=True) - mean**2"},
      hint="On paper your variance is right. But around 100 000 000 the squares have 17 digits, more than float64 holds, "
      "and the small difference of two such numbers is mostly rounding error. Subtract the mean first, square then.")
wrong("batch_norm", "the batch's statistics are cut out of the gradient",
      {"X.mean(dim=dims, keepdim=True)": "X.detach().mean(dim=dims, keepdim=True)", "((X - mean)": "((X.detach() - mean)"},
      hint="Y is right, but its gradient treats the mean and the variance as constants. In training they are computed from "
      "X, and the gradient of X flows through them too; detach only what goes into the moving statistics.")
wrong("batch_norm", "the returned statistics keep the graph",
      {"mean.detach()": "mean", "var.detach()": "var"},
      hint="Your moving statistics remember how they were computed from X. Each new batch then adds its graph to those of "
      "all the batches before, and memory fills up. The statistics are values: which tensor method gives the value alone?")
wrong("batch_norm", "only Y is returned",
      {"return Y, moving_mean, moving_var": "return Y"},
      hint="One tensor came back where three are asked for. The layer has to store the updated statistics, so the function "
      "must hand them over: Y first, then the moving mean, then the moving variance.")
wrong("batch_norm", "the gradient of a root at zero",
      {"var + eps": "torch.sqrt(var) ** 2 + eps"},
      hint="Y is right, but X gets nan as its gradient where all entries of a channel are equal. You take the root of the "
      "variance alone, and the slope of the root at 0 is infinite. What does the formula add before it takes a root?")
wrong("batch_norm", "view where the memory is not in order",
      {"X.mean(dim=dims, keepdim=True)": "X.view(*X.shape[:2], -1).mean(dim=(0, 2)).view(gamma.shape)"},
      hint="view keeps the memory as it lies and raises where the new shape does not fit it, as for a window of larger "
      "images. Which function copies where it has to, and which mean runs over several dimensions at once?")


def moments(X):
    return torch.var_mean(X, [0, 2, 3][: X.ndim - 1], correction=0, keepdim=True)[::-1]


wrong("BatchNorm", "statistics are plain attributes",
      {'self.register_buffer("moving_mean", torch.zeros(shape))': "self.moving_mean = torch.zeros(shape)",
       'self.register_buffer("moving_var", torch.ones(shape))': "self.moving_var = torch.ones(shape)"},
      hint="moving_mean and moving_var are tensors stored as ordinary attributes, which a module does not know about: they "
      "are missing from state_dict and stay behind when the layer moves. They have to be registered.")
wrong("BatchNorm", "statistics are moved by hand in forward",
      {'self.register_buffer("moving_mean", torch.zeros(shape))': "self.moving_mean = torch.zeros(shape)",
       'self.register_buffer("moving_var", torch.ones(shape))': "self.moving_var = torch.ones(shape)",
       "self.beta, self.moving_mean, self.moving_var,":
       "self.beta, self.moving_mean.to(X.device), self.moving_var.to(X.device),"},
      hint="You carry the statistics to X's device in every forward pass. That mends the move but not the rest: as plain "
      "attributes they are still missing from state_dict. Registered, they would move by themselves.")
wrong("BatchNorm", "statistics are left out of the state_dict",
      {'"moving_mean", torch.zeros(shape)': '"moving_mean", torch.zeros(shape), persistent=False',
       '"moving_var", torch.ones(shape)': '"moving_var", torch.ones(shape), persistent=False'},
      hint="The statistics move with the layer but are not saved with it: a buffer that is registered as not persistent "
      "stays out of state_dict. A trained layer would be restored with the statistics of a new one.")
wrong("BatchNorm", "statistics are trainable parameters",
      {'self.register_buffer("moving_mean", torch.zeros(shape))': "self.moving_mean = nn.Parameter(torch.zeros(shape))",
       'self.register_buffer("moving_var", torch.ones(shape))': "self.moving_var = nn.Parameter(torch.ones(shape))",
       "Y, self.moving_mean, self.moving_var =": "Y, self.moving_mean.data, self.moving_var.data ="},
      hint="moving_mean and moving_var stand among the parameters, so an optimiser will change them, by weight decay for "
      "instance. They are measured, not learned: a module has another kind of registered tensor for that.")
wrong("BatchNorm", "statistics are parameters without gradients",
      {'self.register_buffer("moving_mean", torch.zeros(shape))':
       "self.moving_mean = nn.Parameter(torch.zeros(shape), requires_grad=False)",
       'self.register_buffer("moving_var", torch.ones(shape))':
       "self.moving_var = nn.Parameter(torch.ones(shape), requires_grad=False)",
       "Y, self.moving_mean, self.moving_var =": "Y, self.moving_mean.data, self.moving_var.data ="},
      hint="Switching off requires_grad keeps the gradients away, but the statistics still count as parameters of the "
      "layer: parameters() yields them to the optimiser. A module has another kind of registered tensor for that.")
wrong("BatchNorm", "the updated statistics are thrown away",
      {"Y, self.moving_mean, self.moving_var =": "Y, _, _ ="},
      hint="batch_norm returns the updated statistics, and your layer keeps the old ones: they stay 0 and 1 forever. What "
      "comes back has to be stored in the layer.")
wrong("BatchNorm", "mode read from is_grad_enabled",
      {"self.training": "torch.is_grad_enabled()"},
      hint="You decide between training and evaluation by whether gradients are being recorded. layer.eval() does not "
      "switch recording off, and torch.no_grad() does not switch to evaluation: ask the module for its mode.")
wrong("BatchNorm", "always in training mode",
      {"self.training": "True"},
      hint="Your layer normalises with the batch, and goes on learning, after layer.eval() too. Every module knows which "
      "mode it is in: look at the attribute that train() and eval() set.")
wrong("BatchNorm", "always in evaluation mode",
      {"self.training": "False"},
      hint="Your layer uses the moving statistics in training too, so that they never learn and X passes almost unchanged. "
      "Every module knows which mode it is in: look at the attribute that train() and eval() set.")
wrong("BatchNorm", "gamma starts at zero",
      {"nn.Parameter(torch.ones(shape))": "nn.Parameter(torch.zeros(shape))"},
      hint="With gamma zero the layer's output is beta everywhere, and no gradient reaches the layers below. A new layer "
      "leaves the normalised values as they are: which factor does that?")
wrong("BatchNorm", "gamma and beta are not parameters",
      {"nn.Parameter(torch.ones(shape))": "torch.ones(shape, requires_grad=True)",
       "nn.Parameter(torch.zeros(shape))": "torch.zeros(shape, requires_grad=True)"},
      hint="gamma and beta are plain tensors. Even with requires_grad a module does not list them among its parameters, so "
      "that no optimiser gets to see them. What turns a tensor into a parameter of its module?")
wrong("BatchNorm", "the moving variance starts at zero",
      {'"moving_var", torch.ones(shape)': '"moving_var", torch.zeros(shape)'},
      hint="A new layer would divide by almost nothing in evaluation mode: a moving variance of 0 leaves only eps under the "
      "root. It starts at the value that changes nothing.")
wrong("BatchNorm", "shape (1, C) for images too",
      {"(1, num_features, 1, 1)": "(1, num_features)"},
      hint="A tensor of shape (1, C) meets images (N, C, H, W) from the right: its C lines up with the width. For "
      "num_dims=4 the channels have to stand in dimension 1, with sizes of 1 after them.")
wrong("BatchNorm", "momentum 0.1", {"0.9": "0.1"},
      hint="After one pass your statistics are nine tenths of the way to those of the batch, where a tenth is right. "
      "torch's layers call that 0.1; here the momentum is the weight of the old value.")
wrong("BatchNorm", "another eps than 1e-5", {"1e-5": "1e-3"},
      hint="Your output is a little too small where the variance is small: the eps that you pass to batch_norm is larger "
      "than the one the exercise names.")


@misconception("BatchNorm", "the stored statistics keep the graph",
               hint="Your buffers remember how they were computed from X, and through the old values from every batch "
               "before: memory grows with each step. Store the values without their history.")
class GraphInBuffers(BatchNorm):
    def forward(self, X):
        old, Y = (self.moving_mean, self.moving_var), super().forward(X)
        if self.training:
            self.moving_mean, self.moving_var = (0.9 * was + 0.1 * now for was, now in zip(old, moments(X)))
        return Y


@misconception("BatchNorm", "all layers share their statistics",
               hint="A pass through one layer changes the statistics of another. The tensors were made once, for the class "
               "or as a default value, and every layer writes into them. Each layer needs tensors of its own.")
class SharedStatistics(BatchNorm):
    made = {}

    def __init__(self, num_features, num_dims):
        super().__init__(num_features, num_dims)
        self._buffers.update(self.made.setdefault((self.beta.shape, self.beta.dtype), dict(self._buffers)))
        self.moving_mean.zero_()
        self.moving_var.fill_(1)

    def forward(self, X):
        mean, var = self.moving_mean, self.moving_var
        Y = super().forward(X)
        self.moving_mean, self.moving_var = mean.copy_(self.moving_mean), var.copy_(self.moving_var)
        return Y


@misconception("BatchNorm", "the gradient of a root at zero",
               hint="The output is right, but X gets nan as its gradient where all entries of a channel are equal: on the "
               "way the root of the variance alone was taken, and the slope of the root at 0 is infinite. Keep to the "
               "order of the formula.")
class SquaredDeviation(BatchNorm):
    def forward(self, X):
        Y = super().forward(X)
        if not self.training:
            return Y
        mean, var = moments(X)
        return self.gamma * (X - mean) / torch.sqrt(torch.sqrt(var) ** 2 + 1e-5) + self.beta
