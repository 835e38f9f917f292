"""Other correct ways to write the unit on devices."""

import copy
import functools

import torch
from torch import nn

from autograder.suite import accepted


@accepted("try_gpu", "lecture style")
def try_gpu_of_the_lecture(i=0):
    if torch.cuda.device_count() >= i + 1:
        return torch.device(f"cuda:{i}")
    return torch.device("cpu")


@accepted("try_gpu", "is_available asked first")
def try_gpu_available(i=0):
    exists = torch.cuda.is_available() and i < torch.cuda.device_count()
    return torch.device("cuda", i) if exists else torch.device("cpu")


@accepted("try_gpu", "looked up in a list")
def try_gpu_from_list(i=0):
    gpus = [torch.device(type="cuda", index=k) for k in range(torch.cuda.device_count())]
    try:
        return gpus[i]
    except IndexError:
        return torch.device("cpu")


@accepted("try_all_gpus", "explicit loop")
def all_gpus_by_loop():
    if not torch.cuda.is_available():
        return [torch.device("cpu")]
    devices = []
    for i in range(torch.cuda.device_count()):
        devices.append(try_gpu(i))
    return devices


@accepted("try_all_gpus", "or")
def all_gpus_by_or():
    return [torch.device("cuda", i) for i in range(torch.cuda.device_count())] or [try_gpu()]


@accepted("try_all_gpus", "try_gpu asked for each number")
def all_gpus_by_map():
    count = torch.cuda.device_count()
    return list(map(try_gpu, range(max(count, 1))))


@accepted("to_device", "type(batch)")
def to_device_by_type(batch, device):
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(item, device) for item in batch)
    if isinstance(batch, dict):
        return type(batch)((key, to_device(value, device)) for key, value in batch.items())
    return batch.to(device) if torch.is_tensor(batch) else batch


@accepted("to_device", "whatever has a method to")
def to_device_by_attribute(batch, device):
    if hasattr(batch, "to"):
        return batch.to(device=device, non_blocking=True)
    if isinstance(batch, dict):
        moved = dict(batch)
        for key in moved:
            moved[key] = to_device(moved[key], device)
        return moved
    if isinstance(batch, list):
        return list(map(lambda item: to_device(item, device), batch))
    if isinstance(batch, tuple):
        return tuple(map(lambda item: to_device(item, device), batch))
    return batch


@accepted("to_device", "match statement")
def to_device_by_match(batch, device):
    match batch:
        case torch.Tensor():
            return batch.to(device, copy=True)
        case dict():
            return dict(zip(batch.keys(), to_device(list(batch.values()), device)))
        case tuple():
            return tuple(to_device(list(batch), device))
        case list():
            return [to_device(item, device) for item in batch]
        case _:
            return batch


@accepted("evaluate_accuracy_gpu", "lecture style")
def evaluate_of_the_lecture(net, data_iter, device=None):
    if isinstance(net, nn.Module):
        net.eval()
        if not device:
            device = next(iter(net.parameters())).device
    hits, examples = 0.0, 0.0
    with torch.no_grad():
        for X, y in data_iter:
            if isinstance(X, list):
                X = [x.to(device) for x in X]
            else:
                X = X.to(device)
            y = y.to(device)
            y_hat = net(X)
            hits += float((y_hat.argmax(axis=1).type(y.dtype) == y).type(y.dtype).sum())
            examples += y.numel()
    return hits / examples


@accepted("evaluate_accuracy_gpu", "hits collected on the device")
@torch.no_grad()
def evaluate_on_device(net, data_iter, device=None):
    if isinstance(net, nn.Module):
        net.train(False)
        device = device if device is not None else list(net.parameters())[0].device
    hits = []
    for batch in data_iter:
        X, y = batch if device is None else to_device(batch, device)
        hits.append(net(X).max(1).indices.eq(y))
    return torch.cat(hits).double().mean()


@accepted("evaluate_accuracy_gpu", "predictions brought back to y's device")
def evaluate_with_cpu_comparison(net, data_iter, device=None):
    if isinstance(net, nn.Module):
        net = net.eval()
        if device is None:
            for p in net.parameters():
                device = p.device
                break
    right = seen = 0
    for X, y in data_iter:
        X = X if device is None else to_device(X, device)
        guesses = torch.argmax(net(X), dim=-1).cpu()
        right += (guesses == y.cpu()).sum().item()
        seen += y.shape[0]
    return right / seen


