"""Prove that the log is whole, and that it is still the one that was signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Connection

from meguru.audit.checkpoints import store
from meguru.audit.verdict import AuditVerdict, CheckpointFault
from meguru.base.digests import check_digest
from meguru.errors import InvalidInput
from meguru.governance.signing_keys import store as signing_keys
from meguru.governance.signing_keys.types import ED25519, SERVER, SigningKeyRecord
from meguru.kernel.events.verify import judge
from meguru.kernel.events.walk import LogWalk, walk
from meguru.kernel.operations import Context, operation
from meguru.signing.checkpoint import TreeHead, read_checkpoints
from meguru.signing.keys import PublicKey
from meguru.signing.note import SignedNote

_MAX_FAULTS, _MAX_KEYS, _MAX_HEADS = 100, 50, 1000
KEPT = "kept in the workspace"


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint, and where it stands."""

    place: str
    note: SignedNote
    head: TreeHead


@operation("audit.verify", permission="audit:read", query=True)
def verify(
    ctx: Context,
    *,
    expect: str = "",
    checkpoints: dict[str, str] | None = None,
    trust: list[str] | None = None,
) -> AuditVerdict:
    """Check the whole hash chain of the event log, and that checkpoints of it still hold.

    A history that was written anew with all its hashes, or whose end was cut off with its head, is found by
    what was written down elsewhere. One chain holds the events of all projects: who asks must hold the right
    in all.

    Parameters
    ----------
    expect
        A head that was written down earlier: the hash of an entry.
    checkpoints
        By the name of a place, the text of its checkpoints. Without any, the newest that the workspace keeps.
    trust
        The public keys whose signatures count; by default the server's, as the workspace knows them.
    """
    ctx.require(ctx.operation.permission)
    if expect:
        check_digest(expect, field="expect")
    return examine(ctx.tx, expect=expect, checkpoints=checkpoints, trust=trust)


def examine(
    tx: Connection,
    *,
    expect: str = "",
    checkpoints: dict[str, str] | None = None,
    trust: list[str] | None = None,
) -> AuditVerdict:
    """Do what `audit.verify` does, in an open transaction."""
    keys = _keys(tx, trust)
    kept = store.newest_heads(tx, _MAX_HEADS) if checkpoints is None else []
    # Those that the workspace keeps show a fault, but prove nothing against who owns the database.
    texts = {KEPT: "\n".join(each.note for each in kept)} if checkpoints is None else checkpoints
    found, faults = _read(texts)
    walked = walk(tx, (each.head.size for each in found))
    chain = judge(tx, walked, expect=expect)
    judged, covered = _judge(tx, walked, found, keys)
    faults += judged
    return AuditVerdict(
        **msgspec.structs.asdict(chain) | {"intact": chain.intact and not faults},
        checkpoints=len(found),
        given=checkpoints is not None,
        covered=covered,
        keys=[key.text for key in keys],
        faults=faults[:_MAX_FAULTS],
    )


def _keys(tx: Connection, trust: list[str] | None) -> list[PublicKey]:
    if trust is not None:
        if not 0 < len(trust) <= _MAX_KEYS:
            raise InvalidInput(f"1 to {_MAX_KEYS} keys can be trusted", field="trust")
        return [PublicKey.read(each) for each in trust]
    mine = [key for key in signing_keys.page(tx, "") if key.owner_kind == SERVER]
    return [PublicKey.read(key.public) for key in mine if key.algorithm == ED25519]


def _read(texts: dict[str, str]) -> tuple[list[_Found], list[CheckpointFault]]:
    founds: list[_Found] = []
    faults: list[CheckpointFault] = []
    for place, text in texts.items():
        before = len(founds)
        try:
            for note, head in read_checkpoints(text):
                founds.append(_Found(place=f"{place}, line {note.line}", note=note, head=head))
        except InvalidInput as error:
            why = f"{error.what}: {error.why}" if error.why else error.what
            faults.append(CheckpointFault(place=f"{place}, {error.where}", size=0, why=why))
        else:
            if len(founds) == before and place != KEPT:
                faults.append(CheckpointFault(place=place, size=0, why="there is no checkpoint in it"))
    return sorted(founds, key=lambda each: each.head.size), faults


def _judge(
    tx: Connection, walked: LogWalk, found: Iterable[_Found], keys: list[PublicKey]
) -> tuple[list[CheckpointFault], int]:
    newest = store.newest_head(tx)
    key_records = {key.id: signing_keys.find(tx, key.id) for key in keys}
    faults, covered = [], 0
    for each in found:
        why = _fault_of_signature(each, keys, key_records, newest.origin if newest else "")
        why = why or _fault_of_log(walked, each.head, covered)
        if why:
            faults.append(CheckpointFault(place=each.place, size=each.head.size, why=why))
        else:
            covered = each.head.size
    return faults, covered


def _fault_of_signature(
    found: _Found, keys: list[PublicKey], known: Mapping[str, SigningKeyRecord | None], origin: str
) -> str:
    head = found.head
    signer = next((key for key in keys if found.note.is_signed_by(head.origin, key)), None)
    if origin and head.origin != origin:
        return f"it is of another log: {head.origin[:100]}, and this is {origin}"
    if signer is None:
        return "no key that is trusted signed it: it was forged or changed, or its key is another"
    record = known[signer.id]
    if record is None:
        return ""
    if head.at is None:
        why = "it does not say when it was signed, and its key is revoked by now"
        return why if record.revoked_at is not None else ""
    return record.fault_at(head.at)


def _fault_of_log(walked: LogWalk, head: TreeHead, covered: int) -> str:
    when = f" at {head.at:%Y-%m-%d %H:%M:%S}" if head.at else ""
    root = walked.roots.get(head.size)
    if root is None:
        if not walked.verdict.intact:
            return f"it can't be compared: the log is broken at entry {walked.verdict.seq}"
        end = walked.verdict.checked
        return (
            f"the log ends at {end}, and {head.size} entries were signed{when}: "
            f"its tail was cut off, from entry {end + 1} on"
        )
    if root != head.root:
        return (
            f"entries {covered + 1} to {head.size} are not those that were signed{when}: "
            "one of them, or all, were replaced, with all hashes after it"
        )
    return ""
