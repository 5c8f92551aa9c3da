"""Arguments as plain data that JSON can carry and every database can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput

MAX_DEPTH = 100
_MAX_INT = 2**63 - 1
# What JSON must have in it to be worth a closer look: a NUL or a long number, whatever its digits.
_NUL, _LONG = b"\\u0000", b"0" * 19
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_TOO_DEEP = f"arguments may be nested at most {MAX_DEPTH} deep"


def to_plain(arguments: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return arguments as plain data and as canonical JSON.

    Raises
    ------
    InvalidInput
        Naming the field that holds a NUL, half a surrogate pair, a number beyond 64 bits or one that is
        not finite, or that is nested too deeply.
    """
    try:
        plain: dict[str, Any] = msgspec.to_builtins(arguments)
        # Encoded once: the digest of the request, the size and the checks below need the same bytes.
        body = digests.canonical(plain)
    except RecursionError as error:
        raise InvalidInput("the arguments can't be read", why=_TOO_DEEP) from error
    except UnicodeEncodeError as error:
        _refuse_first_fault(arguments)
        raise InvalidInput("the arguments can't be read", why=str(error)) from error
    # Cheap tests on the bytes: a walk through each value of a batch of points would cost more than the
    # operation. They may suspect too much (an escaped backslash before u0000); only the walk refuses.
    endless = any(isinstance(value, float) and not math.isfinite(value) for value in plain.values())
    if endless or _NUL in body or _LONG in body.translate(_ZEROS) or _depth(body) > MAX_DEPTH:
        _refuse_first_fault(plain)
    return plain, body


def _depth(body: bytes) -> int:
    # Brackets inside of texts count too: this is only a reason to look closer.
    brackets = body.translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _refuse_first_fault(plain: dict[str, Any]) -> None:
    for field, why in _faults(plain, "", 0):
        raise InvalidInput(f"{field or 'the input'} can't be stored", why=why, field=field)


def _faults(value: Any, field: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > MAX_DEPTH:
        yield field[:100], _TOO_DEEP
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _faults(key, field, depth)
            yield from _faults(item, f"{field}.{key}" if field else str(key), depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _faults(item, f"{field}[{index}]", depth + 1)
    elif isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
        yield field, "text may not contain NUL or half of a surrogate pair"
    elif isinstance(value, int) and not -_MAX_INT - 1 <= value <= _MAX_INT:
        yield field, "whole numbers have at most 64 bits"
    elif depth <= 1 and isinstance(value, float) and not math.isfinite(value):
        # Within lists (points of a metric) such numbers are allowed, whatever else the arguments hold.
        yield field, "a finite number is wanted"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
