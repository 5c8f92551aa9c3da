"""Secrets of webhooks, kept sealed (`meguru.kernel.sealing`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.errors import Conflict
from meguru.kernel.sealing import VERSION, SealedSecret, is_current, opened, seal
from meguru.kernel.secret_keys import keys_of, place_of_keys
from meguru.webhooks.legacy_cipher import open_before

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

__all__ = ["is_current", "open_secret", "seal", "unseal"]


def unseal(ws: Workspace, owner: str, kept: str) -> str:
    """Return a secret from what is kept of it.

    Raises
    ------
    Conflict
        If the key is lost, or the secret was changed or belongs to another webhook.
    """
    keys = keys_of(ws)
    sealed_secret = opened(keys, kept) if kept.startswith(f"{VERSION}.") else _open_before(keys, owner, kept)
    if sealed_secret is None:
        here = "it was sealed with another key than those here, or changed in the database"
        here = here if keys else "it was sealed with a key, and there is no key here"
        raise Conflict(
            "the secret of a webhook can't be read",
            where=f"webhook/{owner}",
            why=f"{here} ({place_of_keys(ws)})",
            hint="bring the key back, or give it a new secret: meguru webhook update ID --secret-file -",
        )
    if sealed_secret.owner != owner:
        why = "it belongs to another webhook"
        raise Conflict("the secret of a webhook can't be read", where=f"webhook/{owner}", why=why)
    return sealed_secret.secret


def open_secret(ws: Workspace, owner: str, kept: tuple[str, bool]) -> str:
    """Return a secret that may be sealed; an empty one is none."""
    text, is_sealed = kept
    return unseal(ws, owner, text) if text and is_sealed else text


def _open_before(keys: list[str], owner: str, kept: str) -> SealedSecret | None:
    found = open_before(keys, owner, kept)
    return None if found is None else SealedSecret(owner, found)
