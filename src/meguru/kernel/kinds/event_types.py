"""Types of events: the payload, and how each is told to people."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from string import Formatter
from typing import Any, TypeVar

import msgspec

from meguru.base import refs
from meguru.errors import InternalError
from meguru.kernel.kinds.attention import Attention
from meguru.kernel.kinds.everything import load_kinds

_NAME_PARTS = 2


class Tone(StrEnum):
    """In which colour an event is shown."""

    GOOD = "good"
    BAD = "bad"
    ODD = "odd"
    """Somebody should know: stopped, held back, expired."""
    BUSY = "busy"
    STILL = "still"


class Payload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data of one type of event; its fields are what an event of that type may carry."""


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """One type of event.

    `label` is its name in lists ("release refused"), `sentence` what `why` says of it, with ``{subject}``,
    ``{actor}`` and fields of the payload in it; both are looked up in the catalogue of the reader's language.
    `explains` marks the events that set the state of their subject: the newest of them is where an answer to
    "why?" ends. `attention` is there for
    those after which somebody has to act. `subject` is the form of the
    references it tells of, where that is not the one of its kind (``model/NAME``, of a kind with versions).
    """

    name: str
    label: str
    sentence: str
    tone: Tone
    payload: type[Payload]
    explains: bool = False
    attention: Attention | None = None
    subject: str = ""

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to act after it."""
        return self.attention is not None

    @property
    def placeholders(self) -> list[str]:
        """The names in the braces of its sentence."""
        return [name for _, name, _, _ in Formatter().parse(self.sentence) if name]

    def check(self, data: dict[str, Any]) -> None:
        """Refuse data, given as plain JSON, that is not of this type's payload; InternalError."""
        try:
            msgspec.convert(data, self.payload)
        except msgspec.ValidationError as error:
            message = f"the data of {self.name} is not a {self.payload.__name__}: {error}"
            raise InternalError(message) from error


P = TypeVar("P", bound=type[Payload])
_declared: dict[str, EventType] = {}


def event_type(
    name: str,
    *,
    label: str,
    sentence: str = "",
    tone: Tone = Tone.STILL,
    explains: bool = False,
    needs_person: bool | Attention = False,
    subject: str = "",
) -> Callable[[P], P]:
    """Mark a struct as the payload of the events called `name` (``noun.verb``, in the past tense).

    `needs_person` is True, or says more, when somebody has to act after it.
    """
    if len(name.split(".")) != _NAME_PARTS:
        message = f"an event is called noun.verb, not {name!r}"
        raise InternalError(message)

    def mark(payload: P) -> P:
        made = EventType(
            name=name,
            label=label,
            sentence=sentence or label + ": {subject}",
            tone=tone,
            payload=payload,
            explains=explains,
            attention=Attention() if needs_person is True else needs_person or None,
            subject=subject,
        )
        names = {*made.placeholders, *(made.attention.placeholders if made.attention else ())}
        if unknown := names - {"subject", "actor", *payload.__struct_fields__}:
            message = f"the sentence of {name} tells of {', '.join(sorted(unknown))}, which it does not carry"
            raise InternalError(message)
        known = _declared.setdefault(name, made)
        if known.payload is not payload and known.payload.__module__ != payload.__module__:
            message = f"two payloads for {name}: in {known.payload.__module__} and {payload.__module__}"
            raise InternalError(message)
        _declared[name] = made
        return payload

    return mark


def event_types() -> dict[str, EventType]:
    """Return every type of event whose kind was loaded, by name."""
    return dict(sorted(_declared.items()))


def find(name: str) -> EventType | None:
    """Return a type of event; before it is said that there is none, every kind is loaded."""
    if name not in _declared:
        load_kinds()
    return _declared.get(name)


def check(name: str, data: dict[str, Any]) -> None:
    """Refuse an event of a kind that does not declare it, or whose data, as plain JSON, is not so.

    What is of no kind, such as an event of an installed action, may carry anything.

    Raises
    ------
    InternalError
        The whole change is undone then.
    """
    declared = find(name)
    if declared is None:
        if name.partition(".")[0] not in refs.KINDS:
            return
        message = f"no kind declares events called {name!r}"
        raise InternalError(message)
    declared.check(data)
