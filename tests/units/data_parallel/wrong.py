"""Known mistakes in data-parallel training."""

import torch

from autograder.suite import misconception

# get_params


@misconception(
    "get_params",
    "the tensors themselves instead of copies",
    hint="On the device where a tensor already is, .to(device) returns that very tensor, not a copy. All your "
    "devices then train one and the same set of numbers, and the original changes with them. Look for the "
    "method that always makes a copy.",
)
def params_not_copied(params, device):
    return [p.detach().to(device).requires_grad_() for p in params]


@misconception(
    "get_params",
    "requires_grad switched on in the originals",
    hint="requires_grad_() changes the tensor it is called on. You call it on the original, or on a tensor that "
    ".to(device) returned unchanged. The copy has to exist before it is told to collect gradients.",
)
def params_marked_first(params, device):
    return [p.requires_grad_().detach().clone().to(device).requires_grad_() for p in params]


@misconception(
    "get_params",
    "gradients are not switched on",
    hint="A copy made from a detached tensor records nothing, so backward() finds no way to it and its .grad "
    "stays None. A tensor that is to be trained has to be told so.",
)
def params_without_grad(params, device):
    return [p.detach().clone().to(device) for p in params]


@misconception(
    "get_params",
    "copies still hang on the originals",
    hint="clone() is recorded by autograd: if the original requires gradients, the clone is a result computed "
    "from it, no leaf, and the gradient ends up in the original. Cut the copy off before you mark it.",
)
def params_attached(params, device):
    return [p.clone().to(device).requires_grad_() for p in params]


@misconception(
    "get_params",
    "marked before it is moved",
    hint="The tensor that requires gradients stands on the old device. Moving it is an operation that autograd "
    "records, so what arrives on the new device is no leaf and gets no .grad. Look at the order of moving "
    "and marking.",
)
def params_marked_before_moving(params, device):
    return [p.detach().clone().requires_grad_().to(device) for p in params]


@misconception(
    "get_params",
    "the device is ignored",
    hint="Your copies stay where the originals are. A device can only compute with parameters that live on it.",
)
def params_left_behind(params, device):
    return [p.detach().clone().requires_grad_() for p in params]


@misconception(
    "get_params",
    "cut off only where nothing moves",
    hint="On the same device your copies are free, but an original that requires gradients and has to travel takes its "
    "graph along: what arrives is computed from it, no leaf. Moving is an operation like any other, and autograd "
    "records it.",
)
def params_cut_off_at_home(params, device):
    return [(p.detach().clone() if p.device == device else p.to(device)).requires_grad_() for p in params]


@misconception(
    "get_params",
    "the original's gradient comes along",
    hint="Your copies carry a gradient before anything has been computed with them: it belongs to the original, and "
    "was copied with it. backward() adds to what is there. What exactly does the way you copy take along besides "
    "the numbers?",
)
def params_with_old_gradients(params, device):
    copies = [p.detach().clone().to(device).requires_grad_() for p in params]
    for copy, p in zip(copies, params):
        copy.grad = None if p.grad is None else p.grad.clone().to(device)
    return copies


@misconception(
    "get_params",
    "originals replaced in their list",
    hint="You write the copies into the list that was passed in, so the caller has lost the originals: a list is not "
    "copied when it is handed to a function. Collect the copies in a list of your own.",
)
def params_replaced(params, device):
    for i, p in enumerate(params):
        params[i] = p.detach().clone().to(device).requires_grad_()
    return params


# allreduce


def spread_out(total, data):
    for each in data:
        each.copy_(total)


def gathered(data):
    return torch.stack([each.to(data[0].device) for each in data])


@misconception(
    "allreduce",
    "mean instead of sum",
    hint="Every tensor holds the mean. Here the gradients of the shards are summed: the division by the number of "
    "examples happens once, in the update, and the number of devices has no part in it.",
)
def reduce_to_mean(data):
    spread_out(gathered(data).mean(dim=0), data)


@misconception(
    "allreduce",
    "only the first tensor gets the sum",
    hint="You collect the sum in the first tensor and stop there. That is a reduce; the result has to travel "
    "back, so that every device has it.",
)
def reduce_without_broadcast(data):
    for other in data[1:]:
        data[0] += other.to(data[0].device)


