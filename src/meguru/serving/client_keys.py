"""The client's own keys of a request's rows, by which it sends their outcomes later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from meguru.errors import InvalidInput
from meguru.flavors.field_errors import describe_value
from meguru.predictions import row_keys

_NONE = (UNSET, None)


def read(keys: Any, key: Any, times: Sequence[dt.datetime] | None, n: int) -> list[str] | None:
    """Return the keys of n rows as they are kept; None when none were said.

    Raises
    ------
    InvalidInput
        When one is no key, there is not one for each row, or two rows of one time have the same.
    """
    if keys in _NONE and key in _NONE:
        return None
    if key not in _NONE:
        if keys not in _NONE or n > 1:
            raise InvalidInput("key is for one row", field="key", hint="send keys, one for each row")
        return [row_keys.checked(key, "key")]
    if not isinstance(keys, list):
        raise InvalidInput("keys must be an array", field="keys", why=f"it is {describe_value(keys)}")
    if len(keys) != n:
        raise InvalidInput("keys has another length than the rows", why=f"{len(keys)} of {n}", field="keys")
    found = [row_keys.checked(each, f"keys[{index}]") for index, each in enumerate(keys)]
    _check_different(found, times)
    return found


def _check_different(keys: Sequence[str], times: Sequence[dt.datetime] | None) -> None:
    seen: set[tuple[str, dt.datetime | None]] = set()
    for index, key in enumerate(keys):
        one = (key, times[index] if times else None)
        if one in seen:
            raise InvalidInput(
                f"two rows have the key {key[:80]!r}",
                field=f"keys[{index}]",
                why="with its time, a key names one row of a request",
                hint="send times too, if the rows are of different times",
            )
        seen.add(one)
