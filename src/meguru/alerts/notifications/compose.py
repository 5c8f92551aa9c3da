"""Make a message of what is to be told: the most urgent first, in the language of its readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meguru.alerts.notifications.routing import RESOLVED_EVENT
from meguru.alerts.notifications.types import MessageItem, Notice, NotificationMessage, Route
from meguru.alerts.sentences import sentence_of, short
from meguru.alerts.types import Alert, AlertState
from meguru.base import refs
from meguru.base.text import translate
from meguru.kernel.event import Event
from meguru.kernel.kinds import event_types

MAX_ITEMS = 20
"""So many things a message tells one by one; of the rest it tells their number."""
MAX_FACTS = 6
MAX_TEXT = 1000
FIRST_FACTS = frozenset({"reasons", "reason", "why", "message"})
"""What says why comes before all else."""
ONE = "Meguru: {text}"
SEVERAL, ALL_OVER = "Meguru: {count} things need attention", "Meguru: {count} things are over"


def compose(
    route: Route, notices: Sequence[Notice], alerts: Mapping[str, Alert], events: Mapping[str, Event]
) -> NotificationMessage:
    """Return the message that tells of notices; `events` are by id, for those that are of no alert."""
    items = [
        _item(route, notice, alerts.get(notice.alert), events.get(notice.last_event)) for notice in notices
    ]
    items.sort(key=lambda each: (_rank(each), each.at), reverse=True)
    return NotificationMessage(
        title=_title(route, items),
        items=items[:MAX_ITEMS],
        more=len(items) - len(items[:MAX_ITEMS]),
        notification=route.name,
        project=refs.project_of(route.name),
        language=route.language,
    )


def _item(route: Route, notice: Notice, alert: Alert | None, event: Event | None) -> MessageItem:
    if alert is None:
        return MessageItem(
            text=event_sentence(event, route.language),
            subject=notice.subject,
            count=notice.count,
            at=notice.last_at,
        )
    over = notice.type == RESOLVED_EVENT and not alert.is_open
    return MessageItem(
        text=sentence_of(alert, route.language)[:MAX_TEXT],
        severity=alert.severity.value,
        state=alert.state.value if over or alert.state is not AlertState.RESOLVED else "open",
        subject=alert.subject,
        facts=_facts(alert, route.language),
        count=alert.count,
        at=notice.last_at,
        alert=alert.id,
    )


def _facts(alert: Alert, language: str) -> list[str]:
    found = []
    for key in sorted(alert.evidence, key=lambda each: each not in FIRST_FACTS):
        value = alert.evidence[key]
        if isinstance(value, dict) or value in (None, "", []):
            continue
        shown = "; ".join(map(str, value)) if isinstance(value, list) else _number(value)
        found.append(f"{translate(key.replace('_', ' '), language)}: {shown[:300]}")
    if alert.acknowledged_by:
        found.insert(0, translate("{by} looks after it", language).format(by=alert.acknowledged_by))
    return found[:MAX_FACTS]


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def event_sentence(event: Event | None, language: str) -> str:
    """Return what an event tells, in a sentence; empty when it is not there any more."""
    if event is None:
        return ""
    declared = event_types().get(event.type)
    if declared is None:
        return f"{event.type}: {event.subject}"
    values = {key: short(value) for key, value in event.data.items() if not isinstance(value, list | dict)}
    values |= {"subject": short(event.subject), "actor": event.actor}
    try:
        return translate(declared.sentence, language).format(**values)[:MAX_TEXT]
    except (KeyError, IndexError, AttributeError, ValueError):
        return f"{translate(declared.label, language)}: {short(event.subject)}"


def _title(route: Route, items: Sequence[MessageItem]) -> str:
    if len(items) == 1:
        text = items[0].text.splitlines()[0] if items[0].text else items[0].subject
        return translate(ONE, route.language).format(text=text)[:200]
    all_over = all(item.state == AlertState.RESOLVED.value for item in items)
    return translate(ALL_OVER if all_over else SEVERAL, route.language).format(count=f"{len(items):,}")


def _rank(item: MessageItem) -> int:
    urgent = ["", "info", "warning", "critical"].index(item.severity)
    return urgent if item.state != AlertState.RESOLVED.value else 0
