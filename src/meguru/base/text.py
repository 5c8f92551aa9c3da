"""Text for users, ready for translation.

The language is the first of ``MEGURU_LANG``, ``LC_ALL``, ``LC_MESSAGES`` and ``LANG`` that a catalogue
exists for; a web page passes the one its reader asked for.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "ja")
_CATALOGUES = Path(__file__).parent.parent / "locale"


def language_of(environment: dict[str, str] | os._Environ[str] = os.environ) -> str:
    """Return ``en`` or ``ja``, as the environment asks."""
    for key in ("MEGURU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = environment.get(key, "")[:2].lower()
        if wanted in LANGUAGES:
            return wanted
    return "en"


def translate(message: str, language: str, *, room: str = "") -> str:
    """Return `message` in `language`; in English where the catalogue lacks it.

    A `room`, such as the command line, has a catalogue of its own (``ja.cli.json``), looked into first.
    """
    if room and (found := _catalogue(f"{language}.{room}").get(message)) is not None:
        return found
    return _catalogue(language).get(message, message)


def mark(message: str) -> str:
    """Mark a message for translation; it is translated where it is shown."""
    return message


def gettext(message: str) -> str:
    """Return `message` in the language of this process."""
    return translate(message, language_of())


@lru_cache(maxsize=2 * len(LANGUAGES))
def _catalogue(name: str) -> dict[str, str]:
    path = _CATALOGUES / f"{name}.json"
    if not path.exists():
        return {}
    import json

    return {str(key): str(value) for key, value in json.loads(path.read_text("utf-8")).items()}
