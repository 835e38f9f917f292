"""Public checks: devices."""

import torch
from torch import nn

from autograder.suite import check, close, equal, expect, hints, items_of, probe


@probe
def devices_of_two_gpus(names):
    """try_gpu(i)"""
    kept = torch.cuda.device_count, torch.cuda.is_available
    torch.cuda.device_count, torch.cuda.is_available = lambda: 2, lambda: True
    try:
        return [names.try_gpu(1), names.try_gpu(2)]
    finally:
        torch.cuda.device_count, torch.cuda.is_available = kept


@check("try_gpu", points=1)
def test_try_gpu_with_two_gpus(submission):
    """With two GPUs, try_gpu(1) is cuda:1 and try_gpu(2) is the CPU."""
    one, two = items_of(submission.run(devices_of_two_gpus), 2)
    for device, wanted, i in ((one, torch.device("cuda:1"), 1), (two, torch.device("cpu"), 2)):
        problem = f'must be torch.device("{wanted}"), not {device!r}'
        expect(device == wanted, problem, what=f"try_gpu({i}) on a machine with 2 GPUs")


@probe
def all_of_two_gpus(names):
    """try_all_gpus()"""
    kept = torch.cuda.device_count, torch.cuda.is_available
    torch.cuda.device_count, torch.cuda.is_available = lambda: 2, lambda: True
    try:
        return names.try_all_gpus()
    finally:
        torch.cuda.device_count, torch.cuda.is_available = kept


@check("try_all_gpus", points=1)
def test_try_all_gpus_with_two_gpus(submission):
    """With two GPUs, try_all_gpus() is [cuda:0, cuda:1]."""
    wanted = [torch.device("cuda:0"), torch.device("cuda:1")]
    devices = items_of(submission.run(all_of_two_gpus), what="try_all_gpus()")
    expect(devices == wanted, f"must be {wanted}, not {devices}", what="try_all_gpus() on a machine with 2 GPUs")


@probe
def pair_to_meta(names):
    """to_device((X, [y, 5]), torch.device("meta"))"""
    X, y = torch.ones(2, 3), torch.zeros(2)
    moved = names.to_device((X, [y, 5]), torch.device("meta"))
    return [type(moved).__name__, moved[0].device.type, moved[1][0].device.type, moved[1][1]]


@check("to_device", points=1)
def test_pair_moves_to_meta(submission):
    """In (X, [y, 5]), X and y move to the device meta, 5 stays 5, and the tuple stays a tuple."""
    kind, X, y, number = items_of(submission.run(pair_to_meta), 4)
    expect(kind == "tuple", f"must be a tuple, not a {kind}")
    expect(X == "meta" and y == "meta", f"must be on meta, not on {X} and {y}", what="X and y")
    equal(number, 5, what="The number in the batch")


@probe
def identity_accuracy(names):
    """evaluate_accuracy_gpu(net, data_iter)"""
    net = nn.Linear(3, 3, bias=False)
    net.weight.data.copy_(torch.eye(3))
    batches = [(torch.eye(3), torch.tensor([0, 1, 0])), (torch.eye(3)[:1], torch.tensor([0]))]
    return names.evaluate_accuracy_gpu(net, batches)


@check("evaluate_accuracy_gpu", points=1)
def test_accuracy_of_two_batches(submission):
    """2 of 3 right in the first batch and 1 of 1 in the second make 3/4."""
    close(submission.run(identity_accuracy), 0.75, what="evaluate_accuracy_gpu(net, data_iter)")


@check("DeviceAwareBuffer", points=1)
def test_layer_centres_two_rows(submission):
    """The real rows [1], [3] and a row of padding give [-1], [1], [0]; total is [4] and count 2."""
    layer = submission.DeviceAwareBuffer(1)
    Y = layer(torch.tensor([[1.0], [3.0], [9.0]]), 2)
    close(Y, torch.tensor([[-1.0], [1.0], [0.0]]), what="layer(X, 2)")
    close(layer.total, torch.tensor([4.0]), what="layer.total")
    close(layer.count, 2, what="layer.count")


@check("DeviceAwareBuffer", points=1)
def test_buffers_move_to_meta(submission):
    """layer.to("meta") moves total and count."""
    layer = submission.DeviceAwareBuffer(2)
    layer.to("meta")
    for name in ("total", "count"):
        device = getattr(layer, name).device.type
        expect(device == "meta", f"must be on meta, not on {device}", what=f'layer.{name} after layer.to("meta")')


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "try_gpu",
    question="On a machine with 2 GPUs, which numbers exist?",
    idea="Compare the number asked for with how many GPUs there are; where it does not exist, fall back on "
    "the CPU. The device you return carries its number.",
    formula="try_gpu(i) = cudaᵢ if i < N, else cpu, with N the number of GPUs",
)

hints(
    "try_all_gpus",
    question="What should a loop over the devices do on a machine without a GPU?",
    idea="List one device per GPU, counted from 0. Only where the list would be empty does the CPU stand in.",
    formula="[cuda₀, …, cuda_{N−1}] if N ≥ 1, else [cpu]",
)

hints(
    "to_device",
    question="A list may hold lists that hold tensors. Who can move the inner lists?",
    idea="There are few kinds of things: a tensor moves; a list, a tuple or a dictionary is built anew "
    "from its moved items; anything else is returned as it is. Each item is a batch itself, so the "
    "function may use itself.",
    formula="M(tensor) = tensor on the device;  M((a, b, …)) = (M(a), M(b), …), for lists and dictionaries "
    "alike;  M(x) = x otherwise",
)

hints(
    "evaluate_accuracy_gpu",
    question="The scores are where net has computed them. Where must X be before that, and y after it?",
    idea="Find out which device counts: the one given, else the one of the module's parameters, else none. "
    "Move X, tensor or list, and y there, batch by batch, with the module in evaluation mode. Add up "
    "right predictions and examples, and divide once.",
    formula="accuracy = Σ_B Σ_{i ∈ B} [argmaxⱼ net(X)ᵢⱼ = yᵢ] / Σ_B |B|",
)

hints(
    "DeviceAwareBuffer",
    question="Your layer owns two tensors and makes others on the way. Which of them move when the layer moves?",
    idea="Register the two statistics so that they follow the layer without being trained. In training "
    "mode add the real rows and their number to them, as plain values. Then subtract the mean from "
    "the real rows and leave zeros in the padding; whatever you make on the way belongs on X's "
    "device.",
    formula="training: total ← total + Σ_{i<v} Xᵢ, count ← count + v;  Yᵢ = Xᵢ − total / max(count, 1) for i "
    "< v, else 0",
)