@misconception(
    "allreduce",
    "sums computed from tensors that have changed already",
    hint="The first tensor becomes the sum, and then the second adds it to the rest as if it were still the first "
    "device's own part. Once a tensor is overwritten, its old value is gone for everyone after it.",
)
def reduce_one_after_another(data):
    for i, each in enumerate(data):
        for j, other in enumerate(data):
            if i != j:
                each += other.to(each.device)


@misconception(
    "allreduce",
    "new tensors in the list instead of new values in the tensors",
    hint="You put another tensor into the list. Whoever holds the old tensors, a parameter its .grad for "
    "instance, sees nothing of it. Assigning to a place in a list is not the same as writing into the tensor "
    "that stands there.",
)
def reduce_rebinds(data):
    total = gathered(data).sum(dim=0)
    for i, each in enumerate(data):
        data[i] = total.to(each.device)


@misconception(
    "allreduce",
    "all tensors share one memory",
    hint="The numbers are right, but all tensors now are views of one memory: whoever writes into one writes into "
    "all. Copy the numbers of the sum into each tensor instead of giving it the sum's storage.",
)
def reduce_shares_storage(data):
    total = gathered(data).sum(dim=0)
    for each in data:
        each.data = total.to(each.device)


@misconception(
    "allreduce",
    "the sum is computed in float32",
    hint="The result has the right dtype, but its last digits are wrong: on the way it was a float32, which keeps about "
    "seven of them. Look at what you collect the sum in, and let it have the dtype of the tensors.",
)
def reduce_in_single_precision(data):
    spread_out(gathered(data).float().sum(dim=0), data)


@misconception(
    "allreduce",
    "new memory behind the old tensors",
    hint="The tensors hold the right numbers, but in another memory than before: a view of one of them, made earlier, "
    "still shows the old ones. To change a tensor in place is to write into the memory it has.",
)
def reduce_moves_memory(data):
    total = gathered(data).sum(dim=0)
    for each in data:
        each.data = total.clone().to(each.device)


@misconception(
    "allreduce",
    "tensors are added across devices",
    hint="On one device this works, on several it raises an error: an operation wants all its tensors in one "
    "place. One of the two has to be moved to the other's device before they are added.",
)
def reduce_without_moving(data):
    for other in data[1:]:
        data[0] += other
    for other in data[1:]:
        other[:] = data[0]


@misconception(
    "allreduce",
    "the total minus the own part is added",
    hint="You add to each tensor what it lacks, and find that by taking its own part off the total again. On paper that "
    "cancels; on the machine infinity minus infinity is nan, and next to a huge number the digits of small ones are "
    "lost. The total was there already: it needs no detour over a difference.",
)
def reduce_by_differences(data):
    total = gathered(data).sum(dim=0)
    for each in data:
        each += total.to(each.device) - each


@misconception(
    "allreduce",
    "the list is returned",
    hint="The tensors hold the sum, and the list of them comes back as well. What a function changes in place the caller "
    "holds already; a result suggests that the tensors passed in are still the old ones.",
)
def reduce_returns_the_list(data):
    spread_out(gathered(data).sum(dim=0), data)
    return data


# split_batch


@misconception(
    "split_batch",
    "the rest is lost",
    hint="Every shard gets n // k rows, and the n % k rows that are left go to nobody. Those examples never take "
    "part in the training. Which devices could take one row more?",
)
def split_loses_rest(X, y, devices):
    assert len(X) == len(y)
    size = len(X) // len(devices)
    X_shards = [X[i * size : (i + 1) * size].to(d) for i, d in enumerate(devices)]
    y_shards = [y[i * size : (i + 1) * size].to(d) for i, d in enumerate(devices)]
    return X_shards, y_shards


@misconception(
    "split_batch",
    "the last shard takes the whole rest",
    hint="Nothing is lost, but all rows that are left over go to the last device, and the others wait for it. "
    "Deal the rest out one row at a time.",
)
def split_rest_to_last(X, y, devices):
    assert len(X) == len(y)
    size, k = len(X) // len(devices), len(devices)
    sizes = [size] * (k - 1) + [len(X) - size * (k - 1)]
    return tuple([s.to(d) for s, d in zip(whole.split(sizes), devices)] for whole in (X, y))


