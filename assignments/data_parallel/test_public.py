"""Public checks: data-parallel training."""

import torch

from autograder.suite import check, close, equal, expect, hints, items_of, probe, tensor_of

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


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "get_params",
    question="What do you get if you move a tensor to the device where it is already: a copy, or the tensor itself?",
    idea="Cut off from the original, make a copy that certainly is one, bring it to the device, and only "
    "then let it ask for gradients. In that order it is a leaf and shares nothing.",
    formula="p′ = p as numbers, memory(p′) ≠ memory(p), ∂p′/∂p = 0, p′ a leaf",
)

hints(
    "allreduce",
    question="Once you have written the sum into the first tensor, which number is lost that the others still need?",
    idea="Work out the whole sum before you overwrite anything, moving each summand to one device. Then "
    "write its numbers into every tensor that is there, on that tensor's own device.",
    formula="S = Σⱼ dataⱼ;  then data_k ← S for every k",
)

hints(
    "split_batch",
    question="Seven rows for three devices: who gets how many? And four rows for three devices?",
    idea="Check first that X and y belong together. Then cut both at the same places into exactly k "
    "neighbouring pieces whose sizes differ by at most one, and send each piece to its device.",
    formula="n = q k + r with 0 ≤ r < k:  r shards of q + 1 rows and k − r shards of q rows",
)

hints(
    "train_batch",
    question="Shards may differ in size. If every device takes the mean of its own shard, does every example "
    "still count alike?",
    idea="Let each device sum the losses of its own shard and go backward to its own copy. Add the "
    "gradients up over the devices, for each parameter, and let every copy take the same step, "
    "divided once by the size of the whole batch. Leave no gradient for the next step.",
    formula="g = Σ_k ∇ Σ_{i ∈ shard k} ℓᵢ = ∇ Σᵢ ℓᵢ;  p ← p − (lr/n) g on every device",
)
