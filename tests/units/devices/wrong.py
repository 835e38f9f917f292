"""Known mistakes about devices."""

import torch
from torch import nn

from autograder.suite import misconception

# try_gpu


@misconception(
    "try_gpu",
    "one GPU too many",
    hint="With n GPUs the numbers run from 0 to n - 1, so GPU n does not exist. Look at the comparison: does it "
    "let i = n pass?",
)
def try_gpu_off_by_one(i=0):
    return torch.device(f"cuda:{i}") if torch.cuda.device_count() >= i else torch.device("cpu")


@misconception(
    "try_gpu",
    "any GPU is taken for the one asked for",
    hint="That there is a GPU does not mean that number i is there. What must be compared with i is how many "
    "there are.",
)
def try_gpu_if_any(i=0):
    return torch.device(f"cuda:{i}") if torch.cuda.is_available() else torch.device("cpu")


@misconception(
    "try_gpu",
    "the number is ignored",
    hint='torch.device("cuda") without a number means whichever GPU is the current one, usually the first. Which '
    "GPU was asked for?",
)
def try_gpu_unnumbered(i=0):
    return torch.device("cuda") if torch.cuda.device_count() > i else torch.device("cpu")


@misconception(
    "try_gpu",
    "a string instead of a device",
    hint="You return the name of a device. Many functions take either, but code that asks a device for its type "
    "or index needs the object.",
)
def try_gpu_as_text(i=0):
    return f"cuda:{i}" if torch.cuda.device_count() > i else "cpu"


@misconception(
    "try_gpu",
    "torch's default device is changed",
    hint="You were asked for a device, and you also tell torch to use it from now on: every tensor that is made later, "
    "anywhere in the program, lands there. What to do with the device is the caller's business.",
)
def try_gpu_as_default(i=0):
    if torch.cuda.device_count() <= i:
        return torch.device("cpu")
    device = torch.device("cuda", i)
    torch.set_default_device(device)
    return device


# try_all_gpus


@misconception(
    "try_all_gpus",
    "nothing without GPUs",
    hint="Without GPUs your list is empty, and a loop over the devices then does no work at all. Something always "
    "computes: the CPU.",
)
def all_gpus_or_nothing():
    return [torch.device(f"cuda:{i}") for i in range(torch.cuda.device_count())]


@misconception(
    "try_all_gpus",
    "the CPU beside the GPUs",
    hint="The CPU stands in your list even where there are GPUs. It is the last resort, not one of them: work "
    "dealt out evenly would wait for it.",
)
def all_gpus_and_cpu():
    return [*(torch.device("cuda", i) for i in range(torch.cuda.device_count())), torch.device("cpu")]


@misconception(
    "try_all_gpus",
    "the CPU without a list",
    hint="Without GPUs you return a device, with GPUs a list of devices. Whoever loops over the result needs a "
    "list in either case.",
)
def all_gpus_or_bare_cpu():
    return [torch.device("cuda", i) for i in range(torch.cuda.device_count())] or torch.device("cpu")


@misconception(
    "try_all_gpus",
    "one list for all calls",
    hint="Your list lives outside the call: whoever receives it and takes a device out of it changes what the next call "
    "returns. Make the list inside the function.",
)
def all_gpus_remembered(kept={}):
    count = torch.cuda.device_count()
    if count not in kept:
        kept[count] = [torch.device("cuda", i) for i in range(count)] or [torch.device("cpu")]
    return kept[count]


@misconception(
    "try_all_gpus",
    "a tuple instead of a list",
    hint="The devices are right, but they come in a tuple. A list was promised: a caller may take devices out of it or "
    "add one, and a tuple does not let itself be changed.",
)
def all_gpus_as_tuple():
    return tuple(torch.device("cuda", i) for i in range(torch.cuda.device_count())) or (torch.device("cpu"),)


# to_device


@misconception(
    "to_device",
    "only the first level",
    hint="You move the tensors of the outermost list, and what is nested deeper stays behind. An item may be a "
    "batch itself: who can move that?",
)
def move_first_level(batch, device):
    def one(item):
        return item.to(device) if isinstance(item, torch.Tensor) else item

    if isinstance(batch, (list, tuple)):
        return type(batch)(map(one, batch))
    if isinstance(batch, dict):
        return {key: one(item) for key, item in batch.items()}
    return one(batch)


