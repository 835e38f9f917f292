"""Mistakes that can be made in any exercise: a right answer spoilt in one way, each for the clause that must notice it.

`verify` puts them around the solution of every exercise that declares the clause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.promises import Clause, DeclaredContract

_SHARED = '''
import torch
from torch import nn


def _each(value, change):
    """A value with every tensor in it changed, and numbers too."""
    if isinstance(value, (list, tuple)):
        return type(value)(_each(item, change) for item in value)
    return change(value if isinstance(value, torch.Tensor) else torch.tensor(value))


def _formed(value):
    """A value in another form."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_formed, value))
    if isinstance(value, torch.Tensor):
        return value.to(torch.float16 if value.is_floating_point() else torch.int8)
    return [value]


def _other(t):
    return ~t if t.dtype == torch.bool else t + 1


def _tensors(args):
    return [t for a in args for t in (_tensors(a) if isinstance(a, (list, tuple)) else [a]) if isinstance(t, torch.Tensor)]
'''
_FUNCTION = """
_right_{name} = {name}


def {name}(*args):
    right = _right_{name}
{body}
"""
_MODULE = """
class {name}({name}):
    def __init__(self, *args):
        super().__init__(*args)
{start}

    def forward(self, *args):
        right = super().forward
{body}
"""
_AS_IT_IS = "return right(*args)"


def _without(method: str) -> str:
    """A call during which a method of every optimiser does nothing, be it given or made on the way."""
    return (
        f"kept = {{kind: kind.{method} for kind in [torch.optim.Optimizer, *torch.optim.Optimizer.__subclasses__()]}}\n"
        f"for kind in kept:\n    kind.{method} = lambda *_, **__: None\n"
        f"try:\n    return right(*args)\nfinally:\n    for kind, method in kept.items():\n        kind.{method} = method"
    )


# Clause -> what is done -> how, with `right` and `args` at hand.
_BODIES = {
    "form": {"another form": "return _formed(right(*args))"},
    "matches": {"another value": "return _each(right(*args), _other)"},
    "gradient": {"the graph is cut": "return _each(right(*args), lambda t: t.detach())"},
    "keeps": {
        "arguments are written into": (
            "result = _each(right(*args), lambda t: t.clone())\n"
            "for t in _tensors(args):\n    t.data.copy_(_other(t.data))\nreturn result"
        ),
        "results are remembered by their arguments": (
            "kept = globals().setdefault('_kept', {})\nkey = tuple(map(id, args))\n"
            "if key not in kept:\n    kept[key] = (args, right(*args))\nreturn kept[key][1]"
        ),
        "results share their memory": (
            "made = globals().setdefault('_made', {})\n\n"
            "def put(t):\n    return made.setdefault((t.shape, t.dtype), t.detach().clone()).copy_(t.detach())\n\n"
            "return _each(right(*args), put)"
        ),
        "a setting is switched": "result = right(*args)\ntorch.set_grad_enabled(not torch.is_grad_enabled())\nreturn result",
    },
    "layout": {"memory is looked at": "[args[place].view(-1) for place in {places}]\nreturn right(*args)"},
    "device": {
        "a tensor is made on the CPU": "return _each(right(*args), lambda t: t + torch.zeros(2, dtype=t.dtype)[0:1])"
    },
    "mode": {
        "recording decides": (
            "result = right(*args)\nreturn result if torch.is_grad_enabled() else _each(result, _other)"
        )
    },
    "alone": {
        "examples are mixed": "return _each(right(*args), lambda t: t ^ t[:1] if t.dtype == torch.bool else t + t[:1])"
    },
    "vectorised": {
        "a loop in Python": "for _ in range(args[{places}[0]].numel()):\n    torch.zeros(1) + 1\nreturn right(*args)"
    },
    "modes": {
        "the mode is left as it is": (
            "hidden = [(lambda net: lambda X: net(X))(a) if isinstance(a, nn.Module) else a for a in args]\n"
            "return right(*hidden)"
        )
    },
    "steps": {"no step is taken": _without("step")},
    "zeroing": {"nothing is cleared": _without("zero_grad")},
    "drops": {"dropped in evaluation too": "return _each(right(*args), lambda t: nn.functional.dropout(t, 0.5, True))"},
    "state_dict": {
        "something is kept beside the state": (
            "self.__dict__['seen'] = self.__dict__.get('seen', 0) + self.training\n"
            "return _each(right(*args), lambda t: t * (1 + self.__dict__['seen']) + self.__dict__['seen'])"
        )
    },
}
# What a function cannot keep to itself.
_OF_MODULES = {"keeps": {"the first call's result is kept": "return self.__dict__.setdefault('_kept', right(*args))"}}
_STARTS = {
    "parameters": {"a parameter too many": "self.one_too_many = nn.Parameter(torch.zeros(1))"},
    "buffers": {"plain attributes": "for name in {listed}:\n    self.__dict__[name] = self._buffers.pop(name)"},
}
# Of an exercise that a probe calls, with networks or loaders: what can be done without knowing its arguments.
_ANYWHERE = (
    "another value", "another form", "a setting is switched", "the mode is left as it is", "no step is taken",
    "nothing is cleared",
)  # fmt: skip


@dataclass(frozen=True)
class Mistake:
    """A spoilt solution: code that follows it. clause: what must notice it."""

    clause: Clause
    name: str
    source: str


def generic_mistakes(made: DeclaredContract) -> Iterator[Mistake]:
    """The mistakes that the clauses of a contract must notice."""
    is_module = made.options.get("builds") is not None
    for clause in made.clauses:
        key = clause.promise.key
        for name, body in {**_BODIES.get(key, {}), **(_OF_MODULES.get(key, {}) if is_module else {})}.items():
            if not made.options.get("asked") or name in _ANYWHERE:
                yield Mistake(clause, name, _source(made, clause, body, "pass", is_module))
        for name, start in _STARTS.get(key, {}).items():
            yield Mistake(clause, name, _source(made, clause, _AS_IT_IS, start, is_module))


def _source(made: DeclaredContract, clause: Clause, body: str, start: str, is_module: bool) -> str:
    names, listed = clause.inputs, clause.listed
    places = [names.index(name) for name in listed if name in names]
    body, start = (text.replace("{places}", repr(places)).replace("{listed}", repr(listed)) for text in (body, start))
    template = _MODULE if is_module else _FUNCTION
    filled = template.format(
        name=made.exercise, body=_indented(body, 8 if is_module else 4), start=_indented(start, 8)
    )  # fmt: skip
    return _SHARED + filled


def _indented(code: str, spaces: int) -> str:
    return "\n".join(" " * spaces + line if line else "" for line in code.split("\n"))
