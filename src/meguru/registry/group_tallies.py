"""Counts of groups that somebody sent who holds the groups: kept in the log, under the server's signature."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from meguru.artifacts import trees
from meguru.base import refs
from meguru.errors import Conflict, InvalidInput
from meguru.fairness.submitted_counts import GroupTally
from meguru.flavors.bundle import HOLDOUT
from meguru.governance.signing_keys.server import server_key
from meguru.governance.signing_keys.statements import predicate_type
from meguru.kernel import events
from meguru.kernel.operations import Context, operation
from meguru.registry import store
from meguru.registry.types import ModelVersion
from meguru.signing.statement import Statement, StatementSubject
from meguru.storage.blobs import BlobStore

COUNTED = "model_version.groups_counted"
MAX_KEPT = 100


class TallyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of groups as they were sent, and by whom; `envelope` is the server's signed statement of it."""

    id: str
    ref: str
    holder: str
    tally: GroupTally
    envelope: str

    @property
    def digest(self) -> str:
        """The digest of the counts."""
        return self.tally.digest


@operation("model.count_groups", permission="model:count_groups", on="ref")
def count_groups(ctx: Context, *, ref: str, tally: GroupTally) -> TallyRecord:
    """Send counts of groups of a version's holdout, in place of the groups themselves.

    They hold for this model and this holdout alone. Gates take those of who they say holds the groups.

    Raises
    ------
    Conflict
        If they are of another model or another holdout.
    InvalidInput
        If they can't be counts of it.
    """
    version = store.resolve_verified(ctx.tx, ref)
    tally.check()
    model, holdout = digests_of(ctx.blobs, version)
    for what, given, known in (("model", tally.model, model), ("holdout", tally.holdout, holdout)):
        if given != known:
            why = f"they are of {given[:12]}, and it is {known[:12]}"
            raise Conflict(f"the counts are of another {what}", where=version.ref, why=why)
    envelope = _signed(ctx, version, tally)
    payload = {
        "holder": ctx.principal.name,
        "columns": [table.columns for table in tally.tables],
        "tally": msgspec.to_builtins(tally),
        "digest": tally.digest,
        "envelope": envelope,
    }
    made = ctx.emit(COUNTED, version.ref, data=payload)
    return TallyRecord(id=made.id, ref=version.ref, holder=ctx.principal.name, tally=tally, envelope=envelope)


def digests_of(blobs: BlobStore, version: ModelVersion) -> tuple[str, str]:
    """Return the digests of a version's folder and of its holdout.

    Raises
    ------
    InvalidInput
        When it has none.
    """
    files = trees.read_tree(blobs, version.tree_digest)
    found = next((file.digest for file in files if file.path == HOLDOUT), "")
    if not found:
        raise InvalidInput(f"{version.ref} has no holdout", field="ref")
    return version.tree_digest, found


def _signed(ctx: Context, version: ModelVersion, tally: GroupTally) -> str:
    subjects = [
        StatementSubject(name=version.ref, digest={"sha256": tally.model}),
        StatementSubject(name=f"holdout of {version.ref}", digest={"sha256": tally.holdout}),
    ]
    statement = Statement(
        subject=subjects,
        predicate_type=predicate_type("group-counts"),
        predicate={"holder": ctx.principal.name, "tally": msgspec.to_builtins(tally)},
    )
    return msgspec.json.encode(statement.signed(server_key(ctx.ws, ctx.tx))).decode()


def tallies_of(tx: Connection, ref: str) -> list[TallyRecord]:
    """Return the counts that were sent of a version, newest first."""
    name = refs.parse(ref, kind="model")
    subject = refs.make("model", name.name, name.version or "")
    found = events.read(tx, subject=subject, types=[COUNTED], limit=MAX_KEPT, newest_first=True)
    return [
        TallyRecord(
            id=event.id,
            ref=subject,
            holder=str(event.data["holder"]),
            tally=msgspec.convert(event.data["tally"], GroupTally),
            envelope=str(event.data["envelope"]),
        )
        for event in found
    ]