@misconception(
    "to_device",
    "tuples become lists",
    hint="Everything is moved, but a tuple comes back as a list. Code that tells a pair from a list of batches, "
    "or uses it as a key, will notice.",
)
def move_into_lists(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, (list, tuple)):
        return [to_device(item, device) for item in batch]
    if isinstance(batch, dict):
        return {key: to_device(item, device) for key, item in batch.items()}
    return batch


@misconception(
    "to_device",
    "dictionaries are left alone",
    hint="Lists and tuples are moved, but the tensors inside a dictionary stay on their old device. Its values "
    "need the same treatment as the items of a list.",
)
def move_without_dictionaries(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(item, device) for item in batch)
    return batch


@misconception(
    "to_device",
    "everything is asked to move",
    hint="Numbers, strings and None have no method to: only tensors live on a device. What is neither a tensor "
    "nor a container is returned as it is.",
)
def move_everything(batch, device):
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(item, device) for item in batch)
    if isinstance(batch, dict):
        return {key: to_device(item, device) for key, item in batch.items()}
    return batch.to(device)


@misconception(
    "to_device",
    "the caller's batch is changed",
    hint="You write the moved tensors into the lists and dictionaries that were passed in, so the caller's batch "
    "has moved as well. Build new containers.",
)
def move_in_place(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, tuple):
        return tuple(to_device(item, device) for item in batch)
    if isinstance(batch, list):
        for i, item in enumerate(batch):
            batch[i] = to_device(item, device)
    if isinstance(batch, dict):
        for key in batch:
            batch[key] = to_device(batch[key], device)
    return batch


@misconception(
    "to_device",
    "the moved tensor is thrown away",
    hint="to does not change a tensor; it returns another one on the new device. You call it and go on with the "
    "old tensor. (Only a module is moved in place.)",
)
def move_and_forget(batch, device):
    if isinstance(batch, torch.Tensor):
        batch.to(device)
        return batch
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(item, device) for item in batch)
    if isinstance(batch, dict):
        return {key: to_device(item, device) for key, item in batch.items()}
    return batch


@misconception(
    "to_device",
    "empty containers are returned themselves",
    hint="An empty list or dictionary takes a way out of your function before it is built anew. Whoever fills the one in "
    "the result fills the one in the batch. Empty is a size like any other.",
)
def move_unless_empty(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, (list, tuple)) and len(batch) > 0:
        return type(batch)(to_device(item, device) for item in batch)
    if isinstance(batch, dict) and len(batch) > 0:
        return {key: to_device(item, device) for key, item in batch.items()}
    return batch


@misconception(
    "to_device",
    "only tensors of the exact type",
    hint="Something that is a tensor of a special kind, an nn.Parameter for instance, is left where it was: you ask "
    "whether the type is this very class. Is there a question that a subclass answers with yes, too?",
)
def move_exact_tensors(batch, device):
    if type(batch) is torch.Tensor:
        return batch.to(device)
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(item, device) for item in batch)
    if isinstance(batch, dict):
        return {key: to_device(item, device) for key, item in batch.items()}
    return batch


@misconception(
    "to_device",
    "moved tensors are remembered without their device",
    hint="You note which tensors have been moved, and the notes outlive the call: moved again, to another device, the "
    "same tensor comes back on the first. A default value is made once, when the function is defined.",
)
def move_with_memory(batch, device, kept={}):
    if isinstance(batch, torch.Tensor):
        if id(batch) not in kept:
            kept[id(batch)] = batch, batch.to(device)  # kept alive, so that no other tensor gets its id
        return kept[id(batch)][1]
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(item, device) for item in batch)
    if isinstance(batch, dict):
        return {key: to_device(item, device) for key, item in batch.items()}
    return batch


# evaluate_accuracy_gpu


def share_of_hits(net, batches):
    with torch.no_grad():
        pairs = [(net(X).argmax(dim=1) == y).tolist() for X, y in batches]
    hits = [hit for pair in pairs for hit in pair]
    return sum(hits) / len(hits)


def home_of(net, device):
    if isinstance(net, nn.Module):
        net.eval()
        return device or next(net.parameters()).device
    return device


@misconception(
    "evaluate_accuracy_gpu",
    "labels stay behind",
    hint="X goes to the device and y does not, so predictions on one device are compared with labels on another. "
    "Whatever meets in one operation has to be in one place.",
)
def evaluate_labels_left(net, data_iter, device=None):
    device = home_of(net, device)
    return share_of_hits(net, ((to_device(X, device), y) for X, y in data_iter))


