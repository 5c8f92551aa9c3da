"""Which key somebody signed with, and whether it was good then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from meguru.governance.signing_keys import store
from meguru.governance.signing_keys.types import KeyStanding


def key_at(tx: Connection, key_id: str, when: datetime) -> KeyStanding | None:
    """Return whose key it is, and whether what it signed at a moment is good; None if nobody here has it.

    `when` is the moment that the event log has: a date within what was signed is its signer's word. A key is
    good from when it was added, not before: a clock that was set back makes signatures bad, never good.
    """
    key = store.find(tx, key_id)
    return None if key is None else KeyStanding(key=key, when=when, why=key.fault_at(when))
