"""What exercises promise again and again, each said once: the title a student reads, the sentence of the stub, the hint.

A unit's suite declares which promises an exercise makes, `contract("softmax", gradient=["X"], keeps=True, ...)`; its
checks are made by `autograder.suite.contracts`. Here stands only what can be said without running anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from autograder.language import N_, _, say


class Kind(StrEnum):
    """What a check is about: what the exercise computes, special cases of it, gradients, any other promise, or a property
    that is checked by hand."""

    DEFINITION = "definition"
    SPECIAL = "special"
    GRADIENT = "gradient"
    CLAUSE = "clause"
    PROPERTY = "property"


@dataclass(frozen=True)
class Promise:
    """A clause of contracts.

    title: what a right answer does, for a student. sentence: the same as a stub promises it; '' where the stub's own words
    do. hint: what probably went wrong, and where to look. local: whether students' own checks try it, which have no reference.
    In title and sentence, {call} stands for the call, {name} for the exercise, {listed} for what the clause lists.
    """

    key: str
    title: str
    sentence: str
    hint: str
    local: bool = True


PROMISES = {
    promise.key: promise
    for promise in (
        Promise(
            "form",
            N_("{call} has the type, the shape and the dtype that the exercise states."),
            "",
            N_(
                "Every value may be right and still come back in another form: as a number of another precision, as a list, "
                "as a NumPy array, with one dimension too many. Compare type, shape and dtype with what the exercise states."
            ),
            local=False,
        ),
        Promise("matches", "", "", "", local=False),
        Promise("also", "", "", "", local=False),
        Promise(
            "gradient",
            N_("Gradients flow from {call} to {listed}."),
            N_("Gradients reach {listed}."),
            N_(
                "The value is one thing, the way back is another. A gradient is lost where a result is detached, turned into a "
                "number or an array, or computed without recording, and wrong where only a part of the way is recorded. "
                "Which step does not let it through?"
            ),
        ),
        Promise(
            "keeps",
            N_("{call} leaves nothing behind: what goes in, earlier results and torch's settings stay as they are."),
            N_("What goes in stays as it is, and a call remembers nothing of earlier ones."),
            N_(
                "Somebody else goes on using what you were given. Operators such as += and functions whose name ends in an "
                "underscore write into it; a value that is kept between calls, or a setting of torch that is switched and not "
                "put back, shows in the next call. Which line does more than compute the result?"
            ),
        ),
        Promise(
            "layout",
            N_("{call} gives the same for {listed} transposed or sliced out of a larger tensor."),
            N_("{listed} may be transposed or sliced out of a larger tensor."),
            N_(
                "The same numbers can lie in memory in another order, when a tensor is a transposed or a cut one. Some "
                "functions look at memory and not at indices, and refuse such a tensor. Which one do you use, and which does "
                "the same by copying where it has to?"
            ),
        ),
        Promise(
            "device",
            N_("{call} works on the device that {listed} is on (tried on a simulated GPU)."),
            N_("It works on the device that {listed} is on, a GPU too."),
            N_(
                "Tensors of two devices cannot be combined. What you make yourself is made on the CPU unless you say "
                "otherwise, and what a module does not know of is not moved with it. Which tensor is not where the arguments are?"
            ),
        ),
        Promise(
            "mode",
            N_("{call} gives the same whether gradients are being recorded or not."),
            N_("Whether gradients are being recorded makes no difference to the values."),
            N_(
                "Recording gradients and being trained are two things: one predicts while recording, and trains nothing "
                "while computing the value of a loss. What in your code depends on whether gradients are being recorded?"
            ),
        ),
        Promise(
            "steps",
            N_("{call} takes one step per batch, each along the gradient of that batch's loss."),
            "",
            N_(
                "After the call the network's parameters are not what one step per batch leads to. Follow one batch: from which "
                "loss do you go backward, its sum or its mean, when are gradients cleared, and how often is a step taken?"
            ),
            local=False,
        ),
        Promise(
            "zeroing",
            N_("Gradients left over from before play no part in {call}."),
            N_("Gradients left over from before are cleared first."),
            N_(
                "Going backward adds to the gradients that are there. What somebody else's pass left behind goes into your first "
                "step unless it is cleared. When do you clear: before the first backward pass, or only after it?"
            ),
            local=False,
        ),
        Promise(
            "modes",
            N_("{call} runs the network in {listed} mode, with all modules inside, whatever mode each was in."),
            N_("A module runs in {listed} mode, with all modules inside, whatever mode each was in before."),
            N_(
                "Dropout and batch normalisation behave differently in training and in evaluation, and each module has a mode "
                "of its own. The network must be told which it is, before the first batch, so that the modules inside are told "
                "too. Where do you tell it?"
            ),
            local=False,
        ),
        Promise(
            "drops",
            N_("{name} drops at random in training mode, and nothing in evaluation mode."),
            N_("It drops in training mode only."),
            N_(
                "Dropout is for training: a module that is evaluated gives the same result every time. Does the module know "
                "its mode everywhere, and are the dropped entries drawn anew in each call?"
            ),
        ),
        Promise(
            "alone",
            N_("The result for one example does not depend on the others in {listed}."),
            N_("Each example is treated by itself, whatever else is in the batch."),
            N_(
                "An example gave another result in company than alone. Somewhere a sum, a mean, a maximum or a reshape runs "
                "over the examples too. Along which dimension do the examples lie, and which step crosses it?"
            ),
        ),
        Promise(
            "vectorised",
            N_("{call} takes as many tensor operations for large {listed} as for small."),
            N_("The number of tensor operations does not grow with {listed}: no Python loop over entries."),
            N_(
                "The number of steps grows with the size of the input: a loop in Python does one entry or one row at a time. "
                "Which operation of torch does them all at once?"
            ),
            local=False,  # its sizes are functions, which cannot be copied
        ),
        Promise(
            "parameters",
            N_("The parameters of {name} have the stated names and shapes, and there are no others."),
            "",
            N_(
                "An optimiser finds what a module registers and nothing else. A tensor becomes a parameter when it is wrapped "
                "as one and stored in the module under its own name, after the base class was initialised. Print the names and "
                "shapes of the parameters: which is missing, extra or turned round?"
            ),
            local=False,
        ),
        Promise(
            "buffers",
            N_("{listed} of {name} are buffers that start and move as stated, and are no parameters."),
            "",
            N_(
                "A tensor that is merely stored in a module is neither saved nor moved with it. How does a module learn of a "
                "tensor that is not a parameter?"
            ),
            local=False,
        ),
        Promise(
            "state_dict",
            N_("A new {name} that loads the state_dict() of a used one gives what that one gives."),
            N_("A new {name} that loads the `state_dict()` of a used one gives what that one gives."),
            N_(
                "Something that decides the result is not part of what the module saves. Compare what the state dictionary "
                "holds with what the forward pass reads: which value is kept elsewhere?"
            ),
        ),
    )
}
PARAMETERS = "parameters"
MODES = (N_("training"), N_("evaluation"))


@dataclass(frozen=True)
class Clause:
    """A promise as one exercise makes it. key: of its check, without the exercise: `keeps`, `also.extreme`.

    options: all that the contract says, literals by their value. title: a unit's own words, where it has them.
    """

    promise: Promise
    exercise: str
    key: str
    options: Mapping[str, Any]
    own_title: str = ""

    @property
    def id(self) -> str:
        return f"{self.exercise}.{self.key}"

    @property
    def kind(self) -> Kind:
        """What it is about. Special inputs count as special cases where values must match; what else is promised of them, and
        the clauses that the contract calls the exercise's subject, are properties, which a wrong answer may have by chance."""
        if self.promise.key == "matches":
            return Kind.DEFINITION
        if self.promise.key == "also" or self.key in (self.options.get("about") or ()):
            return Kind.SPECIAL if self.judged == "matches" else Kind.PROPERTY
        return Kind.GRADIENT if self.promise.key == "gradient" else Kind.CLAUSE

    @property
    def points(self) -> float:
        """What it is worth beside the exercise's other checks of its kind."""
        return {Kind.DEFINITION: 4, Kind.SPECIAL: 2, Kind.PROPERTY: 2}.get(self.kind, 1)

    @property
    def call(self) -> str:
        """The call in words: `softmax(X)`; of a module, `layer(X)`."""
        shown = self.options.get("call")
        return shown if shown else shown_call(self.exercise, self.options)

    @property
    def judged(self) -> str:
        """The promise that is judged: of special inputs, that they match, or the one that is named."""
        if self.promise.key != "also":
            return self.promise.key
        case = self.options["also"][self.key.removeprefix("also.")]
        return case[2] if len(case) > 2 else "matches"

    @property
    def inputs(self) -> list[str]:
        """The names of the arguments, in their order."""
        return inputs(self.options)

    @property
    def listed(self) -> list[str]:
        """What it is about: the names that it lists, else all inputs."""
        return listed(self.promise.key, self.options)

    def title(self) -> str:
        """What a right answer does, in the language chosen; a unit's own words are translated by its own catalog."""
        return self.own_title or self._filled(say(self.promise.title), "{}")

    def sentence(self) -> str:
        """What the stub promises, in the language chosen; '' where the stub says it in its own words."""
        return self._filled(say(self._promised), "`{}`") if self._promised else ""

    def _shown(self, name: str, form: str) -> str:
        """A name in a sentence: code, but for modes and for a module's parameters, which are words."""
        if self.key == "modes":
            return say(name)
        return _("its parameters") if name == PARAMETERS else form.format(name)

    @property
    def _promised(self) -> str:
        if self.key == "keeps" and self.options.get("modes") == "training":
            return N_(
                "Apart from the network's parameters, what goes in stays as it is, and a call remembers nothing of earlier ones."
            )
        if self.key == "keeps" and self.options.get("changes"):
            return N_(
                "Apart from {changed}, what goes in stays as it is, and a call remembers nothing of earlier ones."
            )
        return self.promise.sentence

    def _filled(self, said: str, form: str) -> str:
        names = [self._shown(name, form) for name in self.listed]
        changed = _joined([form.format(name) for name in self.options.get("changes") or ()])
        text = said.format(call=self.call, name=form.format(self.exercise), listed=_joined(names), changed=changed)
        return text[:1].upper() + text[1:] if said.startswith("{listed}") and form == "{}" else text