@misconception(
    "evaluate_accuracy_gpu",
    "batches are not moved",
    hint="The batches stay where the data loader made them, usually on the CPU, while the model may be on a GPU. "
    "They have to come to the model.",
)
def evaluate_unmoved(net, data_iter, device=None):
    home_of(net, device)
    return share_of_hits(net, data_iter)


@misconception(
    "evaluate_accuracy_gpu",
    "the first GPU instead of the model's device",
    hint="Without a device, you send the batches to a device that you choose yourself. The model may be "
    "elsewhere; it can be asked where its parameters are.",
)
def evaluate_on_first_gpu(net, data_iter, device=None):
    home_of(net, device)
    device = device or try_gpu()
    return share_of_hits(net, ((to_device(X, device), to_device(y, device)) for X, y in data_iter))


@misconception(
    "evaluate_accuracy_gpu",
    "the given device is ignored",
    hint="You ask the model for its device even if the caller has named one, and a plain function has none to "
    "tell. The parameters decide only where device is None.",
)
def evaluate_ignores_device(net, data_iter, device=None):
    device = home_of(net, None)
    return share_of_hits(net, ((to_device(X, device), to_device(y, device)) for X, y in data_iter))


@misconception(
    "evaluate_accuracy_gpu",
    "lists are not moved",
    hint="A list has no method to. X may be a list of tensors, each of which has to move: you have written a "
    "function that can do this.",
)
def evaluate_tensors_only(net, data_iter, device=None):
    device = home_of(net, device)
    return share_of_hits(net, ((X.to(device), y.to(device)) for X, y in data_iter))


@misconception(
    "evaluate_accuracy_gpu",
    "the module stays in training mode",
    hint="With dropout active and batch norm learning, the accuracy is not that of the model you will use. A "
    "module has to be told before it is evaluated.",
)
def evaluate_in_training_mode(net, data_iter, device=None):
    if isinstance(net, nn.Module) and device is None:
        device = next(net.parameters()).device
    return share_of_hits(net, ((to_device(X, device), to_device(y, device)) for X, y in data_iter))


@misconception(
    "evaluate_accuracy_gpu",
    "only the outermost module is asked for its mode",
    hint="You switch to evaluation mode only where the module itself is in training mode. Each module inside has a mode "
    "of its own: the outermost may be in evaluation mode while a dropout layer in it is not. Is there a need to ask?",
)
def evaluate_asks_outer_mode(net, data_iter, device=None):
    if isinstance(net, nn.Module) and not net.training:
        device = device or next(net.parameters()).device
    else:
        device = home_of(net, device)
    return share_of_hits(net, ((X, y) if device is None else to_device((X, y), device) for X, y in data_iter))


@misconception(
    "evaluate_accuracy_gpu",
    "a single column is not taken for scores",
    hint="With one class you compare the scores themselves with y, and a matrix with one column against a vector makes "
    "a square. One column is a row of scores like any other: which class has the largest?",
)
def evaluate_column_as_classes(net, data_iter, device=None):
    device = home_of(net, device)
    right = total = 0
    with torch.no_grad():
        for X, y in data_iter:
            X, y = (X, y) if device is None else to_device((X, y), device)
            guesses = net(X)
            if guesses.ndim > 1 and guesses.shape[1] > 1:
                guesses = guesses.argmax(dim=1)
            right += float((guesses.to(y.dtype) == y).sum())
            total += len(y)
    return right / total


@misconception(
    "evaluate_accuracy_gpu",
    "return inside the loop",
    hint="The function leaves at its first return, after one batch. Look at how far your return is indented.",
)
def evaluate_first_batch(net, data_iter, device=None):
    device = home_of(net, device)
    for X, y in data_iter:
        return share_of_hits(net, [(to_device(X, device), to_device(y, device))])


@misconception(
    "evaluate_accuracy_gpu",
    "gradients stay switched off",
    hint="You switch gradients off and never on again, and not for this function alone but for the whole program: the "
    "next training step finds nothing to go backward through. Limit it to the block that needs it.",
)
def evaluate_switches_gradients_off(net, data_iter, device=None):
    device = home_of(net, device)
    hits = []
    torch.set_grad_enabled(False)
    for X, y in data_iter:
        X, y = (X, y) if device is None else (to_device(X, device), to_device(y, device))
        hits += (net(X).argmax(dim=1) == y).tolist()
    return sum(hits) / len(hits)


