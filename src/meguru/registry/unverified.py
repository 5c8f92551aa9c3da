"""Register a version that can't be verified: kept and shown with the reason, never loaded."""

from __future__ import annotations

from datetime import datetime

from meguru.base import refs
from meguru.flavors import Signature
from meguru.kernel.operations import Context
from meguru.registry import store
from meguru.registry.types import ModelVersion, VersionState


def record_unverified(
    ctx: Context,
    name: str,
    *,
    reason: str,
    source: str,
    used: list[str],
    claimed: list[str],
    note: str,
    event: str = "model_version.unverified",
    number: int = 0,
    at: datetime | None = None,
    by: str = "",
) -> ModelVersion:
    """Write a version of which only is known where it comes from; 0 gives it the next number.

    `used` are references to what it was made from, some of them only `claimed`; a run among them is its run.
    `at` and `by` tell when it was made elsewhere, and by whom.
    """
    # The number is chosen under the lock; two imports would else give the same one.
    store.lock(ctx.tx, name, at or ctx.now())
    number = number or store.next_number(ctx.tx, name)
    ref = refs.make("model", name, number)
    data = {"model": name, "version": number, "source": source, "reason": reason}
    emitted = ctx.emit(event, ref, data=data, used=used, produced=[ref], claimed=claimed)
    run = next((each for each in used if each.startswith("run/")), "")
    version = ModelVersion(
        ref=ref,
        name=name,
        version=number,
        state=VersionState.UNVERIFIED,
        reason=reason,
        tree_digest="",
        digest="",
        flavor="",
        task=None,
        signature=Signature(inputs=()),
        label="",
        metrics={},
        params={},
        baseline_digest="",
        holdout_digest="",
        run_ref=run,
        used=[each for each in used if each != run],
        note=note,
        size=0,
        created_at=at or ctx.now(),
        created_by=by or ctx.principal.name,
        event=emitted.id,
    )
    store.add(ctx.tx, version)
    return version
