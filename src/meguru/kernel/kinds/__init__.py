"""A kind of thing is declared once: its references, its events, who may do what with it, where it lives.

`Kind` is the declaration, `event_type` marks the payload of each event that tells of it; `spec_events` are
those of what is declared. Everything that cuts across the nouns (roles, sentences of `why`, words of the
console, background services, the documentation, the test of who may do what) is derived from the list of
kinds; nothing is said of a kind elsewhere.
"""

from meguru.kernel.kinds.attention import Attention, Remedy, Urgency
from meguru.kernel.kinds.event_types import EventType, Payload, Tone, event_type, event_types
from meguru.kernel.kinds.kind import FieldMembers, Kind, Service, kind_of, kinds
from meguru.kernel.kinds.provided import provided
from meguru.kernel.kinds.spec_events import spec_events

__all__ = [
    "Attention",
    "EventType",
    "FieldMembers",
    "Kind",
    "Payload",
    "Remedy",
    "Service",
    "Tone",
    "Urgency",
    "event_type",
    "event_types",
    "kind_of",
    "kinds",
    "provided",
    "spec_events",
]
