"""Hidden suite: data-parallel training."""

import math

import pytest
import torch

from autograder.suite import (
    SimulatedGPUs,
    check,
    close,
    equal,
    expect,
    given,
    items_of,
    probe,
    settings,
    st,
    tensor_of,
)

F64 = torch.float64
CPU = torch.device("cpu")
SHAPES = [(3,), (1,), (2, 3), (3, 1), (2, 1, 3)]
few = settings(max_examples=12)


def drawn(seed, shape, dtype=F64):
    """Multiples of 1/8 in [-4, 4]: sums of a few of them are exact."""
    return (torch.randint(-32, 33, shape, generator=torch.Generator().manual_seed(seed)) / 8).to(dtype)


def transposed(tensor):
    """The same entries, with dimensions in another order in memory."""
    return tensor.transpose(0, -1).contiguous().transpose(0, -1) if tensor.ndim else tensor


DTYPES = st.sampled_from([F64, torch.float32, torch.float16])


@st.composite
def parameters(draw):
    """One to four parameters of different shapes and dtypes, contiguous or not."""
    seed = draw(st.integers(0, 10**6))
    shapes = draw(st.lists(st.sampled_from([*SHAPES, ()]), min_size=1, max_size=4))
    params = [drawn(8 * seed + i, shape, draw(DTYPES)) for i, shape in enumerate(shapes)]
    return [transposed(p) for p in params] if draw(st.booleans()) else params


@st.composite
def gradients_of_devices(draw, most=5):
    """A list of tensors of one shape, contiguous or not; float64 and int64 with more digits than float32 has."""
    seed, shape = draw(st.integers(0, 10**6)), draw(st.sampled_from(SHAPES))
    dtype = draw(st.sampled_from([F64, torch.float32, torch.int64]))
    data = [drawn(8 * seed + i, shape) for i in range(draw(st.integers(1, most)))]
    if dtype == torch.int64:
        data = [(8 * each).long() + 2**53 for each in data]
    data = [each / 3 if dtype == F64 else each.to(dtype) for each in data]
    which = draw(st.sampled_from(["none", "first", "all"]))
    return [transposed(each) if which == "all" or (i, which) == (0, "first") else each for i, each in enumerate(data)]


@st.composite
def networks(draw, dtype=F64):
    """[W1, b1, W2, b2] for 2 features, 3 hidden units, 2 classes."""
    seed = draw(st.integers(0, 10**6))
    return [drawn(8 * seed + i, shape, dtype) / 2 for i, shape in enumerate([(2, 3), (3,), (3, 2), (2,)])]


@st.composite
def batches(draw, rows, dtype=F64):
    """(n, 2) with normal entries, rounded to eighths so that they read well in float32 too."""
    rows = draw(rows if isinstance(rows, st.SearchStrategy) else st.sampled_from(rows))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    return (torch.randn(rows, 2, generator=generator) * 8).round().div(8).to(dtype)


def classes(X):
    """A class per row, 0 or 1, in an order that does not repeat from shard to shard."""
    return torch.arange(len(X)) ** 2 % 5 % 2


NAMES = ("W1", "b1", "W2", "b2")
RATES = st.sampled_from([0.5, 0.1, 2.0])


@probe(SimulatedGPUs)
def on_simulated_gpus(names, task, *args):
    """train_batch(X, y, device_params, devices, lr)"""
    with SimulatedGPUs():
        if task == "get_params":
            params, needing, start, device = args
            params = [p.to(start).detach().requires_grad_(needs) for p, needs in zip(params, needing)]
            copies = list(names.get_params(params, torch.device(device)))
            return [[str(c.device), c.requires_grad, c.is_leaf, c.detach().to("cpu")] for c in copies]
        if task == "allreduce":
            data, devices = args
            data = [each.to(device) for each, device in zip(data, devices)]
            held = list(data)
            names.allreduce(data)
            return [[str(each.device) for each in held], [each.to("cpu") for each in held]]
        devices = [torch.device(device) for device in args[-1]]
        if task == "split_batch":
            X, y, _ = args
            shards = [list(part) for part in names.split_batch(X, y, devices)]
            return [[str(shard.device) for shard in part] for part in shards]
        X, y, start, params, lr, _ = args
        copies = [[p.to(device).detach().clone().requires_grad_() for p in params] for device in devices]
        names.train_batch(X.to(start), y.to(start), [list(copy) for copy in copies], devices, lr)
        return [[[str(p.device) for p in copy], [p.detach().to("cpu") for p in copy]] for copy in copies]


