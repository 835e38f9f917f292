"""Public checks: data-parallel training."""

import torch

from autograder.suite import check, close, equal, expect, items_of, probe, tensor_of

CPU = torch.device("cpu")


@probe
def copies_of_one(names):
    """get_params([w], device)"""
    w = torch.tensor([1.0, 2.0])
    (copy,) = names.get_params([w], torch.device("cpu"))
    needs = copy.requires_grad
    with torch.no_grad():
        copy.add_(10)
    return [needs, copy.detach(), w.requires_grad, w.detach()]


@check("get_params", points=1)
def test_a_copy_is_independent(submission):
    """Adding 10 to the copy of [1, 2] gives [11, 12] and leaves the original at [1, 2]."""
    needs, copy, original_needs, w = items_of(submission.run(copies_of_one), 4)
    expect(needs, "must require gradients", what="The copy")
    close(copy, torch.tensor([11.0, 12.0]), what="The copy after 10 was added to it")
    expect(not original_needs, "must not require gradients: it did not before", what="w")
    close(w, torch.tensor([1.0, 2.0]), what="w after 10 was added to its copy")


@probe
def reduced_pair(names):
    """allreduce([a, b])"""
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])
    names.allreduce([a, b])
    return [a, b]


@check("allreduce", points=1)
def test_allreduce_of_two_tensors(submission):
    """allreduce turns [1, 2] and [10, 20] into [11, 22] both."""
    total = torch.tensor([11.0, 22.0])
    close(submission.run(reduced_pair), [total, total], what="a and b after allreduce([a, b])")


@check("split_batch", points=1)
def test_five_rows_for_two_devices(submission):
    """5 rows for 2 devices make 2 shards, and no row is lost."""
    X, y = torch.arange(10.0).reshape(5, 2), torch.arange(5)
    parts = items_of(submission.split_batch(X, y, [CPU, CPU]), 2, what="What split_batch returns, a pair,")
    for part, whole, name in zip(parts, (X, y), "Xy"):
        shards = [tensor_of(shard, what=f"a shard of {name}") for shard in items_of(part, 2, what=f"{name}_shards")]
        equal(torch.cat(shards), whole, what=f"torch.cat({name}_shards)")


@probe
def step_of_zeros(names):
    """train_batch(X, y, device_params, devices, lr)"""
    shapes = [(3, 4), (4,), (4, 2), (2,)]
    copies = [[torch.zeros(shape, requires_grad=True) for shape in shapes] for _ in range(2)]
    devices = [torch.device("cpu")] * 2
    names.train_batch(torch.ones(3, 3), torch.tensor([0, 0, 1]), [list(copy) for copy in copies], devices, 6.0)
    return [copy[3].detach() for copy in copies]


@check("train_batch", points=1)
def test_step_from_zero_parameters(submission):
    """From zeros, two of three examples in class 0 and lr = 6, b2 becomes [1, -1] on both devices."""
    # Both classes have probability 1/2, so the gradient of the mean loss with respect to b2 is [1/2 - 2/3, 1/2 - 1/3].
    wanted = torch.tensor([1.0, -1.0])
    close(submission.run(step_of_zeros), [wanted, wanted], what="b2 on the two devices after one step")
