"""Hand over a pickle: it is kept, and listed; nothing of it is loaded."""

from meguru.artifacts.provenance import check_claims
from meguru.artifacts.sight import Sight
from meguru.base import refs
from meguru.base.names import check_full_name
from meguru.kernel.operations import Context, operation
from meguru.quarantine.keep import KeptOrigin, check_allowed, entries_of, keep, listing_of
from meguru.quarantine.types import OBJECT, Evidence, QuarantinedModel


@operation("quarantine.add", permission="quarantine:add", on="model", refers={"model": "model", "run": "*"})
def add(
    ctx: Context,
    *,
    model: str,
    tree: str,
    file: str = "",
    evidence: Evidence | None = None,
    note: str = "",
    reason: str = "",
    run: str = "",
) -> QuarantinedModel:
    """Keep an uploaded pickle for a model; what it would import is listed, and nothing of it is loaded.

    `tree` is the folder with the bytes as ``object``, and with ``example.parquet``, ``holdout.parquet`` and
    ``baseline.parquet`` if they are known. `run` is the run that trained it, `reason` why it is no model yet.

    Raises
    ------
    Forbidden
        If the policy is that nothing is kept that might run code.
    TooLarge
        If it is larger than is kept.
    """
    check_allowed(ctx.ws)
    name = check_full_name("model", model.removeprefix("model/"))
    if run:
        with ctx.ws.read() as tx:
            check_claims(tx, run, field="run", sight=Sight(tx, ctx.readable))
    entries = entries_of(ctx.ws, tree)
    # Read as opcodes, and never loaded.
    listing = listing_of(ctx.ws, entries[OBJECT].digest)
    return keep(
        ctx,
        project=refs.project_of(name),
        model=name,
        tree=tree,
        file=file,
        entries=entries,
        listing=listing,
        evidence=evidence or Evidence(),
        origin=KeptOrigin(
            reason=reason or "it was handed over as a pickle",
            run=run,
            note=note,
            claimed=[run] if run else [],
        ),
    )
