"""What may be asked of claims."""

from __future__ import annotations

from collections.abc import Mapping

from meguru.errors import InvalidInput

MAX_CLAIMS, MAX_TEXT = 20, 500


def check_claims(wanted: Mapping[str, str | list[str]], field: str) -> None:
    """Refuse what no claim could ever say."""
    if len(wanted) > MAX_CLAIMS:
        raise InvalidInput(f"at most {MAX_CLAIMS} claims can be asked for", field=field)
    for key, value in wanted.items():
        values = [value] if isinstance(value, str) else value
        if not values or len(values) > MAX_CLAIMS or any(not 0 < len(each) <= MAX_TEXT for each in values):
            raise InvalidInput(
                f"the claim {key[:100]!r} has no value to look for",
                field=f"{field}.{key[:100]}",
                why=f"it has 1 to {MAX_CLAIMS} values of 1 to {MAX_TEXT} characters",
            )