@misconception(
    "evaluate_accuracy_gpu",
    "parameters are frozen",
    hint="You tell the parameters not to require gradients and leave it at that: after the evaluation the model can no "
    "longer be trained. What is wanted is a stretch of code without gradients, not a model without.",
)
def evaluate_freezes_parameters(net, data_iter, device=None):
    device = home_of(net, device)
    if isinstance(net, nn.Module):
        net.requires_grad_(False)
    return share_of_hits(net, ((X, y) if device is None else to_device((X, y), device) for X, y in data_iter))


@misconception(
    "evaluate_accuracy_gpu",
    "classes squeezed into 8 bits",
    hint="Predictions and labels are compared as 8-bit numbers, which know 256 values: with more classes, two different "
    "ones become the same number. Compare the class numbers with the dtype they have.",
)
def evaluate_in_bytes(net, data_iter, device=None):
    device = home_of(net, device)
    hits = []
    for X, y in data_iter:
        X, y = (X, y) if device is None else to_device((X, y), device)
        hits += (net(X).argmax(dim=1).byte() == y.byte()).tolist()
    return sum(hits) / len(hits)


@misconception(
    "evaluate_accuracy_gpu",
    "scores are rounded to float32",
    hint="The scores lose digits before they are compared, and two that differed can become equal. Ask for the largest "
    "score as it came from the model.",
)
def evaluate_in_single_precision(net, data_iter, device=None):
    device = home_of(net, device)
    hits = []
    for X, y in data_iter:
        X, y = (X, y) if device is None else to_device((X, y), device)
        hits += (net(X).float().argmax(dim=1) == y).tolist()
    return sum(hits) / len(hits)


@misconception(
    "evaluate_accuracy_gpu",
    "the data set is moved",
    hint="You put the moved tensors into the list that the data set handed you. It is the same list that the data set "
    "holds: after the evaluation its data are on the device, and stay there. Build a list of your own for net.",
)
def evaluate_moves_data(net, data_iter, device=None):
    device = home_of(net, device)
    hits = []
    with torch.no_grad():
        for X, y in data_iter:
            if isinstance(X, list):
                X[:] = to_device(X, device)
            elif device is not None:
                X = X.to(device)
            hits += (net(X).argmax(dim=1) == to_device(y, device or y.device)).tolist()
    return sum(hits) / len(hits)


# DeviceAwareBuffer


class RunningMean(nn.Module):
    """The layer, with the pieces apart that the mistakes below change."""

    def __init__(self, num_features):
        super().__init__()
        self.register_buffer("total", torch.zeros(num_features))
        self.register_buffer("count", torch.zeros(()))

    def learn(self, X, valid_len):
        if self.training:
            self.total += X[:valid_len].detach().sum(dim=0)
            self.count += valid_len

    def mask(self, X, valid_len):
        return (torch.arange(len(X), device=X.device) < valid_len)[:, None]

    def forward(self, X, valid_len):
        self.learn(X, valid_len)
        return (X - self.total / self.count.clamp(min=1)) * self.mask(X, valid_len)


@misconception(
    "DeviceAwareBuffer",
    "buffers as plain attributes",
    hint="A tensor that is merely stored as an attribute is unknown to the module: it is missing in state_dict() "
    "and stays behind when the layer is moved. A module has to be told that a tensor belongs to it.",
)
class PlainAttributes(RunningMean):
    def __init__(self, num_features):
        nn.Module.__init__(self)
        self.total = torch.zeros(num_features)
        self.count = torch.zeros(())


@misconception(
    "DeviceAwareBuffer",
    "statistics as parameters",
    hint="Parameters are what an optimiser trains. total and count are counted, not trained: they have to move "
    "and be saved with the layer, but must not stand among its parameters.",
)
class StatisticsAsParameters(RunningMean):
    def __init__(self, num_features):
        nn.Module.__init__(self)
        self.total = nn.Parameter(torch.zeros(num_features), requires_grad=False)
        self.count = nn.Parameter(torch.zeros(()), requires_grad=False)


@misconception(
    "DeviceAwareBuffer",
    "count as a plain number",
    hint="A Python number needs no device, but it is not saved either: a layer restored from its state_dict knows "
    "the total and has forgotten how many rows it came from.",
)
class CountAsNumber(RunningMean):
    def __init__(self, num_features):
        nn.Module.__init__(self)
        self.register_buffer("total", torch.zeros(num_features))
        self.count = 0

    def forward(self, X, valid_len):
        self.learn(X, valid_len)
        return (X - self.total / max(self.count, 1)) * self.mask(X, valid_len)


