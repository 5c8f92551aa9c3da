"""Which key somebody signed with, and whether it was good then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from meguru.governance.signing_keys import store
from meguru.governance.signing_keys.types import KeyStanding, SigningKeyRecord


def key_at(tx: Connection, key_id: str, when: datetime) -> KeyStanding | None:
    """Return whose key it is, and whether what it signed at a moment is good; None if nobody here has it.

    `when` is the moment that the event log has: a date within what was signed is its signer's word. A key is
    good from when it was added, not before: a clock that was set back makes signatures bad, never good.
    """
    found = store.find(tx, key_id)
    return None if found is None else KeyStanding(key=found, when=when, why=fault_at(found, when))


def fault_at(key: SigningKeyRecord, when: datetime) -> str:
    """Return why what a key signed at a moment is not good; empty if it is."""
    if when < key.created_at:
        return f"the key is known since {key.created_at:%Y-%m-%d %H:%M:%S} only, which is later"
    if key.revoked_at is not None and when >= key.revoked_at:
        return f"the key is revoked since {key.revoked_at:%Y-%m-%d %H:%M:%S}: {key.reason}"
    if key.retired_at is not None and when > key.retired_at:
        return f"the key is retired since {key.retired_at:%Y-%m-%d %H:%M:%S}"
    return ""
