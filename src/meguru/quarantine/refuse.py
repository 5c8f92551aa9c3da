"""Refuse what is in quarantine."""

from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.quarantine import store
from meguru.quarantine.types import QuarantinedModel, QuarantineState


@operation("quarantine.refuse", permission="quarantine:refuse", on="id")
def refuse(ctx: Context, *, id: str, reason: str) -> QuarantinedModel:
    """Refuse what is in quarantine; it stays refused, and its bytes are needed no more.

    Raises
    ------
    Conflict
        If somebody has decided about it.
    """
    if not reason.strip():
        raise InvalidInput("say why it is refused", field="reason")
    model = store.get_open(ctx.tx, id)
    ctx.emit("quarantine.refused", model.ref, data={"reason": reason}, project=model.project)
    store.change(
        ctx.tx,
        model.id,
        state=QuarantineState.REFUSED,
        decided_at=ctx.now(),
        decided_by=ctx.principal.name,
        decision=reason,
    )
    return store.get(ctx.tx, model.id)
