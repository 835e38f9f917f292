"""Hidden suite: devices."""

import pytest
import torch
from torch import Tensor, nn

from autograder.suite import (
    SimulatedGPUs,
    check,
    close,
    equal,
    expect,
    given,
    items_of,
    number_of,
    probe,
    settings,
    spread,
    st,
    tensor_of,
)

F64 = torch.float64
CPU = torch.device("cpu")
SWITCHED_OFF = "leaves gradients switched off for all code that runs after it"
few = settings(max_examples=12)


# try_gpu, try_all_gpus


@probe
def with_gpus(names, count, function, *args):
    """try_gpu(i)"""
    kept = torch.cuda.device_count, torch.cuda.is_available
    torch.cuda.device_count, torch.cuda.is_available = lambda: count, lambda: count > 0
    try:
        default = str(torch.get_default_device())
        return [getattr(names, function)(*args), default, str(torch.get_default_device())]
    finally:
        torch.set_default_device(None)
        torch.cuda.device_count, torch.cuda.is_available = kept


def expect_device(got, wanted, what):
    expect(isinstance(got, torch.device), "must be a torch.device", got=got, what=what)
    expect(got == wanted, f'must be torch.device("{wanted}"), not torch.device("{got}")', what=what)


def machine(count):
    return f"on a machine with {count} GPU{'' if count == 1 else 's'}"


def asked(submission, num_gpus, what, function, *args):
    """What the function returns on a machine with that many GPUs, where it leaves torch's default device alone."""
    returned = submission.run(with_gpus.showing(what), num_gpus, function, *args)
    found, before, after = items_of(returned, 3)
    where = f"torch.get_default_device() after {what} {machine(num_gpus)}"
    expect(after == before, f"must stay {before}, but is {after}", what=where)
    return found


@check("try_gpu", points=2)
@given(num_gpus=st.integers(1, 8), i=st.integers(0, 7))
def test_gpu_that_exists(submission, num_gpus, i):
    """try_gpu(i) is torch.device("cuda:i") for every i below the number of GPUs."""
    number = i % num_gpus
    chosen = asked(submission, num_gpus, f"try_gpu({number})", "try_gpu", number)
    expect_device(chosen, torch.device("cuda", number), f"try_gpu({number}) {machine(num_gpus)}")


@check("try_gpu", points=2)
@given(num_gpus=st.integers(0, 4), more=st.integers(0, 3))
def test_gpu_that_does_not_exist(submission, num_gpus, more):
    """try_gpu(i) is torch.device("cpu") if there is no GPU with that number."""
    i = num_gpus + more
    chosen = asked(submission, num_gpus, f"try_gpu({i})", "try_gpu", i)
    expect_device(chosen, CPU, f"try_gpu({i}) {machine(num_gpus)}")


@check("try_gpu", points=1)
@given(num_gpus=st.integers(0, 4))
def test_first_gpu_by_default(submission, num_gpus):
    """try_gpu() without an argument asks for GPU 0."""
    wanted = torch.device("cuda:0") if num_gpus else CPU
    expect_device(asked(submission, num_gpus, "try_gpu()", "try_gpu"), wanted, f"try_gpu() {machine(num_gpus)}")


def expect_devices(submission, num_gpus, wanted):
    what = f"try_all_gpus() {machine(num_gpus)}"
    devices = items_of(asked(submission, num_gpus, "try_all_gpus()", "try_all_gpus"), what=what)
    problem = f"must be {', '.join(map(str, wanted))}, not {', '.join(map(str, devices)) or 'empty'}"
    expect(list(map(str, devices)) == list(map(str, wanted)), problem, what=what)
    for i, device in enumerate(devices):
        expect_device(device, wanted[i], f"{what}, entry {i},")


@check("try_all_gpus", points=2)
@given(num_gpus=st.integers(1, 8))
def test_all_gpus_in_order(submission, num_gpus):
    """try_all_gpus() lists every GPU once, from cuda:0 on, and not the CPU."""
    expect_devices(submission, num_gpus, [torch.device("cuda", i) for i in range(num_gpus)])


@check("try_all_gpus", points=2)
def test_cpu_alone_without_gpus(submission):
    """Without GPUs, try_all_gpus() is [torch.device("cpu")]."""
    expect_devices(submission, 0, [CPU])


@probe
def devices_again(names, count):
    """try_all_gpus()"""
    kept = torch.cuda.device_count, torch.cuda.is_available
    torch.cuda.device_count, torch.cuda.is_available = lambda: count, lambda: count > 0
    try:
        first = names.try_all_gpus()
        before, kind = list(first), "list" if isinstance(first, list) else type(first).__name__
        if kind == "list":
            first.clear()
        return [before, list(names.try_all_gpus()), kind]
    finally:
        torch.set_default_device(None)
        torch.cuda.device_count, torch.cuda.is_available = kept


