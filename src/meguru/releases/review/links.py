"""Signed links to a review: bound to one person and to what they were asked about, for a while, once.

A link's token is sealed with the workspace's key (Fernet: AES-128-CBC and HMAC-SHA256). Who has it can look
at that review and decide as the person that it was sent to, where they may; and nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from meguru.base import digests
from meguru.base.ids import new_id
from meguru.errors import MeguruError, NotFound
from meguru.governance.log_time import log_time
from meguru.governance.persons import persons
from meguru.governance.rights import read_table
from meguru.kernel.secret_keys import cipher, ensure_keys, keys_of
from meguru.kernel.workspace import Workspace
from meguru.releases import store as releases
from meguru.releases.review import store
from meguru.releases.review.authors import authors_of
from meguru.releases.review.parts import parts_now
from meguru.releases.review.rights import Reviewers

PAGE = "/review/"
LIFETIME = timedelta(days=3)
MAX_TOKEN = 4096
_PURPOSE = b"meguru review links"
_MAIL = "mailto:"


class ReviewClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a link says: of which release as it was then (`parts`), to which account and where, until when."""

    id: str
    release: str
    digest: str
    parts: str
    account: str
    to: str
    until: datetime


def seal_review(ws: Workspace, claim: ReviewClaim) -> str:
    """Return the token of a link."""
    return cipher(ensure_keys(ws)[0], _PURPOSE).encrypt(msgspec.json.encode(claim)).decode()


def read_review(ws: Workspace, token: str) -> ReviewClaim:
    """Return what a link says.

    Raises
    ------
    NotFound
        If it is no token of ours, was changed, or its time is over.
    """
    from cryptography.fernet import InvalidToken, MultiFernet

    keys = [cipher(key, _PURPOSE) for key in keys_of(ws)]  # also earlier ones: links outlive a rotation
    try:
        if not keys or len(token) > MAX_TOKEN:
            raise InvalidToken
        claim = msgspec.json.decode(MultiFernet(keys).decrypt(token.encode()), type=ReviewClaim)
    except (InvalidToken, ValueError, msgspec.MsgspecError):
        raise NotFound("this link is not one of ours", hint="open the review in the console") from None
    with ws.read() as tx:
        now = log_time(tx, ws.clock.now())
    if claim.until <= now:
        why = f"it held until {claim.until:%Y-%m-%d %H:%M} UTC"
        raise NotFound("this link is too old", why=why, hint="open the review in the console")
    return claim


def link_for(ws: Workspace, release: str, to: str) -> str:
    """Return the path of a link for whom a message is sent to; empty if that is no one person who may decide.

    Only mail goes to one person: the address is that of their sign-in, or declared as their `person`.
    """
    if not to.startswith(_MAIL):
        return ""
    try:
        with ws.read() as tx:
            claim = _claim(tx, ws, release, to)
        return f"{PAGE}{seal_review(ws, claim)}" if claim else ""
    except MeguruError:
        return ""  # there is no key to seal it with: the plain link is in the message


def _claim(tx: Connection, ws: Workspace, release: str, to: str) -> ReviewClaim | None:
    found, who, now = releases.get(tx, release), persons(tx), ws.clock.now()
    address = to.removeprefix(_MAIL)
    if store.request_of(tx, found.endpoint, found.version) is None:
        return None
    if any(author.person == who.of(address) for author in authors_of(tx, found, who)):
        return None
    reviewers = Reviewers(tx, read_table(tx), found.endpoint)
    able = [
        principal.name for principal in who.accounts_at(address) if not reviewers.fault(principal.name, now)
    ]
    if not able:
        return None
    return ReviewClaim(
        id=new_id("lnk"),
        release=found.ref,
        digest=found.digest,
        parts=digests.of_value(parts_now(tx, found)),
        account=able[0],
        to=to,
        until=now + LIFETIME,
    )
