"""Ask a server's token endpoint: before one has a token, or to end one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from meguru.errors import Busy, InvalidInput

SECONDS = 30.0


def post(url: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Send a form; return the object that answers it, also where it tells of an error.

    Raises
    ------
    Busy
        If nothing answers.
    InvalidInput
        If what answers is no server of ours.
    """
    place = urlsplit(url).netloc
    try:
        answer = httpx2.post(url, data=fields, headers=headers, timeout=SECONDS)
    except httpx2.HTTPError as error:
        raise Busy(f"{place} does not answer", why=str(error) or type(error).__name__) from error
    return read(answer.content, place)


def read(body: bytes, place: str) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"{place} is no Meguru server that signs people in", where=place) from error