@check("try_all_gpus", points=1)
@given(num_gpus=st.integers(0, 3))
def test_each_call_lists_the_devices_anew(submission, num_gpus):
    """Each call gives a new list of the same devices, whatever has been done with the first list."""
    first, second, kind = items_of(submission.run(devices_again, num_gpus), 3)
    expect(kind == "list", f"must be a list, not a {kind}", what=f"try_all_gpus() {machine(num_gpus)}")
    what = f"try_all_gpus() {machine(num_gpus)}, called again after the first list was emptied,"
    expect(first == second, f"must be {', '.join(map(str, first))}, not {', '.join(map(str, second))}", what=what)


@probe
def devices_here(names):
    """try_gpu() and try_all_gpus()"""
    return [names.try_gpu(), names.try_gpu(torch.cuda.device_count()), torch.ones(2, device=names.try_gpu()).is_cuda]


@pytest.mark.gpu
@check("try_gpu", points=1)
def test_real_gpu_is_found(submission):
    """On this machine, try_gpu() is a GPU on which a tensor can be made, and one number too many gives the CPU."""
    first, beyond, made = items_of(submission.run(devices_here.showing("try_gpu()")), 3)
    expect_device(first, torch.device("cuda:0"), "try_gpu()")
    expect_device(beyond, CPU, "try_gpu(i) for the first i that does not exist")
    expect(made, "must be on the GPU", what="torch.ones(2, device=try_gpu())")


# to_device


@probe
def structure_after_moving(names, batch, device, before=None):
    """to_device(batch, device)"""
    found = {}

    def visit(value, path):
        if isinstance(value, Tensor):
            numbers = f" with the values {value.tolist()}" if value.device.type == "cpu" else ""
            dtype = str(value.dtype).replace("torch.", "")
            found[path] = f"a {dtype} tensor of shape {tuple(value.shape)} on {value.device.type}{numbers}"
        elif isinstance(value, dict):
            found[path] = f"a {type(value).__name__} with the keys {list(value)}"
            for key, item in value.items():
                visit(item, f"{path}[{key!r}]")
        elif isinstance(value, (list, tuple)):
            found[path] = f"a {type(value).__name__} of {len(value)}"
            for i, item in enumerate(value):
                visit(item, f"{path}[{i}]")
        else:
            found[path] = repr(value)[:100]

    batch = eval(batch)
    if before is not None:
        names.to_device(batch, torch.device(before))
    moved = names.to_device(batch, torch.device(device))
    visit(moved, "to_device(batch, device)")
    visit(batch, "batch")
    return found


TENSORS = st.sampled_from(
    [
        "torch.tensor([1.5, 2.0])",
        "torch.ones(2, 3, dtype=torch.float64)",
        "torch.tensor(7)",
        "torch.tensor([[True], [False]])",
        "torch.arange(3)",
        "nn.Parameter(torch.ones(2))",
        "torch.zeros(0, 2)",
        "torch.ones(2, 3).T",
    ]
)
OTHERS = st.sampled_from(["5", "'name'", "None", "2.5", "True"])


def nested(leaves):
    """Lists, tuples and dictionaries as source text, three levels deep at most."""
    items = leaves
    for _ in range(3):
        several = st.lists(items, max_size=3)
        items = st.one_of(
            leaves,
            several.map(lambda parts: f"[{', '.join(parts)}]"),
            several.map(lambda parts: f"({''.join(part + ', ' for part in parts)})"),
            several.map(lambda parts: "{" + ", ".join(f"{k}: {p}" for k, p in zip(("'y'", "0", "'X'"), parts)) + "}"),
        )
    return items


def kind_of(told):
    if not told.startswith("a "):
        return "other"
    return "tensor" if " tensor of shape " in told else "container"


def compare_structures(submission, reference, batch, device, kinds, only="", before=None):
    """Compare what is found at every place where the right structure has something of one of `kinds`.

    only: "to_device" for the result, "batch" for the batch that was passed in, "" for both. before: a device to which
    the batch has been moved in a first call.
    """
    mine, right = (each.run(structure_after_moving, batch, device, before) for each in (submission, reference))
    expect(isinstance(mine, dict), "must be a batch", got=mine)
    for path, wanted in right.items():
        if path.startswith(only) and kind_of(wanted) in kinds:
            came = mine.get(path, "missing")
            expect(came == wanted, f"must be {wanted}, not {came}", what=path)


@check("to_device", points=4)
@given(batch=nested(TENSORS))
def test_every_tensor_is_moved(submission, reference, batch):
    """Every tensor arrives on the device, at any depth of lists, tuples and dictionaries (tried on "meta")."""
    compare_structures(submission, reference, batch, "meta", ["tensor"], "to_device")