def simulating(shown):
    """The probe above, under the call it makes."""
    return on_simulated_gpus.showing(shown)


# get_params


@probe
def params_copied(names, params, needing):
    """get_params(params, device)"""
    params = [p.clone().requires_grad_(needs) for p, needs in zip(params, needing)]
    return names.get_params(params, torch.device("cpu"))


FLAGS = st.lists(st.booleans(), min_size=4, max_size=4)
SWITCHED_OFF = "leaves gradients switched off for all code that runs after it"


@check("get_params", points=2)
@given(params=parameters(), requires_grad=FLAGS)
def test_copies_hold_the_same_values(submission, params, requires_grad):
    """get_params(params, device) returns one tensor per parameter, in order, with its shape, dtype and values."""
    copies = items_of(submission.run(params_copied, params, requires_grad), len(params))
    equal(copies, params, what="get_params(params, device)")


@probe
def gradients_of_copies(names, params, needing):
    """get_params(params, device)"""
    params = [p.clone().requires_grad_(needs) for p, needs in zip(params, needing)]
    for p in params:
        p.grad = torch.full_like(p, 3) if p.requires_grad else None
    held = list(params)
    copies = list(names.get_params(params, torch.device("cpu")))
    recording, same = torch.is_grad_enabled(), list(map(id, params)) == list(map(id, held))
    flags = [[bool(copy.requires_grad), bool(copy.is_leaf)] for copy in copies]
    for copy in copies:
        if copy.requires_grad:
            (copy * copy).sum().backward()
    return [
        flags,
        [copy.grad if copy.is_leaf else None for copy in copies],
        [p.requires_grad for p in held],
        [p.grad is None if not p.requires_grad else bool((p.grad == 3).all()) for p in held],
        same,
        recording,
    ]


@check("get_params", points=2)
@given(params=parameters(), requires_grad=FLAGS)
def test_copies_collect_gradients(submission, params, requires_grad):
    """Every copy requires gradients and, as a leaf, keeps its own .grad, whether or not its original does."""
    flags, gradients, *_ = items_of(submission.run(gradients_of_copies, params, requires_grad), 6)
    for i, (needs, leaf) in enumerate(flags):
        expect(needs, "must require gradients, but its requires_grad is False", what=f"get_params(params, device)[{i}]")
        expect(leaf, "must be a leaf, but still hangs on its original", what=f"get_params(params, device)[{i}]")
    close(gradients, [2 * p for p in params], what="the .grad of the copies after (copy * copy).sum().backward()")


@check("get_params", points=1)
@given(params=parameters(), requires_grad=FLAGS)
def test_originals_stay_out_of_it(submission, params, requires_grad):
    """The originals keep their requires_grad and their .grad, and the list of them stays as it is."""
    returned = items_of(submission.run(gradients_of_copies, params, requires_grad), 6)
    _, _, after, untouched, same, recording = returned
    wanted = requires_grad[: len(params)]
    expect(after == wanted, f"was {wanted} before and must stay so, not {after}", what="requires_grad of the originals")
    problem = "must be what it was before, also after backward() from the copies"
    expect(all(untouched), problem, what="The .grad of the originals")
    expect(same, "must hold the originals as before", what="params after get_params(params, device)")
    expect(recording, SWITCHED_OFF, what="get_params(params, device)")


@probe
def written_copies(names, params, write_copies):
    """get_params(params, device)"""
    params = [p.clone() for p in params]
    first, second = (list(names.get_params(params, torch.device("cpu"))) for _ in range(2))
    with torch.no_grad():
        for written in first if write_copies else params:
            written.add_(1)
    return [[p.detach() for p in params], [p.detach() for p in first], [p.detach() for p in second]]