def clauses(exercise: str, options: Mapping[str, Any]) -> Iterator[Clause]:
    """The clauses of a contract in the order in which they are checked, from what its call says.

    An option that is absent, None, False or empty promises nothing. Without inputs there are only public ones, and no
    reference: then only the promises count that can be judged without it.
    """
    made = _clauses(exercise, options)
    yield from (clause for clause in made if clause.promise.local or options.get("inputs"))


def _clauses(exercise: str, options: Mapping[str, Any]) -> Iterator[Clause]:
    if options.get("matches"):
        if options.get("form", True):
            yield Clause(PROMISES["form"], exercise, "form", options)
        yield Clause(PROMISES["matches"], exercise, "matches", options, options["matches"])
    for key, case in (options.get("also") or {}).items():
        yield Clause(PROMISES["also"], exercise, f"also.{key}", options, case[0])
    for key, promise in PROMISES.items():
        if key not in ("form", "matches", "also") and options.get(key):
            yield Clause(promise, exercise, key, options)


def listed(key: str, options: Mapping[str, Any]) -> list[str]:
    """What a clause is about: the names it lists, else the names of all inputs."""
    value = options.get(key)
    if isinstance(value, Mapping):
        return list(value)
    return list(value) if isinstance(value, (list, tuple)) else [value] if isinstance(value, str) else inputs(options)