@check("to_device", points=2)
@given(batch=nested(TENSORS))
def test_structure_is_kept(submission, reference, batch):
    """A list stays a list, a tuple a tuple, and a dictionary keeps its keys in their order."""
    compare_structures(submission, reference, batch, "meta", ["container"], "to_device")


@check("to_device", points=1)
@given(batch=nested(st.one_of(OTHERS, OTHERS, TENSORS)))
def test_other_things_stay_as_they_are(submission, reference, batch):
    """Numbers, strings and None stand in the result as they stood in the batch."""
    compare_structures(submission, reference, batch, "meta", ["other"], "to_device")


@check("to_device", points=1)
@given(batch=nested(TENSORS))
def test_values_arrive(submission, reference, batch):
    """The tensors keep their values, shapes and dtypes (tried on the CPU)."""
    compare_structures(submission, reference, batch, "cpu", ["tensor"], "to_device")


@check("to_device", points=1)
@given(batch=nested(TENSORS))
def test_batch_is_not_changed(submission, reference, batch):
    """The tensors of the result have moved; the batch passed in still holds its own, on their old device."""
    compare_structures(submission, reference, batch, "meta", ["tensor"])


@check("to_device", points=1)
@given(batch=nested(TENSORS), devices=st.sampled_from([("meta", "cpu"), ("cpu", "meta")]))
def test_batch_is_moved_again(submission, reference, batch, devices):
    """A second call moves the same batch to another device: it remembers nothing of the first."""
    before, device = devices
    compare_structures(submission, reference, batch, device, ["tensor"], "to_device", before)


@probe
def containers_in_both(names, batch, device):
    """to_device(batch, device)"""

    def containers(value, path):
        found = [(path, value)] if isinstance(value, (list, dict)) else []
        if isinstance(value, (list, tuple)):
            value = dict(enumerate(value))
        for key, item in value.items() if isinstance(value, dict) else ():
            found += containers(item, f"{path}[{key!r}]")
        return found

    batch = eval(batch)
    own = [id(container) for _, container in containers(batch, "batch")]
    moved = names.to_device(batch, torch.device(device))
    return [path for path, container in containers(moved, "to_device(batch, device)") if id(container) in own]


@check("to_device", points=1)
@given(batch=nested(TENSORS), device=st.sampled_from(["cpu", "meta"]))
def test_containers_are_new(submission, batch, device):
    """Every list and dictionary of the result is a new one, also an empty one or one from which nothing has moved."""
    for path in items_of(submission.run(containers_in_both, batch, device)):
        expect(False, "must be a new one, not the one that stands in the batch", what=path)


@pytest.mark.gpu
@check("to_device", points=1)
@given(batch=nested(TENSORS))
def test_batch_reaches_a_real_gpu(submission, reference, batch):
    """Every tensor of the batch arrives on the GPU."""
    compare_structures(submission, reference, batch, "cuda", ["tensor"])


# evaluate_accuracy_gpu


