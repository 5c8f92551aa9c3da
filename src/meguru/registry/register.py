"""Register a model folder as the next version of a model."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from meguru.artifacts import trees
from meguru.artifacts.provenance import check_claims
from meguru.artifacts.sight import Sight
from meguru.base import refs
from meguru.base.names import check_full_name
from meguru.flavors.bundle import runs_code
from meguru.kernel.operations import Context, operation
from meguru.registry import newest, store
from meguru.registry.facts import ModelFacts, check_tree, facts_of
from meguru.registry.types import ModelVersion
from meguru.storage.db.raw import on_transaction
from meguru.tasks import options_of
from meguru.tracking.ownership import made_in

_SHOWN = 3
_ref_of_newest = on_transaction(newest.ref_of_newest)


@operation("model.register", permission="model:write", on="name", refers={"used": "*"})
def register(
    ctx: Context,
    *,
    name: str,
    tree: str,
    metrics: dict[str, float] | None = None,
    params: dict[str, Any] | None = None,
    run: str = "",
    used: list[str] | None = None,
    note: str = "",
) -> ModelVersion:
    """Register an uploaded model folder as the next version of a model.

    The model is loaded here, safely, and must answer its own example. A folder that equals the newest version
    makes no new version: that one is returned. Metrics measured on the holdout take the place of given ones.

    Raises
    ------
    UnsafeModel
        If the folder holds a pickle, or types or trees that are not safe to load.
    InvalidInput
        If `run` or `used` names what there is not, or the folder is no model, has no signature, or does not
        answer its example as when it was saved.
    """
    name = check_full_name("model", name.removeprefix("model/"))
    # All this before `ctx.tx` is touched: to load a model takes seconds, in which nobody else could write.
    claimed = _claims(ctx, tree, run, used or [])
    is_new = not known(ctx, name, tree)
    code = is_new and _may_run_code(ctx, name, tree)
    facts = facts_of(ctx.ws, tree, load=is_new, code=code)
    return record(
        ctx,
        name,
        facts,
        metrics=metrics or {},
        params=params or {},
        run=run,
        used=used or [],
        note=note,
        claimed=claimed,
    )


def _may_run_code(ctx: Context, name: str, tree: str) -> bool:
    """Say whether a folder holds code that is to be run; refuse who may not run code here.

    Registering a pipeline is to have code run here, so that is the permission for a model of code too.
    """
    if not runs_code(facts_of(ctx.ws, tree, load=False).flavor):
        return False
    why = "the model is code, and whoever registers it has it run here"
    ctx.require("pipeline:write", project=refs.project_of(name), why=why)
    return True


def known(ctx: Context, name: str, tree: str) -> bool:
    """Say whether the newest version has this folder: it was loaded when it was registered."""
    if ctx.is_open:
        return _ref_of_newest(ctx.tx, name, tree) is not None
    with ctx.ws.read() as tx:
        return _ref_of_newest(tx, name, tree) is not None


def record(
    ctx: Context,
    name: str,
    facts: ModelFacts,
    *,
    metrics: dict[str, float],
    params: dict[str, Any],
    run: str,
    used: list[str],
    note: str,
    again: bool = False,
    claimed: Sequence[str] = (),
) -> ModelVersion:
    """Write the next version and tell of it; the newest folder changes nothing unless wanted `again`.

    `claimed` are those of `run` and `used` that only a client said.
    """
    # From here on nobody else numbers versions of this model.
    newest = store.lock(ctx.tx, name, ctx.now())
    previous = store.get(ctx.tx, name, newest) if newest else None
    if previous and previous.tree_digest == facts.tree and not again:
        return previous
    number = store.next_number(ctx.tx, name)
    ref = refs.make("model", name, number)
    numbers = metrics | facts.evaluation.metrics
    event = ctx.emit(
        "model_version.registered",
        ref,
        data={"model": name, "version": number, "run": run} | _payload(facts, numbers),
        used=[*([run] if run else []), *used],
        produced=[ref],
        claimed=claimed,
    )
    version = ModelVersion(
        ref=ref,
        name=name,
        version=number,
        tree_digest=facts.tree,
        digest=facts.digest,
        flavor=facts.flavor,
        task=facts.task.key,
        task_options=options_of(facts.task),
        signature=facts.signature,
        label=facts.evaluation.label,
        metrics=numbers,
        params=params | facts.evaluation.params,
        baseline_digest=facts.baseline_digest,
        holdout_digest=facts.holdout_digest,
        run_ref=run,
        used=used,
        note=note,
        size=facts.size,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        event=event.id,
    )
    store.add(ctx.tx, version)
    return version


def _payload(facts: ModelFacts, metrics: dict[str, float]) -> dict[str, Any]:
    return {
        "tree": facts.tree,
        "digest": facts.digest,
        "flavor": facts.flavor,
        "task": facts.task.key,
        "metrics": metrics,
        "summary": _summary(metrics),
    }


def _summary(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in sorted(metrics.items())[:_SHOWN])


def _claims(ctx: Context, tree: str, run: str, used: list[str]) -> list[str]:
    """Return what of the model's origin is only said: all that it used, and a run that it was not made in."""
    with nullcontext(ctx.tx) if ctx.is_open else ctx.ws.read() as tx:
        sight = Sight(tx, ctx.readable)
        claimed = check_claims(tx, used, field="used", sight=sight)
        if run:
            check_claims(tx, run, field="run", sight=sight)
        check_tree(ctx.ws, tree)
        if not run:
            return claimed
        files = {entry.digest for entry in trees.read_tree(ctx.blobs, tree)}
        return claimed if made_in(tx, ctx.principal, run, files) else [run, *claimed]
