"""Convert a pickle of known types into a model folder of data, in a sandboxed process."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec

from meguru.artifacts import trees
from meguru.base.sandbox.launch import Confined, confined
from meguru.base.sandbox.results import left_bytes
from meguru.errors import Conflict, InvalidInput, UnsafeModel, from_dict
from meguru.flavors.pickled import allowlist
from meguru.kernel.operations import Context, operation
from meguru.quarantine import store
from meguru.quarantine.keep import check_allowed, listing_of
from meguru.quarantine.types import (
    ABOUT,
    BASELINE,
    EXAMPLE,
    HOLDOUT,
    MODEL,
    OBJECT,
    OPEN,
    RESULT,
    Conversion,
    Evidence,
    QuarantinedModel,
    QuarantineState,
)
from meguru.registry.facts import facts_of

WORK = "meguru.quarantine.conversion_worker:work"
_SECONDS = 300.0
_MAX_RESULT = 1 << 20


@operation("quarantine.convert", permission="quarantine:convert", on="id")
def convert(
    ctx: Context, *, id: str, evidence: Evidence | None = None, example: str = "", holdout: str = ""
) -> QuarantinedModel:
    """Convert what is in quarantine into a model folder of data, in a confined process.

    The process has no network, sees no workspace, and loads only what it knows all of.
    What it wrote is looked at and loaded here as any model folder is, and must answer the examples as the
    object did. `evidence`, `example` and `holdout` (digests of Parquet files) take the place of what was
    handed over.

    Raises
    ------
    UnsafeModel
        If it would import what is not known, or what came of it is not safe to load.
    InvalidInput
        If there is no example to compare by, or the conversion fails; why, is what it says.
    Conflict
        If somebody has decided about it.
    """
    check_allowed(ctx.ws)
    with ctx.ws.read() as tx:
        model = store.get(tx, id)
    if model.state not in OPEN:
        raise Conflict(f"{model.ref} is {model.state}", why=model.decision, where=model.ref)
    files = {entry.path: entry.digest for entry in trees.read_tree(ctx.blobs, model.tree)}
    files |= {name: digest for name, digest in ((EXAMPLE, example), (HOLDOUT, holdout)) if digest}
    said = evidence or model.evidence
    _check_known(ctx, model, files[OBJECT])
    if EXAMPLE not in files:
        hint = f"meguru quarantine convert {model.id} --example rows.csv"
        raise InvalidInput("there are no example rows", why="they are asked before and after", hint=hint)
    with tempfile.TemporaryDirectory(prefix="meguru-") as scratch:
        conversion = _converted(ctx, Path(scratch) / "work", files, said)
    facts = facts_of(ctx.ws, conversion.tree, load=True)  # never one that runs code of its own
    conversion = msgspec.structs.replace(conversion, flavor=facts.flavor)
    store.get_open(ctx.tx, model.id)
    ctx.emit(
        "quarantine.converted",
        model.ref,
        data={
            "tree": conversion.tree,
            "flavor": conversion.flavor,
            "difference": conversion.difference,
            "kept_from": conversion.kept_from,
        },
        project=model.project,
    )
    store.change(
        ctx.tx,
        model.id,
        state=QuarantineState.CONVERTED,
        conversion=conversion,
        evidence=said,
        has_example=True,
    )
    return store.get(ctx.tx, model.id)


def _check_known(ctx: Context, found: QuarantinedModel, digest: str) -> None:
    """List it once more: what is known may have changed with the libraries."""
    listing = listing_of(ctx.ws, digest)
    unknown = allowlist.not_allowed(listing.imports)
    if listing.unreadable or unknown:
        raise UnsafeModel(
            f"{found.ref} can't be converted",
            where=found.ref,
            why=f"it can't be read: {listing.unreadable}"
            if listing.unreadable
            else f"it would import what is not known: {', '.join(unknown[:8])}",
            hint="write it in a format of data where it was made (skops, ONNX, the booster's own), "
            "or make it a function model: docs/how-to/hand-over.md",
        )


def _converted(ctx: Context, folder: Path, files: dict[str, str], said: Evidence) -> Conversion:
    folder.mkdir()
    for name in (OBJECT, EXAMPLE, HOLDOUT, BASELINE):
        if name in files:
            shutil.copyfile(ctx.blobs.path(files[name]), folder / name)
    (folder / ABOUT).write_bytes(msgspec.json.encode(said))
    # Nothing that this process leaves is trusted: the result is data of a known shape, the folder is looked
    # through like one from a stranger.
    ended = confined(WORK, folder, seconds=_SECONDS)
    result = _result(folder / RESULT, ended)
    return msgspec.structs.replace(
        result, tree=trees.put_folder(ctx.blobs, folder / MODEL), kept_from=ended.kept_from
    )


def _result(path: Path, ended: Confined) -> Conversion:
    """Read what the process left, which may be anything."""
    why = "it took too long" if ended.timed_out else ended.output or f"it ended with code {ended.code}"
    try:
        result = msgspec.json.decode(left_bytes(path, _MAX_RESULT) or b"{}", type=dict)
        if "error" in result:
            raise from_dict({str(key): str(value) for key, value in result["error"].items()})
        return msgspec.convert(result["conversion"], Conversion)
    except (msgspec.MsgspecError, KeyError, AttributeError) as error:
        raise InvalidInput("the conversion failed", why=why[-1000:]) from error