@probe(SimulatedGPUs)
def on_simulated_gpus(names, task, *args):
    """evaluate_accuracy_gpu(net, data_iter, device)"""
    with SimulatedGPUs():
        if task == "buffer":
            home, seen, X, lengths = args
            layer = names.DeviceAwareBuffer(X.shape[1]).double()
            layer(seen, len(seen))
            layer.eval()
            layer.to(home)
            outputs = [layer(X.to(home), len(X))]
            layer.train()
            outputs += [layer(X.to(home), length) for length in lengths]
            layer.eval()
            outputs.append(layer(X.to(home), len(X)))
            places = [str(t.device) for t in (*outputs, layer.total, layer.count)]
            return [places, [output.detach().to("cpu") for output in outputs]]
        kind, W, X, y, batch_size, home, data, device = args
        weight, reached = nn.Parameter(W.clone()), []

        class Scores(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = weight

            def forward(self, X):
                if isinstance(X, (list, tuple)):
                    reached.append(sorted({str(part.device) for part in X}))
                    return X[0] @ self.weight + X[1] @ self.weight
                reached.append([str(X.device)])
                return X @ self.weight

        net = Scores().to(home)
        X, y = X.to(data), y.to(data)
        parts = zip(X.split(batch_size), y.split(batch_size))
        batches = [([A / 4, A - A / 4] if kind == "lists" else A, b) for A, b in parts]
        options = {} if device is None else {"device": torch.device(device)}
        value = names.evaluate_accuracy_gpu((lambda X: net(X)) if kind == "function" else net, iter(batches), **options)
        return [float(value), reached, str(net.weight.device)]


def evaluated_on(submission, reference, *, kind="module", W, X, home, data="cpu", device=None):
    """(accuracy, right accuracy, devices where X was, device of the weight at the end)."""
    y = (X @ W).argmax(dim=1)
    y[::3] = (y[::3] + 1) % 4
    args = ("evaluate", kind, W, X, y, 3, home, data, device)
    call = "evaluate_accuracy_gpu(net, data_iter" + ("" if device is None else f', torch.device("{device}")') + ")"
    simulated = on_simulated_gpus.showing(call)
    value, reached, stayed = items_of(submission.run(simulated, *args), 3)
    right, _, _ = reference.run(simulated, *args)
    expect(stayed == home, f"must stay on {home}, but is on {stayed} afterwards", what="net")
    return value, right, reached


SCORES = {"W": spread((3, 4)), "X": spread((st.integers(2, 7), 3))}
GPUS = st.sampled_from(["cuda:0", "cuda:1", "cuda:2"])


def expect_reached(reached, device):
    places = sorted({place for places in reached for place in places})
    expect(places == [device], f"must reach net on {device}, not on {' and '.join(places) or 'any device'}", what="X")


@probe
def evaluated(names, W, X, y, batch_size, as_module):
    """evaluate_accuracy_gpu(net, data_iter)"""
    linear = nn.Linear(*W.shape, bias=False, dtype=W.dtype)
    linear.weight.data.copy_(W.T)
    batches = zip(X.split(batch_size), y.split(batch_size))
    return names.evaluate_accuracy_gpu(linear if as_module else lambda X: X @ W, batches)


@check("evaluate_accuracy_gpu", points=2)
@given(
    W=spread((3, st.sampled_from([1, 2, 4]))),
    X=spread((st.integers(1, 11), 3)),
    batch_size=st.integers(1, 4),
    as_module=st.booleans(),
)
def test_accuracy_covers_every_batch(submission, reference, W, X, batch_size, as_module):
    """It is the share of right predictions among the examples of all batches, for a module or a function."""
    y = (X @ W).argmax(dim=1)
    y[::3] = (y[::3] + 1) % W.shape[1]
    args = (W, X, y, batch_size, as_module)
    mine = number_of(submission.run(evaluated, *args), what="evaluate_accuracy_gpu(net, data_iter)")
    close(mine, reference.run(evaluated, *args), what="evaluate_accuracy_gpu(net, data_iter)")


@probe
def modes_seen(names, X, y, device, inside):
    """evaluate_accuracy_gpu(net, data_iter)"""
    modes = []  # not the module's own: a copy of it may be evaluated

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(()))
            self.inner = nn.Sequential(nn.Dropout(0.0))

        def forward(self, X):
            modes.append(any(module.training for module in self.modules()))
            return X

    net = Watched().train(not inside)
    net.inner[0].train()
    options = {"device": torch.device("cpu")} if device else {}
    value = names.evaluate_accuracy_gpu(net, [(X, y), (X, y)], **options)
    return [float(value), modes]


@check("evaluate_accuracy_gpu", points=1)
@given(X=spread((st.integers(2, 5), 3)), device_given=st.booleans(), only_inside=st.booleans())
def test_module_is_evaluated_in_evaluation_mode(submission, X, device_given, only_inside):
    """All modules inside net are in evaluation mode for every batch, whichever were in training mode before."""
    value, modes = items_of(submission.run(modes_seen, X, X.argmax(dim=1), device_given, only_inside), 2)
    expect(len(modes) == 2, f"must call net once per batch, 2 times in all, not {len(modes)}", what="It")
    expect(not any(modes), "must run net, with all modules inside it, in evaluation mode", what="It")
    close(value, 1.0, what="evaluate_accuracy_gpu(net, data_iter)")


@check("evaluate_accuracy_gpu", points=2)
@given(home=GPUS, **SCORES)
def test_batches_follow_the_module(submission, reference, home, W, X):
    """Without a device, batches from the CPU go to where the module's parameters are (simulated GPUs)."""
    value, right, reached = evaluated_on(submission, reference, W=W, X=X, home=home)
    expect_reached(reached, home)
    close(value, right, what=f"the accuracy of a module on {home}")


@check("evaluate_accuracy_gpu", points=2)
@given(device=GPUS, data=st.sampled_from(["cpu", "cuda:3"]), kind=st.sampled_from(["module", "function"]), **SCORES)
def test_batches_go_to_the_given_device(submission, reference, device, data, kind, W, X):
    """With a device, X and y go there from wherever they are, for a module or a function (simulated GPUs)."""
    places = {"home": device, "data": data, "device": device}
    value, right, reached = evaluated_on(submission, reference, kind=kind, W=W, X=X, **places)
    expect_reached(reached, device)
    close(value, right, what=f"the accuracy on {device} of batches that are on {data}")


