"""Other correct ways to write batch normalisation."""

import torch
from torch import nn

from autograder.suite import accepted


@accepted("batch_norm", "lecture style, two branches")
def batch_norm_in_two_branches(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    if not training:
        X_hat = (X - moving_mean) / torch.sqrt(moving_var + eps)
        return gamma * X_hat + beta, moving_mean.data, moving_var.data
    assert len(X.shape) in (2, 4)
    if len(X.shape) == 2:
        mean = X.mean(dim=0)
        var = ((X - mean) ** 2).mean(dim=0)
    else:
        mean = X.mean(dim=(0, 2, 3), keepdim=True)
        var = ((X - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
    X_hat = (X - mean) / torch.sqrt(var + eps)
    moving_mean = momentum * moving_mean + (1.0 - momentum) * mean
    moving_var = momentum * moving_var + (1.0 - momentum) * var
    return gamma * X_hat + beta, moving_mean.data, moving_var.data


@accepted("batch_norm", "var_mean and lerp")
def batch_norm_by_var_mean(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    var, mean = moving_var, moving_mean
    if training:
        dims = [d for d in range(X.dim()) if d != 1]
        var, mean = torch.var_mean(X, dim=dims, correction=0, keepdim=True)
        with torch.no_grad():
            moving_mean = torch.lerp(moving_mean, mean, 1 - momentum)
            moving_var = torch.lerp(moving_var, var, 1 - momentum)
    return torch.addcmul(beta, (X - mean) * torch.rsqrt(var + eps), gamma), moving_mean, moving_var


@accepted("batch_norm", "explicit loop over the channels")
def batch_norm_by_channel(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    channels, means, variances = [], [], []
    for c in range(X.shape[1]):
        x, mean, var = X[:, c], moving_mean[0, c], moving_var[0, c]
        if training:
            mean = sum(x.reshape(-1).unbind()) / x.numel()
            var = sum((x - mean).reshape(-1).square().unbind()) / x.numel()
        means.append(mean.detach().reshape(()))
        variances.append(var.detach().reshape(()))
        channels.append((x - mean) / (var + eps).sqrt() * gamma[0, c] + beta[0, c])
    Y = torch.stack(channels, dim=1)
    if not training:
        return [Y, moving_mean, moving_var]
    new_mean = torch.stack(means).reshape(moving_mean.shape)
    new_var = torch.stack(variances).reshape(moving_var.shape)
    return [
        Y,
        momentum * moving_mean + (1 - momentum) * new_mean,
        momentum * moving_var + (1 - momentum) * new_var,
    ]


@accepted("batch_norm", "einsum, one image shape for everything")
def batch_norm_by_einsum(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    images = X.reshape(X.shape[0], X.shape[1], -1)
    count = images.shape[0] * images.shape[2]
    mean, var = moving_mean.reshape(-1), moving_var.reshape(-1)
    if training:
        mean = torch.einsum("ncp->c", images) / count
        centred = images - mean[None, :, None]
        var = torch.einsum("ncp,ncp->c", centred, centred) / count
        moving_mean = (momentum * moving_mean + (1 - momentum) * mean.view_as(moving_mean)).detach()
        moving_var = (momentum * moving_var + (1 - momentum) * var.view_as(moving_var)).detach()
    scale = gamma.reshape(-1) / (var + eps) ** 0.5
    Y = torch.einsum("ncp,c->ncp", images - mean[:, None], scale) + beta.reshape(-1)[:, None]
    return Y.reshape(X.shape), moving_mean, moving_var


@accepted("batch_norm", "channels as the rows of a matrix, in-place updates of copies")
def batch_norm_by_rows(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    new_mean, new_var = moving_mean.detach().clone(), moving_var.detach().clone()
    mean, var = moving_mean, moving_var
    if training:
        matrix = X.transpose(0, 1).flatten(1)
        mean = matrix.mean(1).view(moving_mean.shape)
        var = matrix.var(1, unbiased=False).view(moving_var.shape)
        for new, batch in ((new_mean, mean), (new_var, var)):
            new.mul_(momentum).add_(batch.detach(), alpha=1 - momentum)
    deviation = (var + eps).sqrt()
    return (X - mean).div(deviation).mul(gamma).add(beta), new_mean, new_var


@accepted("batch_norm", "scale and shift folded into one line")
def batch_norm_folded(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    mean, var = moving_mean, moving_var
    if training:
        dims = tuple({0, 2, 3} & set(range(X.ndim)))
        mean = X.mean(dims, keepdim=True)
        var = torch.pow(X - mean, 2).mean(dims, keepdim=True)
        with torch.no_grad():
            moving_mean = moving_mean + (1 - momentum) * (mean - moving_mean)
            moving_var = moving_var + (1 - momentum) * (var - moving_var)
    scale = gamma / torch.sqrt(var + eps)
    return scale * X + (beta - scale * mean), moving_mean, moving_var


@accepted("batch_norm", "a function with a backward of its own")
def batch_norm_by_function(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    dims = [0, 2, 3][: X.ndim - 1]

    class Normalised(torch.autograd.Function):
        @staticmethod
        def forward(ctx, X):
            mean, var = moving_mean, moving_var
            if training:
                mean = X.mean(dims, keepdim=True)
                var = (X - mean).square().mean(dims, keepdim=True)
            X_hat = (X - mean) / torch.sqrt(var + eps)
            ctx.save_for_backward(X_hat, var)
            ctx.mark_non_differentiable(mean, var)
            return X_hat, mean, var

        @staticmethod
        def backward(ctx, gradient, *_):
            X_hat, var = ctx.saved_tensors
            if training:
                along = (gradient * X_hat).mean(dims, keepdim=True)
                gradient = gradient - gradient.mean(dims, keepdim=True) - X_hat * along
            return gradient / torch.sqrt(var + eps)

    X_hat, mean, var = Normalised.apply(X)
    if training:
        moving_mean = momentum * moving_mean + (1 - momentum) * mean
        moving_var = momentum * moving_var + (1 - momentum) * var
    return gamma * X_hat + beta, moving_mean, moving_var


@accepted("batch_norm", "sums collected channel by channel with index_add")
def batch_norm_by_index(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    def mean_of(values):
        sums = values.new_zeros(X.shape[1]).index_add(0, channel, values.reshape(-1))
        return (sums * X.shape[1] / X.numel()).reshape(gamma.shape)

    channel = torch.arange(X.shape[1], device=X.device).reshape(1, -1, *[1] * (X.ndim - 2)).expand(X.shape).reshape(-1)
    mean, var = moving_mean, moving_var
    if training:
        mean = mean_of(X)
        var = mean_of((X - mean) ** 2)
        moving_mean, moving_var = (
            momentum * old + (1 - momentum) * new.detach() for old, new in ((moving_mean, mean), (moving_var, var))
        )
    return gamma * (X - mean) * (var + eps) ** -0.5 + beta, moving_mean, moving_var


@accepted("batch_norm", "channel by channel into an empty result, the statistics as Python numbers")
def batch_norm_of_numbers(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    Y, new_mean, new_var = torch.empty_like(X), moving_mean.detach().clone(), moving_var.detach().clone()
    for c in range(X.shape[1]):
        mean, var = moving_mean[0, c].squeeze(), moving_var[0, c].squeeze()
        if training:
            mean = X[:, c].sum() / X[:, c].numel()
            var = ((X[:, c] - mean) ** 2).sum() / X[:, c].numel()
            new_mean[0, c] = momentum * new_mean[0, c].item() + (1 - momentum) * mean.item()
            new_var[0, c] = momentum * new_var[0, c].item() + (1 - momentum) * var.item()
        Y[:, c] = gamma[0, c] * (X[:, c] - mean) / torch.sqrt(var + eps) + beta[0, c]
    return Y, new_mean, new_var


@accepted("BatchNorm", "lecture style, statistics assigned")
class AssigningBatchNorm(nn.Module):
    def __init__(self, num_features, num_dims):
        super().__init__()
        if num_dims == 2:
            shape = (1, num_features)
        else:
            shape = (1, num_features, 1, 1)
        self.gamma = nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.zeros(shape))
        self.register_buffer("moving_mean", torch.zeros(shape))
        self.register_buffer("moving_var", torch.ones(shape))

    def forward(self, X):
        Y, mean, var = batch_norm(
            X,
            self.gamma,
            self.beta,
            self.moving_mean,
            self.moving_var,
            eps=1e-5,
            momentum=0.9,
            training=self.training,
        )
        self.moving_mean, self.moving_var = mean, var
        return Y


@accepted("BatchNorm", "statistics updated in place, formula inline, a counter beside them")
class InPlaceBatchNorm(nn.Module):
    def __init__(self, num_features, num_dims, eps=1e-5, momentum=0.9):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        shape = [1, num_features] + [1] * (num_dims - 2)
        self.register_parameter("gamma", nn.Parameter(torch.empty(shape)))
        self.register_parameter("beta", nn.Parameter(torch.empty(shape)))
        nn.init.ones_(self.gamma)
        nn.init.zeros_(self.beta)
        self.register_buffer("moving_mean", torch.zeros_like(self.beta.data))
        self.register_buffer("moving_var", torch.ones_like(self.beta.data))
        self.register_buffer("batches_seen", torch.tensor(0))

    def forward(self, X):
        if self.training:
            dims = [0] + list(range(2, X.ndim))
            mean = X.mean(dims, keepdim=True)
            var = (X - mean).square().mean(dims, keepdim=True)
            with torch.no_grad():
                self.moving_mean.lerp_(mean, 1 - self.momentum)
                self.moving_var.lerp_(var, 1 - self.momentum)
                self.batches_seen += 1
        else:
            mean, var = self.moving_mean, self.moving_var
        return self.gamma * ((X - mean) * (var + self.eps).rsqrt()) + self.beta


@accepted("BatchNorm", "detached inputs for the statistics, copied into the buffers")
class CopyingBatchNorm(nn.Module):
    def __init__(self, num_features, num_dims):
        super().__init__()
        ones = torch.ones(num_features).reshape(1, -1)
        if num_dims == 4:
            ones = ones[..., None, None]
        self.gamma = nn.Parameter(ones.clone())
        self.beta = nn.Parameter(ones - 1)
        self.register_buffer("moving_mean", ones - 1)
        self.register_buffer("moving_var", ones.clone())

    def forward(self, X):
        statistics = (self.moving_mean, self.moving_var)
        out, mean, var = batch_norm(X, self.gamma, self.beta, *statistics, 1e-5, 0.9, self.training)
        if self.training:
            self.moving_mean.copy_(mean.detach())
            self.moving_var.copy_(var.detach())
        return out


@accepted("BatchNorm", "the data of the buffers replaced, channels in a loop")
class LoopingBatchNorm(nn.Module):
    def __init__(self, num_features, num_dims):
        super().__init__()
        self.num_features = num_features
        shape = {2: (1, num_features), 4: (1, num_features, 1, 1)}[num_dims]
        self.gamma, self.beta = nn.Parameter(torch.ones(*shape)), nn.Parameter(torch.zeros(*shape))
        for name, value in (("moving_mean", 0.0), ("moving_var", 1.0)):
            self.register_buffer(name, torch.full(shape, value))

    def forward(self, X):
        channels = X.split(1, dim=1)
        if self.training:
            mean = torch.stack([x.mean() for x in channels]).view_as(self.moving_mean)
            var = torch.stack([x.var(correction=0) for x in channels]).view_as(self.moving_var)
            self.moving_mean.data = 0.9 * self.moving_mean.data + 0.1 * mean.data
            self.moving_var.data = 0.9 * self.moving_var.data + 0.1 * var.data
        else:
            mean, var = self.moving_mean, self.moving_var
        return (X - mean) / torch.sqrt(var + 1e-5) * self.gamma + self.beta


@accepted("BatchNorm", "the statistics kept as Python numbers on the way, written into the buffers one by one")
class NumberingBatchNorm(nn.Module):
    def __init__(self, num_features, num_dims):
        super().__init__()
        shape = [1] * num_dims
        shape[1] = num_features
        self.gamma, self.beta = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))
        self.register_buffer("moving_mean", torch.zeros(shape))
        self.register_buffer("moving_var", torch.ones(shape))

    def forward(self, X):
        channels = []
        for c in range(X.shape[1]):
            x, mean, var = X[:, c], self.moving_mean[0, c].item(), self.moving_var[0, c].item()
            if self.training:
                mean, old_mean = x.mean(), mean
                var, old_var = ((x - mean) ** 2).mean(), var
                self.moving_mean[0, c] = 0.9 * old_mean + 0.1 * mean.item()
                self.moving_var[0, c] = 0.9 * old_var + 0.1 * var.item()
            channels.append(self.gamma[0, c] * (x - mean) / (var + 1e-5) ** 0.5 + self.beta[0, c])
        return torch.stack(channels, dim=1)