@misconception(
    "DeviceAwareBuffer",
    "a mask made on the CPU",
    hint="The buffers have moved with the layer, but forward makes a new tensor that has not: a new tensor lands "
    "on the CPU unless it is told otherwise. Whose device should it be on? (A device noted when the layer "
    "was made is out of date.)",
)
class MaskOnCPU(RunningMean):
    def mask(self, X, valid_len):
        return (torch.arange(len(X)) < valid_len)[:, None]


@misconception(
    "DeviceAwareBuffer",
    "padding is counted",
    hint="All rows go into total, the padding too. Only the first valid_len rows are real; the rest may hold anything.",
)
class PaddingCounted(RunningMean):
    def learn(self, X, valid_len):
        if self.training:
            self.total += X.detach().sum(dim=0)
            self.count += valid_len


@misconception(
    "DeviceAwareBuffer",
    "learns in evaluation mode too",
    hint="total and count grow in evaluation mode as well, so the result for a test batch depends on the test "
    "batches before it. Which attribute tells a module its mode?",
)
class AlwaysLearning(RunningMean):
    def learn(self, X, valid_len):
        self.total += X[:valid_len].detach().sum(dim=0)
        self.count += valid_len


@misconception(
    "DeviceAwareBuffer",
    "the batch's own mean",
    hint="The first pass is right, later ones are not: you subtract the mean of the batch at hand, where the "
    "running mean of all rows seen so far is asked for.",
)
class BatchMean(RunningMean):
    def forward(self, X, valid_len):
        self.learn(X, valid_len)
        mean = X[:valid_len].detach().sum(dim=0) / max(valid_len, 1)
        return (X - mean) * self.mask(X, valid_len)


@misconception(
    "DeviceAwareBuffer",
    "the mean of the last training pass is kept",
    hint="You keep the mean from one pass to the next, outside the buffers. When total and count are loaded or moved, it "
    "stays what and where it was. All that a pass needs to know is in the two buffers.",
)
class MeanKept(RunningMean):
    def forward(self, X, valid_len):
        self.learn(X, valid_len)
        if self.training or "mean" not in self.__dict__:
            self.mean = self.total / self.count.clamp(min=1)
        return (X - self.mean) * self.mask(X, valid_len)


@misconception(
    "DeviceAwareBuffer",
    "total keeps the graph",
    hint="X may require gradients, and then so does everything computed from it: total drags the graph of every "
    "batch along, and memory grows from step to step. A statistic takes the values alone.",
)
class KeepsGraph(RunningMean):
    def learn(self, X, valid_len):
        if self.training:
            self.total = self.total + X[:valid_len].sum(dim=0)
            self.count = self.count + valid_len


@misconception(
    "DeviceAwareBuffer",
    "everything is detached",
    hint="The numbers are right, but no gradient reaches X, so nothing before this layer could be trained. Only "
    "the statistics are constants, not the rows themselves.",
)
class Detached(RunningMean):
    def forward(self, X, valid_len):
        with torch.no_grad():
            return super().forward(X, valid_len)


@misconception(
    "DeviceAwareBuffer",
    "X is changed in place",
    hint="The caller's X is different after the call. Assigning to rows of X, -= and methods that end in an "
    "underscore write into the tensor that was passed in.",
)
class WritesIntoInput(RunningMean):
    def forward(self, X, valid_len):
        self.learn(X, valid_len)
        with torch.no_grad():
            X[valid_len:] = 0
            X[:valid_len] -= self.total / self.count.clamp(min=1)
        return X


@misconception(
    "DeviceAwareBuffer",
    "buffers made in float32",
    hint="The dtype is written into your buffers. A program may choose another one as its default, and then new "
    "parameters follow and your buffers do not. Leave the choice to torch.",
)
class BuffersInSinglePrecision(RunningMean):
    def __init__(self, num_features):
        nn.Module.__init__(self)
        self.register_buffer("total", torch.zeros(num_features, dtype=torch.float32))
        self.register_buffer("count", torch.zeros((), dtype=torch.float32))


@misconception(
    "DeviceAwareBuffer",
    "one tensor for all results",
    hint="The layer keeps a tensor for its result and writes every result of that size into it: the next call changes "
    "what the last one returned. Every call has to return a tensor of its own.",
)
class OneResult(RunningMean):
    def forward(self, X, valid_len):
        Y = super().forward(X, valid_len)
        kept = self.__dict__.get("kept")
        if X.requires_grad or kept is None or kept.shape != Y.shape or kept.device != Y.device or kept.dtype != Y.dtype:
            self.__dict__["kept"] = Y
            return Y
        return kept.copy_(Y)
