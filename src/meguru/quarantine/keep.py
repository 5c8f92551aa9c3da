"""Keep an object in quarantine: list its imports, write it down, emit its event."""

from __future__ import annotations

import logging
import mmap
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from meguru.artifacts import trees
from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.compute.materializers.unstorable import KeptObject
from meguru.errors import Forbidden, InvalidInput, MeguruError, TooLarge
from meguru.flavors.pickled import allowlist, packed
from meguru.flavors.pickled.listing import PickleListing, listed
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.quarantine import store
from meguru.quarantine.types import EXAMPLE, OBJECT, Evidence, QuarantinedModel, QuarantineState

log = logging.getLogger(__name__)
FORBID = "forbid"
_SHOWN = 20


def check_allowed(ws: Workspace) -> None:
    """Refuse where the policy is that nothing is kept that might run code."""
    if ws.settings.quarantine == FORBID:
        raise Forbidden(
            "nothing is taken into quarantine here",
            why="the server's setting is MEGURU_QUARANTINE=forbid",
            hint="hand over a file of data: skops, XGBoost's JSON, LightGBM's text, ONNX",
        )


def entries_of(ws: Workspace, tree: str) -> dict[str, trees.TreeEntry]:
    """Return the files of what is kept, by name.

    Raises
    ------
    InvalidInput, TooLarge
        When the object is not among them, or they are larger than is kept.
    """
    digests.check_digest(tree, field="tree")
    entries = {entry.path: entry for entry in trees.read_tree(ws.blobs, tree)}
    if OBJECT not in entries:
        raise InvalidInput(
            "there is nothing to keep", why=f"the folder holds no file {OBJECT!r}", field="tree"
        )
    size, most = sum(entry.size for entry in entries.values()), ws.settings.quarantine_max
    if size > most:
        raise TooLarge(
            "it is too large to be kept in quarantine", why=f"{size:,} bytes; {most:,} are allowed"
        )
    return entries


def listing_of(ws: Workspace, digest: str) -> PickleListing:
    """Return what a pickle in the store would import; what can't be read says so, and raises nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            path = packed.unpacked(ws.blobs.path(digest), Path(scratch) / OBJECT)
        except (InvalidInput, TooLarge) as error:
            return PickleListing(unreadable=error.why or error.what)
        if not path.stat().st_size:
            return PickleListing(unreadable="it is empty")
        # Mapped: the listing walks over opcodes, and must not hold gigabytes of arrays in memory.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return listed(data)


class KeptOrigin(NamedTuple):
    """Where an object comes from; `claimed` is what of that only a client said."""

    reason: str
    run: str = ""
    step: str = ""
    note: str = ""
    claimed: Sequence[str] = ()


def keep(
    ctx: Context,
    *,
    project: str,
    model: str,
    tree: str,
    file: str,
    entries: dict[str, trees.TreeEntry],
    listing: PickleListing,
    evidence: Evidence,
    origin: KeptOrigin,
    id: str = "",
) -> QuarantinedModel:
    """Write down what is kept, and tell of it."""
    id, now = id or new_id("q"), ctx.now()
    ref, unknown = refs.make("quarantine", id), allowlist.not_allowed(listing.imports)
    size = sum(entry.size for entry in entries.values())
    told: dict[str, Any] = {"model": model, "file": file, "size": size, "tree": tree, "step": origin.step}
    event = ctx.emit(
        "quarantine.kept",
        ref,
        data=told | {"reason": origin.reason, "unknown": unknown[:_SHOWN]},
        used=[origin.run] if origin.run else [],
        produced=[ref],
        claimed=origin.claimed,
        project=project,
    )
    quarantined_model = QuarantinedModel(
        id=id,
        ref=ref,
        project=project,
        model=model,
        state=QuarantineState.QUARANTINED,
        file=file[:200],
        tree=tree,
        size=size,
        listing=listing,
        unknown=unknown,
        evidence=evidence,
        has_example=EXAMPLE in entries,
        reason=origin.reason,
        run=origin.run,
        step=origin.step,
        note=origin.note,
        created_at=now,
        created_by=ctx.principal.name,
        expires_at=now + timedelta(days=ctx.settings.quarantine_days),
        event=event.id,
    )
    store.add(ctx.tx, quarantined_model)
    return quarantined_model


def keep_output(
    ws: Workspace, *, id: str, project: str, model: str, kept: KeptObject, run: str, step: str
) -> Callable[[Context], None] | None:
    """Prepare to keep what a step returned that can't be stored; None if it is not to be kept here."""
    try:
        check_allowed(ws)
        entries = entries_of(ws, kept.tree)
        listing = listing_of(ws, entries[OBJECT].digest)
    except MeguruError:
        log.warning("what step %s of %s returned is not kept", step, run, exc_info=True)
        return None
    evidence = Evidence(task=kept.task, label=kept.label, metrics=kept.metrics, params=kept.params)

    def write(ctx: Context) -> None:
        keep(
            ctx,
            id=id,
            project=project,
            model=model,
            tree=kept.tree,
            file=kept.file,
            entries=entries,
            listing=listing,
            evidence=evidence,
            origin=KeptOrigin(reason=kept.reason, run=run, step=step),
        )

    return write
