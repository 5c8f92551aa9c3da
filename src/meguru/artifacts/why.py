"""Why is this so? The chain of causes behind the state of a reference."""

from sqlalchemy import Connection, select, true

from meguru.artifacts.says import says
from meguru.artifacts.types import Cause, Why
from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel import events
from meguru.kernel.events.schema import event as event_table
from meguru.kernel.kinds import kind_of
from meguru.kernel.operations import Context, operation

MAX_LINKS = 100
STATE_EVENTS = {
    "endpoint": ("release.promoted", "release.rolled_back", "endpoint.switched", "endpoint.created"),
    "release": (
        "release.promoted",
        "release.rolled_back",
        "release.refused",
        "release.undecided",
        "release.gates_passed",
        "release.created",
    ),
    "model": (
        "model_version.registered",
        "model_version.unverified",
        "model_version.imported",
        "registered_model.created",
        "registered_model.imported",
    ),
    "dataset": ("dataset_version.created",),
    "pipeline_run": (
        "pipeline_run.succeeded",
        "pipeline_run.failed",
        "pipeline_run.cancelled",
        "pipeline_run.started",
    ),
}
"""Which events set the state of a kind of thing; the newest of these is where its chain ends."""


@operation("why.show", permission="lineage:read", query=True)
def show(ctx: Context, *, ref: str) -> Why:
    """Explain the present state of a thing by the chain of events that led to it."""
    parsed = refs.parse(ref)
    last = _state_event(ctx.tx, parsed)
    if last is None:
        raise NotFound.of(parsed.kind, parsed.name, _known(ctx.tx, parsed.kind))
    chain = [last]
    while (cause := chain[-1].cause) and len(chain) < MAX_LINKS:
        try:
            chain.append(events.one(ctx.tx, cause))
        except NotFound:
            break
    links = [
        Cause(
            seq=item.seq, event=item.id, type=item.type, at=item.at, actor=item.actor,
            subject=item.subject, says=says(item), data=item.data,
        )
        for item in reversed(chain)
    ]  # fmt: skip
    return Why(ref=ref, state=says(last), chain=links)


def _state_event(tx: Connection, ref: refs.Ref) -> events.Event | None:
    if ref.kind == "event":
        return events.one(tx, ref.name)
    declared = kind_of(ref.kind)
    types = STATE_EVENTS.get(ref.kind) or (declared.explaining if declared else ())
    if ref.kind == "endpoint":
        # A promotion is about its release; it names the endpoint in its data.
        switched = events.latest(
            tx, subject=str(ref), types=("endpoint.switched", "endpoint.created", "endpoint.retired")
        )
        if switched is not None and switched.type == "endpoint.switched" and switched.cause:
            return events.one(tx, switched.cause)
        return switched
    if ref.version is None:
        prefix = f"{ref.kind}/{ref.name}"
        newest = (
            select(event_table.c.subject)
            .where(
                (event_table.c.subject == prefix)
                | event_table.c.subject.startswith(prefix + "@", autoescape=True)
            )
            .where(event_table.c.type.in_(types) if types else true())
            .order_by(event_table.c.seq.desc())
            .limit(1)
        )
        subject = tx.execute(newest).scalar()
        return events.latest(tx, subject=subject, types=types) if subject else None
    return events.latest(tx, subject=str(ref), types=types)


def _known(tx: Connection, kind: str) -> list[str]:
    like = (
        select(event_table.c.subject)
        .where(event_table.c.subject.startswith(f"{kind}/"))
        .distinct()
        .limit(1000)
    )
    return sorted({refs.parse(subject).name for subject in tx.execute(like).scalars()})
