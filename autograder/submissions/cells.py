"""A piece of source code. A module of its own, so that reading submissions does not import torch."""

from __future__ import annotations

import msgspec


class Cell(msgspec.Struct, frozen=True):
    """A piece of a submission's source: a whole file, or one notebook cell (`label` names it in messages).

    module: the name under which it can be imported, if it is a file that was handed in beside the one that is graded.
    """

    label: str
    source: str
    module: str = ""
