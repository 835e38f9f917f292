"""What can be handed in without an idea of the exercise: constants, the first argument back, the public examples by heart.

`verify` grades them for every exercise; none may earn more than a twentieth of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.cutting import BuildError
from autograder.authoring.declared import contracts, parsed
from autograder.course import Unit
from autograder.promises import DeclaredContract

MOST = 0.05
_VALUES = {
    "zeros": "torch.zeros_like(first) if isinstance(first, torch.Tensor) else 0",
    "ones": "torch.ones_like(first) if isinstance(first, torch.Tensor) else 1",
    "NaN": "torch.full_like(first, float('nan')) if isinstance(first, torch.Tensor) and first.is_floating_point() else float('nan')",
    "the first argument": "first",
    "the number 0": "0.0",
    "nothing": "None",
    "an empty list": "[]",
}
_FUNCTION = """
import torch


def {name}(*args, **kwargs):
    first = args[0] if args else None
    return {value}
"""
_MODULE = """
import torch
from torch import nn


class {name}(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, *args, **kwargs):
        first = args[0] if args else None
        return {value}
"""
_CLASS = """
import torch


class {name}:
    def __init__(self, *args, **kwargs):
        pass

    def _value(self, *args, **kwargs):
        first = args[0] if args else None
        return {value}

    {methods}
"""
_BY_HEART = """
import torch

_right_{name} = {name}
_public = {public}


def {name}(*args, **kwargs):
    for example in _public if isinstance(_public, list) else [_public]:
        known = list(example.values())
        same = [torch.equal(a, b) if isinstance(b, torch.Tensor) else a == b for a, b in zip(args, known)
                if not isinstance(b, torch.Tensor) or (isinstance(a, torch.Tensor) and a.shape == b.shape)]
        if len(args) == len(known) == len(same) and all(same):
            return _right_{name}(*args, **kwargs)
    return args[0]
"""


@dataclass(frozen=True)
class NonAnswer:
    """A submission for one exercise: code that follows the solution."""

    exercise: str
    name: str
    source: str


def non_answers(unit: Unit) -> Iterator[NonAnswer]:
    """The non-answers for every exercise of a unit that says what it is worth. Raises BuildError."""
    made = {each.exercise: each for each in contracts(unit.hidden_suite)}
    definitions = {
        node.name: node for node in parsed(unit.solution).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    for exercise in unit.points:
        if exercise not in definitions:
            raise BuildError(f"{unit.solution} defines no {exercise}, which unit.toml gives points for")
        for name, value in _VALUES.items():
            yield NonAnswer(exercise, name, _source(definitions[exercise], value))
        if exercise in made and (by_heart := _by_heart(made[exercise])):
            yield NonAnswer(exercise, "the public examples by heart", by_heart)


def _source(definition: ast.FunctionDef | ast.ClassDef, value: str) -> str:
    if isinstance(definition, ast.FunctionDef):
        return _FUNCTION.format(name=definition.name, value=value)
    if any("Module" in ast.unparse(base) for base in definition.bases):
        return _MODULE.format(name=definition.name, value=value)
    own = [node.name for node in definition.body if isinstance(node, ast.FunctionDef) and node.name != "__init__"]
    methods = "; ".join(f"{name} = _value" for name in own) or "pass"
    return _CLASS.format(name=definition.name, value=value, methods=methods)


def _by_heart(made: DeclaredContract) -> str:
    """A function that is right for the public inputs of its contract; '' where there are none, and of modules."""
    public = next((keyword.value for keyword in made.node.keywords if keyword.arg == "public"), None)
    if public is None or made.options.get("builds") is not None or made.options.get("asked"):
        return ""
    return _BY_HEART.format(name=made.exercise, public=ast.unparse(public))
