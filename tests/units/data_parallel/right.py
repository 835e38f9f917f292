"""Other correct ways to write data-parallel training."""

import copy

import torch
from torch import nn

from autograder.suite import accepted


@accepted("get_params", "lecture style")
def params_of_the_lecture(params, device):
    new_params = [p.detach().to(device).clone() for p in params]
    for p in new_params:
        p.requires_grad_()
    return new_params


@accepted("get_params", "nn.Parameter")
def params_as_parameters(params, device):
    return nn.ParameterList([nn.Parameter(p.data.clone().to(device)) for p in params])


@accepted("get_params", "torch.empty_like, filled")
def params_filled(params, device):
    copies = ()
    for p in params:
        copy = torch.empty_like(p, device=device, requires_grad=True)
        with torch.no_grad():
            copy.copy_(p)
        copies += (copy,)
    return copies


@accepted("get_params", "through numpy")
def params_through_numpy(params, device):
    arrays = [p.detach().cpu().numpy().copy() for p in params]
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@accepted("allreduce", "a separate total, copied")
def allreduce_by_total(data):
    total = torch.zeros_like(data[0])
    for each in data:
        total = total + each.to(total.device)
    for each in data:
        each.copy_(total)


@accepted("allreduce", "on the CPU, with sum()")
def allreduce_on_cpu(data):
    total = sum(each.cpu() for each in data)
    for i in range(len(data)):
        data[i][...] = total.to(data[i].device)


@accepted("allreduce", "everyone adds what it lacks")
def allreduce_from_clones(data):
    before = [each.clone() for each in data]
    for i, mine in enumerate(data):
        for j, theirs in enumerate(before):
            if i != j:
                mine.add_(theirs.to(mine.device))


@accepted("allreduce", "lecture style with clamped memory use")
@torch.no_grad()
def allreduce_of_the_lecture(data):
    for i in range(1, len(data)):
        data[0][:] += data[i].to(data[0].device)
    for i in range(1, len(data)):
        data[i][:] = data[0].to(data[i].device)


@accepted("split_batch", "tensor_split")
def split_by_tensor_split(X, y, devices):
    assert X.shape[0] == y.shape[0]
    k = len(devices)
    return (
        [shard.to(device) for shard, device in zip(X.tensor_split(k), devices)],
        [shard.to(device) for shard, device in zip(y.tensor_split(k), devices)],
    )


@accepted("split_batch", "rounded boundaries, tuples")
def split_by_boundaries(X, y, devices):
    if X.size(0) != y.size(0):
        raise ValueError("lengths differ")
    n, k = X.size(0), len(devices)
    cuts = [round(i * n / k) for i in range(k + 1)]
    parts = [(X[a:b].to(d), y[a:b].to(d)) for a, b, d in zip(cuts, cuts[1:], devices)]
    return tuple(zip(*parts))


@accepted("split_batch", "large shards last")
def split_large_last(X, y, devices):
    assert len(X) == len(y), "X and y must belong together"
    size, rest = divmod(len(X), len(devices))
    sizes = [size] * (len(devices) - rest) + [size + 1] * rest
    X_shards = [x.clone().to(d) for x, d in zip(torch.split(X, sizes), devices)]
    y_shards = [t.clone().to(d) for t, d in zip(torch.split(y, sizes), devices)]
    return [X_shards, y_shards]


@accepted("train_batch", "lecture style")
def train_batch_of_the_lecture(X, y, device_params, devices, lr):
    X_shards, y_shards = split_batch(X, y, devices)
    ls = [loss_of(A, b, W).sum() for A, b, W in zip(X_shards, y_shards, device_params)]
    for l in ls:
        l.backward()
    with torch.no_grad():
        for i in range(len(device_params[0])):
            allreduce([device_params[c][i].grad for c in range(len(devices))])
        for params in device_params:
            for p in params:
                p -= lr * p.grad / X.shape[0]
                p.grad.zero_()


@accepted("train_batch", "torch.optim.SGD on every device")
def train_batch_with_sgd(X, y, device_params, devices, lr):
    optimisers = [torch.optim.SGD(params, lr=lr) for params in device_params]
    for optimiser, params, A, b in zip(optimisers, device_params, *split_batch(X, y, devices)):
        optimiser.zero_grad()
        (loss_of(A, b, params).sum() / len(X)).backward()
    for copies in zip(*device_params):
        allreduce([p.grad for p in copies])
    for optimiser in optimisers:
        optimiser.step()