@probe(SimulatedGPUs)
def traces_left(names, W, X, y, home, lists):
    """evaluate_accuracy_gpu(net, data_iter)"""
    with SimulatedGPUs():
        weight = nn.Parameter(W.clone())

        class Scores(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = weight

            def forward(self, X):
                return (X[0] + X[1] if isinstance(X, (list, tuple)) else X) @ self.weight

        net = Scores().to(home)
        batches = [([A / 4, A - A / 4] if lists else A, b) for A, b in zip(X.split(3), y.split(3))]
        held = [[*A, b] if lists else [A, b] for A, b in batches]
        copies = [[t.clone() for t in batch] for batch in held]
        first = float(names.evaluate_accuracy_gpu(net, batches))
        recording = torch.is_grad_enabled()
        after = [[*A, b] if lists else [A, b] for A, b in batches]
        same = list(map(len, after)) == list(map(len, held))
        same = same and all(t is u for now, was in zip(after, held) for t, u in zip(now, was))
        same = same and all(torch.equal(t, u) for now, was in zip(held, copies) for t, u in zip(now, was))
        trainable = net.weight.requires_grad and torch.equal(net.weight.detach().cpu(), W)
        return [[first, float(names.evaluate_accuracy_gpu(net, batches))], same, trainable, recording]


@check("evaluate_accuracy_gpu", points=1)
@given(home=GPUS, lists=st.booleans(), **SCORES)
@few
def test_evaluation_leaves_no_trace(submission, home, lists, W, X):
    """The data set and the parameters stay as they are, gradients are on afterwards, a second call gives the same."""
    y = (X @ W).argmax(dim=1)
    y[::3] = (y[::3] + 1) % 4
    values, same, trainable, recording = items_of(submission.run(traces_left, W, X, y, home, lists), 4)
    first, second = items_of(values, 2)
    close(second, first, what="the accuracy of the same module on the same data set in a second call")
    expect(same, "must hold the tensors that it held before, where and as they were", what="data_iter, a list,")
    expect(trainable, "must keep their values and still require gradients", what="The parameters of net")
    expect(recording, SWITCHED_OFF, what="evaluate_accuracy_gpu(net, data_iter)")


@st.composite
def many_classes(draw):
    """(n, 2), the predicted class of 300 and the one that comes second, and (n,), the true classes."""
    n, generator = draw(st.integers(1, 300)), torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    low, high = torch.randint(0, 44, (2, n), generator=generator), torch.randint(0, 2, (n,), generator=generator)
    predicted, second = low[0] + 256 * high, low[1] + 44
    true = torch.stack([predicted, (predicted + 256) % 512, second])
    which = torch.randint(0, 3, (n,), generator=generator)
    return torch.stack([predicted, second], dim=1), true[which, torch.arange(n)]


@probe
def evaluated_on_many_classes(names, X, y, top, gap):
    """evaluate_accuracy_gpu(net, data_iter)"""

    def net(X):
        scores = torch.full((len(X), 300), top - 2 * gap, dtype=torch.float64)
        scores[torch.arange(len(X)), X[:, 1]] = top
        scores[torch.arange(len(X)), X[:, 0]] = top + gap
        return scores

    return names.evaluate_accuracy_gpu(net, [(X, y)])


@check("evaluate_accuracy_gpu", points=1)
@given(batch=many_classes(), scale=st.sampled_from([(0.0, 1.0), (1.0, 1e-10), (-1e6, 0.5), (1e30, 1e20)]))
def test_many_classes_and_any_scores(submission, batch, scale):
    """There may be hundreds of classes, and the two largest scores may be huge, or almost the same."""
    X, y = batch
    returned = submission.run(evaluated_on_many_classes, X, y, *scale)
    mine = number_of(returned, what="evaluate_accuracy_gpu(net, data_iter)")
    right = float((X[:, 0] == y).double().mean())
    close(mine, right, what="the accuracy of a function with 300 classes")


@probe
def device_reached(names, X, y, home, device):
    """evaluate_accuracy_gpu(net, data_iter, device)"""

    places = []  # not the module's own: a copy of it may be evaluated

    class Reached(Exception):
        pass

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones((), device=home))

        def forward(self, X):
            places.append(X.device.type)
            raise Reached

    try:
        names.evaluate_accuracy_gpu(Watched(), [(X, y)], torch.device(device))
    except Reached:
        return places
    return []


