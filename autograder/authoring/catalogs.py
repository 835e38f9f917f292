"""Catalogs of translations: what should stand in them, what waits, and what of them students get."""

from __future__ import annotations

import io
import re
import string
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from autograder.authoring.sentences import Message, course_messages, engine_messages, unit_messages
from autograder.course import Course, Unit
from autograder.language import ENGINE, LANGUAGES, catalog_path, read_catalog

OTHERS = tuple(language for language in LANGUAGES if language != "en")
HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_CODE = re.compile(r"`[^`]*`|\$[^$]*\$")


@dataclass(frozen=True)
class Gap:
    """A sentence of a catalog that is not translated, or not properly; `problem` says how."""

    catalog: Path
    text: str
    problem: str


def engine_catalogs() -> dict[Path, str]:
    """The engine's catalogs and what should be in them."""
    messages = engine_messages()
    paths = {catalog_path(ENGINE, language): language for language in OTHERS}
    return {path: updated(path, messages, language) for path, language in paths.items()}


def course_catalogs(course: Course, units: list[Unit], *, index: bool = False) -> dict[Path, str]:
    """The catalogs of some units and what should be in them. index: that of the course's own titles, too.

    Raises CatalogError for one that cannot be read.
    """
    sources = {unit.home: unit_messages(unit) for unit in units}
    if index:
        sources[course.home] = course_messages(course)
    return {
        catalog_path(folder, language): updated(catalog_path(folder, language), messages, language)
        for folder, messages in sources.items()
        for language in OTHERS
    }


def excerpt(path: Path, messages: list[Message], language: str) -> str:
    """A catalog with those of some messages that are translated in `path`, and nothing else of it."""
    known = read_catalog(path).sentences
    catalog = Catalog()
    for message in messages:
        if message.text in known:
            catalog.add(message.text, known[message.text])
    return written(catalog, language)


def updated(path: Path, messages: list[Message], language: str) -> str:
    """A catalog with exactly these messages; the translations it has are kept, one of a sentence that changed a little
    is kept and marked fuzzy: it counts again when a person has looked at it and taken the mark away."""
    template = Catalog()
    for message in messages:
        template.add(message.text, auto_comments=[message.kind])
    catalog = _read(path, language)
    catalog.update(template)
    return written(catalog, language)


def gaps(path: Path, text: str) -> list[Gap]:
    """What is missing or wrong in a catalog of this text."""
    catalog = read_po(io.BytesIO(text.encode("utf-8")))
    found = [
        (message, _problem(str(message.id), str(message.string), message.fuzzy)) for message in catalog if message.id
    ]
    return [Gap(path, str(message.id), problem) for message, problem in found if problem]


def _problem(text: str, translation: str, fuzzy: bool) -> str:
    if not translation:
        return "is not translated"
    if fuzzy:
        return "has a translation of an older sentence"
    if set(_places(text)) != set(_places(translation)):
        return "has other placeholders than its translation"
    if sorted(_CODE.findall(text)) != sorted(_CODE.findall(translation)):
        return "has other code or formulas than its translation"
    return ""


def _places(text: str) -> list[str]:
    """The names in braces that stand for values."""
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:  # a formula's braces
        fields = []
    return [name for name in fields if _IDENTIFIER.fullmatch(name)]


def _read(path: Path, language: str) -> Catalog:
    if not path.is_file():
        return Catalog(locale=language)
    read_catalog(path)  # which names the file and the line that is wrong
    with path.open("rb") as file:
        return read_po(file, locale=language)


def written(catalog: Catalog, language: str) -> str:
    """A catalog as the text of a PO file."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, omit_header=True, ignore_obsolete=True)
    return HEADER.format(language=language) + file.getvalue().decode("utf-8").strip("\n") + "\n"
