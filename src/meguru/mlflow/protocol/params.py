"""The parameters of a request: JSON as protocol buffers write it, or a query string."""

from __future__ import annotations

import json
import math
import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from meguru.mlflow.protocol.errors import Refusal, invalid

LARGEST = 1.7976931348623157e308
"""What MLflow's SQL store keeps in the place of infinity, which MySQL has not."""
_INTEGER = re.compile(r"[+-]?\d{1,19}")


class Params:
    """What a request gave, read field by field; a field that is null was not given."""

    def __init__(self, given: dict[str, Any], *, is_query: bool = False, path: str = "") -> None:
        self.given, self.is_query, self.path = given, is_query, path

    def text(self, name: str, *, required: bool = False, most: int = 0) -> str:
        """Return a text; empty when it was not given."""
        value = self.given.get(name)
        if value is None or (value == "" and required):
            self._absent(name, required=required)
            return ""
        if isinstance(value, list) and self.is_query:
            value = value[-1]
        if not isinstance(value, str) or "\0" in value:
            raise bad(self.path + name, value, "a text is wanted")
        if most and len(value) > most:
            raise invalid(f"'{self.path}{name}' exceeds the maximum length of {most} characters")
        return value

    def word(self, name: str, known: tuple[str, ...]) -> str:
        """Return a word of an enumeration, which may come as its number; empty when it was not given."""
        value = self.given.get(name)
        number = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if number.isascii() and number.isdecimal() and 1 <= int(number[:9]) <= len(known):
            return known[int(number) - 1]
        found = self.text(name)
        if found and found not in known:
            raise bad(self.path + name, found, f"it is one of {', '.join(known)}")
        return found

    def value(self, name: str = "value") -> str:
        """Return a text that must be given, and may be empty."""
        if self.given.get(name) is None:
            self._absent(name, required=True)
        return self.text(name)

    def optional(self, name: str, *, most: int = 0) -> str | None:
        """Return a text, or None when it was not given."""
        return None if self.given.get(name) is None else self.text(name, most=most)

    def integer(self, name: str, default: int | None = None, *, required: bool = False) -> int | None:
        """Return a whole number, written as one or as decimal digits."""
        value = self.given.get(name)
        if value is None:
            self._absent(name, required=required)
            return default
        return as_integer(self.path + name, value[-1] if isinstance(value, list) and self.is_query else value)

    def number(self, name: str) -> float | None:
        """Return a number that must be given; None for NaN, the largest one for what is infinite."""
        value = self.given.get(name)
        self._absent(name, required=value is None)
        return as_number(self.path + name, value)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        value = self.given.get(name) or []
        if isinstance(value, str) and self.is_query:
            value = [value]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise bad(self.path + name, value, "a list of texts is wanted")
        return value

    def objects(self, name: str) -> list[Params]:
        """Return a list of objects."""
        value = self.given.get(name) or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise bad(self.path + name, value, "a list of objects is wanted")
        return [Params(each) for each in value]

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """Return a list of keys with their values."""
        pairs = []
        for params in self.objects(name):
            key, value = params.given.get("key"), params.given.get("value")
            if not isinstance(key, str) or not isinstance(value, str | None):
                raise bad(name, self.given[name], "each has a key and a value, which are texts")
            pairs.append((key, value or ""))
        return pairs

    def nested(self, name: str) -> Params:
        """Return an object that must be given."""
        value = self.given.get(name)
        if not isinstance(value, dict):
            raise bad(self.path + name, value, "an object is wanted")
        return Params(value)

    def run(self) -> str:
        """Return the id of the run, under its new name or its old one."""
        if self.given.get("run_id") is None and self.given.get("run_uuid") is not None:
            return self.text("run_uuid", required=True, most=256)
        return self.text("run_id", required=True, most=256)

    def _absent(self, name: str, *, required: bool) -> None:
        if required:
            raise invalid(f"Missing value for required parameter '{self.path}{name}'.")


def read_json(body: bytes) -> Params:
    """Decode a body; old clients send the object as a text within JSON."""
    try:
        value = _decode(body) if body.strip() else {}
        if isinstance(value, str):
            value = _decode(value.encode())
    except (ValueError, RecursionError) as error:
        raise Refusal("BAD_REQUEST", f"The request body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Refusal("BAD_REQUEST", "The request body must be a JSON object.")
    return Params(value)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        # Python's own writes and reads NaN, Infinity and 1e999; it also takes half of a surrogate pair.
        value = json.loads(body)
        json.dumps(value, ensure_ascii=False).encode()
        return value


def read_query(query: bytes) -> Params:
    """Read a query string; a name that comes again makes a list."""
    given: dict[str, Any] = {}
    for field, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        name = field.removesuffix("[]")
        if name in given:
            known = given[name]
            given[name] = [*known, text] if isinstance(known, list) else [known, text]
        else:
            given[name] = text
    return Params(given, is_query=True)


def as_integer(name: str, value: Any) -> int:
    """Return a whole number of at most 64 bits."""
    number = value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        number = int(value)
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int) or not -(2**63) <= number < 2**63:
        raise bad(name, value, "a whole number of 64 bits is wanted")
    return number


def as_number(name: str, value: Any) -> float | None:
    """Return a number; None for NaN, the largest one for what is infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise bad(name, value, "a number is wanted")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise bad(name, value, "a number is wanted") from None
    if math.isnan(number):
        return None
    return max(-LARGEST, min(LARGEST, number))


def limit_of(params: Params, *, default: int, most: int) -> int:
    """Return how many results are wanted."""
    limit = params.integer("max_results", default) or 0
    if params.given.get("max_results") is None:
        return default
    if not 0 < limit <= most:
        what = "be a positive integer" if limit <= 0 else f"be at most {most}"
        raise invalid(f"Invalid value {limit} for parameter 'max_results' supplied. It must {what}")
    return limit


def bad(name: str, value: Any, why: str) -> Refusal:
    """Return the refusal of a parameter's value."""
    try:
        shown = msgspec.json.encode(value).decode()[:1000]
    except (msgspec.MsgspecError, OverflowError, RecursionError, UnicodeError):  # no JSON, but read as such
        shown = f"of the type {type(value).__name__}"
    return invalid(f"Invalid value {shown} for parameter '{name}' supplied: {why}")
