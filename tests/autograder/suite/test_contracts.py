"""Every clause of a contract passes three right answers in different styles, and fails wrong ones."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.authoring.declared import contracts, declared
from autograder.authoring.generic import generic_mistakes
from autograder.course import SuiteError
from autograder.grader.assessing import Assessment, Assessor
from autograder.grader.exhibit import Local, Sitting
from autograder.grader.explaining import explain
from autograder.grader.suite_file import Suite, collect
from autograder.promises import PROMISES
from autograder.results.document import Outcome

SUITE = '''
import torch
from autograder.suite import contract, eighths, labels, matrices, probe, spread, st, tensors

N, D, Q = (st.shared(st.integers(2, 4), key=key) for key in "ndq")
F64 = torch.float64

contract(
    "layer",
    inputs={"X": matrices(N, D), "W": matrices(D, Q, dtype=F64).map(lambda W: W)},
    matches="layer(X, W) is tanh of X W.",
    also={"large": ("Large X are no trouble.", {"X": matrices(N, D, elements=st.sampled_from([-1e3, 1e3]))})},
    gradient=["X", "W"], keeps=True, layout=True, device=True, mode=True, alone=["X"],
    vectorised={"X": lambda n: torch.ones(n, 3), "W": lambda n: torch.ones(3, 2)},
    public={"X": torch.ones(2, 2), "W": torch.eye(2)},
)

contract(
    "Counted",
    builds={"width": D, "dropout": st.just(0.0)},
    inputs={"X": spread((N, D))},
    matches="The layer maps X linearly and counts the rows that it has seen in training.",
    parameters="initial", buffers=["seen"], state_dict=True, drops="dropout", keeps=True, changes=["seen"],
    gradient=["X", "parameters"], device=True, training=st.booleans(), mode=True, layout=True, alone=["X"],
    public={"width": 2, "dropout": 0.0, "X": torch.ones(3, 2)},
)

@probe
def run(names, rig, X, y):
    """fit(net, batches, loss, updater)"""
    return names.fit(rig.net, rig.batches(X, y, 2), rig.loss, rig.updater)

contract(
    "fit", asked=run, call="fit(net, batches, loss, updater)",
    inputs={"X": spread((N, 2, 3)), "y": labels(N, 4)}, matches="It returns the mean loss.",
    steps=True, zeroing=True, modes="training", keeps=True, changes=["net.linear.weight", "net.linear.bias"],
)
'''

REFERENCE = """
import torch
from torch import nn

def layer(X, W):
    return torch.tanh(X.to(W.dtype) @ W).to(X.dtype)

class Counted(nn.Module):
    def __init__(self, width, dropout):
        super().__init__()
        self.linear = nn.Linear(width, 2, bias=False)
        nn.init.ones_(self.linear.weight)
        self.scale = nn.Parameter(torch.ones(2))
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, X):
        if self.training:
            self.seen = self.seen + len(X)
        return self.dropout(self.linear(X) * self.scale)

def fit(net, batches, loss, updater):
    if isinstance(net, nn.Module):
        net.train()
    losses = []
    for X, y in batches:
        l = loss(net(X), y)
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            l.mean().backward()
            updater.step()
        else:
            l.sum().backward()
            updater(len(X))
        losses.append(l.detach())
    return float(torch.cat(losses).mean())
"""

MODULE = """
class Counted(nn.Module):
    def __init__(self, width, dropout):
        super().__init__()
        {linear}
        self.scale = nn.Parameter(torch.ones(2))
        self.dropout = nn.Dropout(dropout)
        {buffer}
    def forward(self, X):
        {count}
        {result}
"""
PARTS = {
    "linear": "self.linear = nn.Linear(width, 2, bias=False); nn.init.ones_(self.linear.weight)",
    "buffer": 'self.register_buffer("seen", torch.zeros(1))',
    "count": "self.seen = self.seen + len(X) * self.training",
    "result": "return self.dropout(self.linear(X) * self.scale)",
}
FIT = """
def fit(net, batches, loss, updater):
    {mode}
    total, count = 0.0, 0
    for X, y in batches:
        l = loss(net(X), y)
        if isinstance(updater, torch.optim.Optimizer):
            {clear}
            {backward}
            {step}
        else:
            l.sum().backward()
            updater(len(X))
        total, count = total + float(l.sum()), count + len(y)
    {done}
    return total / count
