"""Public keys as they are named on the command line: written out, or in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meguru.signing.keys import PublicKey


def trusted_keys(said: Iterable[str]) -> list[PublicKey]:
    """Return the keys that are written (``ed25519:BASE64``, PEM) or stand in files: one a line, or as PEM.

    Raises
    ------
    InvalidInput
        Naming the file in which no key can be read.
    """
    return [key for each in said for key in _keys(each)]


def _keys(text: str) -> Iterator[PublicKey]:
    from meguru.errors import InvalidInput
    from meguru.signing.keys import PublicKey

    is_key = text.startswith(("ed25519:", "-----BEGIN"))
    try:
        said = text if is_key else Path(text).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput(
            "no key can be read there", where=text[:200], why=str(error), field="trust"
        ) from error
    if "-----BEGIN" in said:
        yield PublicKey.read(said)
        return
    lines = [line.split()[0] for line in said.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise InvalidInput("there is no key in this file", where=text, field="trust")
    yield from map(PublicKey.read, lines)