def inputs(options: Mapping[str, Any]) -> list[str]:
    """The names of a contract's inputs, in the order in which they are passed."""
    if options.get("inputs"):
        return list(options["inputs"])
    public = options.get("public")
    first = public[0] if isinstance(public, (list, tuple)) and public else public
    return [name for name in first if name not in (options.get("builds") or ())] if isinstance(first, Mapping) else []


def shown_call(exercise: str, options: Mapping[str, Any]) -> str:
    name = "layer" if options.get("builds") is not None else exercise
    return f"{name}({', '.join(inputs(options))})"


def _joined(names: list[str]) -> str:
    """`X`, `X and W`, `X, W and b`, in the language chosen."""
    if len(names) < 2:
        return "".join(names)
    return _("{several} and {last}").format(several=_(", ").join(names[:-1]), last=names[-1])


# The calls by which a suite declares checks without a function of its own.
CONTRACT, TAKEN = "contract", "from_unit"
# Stands for what only running a suite could tell.
UNREAD = object()


class UnreadableError(Exception):
    """A contract that cannot be read without running the suite; the message gives the line."""


@dataclass(frozen=True)
class DeclaredContract:
    """A call of `contract` in a suite's source. options: what it says, literals by their value, anything else as UNREAD."""

    exercise: str
    options: dict[str, Any]
    line: int
    node: ast.Call

    @property
    def clauses(self) -> list[Clause]:
        """Its checks, in the order in which they are asked."""
        return list(clauses(self.exercise, self.options))


def contract_of(node: ast.stmt, module: ast.Module) -> DeclaredContract | None:
    """The contract that a top-level statement of a suite declares; None if it is another statement.

    Raises UnreadableError where the exercise or the names of inputs are not written out.
    """
    call = node.value if isinstance(node, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == CONTRACT):
        return None
    constants = {
        target.id: each.value
        for each in module.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    exercise = literal(call.args[0], constants) if call.args else UNREAD
    if not isinstance(exercise, str):
        raise UnreadableError(f"line {call.lineno}: name the exercise in quotes, first of all")
    options = {keyword.arg: literal(keyword.value, constants) for keyword in call.keywords if keyword.arg}
    for name in ("inputs", "builds", "also"):
        if options.get(name) is UNREAD or UNREAD in (options.get(name) or {}):
            raise UnreadableError(f"line {call.lineno}: write {name} as a dictionary with its keys in quotes")
    return DeclaredContract(exercise, options, call.lineno, call)


def literal(node: ast.expr, constants: Mapping[str, ast.expr]) -> Any:
    """What an expression stands for as far as it can be told without running it; a name of the file by what it was set to."""
    match node:
        case ast.Constant():
            return node.value
        case ast.Name() if node.id in constants:
            return literal(constants[node.id], {name: at for name, at in constants.items() if name != node.id})
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return {
                UNREAD if key is None else literal(key, constants): literal(value, constants) for key, value in pairs
            }
        case ast.Call(func=ast.Name(id="together")):
            return dict.fromkeys((literal(arg, {}) for arg in node.args[1:]), UNREAD)
        case ast.List() | ast.Tuple():
            return [literal(item, constants) for item in node.elts]
    return UNREAD
