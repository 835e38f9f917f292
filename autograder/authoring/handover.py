"""Hand what waits for a translation to a translator, in one file with the course's words, and take it back."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

from autograder.authoring.catalogs import gaps, written
from autograder.course import Course, CourseError
from autograder.language import ENGINE, catalog_path, read_catalog

GLOSSARY = "glossary.toml"


def remembered(course: Course, language: str) -> dict[str, str]:
    """What is translated anywhere: in the engine, in the course's titles, in its units in lecture order."""
    units = sorted([*course.units.values(), *course.drafts.values()], key=lambda unit: unit.number)
    known: dict[str, str] = {}
    for folder in [ENGINE, course.home, *(unit.home for unit in units)]:
        for text, said in read_catalog(catalog_path(folder, language)).sentences.items():
            known.setdefault(text, said)
    return known


def filled(text: str, known: Mapping[str, str], language: str) -> str:
    """A catalog's text with the translations that are known of what waits in it."""
    catalog = read_po(io.BytesIO(text.encode("utf-8")))
    for message in catalog:
        if message.id and (message.fuzzy or not message.string) and known.get(str(message.id)):
            message.string = known[str(message.id)]
            message.flags.discard("fuzzy")
    return written(catalog, language)


def exported(course: Course, catalogs: Mapping[Path, str], language: str) -> tuple[str, int]:
    """One PO file with every sentence that waits in some catalogs, once, each with where it stands and what it is; the
    course's glossary at its head. Also how many sentences these are."""
    waiting = Catalog()
    for path, text in catalogs.items():
        comments = {str(message.id): message.auto_comments for message in read_po(io.BytesIO(text.encode("utf-8")))}
        for gap in gaps(path, text):
            told = [f"{path.parent.name}: {comment}" for comment in comments[gap.text]]
            waiting.add(gap.text, auto_comments=told, user_comments=[gap.problem])
    head = [f"# {text} = {said}" for text, said in glossary(course, language).items()]
    return "\n".join(["# The course's words:", *head, "", written(waiting, language)]), len(waiting)


def imported(path: Path) -> dict[str, str]:
    """The finished translations of a file that was handed over. Raises CourseError for one that cannot be read."""
    try:
        with path.open("rb") as file:
            catalog = read_po(file, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read as what `autograder translate --export` wrote: {error}") from error
    return {
        str(message.id): str(message.string)
        for message in catalog
        if message.id and message.string and not message.fuzzy
    }


def glossary(course: Course, language: str) -> dict[str, str]:
    """The course's words in a language; none where there is no glossary. Raises CourseError where it cannot be read."""
    path = course.home / GLOSSARY
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from error
    words = content.get(language, {})
    return {str(text): str(said) for text, said in words.items()} if isinstance(words, dict) else {}


def unknown(known: Iterable[str], catalogs: Mapping[Path, str]) -> list[str]:
    """Sentences of a handed-over file that stand in none of the catalogs (any more)."""
    there = {str(message.id) for text in catalogs.values() for message in read_po(io.BytesIO(text.encode("utf-8")))}
    return [text for text in known if text not in there]
