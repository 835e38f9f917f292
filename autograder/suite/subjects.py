"""What a contract is about: how an exercise is called, on the submission's side and on the reference's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from torch import Tensor

Example = dict[str, Any]


@dataclass(frozen=True)
class Contract:
    """What is promised of one exercise, as its suite declared it; see `contract` for the options."""

    exercise: str
    options: Mapping[str, Any]
    names: Sequence[str]

    def subject(self, side: Any, example: Example, *, new: bool = False) -> Any:
        """What is called on one side: the exercise itself, a module built anew, or a probe that calls it.

        new: a module with the parameters that it starts with.
        """
        builds = self.options["builds"]
        if builds is not None:
            tensors = [example[name] for name in self.names if isinstance(example[name], Tensor)]
            dtype = next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), None)
            args = {name: example[name] for name in builds}
            weights = None if new else example.get("weights")
            training = example.get("training", self.options["training"])
            return side.built(self.exercise, args, dtype=dtype, weights=weights, training=training)
        return side.probed(self.options["asked"]) if self.options["asked"] else getattr(side, self.exercise)

    def rig(self, example: Example, *, stale: bool = False, module: bool | None = None) -> dict[str, Any]:
        """What the network of an exercise that runs one is like: of the size of the inputs, in the wrong mode inside. Every
        other one is hidden in a function, unless module says which it is, or no mode is promised: such an exercise makes an
        optimiser of its own, which takes a network's parameters."""
        if not any(self.options[promise] for promise in ("modes", "steps", "zeroing")):
            return {}
        examples = next(example[name] for name in self.names if isinstance(example[name], Tensor))
        digits = digits_of(example)
        spec = {
            "features": examples[0, ..., 0].numel(), "dtype": examples.dtype, "weights": digits % 1000, "stale": stale,
            "module": module if module is not None else digits % 2 == 0 or not self.options["modes"], "chained": digits % 3 == 0,
            "training": self.options["modes"] != "training", "outer": digits % 4 < 2, "optimised": stale or digits % 3 > 0,
        }  # fmt: skip
        return {"rig": spec}

    def arguments(self, example: Example) -> list[Any]:
        """The arguments in their order, each contiguous in memory: other layouts are a clause of their own."""
        return [contiguous(example[name]) for name in self.names]

    def places(self, names: Sequence[str]) -> list[int]:
        return [list(self.names).index(name) for name in names if name in self.names]

    def step(self, side: Any, step: str, example: Example, /, *, new: bool = False, **options: Any) -> Any:
        """Ask one side the one question that a step is."""
        return self.subject(side, example, new=new).step(
            step, self.arguments(example), **{**self.rig(example), **options}
        )

    @property
    def setup(self) -> str:
        """Code that makes the module out of what is drawn, and calls it; '' for a function."""
        builds = self.options["builds"]
        if builds is None:
            return ""
        mode = ".train(training)" if self._draws_mode else "" if self.options["training"] else ".eval()"
        made = f"{self.exercise}({', '.join(builds)})"
        cast = f".to({self.names[0]}.dtype)" if self.names else ""
        layer = f"layer = autograder.fill({made}{cast}, weights){mode}"
        return f"import autograder\n{layer}\nlayer({', '.join(self.names)})"

    @property
    def _draws_mode(self) -> bool:
        return isinstance(self.options["training"], st.SearchStrategy)


def contiguous(value: Any) -> Any:
    """A tensor, or the tensors of a list, contiguous in memory."""
    if isinstance(value, Tensor):
        return value.contiguous()
    return [contiguous(item) for item in value] if isinstance(value, list) else value


def digits_of(example: Example) -> int:
    """A number that depends on an example and on nothing else, to vary what is not worth drawing."""
    tensors = [leaf for leaf in leaves(list(example.values())) if isinstance(leaf, Tensor)]
    return sum(t.numel() + int(t.double().nan_to_num(0, 0, 0).abs().sum() * 8) for t in tensors)


def leaves(value: Any) -> list[Any]:
    """What the containers in a value hold, at any depth."""
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [leaf for item in value.values() for leaf in leaves(item)] if isinstance(value, dict) else [value]
