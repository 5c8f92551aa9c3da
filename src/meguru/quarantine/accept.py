"""Accept a converted model: a person vouches for it, and it becomes a version of a model."""

from meguru.base import refs
from meguru.base.names import check_full_name
from meguru.errors import Conflict, Forbidden, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.quarantine import store
from meguru.quarantine.types import QuarantinedModel, QuarantineState
from meguru.registry.facts import facts_of
from meguru.registry.register import record

_PERSONS = {"user", "owner"}


@operation("quarantine.accept", permission="quarantine:accept", on="id")
def accept(ctx: Context, *, id: str, reason: str, name: str = "") -> QuarantinedModel:
    """Vouch, as a person, for a quarantined model that was converted; it is registered as a model version.

    `name` is the model's; by default that for which it was handed over.

    Raises
    ------
    Forbidden
        If it is not a person who asks, or who asks may not register models there.
    Conflict
        If it is not converted, or somebody has decided about it.
    UnsafeModel
        If what it was converted into is not safe to load.
    """
    if not reason.strip():
        raise InvalidInput("say why you vouch for it", field="reason")
    if ctx.principal.kind not in _PERSONS:
        raise Forbidden("only a person can vouch for a model", why=f"{ctx.principal.name} is none")
    with ctx.ws.read() as tx:
        found = store.get(tx, id)
    conversion = found.conversion
    if found.state is not QuarantineState.CONVERTED or conversion is None:
        hint = f"meguru quarantine convert {found.id}"
        raise Conflict(f"{found.ref} is {found.state}, not converted", where=found.ref, hint=hint)
    full = check_full_name("model", name.removeprefix("model/") or found.model)
    if refs.project_of(full) != found.project:
        raise InvalidInput("the model is of another project than what is in quarantine", field="name")
    facts = facts_of(ctx.ws, conversion.tree, load=True)  # before the transaction: it takes long
    ctx.require("model:write", project=found.project)
    now = store.get_open(ctx.tx, found.id)  # locked: of two people who decide at once, the second is told
    if now.conversion != conversion:
        raise Conflict(f"{found.ref} was converted anew meanwhile", where=found.ref, hint="look at it again")
    version = record(
        ctx,
        full,
        facts,
        metrics=now.evidence.metrics,  # converted again, it may have others and be the same folder
        params=now.evidence.params,
        run="",
        used=[found.ref],
        note=found.note or reason,
        again=True,
    )
    ctx.emit(
        "quarantine.accepted",
        found.ref,
        data={"version": version.ref, "reason": reason},
        project=found.project,
    )
    store.change(
        ctx.tx,
        found.id,
        state=QuarantineState.ACCEPTED,
        model=full,
        decided_at=ctx.now(),
        decided_by=ctx.principal.name,
        decision=reason,
        version=version.ref,
    )
    return store.get(ctx.tx, found.id)
