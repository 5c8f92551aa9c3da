"""Put a model version live behind an endpoint."""

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.registry import store as models
from meguru.serving import store
from meguru.serving.contracts import store as contracts
from meguru.serving.contracts.create import add, gives
from meguru.serving.contracts.types import ModelInput
from meguru.serving.features.load import request_columns
from meguru.serving.types import Deployment, DeploymentState, UsedFeatures

GUARDS = "switch guard"
"""Kinds that say what goes live past their own operations: ``f(ctx, endpoint, model)`` refuses."""


@operation(
    "endpoint.switch",
    permission="endpoint:switch",
    on="name",
    refers={"model_ref": "model", "release_ref": "release"},
)
def switch(
    ctx: Context,
    *,
    name: str,
    model_ref: str,
    release_ref: str,
    inputs: list[ModelInput] = [],  # noqa: B006 - copied by the kernel
    features: UsedFeatures | None = None,
) -> Deployment:
    """Put a released model version live; the servers load it beside the old one, then change over.

    Releases call this in the transaction of their promotion. Switching to what is live already changes
    nothing. `inputs` say how the model's columns come from what clients send, `features` which views give
    what they need not send. The first model of an endpoint without a contract makes one: what has to be sent
    for it is what clients send from then on.

    Raises
    ------
    InvalidInput
        If the version is of another model than the endpoint serves.
    ApprovalMissing
        If it is asked by itself, past a release, where a policy asks for people.
    """
    model, release = refs.parse(model_ref, kind="model"), refs.parse(release_ref, kind="release")
    tx, now = ctx.tx, ctx.now()
    # Two switches at once would both end the same deployment, and both be live.
    endpoint = store.lock(tx, name)
    if model.name != endpoint.model or model.version is None:
        raise InvalidInput(
            f"{model_ref} can't go live at {name!r}",
            why=f"the endpoint serves versions of model/{endpoint.model}",
            field="model_ref",
        )
    before = endpoint.live
    if before and (before.model_ref, before.release_ref) == (str(model), str(release)):
        return before
    _check_guards(ctx, name, str(model))
    event = ctx.emit(
        "endpoint.switched",
        refs.make("endpoint", name),
        data={"model": str(model), "release": str(release), "before": _before(before)},
        used=[str(model), str(release)],
        produced=[refs.make("endpoint", name)],
    )
    store.retire(tx, name, now)
    new = Deployment(
        endpoint=name,
        number=store.next_number(tx, name),
        model_ref=str(model),
        release_ref=str(release),
        state=DeploymentState.LIVE,
        since=now,
        event=event.id,
        inputs=inputs,
        features=features,
    )
    store.deploy(tx, new)
    _ensure_contract(ctx.with_(cause=event.id), name, str(model), features)
    return new


def _before(before: Deployment | None) -> dict[str, str] | None:
    return {"model": before.model_ref, "release": before.release_ref} if before else None


def _check_guards(ctx: Context, endpoint: str, model: str) -> None:
    """Ask whether a model may go live by a switch alone; a promotion, which switches too, asked people."""
    guards = provided(GUARDS)
    for kind in guards.names() if ctx.operation.name == "endpoint.switch" else ():
        guards.load(kind)(ctx, endpoint, model)


def _ensure_contract(ctx: Context, endpoint: str, model: str, features: UsedFeatures | None) -> None:
    """See to it that an endpoint has a contract, and that it says what is given."""
    known = contracts.of(ctx.tx, endpoint)
    if known and all(contract.task for contract in known):
        return
    try:
        version = models.resolve(ctx.tx, model)
    except NotFound:
        return  # nothing can be served, and so nothing be agreed on
    outputs, task = gives(version)
    if known:
        contracts.settle(ctx.tx, endpoint, task, outputs)
        return
    add(
        ctx,
        endpoint,
        inputs=request_columns(ctx.tx, ctx.blobs, version.signature, features),
        outputs=outputs,
        task=task,
        default=True,
        note=f"what is sent for {model}" if features else f"what {model} takes",
    )
