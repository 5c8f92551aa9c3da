"""Read declared expectations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from meguru.base.type_errors import as_invalid
from meguru.datasets.expectations import EXPECTATIONS, Expectation
from meguru.datasets.expectations.base import RowExpectation
from meguru.datasets.types import Checks
from meguru.errors import InvalidInput, NotFound

MAX_EXPECTATIONS = 500
"""Expectations of one dataset."""


def expectations_of(declared: Sequence[dict[str, Any]], place: str = "expect") -> list[Expectation]:
    """Read what is declared; what is said of several ``columns`` is expected of each.

    Raises
    ------
    InvalidInput
        When one is unknown, or an option is unknown, of the wrong type or senseless; names the field.
    """
    expectations = [
        expectation
        for at, options in enumerate(declared)
        for expectation in _one_or_more(options, f"{place}[{at}]")
    ]
    if len(expectations) > MAX_EXPECTATIONS:
        raise InvalidInput(
            f"up to {MAX_EXPECTATIONS} expectations", field=place, why=f"these are {len(expectations)}"
        )
    return expectations


def of_checks(checks: Checks) -> list[Expectation]:
    """Return the expectations that a dataset's short ``checks`` are."""
    declared: list[dict[str, Any]] = []
    if checks.row_count_min:
        declared.append({"check": "volume", "min": checks.row_count_min})
    for column, most in checks.null_pct.items():
        declared.append({"check": "nulls", "column": column, "tolerance": most / 100})
    if checks.unique:
        declared.append({"check": "unique", "columns": list(checks.unique)})
    return expectations_of(declared, "checks")


def _one_or_more(options: dict[str, Any], place: str) -> list[Expectation]:
    given = {name: _plain(value) for name, value in options.items()}
    name = given.pop("check", None)
    if not isinstance(name, str):
        hint = f"check = one of {', '.join(EXPECTATIONS.names())}"
        raise InvalidInput(f"{place} needs to say what is expected", field=f"{place}.check", hint=hint)
    try:
        kind: type[Expectation] = EXPECTATIONS.load(name)
    except NotFound as error:
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=f"{place}.check") from None
    columns = given.get("columns")
    # One for each column, so that each is judged, and told, by itself.
    if issubclass(kind, RowExpectation) and isinstance(columns, list) and columns and "column" not in given:
        del given["columns"]
        return [_made(kind, given | {"column": column}, place) for column in columns]
    return [_made(kind, given, place)]


def _plain(value: Any) -> Any:
    """Return a time, which TOML has as such, as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value


def _made(kind: type[Expectation], options: dict[str, Any], place: str) -> Expectation:
    try:
        expectation: Expectation = msgspec.convert(options, kind)
        expectation.check()
    except msgspec.ValidationError as error:
        fault = as_invalid(error, place, kind)
        where = f"{place}.{fault.field}".rstrip(".")
        raise InvalidInput(fault.what, why=fault.why, hint=fault.hint, field=where) from None
    except InvalidInput as error:
        where = f"{place}.{error.field}".rstrip(".")
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=where) from None
    return expectation
