"""All that people decided of a release, for who was not there: see the evidence packs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from meguru.releases import store as releases
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import JudgedDecision


def decisions_of(tx: Connection, release: str, now: datetime) -> list[JudgedDecision]:
    """Return every decision about a release, of whatever digest, with its signed envelope and its state.

    Parameters
    ----------
    tx
        An open transaction.
    release
        Its reference, ``release/delay@3``.
    now
        The moment by which approvals expire.
    """
    return standing_of(tx, releases.get(tx, release), now).decisions
