"""Why is this so? The chain of causes behind the state of a reference."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select, true

from meguru.artifacts.describe import says
from meguru.artifacts.sight import Sight, names_seen, sight_of
from meguru.artifacts.types import Cause, Origin, Why
from meguru.base import refs
from meguru.base.plugins import PluginFamily
from meguru.errors import NotFound
from meguru.kernel import events
from meguru.kernel.events.read import from_row
from meguru.kernel.events.schema import event as event_table
from meguru.kernel.kinds import kind_of
from meguru.kernel.operations import Context, operation

MAX_LINKS = 100
WENT_LIVE = ("release.promoted", "release.rolled_back")
ORIGINS = PluginFamily("origin", {"prediction": "meguru.predictions.origin:origin_of"})
"""By kind of thing without events of its own: ``f(tx, name) -> Origin``; NotFound when there is none."""
_KINDS = {"pred": "prediction", "prun": "pipeline_run", "run": "run", "report": "report", "evt": "event"}
"""Of what an id is that stands alone, by its prefix."""


@operation("why.show", permission="lineage:read", query=True, refers={"ref": "*"})
def show(ctx: Context, *, ref: str) -> Why:
    """Explain the present state of a thing by the chain of events that led to it.

    A prediction is explained by why the release that answered it was live. After a rollback the chain begins
    with why the version now live was live in the first place. The chain ends where the next cause is of a
    project that the caller may not see.
    """
    parsed, sight = _parse(ref), sight_of(ctx)
    last = None
    if sight.sees(str(parsed)):
        if parsed.kind in ORIGINS.names():
            origin = ORIGINS.load(parsed.kind)(ctx.tx, parsed.name)
            chain = _causes(ctx.tx, _went_live(ctx.tx, origin), sight)
            return Why(ref=ref, state=origin.says, chain=_links(chain))
        last = _state_event(ctx.tx, parsed)
    if last is None:
        raise _missing(parsed, names_seen(ctx.tx, parsed.kind, sight.projects))
    chain = _causes(ctx.tx, last, sight)
    after = _what_came_of_it(ctx.tx, parsed, last)
    said = "; ".join(says(each) for each in (last, after) if each)
    return Why(ref=ref, state=said, chain=_links([*chain, after] if after else chain))


def _missing(parsed: refs.Ref, known: Iterable[str]) -> NotFound:
    known = list(known)
    if parsed.version is None or parsed.name not in known:
        return NotFound.of(parsed.kind, parsed.name, known)
    is_number = parsed.version.isdecimal()
    return NotFound(
        f"nothing is known of {parsed.version!r} of {parsed.kind} {parsed.name!r}",
        where=str(parsed),
        hint="" if is_number else f"name a version by its number: {parsed.kind}/{parsed.name}@1",
    )


def _parse(ref: str) -> refs.Ref:
    prefix = ref.partition("-")[0]
    return refs.parse(f"{_KINDS[prefix]}/{ref}" if prefix in _KINDS and "/" not in ref else ref)


def _causes(tx: Connection, last: events.Event | None, sight: Sight) -> list[events.Event]:
    """Return an event after its causes, the first cause first, as far as they may be seen."""
    chain: list[events.Event] = []
    item = last
    while item is not None and sight.knows(item) and len(chain) < MAX_LINKS:
        chain.append(item)
        item = _cause(tx, item)
    if last is not None and last.type == "release.rolled_back":
        # Nothing but a person's will leads to a rollback; what it restored has reasons of its own.
        chain += reversed(_causes(tx, _before(tx, last, "release.promoted"), sight))
    return chain[::-1][-MAX_LINKS:]


def _cause(tx: Connection, item: events.Event) -> events.Event | None:
    return _found(tx, item.cause) if item.cause else None


def _found(tx: Connection, event_id: str) -> events.Event | None:
    try:
        return events.get(tx, event_id)
    except NotFound:
        return None


def _before(tx: Connection, item: events.Event, kind: str) -> events.Event | None:
    """Return the newest earlier event of a type about the same subject."""
    found = events.read(tx, before=item.seq, types=(kind,), subject=item.subject, limit=1, newest_first=True)
    return found[0] if found else None


def _what_came_of_it(tx: Connection, ref: refs.Ref, last: events.Event) -> events.Event | None:
    """Return whether a promotion was served (of an endpoint), or what took its place (of a release)."""
    if last.type not in WENT_LIVE:
        return None
    if ref.kind == "endpoint":
        event = events.latest(tx, subject=str(ref), types=("endpoint.serving", "endpoint.failed"))
        switch = _cause(tx, event) if event else None
        return event if switch is not None and switch.cause == last.id else None
    if ref.kind == "release":
        others = event_table.c.subject.startswith(f"release/{ref.name}@", autoescape=True)
        later = (event_table.c.seq > last.seq) & event_table.c.type.in_(WENT_LIVE)
        query = select(event_table).where(others & later).order_by(event_table.c.seq)
        row = tx.execute(query.limit(1)).first()
        return None if row is None else from_row(row)
    return None


def _went_live(tx: Connection, origin: Origin) -> events.Event | None:
    """Return the event that had put a release live by a moment."""
    table = event_table.c
    at = table.at <= origin.at
    release = (table.subject == origin.release) & table.type.in_(WENT_LIVE)
    switch = (table.subject == origin.endpoint) & (table.type == "endpoint.switched")
    for condition in (release, switch):
        row = tx.execute(
            select(event_table).where(condition & at).order_by(table.seq.desc()).limit(1)
        ).first()
        if row is not None:
            return from_row(row)
    return None


def _links(chain: Sequence[events.Event]) -> list[Cause]:
    return [
        Cause(
            seq=item.seq, event=item.id, type=item.type, at=item.at, actor=item.actor,
            subject=item.subject, says=says(item), data=item.data,
        )
        for item in chain
    ]  # fmt: skip


def _state_event(tx: Connection, ref: refs.Ref) -> events.Event | None:
    if ref.kind == "event":
        return _found(tx, ref.name)
    declared = kind_of(ref.kind)
    types = declared.explaining if declared else ()
    if ref.kind == "endpoint":
        # A promotion is about its release; it names the endpoint in its data.
        switched = events.latest(
            tx, subject=str(ref), types=("endpoint.switched", "endpoint.created", "endpoint.retired")
        )
        if switched is not None and switched.type == "endpoint.switched" and switched.cause:
            return events.get(tx, switched.cause)
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
