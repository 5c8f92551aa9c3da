"""Read what people say of a check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, NotFound
from meguru.monitoring.checks import CHECKS, MonitorCheck

DEFAULT_CHECKS = ("schema",)
"""What every monitor checks: that columns are there, and hold what they held."""


def with_default_checks(checks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the checks of a monitor with those that every monitor makes."""
    asked = {check.get("check") for check in checks}
    return [*({"check": each} for each in DEFAULT_CHECKS if each not in asked), *checks]


def check_of(options: dict[str, Any], place: str = "checks") -> MonitorCheck:
    """Read one check's options.

    Raises
    ------
    InvalidInput
        When the check is unknown or an option is unknown, of the wrong type or makes no sense; names the
        field.
    """
    given = dict(options)
    name = given.pop("check", None)
    if not isinstance(name, str):
        known = ", ".join(CHECKS.names())
        raise InvalidInput(
            f"{place} needs to say which check it is", field=f"{place}.check", hint=f"one of {known}"
        )
    try:
        kind: type[MonitorCheck] = CHECKS.load(name)
        monitor_check: MonitorCheck = msgspec.convert(given, kind)
        monitor_check.check()
    except NotFound as error:
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=f"{place}.check") from None
    except msgspec.ValidationError as error:
        fault = as_invalid(error, place, kind)
        where = f"{place}.{fault.field}".rstrip(".")
        raise InvalidInput(
            f"{where} is not as it must be", why=fault.why, hint=fault.hint, field=where
        ) from None
    except InvalidInput as error:
        raise InvalidInput(
            error.what, why=error.why, hint=error.hint, field=f"{place}.{error.field}"
        ) from None
    return monitor_check
