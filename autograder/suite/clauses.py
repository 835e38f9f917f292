"""How each clause of a contract is judged: at most one question to either side, and Mismatch for what does not hold.

Most need no reference: the exercise is compared with itself, called in another way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.language import N_, _, say
from autograder.promises import Clause, Kind
from autograder.suite.closeness import Mismatch, close, equal, expect, expect_form
from autograder.suite.forms import forgiven
from autograder.suite.layouts import laid_out
from autograder.suite.subjects import Contract, Example, contiguous, digits_of, leaves
from autograder.worker.steps import GPU

# So many calls that drop something with probability one half would not all agree by chance (1 in 2 000 000 000).
DROPPED, DRAWS = 0.5, 32
SINGLE = (1e-5, 1e-7)
SETTINGS = ("torch.is_grad_enabled()", "torch.get_default_dtype()")


def _form(made: Contract, clause: Clause, submission: Any, reference: Any, example: Example) -> None:
    for what, mine, right in _values(made, clause, submission, reference, example):
        expect_form(mine, right, what=what)


def _matches(made: Contract, clause: Clause, submission: Any, reference: Any, example: Example) -> None:
    # What was computed in single precision on the way is as right as a definition has to be; more is a case of its own.
    for what, mine, right in _values(made, clause, submission, reference, example):
        rough = clause.kind is Kind.DEFINITION and isinstance(right, Tensor) and right.dtype == torch.float64
        rtol, atol = SINGLE if rough else (None, None)
        close(mine, right, what=what, rtol=rtol, atol=atol)


def _values(
    made: Contract, clause: Clause, submission: Any, reference: Any, example: Example
) -> list[tuple[str | None, Any, Any]]:
    """What came back on both sides, part by part where the parts have names: (what it is called, mine, right)."""
    names = list(made.options["buffers"])
    mine, right = (made.step(side, "observed", example, buffers=names) for side in (submission, reference))
    parts = _parts(made, clause, mine["value"], right["value"])
    for name in names:
        what = _("{name} after {call}").format(name=f"layer.{name}", call=clause.call)
        parts.append((what, mine["buffers"].get(name), right["buffers"][name]))
    return parts


def _parts(made: Contract, clause: Clause, mine: Any, right: Any) -> list[tuple[str | None, Any, Any]]:
    names = made.options["returns"]
    if not names or not isinstance(mine, (list, tuple)) or len(mine) != len(right):
        what = _("what {call} returns").format(call=clause.call) if isinstance(right, (list, tuple)) else clause.call
        return [(what, mine, right)]
    return [
        (_("{name} of {call}").format(name=n, call=clause.call), m, r)
        for n, m, r in zip(names, mine, right, strict=True)
    ]


def _steps(made: Contract, clause: Clause, submission: Any, reference: Any, example: Example) -> None:
    mine, right = (made.step(side, "observed", example)["network"] for side in (submission, reference))
    _require_parameters(clause, mine, right)
    what = _("the batch sizes that the updater was told in {call}")
    close(mine["sizes"], right["sizes"], what=what.format(call=clause.call))


def _zeroing(made: Contract, clause: Clause, submission: Any, reference: Any, example: Example) -> None:
    rig = made.rig(example, stale=True, module=True)
    mine, right = (made.step(side, "observed", example, **rig)["network"] for side in (submission, reference))
    _require_parameters(clause, mine, right)


def _require_parameters(clause: Clause, mine: Any, right: Any) -> None:
    for name, parameter in right["parameters"].items():
        close(
            mine["parameters"].get(name), parameter, what=_("{name} after {call}").format(name=name, call=clause.call)
        )


def _modes(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    found = made.step(submission, "observed", example, **made.rig(example, module=True))["network"]
    wanted = made.options["modes"] == "training"
    expect(found["modes"], _("must call the network"), what=clause.call)
    problem = _("must run the network in {mode} mode").format(mode=say(made.options["modes"]))
    expect(all(mode is wanted for mode in found["modes"]), problem, what=clause.call)
    problem = _("must put the modules inside the network into {mode} mode too").format(mode=say(made.options["modes"]))
    expect(all(mode is wanted for mode in found["inside"]), problem, what=clause.call)


def _gradient(made: Contract, clause: Clause, submission: Any, reference: Any, example: Example) -> None:
    wanted = made.options["gradient"]
    places = made.places(wanted)
    through = made.options["through"]
    part = list(made.options["returns"]).index(through) if through else None
    asked: dict[str, Any] = {"only": places, "through": part}
    mine = made.step(submission, "differentiated", example, **asked, slips=[list(slip) for slip in forgiven()])
    right = made.step(reference, "differentiated", example, **asked, slips=[]) if made.options["inputs"] else None
    said = _("the gradient of {call} with respect to {name}")
    names = [name for name in wanted if name in made.names for _tensor in _floating(example[name])]
    own, others = list(zip(names, mine["inputs"], strict=False)), dict(mine["parameters"])
    if "parameters" in wanted:
        expected = right["parameters"] if right is not None else others
        own += [(name, others.get(name)) for name in expected]
    rights = (
        None if right is None else [*right["inputs"], *(right["parameters"].values() if "parameters" in wanted else ())]
    )
    for index, (name, gradient) in enumerate(own):
        what = said.format(call=clause.call, name=name)
        if gradient is None:
            problem = _(
                "must exist: none arrives there. Is there a `.detach()`, `.data`, `.item()` or NumPy on the way?"
            )
            raise Mismatch(problem, what=what)
        if rights is None:
            expect(gradient.isfinite().all(), _("must be finite"), got=gradient, what=what)
        else:
            close(gradient, rights[index], what=what)


def _keeps(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    call, changes = clause.call, made.options["changes"]
    args = made.arguments(example)
    # Who trains needs gradients.
    recording = bool(digits_of(example) % 2) or made.options["modes"] == "training" or made.options["steps"]
    other = [_turned(arg) for arg in args]
    buffers = list(made.options["buffers"])
    found = made.step(submission, "repeated", example, other=other, recording=recording, buffers=buffers)
    for name, before, after in zip(made.names, args, found["arguments"], strict=True):
        if name not in changes:
            _require_same(after, before, _("{name} after {call}").format(name=name, call=call))
    settings = [recording, str(torch.float32)]
    said = _("{name} after {call}") if recording else _("{name} after {call} under torch.no_grad()")
    for name, before, after in zip(SETTINGS, settings, found["settings"], strict=True):
        equal(after, before, what=said.format(name=name, call=call))
    expect(found["modes"], _("must leave the module in the mode that it was in, with all its parts"), what=call)
    before, after = found["state"]
    for name in [*before, *(set(after) - set(before))]:
        what = _("{name} after {call}").format(name=f"layer.state_dict()[{name!r}]", call=call)
        if name not in changes:
            expect(name in before and name in after, _("must be there before and after"), what=what)
            _require_same(after[name], before[name], what)
    what = _("what {call} gave, looked at after another call,").format(call=call)
    _require_same(found["later"], found["first"], what)
    what = _(
        "{call}, once more with the same tensors holding other numbers, compared with new tensors of these numbers,"
    )
    _require_close(found["again"], found["second"], what.format(call=call))
    learned = any(name in after and not torch.equal(after[name], before[name]) for name in before if name in changes)
    if found["new"] is not None and not learned:
        what = _("{call} of a layer that was called before, compared with a new layer,")
        _require_close(found["second"], found["new"], what.format(call=call))


def _layout(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    chosen = made.options["layout"]
    names, digits = made.names if chosen is True else chosen, digits_of(example)
    args = [
        laid_out(arg, digits + place) if name in names else arg
        for place, (name, arg) in enumerate(zip(made.names, made.arguments(example), strict=True))
    ]
    found = made.step(submission, "relaid", example, relaid=args)
    what = _("{call} with arguments that are transposed or sliced, compared with contiguous ones,")
    _require_close(found["relaid"], found["plain"], what.format(call=clause.call))


def _device(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    found = made.step(submission, "moved", example)
    what = _("{call} on a simulated GPU").format(call=clause.call)
    for place in leaves(found["places"]):
        if isinstance(place, str):
            expect(place == GPU, _("must be on {wanted}, not on {device}").format(wanted=GPU, device=place), what=what)
    _require_close(
        found["moved"], found["plain"], _("{call} on a simulated GPU, compared with the CPU,").format(call=clause.call)
    )


# By the mode that a module was in; a function has none.
_UNRECORDED = {
    "": N_("{call} under torch.no_grad(), compared with the same while gradients are recorded,"),
    "training": N_(
        "{call} in training mode under torch.no_grad(), compared with the same while gradients are recorded,"
    ),
    "evaluation": N_(
        "{call} in evaluation mode under torch.no_grad(), compared with the same while gradients are recorded,"
    ),
}


def _mode(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    for mode, (recorded, other) in made.step(submission, "recorded_or_not", example).items():
        what = say(_UNRECORDED[mode]).format(call=clause.call)
        for mine, right in zip(other, recorded, strict=True):
            _require_close(mine, right, what)


def _drops(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    name = made.options["drops"]
    found = made.step(submission, "dropped", example, name=name, probability=DROPPED, draws=DRAWS)
    what = _("{call} in evaluation mode with {name}={probability}, compared with {name}=0,")
    _require_close(found["evaluated"], found["whole"], what.format(call=clause.call, name=name, probability=DROPPED))
    whole = [tensor for tensor in leaves(found["whole"]) if isinstance(tensor, Tensor)]
    if any(bool((tensor != 0).any()) for tensor in whole):
        draws = [[tensor for tensor in leaves(each) if isinstance(tensor, Tensor)] for each in found["dropped"]]
        same = all(all(map(torch.equal, draws[0], each)) for each in draws[1:])
        problem = _("must differ from call to call: nothing was drawn anew in {count} calls")
        what = _("{call} in training mode with {name}={probability}")
        said = what.format(call=clause.call, name=name, probability=DROPPED)
        expect(not same, problem.format(count=DRAWS), what=said)


def _alone(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    found = made.step(submission, "one_by_one", example, batched=made.places(made.options["alone"]))
    what = _("{call} for one example alone, compared with the same example in the batch,").format(call=clause.call)
    together = _tensors(found["together"])
    for i, alone in enumerate(found["alone"]):
        _require_close(alone, _row(together, i), what)


def _vectorised(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    sizes = made.options["vectorised"]
    larger = [contiguous(sizes[name](24) if name in sizes else example[name]) for name in made.names]
    smaller = {**example, **{name: make(6) for name, make in sizes.items()}}
    few, many = (sum(counts.values()) for counts in made.step(submission, "counted", smaller, larger=larger))
    problem = _("takes {many} tensor operations for n = 24 and {few} for n = 6; their number must not grow with n")
    expect(many <= few, problem.format(many=many, few=few), what=clause.call)


def _parameters(made: Contract, _clause: Clause, submission: Any, reference: Any, example: Example) -> None:
    mine, right = (
        made.step(side, "registered", example, new=True, buffers=[])["parameters"] for side in (submission, reference)
    )
    shapes, own = ({name: list(parameter.shape) for name, parameter in each.items()} for each in (right, mine))
    equal(own, shapes, what=f"{{name: list(p.shape) for name, p in {_new(made)}.named_parameters()}}")
    if made.options["parameters"] == "initial":
        for name, start in right.items():
            close(mine[name], start, what=_("{name} of a new layer").format(name=f"layer.{name}"))


def _buffers(made: Contract, _clause: Clause, submission: Any, reference: Any, example: Example) -> None:
    names = list(made.options["buffers"])
    mine, right = (made.step(side, "registered", example, new=True, buffers=names) for side in (submission, reference))
    for name, graph, moved in zip(names, mine["graph"], mine["moved"], strict=True):
        what = f"layer.{name}"
        expect(name in mine["buffers"], _("must be a buffer of the module"), what=what)
        close(mine["buffers"][name], right["buffers"][name], what=_("{name} of a new layer").format(name=what))
        expect(name in mine["saved"], _("must be part of state_dict()"), what=what)
        expect(not graph, _("must be cut off from the graph, but its requires_grad is true"), what=what)
        doubled = isinstance(moved, Tensor) and moved.dtype == torch.float64
        after = _("{name} after layer.double()").format(name=what)
        expect(doubled, _("must have dtype float64"), got=moved, what=after)


def _state_dict(made: Contract, clause: Clause, submission: Any, _reference: Any, example: Example) -> None:
    found = made.step(submission, "restored", example, other=example.get("weights", 0) + 1)
    what = _("{call} in evaluation mode of a layer that loaded the state_dict() of a used one, compared with that one,")
    _require_close(found["new"], found["used"], what.format(call=clause.call))


JUDGES: dict[str, Callable[[Contract, Clause, Any, Any, Example], None]] = {
    "form": _form, "matches": _matches, "also": _matches, "gradient": _gradient, "keeps": _keeps, "layout": _layout,
    "device": _device, "mode": _mode, "steps": _steps, "zeroing": _zeroing, "modes": _modes, "drops": _drops, "alone": _alone, "vectorised": _vectorised,
    "parameters": _parameters, "buffers": _buffers, "state_dict": _state_dict,
}  # fmt: skip


def _require_close(mine: Any, right: Any, what: str) -> None:
    """What an exercise gives in two ways: the values that came back are compared with each other, form included."""
    close(_tensors(mine), _tensors(right), what=what)


def _require_same(mine: Any, right: Any, what: str) -> None:
    equal(_tensors(mine), _tensors(right), what=what)


def _tensors(value: Any) -> Any:
    """A value with tensors in the place of NumPy arrays: in which form it came is another clause's business."""
    if isinstance(value, (list, tuple)):
        return [_tensors(item) for item in value]
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _new(made: Contract) -> str:
    return f"{made.exercise}({', '.join(made.options['builds'])})"


def _turned(value: Any) -> Any:
    """Other arguments of the same shape that are as good: each tensor turned round along every axis."""
    if isinstance(value, Tensor):
        return value.flip(list(range(value.ndim)))
    return [_turned(item) for item in value] if isinstance(value, list) else value


def _floating(value: Any) -> list[Tensor]:
    return [tensor for tensor in leaves(value) if isinstance(tensor, Tensor) and tensor.is_floating_point()]


def _row(value: Any, i: int) -> Any:
    if isinstance(value, (list, tuple)):
        return [_row(item, i) for item in value]
    return value[i : i + 1] if isinstance(value, Tensor) and value.ndim else value