@check("get_params", points=2)
@given(params=parameters(), write_copies=st.booleans())
def test_copies_share_no_memory(submission, params, write_copies):
    """Writing into a copy changes neither its original nor other copies, and the other way round."""
    originals, first, second = items_of(submission.run(written_copies, params, write_copies), 3)
    written = "the copies" if write_copies else "the originals"
    more = [p + 1 for p in params]
    equal(originals, params if write_copies else more, what=f"params after 1 was added to {written}")
    equal(first, more if write_copies else params, what=f"get_params(params, device) after 1 was added to {written}")
    equal(second, params, what=f"a second get_params(params, device) after 1 was added to {written}")


PLACES = st.sampled_from(["cuda:0", "cuda:1", "cuda:2", "cpu"])


@check("get_params", points=2)
@given(params=parameters(), requires_grad=FLAGS, start=PLACES, device=PLACES)
def test_copies_live_on_the_device(submission, params, requires_grad, start, device):
    """The copies are leaves on the device that was asked for, wherever the originals are (simulated GPUs)."""
    shown = "get_params(params, device)"
    returned = submission.run(simulating(shown), "get_params", params, requires_grad, start, device)
    copies = items_of(returned, len(params))
    for i, (place, needs, leaf, values) in enumerate(copies):
        expect(place == device, f"must be on {device}, not on {place}", what=f"{shown}[{i}]")
        expect(needs and leaf, "must be a leaf that requires gradients", what=f"{shown}[{i}] on {device}")
        equal(values, params[i], what=f"{shown}[{i}]")


# allreduce


@probe
def reduced(names, data, times):
    """allreduce(data)"""
    held, memory = list(data), [each.detach() for each in data]
    for _ in range(times):
        names.allreduce(data)
    return [held, list(data), memory, torch.is_grad_enabled()]


def close_sums(returned, total, count, when):
    held, listed, memory, recording = items_of(returned, 4)
    close(held, [total] * count, what=f"the tensors of data after {when}")
    close(listed, [total] * count, what=f"data after {when}")
    close(memory, [total] * count, what=f"the memory where the tensors of data were before, after {when}")
    expect(recording, SWITCHED_OFF, what="allreduce(data)")


@check("allreduce", points=3)
@given(data=gradients_of_devices())
def test_every_tensor_becomes_the_sum(submission, data):
    """After allreduce(data), every tensor of the list holds the sum of all, not their mean."""
    total = torch.stack(data).sum(dim=0)
    close_sums(submission.run(reduced, data, 1), total, len(data), "allreduce(data)")


@check("allreduce", points=1)
@given(data=gradients_of_devices(most=4), times=st.integers(2, 3))
def test_reducing_again_multiplies(submission, data, times):
    """Once all k tensors are equal, another allreduce multiplies each by k."""
    total = torch.stack(data).sum(dim=0) * len(data) ** (times - 1)
    close_sums(submission.run(reduced, data, times), total, len(data), f"{times} calls of allreduce(data)")


@probe
def written_after_reducing(names, data, index):
    """allreduce(data)"""
    held = list(data)
    returned = names.allreduce(data)
    held[index].add_(1)
    return [returned is None, [each - 1 if i == index else each for i, each in enumerate(held)]]


@check("allreduce", points=1)
@given(data=gradients_of_devices(), which=st.integers(0, 4))
def test_tensors_keep_their_own_memory(submission, data, which):
    """allreduce(data) returns nothing, and then writing into one tensor of the list does not change the others."""
    index = which % len(data)
    nothing, values = items_of(submission.run(written_after_reducing, data, index), 2)
    total = torch.stack(data).sum(dim=0)
    what = f"the tensors after allreduce(data), 1 added to data[{index}] alone and subtracted from its value again,"
    close(values, [total] * len(data), what=what)
    expect(nothing, "must return nothing", what="allreduce(data)")


