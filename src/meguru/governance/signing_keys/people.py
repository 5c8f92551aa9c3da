"""The public keys of people: added by themselves alone, revoked by themselves or an owner."""

from __future__ import annotations

from datetime import datetime

from meguru.errors import Conflict, Forbidden, InvalidInput, NotFound
from meguru.governance.signing_keys import store
from meguru.governance.signing_keys.proof import proves
from meguru.governance.signing_keys.types import ED25519, P256, SERVER, Algorithm, SigningKeyRecord
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import ANYBODY, covers
from meguru.signing.elliptic import EllipticPublicKey
from meguru.signing.keys import PublicKey

MAX_KEYS = 50
"""So many keys one may have that are not revoked."""
_MAX_TEXT = 1000


@operation("signing_key.add", permission=ANYBODY)
def add(ctx: Context, *, public: str, proof: str, note: str = "") -> SigningKeyRecord:
    """Add a public key of one's own: what it signs from now on is one's own word.

    Parameters
    ----------
    public
        The key, as ``ed25519:BASE64`` or PEM; one on P-256 signs models.
    proof
        That one holds its private half: see `proof.prove`.
    note
        What it is for.

    Raises
    ------
    InvalidInput
        If it is no key, or the proof is another's.
    Conflict
        If somebody has it already, or it was revoked.
    """
    me, (algorithm, key) = ctx.principal, read_public(public)
    if me.scope is not None and not covers(me.scope, "signing_key:add"):
        why = "the token in use does not cover 'signing_key:add'"
        raise Forbidden("this token adds no key", why=why, hint="sign in, or use a token of your own")
    if me.kind == "system":
        raise Forbidden("a part of the system has no key of its own", why="the server has one")
    if not proves(key, me.name, proof):
        why = f"the proof does not show that {me.name} holds the private half of this key"
        raise InvalidInput("this key can't be added", field="proof", why=why, hint="meguru key add FILE")
    if len(note) > _MAX_TEXT // 5:
        raise InvalidInput("the note is too long", field="note", why=f"up to {_MAX_TEXT // 5} characters")
    key_record = store.find(ctx.tx, key.id)
    if key_record is not None:
        return _existing(key_record, me.name)
    if (
        sum(signing_key_record.revoked_at is None for signing_key_record in store.page(ctx.tx, me.name))
        >= MAX_KEYS
    ):
        raise Conflict(
            f"{me.name} has {MAX_KEYS} keys", hint="revoke one: meguru key revoke ID --reason TEXT"
        )
    record = SigningKeyRecord(
        id=key.id,
        owner=me.name,
        owner_kind=me.kind,
        algorithm=algorithm,
        public=key.text,
        note=note,
        created_at=ctx.now(),
    )
    store.add(ctx.tx, record)
    data = {"owner": me.name, "algorithm": algorithm, "public": key.text, "note": note}
    ctx.emit("signing_key.added", record.ref, data=data)
    return record


@operation("signing_key.list", permission="signing_key:read", query=True)
def list_keys(ctx: Context, *, owner: str | None = None) -> list[SigningKeyRecord]:
    """List public keys: of somebody, or of all; the server's have an empty owner."""
    return store.page(ctx.tx, owner)


@operation("signing_key.show", permission="signing_key:read", query=True)
def show(ctx: Context, *, id: str, algorithm: Algorithm = ED25519) -> SigningKeyRecord:
    """Show a public key by its fingerprint, or the first letters of it.

    ``server`` is the key that the server signs with by now: statements, or models if `algorithm` is ``p256``.
    """
    if id != SERVER:
        return store.get(ctx.tx, id)
    found = store.present_server_key(ctx.tx, algorithm)
    if found is None:
        raise NotFound("the server has no key yet", where=id, why="it makes one when it first signs")
    return found[0]


@operation("signing_key.revoke", permission=ANYBODY)
def revoke(ctx: Context, *, id: str, reason: str, since: datetime | None = None) -> SigningKeyRecord:
    """Say that a key is good for nothing any more, since a moment: now, or when it was stolen.

    Everybody may revoke their own; another's, or the server's, only who may in every project.

    Raises
    ------
    InvalidInput
        If there is no reason, or the moment is not past.
    """
    if not reason.strip() or len(reason) > _MAX_TEXT:
        raise InvalidInput("why is it revoked?", field="reason", hint="say it in a sentence")
    now = ctx.now()
    if since is not None and since > now:
        raise InvalidInput("a key can't be revoked ahead of time", field="since", why=f"it is {now} now")
    key, me = store.get(ctx.tx, id), ctx.principal
    # With a narrow token even one's own key only by the right: a token that leaked must not disown its owner.
    if key.owner != me.name or not (me.scope is None or covers(me.scope, "signing_key:revoke")):
        ctx.require("signing_key:revoke")
    at = since or now
    if key.revoked_at is not None and key.revoked_at <= at:
        return key
    store.revoke(ctx.tx, key.id, since=at, by=ctx.principal.name, reason=reason)
    data = {"owner": key.owner or "the server", "since": at, "why": reason}
    ctx.emit("signing_key.revoked", key.ref, data=data)
    return store.get(ctx.tx, key.id)


def read_public(text: str) -> tuple[Algorithm, PublicKey | EllipticPublicKey]:
    """Return a public key, of whichever kind it is."""
    try:
        return P256, EllipticPublicKey.read(text)
    except InvalidInput:
        return ED25519, PublicKey.read(text)


def _existing(found: SigningKeyRecord, name: str) -> SigningKeyRecord:
    if found.owner != name:
        raise Conflict("this key is known already", where=found.ref, why="somebody else signs with it")
    if found.revoked_at is not None:
        raise Conflict("this key was revoked", where=found.ref, hint="make a new one: meguru key new")
    return found
