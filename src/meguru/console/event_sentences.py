"""What an event tells, in a sentence of the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from meguru.artifacts.types import Cause
from meguru.base import refs
from meguru.console.links import short
from meguru.errors import InvalidInput
from meguru.kernel.event import Event
from meguru.kernel.kinds import event_types

if TYPE_CHECKING:
    from meguru.console.page_request import Visit


def sentence_of(visit: Visit, event: Event | Cause) -> Markup:
    """Return the declared sentence of an event, with links to the things it names; else these alone."""
    declared = event_types().get(event.type)
    if declared is None:
        return _shown(visit, event.subject, event.subject)
    about = {"subject": event.subject, "actor": event.actor}
    values = {
        name: _shown(visit, about.get(name, event.data.get(name)), event.subject)
        for name in declared.placeholders
    }
    return visit.say(declared.sentence, **values)


def plain_sentence_of(visit: Visit, event: Event) -> str:
    """Return the same without links, for where it is a link itself."""
    declared = event_types()[event.type]
    about = {"subject": event.subject, "actor": event.actor}
    values = {name: about.get(name, event.data.get(name)) for name in declared.placeholders}
    return visit.text(
        declared.sentence,
        **{name: short(value) if isinstance(value, str) else value for name, value in values.items()},
    )


def _shown(visit: Visit, value: Any, subject: str) -> Markup:
    # Names that MLflow's clients gave may hold spaces, but so does a reason that begins with a reference.
    if isinstance(value, str) and (value == subject or " " not in value) and _is_ref(value):
        link = Markup('<a class="ref" href="{url}" title="{ref}">{text}</a>')
        return link.format(url=visit.url_of(value), ref=value, text=short(value))
    return Markup("{value}").format(value="–" if value is None else value)


def _is_ref(text: str) -> bool:
    try:
        return refs.parse(text).kind in refs.KINDS
    except InvalidInput:
        return False