def with_infinity(which, dtype):
    """Three tensors, one of which has an infinite entry: whatever the order of adding, the sum is infinite there."""
    data = [drawn(i, (3,), dtype) for i in range(3)]
    data[which][1] = math.inf
    return data


@check("allreduce", points=1)
@given(data=st.builds(with_infinity, st.integers(0, 2), st.sampled_from([F64, torch.float32])))
def test_infinite_entries(submission, data):
    """Where one tensor has an infinite entry, the sum in every tensor is infinite too, and not nan."""
    close_sums(submission.run(reduced, data, 1), torch.stack(data).sum(dim=0), len(data), "allreduce(data)")


@check("allreduce", points=2)
@given(data=gradients_of_devices(), order=st.permutations(["cuda:0", "cuda:1", "cuda:2", "cuda:3", "cpu"]))
def test_sum_crosses_devices(submission, data, order):
    """Tensors on different devices are summed too, and each stays on its own device (simulated GPUs)."""
    devices = order[: len(data)]
    places, values = items_of(submission.run(simulating("allreduce(data)"), "allreduce", data, devices), 2)
    expect(places == devices, f"must stay on {devices}, not move to {places}", what="The tensors of data")
    total = torch.stack(data).sum(dim=0)
    close(values, [total] * len(data), what="the tensors of data on several GPUs after allreduce(data)")


# split_batch


@st.composite
def inputs(draw):
    """(n, ...) with 1 to 9 rows, counted up so that every entry is a different one."""
    shape = (draw(st.integers(1, 9)), *draw(st.sampled_from([(2,), (), (1, 2, 2)])))
    X = torch.arange(1.0, 1 + torch.Size(shape).numel(), dtype=draw(st.sampled_from([F64, torch.float32])))
    X = X.view(shape)
    return transposed(X) if draw(st.booleans()) else X


COUNTS = st.integers(1, 5)


def shards_of(submission, X, y, num_devices):
    """The shards as two lists of tensors, one per device."""
    parts = items_of(submission.split_batch(X, y, [CPU] * num_devices), 2, what="What split_batch returns, a pair,")
    return [items_of(part, num_devices, what=name) for part, name in zip(parts, ("X_shards", "y_shards"))]


@check("split_batch", points=3)
@given(X=inputs(), num_devices=COUNTS, label=st.sampled_from([(), (1,), (2,)]))
def test_shards_make_up_the_batch(submission, X, num_devices, label):
    """One after another, the shards are X and y again: no row is lost, doubled or moved."""
    shape = torch.Size((len(X), *label))
    y = 100 + torch.arange(shape.numel()).view(shape)
    parts = items_of(submission.split_batch(X, y, [CPU] * num_devices), 2, what="What split_batch returns, a pair,")
    for part, whole, name in zip(parts, (X, y), "Xy"):
        shards = items_of(part, what=f"{name}_shards")
        for i, shard in enumerate(shards):
            tensor_of(shard, shape=(None, *whole.shape[1:]), dtype=whole.dtype, what=f"{name}_shards[{i}]")
        together = torch.cat(shards) if shards else whole[:0]
        equal(together, whole, what=f"torch.cat({name}_shards) for {num_devices} devices")


@check("split_batch", points=2)
@given(X=inputs(), num_devices=COUNTS)
def test_one_shard_per_device(submission, X, num_devices):
    """There is exactly one shard per device, for X and for y, even with more devices than examples."""
    y = torch.arange(len(X))
    for part, name in zip(shards_of(submission, X, y, num_devices), "Xy"):
        for i, shard in enumerate(part):
            tensor_of(shard, what=f"{name}_shards[{i}]")


