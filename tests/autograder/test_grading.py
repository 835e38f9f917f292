"""Grading: determinism, from-scratch rules, recognition, messages, and whose fault an error is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from conftest import COURSE, GOOD, Grade, check_outcomes, submission_of

from autograder.course import Unit, load_course
from autograder.grader.exhibit import Room
from autograder.grader.grading import Grader, IsolationError, UnitGrader
from autograder.results.document import Outcome, SubmissionResult, encode
from autograder.submissions.submission import read_submission
from autograder.submissions.variants import misconceptions


def replaced(name: str, body: str, top: str = "") -> str:
    """The solution followed by another definition of one exercise."""
    parameter = {"double": "X", "softmax": "X", "noise": "n"}[name]
    return f"{GOOD}\n{top}\ndef {name}({parameter}):\n    {body}\n"


def failed(result: SubmissionResult, exercise: str) -> list:
    return [c for e in result.exercises if e.name == exercise for c in e.checks if c.outcome is Outcome.FAILED]


def test_grading_twice_gives_the_same_bytes(grade: Grade):
    for source in (GOOD, replaced("double", "return X + 2"), replaced("noise", "return torch.rand(n) * 2")):
        first, second = (msgspec.structs.replace(grade(source), seconds=0.0) for _ in range(2))
        assert encode(first) == encode(second)


def test_another_grader_process_gives_the_same_bytes(unit: Unit, grade: Grade, tmp_path: Path):
    source = replaced("double", "return X + 2")
    with Grader(seed=1, call_seconds=5.0) as other:
        (tmp_path / "doubling.py").write_text(source)
        there = other.unit(unit).grade(read_submission(tmp_path / "doubling.py"))
    assert encode(msgspec.structs.replace(there, seconds=0)) == encode(
        msgspec.structs.replace(grade(source), seconds=0)
    )


def test_a_slow_machine_gives_the_same_bytes(grade: Grade):
    """What a submission burns bounds the search for the smallest input, not how long that takes."""
    idle = grade(replaced("double", "return X + 2"))
    busy = grade(replaced("double", "time.sleep(0.025); return X + 2", "import time"))
    assert [c.message for c in failed(idle, "double")] == [c.message for c in failed(busy, "double")]


EVASIONS = {
    "by name": "return torch.softmax(X, dim=1)",
    "as a method": "return X.softmax(1)",
    "from functional": "return nn.functional.softmax(X, dim=1)",
    "as a module": "return nn.Softmax(dim=1)(X)",
    "under an alias": "hidden = torch.softmax; return hidden(X, 1)",
    "by a computed name": "return getattr(torch, 'soft' + 'max')(X, 1)",
    "as the raw operator": "return torch.ops.aten._softmax(X, 1, False)",
    "by way of log_softmax": "return torch.log_softmax(X, 1).exp()",
    "scripted": "return torch.jit.script(nn.Softmax(dim=1))(X)",
    "through exec": "space = {}; exec('import torch; f = torch.soft' + 'max', space); return space['f'](X, 1)",
    "with function modes off": "with torch._C.DisableTorchFunctionSubclass():\n        return torch.softmax(X, 1)",
    "with modes off under a dotted name": "import operator\n    with operator.attrgetter('_C.DisableTorchFunctionSubclass')("
    "torch):\n        return torch.softmax(X, 1)",
    "scripted by a decorator": "@torch.jit.script\n    def scripted(x: torch.Tensor):\n        return torch.softmax(x, 1)\n"
    "    return scripted(X)",
    "as a decomposition": "import torch._decomp.decompositions as d; return d._softmax(X, 1, False)",
    "as a decomposition by a computed name": "d = getattr(torch, '_de' + 'comp').decompositions\n"
    "    return getattr(d, '_soft' + 'max')(X, 1, False)",
    "in a reference of torch's by a computed name": "r = __import__('torch._re' + 'fs')\n"
    "    return getattr(getattr(r, '_re' + 'fs'), 'soft' + 'max')(X, 1)",
    "in a method of torch's, replaced": "kept = torch.Tensor.detach\n    torch.Tensor.detach = lambda self: "
    "kept(torch.softmax(kept(self), 1)) if self.requires_grad else kept(self)\n    return X.clone().requires_grad_()",
    "in an own kind of dictionary": "import collections\n    class Lazy(collections.UserDict):\n        def items(self):\n"
    "            return [('Y', torch.softmax(X, 1))]\n    return Lazy(Y=X)",
    "with the recorder off": "import sys; off = getattr(sys, 'setpro' + 'file'); off(None); return torch.softmax(X, 1)",
    "with every mode off": "from torch.utils import _python_dispatch as d\n    with d._disable_current_modes():\n"
    "        return torch.softmax(X, 1)",
}


@pytest.mark.parametrize("how", EVASIONS)
def test_a_forbidden_operator_is_found_however_it_is_spelled(grade: Grade, how: str):
    result = grade(replaced("softmax", EVASIONS[how]))
    assert check_outcomes(result, "softmax") == ["forbidden"]
    assert next(e.score for e in result.exercises if e.name == "softmax") == 0


WITHOUT_EFFECT = {
    "patching what serves it": "import contextlib, autograder.worker.serving as s\n"
    "    s.recording = lambda record: contextlib.nullcontext()\n    return torch.softmax(X, 1)",
    "by way of the package": "import autograder, contextlib\n"
    "    autograder.worker.serving.recording = lambda record: contextlib.nullcontext()\n    return torch.softmax(X, 1)",
    "by way of the main module": "import __main__; __main__.warm_up([]); return torch.softmax(X, 1)",
    "where the result is read": "class Lazy(torch.Tensor):\n        def detach(self):\n            "
    "return torch.softmax(self.as_subclass(torch.Tensor), 1)\n    return X.as_subclass(Lazy)",
    "a tensor that dispatches for itself": "class Own(torch.Tensor):\n        pass\n"
    "    setattr(Own, '__torch_dis' + 'patch__', classmethod(lambda cls, f, t, a=(), k=None: torch.softmax(X, 1)))\n"
    "    return getattr(torch.Tensor, '_make_wrapper_' + 'subclass')(Own, X.shape, dtype=X.dtype)",
}


@pytest.mark.parametrize("how", WITHOUT_EFFECT)
def test_what_serves_a_submission_is_out_of_its_reach(grade: Grade, how: str):
    result = grade(replaced("softmax", WITHOUT_EFFECT[how]))
    assert next(e.score for e in result.exercises if e.name == "softmax") == 0


def test_what_a_notebook_imports_is_there(grade: Grade):
    result = grade("from autograder import check\n" + GOOD + "\ncheck('softmax')\n")
    assert result.problems == []
    assert [c.outcome for c in result.checks] == [c.outcome for c in grade(GOOD).checks]


def test_a_thread_cannot_hide_an_operator(grade: Grade):
    body = "import threading; out = []; t = threading.Thread(target=lambda: out.append(torch.softmax(X, 1)))\n"
    body += "    t.start(); t.join(); return out[0]"
    assert check_outcomes(grade(replaced("softmax", body)), "softmax") == ["raised"]


def test_a_rule_binds_its_own_exercise_only(grade: Grade):
    result = grade(replaced("double", "torch.softmax(X, 1); return 2 * X"))
    assert set(check_outcomes(result, "double")) == {"passed"}


def test_modes_that_one_exercise_leaves_behind_cost_no_other(grade: Grade):
    left = "Y = 2 * X; torch.set_grad_enabled(False); torch.set_default_dtype(torch.float64); return Y"
    result = grade(replaced("double", left))
    assert [c.outcome for c in result.checks] == [c.outcome for c in grade(GOOD).checks]


def test_code_that_reaches_for_the_record_is_shown_to_the_instructor(grade: Grade):
    result = grade(replaced("softmax", "import torch._C; return 0 * X"))
    assert any("_C" in line for line in result.review)
    assert grade(GOOD).review == []


def test_a_known_mistake_is_recognised_in_other_words(grade: Grade):
    for body in ("return X * X", "return torch.stack([row ** 2 for row in X])"):
        checks = failed(grade(replaced("double", body)), "double")
        assert {c.misconception.name for c in checks} == {"squares instead of doubling"}


def test_an_unknown_mistake_gets_no_name(grade: Grade):
    checks = failed(grade(replaced("double", "return 3 * X")), "double")
    assert [c.misconception for c in checks] == [None, None]


def test_the_smallest_failing_input_is_small_and_can_be_pasted(grade: Grade):
    message = failed(grade(replaced("double", "return 2 * X + (X > 1)")), "double")[0].message
    line = next(line for line in message.split("\n") if "X = " in line).split("  #")[0]
    names: dict = {"torch": torch}
    exec(line.strip(), names)
    assert names["X"].numel() == 1
    assert names["X"].item() == 1.125  # the first multiple of 1/8 above 1


def test_a_message_names_the_call_the_shapes_and_the_entry(grade: Grade):
    message = failed(grade(replaced("double", "return X + 2")), "double")[0].message
    assert message.startswith("double(X) entry [0, 0] is 2 where 0 is right")
    assert "Tensor float64 (1, 1)" in message or "Tensor float32 (1, 1)" in message


def test_an_exception_shows_the_students_own_lines(grade: Grade):
    source = replaced("double", "return helper(X)", "def helper(X):\n    return X.no_such_thing\n")
    message = next(c.message for c in grade(source).checks if c.outcome is Outcome.RAISED)
    assert "return X.no_such_thing" in message
    assert "return helper(X)" in message
    assert "site-packages" not in message
    assert "serving.py" not in message


def test_feedback_shows_neither_the_suite_nor_the_reference(grade: Grade):
    sources = [replaced("double", body) for body in ("return 3 * X", "return None", "raise ValueError", "return X[:0]")]
    hidden = (COURSE / "tests/units/doubling/test_hidden.py").read_text() + (
        COURSE / "reference/doubling.py"
    ).read_text()
    lines = {line.strip() for line in hidden.split("\n") if len(line.strip()) > 20 and '"""' not in line}
    for source in sources:
        document = encode(grade(source)).decode()
        assert not [line for line in lines if line in document]
        assert "CANARY" not in document


