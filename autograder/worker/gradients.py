"""Forward and backward in one go: vector-Jacobian products of whatever can be called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


def vector_jacobian_product(
    function: Callable[..., Any],
    args: list[Any],
    kwargs: dict[str, Any],
    cotangent: Any,
    seed: int,
    *,
    only: Collection[int] | None = None,
    through: int | None = None,
    formed: Callable[[Any], Any] = lambda value: value,
) -> dict[str, Any]:
    """Run forward and backward once.

    The floating-point tensors among `args` (in order, at any depth) are the inputs. The cotangents are `cotangent`
    (one tensor, or one per floating-point output), or standard normal draws from `seed`. only: the arguments, by their
    place, that gradients are wanted of. through: the part of a tuple that they go back from. formed: what is done to the
    output before gradients go back from it.
    Returns output; inputs: one gradient or None each; parameters: name -> gradient or None, for modules.
    """
    inputs: list[Tensor] = []
    tracked = [_track(arg, inputs) if only is None or place in only else arg for place, arg in enumerate(args)]
    output = formed(function(*tracked, **kwargs))
    source = output[through] if through is not None and isinstance(output, (list, tuple)) else output
    outputs = [t for t in tensors_of(source) if t.is_floating_point()]
    module = _module_of(function)
    parameters = dict(module.named_parameters()) if module is not None else {}
    cotangents = _cotangents(outputs, cotangent, seed)
    reached = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if o.requires_grad]
    wanted = [*inputs, *(p for p in parameters.values() if p.requires_grad)]
    gradients: list[Tensor | None] = [None] * len(wanted)
    if reached and wanted:
        gradients = list(
            torch.autograd.grad([o for o, _ in reached], wanted, [c for _, c in reached], allow_unused=True)
        )
    trainable = [name for name, p in parameters.items() if p.requires_grad]
    return {
        "output": output,
        "inputs": gradients[: len(inputs)],
        "parameters": dict(zip(trainable, gradients[len(inputs) :], strict=True)),
    }


def tracked(args: list[Any]) -> list[Any]:
    """The arguments, with gradients recorded of everything that is computed from them."""
    return [_track(arg, []) for arg in args]


def tensors_of(value: Any) -> Iterable[Tensor]:
    """The tensors in a value, at any depth."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_of(item)


def _track(value: Any, inputs: list[Tensor]) -> Any:
    """Make every floating-point tensor a leaf, and pass a copy of it on, so that in-place code stays legal."""
    if isinstance(value, Tensor) and value.is_floating_point():
        leaf = value.detach().requires_grad_()
        inputs.append(leaf)
        return leaf * 1 if leaf.is_contiguous() else leaf.as_strided(leaf.shape, leaf.stride())
    if isinstance(value, list):
        return [_track(item, inputs) for item in value]
    return value


def _cotangents(outputs: list[Tensor], given: Any, seed: int) -> list[Tensor]:
    if given is not None:
        chosen = list(tensors_of(given))
        if len(chosen) != len(outputs):
            raise ValueError(f"{len(outputs)} tensors came back where {len(chosen)} were expected")
        return chosen
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(o.shape, generator=generator, dtype=torch.float64).to(o.dtype) for o in outputs]


def _module_of(function: Callable[..., Any]) -> nn.Module | None:
    owner = getattr(function, "__self__", function)
    return owner if isinstance(owner, nn.Module) else None