@check("evaluate_accuracy_gpu", points=1)
@given(X=spread((st.integers(1, 4), 3)), places=st.sampled_from([("cpu", "meta"), ("meta", "cpu")]))
def test_given_device_counts_more_than_the_modules(submission, X, places):
    """A device that is given counts, even if the module's parameters are elsewhere (tried on "meta")."""
    home, device = places
    reached = items_of(submission.run(device_reached, X, torch.arange(len(X)), home, device))
    expect_reached([reached], device)


@check("evaluate_accuracy_gpu", points=1)
@given(home=GPUS, given_device=st.booleans(), **SCORES)
@few
def test_inputs_may_be_lists(submission, reference, home, given_device, W, X):
    """Where X is a list of tensors, all of them are moved, and net receives a list (simulated GPUs)."""
    device = home if given_device else None
    value, right, reached = evaluated_on(submission, reference, kind="lists", W=W, X=X, home=home, device=device)
    expect_reached(reached, home)
    close(value, right, what="the accuracy of a net whose X is a list")


@check("evaluate_accuracy_gpu", points=1)
@given(home=GPUS, **SCORES)
def test_function_without_a_device(submission, reference, home, W, X):
    """For a function and no device, the batches stay where they are (simulated GPUs)."""
    value, right, reached = evaluated_on(submission, reference, kind="function", W=W, X=X, home=home, data=home)
    expect_reached(reached, home)
    close(value, right, what="the accuracy of a function")


@probe
def evaluated_on_gpu(names, W, X, y):
    """evaluate_accuracy_gpu(net, data_iter)"""
    linear = nn.Linear(*W.shape, bias=False, dtype=W.dtype)
    linear.weight.data.copy_(W.T)
    return float(names.evaluate_accuracy_gpu(linear.cuda(), zip(X.split(3), y.split(3))))


@pytest.mark.gpu
@check("evaluate_accuracy_gpu", points=1)
@given(**SCORES)
def test_accuracy_on_a_real_gpu(submission, W, X):
    """The accuracy of a module on the GPU is computed from batches on the CPU."""
    y = (X @ W).argmax(dim=1)
    close(submission.run(evaluated_on_gpu, W, X, y), 1.0, what="evaluate_accuracy_gpu(net, data_iter)")


# DeviceAwareBuffer


@probe
def layer_in_float64(names, num_features):
    """DeviceAwareBuffer(num_features).double()"""
    return names.DeviceAwareBuffer(num_features).double()


COLUMNS = st.shared(st.integers(1, 4), key="columns")


def rows(low=1, high=5):
    """(n, num_features), contiguous or not."""
    drawn = spread((st.integers(low, high), COLUMNS))
    return st.builds(lambda X, turned: X.T.contiguous().T if turned else X, drawn, st.booleans())


def layers(submission, reference, X):
    return [x.run(layer_in_float64, X.shape[1]) for x in (submission, reference)]


def close_buffers(mine, right, when):
    close(mine.total, right.total, what=f"layer.total {when}")
    close(number_of(mine.count, what="layer.count"), float(right.count), what=f"layer.count {when}")


@check("DeviceAwareBuffer", points=2)
@given(X=rows(), padding=st.integers(0, 5))
def test_first_pass_centres_the_real_rows(submission, reference, X, padding):
    """In training, the first pass subtracts the mean of the real rows from them; padding becomes zero."""
    valid_len = max(len(X) - padding, 0)
    mine, right = layers(submission, reference, X)
    close(mine(X, valid_len), right(X, valid_len), what=f"layer(X, {valid_len})")
    close_buffers(mine, right, f"after layer(X, {valid_len})")


@check("DeviceAwareBuffer", points=2)
@given(batches=st.lists(rows(), min_size=2, max_size=4), training=st.lists(st.booleans(), min_size=4, max_size=4))
def test_any_sequence_of_passes(submission, reference, batches, training):
    """Training passes add to total and count, evaluation passes only use them, in any order."""
    mine, right = layers(submission, reference, batches[0])
    for number, (X, mode) in enumerate(zip(batches, training)):
        valid_len = max(len(X) - number % 2, 1)
        for layer in (mine, right):
            layer.train(mode)
        when = f"in pass {number + 1}, in {'training' if mode else 'evaluation'} mode,"
        close(mine(X, valid_len), right(X, valid_len), what=f"layer(batches[{number}], {valid_len}) {when}")
        close_buffers(mine, right, f"after pass {number + 1}, in {'training' if mode else 'evaluation'} mode,")