@check("split_batch", points=2)
@given(X=inputs(), num_devices=COUNTS)
def test_shards_are_even(submission, X, num_devices):
    """The sizes of two shards differ by at most one, and X_shards[i] has as many rows as y_shards[i]."""
    y = torch.arange(len(X))
    sizes = [
        [len(tensor_of(s, shape=(None, *whole.shape[1:]), what=f"a shard of {name}")) for s in part]
        for part, whole, name in zip(shards_of(submission, X, y, num_devices), (X, y), "Xy")
    ]
    expect(sizes[0] == sizes[1], f"have {sizes[0]} and {sizes[1]} rows, which must agree", what="X_shards and y_shards")
    sizes = sizes[0]
    problem = f"have {sizes} rows: {len(X)} rows on {num_devices} devices must differ by at most one"
    expect(max(sizes) - min(sizes) <= 1, problem, what="The shards")


@check("split_batch", points=1)
@given(rows=st.integers(300, 310), num_devices=st.integers(1, 4))
def test_large_batch(submission, rows, num_devices):
    """A batch of some 300 rows is split like a small one."""
    X = torch.arange(2.0 * rows).view(rows, 2)
    X_shards, y_shards = shards_of(submission, X, torch.arange(rows), num_devices)
    sizes = [len(tensor_of(shard, shape=(None, 2), dtype=X.dtype, what="a shard of X")) for shard in X_shards]
    expect(max(sizes) - min(sizes) <= 1, f"have {sizes} rows, which differ by more than one", what="The shards of X")
    equal(torch.cat(X_shards), X, what=f"torch.cat(X_shards) for {num_devices} devices")
    for i, shard in enumerate(y_shards):
        tensor_of(shard, shape=(sizes[i],), dtype=torch.int64, what=f"y_shards[{i}]")
    equal(torch.cat(y_shards), torch.arange(rows), what=f"torch.cat(y_shards) for {num_devices} devices")


@check("split_batch", points=2)
@given(X=batches(st.integers(4, 7)), order=st.permutations(["cuda:0", "cuda:1", "cuda:2", "cpu"]))
def test_shards_live_on_their_devices(submission, X, order):
    """Shard i of X and shard i of y are on devices[i] (simulated GPUs)."""
    shown = "split_batch(X, y, devices)"
    parts = items_of(submission.run(simulating(shown), "split_batch", X, classes(X), list(order)), 2)
    for places, name in zip(parts, ("X_shards", "y_shards")):
        expect(places == list(order), f"must be on {list(order)}, not on {places}", what=f"The tensors of {name}")


@probe
def split_twice(names, X, y, num_devices):
    """split_batch(X, y, devices)"""
    devices = [torch.device("cpu")] * num_devices
    kept = [X.clone(), y.clone()]
    first = [list(part) for part in names.split_batch(X, y, devices)]
    second = [list(part) for part in names.split_batch(X, y, devices)]
    return [[X, y], kept, len(devices), first, second, torch.is_grad_enabled()]


@check("split_batch", points=1)
@given(X=inputs(), num_devices=COUNTS)
def test_splitting_changes_nothing(submission, X, num_devices):
    """X, y and the list of devices stay as they are, and a second call gives the same shards."""
    returned = submission.run(split_twice, X, torch.arange(len(X)), num_devices)
    after, before, count, first, second, recording = items_of(returned, 6)
    equal(after, before, what="[X, y] after split_batch(X, y, devices)")
    problem = f"must hold {num_devices} devices as before, not {count}"
    expect(count == num_devices, problem, what="devices after split_batch(X, y, devices)")
    equal(second, first, what="a second split_batch(X, y, devices)")
    expect(recording, SWITCHED_OFF, what="split_batch(X, y, devices)")


@probe
def refuses_a_mismatch(names, X, y):
    """split_batch(X, y, devices)"""
    try:
        names.split_batch(X, y, [torch.device("cpu")] * 2)
    except (AssertionError, ValueError):
        return True
    return False


@check("split_batch", points=1)
@given(rows=st.integers(1, 5), more=st.sampled_from([-1, 1, 2]))
def test_refuses_x_and_y_of_different_lengths(submission, rows, more):
    """If X and y differ in their numbers of rows, split_batch raises a ValueError or an AssertionError."""
    refused = submission.run(refuses_a_mismatch, torch.zeros(rows, 2), torch.zeros(rows + more))
    problem = f"must raise an error for {rows} rows of X and {rows + more} of y, but returned a result"
    expect(refused, problem, what="split_batch(X, y, devices)")