@accepted("train_batch", "autograd.grad, weighted means")
def train_batch_with_weights(X, y, device_params, devices, lr):
    gradients = []
    for A, b, params in zip(*split_batch(X, y, devices), device_params):
        loss = loss_of(A, b, params)
        weighted = loss.mean() * (len(A) / len(X)) if len(A) else loss.sum()
        gradients.append(torch.autograd.grad(weighted, params))
    for i in range(len(device_params[0])):
        data = [g[i].clone() for g in gradients]
        allreduce(data)
        for params, g in zip(device_params, data):
            params[i].data.sub_(g, alpha=lr)


@accepted("train_batch", "all losses in one backward, cleared before")
def train_batch_in_one_backward(X, y, device_params, devices, lr):
    for params in device_params:
        for p in params:
            p.grad = None
    X_shards, y_shards = split_batch(X, y, devices)
    losses = [loss_of(X_shards[i], y_shards[i], device_params[i]).sum() for i in range(len(devices))]
    torch.autograd.backward(losses)
    for copies in zip(*device_params):
        allreduce([p.grad for p in copies])
    for params in device_params:
        for p in params:
            p.data -= (lr / len(y)) * p.grad


class SumOverDevices(torch.autograd.Function):
    """The sum of vectors on several devices; every one gets its gradient on its own."""

    @staticmethod
    def forward(ctx, *vectors):
        ctx.places = [(v.shape, v.device) for v in vectors]
        return sum(v.sum().to(vectors[0].device) for v in vectors)

    @staticmethod
    def backward(ctx, gradient):
        return tuple(gradient.to(device).expand(shape) for shape, device in ctx.places)


@accepted("train_batch", "an autograd.Function across devices")
def train_batch_with_function(X, y, device_params, devices, lr):
    everything = [p for params in device_params for p in params]
    losses = [loss_of(A, b, params) for A, b, params in zip(*split_batch(X, y, devices), device_params)]
    (SumOverDevices.apply(*losses) / len(X)).backward()
    for copies in zip(*device_params):
        allreduce([p.grad for p in copies])
    optimiser = torch.optim.SGD(everything, lr=lr)
    optimiser.step()
    optimiser.zero_grad()


@accepted("train_batch", "torch.func.grad")
def train_batch_by_transform(X, y, device_params, devices, lr):
    gradients = []
    for A, b, params in zip(*split_batch(X, y, devices), device_params):
        total = torch.func.grad(lambda params, A=A, b=b: loss_of(A, b, params).sum())
        gradients.append(total([p.detach() for p in params]))
    for parts in zip(*gradients):
        allreduce(list(parts))
    with torch.no_grad():
        for params, own in zip(device_params, gradients):
            torch._foreach_add_(params, own, alpha=-lr / len(X))


@accepted("get_params", "deepcopy of detached tensors")
def params_by_deepcopy(params, device):
    return [copy.deepcopy(p.detach()).to(device).requires_grad_(True) for p in params]


@accepted("allreduce", "copied across devices by copy_")
def allreduce_by_copy(data):
    total = torch.empty_like(data[0]).copy_(data[0])
    for each in data[1:]:
        total += torch.empty_like(total).copy_(each)
    for each in data:
        each.copy_(total)


@accepted("allreduce", "a ring of chunks, each summed in an order of its own")
def allreduce_in_a_ring(data):
    k = len(data)
    chunks = [each.tensor_split(k) for each in data]
    for step in range(k - 1):
        for i in range(k):
            chunks[(i + 1) % k][(i - step) % k].add_(chunks[i][(i - step) % k].to(data[(i + 1) % k].device))
    for step in range(k - 1):
        for i in range(k):
            chunks[(i + 1) % k][(i + 1 - step) % k].copy_(chunks[i][(i + 1 - step) % k])


@accepted("train_batch", "idle devices are skipped")
def train_batch_of_busy_devices(X, y, device_params, devices, lr):
    n = len(X)
    for A, b, params in zip(*split_batch(X, y, devices), device_params):
        for p in params:
            p.grad = torch.zeros_like(p)
        if len(A):
            (loss_of(A, b, params).mean() * len(A) / n).backward()
    with torch.no_grad():
        for copies in zip(*device_params):
            allreduce([p.grad for p in copies])
            for p in copies:
                p -= lr * p.grad