@check("DeviceAwareBuffer", points=1)
@given(X=rows(2), valid_len=st.integers(0, 1), training=st.booleans())
def test_padding_has_no_influence(submission, X, valid_len, training):
    """What stands in the padding changes neither the real rows of the result nor the buffers."""
    other = X.clone()
    other[valid_len:] = 7 - other[valid_len:]
    results = []
    for batch in (X, other):
        layer = submission.run(layer_in_float64, X.shape[1])
        layer.train(training)
        Y = tensor_of(layer(batch, valid_len), shape=X.shape, dtype=F64, what=f"layer(X, {valid_len})")
        close(Y[valid_len:], torch.zeros_like(X[valid_len:]), what=f"layer(X, {valid_len})[{valid_len}:]")
        results.append([Y, layer.total, number_of(layer.count, what="layer.count")])
    what = f"[layer(X, {valid_len}), total, count] with other numbers in the padding"
    close(results[1], results[0], what=what)


@probe
def buffers_of_a_new_layer(names, num_features, double):
    """DeviceAwareBuffer(num_features)"""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64 if double else usual)
    try:
        layer = names.DeviceAwareBuffer(num_features)
    finally:
        torch.set_default_dtype(usual)
    state = {name: value.detach() for name, value in layer.state_dict().items()}
    return [state, [name for name, _ in layer.named_buffers()], [name for name, _ in layer.named_parameters()]]


@check("DeviceAwareBuffer", points=2)
@given(num_features=st.integers(1, 5), double=st.booleans())
def test_total_and_count_are_buffers(submission, num_features, double):
    """total and count are zeros of the default dtype at first, buffers and no parameters, and in state_dict()."""
    state, buffers, parameters = items_of(submission.run(buffers_of_a_new_layer, num_features, double), 3)
    dtype = F64 if double else torch.float32
    for name, shape in (("total", (num_features,)), ("count", ())):
        expect(name in buffers, f"must hold {name}; it holds {buffers or 'nothing'}", what="layer.named_buffers()")
        expect(name in state, f"must hold {name}; it holds {list(state) or 'nothing'}", what="layer.state_dict()")
        what = f"layer.{name} of a layer that is made where torch.get_default_dtype() is {dtype}"
        equal(state[name], torch.zeros(shape, dtype=dtype), what=what)
    expect(not parameters, f"must be empty, but holds {parameters}", what="layer.named_parameters()")


@check("DeviceAwareBuffer", points=1)
@given(seen=rows(), X=rows())
@few
def test_state_dict_restores_the_layer(submission, reference, seen, X):
    """A layer that loads the state_dict() of one that has learned centres like it, whatever it has seen before."""
    trained, right = layers(submission, reference, X)
    restored, _ = layers(submission, reference, X)
    for layer in (trained, right):
        layer(seen, len(seen))
    restored(X, len(X))
    restored.load_state_dict(trained.state_dict())
    for layer in (restored, right):
        layer.eval()
    what = "layer(X, n) in evaluation mode, restored from the state_dict of a layer that has seen `seen`,"
    close(restored(X, len(X)), right(X, len(X)), what=what)


@check("DeviceAwareBuffer", points=2)
@given(X=rows(), passes=st.integers(0, 1))
@few
def test_buffers_follow_the_layer(submission, X, passes):
    """layer.to(device) moves total and count, before and after they have learned (tried on "meta")."""
    layer = submission.run(layer_in_float64, X.shape[1])
    for _ in range(passes):
        layer(X, len(X))
    layer.to("meta")
    for name in ("total", "count"):
        device = tensor_of(getattr(layer, name), what=f"layer.{name}").device.type
        expect(device == "meta", f"must be on the device meta, not {device}", what=f'{name} after layer.to("meta")')


@check("DeviceAwareBuffer", points=2)
@given(home=GPUS, seen=rows(), X=rows(2), short=st.integers(0, 2))
@few
def test_layer_works_where_it_was_moved(submission, reference, home, seen, X, short):
    """A layer that has learned and is moved centres and goes on learning on its new device (simulated GPUs)."""
    args = ("buffer", home, seen, X, [max(len(X) - short, 0), len(X)])
    simulated = on_simulated_gpus.showing("layer(X, valid_len)")
    places, mine = items_of(submission.run(simulated, *args), 2)
    _, right = reference.run(simulated, *args)
    close(mine, right, what=f"the results of four passes on {home}")
    expect(set(places) == {home}, f"must all be on {home}, not {places}", what="The results, total and count")


@check("DeviceAwareBuffer", points=1)
@given(X=spread((st.integers(2, 5), COLUMNS), dtype=torch.float32))
@few
def test_buffers_follow_the_dtype(submission, reference, X):
    """layer.double() turns the buffers into float64, and the layer goes on; before it works in float32."""
    mine, right = (x.DeviceAwareBuffer(X.shape[1]) for x in (submission, reference))
    close(mine(X, len(X)), right(X, len(X)), what="layer(X, n) in float32")
    for layer in (mine, right):
        layer.double()
    tensor_of(mine.total, shape=(X.shape[1],), dtype=F64, what="layer.total after layer.double()")
    single = {"rtol": 2e-4, "atol": 2e-5}
    close(mine(X.double(), 1), right(X.double(), 1), what="layer(X.double(), 1) after layer.double()", **single)


