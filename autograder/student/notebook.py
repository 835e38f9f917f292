"""For a student's notebook: `check("softmax")` runs an exercise's public checks on what the kernel holds.

Importing this costs next to nothing; torch and pytest come in with the first check.
"""

from __future__ import annotations

import os
import random
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autograder.course import Course, CourseError, Unit, find_course
from autograder.language import _

if TYPE_CHECKING:
    from autograder.grader.assessing import Assessment, Assessor
    from autograder.grader.suite_file import Suite
    from autograder.results.document import ExerciseResult

_benches: dict[str, tuple[Suite, Assessor]] = {}


class ChecksFailed(Exception):
    """Not every public check passed; the message says which, and why where nothing else shows it."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the reader's own code is not where this was raised."""
        return str(self).split("\n")


def check(exercise: str, unit: str | None = None) -> None:
    """Run an exercise's public checks on the names this notebook (or program) has defined, and show how they end.

    unit: the exercise's unit; needed only where two units have an exercise of that name. Raises ChecksFailed if a check
    does not pass, so that nbgrader's validate sees it too, and CourseError for an exercise that does not exist. While a
    submission is graded its worker puts a function that does nothing in this one's place.
    """
    result = _assessed(_unit_of(exercise, unit), exercise)
    _show(result)
    failed = [each for each in result.checks if each.outcome not in ("passed", "not_assessed")]
    if failed:
        raise ChecksFailed(_summary(result))


def _unit_of(exercise: str, name: str | None) -> Unit:
    course = find_course()
    units = [course.unit(name)] if name is not None else _units_with(exercise, course)
    if len(units) == 1:
        return units[0]
    if not units:
        raise CourseError(
            _("no unit has an exercise {name}; look for a typing mistake in its name").format(name=repr(exercise))
        )
    named = " or ".join(f'check("{exercise}", unit="{each.name}")' for each in units)
    raise CourseError(_("several units have an exercise of this name; write {calls}").format(calls=named))


def _units_with(exercise: str, course: Course) -> list[Unit]:
    mark = re.compile(rf"""^(@check|contract)\(\s*["']{re.escape(exercise)}["']""", re.MULTILINE)
    suites = [unit for unit in course.units.values() if unit.handed_out_suite.is_file()]
    return [unit for unit in suites if mark.search(unit.handed_out_suite.read_text(encoding="utf-8"))]


def _assessed(unit: Unit, exercise: str) -> ExerciseResult:
    from autograder.grader.exhibit import Local
    from autograder.grader.explaining import explain
    from autograder.grader.picturing import figure_of
    from autograder.results.document import CheckResult, score_exercise

    suite, assessor = _bench(unit)
    namespace = _namespace()
    checks = []
    with _untouched(namespace):
        for each in suite.exercises().get(exercise, []):
            made = assessor.assess(each, Local(namespace), unit.forbidden.get(exercise, ()))
            _stop_if_interrupted(made)
            checks.append(
                CheckResult(each.id, each.title, each.points, made.outcome, explain(made), None, figure_of(made))
            )
    notes = [] if checks else [_("There are no public checks of this; the hidden ones decide.")]
    return score_exercise(exercise, checks, notes)


def _bench(unit: Unit) -> tuple[Suite, Assessor]:
    """The unit's public checks, collected once per kernel."""
    if unit.name not in _benches:
        from autograder.grader.assessing import Assessor
        from autograder.grader.suite_file import collect

        suite = collect(unit.handed_out_suite, unit.name, find_course().seed)
        _benches[unit.name] = suite, Assessor(suite, None, frozenset())
    return _benches[unit.name]


def _namespace() -> dict[str, Any]:
    """What the reader has defined: the kernel's names, or the running program's."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return vars(sys.modules["__main__"]) if shell is None else shell.user_ns


@contextmanager
def _untouched(namespace: dict[str, Any]) -> Iterator[None]:
    """Leave the reader's names and random generators as they were: checks seed the latter and may replace the former."""
    import numpy as np
    import torch

    names, states = dict(namespace), (random.getstate(), np.random.get_state())
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            for name in [name for name in namespace if name not in names]:
                del namespace[name]
            namespace.update(names)


def _stop_if_interrupted(assessment: Assessment) -> None:
    from autograder.grader.faults import RaisedFault

    error = assessment.shown.error if assessment.shown is not None else None
    if isinstance(error, RaisedFault) and error.report.type_name == "KeyboardInterrupt":
        raise KeyboardInterrupt


def _show(result: ExerciseResult) -> None:
    """As HTML in a notebook, as text elsewhere."""
    from autograder.results.text import exercise_text

    text = exercise_text(result)
    if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
        print(text)
        return
    from IPython.display import display

    from autograder.pages import exercise_html

    display({"text/html": exercise_html(result), "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]


def _summary(result: ExerciseResult) -> str:
    """One line; all of it where nbgrader validates, which prints nothing else."""
    from autograder.results.text import exercise_text

    if os.environ.get("NBGRADER_VALIDATING"):
        return exercise_text(result)
    passed = sum(each.outcome == "passed" for each in result.checks)
    return _("{name}: {passed} of {count} public checks passed.").format(
        name=result.name, passed=passed, count=len(result.checks)
    )
