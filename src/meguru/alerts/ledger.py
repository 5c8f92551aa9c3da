"""The alerts that a batch of events touches: read once, changed in memory, written once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from meguru.alerts import causes, store
from meguru.alerts.incidents.begin import begin_if_critical
from meguru.alerts.standing import standing
from meguru.alerts.storms import MAX_ALERTS, about_of_storm, is_storm, opened_lately
from meguru.alerts.types import Alert, AlertState
from meguru.base.ids import new_id
from meguru.kernel.event import Event
from meguru.kernel.kinds import event_types
from meguru.kernel.operations import Context

DAY = timedelta(days=1)
"""What nobody looks after is told again after so long."""
SOON = timedelta(hours=1)
"""What comes back so soon after it was over is the same alert."""
MOST_GOOD = 5
"""So many good answers in a row end whatever comes and goes."""
MOST_NAMED = 50
"""So many of the things that a storm is about are named in its evidence."""


class Ledger:
    """Takes in events in their order; `write` at the end."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known: dict[tuple[str, str], Alert | None] = {}
        self._changed: set[tuple[str, str]] = set()
        self._causes = store.open_causes(ctx.tx)
        self._recent: dict[tuple[str, str], int] = {}
        """How many alerts were opened lately, by cause and project, with those of this batch."""

    def take(self, event: Event) -> None:
        """Open, count or answer what an event tells of."""
        if causes.opens(event.type):
            self._need(event)
        for answered in causes.answers().get(event.type, ()):
            if answered.cause in self._causes and causes.is_met(answered.answer, event):
                found = self._answered(answered, event)
                if found is not None:
                    self._good(found, event)
        if self._causes and event.type.endswith(causes.RETIRED):
            self.write()
            for found in store.all_about(self._ctx.tx, event.subject):
                known = self._newest(found.about, found.cause)
                if known is not None and known.is_open:
                    self.resolve(known, by=event.actor, note="it was retired", answer=event.id)

    def write(self) -> None:
        """Write what changed."""
        for key in self._changed:
            if (known := self._known[key]) is not None:
                store.keep(self._ctx.tx, known)
        self._changed.clear()

    def resolve(self, known: Alert, *, by: str, note: str, answer: str = "") -> Alert:
        """End an alert."""
        done = known.changed(
            state=AlertState.RESOLVED,
            resolved_by=by,
            resolved_at=self._ctx.now(),
            resolved_event=answer or None,
            muted_until=None,
        )
        self._put(done)
        self.write()
        data = standing(done) | {"by": by, "note": note, "answer": answer}
        self._tell("alert.resolved", done, data, cause=answer or None)
        return done

    def _need(self, event: Event) -> None:
        about = causes.about_of(event)
        known = self._newest(about, event.type)
        if known is None or not known.is_open:
            soon = known is not None and known.resolved_at and self._ctx.now() - known.resolved_at < SOON
            if known is not None and soon and known.resolved_event:
                self._reopen(known, event)
                return
            if self._opened_lately(event) >= MAX_ALERTS:
                self._need_of_storm(event, about)
                return
            self._open(event, about)
            return
        self._again(known, event, causes.essence(event.data))

    def _opened_lately(self, event: Event) -> int:
        # Asked of the database once, before anything of this batch can be written: what is written in the
        # middle of it, as an alert ends, would else be counted twice.
        key = event.type, event.project
        if key not in self._recent:
            self._recent[key] = opened_lately(self._ctx, event)
        return self._recent[key]

    def _need_of_storm(self, event: Event, about: str) -> None:
        storm = about_of_storm(event)
        known = self._newest(storm, event.type)
        if known is None or not known.is_open:
            self._open(event, storm, named=[about])
            return
        named = known.evidence.get("things", [])
        if about not in named and len(named) < MOST_NAMED:
            named = [*named, about]
        self._again(known, event, causes.essence(event.data) | {"things": named})

    def _open(self, event: Event, about: str, named: list[str] | None = None) -> None:
        attention = event_types()[event.type].attention
        if attention is None:
            return
        made = Alert(
            id=new_id("alert"),
            project=event.project,
            about=about,
            cause=event.type,
            subject=event.subject,
            severity=attention.severity,
            state=AlertState.OPEN,
            count=1,
            reopened=0,
            good=0,
            event=event.id,
            last_event=event.id,
            opened_at=event.at,
            last_at=event.at,
            evidence=causes.essence(event.data) | ({"things": named} if named else {}),
        )
        self._recent[event.type, event.project] = self._opened_lately(event) + 1
        self._put(made)
        opened = self._tell("alert.opened", made, standing(made), cause=event.id)
        begin_if_critical(self._ctx, made, opened.id)

    def _reopen(self, known: Alert, event: Event) -> None:
        again = known.changed(
            state=AlertState.OPEN,
            subject=event.subject,
            count=known.count + 1,
            reopened=known.reopened + 1,
            good=0,
            last_event=event.id,
            last_at=event.at,
            evidence=causes.essence(event.data),
            acknowledged_by="",
            acknowledged_at=None,
            resolved_by="",
            resolved_at=None,
            resolved_event=None,
        )
        self._put(again)
        opened = self._tell("alert.reopened", again, standing(again), cause=event.id)
        begin_if_critical(self._ctx, again, opened.id)

    def _again(self, known: Alert, event: Event, evidence: dict[str, Any]) -> None:
        muted = known.is_muted(self._ctx.now())
        days = [(each - known.opened_at) // DAY for each in (known.last_at, event.at)]
        changed = known.changed(
            subject=event.subject,
            count=known.count + 1,
            muted_count=known.muted_count + int(muted),
            good=0,
            last_event=event.id,
            last_at=event.at,
            evidence=evidence,
        )
        self._put(changed)
        if days[0] < days[1] and changed.state is AlertState.OPEN and not muted:
            self.write()
            self._tell("alert.persisted", changed, standing(changed), cause=event.id)

    def _good(self, known: Alert, event: Event) -> None:
        """Count an answer; what came and went before needs more of them in a row."""
        good = known.good + 1
        if good < min(1 + known.reopened, MOST_GOOD):
            self._put(known.changed(good=good))
            return
        self.resolve(known.changed(good=good), by=event.actor, note=event.type, answer=event.id)

    def _answered(self, answered: causes.Answered, event: Event) -> Alert | None:
        about = causes.filled(answered.about, event) if answered.about else event.subject
        found = self._newest(about, answered.cause) if about else None
        if found is None or not found.is_open:
            # Another event of the same subject, which doesn't say what lasts.
            self.write()
            found = store.open_with_subject(self._ctx.tx, event.subject, answered.cause)
        return found if found is not None and found.is_open and not is_storm(found) else None

    def _newest(self, about: str, cause: str) -> Alert | None:
        key = about, cause
        if key not in self._known:
            self._known[key] = store.newest(self._ctx.tx, about, cause)
        return self._known[key]

    def _put(self, item: Alert) -> None:
        key = item.about, item.cause
        self._known[key] = item
        self._changed.add(key)
        self._causes.add(item.cause)

    def _tell(self, type: str, item: Alert, data: dict[str, Any], *, cause: str | None) -> Event:
        return self._ctx.emit(type, item.ref, data=data, cause=cause, project=item.project)