@accepted("DeviceAwareBuffer", "slices instead of a mask")
class SlicedBuffer(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.register_buffer("total", torch.zeros((num_features,)))
        self.register_buffer("count", torch.tensor(0.0))

    def forward(self, X, valid_len):
        real = X[:valid_len]
        if self.training:
            with torch.no_grad():
                self.total.add_(real.sum(0))
                self.count.add_(real.shape[0])
        Y = torch.zeros_like(X)
        Y[:valid_len] = real - self.total / torch.clamp(self.count, min=1.0)
        return Y


@accepted("DeviceAwareBuffer", "torch.where and a Python condition")
class WhereBuffer(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.register_buffer("total", torch.zeros(num_features))
        self.register_buffer("count", torch.zeros([]))

    def forward(self, X, valid_len):
        rows = torch.arange(X.shape[0]).to(X.device)
        real = (rows < valid_len).reshape(-1, 1)
        if self.training:
            kept = torch.where(real, X, torch.zeros_like(X)).detach()
            self.total = self.total + kept.sum(dim=0)
            self.count = self.count + valid_len
        mean = self.total / self.count if self.count > 0 else self.total
        return torch.where(real, X - mean, 0)


@accepted("DeviceAwareBuffer", "padded again, row by row")
class PaddedBuffer(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.num_features = num_features
        self.register_buffer("total", torch.zeros(num_features))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, X, valid_len):
        if self.training:
            for row in X[:valid_len].detach():
                self.total += row
                self.count += 1
        mean = self.total / max(float(self.count), 1.0)
        rows = [X[i] - mean for i in range(valid_len)]
        rows += [X.new_zeros(self.num_features) for _ in range(len(X) - valid_len)]
        return torch.stack(rows)


@accepted("DeviceAwareBuffer", "einsum with a mask of X's kind")
class EinsumBuffer(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.total: torch.Tensor
        self.register_buffer("total", torch.zeros(num_features))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, X, valid_len):
        mask = torch.ones(len(X), dtype=X.dtype, device=self.total.device)
        mask[valid_len:] = 0
        if self.training:
            self.total.copy_(self.total + torch.einsum("n,nd->d", mask, X.detach()))
            self.count.copy_(self.count + mask.sum())
        centred = X - self.total.clone() / self.count.clamp_min(1)
        return torch.einsum("n,nd->nd", mask, centred)


@accepted("to_device", "functools.singledispatch")
def to_device_by_kind(batch, device):
    @functools.singledispatch
    def move(thing):
        return thing

    move.register(torch.Tensor, lambda tensor: tensor.to(device))
    move.register(list, lambda items: [*map(move, items)])
    move.register(tuple, lambda items: (*map(move, items),))
    move.register(dict, lambda items: {key: move(item) for key, item in items.items()})
    return move(batch)


@accepted("evaluate_accuracy_gpu", "former mode restored, y brought to the scores")
def evaluate_and_restore(net, data_iter, device=None):
    training = isinstance(net, nn.Module) and net.training
    if isinstance(net, nn.Module):
        net.eval()
        device = next(net.parameters()).device if device is None else device
    hits = []
    with torch.inference_mode():
        for X, y in data_iter:
            scores = net(X if device is None else to_device(X, device))
            hits.extend((scores.topk(1, dim=1).indices[:, 0] == y.to(scores.device)).tolist())
    if training:
        net.train()
    return sum(hits) / len(hits)


@accepted("evaluate_accuracy_gpu", "a deep copy is evaluated")
def evaluate_a_copy(net, data_iter, device=None):
    if isinstance(net, nn.Module):
        device = device or next(net.parameters()).device
        net = copy.deepcopy(net).eval()
    hits = []
    with torch.no_grad():
        for X, y in data_iter:
            X, y = (X, y) if device is None else to_device((X, y), device)
            hits += (net(X).argmax(dim=1) == y).tolist()
    return sum(hits) / len(hits)


@accepted("DeviceAwareBuffer", "an autograd.Function, made under X's device")
class BufferWithFunction(nn.Module):
    class Centre(torch.autograd.Function):
        @staticmethod
        def forward(ctx, X, mean, real):
            ctx.save_for_backward(real)
            return torch.where(real, X - mean, torch.zeros_like(X))

        @staticmethod
        def backward(ctx, gradient):
            (real,) = ctx.saved_tensors
            return gradient * real, None, None

    def __init__(self, num_features):
        super().__init__()
        for name, shape in (("total", num_features), ("count", ())):
            self.register_buffer(name, torch.zeros(shape))

    def forward(self, X, valid_len):
        with X.device:
            real = (torch.arange(len(X)) < valid_len)[:, None]
        if self.training:
            self.total += torch.where(real, X.detach(), 0).sum(dim=0)
            self.count += valid_len
        return self.Centre.apply(X, self.total / self.count.clamp(min=1), real)
