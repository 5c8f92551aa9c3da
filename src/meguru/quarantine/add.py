"""Hand over a pickle: it is kept, and listed; nothing of it is loaded."""

from meguru.base import refs
from meguru.base.names import check_full_name
from meguru.kernel.operations import Context, operation
from meguru.quarantine.keep import check_allowed, entries_of, keep, listing_of
from meguru.quarantine.types import OBJECT, Evidence, QuarantinedModel


@operation("quarantine.add", permission="quarantine:add", on="model", refers={"model": "model"})
def add(
    ctx: Context, *, model: str, tree: str, file: str = "", evidence: Evidence | None = None, note: str = ""
) -> QuarantinedModel:
    """Keep an uploaded pickle for a model; what it would import is listed, and nothing of it is loaded.

    `tree` is the folder with the bytes as ``object``, and with ``example.parquet``, ``holdout.parquet`` and
    ``baseline.parquet`` if they are known.

    Raises
    ------
    Forbidden
        If the policy is that nothing is kept that might run code.
    TooLarge
        If it is larger than is kept.
    """
    check_allowed(ctx.ws)
    name = check_full_name("model", model.removeprefix("model/"))
    entries = entries_of(ctx.ws, tree)
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
        reason="it was handed over as a pickle",
        note=note,
    )
