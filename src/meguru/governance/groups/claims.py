"""What may be asked of claims."""

from __future__ import annotations

from collections.abc import Mapping

from meguru.errors import InvalidInput

MOST_CLAIMS, MOST_TEXT = 20, 500


def check_claims(wanted: Mapping[str, str | list[str]], field: str) -> None:
    """Refuse what no claim could ever say."""
    if len(wanted) > MOST_CLAIMS:
        raise InvalidInput(f"at most {MOST_CLAIMS} claims can be asked for", field=field)
    for key, value in wanted.items():
        values = [value] if isinstance(value, str) else value
        if not values or len(values) > MOST_CLAIMS or any(not 0 < len(each) <= MOST_TEXT for each in values):
            raise InvalidInput(
                f"the claim {key[:100]!r} has no value to look for",
                field=f"{field}.{key[:100]}",
                why=f"it has 1 to {MOST_CLAIMS} values of 1 to {MOST_TEXT} characters",
            )
