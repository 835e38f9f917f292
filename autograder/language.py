"""The language of what students read: PO catalogs, English where one has no translation.

The engine's messages are marked with `_("...")` and translated in `locale/zh.po`. What lecturers write in English (titles,
hints, misconceptions, prose) is translated in the catalog of the unit's folder, `tests/units/softmax_regression/zh.po`.
`autograder translate` keeps the catalogs up to date.
"""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "zh")
VARIABLE = "AUTOGRADER_LANG"
ENGINE = Path(__file__).resolve().parent / "locale"
# What stands for a value in a sentence of a catalog: {name}, or {value1}, {value2}, ... where the English is an f-string.
VALUE = re.compile(r"\{[A-Za-z_]\w*\}")
_PART = re.compile(r"(?P<whole>.+?)(?P<part>(\[[^\[\]]*\])+)", re.DOTALL)
_chosen = ""


class CatalogError(Exception):
    """A catalog that cannot be read; the message gives file and line."""


def speak(language: str) -> None:
    """Choose the language of every message from now on, here and in processes started later.

    Raises ValueError for one that is not in LANGUAGES.
    """
    global _chosen
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}; choose one of {', '.join(LANGUAGES)}")
    _chosen = language
    os.environ[VARIABLE] = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Another language for a while: `with speaking("en"):` for what must not depend on the reader."""
    global _chosen
    before, variable = _chosen, os.environ.get(VARIABLE)
    speak(language)
    try:
        yield
    finally:
        _chosen = before
        if variable is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = variable


def language() -> str:
    """The language chosen, else the user's own: 'en' or 'zh'."""
    return _chosen or preferred()


def preferred() -> str:
    """The user's language: AUTOGRADER_LANG, else the locale; English if it is neither."""
    wanted = [os.environ.get(name, "") for name in (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG")]
    first = next(filter(None, wanted), "") or locale.getlocale(locale.LC_CTYPE)[0] or ""
    return "zh" if first.lower().startswith(("zh", "chinese")) else "en"


def _(message: str) -> str:
    """The engine's message in the language chosen. Put values in afterwards: `_("{name} is missing").format(name=name)`."""
    return _said(message, catalog_path(ENGINE, language()))


def N_(message: str) -> str:
    """Mark a message that is said later, as `_(NAME)`; by itself it changes nothing."""
    return message


def say(message: str) -> str:
    """A message that N_ marked where it stands, in the language chosen."""
    return _said(message, catalog_path(ENGINE, language()))


def says(text: str, message: str) -> bool:
    """Whether `text` is the engine's `message`, in whatever language it was said."""
    return any(text == _said(message, catalog_path(ENGINE, known)) for known in LANGUAGES)


def translated(message: str, folder: Path) -> str:
    """A sentence that a lecturer wrote in a file of `folder`, in the language chosen; as it is where nobody translated it."""
    return _said(message, catalog_path(folder, language()))


def catalog_path(folder: Path, language: str) -> Path:
    """Where the sentences of a folder are translated into a language."""
    return folder / f"{language}.po"


@dataclass(frozen=True)
class Translations:
    """One catalog. sentences: English -> translation. patterns: the same for sentences with values in them."""

    sentences: dict[str, str]
    patterns: list[tuple[re.Pattern[str], str]] = field(default_factory=list)

    def say(self, message: str) -> str:
        """The translation of a message, or the message. `the sums[0]` is translated as `the sums` is, and so are the values
        in a sentence that are phrases themselves. Where several patterns fit, the one with most words of its own counts."""
        if message in self.sentences:
            return self.sentences[message]
        for pattern, translation in self.patterns:
            found = pattern.fullmatch(message)
            if found is not None:
                return _filled(translation, {name: self.say(value) for name, value in found.groupdict().items()})
        part = _PART.fullmatch(message)
        return self.say(part["whole"]) + part["part"] if part is not None else message


def _filled(translation: str, values: dict[str, str]) -> str:
    return VALUE.sub(lambda place: values.get(place.group()[1:-1], ""), translation)


def _said(message: str, catalog: Path) -> str:
    return message if catalog.stem == "en" else read_catalog(catalog).say(message)


@lru_cache(maxsize=256)
def read_catalog(path: Path) -> Translations:
    """The finished translations in a catalog; none if there is no such file. Raises CatalogError if it is malformed."""
    if not path.is_file():
        return Translations({})
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalog = read_po(file, abort_invalid=True)
    except PoFileError as error:
        raise CatalogError(f"{path}, line {error.lineno + 1}, is not what a PO file holds: {error.line}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} cannot be read: {error}") from error
    finished = {str(m.id): str(m.string) for m in catalog if m.id and m.string and not m.fuzzy}
    open_sentences = sorted(filter(VALUE.search, finished), key=lambda sentence: -len(VALUE.sub("", sentence)))
    return Translations(finished, [(_pattern(sentence), finished[sentence]) for sentence in open_sentences])


def _pattern(sentence: str) -> re.Pattern[str]:
    """What matches an English sentence with any values in the places that stand for them."""
    seen: set[str] = set()
    pieces = []
    for piece in re.split(f"({VALUE.pattern})", sentence):
        name = piece[1:-1]
        if not VALUE.fullmatch(piece):
            pieces.append(re.escape(piece))
        else:
            pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*?)")
            seen.add(name)
    return re.compile("".join(pieces), re.DOTALL)
