"""What an exercise promises, declared once: `contract("softmax", inputs=..., matches=..., gradient=["X"], keeps=True)`.

Each clause is a check with one question an example. What the clauses are called and what students read of them stands in
`autograder.promises`, how they are judged in `autograder.suite.clauses`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from autograder.course import SuiteError
from autograder.promises import MODES, PROMISES, Clause, clauses, inputs
from autograder.protocol.messages import Probe
from autograder.suite.checks import CheckMark, marking
from autograder.suite.clauses import JUDGES
from autograder.suite.subjects import Contract, Example, contiguous

# Of the examples that are drawn for a contract: what most clauses make do with.
FEW = 12


def contract(
    exercise: str,
    *,
    inputs: Mapping[str, st.SearchStrategy[Any]] | None = None,
    matches: str = "",
    builds: Mapping[str, st.SearchStrategy[Any]] | None = None,
    asked: Probe | None = None,
    call: str = "",
    returns: Sequence[str] = (),
    training: bool | st.SearchStrategy[bool] = True,
    also: Mapping[str, Sequence[Any]] | None = None,
    gradient: Sequence[str] = (),
    through: str = "",
    keeps: bool = False,
    changes: Sequence[str] = (),
    layout: bool | Sequence[str] = False,
    device: bool | Sequence[str] = False,
    mode: bool = False,
    modes: str = "",
    steps: bool = False,
    zeroing: bool = False,
    drops: str = "",
    alone: Sequence[str] = (),
    vectorised: Mapping[str, Callable[[int], Any]] | None = None,
    parameters: bool | str = False,
    buffers: Sequence[str] = (),
    state_dict: bool = False,
    form: bool = True,
    about: Sequence[str] = (),
    public: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
) -> None:
    """Declare what an exercise promises; each promise becomes a check with the id `exercise.clause` or `exercise.also.key`.

    How it is called:
    inputs: the arguments in their order, each drawn from a strategy. builds: of a module, the arguments of its constructor;
    a module is made, cast to the dtype of the inputs and given parameters that follow from their names. asked: a probe that
    makes the call, for exercises that take functions, networks or loaders; its arguments are the inputs, and `call` says
    what it calls. training: the mode of a module, or a strategy for it. returns: the names of several results, for messages.

    What is promised:
    matches: it gives what the reference gives; the sentence says what that is. form (on its own accord): type, shape and
    dtype. also: special inputs, each by a key: a sentence of its own, strategies for the inputs that differ, and the
    clause that is meant, if it is not `matches`.
    gradient: they reach these inputs, from all results or from the one named in `through`; "parameters" are those of a module.
    keeps: arguments, torch's settings, a module's state and earlier results stay, and nothing is remembered; changes: what
    may change. layout: the inputs (all, or these) may lie anyhow in memory. device: it works where its inputs are. mode:
    recording of gradients makes no difference. drops: the constructor's argument with the probability of dropout. alone: the
    examples, which lie along the first axis of these inputs, do not depend on each other. vectorised: for each input a
    function of n; the operations do not grow with n. parameters: names and shapes are the reference's; "initial": the values
    they start with, too. buffers: these are buffers, start as the reference's do, and keep no graph. state_dict: it restores a module.

    Of an exercise that runs a network, `asked` is given a rig (`autograder.worker.rig`) before the inputs:
    modes: "training" or "evaluation", the mode that the network must run in. steps: afterwards the parameters are the
    reference's. zeroing: gradients left over from before are cleared.

    about: the clauses that are the exercise's subject, beside `matches` and `also`. public: inputs on which students check
    the promises that need no reference; plain values, since `autograder build` copies them.

    Raises SuiteError for a contract that promises nothing, or whose parts do not fit together.
    """
    options = {name: value for name, value in locals().items() if name != "exercise"}
    made = Contract(exercise, options, _names(options))
    _require_sense(made)
    names = sys._getframe(1).f_globals
    for clause in clauses(exercise, options):
        test = _check(made, clause)
        if test.__name__ in names:
            raise SuiteError(f"there are two contracts for {exercise}; say all it promises in one")
        test.__module__ = names["__name__"]
        names[test.__name__] = test


def _names(options: Mapping[str, Any]) -> list[str]:
    return inputs({name: value for name, value in options.items() if name in ("inputs", "builds", "public")})


def _require_sense(made: Contract) -> None:
    """Raises SuiteError for what cannot be meant."""
    exercise, options = made.exercise, made.options
    if options["inputs"] and not options["matches"]:
        raise SuiteError(f'the contract of {exercise} does not say what it computes: matches="..."')
    if not options["inputs"] and not options["public"]:
        raise SuiteError(f"the contract of {exercise} has no inputs: inputs={{...}}, or public={{...}}")
    if (options["parameters"] or options["buffers"] or options["state_dict"] or options["drops"]) and options[
        "builds"
    ] is None:
        raise SuiteError(
            f"the contract of {exercise} promises what only modules have; say how one is made: builds={{...}}"
        )
    for option in ("gradient", "alone", "changes"):
        known = [*made.names, "parameters", *options["buffers"]]
        # What has a dot in its name is part of a module's state, which is known only when there is one.
        if unknown := [name for name in options[option] if name not in known and "." not in name]:
            raise SuiteError(f"the contract of {exercise} names {', '.join(unknown)} in {option}, which is no input")
    if options["modes"] not in ("", *MODES):
        raise SuiteError(f"the contract of {exercise} has modes={options['modes']!r}; there are {' and '.join(MODES)}")
    if unknown := [key for key in options["about"] if key not in PROMISES]:
        raise SuiteError(f"the contract of {exercise} is about {', '.join(unknown)}, which is no clause")


def _check(made: Contract, clause: Clause) -> Callable[..., None]:
    """The check of one clause, as pytest collects it."""
    strategies, fixed = _drawn(made, clause), _public(made)
    judge = partial(JUDGES[clause.judged], made, clause)
    names = list(strategies) if strategies else list(fixed[0])

    def run(submission: Any, reference: Any, **example: Any) -> None:
        judge(submission, reference, example)

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("submission", "reference", *names)
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__name__ = f"test_{clause.id.replace('.', '__')}"
    run.__doc__ = clause.title()
    whole = clause.promise.key in ("form", "matches", "also")
    shared = clause.key if clause.promise.key == "also" else "inputs"
    mark = CheckMark(
        made.exercise, clause.points, clause.kind, id=clause.id, hint=clause.promise.hint, draws=f"{made.exercise}.{shared}",
        few=None if whole else 1 if clause.key == "vectorised" else FEW, translated=not clause.own_title, examples=None if strategies else fixed,
        setup=made.setup, is_form=clause.key == "form",
    )  # fmt: skip
    return marking(mark)(hypothesis_given(**strategies)(run) if strategies else run)


def _drawn(made: Contract, clause: Clause) -> dict[str, st.SearchStrategy[Any]]:
    """The strategies that the examples of a clause are drawn from; none where only public inputs are given."""
    options = made.options
    if not options["inputs"]:
        return {}
    strategies = {**(options["builds"] or {}), **options["inputs"]}
    if options["builds"] is not None:
        strategies["weights"] = st.integers(0, 999)
        if isinstance(options["training"], st.SearchStrategy):
            strategies["training"] = options["training"]
    if clause.promise.key == "also":
        strategies |= options["also"][clause.key.removeprefix("also.")][1]
    return {name: strategy.map(contiguous) for name, strategy in strategies.items()}


def _public(made: Contract) -> list[Example]:
    """The public inputs; a module's parameters are filled in as those of drawn examples are, whoever makes it."""
    public, more = made.options["public"], {} if made.options["builds"] is None else {"weights": 0}
    return [{**example, **more} for example in ([public] if isinstance(public, Mapping) else public)]
