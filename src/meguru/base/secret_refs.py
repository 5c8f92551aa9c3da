"""Secrets by reference: what is declared names where a secret is, and never holds it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from meguru.errors import Conflict, InvalidInput

_REFERENCE = re.compile(r"(?:\$\{)?(env|file):([^}]{1,500})\}?")
_OWN = frozenset({"MEGURU_SECRET_KEY", "MEGURU_TOKEN"})
MAX_BYTES = 4096


def check_secret(text: str, field: str) -> str:
    """Return a reference to a secret: ``env:NAME`` or ``file:PATH``.

    Raises
    ------
    InvalidInput
        If it is none; it is not repeated then, as it may be the secret.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise InvalidInput(
            "a secret is not written down here",
            field=field,
            why="what is declared is shown to whoever may read it, and kept in the log",
            hint="say where it is: env:NAME or file:PATH, on the server",
        )
    kind, name = found.groups()
    if kind == "env" and name in _OWN:
        raise InvalidInput(f"{name} is the server's own secret", field=field, hint="use another variable")
    return f"{kind}:{name}"


def open_secret(reference: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the secret that a reference leads to.

    Raises
    ------
    Conflict
        If nothing is there.
    """
    kind, _, name = reference.partition(":")
    try:
        if kind == "env":
            found = (os.environ if environment is None else environment)[name]
        else:
            # Bounded: it may name any file, such as a device that never ends.
            with Path(name).open(encoding="utf-8") as file:
                found = file.read(MAX_BYTES)
    except (KeyError, OSError, UnicodeDecodeError) as error:
        hint = "set it where the server runs" if kind == "env" else "put it there, readable by the server"
        raise Conflict(
            f"the secret at {reference} can't be read", why=type(error).__name__, hint=hint
        ) from None
    if not found.strip():
        raise Conflict(f"the secret at {reference} is empty")
    return found.strip()