"""
FITTED = {
    "mode": "net.train() if isinstance(net, nn.Module) else None",
    "clear": "updater.zero_grad()", "backward": "l.mean().backward()", "step": "updater.step()", "done": "",
}  # fmt: skip


def module(**parts: str) -> str:
    return MODULE.format(**{**PARTS, **parts})


def fit(**parts: str) -> str:
    return FIT.format(**{**FITTED, **parts})


def function(body: str, before: str = "") -> str:
    return f"{before}\ndef layer(X, W):\n    " + body.replace("\n", "\n    ")


RIGHT = {
    "einsum": function("return torch.tanh(torch.einsum('nd,dq->nq', X.to(W.dtype), W)).to(X.dtype)"),
    "broadcasting": function("return (X.to(W.dtype)[:, :, None] * W).sum(dim=1).tanh().to(X.dtype)"),
    "transposed": function("return torch.tanh(W.t() @ X.to(W.dtype).t()).t().to(X.dtype)"),
    "plain": module(),
    "functional": module(result="return nn.functional.dropout(X @ self.linear.weight.T * self.scale, self.dropout.p, self.training)"),
    "in place": module(count="if self.training: self.seen.add_(len(X))"),
    "sum and count": fit(),
    "gradients set to None": fit(clear="[setattr(p, 'grad', None) for g in updater.param_groups for p in g['params']]"),
    "sum over the size": fit(backward="(l.sum() / len(l)).backward()"),
}  # fmt: skip
TANH = "torch.tanh(X.to(W.dtype) @ W).to(X.dtype)"
WRONG: list[tuple[str, str]] = [
    ("layer.form", function(f"return {TANH}.float()")),
    ("layer.form", function(f"return {TANH}.detach().numpy()")),
    ("layer.form", function(f"return list({TANH})")),
    ("layer.form", function(f"return {TANH}.unsqueeze(-1)")),
    ("layer.matches", function("return torch.sigmoid(X.to(W.dtype) @ W).to(X.dtype)")),
    ("layer.also.large", function("E = torch.exp(2 * (X.to(W.dtype) @ W))\nreturn ((E - 1) / (E + 1)).to(X.dtype)")),
    ("layer.gradient", function(f"return {TANH}.detach()")),
    ("layer.gradient", function("return torch.tanh(X.detach().to(W.dtype) @ W).to(X.dtype)")),
    ("layer.keeps", function("X *= 1.5\nreturn torch.tanh(X.to(W.dtype) @ W / 1.5).to(X.dtype)")),
    ("layer.keeps", function(f"torch.set_default_dtype(torch.float64)\nreturn {TANH}")),
    ("layer.keeps", function(f"torch.set_grad_enabled(False)\nreturn {TANH}")),
    ("layer.keeps", function(f"if id(X) not in SEEN: SEEN[id(X)] = (X, {TANH})\nreturn SEEN[id(X)][1]", "SEEN = {}")),
    ("layer.keeps", function(f"Y = {TANH}.detach()\nreturn SEEN.setdefault((Y.shape, Y.dtype), Y.clone()).copy_(Y)", "SEEN = {}")),
    ("layer.layout", function(f"X.view(-1), W.view(-1)\nreturn {TANH}")),
    ("layer.layout", function("n, d = X.shape\nX = X.as_strided((n, d), (d, 1))\nreturn " + TANH)),
    ("layer.device", function(f"return {TANH} + torch.zeros(W.shape[1], dtype=X.dtype)")),
    ("layer.device", function(f"return {TANH}.cpu()")),
    ("layer.mode", function(f"return {TANH} if torch.is_grad_enabled() else 2 * {TANH}")),
    ("layer.alone", function(f"Y = {TANH}\nreturn Y - Y.mean(dim=0)")),
    ("layer.vectorised", function("return torch.stack([torch.tanh(x.to(W.dtype) @ W) for x in X]).to(X.dtype)")),
    ("Counted.parameters", module(linear="self.inner = nn.Linear(width, 2, bias=False)", result="return self.inner(X)")),
    ("Counted.parameters", module(linear=PARTS["linear"] + "; self.extra = nn.Parameter(torch.ones(1))")),
    ("Counted.parameters", module(linear="self.linear = nn.Linear(width, 2, bias=False)")),
    ("Counted.buffers", module(buffer="self.seen = torch.zeros(1)")),
    ("Counted.buffers", module(buffer='self.register_buffer("seen", torch.zeros(1), persistent=False)')),
    ("Counted.buffers", module(count="self.seen = self.seen + len(X) * self.training + 0 * self.scale[:1]")),
    ("Counted.matches", module(count="self.seen = self.seen + len(X)")),
    ("Counted.state_dict", module(result="self.__dict__['calls'] = self.__dict__.get('calls', 0) + 1\n        return self.linear(X) * self.scale * self.__dict__['calls']")),
    ("Counted.drops", module(result="return nn.functional.dropout(self.linear(X) * self.scale, self.dropout.p)")),
    ("Counted.drops", module(result="return self.linear(X) * self.scale")),
    ("Counted.gradient", module(result="return X @ self.linear.weight.data.T * self.scale")),
    ("Counted.keeps", module(result="self.scale.data += 1\n        return self.linear(X) * (self.scale - 1)")),
    ("Counted.keeps", module(result="self.eval()\n        return self.linear(X) * self.scale")),
    ("Counted.keeps", module(result="self.__dict__.setdefault('kept', X)\n        return self.linear(self.kept) * self.scale")),
    ("Counted.state_dict", module(result="self.register_buffer('more', X)\n        return self.linear(X) * self.scale")),
    ("Counted.device", module(buffer="self.seen = torch.zeros(1)", result="return self.linear(X) * self.scale + 0 * self.seen[:1]")),
    ("Counted.mode", module(count="self.seen = self.seen + len(X) * torch.is_grad_enabled()")),
    ("Counted.alone", module(result="return self.linear(X - X.mean(dim=0)) * self.scale")),
    ("Counted.layout", module(result="return self.linear(X.view(-1).view(X.shape)) * self.scale")),
    ("fit.matches", fit(step="updater.step(); l = l + 1")),
    ("fit.form", fit(done="return [total / count]")),
    ("fit.steps", fit(backward="l.sum().backward()")),
    ("fit.steps", fit(step="updater.step(); updater.step()")),
    ("fit.zeroing", fit(clear="", step="updater.step(); updater.zero_grad()")),
    ("fit.modes", fit(mode="")),
    ("fit.modes", fit(mode="net.training = True")),
    ("fit.modes", fit(mode="net.eval() if isinstance(net, nn.Module) else None")),
    ("fit.keeps", fit(done="torch.set_grad_enabled(False)")),
    ("fit.keeps", fit(done="X *= 2")),
]  # fmt: skip


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    path = tmp_path_factory.mktemp("unit") / "test_hidden.py"
    path.write_text(SUITE)
    return collect(path, "unit", 7, keeps=False)


def namespace(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "submission"}
    exec(REFERENCE + source, names)
    return names


def assessed(suite: Suite, source: str, exercise: str) -> dict[str, Assessment]:
    assessor, sitting = Assessor(suite, namespace(""), frozenset(), shrinks=False), Sitting()
    respondent = Local(namespace(source))
    found = {check.id: assessor.assess(check, respondent, (), sitting) for check in suite.exercises()[exercise]}
    assert not [each.shown for each in found.values() if each.outcome is Outcome.GRADER_ERROR]
    return found


def lost(suite: Suite, source: str, exercise: str) -> list[str]:
    return [name for name, each in assessed(suite, source, exercise).items() if each.outcome is not Outcome.PASSED]


def exercise_of(source: str) -> str:
    return "Counted" if "class Counted" in source else "fit" if "def fit" in source else "layer"


@pytest.mark.parametrize("style", RIGHT)
def test_right_answers_keep_every_promise(suite: Suite, style: str):
    assert lost(suite, RIGHT[style], exercise_of(RIGHT[style])) == []


@pytest.mark.parametrize(("clause", "source"), WRONG, ids=[f"{n} {clause}" for n, (clause, _) in enumerate(WRONG)])
def test_a_wrong_answer_breaks_the_promise(suite: Suite, clause: str, source: str):
    assert clause in lost(suite, source, exercise_of(source))


def test_every_clause_was_seen_to_fail():
    keys = {clause.split(".")[1] for clause, _ in WRONG}
    assert keys == set(PROMISES)


def test_a_slip_in_form_costs_the_form_alone(suite: Suite):
    assert lost(suite, function(f"return {TANH}.float()"), "layer") == ["layer.form"]
    assert lost(suite, function(f"return {TANH}.unsqueeze(-1)"), "layer") == ["layer.form"]


def test_a_slip_that_is_not_the_same_everywhere_is_not_forgiven(suite: Suite):
    source = function(f"Y = {TANH}\nreturn Y.float() if Y[0, 0] > 0 else Y.half()")
    assert {"layer.form", "layer.matches"} <= set(lost(suite, source, "layer"))


def test_a_transposed_result_is_no_slip_in_form(suite: Suite):
    assert "layer.matches" in lost(suite, function(f"return {TANH}.T"), "layer")


def test_a_failure_shows_the_call_that_failed(suite: Suite):
    source = function(f"if not X.is_contiguous(): raise ValueError('strided')\nreturn {TANH}")
    shown = assessed(suite, source, "layer")["layer.layout"].shown
    assert shown is not None
    assert str(shown.error) == "layer(X, W) with arguments that are transposed or sliced raised ValueError: strided"


def test_the_input_that_is_shown_can_be_pasted(suite: Suite):
    source = module(result="return self.linear(X) * self.scale + 1")
    shown = explain(assessed(suite, source, "Counted")["Counted.matches"], hinted=False)
    head, code = shown.split("Smallest input found that shows it:\n")
    names = namespace(source)
    exec(textwrap.dedent(code).replace("\nlayer(X)", "\nresult = layer(X)"), names)
    assert torch.equal(names["result"], names["X"] @ names["layer"].linear.weight.T * names["layer"].scale + 1)
    assert f"is {names['result'].flatten()[0].item():.6g} where" in head


def test_clauses_that_draw_the_same_ask_once(suite: Suite):
    asked = []

    class Noting(Local):
        def ask(self, request: Any) -> Any:
            asked.append(request)
            return super().ask(request)

    assessor, respondent = Assessor(suite, namespace(""), frozenset()), Noting(namespace(""))
    for check in suite.exercises()["layer"]:
        before = len(asked)
        assessor.assess(check, respondent)
        assert len(asked) - before == len(suite.examples(check)), "one question an example"
    examples = [suite.examples(check) for check in suite.checks if check.id in ("layer.form", "layer.matches")]
    assert examples[0] is not examples[1]
    assert all(one is other for one, other in zip(*examples, strict=True))


def test_what_is_read_of_a_suite_is_what_pytest_collects(suite: Suite):
    assert [each.name for each in declared(suite.path, "check")] == [check.id for check in suite.checks]
    for made in contracts(suite.path):
        own = [check for check in suite.checks if check.exercise == made.exercise]
        assert [clause.title() for clause in made.clauses] == [check.title for check in own]
        assert [clause.points for clause in made.clauses] == [check.points for check in own]


def test_every_generic_mistake_is_noticed_by_its_clause(suite: Suite):
    seen = set()
    for made in contracts(suite.path):
        for mistake in generic_mistakes(made):
            assert mistake.clause.id in lost(suite, mistake.source, made.exercise), (mistake.clause.id, mistake.name)
            seen.add(mistake.clause.promise.key)
    assert seen == set(PROMISES) - {"also"}


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ('contract("f", inputs={"X": matrices()})', "does not say what it computes"),
        ('contract("f", matches="It is right.")', "has no inputs"),
        ('contract("f", inputs={"X": matrices()}, matches="Right.", gradient=["Y"])', "names Y in gradient"),
        ('contract("f", inputs={"X": matrices()}, matches="Right.", buffers=["seen"])', "what only modules have"),
        (
            'contract("f", inputs={"X": matrices()}, matches="Right.", about=["speed"])',
            "about speed, which is no clause",
        ),
        (
            'contract("f", inputs={"X": matrices()}, matches="Right.", modes="train")',
            "there are training and evaluation",
        ),
        ('contract("f", inputs={"X": matrices()}, matches="Right.")\n' * 2, "there are two contracts for f"),
    ],
)
def test_a_contract_that_makes_no_sense_is_refused(tmp_path: Path, call: str, problem: str):
    path = tmp_path / "test_hidden.py"
    path.write_text(f"from autograder.suite import contract, matrices\n{call}\n")
    with pytest.raises(SuiteError, match=problem):
        collect(path, "unit", 7)
