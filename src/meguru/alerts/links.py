"""Links in messages: to the page of an alert, and signed ones, which acknowledge it or show its drawing.

A link's token is sealed with the workspace's key (Fernet: AES-128-CBC and HMAC-SHA256): it names one alert
and until when it holds, one that acknowledges also the route and the receiver that it was made for. Who has
it can acknowledge that alert, or see its drawing, and nothing else: a token of one is none of the other.
"""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import msgspec

from meguru.alerts import store as alerts
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.base import refs
from meguru.errors import MeguruError, NotFound
from meguru.kernel.secret_keys import cipher, ensure_keys, keys_of
from meguru.kernel.server_record import find_server
from meguru.kernel.workspace import Workspace
from meguru.releases.review.links import link_for

log = logging.getLogger(__name__)
LIFETIME = timedelta(days=3)
MAX_TOKEN = 4096
PAGE = "/acknowledge/"
_PURPOSE = b"meguru ack links"
"""Keeps these apart from all else that is sealed with the same key."""
PICTURE_PAGE = "/evidence/"
_PICTURE_PURPOSE = b"meguru evidence pictures"
_PUBLIC = "https://"
_REVIEW_CAUSES = frozenset({"release.review_requested", "release.glass_broken"})


Claim = TypeVar("Claim", "LinkClaim", "PictureClaim")


class LinkClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a link says: which alert, by which route, to whom it was sent, until when it holds."""

    alert: str
    route: str
    to: str
    until: datetime


class PictureClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What the link to a drawing says: of which alert, in which language, until when it holds."""

    alert: str
    language: str
    until: datetime


def seal_link(ws: Workspace, claim: LinkClaim) -> str:
    """Return the token of a link.

    Raises
    ------
    MeguruError
        If the workspace has no key, and can't make one.
    """
    return _seal(ws, claim, _PURPOSE)


def _seal(ws: Workspace, claim: LinkClaim | PictureClaim, purpose: bytes) -> str:
    return cipher(ensure_keys(ws)[0], purpose).encrypt(msgspec.json.encode(claim)).decode()


def read_link(ws: Workspace, token: str) -> LinkClaim:
    """Return what a link says.

    Raises
    ------
    NotFound
        If it is no token of ours, was changed, or its time is over.
    """
    return _read(ws, token, _PURPOSE, LinkClaim)


def read_picture_link(ws: Workspace, token: str) -> PictureClaim:
    """Return what the link to a drawing says.

    Raises
    ------
    NotFound
        If it is no token of ours, was changed, or its time is over.
    """
    return _read(ws, token, _PICTURE_PURPOSE, PictureClaim)


def _read(ws: Workspace, token: str, purpose: bytes, kind: type[Claim]) -> Claim:
    from cryptography.fernet import InvalidToken, MultiFernet

    # All keys, the newest first: links outlive a rotation.
    keys = [cipher(key, purpose) for key in keys_of(ws)]
    try:
        if not keys or len(token) > MAX_TOKEN:
            raise InvalidToken
        claim = msgspec.json.decode(MultiFernet(keys).decrypt(token.encode()), type=kind)
    except (InvalidToken, ValueError, msgspec.MsgspecError):
        # One answer for all faults: nobody learns whether a token was nearly right.
        raise NotFound("this link is not one of ours", hint="open the alert in the console") from None
    if claim.until <= ws.clock.now():
        raise NotFound(
            "this link is too old", why=f"it held until {claim.until:%Y-%m-%d %H:%M} UTC",
            hint="open the alert in the console",
        )  # fmt: skip
    return claim


def with_links(
    ws: Workspace, message: NotificationMessage, *, to: str, drawn: AbstractSet[str] = frozenset()
) -> NotificationMessage:
    """Return a message with links, where the server's address is known; they are made when it is sent.

    Drawings of the alerts that are `drawn` have one where all the world reaches the server, by https.
    """
    base = address_of(ws)
    if not base:
        return message
    items = [_linked(ws, message, item, base, to) for item in message.items]
    if base.startswith(_PUBLIC):
        items = [
            _pictured(ws, item, base, message.language) if item.alert in drawn else item for item in items
        ]
    return msgspec.structs.replace(message, items=items, url=f"{base}/ui/alerts")


def address_of(ws: Workspace) -> str:
    """Return where people reach the server: the setting ``public_url``, or its address on this machine."""
    if ws.settings.public_url:
        return ws.settings.public_url.rstrip("/")
    server = find_server(ws.root)
    return server.url.rstrip("/") if server else ""


def _linked(
    ws: Workspace, message: NotificationMessage, item: MessageItem, base: str, to: str
) -> MessageItem:
    if not item.alert:
        return item
    url = _review_of(ws, item, base, to) or f"{base}/ui/alerts/{item.alert}"
    if item.state != "open":
        return msgspec.structs.replace(item, url=url)
    until = ws.clock.now() + LIFETIME
    claim = LinkClaim(alert=item.alert, route=message.notification, to=to, until=until)
    try:
        token = seal_link(ws, claim)
    except MeguruError as error:
        log.warning("links that acknowledge can't be made: %s; %s", error.what, error.hint)
        return msgspec.structs.replace(item, url=url)
    return msgspec.structs.replace(item, url=url, acknowledge=f"{base}{PAGE}{token}")


def _review_of(ws: Workspace, item: MessageItem, base: str, to: str) -> str:
    """Return where a release is reviewed that people are asked about: where its reader may decide."""
    if item.state != "open" or not item.subject.startswith("release/"):
        return ""
    with ws.read() as tx:
        if alerts.one(tx, item.alert).cause not in _REVIEW_CAUSES:
            return ""
    name, _, version = item.subject.removeprefix("release/").rpartition("@")
    project, bare = refs.project_of(name), refs.bare(name)
    within = f"/projects/{quote(project, safe='')}" if project else ""
    page = f"{within}/ui/releases/{quote(bare, safe='')}/{quote(version, safe='')}"
    return base + (link_for(ws, item.subject, to) or page)


def _pictured(ws: Workspace, item: MessageItem, base: str, language: str) -> MessageItem:
    claim = PictureClaim(alert=item.alert, language=language, until=ws.clock.now() + LIFETIME)
    try:
        token = _seal(ws, claim, _PICTURE_PURPOSE)
    except MeguruError:
        return item  # it was told with the other link
    return msgspec.structs.replace(item, picture=f"{base}{PICTURE_PAGE}{token}.png")


def described(claim: LinkClaim) -> str:
    """Return by which link somebody came, for the log."""
    return f"{refs.make('notification', claim.route)} to {claim.to}"
