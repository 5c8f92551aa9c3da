"""The events of what is declared: made with a spec, changed, taken out of use."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from meguru.kernel.kinds.event_types import Payload, Tone, event_type


def spec_events(
    kind: str,
    spec: type[msgspec.Struct],
    *,
    title: str = "",
    retired: str = "It was taken out of use.",
) -> tuple[type[Payload], ...]:
    """Declare ``KIND.created``, which carries the spec, ``KIND.updated`` and ``KIND.retired``.

    Parameters
    ----------
    kind, title
        The noun of the events, and what one is called in lists, if that is another word.
    spec
        What is declared; an event of the first carries each of its fields, as plain JSON.
    retired
        What it means that one was taken out of use, for the reference of events.
    """
    title = title or kind.replace("_", " ")
    one, subject = f"{'an' if title[0] in 'aeio' else 'a'} {title}", f"{kind}/NAME"
    stem, module = kind.title().replace("_", ""), spec.__module__
    changes: list[tuple[str, Any]] = [("changes", dict[str, Any])]
    said = f"{one.capitalize()} was declared, with this spec."
    created = _payload(f"{stem}Created", _fields(spec), said, module)
    said = f"Fields of {one}'s spec changed: ``{{field: {{before, after}}}}``."
    updated = _payload(f"{stem}Updated", changes, said, module)
    ended = _payload(f"{stem}Retired", [], retired, module)
    sentence = "{subject} was declared"
    event_type(
        f"{kind}.created", label=f"{title} declared", sentence=sentence, explains=True, subject=subject
    )(created)
    sentence = "the declaration of {subject} was changed"
    event_type(f"{kind}.updated", label=f"{title} changed", sentence=sentence, subject=subject)(updated)
    sentence, label = "{subject} was retired", f"{title} retired"
    mark = event_type(
        f"{kind}.retired", label=label, sentence=sentence, tone=Tone.ODD, explains=True, subject=subject
    )
    return created, updated, mark(ended)


def _fields(spec: type[msgspec.Struct]) -> list[Any]:
    found: list[Any] = []
    for field in msgspec.structs.fields(spec):
        if field.required:
            found.append((field.name, field.type))
        elif field.default_factory is not msgspec.NODEFAULT:
            found.append((field.name, field.type, msgspec.field(default_factory=field.default_factory)))
        else:
            found.append((field.name, field.type, field.default))
    return found


def _payload(name: str, fields: list[Any], meaning: str, module: str) -> type[Payload]:
    made: Any = msgspec.defstruct(
        name,
        fields,
        bases=(Payload,),
        namespace={"__doc__": meaning},
        module=module,
        frozen=True,
        kw_only=True,
    )
    return cast("type[Payload]", made)
