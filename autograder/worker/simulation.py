"""Hardware that is not there. What stands here is used by contracts, and shipped with probes as source."""

# ruff: noqa: B905, ANN
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return, attr-defined"

from __future__ import annotations

import torch
import torch.utils._python_dispatch
from torch import Tensor


class SimulatedGPUs(torch.overrides.TorchFunctionMode):
    """Any number of pretended GPUs, for a probe: `@probe(SimulatedGPUs)` and `with SimulatedGPUs():` inside it.

    Knows for every storage on which device it pretends to be. `.to`, `.type_as`, `.cuda`, `.cpu`, `.device` and
    `device=` obey it, and an operation over tensors of two devices raises torch's error, while the values are computed
    on the CPU. As on hardware, `copy_` and the assignment to a part of a tensor copy from any device, a CPU tensor
    without dimensions goes with any device, indices may be on the CPU, and what backward computes is where the forward
    pass was, for an autograd.Function too. torch.cuda's own functions, streams and nn.parallel are not simulated.
    """

    class Follower(torch.utils._python_dispatch.TorchDispatchMode):
        """Sees the operators that C++ starts, above all in backward, which the function mode does not."""

        def __init__(self, gpus):
            super().__init__()
            self.gpus = gpus

        @classmethod
        def _should_skip_dynamo(cls):
            return False  # the default imports the compiler, a second of work

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            with torch._C.DisableTorchFunction():
                return self.gpus.follow(func, args, kwargs or {})

    def __init__(self):
        super().__init__()
        self.places = {}  # address of a storage -> its device, and the storage, so that no other one gets its address
        self.follower, self.depth = SimulatedGPUs.Follower(self), 0

    def __enter__(self):
        self.depth += 1
        if self.depth == 1:
            self.follower.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.depth -= 1
        if self.depth == 0:
            self.follower.__exit__(*error)

    def tensors(self, value):
        if isinstance(value, Tensor):
            return [value]
        items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
        return [tensor for item in items for tensor in self.tensors(item)]

    def storage(self, tensor):
        while torch._C._functorch.is_functorch_wrapped_tensor(tensor):
            tensor = torch._C._functorch.get_unwrapped(tensor)
        return tensor.untyped_storage()

    def place(self, tensor):
        """A device; None for what C++ made from nothing and has not combined with anything yet."""
        if tensor.device.type != "cpu":
            return tensor.device
        storage = self.storage(tensor)
        return self.places.setdefault(storage._cdata, (torch.device("cpu"), storage))[0]

    def put(self, value, device):
        for tensor in self.tensors(value):
            storage = self.storage(tensor)
            self.places[storage._cdata] = (device, storage)
        return value

    def settle(self, value, device):
        """`put` for those tensors alone whose place is not known."""
        for tensor in self.tensors(value):
            if self.places.get(self.storage(tensor)._cdata, (None,))[0] is None:
                self.put(tensor, device)
        return value

    def places_of(self, given):
        """Where tensors that are combined are: one device, or they do not go together."""
        places = [self.place(tensor) for tensor in given]
        return {place for place, t in zip(places, given) if place and (t.ndim or place.type == "cuda")}

    def together(self, given):
        places = self.places_of(given)
        if len(places) > 1:
            listed = " and ".join(sorted(map(str, places)))
            raise RuntimeError(f"Expected all tensors to be on the same device, but found at least two, {listed}!")
        return next(iter(places), torch.device("cpu"))

    def follow(self, func, args, kwargs):
        given = self.tensors([args, kwargs])
        places = sorted(self.places_of(given), key=lambda place: place.type != "cuda")
        unknown = not given or None in map(self.place, given)
        place = next(iter(places), None if unknown else torch.device("cpu"))
        return self.settle(func(*args, **kwargs), place)

    def named(self, device):
        device = torch.device("cuda", device) if isinstance(device, int) else torch.device(device)
        return torch.device("cuda", 0) if device == torch.device("cuda") else device

    def moved(self, value, device, copy=False):
        """Tensors on a device; their gradients travel back to where they come from."""
        if isinstance(value, (list, tuple)):
            return [self.moved(item, device) for item in value]
        if not isinstance(value, Tensor) or device is None:
            return value
        here = self.place(value)
        if here == device and not copy:
            return value
        if device.type not in ("cpu", "cuda") or value.device.type != "cpu":
            return value.to(device)
        arrived = self.put(value.clone(), device)

        def back(gradients, _):
            with torch._C.DisableTorchFunction():
                return tuple(self.moved(gradient, here) for gradient in gradients)

        if arrived.grad_fn is not None:
            arrived.grad_fn.register_hook(back)
        return arrived

    def to(self, tensor, args, options):
        device, dtype = options.get("device"), options.get("dtype")
        for option in [*args, options.get("other")]:
            if isinstance(option, Tensor):
                device, dtype = self.place(option), option.dtype
            elif isinstance(option, torch.dtype):
                dtype = option
            elif isinstance(option, (str, torch.device)) or type(option) is int:
                device = option
        flags = [option for option in args if isinstance(option, bool)]  # non_blocking, copy
        copy = options.get("copy", flags[1:2] == [True])
        converted = tensor.to(dtype or tensor.dtype)
        return self.moved(converted, self.place(tensor) if device is None else self.named(device), copy)

    def attribute(self, func, tensor):
        name, place = func.__self__.__name__, self.place(tensor)
        if name == "device":
            return place or torch.device("cpu")
        if name in ("is_cuda", "is_cpu"):
            return name == f"is_{place.type if place else 'cpu'}"
        value = func(tensor)
        return self.put(value, place) if name == "grad" else self.settle(value, place)

    def backward(self, func, args, kwargs):
        """Autograd's engine with this mode on, which is off inside of __torch_function__."""
        engine = torch.autograd._engine_run_backward

        def watched(*args, **kwargs):
            with self:
                return engine(*args, **kwargs)

        torch.autograd._engine_run_backward = watched
        try:
            found = func(*args, **kwargs)
        finally:
            torch.autograd._engine_run_backward = engine
        if func.__name__ == "backward":
            return found
        inputs = self.tensors(args[1] if len(args) > 1 else kwargs["inputs"])
        return tuple(self.moved(gradient, self.place(tensor)) for gradient, tensor in zip(found, inputs))

    def copied(self, func, name, args, kwargs):
        """copy_ and the assignment to a part; indices are where the tensor is, or on the CPU."""
        target, source = args[0], 2 if name == "__setitem__" else 1
        places = zip(target, args[1]) if name == "_foreach_copy_" else [(target, args[source])]
        arrived = [self.moved(value, self.place(tensor)) for tensor, value in places]
        args = (*args[:source], arrived if name == "_foreach_copy_" else arrived[0], *args[source + 1 :])
        return func(*args, **kwargs)

    def groups(self, name, args, kwargs):
        """The tensors that an operation combines; those that work on lists combine them item by item."""
        if name.startswith("_foreach"):
            values = [*args, *kwargs.values()]
            lists = [value for value in values if isinstance(value, (list, tuple)) and self.tensors(value)]
            alone = [value for value in values if isinstance(value, Tensor)]
            return [[*items, *alone] for items in zip(*lists)]
        if name in ("__getitem__", "index_put", "index_put_"):
            indices = [i for i in self.tensors(args[1:2]) if self.place(i) != torch.device("cpu")]
            return [[args[0], *indices, *self.tensors([args[2:], kwargs])]]
        return [self.tensors(args[:1] if name == "__deepcopy__" else [args, kwargs])]

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs, name = dict(kwargs or {}), getattr(func, "__name__", "")
        if name == "__get__":
            return self.attribute(func, args[0])
        if name in ("to", "type_as"):
            return self.to(args[0], args[1:], kwargs)
        if name == "cpu":
            return self.moved(args[0], torch.device("cpu"))
        if name == "cuda":
            return self.moved(args[0], self.named([*args[1:], kwargs.get("device")][0] or 0))
        if name == "get_device":
            return -1 if self.place(args[0]).type == "cpu" else self.place(args[0]).index
        if name in ("numpy", "__array__") and self.place(args[0]).type == "cuda":
            raise TypeError(f"can't convert {self.place(args[0])} device type tensor to numpy. Use Tensor.cpu() first.")
        if name in ("backward", "grad"):
            return self.backward(func, args, kwargs)
        if name in ("copy_", "__setitem__", "_foreach_copy_"):
            return self.copied(func, name, args, kwargs)
        if name == "__set__" or name.startswith("_has"):
            assigned = name == "__set__" and func.__self__.__name__ == "grad" and isinstance(args[1], Tensor)
            if assigned and self.place(args[0]) != self.place(self.settle(args[1], self.place(args[0]))):
                raise RuntimeError("assigned grad has data located on a different device")
            return func(*args, **kwargs)
        return self.combined(func, name, args, kwargs)

    def combined(self, func, name, args, kwargs):
        given = self.tensors([args, kwargs])
        device = None if kwargs.get("device") is None else self.named(kwargs["device"])
        if device is not None and device.type in ("cpu", "cuda"):
            kwargs.pop("device")
        places = [self.together(group) for group in self.groups(name, args, kwargs)] if device is None else [device]
        before = {self.storage(tensor)._cdata for tensor in given}
        result = func(*args, **kwargs)
        if device is not None and isinstance(result, Tensor) and self.storage(result)._cdata in before:
            return self.moved(result, device)  # as_tensor
        if len(places) == 1:
            self.settle(given, places[0])
        made = self.tensors(result)
        for tensor, place in zip(made, places if name.startswith("_foreach") else places * len(made)):
            if self.storage(tensor)._cdata not in before:
                self.put(tensor, place)
        return result
