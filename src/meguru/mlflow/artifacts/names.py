"""Names of artifacts: the one spelling in which a path is judged, kept, listed and fetched.

Clients send names encoded once or twice, or as they are; and what they read in a listing they decode before
they ask for it. So a path is decoded until nothing is left to decode, as MLflow's server and clients do it
(`urlsplit` included, which drops a query that is empty), and a character that can't be seen is written as its
code. Whoever writes, lists or fetches ``a%2525b``, ``a%25b`` or ``a%b`` means one file: ``a%b``.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PureWindowsPath
from urllib.parse import unquote, urlparse, urlunparse

from meguru.base.paths import MAX_PATH
from meguru.mlflow.protocol.errors import invalid

MAX_DECODINGS = 10
"""A path that was encoded more often is refused, as by MLflow."""
_BELOW = "./"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = re.compile(r"[A-Za-z]:|[A-Za-z][\w+.-]*:/")


def canonical_path(path: str) -> str:
    """Return a path in its one spelling, if it stays where it belongs; without its dots, so perhaps empty.

    A colon is let in, as in ``12:30.png``; what looks like a drive or an address is not. A backslash is a
    letter, but not one that could climb out of a folder on another system. No line breaks.
    """
    plain = _UNSEEN.sub(lambda found: f"%{ord(found[0]):02x}", _decoded(path))
    is_elsewhere = plain.startswith("/") or _ADDRESS.match(plain) or PureWindowsPath(plain).is_absolute()
    climbs = ".." in re.split(r"[/\\]", plain)
    if not plain or "#" in plain or is_elsewhere or climbs or len(plain) > MAX_PATH:
        raise invalid("Invalid path")
    kept = posixpath.normpath(plain)
    return "" if kept == "." else kept


def without_nul(path: str) -> str:
    """Return a path as it is spelt, with NUL, which no database keeps, as `canonical_path` writes it."""
    return path.replace("\0", "%00")


def _decoded(path: str) -> str:
    for _ in range(MAX_DECODINGS):
        plain = unquote(path)
        if "\n" in plain or "\r" in plain:  # `urlparse` would drop them without a word
            break
        # Below a folder, so that nothing is taken for a scheme or a host.
        plain = urlunparse(urlparse(_BELOW + plain)).removeprefix(_BELOW)
        if plain == path:
            return path
        path = plain
    raise invalid("Invalid path")