@check("DeviceAwareBuffer", points=1)
@given(seen=rows(), X=rows(2), valid_len=st.integers(0, 2), training=st.booleans())
def test_gradient_passes_to_the_real_rows(submission, reference, seen, X, valid_len, training):
    """The gradient passes unchanged to the real rows of X, since the mean counts as a constant; padding gets none."""
    mine, right = layers(submission, reference, X)
    for layer in (mine, right):
        layer(seen, len(seen))
        layer.train(training)
    cotangent = torch.linspace(-1, 2, X.numel(), dtype=F64).view_as(X)
    own, wanted = (layer.vjp(X, valid_len, cotangent=cotangent) for layer in (mine, right))
    close(own.output, wanted.output, what=f"layer(X, {valid_len})")
    # No real rows, no gradient: None and zeros are the same.
    gradient = torch.zeros_like(X) if own.inputs[0] is None and not valid_len else own.inputs[0]
    close(gradient, wanted.inputs[0], what=f"the gradient of layer(X, {valid_len}) with respect to X")


@probe
def state_after_tracked_pass(names, X, valid_len):
    """layer(X, valid_len)"""
    layer = names.DeviceAwareBuffer(X.shape[1]).double()
    kept = X.clone()
    for _ in range(2):
        layer(X.clone().requires_grad_(), valid_len)
    layer(X, valid_len)
    same = torch.equal(X, kept)
    return [layer.total.requires_grad, layer.count.requires_grad, same, torch.is_grad_enabled()]


@check("DeviceAwareBuffer", points=1)
@given(X=rows(), short=st.integers(0, 2))
def test_buffers_keep_no_graph(submission, X, short):
    """After training passes on an X that requires gradients, total and count require none; X is unchanged."""
    returned = submission.run(state_after_tracked_pass, X, max(len(X) - short, 0))
    total, count, same, recording = items_of(returned, 4)
    expect(not total, "must be cut off from the graph, but its requires_grad is true", what="layer.total")
    expect(not count, "must be cut off from the graph, but its requires_grad is true", what="layer.count")
    expect(same, "must stay as it was", what="X after layer(X, valid_len)")
    expect(recording, SWITCHED_OFF, what="layer(X, valid_len)")


@probe
def result_written(names, X, valid_len, training):
    """layer(X, valid_len)"""
    layer = names.DeviceAwareBuffer(X.shape[1]).double()
    layer.train(training)
    first = layer(X, valid_len)
    kept = [X.clone(), first.clone()]
    second = layer(X, valid_len)
    later = torch.equal(first, kept[1])
    kept += [second.clone(), layer.total.clone()]
    first.add_(1)
    apart = [torch.equal(now, was) for now, was in zip((X, second, layer.total), (kept[0], *kept[2:]))]
    return [later, *apart, layer.training]


@check("DeviceAwareBuffer", points=1)
@given(X=rows(), short=st.integers(0, 1), training=st.booleans())
def test_results_are_tensors_of_their_own(submission, X, short, training):
    """A result shares memory with nothing: neither a second pass nor writing into it changes what it should not."""
    returned = submission.run(result_written, X, max(len(X) - short, 0), training)
    later, *apart, mode = items_of(returned, 5)
    expect(later, "must stay as it was when the layer is called again", what="layer(X, valid_len)")
    for kept, name in zip(apart, ("X", "The result of a second pass", "layer.total")):
        expect(kept, "must not change when 1 is added to the result of the first pass", what=name)
    expect(mode == training, "must be what it was before the pass", what="layer.training")


@probe
def layer_on_gpu(names, X, valid_len):
    """layer(X, valid_len)"""
    layer = names.DeviceAwareBuffer(X.shape[1]).double().to("cuda")
    Y = layer(X.cuda(), valid_len)
    return [Y.is_cuda and layer.total.is_cuda and layer.count.is_cuda, Y.detach().cpu()]


@pytest.mark.gpu
@check("DeviceAwareBuffer", points=1)
@given(X=rows(), padding=st.integers(0, 2))
def test_layer_on_a_real_gpu(submission, reference, X, padding):
    """The layer works on the GPU, and its buffers are there."""
    valid_len = max(len(X) - padding, 0)
    there, Y = items_of(submission.run(layer_on_gpu, X, valid_len), 2)
    expect(there, "must all be on the GPU", what="layer(X, valid_len), layer.total and layer.count")
    _, right = layers(submission, reference, X)
    close(Y, right(X, valid_len), what="layer(X, valid_len) on the GPU")
