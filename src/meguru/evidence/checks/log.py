"""Each event is in the log whose tree was signed, and the last published checkpoint is its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meguru.errors import InvalidInput
from meguru.evidence.checks.pack import CheckedPack, fault
from meguru.evidence.types import EVENTS, LOG, PackFault
from meguru.governance.signing_keys.types import ED25519, SERVER
from meguru.signing import merkle
from meguru.signing.checkpoint import TreeHead, read_checkpoints
from meguru.signing.keys import PublicKey


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell of events that the tree does not have, and of checkpoints that contradict each other."""
    if LOG not in pack.parts:
        return
    found = pack.json(LOG, dict[str, Any])
    try:
        head = _head(pack, found["checkpoint"])
        before = _head(pack, found["published"]) if found["published"] else None
    except InvalidInput as error:
        yield fault(LOG, f"{error.what}: {error.why}")
        return
    if head.size != pack.manifest.head.seq:
        yield fault(
            LOG, f"its checkpoint is of {head.size} events, the manifest's log of {pack.manifest.head.seq}"
        )
    events = {str(event["seq"]): (place, event) for place, event in pack.events}
    for seq, proof in found["proofs"].items():
        place, event = events.get(seq, (f"{EVENTS}: event {seq}", {}))
        path = [bytes.fromhex(each) for each in proof]
        leaf = bytes.fromhex(event.get("hash", ""))
        if not merkle.includes(leaf, int(seq) - 1, head.size, path, head.root):
            yield fault(place, f"event {seq} is not in the log that was signed")
    # Of a long log only the release's own events are proved; none of those may be missing.
    own = {str(each["seq"]) for _, each in pack.events if each.get("subject") == pack.manifest.release}
    for seq in sorted(own - found["proofs"].keys(), key=int):
        yield fault(LOG, f"nothing proves that event {seq} is in the log")
    path = [bytes.fromhex(each) for each in found["consistency"]]
    if before and not merkle.continues(before.size, before.root, head.size, head.root, path):
        yield fault(LOG, f"the checkpoint of {before.size} events is of another log")
    if before and before.origin != head.origin:
        yield fault(LOG, "the checkpoints are of two logs")


def _head(pack: CheckedPack, text: str) -> TreeHead:
    notes = list(read_checkpoints(text))
    if len(notes) != 1:
        raise InvalidInput("there is not one checkpoint", why=f"there are {len(notes)}")
    note, head = notes[0]
    keys = [key for key in pack.keys.values() if key.owner_kind == SERVER and key.algorithm == ED25519]
    if not any(note.is_signed_by(head.origin, PublicKey.read(key.public)) for key in keys):
        raise InvalidInput("a checkpoint is nobody's word", why="no server's key of the pack signed it")
    return head
