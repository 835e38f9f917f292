"""The static look at a submission: a second opinion beside what the dispatcher recorded.

It reads the names a worker reported before any student code ran, and judges nothing: it points an instructor to lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.grader.exhibit import forbidden_operators
from autograder.messages import Statement

# No exercise needs these; each can switch off or falsify what is recorded about a call.
_TAMPERING = {
    "autograder", "ctypes", "_C", "_python_dispatch", "_disable_current_modes", "_pop_mode", "TorchDispatchMode",
    "TorchFunctionMode", "DisableTorchFunction", "DisableTorchFunctionSubclass", "get_objects", "_getframe",
    "_current_frames", "settrace", "setprofile", "__subclasses__", "__builtins__",
}  # fmt: skip
_INDIRECT = {"exec", "eval", "__import__", "importlib", ".import_module", ".modules"}


def suspicious_lines(statements: Sequence[Statement], forbidden: Mapping[str, Sequence[str]]) -> list[str]:
    """Lines an instructor should look at, in words; empty for nearly every submission."""
    found = []
    own = {name for statement in statements for name in statement.binds}
    for statement in statements:
        for name, line in statement.mentions.items():
            if name.strip(".") in _TAMPERING:
                found.append(f"{statement.label}:{line} mentions {name}, which can falsify what is recorded")
            elif name in _INDIRECT and forbidden:
                found.append(f"{statement.label}:{line} mentions {name}, which can hide an operator")
        for exercise in statement.binds:
            patterns = forbidden.get(exercise, ())
            mentioned = {k.strip("._"): line for k, line in statement.mentions.items() if k not in own}
            for name in forbidden_operators(list(mentioned), patterns):
                line = mentioned[name]
                found.append(f"{statement.label}:{line} {exercise} mentions {name}, which it is asked to build")
    return sorted(set(found))[:20]


def calls_between_exercises(statements: Sequence[Statement], exercise: str) -> set[str]:
    """The names that the (last) definition of an exercise mentions."""
    definitions = [s for s in statements if exercise in s.binds]
    return set(definitions[-1].mentions) - {exercise} if definitions else set()