@misconception(
    "split_batch",
    "torch.chunk makes fewer shards",
    hint="chunk makes pieces of equal size and stops when the rows are used up, so for some batches there are "
    "fewer pieces than devices, and a device goes without. Try 4 rows for 3 devices, and read which function "
    "beside chunk promises the number of pieces.",
)
def split_by_chunk(X, y, devices):
    assert len(X) == len(y)
    return tuple([s.to(d) for s, d in zip(whole.chunk(len(devices)), devices)] for whole in (X, y))


@misconception(
    "split_batch",
    "the whole batch for every device",
    hint="Every device gets all of the batch, so each example is worked through once per device. The point of "
    "data parallelism is that each does a part.",
)
def split_copies_batch(X, y, devices):
    assert len(X) == len(y)
    return [X.to(d) for d in devices], [y.to(d) for d in devices]


@misconception(
    "split_batch",
    "rows dealt out like cards",
    hint="You give every k-th row to a device. The sizes are right, but the order is not: the first rows belong "
    "to the first device, the next ones to the second.",
)
def split_interleaved(X, y, devices):
    assert len(X) == len(y)
    k = len(devices)
    return tuple([whole[i::k].to(d) for i, d in enumerate(devices)] for whole in (X, y))


@misconception(
    "split_batch",
    "shards stay where the batch is",
    hint="The batch is cut up, but no piece is sent anywhere. Shard i has to be on devices[i] before device i can "
    "compute with it.",
)
def split_without_moving(X, y, devices):
    assert len(X) == len(y)
    return list(X.tensor_split(len(devices))), list(y.tensor_split(len(devices)))


@misconception(
    "split_batch",
    "labels are not moved",
    hint="The shards of X travel to their devices, those of y stay behind. The loss needs both in the same place.",
)
def split_leaves_labels(X, y, devices):
    assert len(X) == len(y)
    X_shards = [s.to(d) for s, d in zip(X.tensor_split(len(devices)), devices)]
    return X_shards, list(y.tensor_split(len(devices)))


@misconception(
    "split_batch",
    "different lengths are let through",
    hint="X and y with different numbers of rows cannot belong together. If that goes unnoticed, rows and labels "
    "are paired wrongly or dropped in silence: compare the lengths first and raise an error.",
)
def split_unchecked(X, y, devices):
    k = len(devices)
    return tuple([s.to(d) for s, d in zip(whole.tensor_split(k), devices)] for whole in (X, y))


@misconception(
    "split_batch",
    "the list of devices is used up",
    hint="Each shard takes its device out of the list, and the list is the caller's: after one batch no device is left "
    "for the next. Go through the devices without removing them.",
)
def split_uses_up_devices(X, y, devices):
    assert len(X) == len(y)
    k = len(devices)
    X_shards, y_shards = [], []
    for A, b in zip(X.tensor_split(k), y.tensor_split(k)):
        device = devices.pop(0)
        X_shards.append(A.to(device))
        y_shards.append(b.to(device))
    return X_shards, y_shards


# train_batch


def go_backward(X, y, device_params, devices, reduction="sum"):
    for A, b, params in zip(*split_batch(X, y, devices), device_params):
        losses = loss_of(A, b, params)
        (losses.mean() if reduction == "mean" and len(A) else losses.sum()).backward()


def add_up(device_params):
    for copies in zip(*device_params):
        allreduce([p.grad for p in copies])


def step(params, rate):
    with torch.no_grad():
        for p in params:
            p -= rate * p.grad
            p.grad = None