# train_batch


@probe
def trained(names, X, y, params, num_devices, lr, steps):
    """train_batch(X, y, device_params, devices, lr)"""
    copies = [[p.clone().requires_grad_() for p in params] for _ in range(num_devices)]
    devices = [torch.device("cpu")] * num_devices
    for _ in range(steps):
        names.train_batch(X, y, [list(copy) for copy in copies], devices, lr)
    return [[p.detach() for p in copy] for copy in copies]


def after_step(submission, reference, X, params, num_devices, lr, steps=1):
    """The submission's parameters, and the single-device ones."""
    y = classes(X)
    mine = items_of(submission.run(trained, X, y, params, num_devices, lr, steps), num_devices)
    return mine, reference.run(trained, X, y, params, 1, lr, steps)[0]


def close_copies(mine, right, when):
    for k, copy in enumerate(mine):
        for own, wanted, name in zip(items_of(copy, 4), right, NAMES):
            close(own, wanted, what=f"{name} of device {k} after {when}")


ALIKE = {"params": networks(), "lr": RATES}


@check("train_batch", points=3)
@given(X=batches([12, 24]), num_devices=st.integers(1, 4), **ALIKE)
def test_step_equals_the_single_device_step(submission, reference, X, num_devices, params, lr):
    """One step on any number of devices is the step that one device takes with the mean loss of the whole batch."""
    mine, right = after_step(submission, reference, X, params, num_devices, lr)
    close_copies(mine[:1], right, "one step")


@check("train_batch", points=2)
@given(X=batches([5, 7, 11]), num_devices=st.integers(2, 4), **ALIKE)
def test_step_with_shards_of_different_sizes(submission, reference, X, num_devices, params, lr):
    """The same holds where the shards differ in size: every example counts alike."""
    mine, right = after_step(submission, reference, X, params, num_devices, lr)
    close_copies(mine[:1], right, "one step")


@check("train_batch", points=2)
@given(X=batches([4, 5]), num_devices=st.integers(2, 4), **ALIKE)
def test_all_copies_take_the_step(submission, reference, X, num_devices, params, lr):
    """The parameters of every device, not only of the first, are updated, all to the same numbers."""
    mine, right = after_step(submission, reference, X, params, num_devices, lr)
    close_copies(mine, right, "one step")


@check("train_batch", points=2)
@given(X=batches([4, 5]), num_devices=st.integers(1, 3), steps=st.integers(2, 3), **ALIKE)
def test_steps_follow_each_other(submission, reference, X, num_devices, steps, params, lr):
    """Several steps in a row equal as many single-device steps: no old gradient leaks into a new step."""
    mine, right = after_step(submission, reference, X, params, num_devices, lr, steps)
    close_copies(mine, right, f"{steps} steps")


@check("train_batch", points=1)
@given(X=batches(st.integers(1, 3)), num_devices=st.integers(4, 5), **ALIKE)
def test_step_with_idle_devices(submission, reference, X, num_devices, params, lr):
    """With more devices than examples, devices without examples take the common step too."""
    mine, right = after_step(submission, reference, X, params, num_devices, lr)
    close_copies(mine, right, "one step")


@probe
def one_copy_written(names, X, y, params, num_devices, lr, written):
    """train_batch(X, y, device_params, devices, lr)"""
    copies = [[p.clone().requires_grad_() for p in params] for _ in range(num_devices)]
    batch, lists, devices = [X.clone(), y.clone()], [list(copy) for copy in copies], [torch.device("cpu")] * num_devices
    returned = names.train_batch(X, y, lists, devices, lr)
    recording = torch.is_grad_enabled()
    same = [list(map(id, copy)) for copy in lists] == [list(map(id, copy)) for copy in copies]
    trainable = [all(p.requires_grad and p.is_leaf for p in copy) for copy in copies]
    before = [[p.detach().clone() for p in copy] for copy in copies]
    with torch.no_grad():
        for p in copies[written]:
            p.add_(1)
    others = [i for i in range(num_devices) if i != written]
    changed = [i for i in others if any(not torch.equal(p, kept) for p, kept in zip(copies[i], before[i]))]
    unchanged = [same, len(devices) == num_devices, torch.equal(X, batch[0]) and torch.equal(y, batch[1])]
    return [trainable, changed, unchanged, recording, returned is None]


