"""The templates, with everything they are given escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).resolve().parent / "templates"


def render(template: str, **values: Any) -> str:
    """A template filled with plain data. Raises jinja2.UndefinedError where it asks for data it was not given."""
    return _environment().get_template(template).render(**values)


def points(value: float) -> str:
    """2.0 as `2`, 0.5 as `0.5`."""
    return f"{value:g}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = points
    return environment
