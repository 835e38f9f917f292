"""Hardware that is not there. What stands here is shipped to workers as source."""

# ruff: noqa: B905, ANN
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import torch
from torch import Tensor


class SimulatedGPUs(torch.overrides.TorchFunctionMode):
    """Any number of pretended GPUs, for a probe: `@probe(SimulatedGPUs)` and `with SimulatedGPUs():` inside it.

    Knows for every storage on which device it pretends to be. `.to`, `.cuda`, `.cpu`, `.device` and `device=` obey it,
    and an operation over tensors of two devices raises torch's error, while the values are computed on the CPU.
    torch.cuda's own functions, streams and nn.parallel are not simulated.
    """

    def __init__(self):
        super().__init__()
        self.places = {}

    def tensors(self, value):
        if isinstance(value, Tensor):
            return [value]
        items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
        return [tensor for item in items for tensor in self.tensors(item)]

    def place(self, tensor):
        storage = tensor.untyped_storage()
        if not storage.data_ptr():
            return getattr(tensor, "pretended", torch.device("cpu"))
        return self.places.get(storage.data_ptr(), (torch.device("cpu"), None))[0]

    def put(self, value, device):
        for tensor in self.tensors(value):
            storage = tensor.untyped_storage()
            if storage.data_ptr():
                self.places.setdefault(storage.data_ptr(), (device, storage))
            else:
                tensor.pretended = device
        return value

    def named(self, device):
        device = torch.device("cuda", device) if isinstance(device, int) else torch.device(device)
        return torch.device("cuda", 0) if device == torch.device("cuda") else device

    def moved(self, tensor, device, copy=False):
        there = self.place(tensor) == device and not copy
        return tensor if there else self.put(tensor.clone(), device)

    def to(self, tensor, args, options):
        device, dtype = options.get("device"), options.get("dtype")
        for option in args:
            if isinstance(option, Tensor):
                device, dtype = self.place(option), option.dtype
            elif isinstance(option, torch.dtype):
                dtype = option
            elif isinstance(option, (str, torch.device)) or type(option) is int:
                device = option
        here = self.place(tensor)
        converted = self.put(tensor.to(dtype or tensor.dtype), here)
        return self.moved(converted, here if device is None else self.named(device), options.get("copy", False))

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs, name = dict(kwargs or {}), getattr(func, "__name__", "")
        if name == "__get__":
            place, attribute = self.place(args[0]), func.__self__.__name__
            if attribute == "device":
                return place
            if attribute in ("is_cuda", "is_cpu"):
                return attribute == "is_" + place.type
            return self.put(func(*args), place)
        if name == "to":
            return self.to(args[0], args[1:], kwargs)
        if name == "cpu":
            return self.moved(args[0], torch.device("cpu"))
        if name == "cuda":
            return self.moved(args[0], self.named([*args[1:], kwargs.get("device")][0] or 0))
        if name == "get_device":
            return -1 if self.place(args[0]).type == "cpu" else self.place(args[0]).index
        if name in ("copy_", "__setitem__", "__set__", "backward") or name.startswith("_has"):
            return func(*args, **kwargs)
        if name == "grad":
            found = func(*args, **kwargs)
            for gradient, tensor in zip(found, self.tensors(args[1])):
                self.put(gradient, self.place(tensor))
            return found
        device = kwargs.pop("device", None)
        given = self.tensors([args, kwargs])[: 1 if name == "__getitem__" else None]
        places = {self.place(t) for t in given if t.ndim or self.place(t).type == "cuda"}
        if len(places) > 1:
            listed = " and ".join(sorted(map(str, places)))
            raise RuntimeError(f"Expected all tensors to be on the same device, but found at least two, {listed}!")
        place = next(iter(places), torch.device("cpu")) if device is None else self.named(device)
        return self.put(func(*args, **kwargs), place)