@check("train_batch", points=1)
@given(X=batches([3, 4]), num_devices=st.integers(1, 4), which=st.integers(0, 3), **ALIKE)
def test_copies_remain_separate_leaves(submission, X, num_devices, params, lr, which):
    """After a step, every copy is a leaf of its own that requires gradients; nothing is returned, nothing else changed."""
    written = which % num_devices
    returned = submission.run(one_copy_written, X, classes(X), params, num_devices, lr, written)
    trainable, changed, (same, devices, batch), recording, nothing = items_of(returned, 5)
    expect(all(trainable), "must remain leaves that require gradients", what="The tensors in device_params")
    problem = f"must not change when something is written into those of device {written}"
    expect(not changed, problem, what=f"The parameters of device {', '.join(map(str, changed))}")
    expect(same, "must hold the same tensors as before", what="device_params after train_batch")
    expect(devices, "must stay as it was", what="devices after train_batch")
    expect(batch, "must stay as they were", what="X and y after train_batch")
    expect(recording, SWITCHED_OFF, what="train_batch(X, y, device_params, devices, lr)")
    expect(nothing, "must return nothing", what="train_batch(X, y, device_params, devices, lr)")


@probe
def shards_seen(names, X, y, params, num_devices, lr):
    """train_batch(X, y, device_params, devices, lr)"""
    copies = [[p.clone().requires_grad_() for p in params] for _ in range(num_devices)]
    original, seen = names.loss_of, []

    def memory(params):
        # torch.func hands on wrapped tensors; what is inside lives where the copy does.
        addresses = []
        for p in params:
            while torch._C._functorch.is_functorch_wrapped_tensor(p):
                p = torch._C._functorch.get_unwrapped(p)
            addresses.append(p.data_ptr())
        return addresses

    def watched(X, y, params):
        owners = [i for i, copy in enumerate(copies) if memory(params) == memory(copy)]
        seen.append([owners[0] if owners else -1, X.detach().clone(), y.clone()])
        return original(X, y, params)

    names.loss_of = watched
    try:
        names.train_batch(X, y, copies, [torch.device("cpu")] * num_devices, lr)
    finally:
        names.loss_of = original
    return seen


@check("train_batch", points=2)
@given(X=batches(st.integers(4, 9)), num_devices=st.integers(1, 4), params=networks())
def test_each_device_works_on_its_shard(submission, X, num_devices, params):
    """loss_of is called once per device, with its own copy of the parameters and its own part of the batch."""
    y = classes(X)
    seen = items_of(submission.run(shards_seen, X, y, params, num_devices, 0.5))
    owners = [owner for owner, _, _ in seen]
    problem = f"must be called with the copies of devices {list(range(num_devices))}, once each, not {owners}"
    expect(sorted(owners) == list(range(num_devices)), problem, what="loss_of")
    for part, whole, name in ((1, X, "X"), (2, y, "y")):
        together = torch.cat([shard[part] for shard in sorted(seen, key=lambda shard: shard[0])])
        equal(together, whole, what=f"{name} of all calls of loss_of, one device after another,")


@check("train_batch", points=2)
@given(X=batches(st.integers(4, 7)), start=PLACES, order=st.permutations(["cuda:0", "cuda:1", "cpu"]), **ALIKE)
@few
def test_step_crosses_devices(submission, reference, X, start, order, params, lr):
    """X and y may be elsewhere, and the devices different ones: the result is the same (simulated GPUs)."""
    probe_of_step = simulating("train_batch(X, y, device_params, devices, lr)")
    mine = items_of(submission.run(probe_of_step, "train_batch", X, classes(X), start, params, lr, list(order)), 3)
    right = reference.run(trained, X, classes(X), params, 1, lr, 1)[0]
    close_copies([values for _, values in mine], right, f"one step on {', '.join(order)}")
    for device, (places, _) in zip(order, mine):
        expect(places == [device] * 4, f"must stay on {device}, not be on {places}", what="W1, b1, W2, b2 of a device")


