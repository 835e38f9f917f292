"""What can go wrong while a check runs, and whose fault it is."""

from __future__ import annotations

from autograder.protocol.messages import Raised
from autograder.results.document import Outcome


class Fault(Exception):
    """The submission did not do what a check asked of it.

    Fault
    ├── MissingFault     no such function, class or attribute
    ├── RaisedFault      it raised
    ├── TimeoutFault     no answer by the deadline
    ├── CrashFault       its process died
    └── ForbiddenFault   it used an operator that the exercise rules out
    """

    outcome = Outcome.FAILED


class MissingFault(Fault):
    outcome = Outcome.MISSING


class RaisedFault(Fault):
    outcome = Outcome.RAISED

    def __init__(self, message: str, report: Raised) -> None:
        super().__init__(message)
        self.report = report


class TimeoutFault(Fault):
    outcome = Outcome.TIMED_OUT


class CrashFault(Fault):
    outcome = Outcome.CRASHED


class ForbiddenFault(Fault):
    outcome = Outcome.FORBIDDEN


class ReferenceFault(Exception):
    """The reference, not the submission, failed: the grader's fault."""
