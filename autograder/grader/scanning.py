"""The static look at a submission: a second opinion beside what the dispatcher recorded.

It reads the names a worker reported before any student code ran, so that nothing the code does can change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autograder.grader.exhibit import forbidden_operators
from autograder.language import _
from autograder.protocol.messages import Statement
from autograder.worker.source import A_COMPUTED_NAME, MORE_THAN_IS_READ

# No exercise needs these, and each can switch off or falsify what is recorded about a call.
_TAMPERING = {
    "ctypes", "_C", "_python_dispatch", "_disable_current_modes", "TorchDispatchMode", "TorchFunctionMode",
    "DisableTorchFunction", "DisableTorchFunctionSubclass", "_disable_profiler", "get_objects", "get_referrers",
    "_getframe", "_current_frames", "getprofile", "gettrace", "custom_op", "triton_op", "get_kernel", "f_back", "f_locals", "f_globals", "tb_frame", "settrace", "setprofile",
    "__torch_function__", "__torch_dispatch__", "_make_wrapper_subclass", "_make_subclass", "__globals__", "__subclasses__",
    "_pop_mode", "_pop_mode_temporarily", "_pop_mode_from_mode_stack", "_get_current_function_mode",
    "_get_current_function_mode_stack", "_get_current_dispatch_mode", "_get_current_dispatch_mode_stack",
    "_decomp", "_refs", "_prims", "_prims_common", "_inductor", "_jit_internal", MORE_THAN_IS_READ,
}  # fmt: skip
# These have honest uses too, but can hide an operator: an instructor is pointed to the line.
_INDIRECT = {
    "exec", "eval", "compile", "__import__", "importlib", ".import_module", "globals", "vars", ".__dict__", "__builtins__",
    "builtins", "attrgetter", ".attrgetter", "methodcaller", ".methodcaller", "inspect", "gc", "runpy", "marshal", "open",
    ".write_text", ".write_bytes", "pickle", "_pickle", "dill", "cloudpickle", "copyreg", "library", ".library",
    "get_type_hints", ".get_type_hints", "ForwardRef", ".ForwardRef", ".__getattribute__", "FunctionType", ".FunctionType", ".__code__", A_COMPUTED_NAME,
}  # fmt: skip
_OF_SYS = {"modules", "meta_path", "path_hooks"}


def tampering(statements: Sequence[Statement]) -> str:
    """The first line that reaches for what could falsify the record of a call, in words; '' if there is none."""
    for statement in statements:
        for name, line in statement.mentions.items():
            if _bare(name) in _TAMPERING:
                said = _("{file}, line {line} mentions {name}")
                return said.format(file=statement.label, line=line, name=_bare(name))
    return ""


def suspicious_lines(
    statements: Sequence[Statement], forbidden: Mapping[str, Sequence[str]], exercises: Iterable[str] = ()
) -> list[str]:
    """Lines an instructor should look at, in words; empty for nearly every submission.

    exercises: all of the unit, whose names mean the student's own functions unless they are imported. What could hide an
    operator counts only in what an exercise with a rule reaches, and in statements that define nothing.
    """
    concerned = {id(each) for exercise in forbidden for each in _reached(statements, exercise)}
    concerned |= {id(each) for each in statements if not each.binds}
    found = []
    for statement in statements:
        for name, line in statement.mentions.items():
            indirect = name in _INDIRECT and name not in statement.makes and not _is_import_of(name, statement)
            hides = id(statement) in concerned and (indirect or _is_of_sys(name, statement))
            if _bare(name) in _TAMPERING or (forbidden and hides):
                found.append(f"{statement.label}:{line} mentions {_bare(name)}, which can hide what is called")
    imported = {name for statement in statements for name in statement.imports}
    own = {name for statement in statements for name in statement.binds} | (set(exercises) - imported)
    for exercise, patterns in forbidden.items():
        for statement in _reached(statements, exercise):
            made = own | set(statement.makes)
            borrowed = {k: line for k, line in statement.mentions.items() if k.lstrip('"') not in made}
            mentioned = {_bare(k).strip("_"): line for k, line in borrowed.items()}
            for name in forbidden_operators(list(mentioned), patterns):
                found.append(f"{statement.label}:{mentioned[name]} mentions {name}, which {exercise} is asked to build")
    return sorted(set(found))[:20]


def _reached(statements: Sequence[Statement], exercise: str) -> list[Statement]:
    """The statements that bind an exercise, and those that bind what they mention, and so on."""
    reached: list[Statement] = []
    names, seen = [exercise], {exercise}
    while names:
        name = names.pop()
        for statement in statements:
            if name in statement.binds and statement not in reached:
                reached.append(statement)
                new = {mention for mention in statement.mentions if mention.isidentifier()} - seen
                names.extend(new)
                seen |= new
    return reached


def _is_import_of(name: str, statement: Statement) -> bool:
    """Whether a statement only imports a module of this name: what is done with it is looked at where it is done."""
    return name in statement.imports and not statement.binds


def _is_of_sys(name: str, statement: Statement) -> bool:
    """sys.modules, and not the modules() of an nn.Module; where Python looks for modules."""
    return _bare(name) in _OF_SYS and "sys" in statement.mentions


def _bare(name: str) -> str:
    return name.lstrip('."')


def calls_between_exercises(statements: Sequence[Statement], exercise: str) -> set[str]:
    """The names that the (last) definition of an exercise mentions; its own parameters and variables are none of them."""
    definitions = [s for s in statements if exercise in s.binds]
    return set(definitions[-1].mentions) - {exercise, *definitions[-1].makes} if definitions else set()
