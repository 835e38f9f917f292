"""Whatever a submission does, it gets a clear answer, costs only itself, and the next one is graded as if alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import COURSE, GOOD, Grade, check_outcomes, load

from autograder.grader.grading import UnitGrader
from autograder.grader.workers import Worker, WorkerTimeout
from autograder.protocol.messages import Call, Name, Returned
from autograder.results.document import SubmissionResult, encode
from autograder.submissions.submission import read_submission

DOUBLE = "def double(X):\n    ### BEGIN SOLUTION\n    return 2 * X\n    ### END SOLUTION\n"
OTHERS = ["Scale", "softmax", "noise"]


def with_double(body: str, top: str = "") -> str:
    """The solution with another `double`, and `top` put before it."""
    return GOOD.replace(DOUBLE.split("\n")[0], top + "\ndef double(X):").replace("    return 2 * X", f"    {body}")


def messages(result: SubmissionResult, exercise: str = "double") -> str:
    return "\n".join(c.message for e in result.exercises if e.name == exercise for c in e.checks)


def others_pass(result: SubmissionResult) -> bool:
    return all(e.score == e.max_score for e in result.exercises if e.name in OTHERS)


def test_the_solution_gets_full_marks(grade: Grade):
    result = grade(GOOD)
    assert (result.score, result.max_score) == (7, 7)
    assert result.problems == []


def test_the_stub_gets_nothing_and_no_noise(graded: UnitGrader):
    result = graded.grade(read_submission(COURSE / "assignments/doubling/doubling.py"))
    assert result.score == 0
    assert {c.message for c in result.checks if c.outcome != "not_assessed"} == {"Not written yet."}


def test_a_missing_file(graded: UnitGrader, tmp_path: Path):
    result = graded.grade(read_submission(tmp_path / "doubling.py"))
    assert result.score == 0
    assert "was not found" in result.problems[0]


@pytest.mark.parametrize(("text", "said"), [("", "is empty (0 bytes)"), ("\n\n   \n", "contains no code")])
def test_an_empty_file(grade: Grade, text: str, said: str):
    result = grade(text)
    assert result.score == 0
    assert said in result.problems[0]
    assert not any(check.message for check in result.checks)


def test_a_file_that_is_not_text(graded: UnitGrader, tmp_path: Path):
    path = tmp_path / "doubling.py"
    path.write_bytes(b"\xff\xfe\x00\x01")
    result = graded.grade(read_submission(path))
    assert "not UTF-8" in result.problems[0]


def test_a_syntax_error_is_shown_with_line_and_caret_and_costs_only_its_block(grade: Grade):
    result = grade(with_double("return 2 *"))
    assert "SyntaxError" in result.problems[0]
    line, caret = result.problems[0].split("\n")[1:3]
    assert "return 2 *" in line
    assert caret.strip() == "^"
    assert f"line {GOOD.split('return 2')[0].count(chr(10)) + 2}" in result.problems[0]
    assert set(check_outcomes(result, "double")) == {"missing"}
    assert others_pass(result)


def test_a_package_that_is_not_there(grade: Grade):
    result = grade("import no_such_package\n" + GOOD)
    assert "No module named 'no_such_package'" in result.problems[0]
    assert "line 1" in result.problems[0]
    assert result.score == result.max_score


def test_an_exception_at_top_level(grade: Grade):
    result = grade(GOOD + "\nx = 1 / 0\n\n\ndef later():\n    pass\n")
    assert "ZeroDivisionError" in result.problems[0]
    assert result.score == result.max_score


def test_a_missing_function(grade: Grade):
    result = grade(GOOD.replace("def double", "def dubble"))
    assert set(check_outcomes(result, "double")) == {"missing"}
    assert "no double in the submission" in messages(result)
    assert others_pass(result)


@pytest.mark.parametrize("signature", ["def double():", "def double(X, factor):"])
def test_a_wrong_number_of_parameters(grade: Grade, signature: str):
    result = grade(GOOD.replace("def double(X):", signature))
    assert set(check_outcomes(result, "double")) == {"raised"}
    assert "TypeError" in messages(result)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("pass", "must be a torch.Tensor"),
        ("return 'X'", "must be a torch.Tensor"),
        ("return X.numpy() * 2", "numpy.ndarray"),
        ("return [2 * X]", "must be a torch.Tensor"),
        ("return map(float, X)", "an object of type map"),
        ("return (2 * X)[0]", "must have shape"),
        ("return (2 * X).unsqueeze(0)", "must have shape"),
        ("return (2 * X).half()", "must have dtype"),
        ("return X * float('nan')", "is nan where"),
        ("return torch.ones(1).expand(10**12)", "MiB"),
        ("return torch.zeros(5000, 5000)", "MiB"),
        ("return torch.eye(2).to_sparse()", "layout"),
        ("return X.to('meta')", "meta"),
        ("return 10**30", "beyond 64 bits"),
        ("return double", "an object of type function"),
    ],
)
def test_a_wrong_kind_of_value(grade: Grade, body: str, said: str):
    result = grade(with_double(body))
    assert "passed" not in check_outcomes(result, "double")[:1]
    assert said in messages(result)
    assert others_pass(result)


@pytest.mark.parametrize(
    "body",
    [
        "return (2 * X).T.contiguous().T",
        "return (2 * X).unsqueeze(0).expand(3, *X.shape)[1]",
        "return nn.Parameter(2 * X) if not X.requires_grad else 2 * X",
        "return torch.complex(2 * X, X).real",
        "return (X + 0j).conj().real * 2",
    ],
)
def test_unusual_but_right_tensors_get_full_marks(grade: Grade, body: str):
    assert check_outcomes(grade(with_double(body)), "double") == ["passed", "passed"]


LIAR = """
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func.__name__ in ("isclose", "allclose", "eq", "all", "__bool__"):
            return torch.tensor(True)
        return super().__torch_function__(func, types, args, kwargs or {})
    def __eq__(self, other):
        return True
