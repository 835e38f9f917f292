"""What students must not get of a unit, and a search for it in what they do get."""

from __future__ import annotations

import ast
import functools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.catalogs import OTHERS
from autograder.authoring.cutting import BEGIN, END
from autograder.authoring.declared import parsed
from autograder.authoring.sentences import (
    engine_messages,
    misconception_messages,
    public_messages,
    solution_messages,
    suite_messages,
)
from autograder.authoring.stubs import stub_text
from autograder.course import Unit
from autograder.language import read_catalog

SECRET_KINDS = ("title", "misconception", "its hint")
SHORTEST_CODE, SHORTEST_SENTENCE, SHORTEST_CHINESE = (
    60,
    24,
    14,
)  # without blanks: `no dropout at all` may stand anywhere
HEAD = min(SHORTEST_CODE, SHORTEST_SENTENCE, SHORTEST_CHINESE)
_LAYOUT = re.compile(r'[\s#"\\]+')


@dataclass(frozen=True)
class Secret:
    """A piece of text that students must not get. origin: the file of the course that it stands in."""

    origin: str
    text: str


@dataclass(frozen=True)
class Leak:
    """A secret that was found. name: the file that holds it."""

    name: str
    secret: Secret


def secrets_of(unit: Unit) -> Iterator[Secret]:
    """A unit's hidden sentences in every language, and its hidden code, statement by statement.

    What stands in the stub and in the public checks too, or is said by the engine, is no secret. Raises BuildError for a
    unit that cannot be read.
    """
    stub = stub_text(unit)
    yield from _hidden_sentences(unit)
    shown = {*_statements(stub, ast.parse(stub))}
    if unit.public_suite.is_file():
        shown |= {*_statements(_text(unit.public_suite), parsed(unit.public_suite))}
    for path in _hidden_files(unit):
        origin = str(path.relative_to(unit.root))
        for code in {*_statements(_text(path), parsed(path))} - shown:
            yield from _long_enough(Secret(origin, code), SHORTEST_CODE)
    for region in _text(unit.solution).split(BEGIN)[1:]:
        yield from _long_enough(Secret(str(unit.solution.relative_to(unit.root)), region.split(END)[0]), SHORTEST_CODE)


def leaks(files: Mapping[str, str], secrets: Iterable[Secret]) -> Iterator[Leak]:
    """Every secret that stands in some file, however lines are broken, quoted or commented there."""
    by_head: dict[str, list[tuple[str, Secret]]] = defaultdict(list)
    for secret in secrets:
        flat = _flat(secret.text)
        by_head[flat[:HEAD]].append((flat, secret))
    for name, text in files.items():
        flat = _flat(text)
        for start in range(len(flat) - HEAD + 1):
            for wanted, secret in by_head.get(flat[start : start + HEAD], ()):
                if flat.startswith(wanted, start):
                    yield Leak(name, secret)


def readable(name: str, content: bytes) -> str:
    """A file's text; of a notebook the source of its cells."""
    text = content.decode("utf-8", "replace")
    if not name.endswith(".ipynb"):
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def _hidden_sentences(unit: Unit) -> Iterator[Secret]:
    """Titles of hidden checks, names and hints of known mistakes, as long as nobody would write them by chance."""
    shown = {message.text for message in [*public_messages(unit), *solution_messages(unit.solution)]} | _engine_says()
    hidden: dict[str, Path] = {}
    for read, path in ((suite_messages, unit.hidden_suite), (misconception_messages, unit.misconceptions)):
        found = [message for message in read(path) if message.kind in SECRET_KINDS] if path.is_file() else []
        hidden |= {message.text: path for message in found if message.text not in shown}
    for language in ("en", *OTHERS):
        known = read_catalog(unit.catalog(language)).sentences
        told = {known.get(text, text): path for text, path in hidden.items()}
        for text in told.keys() - {known.get(text, text) for text in shown}:
            shortest = SHORTEST_SENTENCE if text.isascii() else SHORTEST_CHINESE
            yield from _long_enough(Secret(str(told[text].relative_to(unit.root)), text), shortest)


@functools.cache
def _engine_says() -> set[str]:
    return {message.text for message in engine_messages()}


def _hidden_files(unit: Unit) -> list[Path]:
    own = [unit.reference, unit.hidden_suite, unit.misconceptions, unit.accepted, unit.reference_tests]
    return [path for path in [*own, *sorted(unit.home.glob("blind/**/*.py"))] if path.is_file()]


def _statements(source: str, tree: ast.Module) -> list[str]:
    """A file's top-level statements; each function and class is one."""
    lines = source.split("\n")
    return ["\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in tree.body]


def _long_enough(secret: Secret, length: int) -> Iterator[Secret]:
    if len(_flat(secret.text)) >= length:
        yield secret


def _flat(text: str) -> str:
    return _LAYOUT.sub("", text)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
