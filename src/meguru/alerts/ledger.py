"""Write-back cache of the alerts that a batch of events touches: each is read once and written once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from meguru.alerts import event_rules, store
from meguru.alerts.event_data import alert_data
from meguru.alerts.incidents.begin import begin_if_critical
from meguru.alerts.storms import MAX_ALERTS, is_storm, opened_lately, storm_key
from meguru.alerts.types import Alert, AlertState
from meguru.base.ids import new_id
from meguru.kernel.event import Event
from meguru.kernel.kinds import event_types
from meguru.kernel.operations import Context

REMIND_AFTER = timedelta(days=1)
"""What nobody looks after is told again after so long."""
REOPEN_WITHIN = timedelta(hours=1)
"""What comes back so soon after it was over is the same alert."""
MAX_GOOD_ANSWERS = 5
"""So many good answers in a row end whatever comes and goes."""
MAX_NAMED = 50
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

    def apply(self, event: Event) -> None:
        """Open, count or resolve the alerts that an event concerns."""
        if event_rules.opens_alert(event.type):
            self._handle_opening(event)
        for answered in event_rules.answer_rules().get(event.type, ()):
            if answered.cause in self._causes and event_rules.is_met(answered.answer, event):
                found = self._open_alert_answered_by(answered, event)
                if found is not None:
                    self._count_answer(found, event)
        if self._causes and event.type.endswith(event_rules.RETIRED_SUFFIX):
            self.write()  # the query below is to see what this batch opened
            for found in store.all_about(self._ctx.tx, event.subject):
                known = self._newest(found.about, found.cause)
                if known is not None and known.is_open:
                    self.resolve(known, by=event.actor, note="it was retired", answer=event.id)

    def write(self) -> None:
        """Write what changed."""
        for key in self._changed:
            if (alert := self._known[key]) is not None:
                store.save(self._ctx.tx, alert)
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
        self._set(done)
        self.write()
        data = alert_data(done) | {"by": by, "note": note, "answer": answer}
        self._emit("alert.resolved", done, data, cause=answer or None)
        return done

    def _handle_opening(self, event: Event) -> None:
        about = event_rules.about_of(event)
        alert = self._newest(about, event.type)
        if alert is None or not alert.is_open:
            soon = (
                alert is not None
                and alert.resolved_at
                and self._ctx.now() - alert.resolved_at < REOPEN_WITHIN
            )
            if alert is not None and soon and alert.resolved_event:
                self._reopen(alert, event)
                return
            if self._opened_lately(event) >= MAX_ALERTS:
                self._count_in_storm(event, about)
                return
            self._open(event, about)
            return
        self._count_repeat(alert, event, event_rules.evidence_of(event.data))

    def _opened_lately(self, event: Event) -> int:
        # Asked of the database once, before anything of this batch can be written: what is written in the
        # middle of it, as an alert ends, would else be counted twice.
        key = event.type, event.project
        if key not in self._recent:
            self._recent[key] = opened_lately(self._ctx, event)
        return self._recent[key]

    def _count_in_storm(self, event: Event, about: str) -> None:
        storm = storm_key(event)
        alert = self._newest(storm, event.type)
        if alert is None or not alert.is_open:
            self._open(event, storm, named=[about])
            return
        named = alert.evidence.get("things", [])
        if about not in named and len(named) < MAX_NAMED:
            named = [*named, about]
        self._count_repeat(alert, event, event_rules.evidence_of(event.data) | {"things": named})

    def _open(self, event: Event, about: str, named: list[str] | None = None) -> None:
        attention = event_types()[event.type].attention
        if attention is None:
            return
        alert = Alert(
            id=new_id("alert"),
            project=event.project,
            about=about,
            cause=event.type,
            subject=event.subject,
            severity=attention.severity,
            state=AlertState.OPEN,
            count=1,
            reopened=0,
            good_answers=0,
            event=event.id,
            last_event=event.id,
            opened_at=event.at,
            last_at=event.at,
            evidence=event_rules.evidence_of(event.data) | ({"things": named} if named else {}),
        )
        self._recent[event.type, event.project] = self._opened_lately(event) + 1
        self._set(alert)
        opened = self._emit("alert.opened", alert, alert_data(alert), cause=event.id)
        begin_if_critical(self._ctx, alert, opened.id)

    def _reopen(self, known: Alert, event: Event) -> None:
        again = known.changed(
            state=AlertState.OPEN,
            subject=event.subject,
            count=known.count + 1,
            reopened=known.reopened + 1,
            good_answers=0,
            last_event=event.id,
            last_at=event.at,
            evidence=event_rules.evidence_of(event.data),
            acknowledged_by="",
            acknowledged_at=None,
            resolved_by="",
            resolved_at=None,
            resolved_event=None,
        )
        self._set(again)
        opened = self._emit("alert.reopened", again, alert_data(again), cause=event.id)
        begin_if_critical(self._ctx, again, opened.id)

    def _count_repeat(self, known: Alert, event: Event, evidence: dict[str, Any]) -> None:
        muted = known.is_muted(self._ctx.now())
        days = [(each - known.opened_at) // REMIND_AFTER for each in (known.last_at, event.at)]
        changed = known.changed(
            subject=event.subject,
            count=known.count + 1,
            muted_count=known.muted_count + int(muted),
            good_answers=0,
            last_event=event.id,
            last_at=event.at,
            evidence=evidence,
        )
        self._set(changed)
        if days[0] < days[1] and changed.state is AlertState.OPEN and not muted:
            self.write()
            self._emit("alert.persisted", changed, alert_data(changed), cause=event.id)

    def _count_answer(self, known: Alert, event: Event) -> None:
        """Count an answer; what came and went before needs more of them in a row."""
        # Hysteresis: what flaps between good and bad would else open and end an alert each time.
        good = known.good_answers + 1
        if good < min(1 + known.reopened, MAX_GOOD_ANSWERS):
            self._set(known.changed(good_answers=good))
            return
        self.resolve(known.changed(good_answers=good), by=event.actor, note=event.type, answer=event.id)

    def _open_alert_answered_by(self, answered: event_rules.AnswerRule, event: Event) -> Alert | None:
        about = event_rules.fill_template(answered.about, event) if answered.about else event.subject
        alert = self._newest(about, answered.cause) if about else None
        if alert is None or not alert.is_open:
            # Another event of the same subject, which doesn't say what lasts. Written before it is asked for,
            # as the alert may be of this batch.
            self.write()
            alert = store.open_with_subject(self._ctx.tx, event.subject, answered.cause)
        return alert if alert is not None and alert.is_open and not is_storm(alert) else None

    def _newest(self, about: str, cause: str) -> Alert | None:
        key = about, cause
        if key not in self._known:
            self._known[key] = store.newest(self._ctx.tx, about, cause)
        return self._known[key]

    def _set(self, item: Alert) -> None:
        key = item.about, item.cause
        self._known[key] = item
        self._changed.add(key)
        self._causes.add(item.cause)

    def _emit(self, type: str, item: Alert, data: dict[str, Any], *, cause: str | None) -> Event:
        return self._ctx.emit(type, item.ref, data=data, cause=cause, project=item.project)