@check("train_batch", points=1)
@given(X=batches([5], dtype=torch.float32), num_devices=st.integers(1, 3), params=networks(torch.float32), lr=RATES)
def test_step_in_float32(submission, reference, X, num_devices, params, lr):
    """The step works in float32 as well, and leaves the parameters in float32."""
    mine, right = after_step(submission, reference, X, params, num_devices, lr)
    close_copies(mine, right, "one step")


# On real GPUs


@probe
def trained_on_gpus(names, X, y, params, lr):
    """train_batch(X, y, get_params(params, device) for each GPU, GPUs, lr)"""
    devices = [torch.device("cuda", i) for i in range(torch.cuda.device_count())]
    copies = [list(names.get_params(params, device)) for device in devices]
    names.train_batch(X, y, copies, devices, lr)
    return [[p.detach().cpu() for p in copy] for copy in copies]


@pytest.mark.multigpu
@check("train_batch", points=1)
@given(X=batches([5, 16]), **ALIKE)
def test_step_on_real_gpus(submission, reference, X, params, lr):
    """The step on all GPUs of this machine is the step that the CPU takes."""
    mine = items_of(submission.run(trained_on_gpus, X, classes(X), params, lr))
    close_copies(mine, reference.run(trained, X, classes(X), params, 1, lr, 1)[0], "one step on GPUs")


@probe
def reduced_on_gpus(names, data):
    """allreduce(data)"""
    count = torch.cuda.device_count()
    held = [each.cuda(i % count) for i, each in enumerate(data)]
    names.allreduce(list(held))
    return [[each.get_device() for each in held], [each.cpu() for each in held], count]


@pytest.mark.multigpu
@check("allreduce", points=1)
@given(data=gradients_of_devices())
def test_sum_on_real_gpus(submission, data):
    """Tensors on the GPUs of this machine are summed, and each stays on its GPU."""
    places, values, count = items_of(submission.run(reduced_on_gpus, data), 3)
    close(places, [i % count for i in range(len(data))], what="the GPUs on which the tensors of data are")
    close(values, [torch.stack(data).sum(dim=0)] * len(data), what="the tensors of data after allreduce(data)")


@probe
def placed_on_gpus(names, X, y, params):
    """split_batch(X, y, devices)"""
    devices = [torch.device("cuda", i) for i in range(torch.cuda.device_count())]
    parts = [[shard.get_device() for shard in part] for part in names.split_batch(X, y, devices)]
    return [*parts, list(range(len(devices)))]


@pytest.mark.multigpu
@check("split_batch", points=1)
@given(X=batches([5, 16]))
def test_shards_on_real_gpus(submission, X):
    """Shard i is on the i-th GPU of this machine."""
    *parts, wanted = items_of(submission.run(placed_on_gpus, X, classes(X), []), 3)
    for part, name in zip(parts, ("X_shards", "y_shards")):
        expect(part == wanted, f"must be on GPUs {wanted}, not on {part}", what=f"The tensors of {name}")


@probe
def params_on_gpu(names, params):
    """get_params(params, device)"""
    copies = list(names.get_params(params, torch.device("cuda", 0)))
    return [[c.is_cuda, c.requires_grad and c.is_leaf, c.detach().cpu()] for c in copies]


@pytest.mark.gpu
@check("get_params", points=1)
@given(params=parameters())
def test_copies_on_a_real_gpu(submission, params):
    """The copies are leaves on the GPU that require gradients."""
    for i, (there, trainable, values) in enumerate(items_of(submission.run(params_on_gpu, params), len(params))):
        what = f"get_params(params, device)[{i}]"
        expect(there, "must be on the GPU", what=what)
        expect(trainable, "must be a leaf that requires gradients", what=what)
        equal(values, params[i], what=what)
