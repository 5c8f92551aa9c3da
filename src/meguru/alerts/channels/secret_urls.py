"""Addresses that are secrets themselves: who knows them can write there."""

from __future__ import annotations

from urllib.parse import urlsplit

from meguru.errors import InvalidInput

HOSTS = (
    *("hooks.slack.com", "hooks.slack-gov.com"),
    *("webhook.office.com", "logic.azure.com", "powerplatform.com"),
)


def refuse_written_out(address: str, *, field: str, variable: str) -> None:
    """Refuse an address that is a secret, and stands in a declaration, where all who may read see it.

    Raises
    ------
    InvalidInput
        With how to name it instead.
    """
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return
    if any(host == each or host.endswith(f".{each}") for each in HOSTS):
        raise InvalidInput(
            "this address is a secret, and would be shown to all who may read declarations",
            hint=f"set {variable} where the server runs, and write ${{{variable}}}",
            field=field,
        )
