"""Cut a stub out of a solution."""

from __future__ import annotations

import re

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
PLACEHOLDER = ("# YOUR CODE HERE", "raise NotImplementedError()")
_MARKER = re.compile(r"^(?P<indent>\s*)###\s*(?P<kind>BEGIN|END) SOLUTION\s*$")


class BuildError(Exception):
    """A file of the course that cannot be turned into what students get; the message gives file and line."""


def cut(solution: str, name: str) -> str:
    """Replace every solution region by a placeholder. Raises BuildError for nested, unclosed or empty regions."""
    kept: list[str] = []
    opened: int | None = None
    filled = False
    for number, line in enumerate(solution.split("\n"), start=1):
        marker = _MARKER.match(line)
        if marker is None:
            filled = filled or bool(line.strip())
            if opened is None:
                kept.append(line)
            continue
        if marker["kind"] == "BEGIN":
            if opened is not None:
                raise BuildError(f"{name}:{number}: {BEGIN} inside the region that began in line {opened}")
            opened, filled = number, False
            kept += [marker["indent"] + text for text in PLACEHOLDER]
        elif opened is None:
            raise BuildError(f"{name}:{number}: {END} without {BEGIN}")
        elif not filled:
            raise BuildError(f"{name}:{opened}: the solution region is empty")
        else:
            opened = None
    if opened is not None:
        raise BuildError(f"{name}:{opened}: {BEGIN} is never closed by {END}")
    return "\n".join(kept)
