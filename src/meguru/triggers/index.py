"""An in-memory index of triggers by event type and subject: an event meets few of very many triggers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.expressions import PlainExpression
from meguru.errors import MeguruError
from meguru.kernel.events import Event
from meguru.triggers import store
from meguru.triggers.event_fields import expression_fields
from meguru.triggers.kinds import TriggerKind
from meguru.triggers.kinds.listening import is_by_arrivals
from meguru.triggers.parse import kind_of
from meguru.triggers.types import Trigger

log = logging.getLogger(__name__)
NEVER_WAKES = ("trigger.suppressed", "trigger.owed", "trigger.looped")
"""What was held back has no consequences; else two triggers could keep each other awake for ever."""


class IndexedTrigger(NamedTuple):
    """A trigger, read: its kind, its filter, and the projects of things that it names."""

    trigger: Trigger
    kind: TriggerKind
    filter: PlainExpression | None
    projects: frozenset[str]

    @property
    def about(self) -> str | None:
        """The one thing whose events may wake it; None when it may be any."""
        return self.trigger.ref if is_by_arrivals(self.kind) else self.kind.about

    def matches(self, event: Event) -> bool:
        """Tell whether an event wakes the trigger, but for its filter; none sees what was before it was made.

        What happens in another project is seen only where the trigger names a thing of it, which its
        declarer was allowed to.
        """
        return (
            event.seq > self.trigger.created_seq
            and event.project in self.projects
            and self.kind.matches(event)
            and (event.subject == self.trigger.ref or not is_by_arrivals(self.kind))
        )

    def passes_filter(self, event: Event) -> bool:
        """Tell whether the filter holds; null is no."""
        return self.filter is None or self.filter.over(expression_fields(event)) is True


class TriggerIndex:
    """The triggers as they stand, kept up by what was declared since the last look. For one thread.

    For each type of event that was met, the triggers that it may wake are in buckets: one for each thing, and
    one for those that may be woken by any.
    """

    def __init__(self) -> None:
        self._version = 0
        self._known: dict[str, IndexedTrigger] = {}
        self._by_type: dict[str, dict[str | None, dict[str, IndexedTrigger]]] = {}

    def refresh(self, tx: Connection) -> bool:
        """Take in what changed; return whether anything did."""
        # Versions are given out by writers that wait for each other, so none is committed below one seen.
        changed = store.changed_since(tx, self._version)
        for trigger, present in changed:
            self._forget(trigger.name)
            if present and (indexed_trigger := parse_trigger(trigger)):
                self._known[trigger.name] = indexed_trigger
                for type, buckets in self._by_type.items():
                    _put(buckets, type, indexed_trigger)
            self._version = trigger.version
        return bool(changed)

    def may_wake(self, type: str) -> bool:
        """Tell whether a trigger can be woken by events of a type."""
        return type not in NEVER_WAKES and bool(self._buckets(type))

    def matching(self, event: Event) -> list[IndexedTrigger]:
        """Return the triggers that an event wakes, by name; their filters are not asked."""
        if event.type in NEVER_WAKES:
            return []
        buckets = self._buckets(event.type)
        about = event.subject.partition("@")[0]
        triggers = [
            trigger
            for key in {about, None}
            for trigger in buckets.get(key, {}).values()
            if trigger.matches(event)
        ]
        return sorted(triggers, key=lambda each: each.trigger.name)

    def __iter__(self) -> Iterator[IndexedTrigger]:
        """Iterate over all triggers."""
        return iter(self._known.values())

    def _buckets(self, type: str) -> dict[str | None, dict[str, IndexedTrigger]]:
        if type not in self._by_type:
            buckets = self._by_type[type] = {}
            for trigger in self._known.values():
                _put(buckets, type, trigger)
        return self._by_type[type]

    def _forget(self, name: str) -> None:
        if self._known.pop(name, None) is None:
            return
        for buckets in self._by_type.values():
            for about in [key for key, bucket in buckets.items() if name in bucket]:
                del buckets[about][name]
                if not buckets[about]:
                    del buckets[about]


def _put(buckets: dict[str | None, dict[str, IndexedTrigger]], type: str, item: IndexedTrigger) -> None:
    if item.kind.may_match(type):
        buckets.setdefault(item.about, {})[item.trigger.name] = item


def parse_trigger(trigger: Trigger) -> IndexedTrigger | None:
    """Return a trigger as it watches the log; None, and a line in the server's log, when it can't be read."""
    try:
        kind = kind_of(trigger.on)
        expression = PlainExpression(trigger.filter) if trigger.filter else None
    except MeguruError:
        log.exception("trigger %s can't be read; it sleeps", trigger.name)
        return None
    named = {refs.project_of(str(value)) for value in trigger.on.values()} - {""}
    return IndexedTrigger(trigger, kind, expression, frozenset({refs.project_of(trigger.name), *named}))