def test_checks_for_missing_hardware_are_left_out_of_the_total(grade: Grade):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    result = grade(GOOD)
    check = next(c for c in result.checks if c.id == "test_noise_on_a_gpu")
    assert check.outcome is Outcome.NOT_ASSESSED
    assert "needs gpu" in check.message
    assert result.score == result.max_score == 7


def test_a_gpu_that_workers_cannot_reach_costs_nobody_points(
    grader: Grader, unit: Unit, monkeypatch: pytest.MonkeyPatch
):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    suite = grader.unit(unit).suite
    result = UnitGrader(unit, suite, grader._zygote).grade(read_submission(unit.solution))
    assert next(c.outcome for c in result.checks if c.id == "test_noise_on_a_gpu") is Outcome.NOT_ASSESSED
    assert result.score == result.max_score == 7


def test_an_exercise_that_uses_a_failing_one_says_so(grade: Grade):
    source = GOOD.replace("return 2 * X", "return 3 * X") + "\ndef softmax(X):\n    return double(X)\n"
    result = grade(source)
    notes = next(e.notes for e in result.exercises if e.name == "softmax")
    assert notes == ["softmax uses double, which has failing checks of its own: look there first."]


def make_course(folder: Path, hidden: str, reference: str = "def f(x):\n    return x\n") -> Unit:
    for name, text in {
        "solutions/course.toml": '[[parts]]\ntitle = "All"\nunits = ["f"]\n',
        "tests/units/f/unit.toml": 'title = "f"\nstable = true\n',
        "solutions/f.py": reference,
        "reference/f.py": reference,
        "tests/units/f/test_hidden.py": hidden,
        "tests/units/f/wrong.py": "",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load_course(folder).unit("f")


HEAD = "from autograder.suite import *\nimport torch\n"


@pytest.mark.parametrize(
    ("hidden", "reference"),
    [
        ("@check('f')\ndef test_f(submission, reference):\n    '''f.'''\n    1 / 0\n", ""),
        ("@check('f')\ndef test_f(submission, reference):\n    '''f.'''\n    close(submission.f(1), reference.f(1))\n",
         "def f(x):\n    raise RuntimeError\n"),
        ("@check('f')\ndef test_f(submission, reference):\n    '''f.'''\n    submission.f(1); 1 / 0\n", "def f(x):\n    return x\n"),
    ],
    ids=["the check breaks", "the reference breaks", "the check breaks on any answer"],
)  # fmt: skip
def test_the_graders_fault_is_never_the_students(grader: Grader, tmp_path: Path, hidden: str, reference: str):
    with Grader(seed=1) as fresh:
        graded = fresh.unit(make_course(tmp_path, HEAD + hidden, reference))
        (tmp_path / "right.py").write_text("def f(x):\n    return x\n")
        result = graded.grade(read_submission(tmp_path / "right.py"))
    assert [c.outcome for c in result.checks] == [Outcome.GRADER_ERROR]


def test_an_unusable_answer_is_the_students_fault(tmp_path: Path):
    hidden = HEAD + "@check('f')\ndef test_f(submission):\n    '''f.'''\n    submission.f(torch.ones(2)).sum().item()\n"
    unit = make_course(tmp_path, hidden)
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f(x):\n    return None\n")
    with Grader(seed=1) as fresh:
        result = fresh.unit(unit).grade(read_submission(wrong))
    assert result.checks[0].outcome is Outcome.FAILED
    assert "not the kind of value" in result.checks[0].message


HANDLES = """
@check('Box')
def test_f(submission, reference):
    '''A box keeps what it is given.'''
    mine, right = submission.Box(1), reference.Box(1)
    close(mine.get() + 1, right.get() + 1)
    close(submission.Box(2).get(), reference.Box(2).get())
"""
BOX = "class Box:\n    def __init__(self, x):\n        self.x = x\n    def get(self):\n        return self.x\n"


def test_handles_on_both_sides_never_meet(tmp_path: Path):
    """A submission that fails early, and one whose answer is unusable, leave the reference's objects alone."""
    unit = make_course(tmp_path, HEAD + HANDLES, BOX)
    outcomes = []
    with Grader(seed=1) as fresh:
        for number, source in enumerate(
            [BOX.replace("self.x = x", "self.x = 5"), BOX.replace("return self.x", "pass"), BOX]
        ):
            path = tmp_path / f"{number}.py"
            path.write_text(source)
            outcomes.append(fresh.unit(unit).grade(read_submission(path)).checks[0].outcome)
    assert outcomes == [Outcome.FAILED, Outcome.FAILED, Outcome.PASSED]


def test_without_a_reference_an_unusable_answer_is_the_students_fault(tmp_path: Path):
    hidden = HEAD + "@check('f')\ndef test_f(submission):\n    '''f.'''\n    submission.f(torch.ones(2)).sum().item()\n"
    unit = make_course(tmp_path, hidden)
    unit.reference.unlink()
    (tmp_path / "wrong.py").write_text("def f(x):\n    return None\n")
    with Grader(seed=1) as fresh:
        result = fresh.unit(unit).grade(read_submission(tmp_path / "wrong.py"))
    assert result.checks[0].outcome is Outcome.FAILED


def test_a_check_that_writes_into_its_inputs_spoils_them_for_nobody(tmp_path: Path):
    hidden = HEAD + "@check('f')\n@given(X=matrices(), rows=st.lists(matrices(), min_size=1))\n"
    hidden += "def test_f(submission, X, rows):\n    '''f.'''\n    stride = X.stride()\n"
    hidden += (
        "    X += 1; rows[0] += 1; rows.append(X)\n    assert X.stride() == stride\n    close(submission.f(X), X)\n"
    )
    unit = make_course(tmp_path, hidden)
    with Grader(seed=1) as fresh:
        graded = fresh.unit(unit)
        before = str(graded.suite.examples(graded.suite.checks[0]))
        assert graded.grade(read_submission(unit.solution)).checks[0].outcome is Outcome.PASSED
        assert str(graded.suite.examples(graded.suite.checks[0])) == before


def test_isolation_can_be_required(grader: Grader, unit: Unit, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Grader, "layers", lambda self: ["rlimits"])
    with Grader(seed=1, require_isolation=True) as strict, pytest.raises(IsolationError, match="landlock, seccomp"):
        strict.unit(unit)


def test_the_result_names_the_layers_that_held(grade: Grade):
    assert grade(GOOD).isolation.startswith("landlock+seccomp")


def test_every_misconception_of_the_course_is_recognised(graded: UnitGrader, unit: Unit):
    for variant in misconceptions(unit):
        result = graded.grade(variant.submission)
        assert failed(result, "double")[0].misconception.name == variant.name


RIVALS = """
@misconception("f", "adds one", hint="f(x) is x.")
def adds_one(x):
    return x + 1

@misconception("f", "doubles", hint="f(x) is x.")
def doubles(x):
    return 2 * x
"""


def test_of_two_mistakes_that_fit_the_one_that_answers_other_checks_alike_is_named(grader: Grader, tmp_path: Path):
    unit = make_course(
        tmp_path / "course",
        HEAD + "import pytest\n@check('f')\n@pytest.mark.parametrize('x', [1, 4, 0])\ndef test_f(submission, x):\n"
        "    '''f(x) is x.'''\n    close(submission.f(x), x)\n",
    )
    unit.misconceptions.write_text("from autograder.suite import misconception\n" + RIVALS)
    result = grader.unit(unit).grade(submission_of("def f(x):\n    return 2 * x if x < 4 else x\n"))
    assert [c.misconception.name for c in failed(result, "f")] == ["doubles"]


def test_another_seed_draws_other_inputs(unit: Unit, graded: UnitGrader):
    with Grader(seed=2) as other:
        suite = other.unit(unit).suite
        random = suite.checks[0]
        assert str(suite.examples(random)) != str(graded.suite.examples(graded.suite.checks[0]))
        assert len(suite.examples(random)) >= 30


SHIFT = (
    HEAD
    + """
@check('f')
def test_f(submission, reference):
    '''A shift changes nothing.'''
    X = torch.ones(2, 2)
    close(submission.f(X + 1), submission.f(X))
"""
)


@pytest.mark.parametrize(
    ("body", "said"),
    [("return X * float('nan')", "every entry of it is NaN"), ("return X.to('meta')", "must live on device cpu")],
)
def test_answers_without_a_number_earn_nothing(tmp_path: Path, body: str, said: str):
    """They agree among themselves, so a check that compares them with each other would pass."""
    unit = make_course(tmp_path, SHIFT, "def f(X):\n    return X - X.mean()\n")
    wrong = tmp_path / "wrong.py"
    wrong.write_text(f"def f(X):\n    {body}\n")
    with Grader(seed=1) as fresh:
        result = fresh.unit(unit).grade(read_submission(wrong))
        right = fresh.unit(unit).grade(read_submission(unit.solution))
    assert [c.outcome for c in right.checks] == [Outcome.PASSED]
    assert [c.outcome for c in result.checks] == [Outcome.FAILED]
    assert said in result.checks[0].message


def test_nan_is_right_where_the_reference_has_it(tmp_path: Path):
    unit = make_course(tmp_path, SHIFT, "def f(X):\n    return X * float('nan')\n")
    with Grader(seed=1) as fresh:
        assert fresh.unit(unit).grade(read_submission(unit.solution)).checks[0].outcome is Outcome.PASSED


PATCHED = """
import msgspec, struct, sys
from types import SimpleNamespace
def double(X):
    frame = sys._getframe(1)
    while 'Server' not in frame.f_globals:
        frame = frame.f_back
    s = SimpleNamespace(**frame.f_globals)
    w = s.wire
    {how}
    return X
"""


@pytest.mark.parametrize(
    "how",
    [
        "w._pack_tensor = lambda v: msgspec.msgpack.Ext(3, struct.pack('!BBBQ', 3, 0, 1, 2) + b'1234')",
        "w._pack_tensor = lambda v: [msgspec.msgpack.Ext(1, bytes([0, 1, 0]))] * 20_000",
        "raise type('B' * 2_000_000, (Exception,), {})()",
        "s.Server._printed = lambda self: 'x' * 1_000_000",
    ],
    ids=["an array numpy does not know", "very many tensors", "an endless name", "endless output"],
)
def test_a_worker_that_keeps_no_limits_is_at_fault(grade: Grade, how: str):
    result = grade(GOOD + PATCHED.format(how=how))
    assert set(check_outcomes(result, "double")) == {"crashed"}
    assert len(encode(result)) < 50_000


def test_a_message_has_an_end(tmp_path: Path):
    hidden = HEAD + "@check('f')\ndef test_f(submission, reference):\n    '''f.'''\n"
    hidden += "    close(submission.f(1), reference.f(1))\n"
    unit = make_course(tmp_path, hidden, "def f(x):\n    return {'a': 1}\n")
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f(x):\n    return {i: 1 for i in range(90_000)}\n")
    with Grader(seed=1) as fresh:
        result = fresh.unit(unit).grade(read_submission(wrong))
    assert result.checks[0].outcome is Outcome.FAILED
    assert len(result.checks[0].message) < 25_000


def test_where_answers_are_too_large_to_keep_nothing_is_recognised(grade: Grade, monkeypatch: pytest.MonkeyPatch):
    known = failed(grade(replaced("double", "return X * X")), "double")
    assert known[0].misconception is not None
    monkeypatch.setattr(Room, "take", lambda self, reply: False)
    unknown = failed(grade(replaced("double", "return X * X")), "double")
    assert [c.message for c in unknown] == [c.message for c in known]
    assert [c.misconception for c in unknown] == [None] * len(unknown)
