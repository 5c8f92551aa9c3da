"""The events of what arrives from outside; each is about the trigger that it arrived for."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Attention, Payload, Remedy, Tone, event_type


class _Arrived(Payload, frozen=True):
    key: str
    source: str


@event_type("message.received", label="message received", sentence="a message of {source} came for {subject}")
class MessageReceived(_Arrived, frozen=True):
    """A message: its body as JSON, or as text."""

    body: Any
    size: int
    digest: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)


@event_type(
    "message.refused",
    label="message refused",
    sentence="a message of {source} for {subject} could not be read",
    tone=Tone.BAD,
    needs_person=Attention(
        answered_by=(Remedy("message.dropped"),),
        meaning="A message for {subject} can not be read, and is kept until somebody looks at it.",
    ),
)
class MessageRefused(_Arrived, frozen=True):
    """What arrived could not be read; it is kept as a dead letter, with the reason."""

    letter: str
    reason: str
    size: int


@event_type(
    "message.dropped", label="dead letter dropped", sentence="{actor} dropped a dead letter of {subject}"
)
class MessageDropped(_Arrived, frozen=True):
    """Somebody gave up what could not be read."""

    letter: str
    reason: str


@event_type("file.arrived", label="file arrived", sentence="{path} arrived in {source} for {subject}")
class FileArrived(_Arrived, frozen=True):
    """A file is there, whole: its path within the folder, its size in bytes and the digest of its content."""

    path: str
    size: int
    digest: str


@event_type("object.arrived", label="object arrived", sentence="{path} arrived in {source} for {subject}")
class ObjectArrived(_Arrived, frozen=True):
    """An object is there, or was replaced."""

    path: str
    size: int
    etag: str


@event_type("rows.arrived", label="rows arrived", sentence="{rows} rows arrived in {source} for {subject}")
class RowsArrived(_Arrived, frozen=True):
    """A table has new rows: those whose `column` is larger than `since`, up to `until`."""

    column: str
    rows: int
    since: str | None
    until: str


@event_type(
    "data.stale",
    label="data stale",
    sentence="{source} got no newer version within {within}, as {subject} wants it",
    tone=Tone.ODD,
)
class DataStale(_Arrived, frozen=True):
    """A dataset's newest version is older than it may be."""

    since: str
    within: str


@event_type(
    "code.changed", label="code changed", sentence="{branch} of {source} is at {commit}, for {subject}"
)
class CodeChanged(_Arrived, frozen=True):
    """A branch has a new tip; `paths` are the first of the changed files that count, `changed` how many do.

    `contract` tells whether the schema that an application declares agrees with the endpoint's contract.
    """

    branch: str
    commit: str
    before: str
    author: str
    message: str
    paths: list[str]
    changed: int
    contract: dict[str, Any] | None = None


@event_type("hook.received", label="hook called", sentence="{source} told {subject} of {event}")
class HookReceived(_Arrived, frozen=True):
    """Somebody posted to a hook; `body` is left out where it is long."""

    event: str
    digest: str
    size: int
    action: str = ""
    repository: str = ""
    branch: str = ""
    commit: str = ""
    before: str = ""
    sender: str = ""
    paths: list[str] = msgspec.field(default_factory=list)
    body: Any = None
    contract: dict[str, Any] | None = None


ARRIVALS = (
    MessageReceived,
    MessageRefused,
    MessageDropped,
    FileArrived,
    ObjectArrived,
    RowsArrived,
    DataStale,
    CodeChanged,
    HookReceived,
)
