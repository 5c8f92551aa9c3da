"""A proof that an event is in a log that was signed: checked by anybody, without the log."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.kernel.event import Event
from meguru.kernel.event_log import chain_hash
from meguru.kernel.events.walk import hashes
from meguru.signing import merkle
from meguru.signing.checkpoint import TreeHead, read_checkpoints
from meguru.signing.keys import PublicKey
from meguru.signing.note import SignedNote


class EventProof(msgspec.Struct, frozen=True, kw_only=True):
    """An event, a signed checkpoint that covers it, and the hashes that lead from the one to the other."""

    event: Event
    checkpoint: str
    hashes: list[str]


class CheckedProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof shows: that the event is in the log of this head, which this key signed."""

    event: Event
    head: TreeHead
    key: str


def make(tx: Connection, event: Event, checkpoint: str) -> EventProof:
    """Return the proof that an event is in the log of a checkpoint; each entry's hash is read once.

    Raises
    ------
    ValueError
        If the checkpoint is of fewer entries.
    """
    size = _head(checkpoint)[1].size
    wanted = merkle.inclusion_ranges(event.seq - 1, size)
    return EventProof(
        event=event,
        checkpoint=checkpoint,
        hashes=[merkle.root_of(hashes(tx, start, end)).hex() for start, end in wanted],
    )


def check(proof: EventProof, keys: Iterable[PublicKey]) -> CheckedProof:
    """Return what a proof shows.

    Parameters
    ----------
    proof
        As `make` made it, by whoever.
    keys
        Those that are trusted to sign checkpoints.

    Raises
    ------
    InvalidInput
        If the event was changed, is not in the log that was signed, or nobody trusted signed that.
    """
    note, head = _head(proof.checkpoint)
    event = proof.event
    if chain_hash(event) != event.hash:
        raise InvalidInput("the event was changed", where=event.id, why="its content has another hash")
    signer = next((key for key in keys if note.is_signed_by(head.origin, key)), None)
    if signer is None:
        why = "no key that is trusted signed it"
        raise InvalidInput("the checkpoint is nobody's word", where=head.origin, why=why)
    try:
        path = [bytes.fromhex(each) for each in proof.hashes]
        leaf = bytes.fromhex(event.hash)
    except ValueError as error:
        raise InvalidInput("the proof can't be read", where="hashes", why=str(error)) from error
    if not merkle.includes(leaf, event.seq - 1, head.size, path, head.root):
        why = f"the hashes don't lead to that of its {head.size} entries"
        raise InvalidInput("the event is not in the log that was signed", where=event.id, why=why)
    return CheckedProof(event=event, head=head, key=signer.text)


def read(text: bytes | str) -> EventProof:
    """Return the proof that is written in JSON.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    try:
        return msgspec.json.decode(text, type=EventProof)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("this is no proof of an event", why=str(error)) from error


def _head(checkpoint: str) -> tuple[SignedNote, TreeHead]:
    found = list(read_checkpoints(checkpoint))
    if len(found) != 1:
        raise InvalidInput("a proof has one checkpoint", why=f"it has {len(found)}")
    return found[0]