@misconception(
    "train_batch",
    "gradients averaged over the devices",
    hint="You divide by the number of examples and by the number of devices as well, so the step gets shorter "
    "with every device. The sum over all shards is the sum over the whole batch already: it is divided by n "
    "once.",
)
def step_divides_by_devices(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    for params in device_params:
        step(params, lr / len(X) / len(devices))


@misconception(
    "train_batch",
    "means of the shards are summed",
    hint="Each shard's loss is divided by the shard's own size, and the results are added: k devices make a step "
    "about k times too long. What has to be added up are sums; the division by the size of the whole batch "
    "comes once.",
)
def step_sums_means(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices, "mean")
    add_up(device_params)
    for params in device_params:
        step(params, lr)


@misconception(
    "train_batch",
    "mean of the shards' means",
    hint="The mean of means is the mean of all only if the shards have the same size. In a small shard every "
    "example counts for more. Think of sums instead, and of what they are divided by.",
)
def step_mean_of_means(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices, "mean")
    add_up(device_params)
    for params in device_params:
        step(params, lr / len(devices))


@misconception(
    "train_batch",
    "not divided by the batch size",
    hint="The step is as many times too long as the batch has examples: the gradient of the summed loss is used "
    "where that of the mean loss is asked for.",
)
def step_undivided(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    for params in device_params:
        step(params, lr)


@misconception(
    "train_batch",
    "only the first copy is updated",
    hint="The parameters of the first device take the step, those of the others do not, so from now on the "
    "devices train different models. Every copy has to take the same step.",
)
def step_first_only(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    step(device_params[0], lr / len(X))
    for params in device_params[1:]:
        for p in params:
            p.grad = None


@misconception(
    "train_batch",
    "no allreduce",
    hint="Every device steps along the gradient of its own shard and knows nothing of the others: the copies "
    "drift apart. Between backward and the update the gradients have to be exchanged.",
)
def step_alone(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    for params in device_params:
        step(params, lr / len(X))


@misconception(
    "train_batch",
    "gradients are never cleared",
    hint="The first step is right, the second is not: backward() adds to the gradients that are still there from "
    "the step before. They have to go, on every device.",
)
def step_keeps_gradients(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    with torch.no_grad():
        for params in device_params:
            for p in params:
                p -= lr * p.grad / len(X)


@misconception(
    "train_batch",
    "one gradient tensor shared by all copies",
    hint="All copies were given the very same tensor as their .grad. In the next step every device adds its "
    "gradient to that one tensor, and the sum counts everything several times. Write numbers into each "
    "copy's own gradient.",
)
def step_shares_gradients(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    for first, *others in zip(*device_params):
        for p in others:
            p.grad = first.grad
    with torch.no_grad():
        for params in device_params:
            for p in params:
                p -= lr * p.grad / len(X)
    for p in device_params[0]:
        p.grad.zero_()


@misconception(
    "train_batch",
    "copies share one memory after the step",
    hint="The first copy takes the step, and the others are made to point at its numbers. On one device these are the "
    "same memory: from then on there is only one set of parameters, and whoever writes into one copy writes into "
    "all. Let every copy keep its own memory and change what stands in it.",
)
def step_joins_copies(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    step(device_params[0], lr / len(X))
    for params, device in zip(device_params[1:], devices[1:]):
        for p, first in zip(params, device_params[0]):
            p.data = first.data.to(device)
            p.grad = None


@misconception(
    "train_batch",
    "gradients stay switched off",
    hint="You switch gradients off for the update and never on again, for the whole program: the next backward() finds "
    "no graph. Limit it to the lines that need it.",
)
def step_switches_gradients_off(X, y, device_params, devices, lr):
    torch.set_grad_enabled(True)
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    torch.set_grad_enabled(False)
    for params in device_params:
        for p in params:
            p -= lr / len(X) * p.grad
            p.grad = None


@misconception(
    "train_batch",
    "new tensors instead of an update in place",
    hint="p = p - ... makes a new tensor and gives it the old name; the parameter itself, which the caller holds, "
    "stays as it was. The update has to write into the tensor that is there.",
)
def step_rebinds(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    for params in device_params:
        for i, p in enumerate(params):
            params[i] = (p - lr * p.grad / len(X)).detach().requires_grad_()


@misconception(
    "train_batch",
    "the whole batch on every device",
    hint="Every device works through the whole batch. Even if the numbers come out right, nothing is gained: each "
    "device is there for its own shard only.",
)
def step_without_shards(X, y, device_params, devices, lr):
    for params, device in zip(device_params, devices):
        loss_of(X.to(device), y.to(device), params).mean().backward()
        step(params, lr)


@misconception(
    "train_batch",
    "the parameters are returned",
    hint="The parameters take the step in place, and then they are returned too. The caller holds them already; a result "
    "suggests that there are new ones, and that the old are still as they were.",
)
def step_returns_parameters(X, y, device_params, devices, lr):
    go_backward(X, y, device_params, devices)
    add_up(device_params)
    for params in device_params:
        step(params, lr / len(X))
    return device_params