"""


def test_a_lying_torch_function_convinces_nobody(grade: Grade):
    result = grade(with_double("return (3 * X).as_subclass(Liar)", LIAR))
    assert check_outcomes(result, "double")[0] == "failed"


def test_patching_the_comparison_convinces_nobody(grade: Grade):
    source = "torch.isclose = torch.allclose = torch.equal = lambda *a, **k: torch.tensor(True)\n"
    result = grade(with_double("return 3 * X", source))
    assert check_outcomes(result, "double")[0] == "failed"


def test_an_endless_loop_costs_its_deadline_once(grade: Grade):
    result = grade(with_double("while True: pass"))
    first, second = (c.message for e in result.exercises if e.name == "double" for c in e.checks)
    assert check_outcomes(result, "double") == ["timed_out", "timed_out"]
    assert "did not finish within 3 seconds" in first
    assert "did not finish within 0.25 seconds" in second
    assert others_pass(result)


def test_time_is_counted_in_what_a_worker_burns(worker: Worker):
    load(worker, "import time\ndef sleeps(): time.sleep(1); return 1\ndef spins():\n    while True: pass\n")
    assert isinstance(worker.ask(Call(Name("sleeps")), 60, busy_seconds=0.5), Returned)
    with pytest.raises(WorkerTimeout, match=r"0\.5 s"):
        worker.ask(Call(Name("spins")), 600, busy_seconds=0.5)


def test_sleeping_is_no_way_out(grade: Grade):
    result = grade(with_double("import time; time.sleep(100)"))
    assert check_outcomes(result, "double") == ["timed_out", "timed_out"]


@pytest.mark.parametrize(
    ("body", "outcome", "said"),
    [
        ("return double(X)", "raised", "RecursionError"),
        ("import os; os._exit(0)", "crashed", "exit code 0"),
        ("import sys; sys.exit(3)", "raised", "SystemExit"),
        ("raise KeyboardInterrupt", "raised", "KeyboardInterrupt"),
        ("import faulthandler; faulthandler._sigsegv()", "crashed", "SIGSEGV"),
        ("import os; os.abort()", "crashed", "SIGABRT"),
        ("return [0] * 10**12", "raised", "MemoryError"),
        ("x = []\n    while True: x.append(torch.empty(2**27))", "raised", ""),
    ],
)
def test_ways_to_die(grade: Grade, body: str, outcome: str, said: str):
    result = grade(with_double(body))
    assert check_outcomes(result, "double")[0] == outcome
    assert said in messages(result)
    assert others_pass(result)


def test_an_exception_whose_message_raises(grade: Grade):
    top = "class Bad(Exception):\n    def __str__(self):\n        raise RuntimeError\n"
    result = grade(with_double("raise Bad", top))
    assert "its message cannot be shown" in messages(result)


def test_a_gigabyte_of_prints_is_capped(grade: Grade):
    result = grade(with_double("for _ in range(1000): print('x' * 10**6)\n    return 2 * X"))
    assert check_outcomes(result, "double") == ["passed", "passed"]
    assert len(result.printed) <= 11_000


def test_prints_are_kept_apart_from_messages_and_cannot_steer_a_terminal(grade: Grade):
    result = grade(with_double("print('\\x1b[31mred\\x07'); return 3 * X"))
    assert "red" in result.printed
    assert "\x1b" not in result.printed
    assert "\x07" not in result.printed
    assert "red" not in messages(result)


def test_a_message_cannot_steer_a_terminal(grade: Grade):
    result = grade(with_double("raise ValueError('\\x1b[2J gone')"))
    assert "gone" in messages(result)
    assert "\x1b" not in encode(result).decode()


@pytest.mark.parametrize(
    "statement", ["while True: pass", "import os; os._exit(1)", "import faulthandler; faulthandler._sigsegv()"]
)
def test_a_top_level_statement_that_hangs_or_dies_costs_only_itself(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, statement: str
):
    monkeypatch.setattr("autograder.grader.session.STATEMENT_SECONDS", 0.5)
    result = grade(GOOD + f"\nif True:\n    {statement}\n\ndef after():\n    pass\n")
    assert "left out" in result.problems[0]
    assert result.score == result.max_score


def test_many_hanging_statements_cost_three_deadlines(grade: Grade, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("autograder.grader.session.STATEMENT_SECONDS", 0.5)
    result = grade(GOOD + "\nwhile True: pass\n" * 50)
    assert [p.split(": ")[1] for p in result.problems] == ["this statement was left out"] * 3 + [
        "nothing after this was run"
    ]
    assert result.score == result.max_score


def test_statements_that_stay_below_the_deadline_do_not_add_up_for_hours(grade: Grade, monkeypatch: pytest.MonkeyPatch):
    for name, seconds in (("LOADING_SECONDS", 0.5), ("HURRIED_STATEMENT_SECONDS", 5.0), ("HURRIED_SECONDS", 0.5)):
        monkeypatch.setattr(f"autograder.grader.session.{name}", seconds)
    result = grade(GOOD + "\nimport time\n" + "time.sleep(0.2)\n" * 50)
    assert [p.split(": ")[1] for p in result.problems] == ["nothing after this was run"]
    assert result.score == result.max_score


def test_once_statements_have_used_up_their_time_definitions_still_count(grade: Grade, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("autograder.grader.session.LOADING_SECONDS", 0.0)
    result = grade("import time\ntime.sleep(2)\n" + GOOD)
    assert [p.split(": ")[1] for p in result.problems] == ["this statement was left out"]
    assert result.score == result.max_score


def test_calls_that_stay_below_the_deadline_do_not_add_up_for_hours(grade: Grade, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("autograder.grader.session.EXERCISE_SECONDS", 3.0)
    result = grade(with_double("import time; time.sleep(0.4); return 2 * X"))
    assert check_outcomes(result, "double") == ["timed_out", "timed_out"]
    assert "took more than 3 seconds in all" in messages(result)
    assert others_pass(result)


def test_an_absurdly_nested_source(grade: Grade):
    result = grade(GOOD + "\nx = " + "(" * 5000 + ")" * 5000 + "\n")
    assert result.problems
    assert result.score == result.max_score


def notebook(*cells: str, version: int = 4) -> str:
    code = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None} for cell in cells
    ]
    if version == 3:
        old = [{"cell_type": "code", "input": [cell], "language": "python", "outputs": []} for cell in cells]
        return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": old}]})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": code})


def grade_notebook(graded: UnitGrader, folder: Path, text: str) -> SubmissionResult:
    path = folder / "doubling.ipynb"
    path.write_text(text)
    return graded.grade(read_submission(path))


@pytest.mark.parametrize("version", [3, 4])
def test_a_notebook_is_graded_like_a_file(graded: UnitGrader, tmp_path: Path, version: int):
    result = grade_notebook(graded, tmp_path, notebook(*GOOD.split("# %%\n"), version=version))
    assert result.score == result.max_score
    assert result.problems == []


def test_magics_and_shell_lines_do_nothing(graded: UnitGrader, tmp_path: Path):
    cells = ["%matplotlib inline\n!pip install d2l\nimport torch", "%%bash\nrm -rf /", "%%time\nx = 1\n", "torch?\n"]
    result = grade_notebook(graded, tmp_path, notebook(*cells, GOOD))
    assert [problem.split(": ")[1] for problem in result.problems] == ["this cell was left out"]
    assert result.score == result.max_score


def test_a_cell_that_raises_costs_only_what_it_defines(graded: UnitGrader, tmp_path: Path):
    broken = "1 / 0\ndef double(X):\n    return 2 * X\n"
    result = grade_notebook(graded, tmp_path, notebook(GOOD.replace("def double", "def other"), broken))
    assert "cell 2" in result.problems[0]
    assert result.score == result.max_score


def test_a_notebook_that_is_not_json(graded: UnitGrader, tmp_path: Path):
    result = grade_notebook(graded, tmp_path, "{not json")
    assert "is not a notebook" in result.problems[0]
    assert result.score == 0


@pytest.mark.parametrize("text", ["[]", "{}", '{"cells": 3}', '{"cells": [1, {"cell_type": "code", "source": 5}]}'])
def test_a_notebook_without_cells(graded: UnitGrader, tmp_path: Path, text: str):
    result = grade_notebook(graded, tmp_path, text)
    assert result.problems
    assert result.score == 0


def test_a_notebook_without_code(graded: UnitGrader, tmp_path: Path):
    text = json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# hello"}]})
    assert "contains no code" in grade_notebook(graded, tmp_path, text).problems[0]


def test_an_import_of_the_file_does_not_run_its_main_block(grade: Grade):
    result = grade(GOOD + "\nif __name__ == '__main__':\n    raise SystemExit('trained for hours')\n")
    assert result.problems == []


def test_one_bad_submission_changes_nothing_for_the_next(grade: Grade):
    before = grade(GOOD)
    for body in (
        "while True: pass",
        "import os; os._exit(1)",
        "torch.manual_seed(0); torch.set_default_dtype(torch.float16)",
    ):
        grade(with_double(body))
    after = grade(GOOD)
    assert [e.score for e in before.exercises] == [e.score for e in after.exercises]
