"""The static look at a submission: a second opinion beside what the dispatcher recorded.

It reads the names a worker reported before any student code ran, so that nothing the code does can change them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.grader.exhibit import forbidden_operators
from autograder.language import _
from autograder.messages import Statement

# No exercise needs these, and each can switch off or falsify what is recorded about a call.
_TAMPERING = {
    "ctypes", "_C", "_python_dispatch", "_disable_current_modes", "TorchDispatchMode", "TorchFunctionMode",
    "DisableTorchFunction", "DisableTorchFunctionSubclass", "_disable_profiler", "get_objects", "get_referrers",
    "_getframe", "_current_frames", "f_back", "f_locals", "f_globals", "tb_frame", "settrace", "setprofile",
}  # fmt: skip
# These have honest uses too, but can hide an operator: an instructor is pointed to the line.
_INDIRECT = {
    "exec",
    "eval",
    "compile",
    "__import__",
    "importlib",
    ".import_module",
    "globals",
    "vars",
    ".__dict__",
}


def tampering(statements: Sequence[Statement]) -> str:
    """The first line that reaches for what could falsify the record of a call, in words; '' if there is none."""
    for statement in statements:
        for name, line in statement.mentions.items():
            if _bare(name) in _TAMPERING:
                said = _("{file}, line {line} mentions {name}")
                return said.format(file=statement.label, line=line, name=_bare(name))
    return ""


def suspicious_lines(statements: Sequence[Statement], forbidden: Mapping[str, Sequence[str]]) -> list[str]:
    """Lines an instructor should look at, in words; empty for nearly every submission."""
    own = {name for statement in statements for name in statement.binds}
    found = []
    for statement in statements:
        for name, line in statement.mentions.items():
            if _bare(name) in _TAMPERING or (forbidden and (name in _INDIRECT or _is_module_table(name, statement))):
                found.append(f"{statement.label}:{line} mentions {_bare(name)}, which can hide what is called")
        for exercise in statement.binds:
            made = own | set(statement.makes)
            borrowed = {k: line for k, line in statement.mentions.items() if k.lstrip('"') not in made}
            mentioned = {_bare(k).strip("_"): line for k, line in borrowed.items()}
            for name in forbidden_operators(list(mentioned), forbidden.get(exercise, ())):
                found.append(
                    f"{statement.label}:{mentioned[name]} {exercise} mentions {name}, which it is asked to build"
                )
    return sorted(set(found))[:20]


def _is_module_table(name: str, statement: Statement) -> bool:
    """sys.modules, and not the modules() of an nn.Module."""
    return _bare(name) == "modules" and "sys" in statement.mentions


def _bare(name: str) -> str:
    return name.lstrip('."')


def calls_between_exercises(statements: Sequence[Statement], exercise: str) -> set[str]:
    """The names that the (last) definition of an exercise mentions."""
    definitions = [s for s in statements if exercise in s.binds]
    return set(definitions[-1].mentions) - {exercise} if definitions else set()
