"""The server's key: made once for all servers of a workspace, kept sealed, followed by another when asked."""

from __future__ import annotations

import base64
import logging
import threading
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from meguru.errors import Conflict, MeguruError
from meguru.governance.signing_keys import store
from meguru.governance.signing_keys.kind import SIGNING_KEY
from meguru.governance.signing_keys.types import ED25519, P256, SERVER, Algorithm, SigningKeyRecord
from meguru.kernel import events
from meguru.kernel.operations import Context, InternalOperation, operation
from meguru.kernel.principals import system
from meguru.kernel.sealing import is_current, opened, seal
from meguru.kernel.secret_keys import keys_of, place_of_keys
from meguru.signing.elliptic import EllipticPublicKey, EllipticSigningKey
from meguru.signing.keys import PublicKey, SigningKey

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

ACTOR = "system/signing"
_MAKE = InternalOperation(SIGNING_KEY, "make")
_SEAL = InternalOperation(SIGNING_KEY, "seal")
log = logging.getLogger(__name__)


def server_key(ws: Workspace, tx: Connection) -> SigningKey:
    """Return the key that this workspace's servers sign with; the first that asks makes it.

    `tx` is the transaction of a change: the key is made in it if there is none. Who has none to write in asks
    `ensure_server_key`.

    Raises
    ------
    Conflict
        If the secret key that it was sealed with is lost.
    UsageError
        If the workspace is on a database server, and no secret key is set.
    """
    return SigningKey.from_seed(_present(ws, tx, ED25519))


def server_model_key(ws: Workspace, tx: Connection) -> EllipticSigningKey:
    """Return the key that this workspace's servers sign models with; as `server_key`."""
    return EllipticSigningKey.from_pem(_present(ws, tx, P256))


def _present(ws: Workspace, tx: Connection, algorithm: str) -> bytes:
    found = store.present_server_key(tx, algorithm)
    if found is None:
        events.lock(tx)  # of two servers that find none, one makes it
        found = store.present_server_key(tx, algorithm) or _make_and_tell(ws, tx, algorithm)
    return base64.b64decode(secret_of(ws, *found))


def ensure_server_key(ws: Workspace) -> SigningKey:
    """Return the key that this workspace's servers sign with, in a transaction of its own."""
    with ws.read() as tx:
        found = store.present_server_key(tx, ED25519)
    if found is not None:
        return SigningKey.from_seed(base64.b64decode(secret_of(ws, *found)))
    key: SigningKey = _MAKE.commit(ws.with_(principal=system(ACTOR)), lambda ctx: server_key(ctx.ws, ctx.tx))
    return key


@operation("signing_key.rotate", permission="signing_key:rotate")
def rotate(ctx: Context, *, reason: str = "", algorithm: Algorithm = ED25519) -> SigningKeyRecord:
    """Make the server a new key to sign with; what the one before signed stays good.

    `algorithm` says which: ``ed25519`` signs statements and packs, ``p256`` models.
    """
    events.lock(ctx.tx)  # of two that follow one key, one would be followed by none
    before = store.present_server_key(ctx.tx, algorithm)
    if before is not None:
        store.retire(ctx.tx, before[0].id, ctx.now())
        ctx.emit("signing_key.retired", before[0].ref, data={"why": reason[:1000]})
    made, _ = _make(ctx.ws, ctx.tx, algorithm)
    ctx.emit("signing_key.created", made.ref, data=_event_data(made))
    return made


def secret_of(ws: Workspace, key: SigningKeyRecord, sealed: str) -> str:
    """Return the secret of one of the server's keys.

    Raises
    ------
    Conflict
        If no secret key opens it any more, or it was changed.
    """
    keys = keys_of(ws)
    sealed_secret = opened(keys, sealed)
    if sealed_secret is None or sealed_secret.owner != key.id:
        why = "it was sealed with another key than those here, or changed in the database"
        why = why if keys else "it was sealed with a key, and there is no key here"
        raise Conflict(
            "the server's signing key can't be opened",
            where=key.ref,
            why=f"{why} ({place_of_keys(ws)})",
            hint="bring that key back, or make a new signing key: meguru key rotate",
        )
    return sealed_secret.secret


class KeySealer:
    """Seals the server's key with the newest secret key, when a server starts."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system(ACTOR))

    def run(self, stop: threading.Event) -> None:
        """Look once; a key that nothing opens stays as it is, and whoever signs is told."""
        del stop
        try:
            with self.ws.read() as tx:
                found = [store.present_server_key(tx, each) for each in (ED25519, P256)]
            if any(each is not None and not is_current(self.ws, each[1]) for each in found):
                _SEAL.commit(self.ws, _seal_anew)
        except MeguruError as error:
            log.warning("%s: %s; %s", error.what, error.why, error.hint)


def _seal_anew(ctx: Context) -> None:
    for algorithm in (ED25519, P256):
        found = store.present_server_key(ctx.tx, algorithm)
        if found is not None:
            key = found[0]
            store.reseal(ctx.tx, key.id, seal(ctx.ws, key.id, secret_of(ctx.ws, *found)))


def _make(ws: Workspace, tx: Connection, algorithm: str) -> tuple[SigningKeyRecord, str]:
    public: PublicKey | EllipticPublicKey
    if algorithm == P256:
        elliptic = EllipticSigningKey.generate()
        public, secret = elliptic.public, elliptic.to_pem()
    else:
        key = SigningKey.generate()
        public, secret = key.public, key.seed
    sealed = seal(ws, public.id, base64.b64encode(secret).decode())
    record = SigningKeyRecord(
        id=public.id,
        owner="",
        owner_kind=SERVER,
        algorithm=algorithm,
        public=public.text,
        created_at=ws.clock.now(),
    )
    store.add(tx, record, sealed)
    return record, sealed


def _make_and_tell(ws: Workspace, tx: Connection, algorithm: str) -> tuple[SigningKeyRecord, str]:
    # In the server's own name, whoever it is that needs its signature.
    made, sealed = _make(ws, tx, algorithm)
    events.append(
        tx,
        type="signing_key.created",
        at=made.created_at,
        actor=ACTOR,
        operation=_MAKE.name,
        subject=made.ref,
        data=_event_data(made),
    )
    return made, sealed


def _event_data(made: SigningKeyRecord) -> dict[str, str]:
    return {"algorithm": made.algorithm, "public": made.public}
