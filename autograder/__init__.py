"""An auto-graded exercise package for a deep-learning course.

Student code runs in walled-off worker processes; suites, answers and grades stay in the grader.
"""

import sys
from typing import Any

__version__ = "0.1.0"

# pip refuses an older Python; whoever runs from the source reads this instead of a syntax error.
if sys.version_info < (3, 11):  # noqa: UP036
    raise SystemExit(
        f"autograder needs Python 3.11 or later, and this is {sys.version.split()[0]}. "
        "Install a newer one from python.org, and then: python3 -m pip install autograder"
    )


def __getattr__(name: str) -> Any:
    """`from autograder import check`, for notebooks, and `fill`, which gives a module the weights that feedback speaks of;
    loaded when it is asked for, so that importing this costs nothing."""
    if name == "check":
        from autograder.student.notebook import check

        return check
    if name == "fill":
        from autograder.worker.steps import fill

        return fill
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
