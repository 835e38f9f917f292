"""`pytest tests/units/softmax_regression/test_hidden.py --submission FILE`: the same verdicts as the command line.

A test marked with @check is not called by pytest itself: it is assessed as in grading, with the submission in a worker.
In a student's workspace plain `pytest` judges the student's own files by the course's public checks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.language import _

if TYPE_CHECKING:
    from autograder.course import Course, Unit
    from autograder.grader.exhibit import Sitting
    from autograder.grader.grading import Grader, UnitGrader
    from autograder.grader.session import Session

HIDDEN = "test_hidden.py"
_graders = pytest.StashKey["_Graders"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("autograder")
    group.addoption("--submission", metavar="FILE", help="the .py or .ipynb to grade (default: the unit's own file)")


@pytest.fixture(scope="session")
def submission() -> Any:
    """Stands for the student's module; a check receives it from the grader."""


@pytest.fixture(scope="session")
def reference() -> Any:
    """Stands for the oracle; a check receives it from the grader."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    from autograder.suite.checks import CheckMark, mark_of

    if not isinstance(mark_of(pyfuncitem.obj), CheckMark):
        return None
    config = pyfuncitem.config
    if _graders not in config.stash:
        config.stash[_graders] = _Graders(config)
    config.stash[_graders].assess(pyfuncitem)
    return True


def pytest_unconfigure(config: pytest.Config) -> None:
    graders = config.stash.get(_graders, None)
    if graders is not None:
        graders.close()


class _Graders:
    """The graders and sessions of one pytest run."""

    def __init__(self, config: pytest.Config) -> None:
        self._file: str | None = config.getoption("--submission")
        self._grader: dict[bool, Grader] = {}
        self._sessions: dict[Path, tuple[UnitGrader, Session]] = {}
        self._sittings: dict[Path, dict[str, Sitting]] = {}

    def assess(self, item: pytest.Function) -> None:
        """Fail, skip or pass the item as its check does."""
        from autograder.grader.explaining import explain, source_problem
        from autograder.grader.suite_file import check_of
        from autograder.results.document import Outcome

        grader, session = self._for(item.path)
        collected = check_of(item)
        # The course's own version of a check counts, not a copy that may have been edited; extra checks count as they are.
        known = {each.id: each for each in grader.suite.checks}
        sittings = self._sittings.setdefault(item.path, {})
        verdict, recognised = grader.assess(known.get(collected.id, collected), session, sittings)
        if verdict.outcome is Outcome.NOT_ASSESSED:
            pytest.skip(verdict.reason)
        if verdict.outcome is not Outcome.PASSED:
            looks = _("This looks like: {name}.").format(name=recognised.name) if recognised else ""
            hint = f"\n\n{looks}\n{recognised.hint}" if recognised else ""
            problems = "\n\n".join(["", *map(source_problem, session.problems)])
            pytest.fail(
                f"{verdict.check.title}\n{explain(verdict, hinted=recognised is None)}{hint}{problems}", pytrace=False
            )

    def close(self) -> None:
        for __, session in self._sessions.values():
            session.__exit__()
        for grader in self._grader.values():
            grader.close()

    def _for(self, path: Path) -> tuple[UnitGrader, Session]:
        if path not in self._sessions:
            self._sessions[path] = self._open(path)
        return self._sessions[path]

    def _open(self, path: Path) -> tuple[UnitGrader, Session]:
        from autograder.course import find_course
        from autograder.grader.grading import Grader
        from autograder.submissions.submission import read_submission

        course = find_course(path.parent)
        public = path.name != HIDDEN
        named = path.stem.removeprefix("test_")  # in a workspace
        unit = course.unit(named if named in course.units else path.parent.name, drafts=True)
        if public not in self._grader:
            self._grader[public] = Grader(course.seed, public=public, walled=not public)
        grader = self._grader[public].unit(unit)
        return grader, grader.open(
            read_submission(Path(self._file) if self._file else _default_file(course, unit, path))
        )


def _default_file(course: Course, unit: Unit, suite: Path) -> Path:
    """In a workspace the student's own file, in the course itself the solution."""
    from autograder.student.workspace import find_workspace, own_file

    if find_workspace(suite.parent) is not None:
        return own_file(course, unit, suite.parent)
    return unit.solution if unit.solution.is_file() else unit.stub
