"""Oracle for automatic differentiation (lecture 2.5), on torch's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Scalar = Callable[[Tensor], Tensor]


def gradients(f: Scalar, g: Scalar, x: Tensor) -> tuple[Tensor, Tensor]:
    """x: (n,) -> ((n,), (n,))."""
    return torch.autograd.grad(f(x), x)[0], torch.autograd.grad(g(x), x)[0]


def detach_product(x: Tensor) -> Tensor:
    """x: (n,) -> (n,)."""
    return x.square()


def control_flow_grad(a: Tensor) -> Tensor:
    """a: () -> ()."""
    doublings = torch.ceil(torch.log2(1000 / a.double().abs())).clamp(min=1)
    return (2**doublings * (1 if a > 0 else 100)).to(a.dtype)


def accumulated_gradient(
    net: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], batches: Sequence[tuple[Tensor, Tensor]]
) -> list[Tensor]:
    """Sums of each batch, divided at the end."""
    parameters = list(net.parameters())
    sums = [torch.autograd.grad(loss(net(X), y).sum(), parameters) for X, y in batches]
    return [sum(each) / sum(len(y) for _, y in batches) for each in zip(*sums, strict=True)]


def jvp(J: Tensor, t: Tensor) -> Tensor:
    """J: (m, n), t: (n,) -> (m,)."""
    return torch.mv(J, t)


def vjp(v: Tensor, J: Tensor) -> Tensor:
    """v: (m,), J: (m, n) -> (n,)."""
    return torch.mv(J.T, v)


def _operator(function: Callable[..., Tensor]) -> Callable[..., Any]:
    """An operator of Dual and Value, by torch's function of tensors."""
    return lambda self, *others: self.computed(function, self, *others)


def _swapped(function: Callable[..., Tensor]) -> Callable[..., Any]:
    return lambda self, other: self.computed(function, other, self)


class _Operators:
    __add__, __radd__ = _operator(torch.add), _swapped(torch.add)
    __sub__, __rsub__ = _operator(torch.sub), _swapped(torch.sub)
    __mul__, __rmul__ = _operator(torch.mul), _swapped(torch.mul)
    __truediv__, __rtruediv__ = _operator(torch.div), _swapped(torch.div)
    __pow__, __rpow__ = _operator(torch.pow), _swapped(torch.pow)
    __neg__, log, exp, sin, tanh = map(_operator, (torch.neg, torch.log, torch.exp, torch.sin, torch.tanh))


def _tensor(number: float) -> Tensor:
    return torch.tensor(number, dtype=torch.float64)


class Dual(_Operators):
    """The chain rule with the slopes that autograd gives, operation by operation."""

    def __init__(self, value: float, slope: float) -> None:
        self.value, self.slope = value, slope

    @staticmethod
    def computed(function: Callable[..., Tensor], *inputs: Any) -> Dual:
        tensors = [_tensor(each.value).requires_grad_() if isinstance(each, Dual) else _tensor(each) for each in inputs]
        result = function(*tensors)
        duals = [(each, tensor) for each, tensor in zip(inputs, tensors, strict=True) if isinstance(each, Dual)]
        local = torch.autograd.grad(result, [tensor for _, tensor in duals])
        slope = sum(float(own) * each.slope for own, (each, _) in zip(local, duals, strict=True))
        return Dual(result.item(), slope)


def forward_gradient(f: Callable[..., Any], xs: Sequence[float]) -> list[float]:
    """By one run for each row of the identity."""
    return [f(*map(Dual, xs, row)).slope for row in torch.eye(len(xs)).tolist()]


class Value(_Operators):
    """A tensor without axes that keeps its gradient."""

    def __init__(self, data: float | Tensor) -> None:
        self.tensor = data if isinstance(data, Tensor) else _tensor(data).requires_grad_()
        self.tensor.retain_grad()

    @staticmethod
    def computed(function: Callable[..., Tensor], *inputs: Any) -> Value:
        return Value(function(*(each.tensor if isinstance(each, Value) else _tensor(each) for each in inputs)))

    @property
    def data(self) -> float:
        return self.tensor.item()

    @property
    def grad(self) -> float:
        return 0.0 if self.tensor.grad is None else self.tensor.grad.item()

    def backward(self) -> None:
        self.tensor.backward(retain_graph=True)


def cheaper_mode(inputs: int, outputs: int) -> str:
    """By the sign of the difference."""
    return ["either", "reverse", "forward"][(inputs > outputs) - (inputs < outputs)]
