"""The language of what students read: gettext catalogs, English where one has no translation."""

from __future__ import annotations

import gettext
import locale
import os
from pathlib import Path

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).resolve().parent / "locale"
_chosen = "en"
_engine: gettext.NullTranslations = gettext.NullTranslations()


def speak(language: str) -> None:
    """Choose the language of every message from now on. Raises ValueError for one that is not in LANGUAGES."""
    global _chosen, _engine
    if language not in LANGUAGES:
        raise ValueError(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
    _chosen = language
    _engine = gettext.translation("autograder", FOLDER, [language], fallback=True)


def language() -> str:
    """The language chosen: 'en' or 'zh'."""
    return _chosen


def preferred() -> str:
    """The user's language: AUTOGRADER_LANG, else the locale; English if it is neither."""
    wanted = os.environ.get("AUTOGRADER_LANG") or locale.getlocale(locale.LC_CTYPE)[0] or ""
    return "zh" if wanted.lower().startswith(("zh", "chinese")) else "en"


def _(message: str) -> str:
    """The engine's message in the language chosen. Put values in afterwards: `_("{name} is missing").format(name=name)`."""
    return _engine.gettext(message)
