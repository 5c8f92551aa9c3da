r"""Events as ArcSight's Common Event Format, which collectors of security events read.

A line is ``CEF:0|vendor|product|version|type|name|severity|key=value …``. In the head ``\`` and ``|`` are
escaped, in values ``\``, ``=`` and line breaks. Source: ArcSight Common Event Format, revision 25.
"""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.kernel.event import Event
from meguru.kernel.kinds.event_types import Tone, find

_SEVERITY = {Tone.BAD: 7, Tone.ODD: 5}
_USUAL, _NEEDS_PERSON = 3, 8
_LABELS = {"cn1": "seq", "cs1": "subject", "cs2": "project", "cs3": "hash", "cs4": "cause"}
_BREAKS = str.maketrans({"\r": "\\r", "\n": "\\n", "\\": "\\\\", "=": "\\="})


def line(event: Event, version: str) -> str:
    """Return an event as one line, without its end."""
    declared = find(event.type)
    severity = _USUAL
    if declared is not None:
        severity = _NEEDS_PERSON if declared.attention else _SEVERITY.get(declared.tone, _USUAL)
    label = declared.label if declared is not None else event.type
    head = "|".join(_head(each) for each in ("Meguru", "Meguru", version, event.type, label, str(severity)))
    told = {
        "rt": str(int(event.at.timestamp() * 1000)),
        "externalId": event.id,
        "suser": event.actor,
        "act": event.operation,
        "outcome": "failure" if event.type == "access.denied" else "success",
        "cn1": str(event.seq),
        "cs1": event.subject,
        "cs2": event.project or refs.DEFAULT,
        "cs3": event.hash,
        "cs4": event.cause or "",
        "msg": msgspec.json.encode(event.data).decode(),
    }
    labels = {f"{key}Label": label for key, label in _LABELS.items() if told[key]}
    extension = " ".join(
        f"{key}={value.translate(_BREAKS)}" for key, value in {**told, **labels}.items() if value
    )
    return f"CEF:0|{head}|{extension}"


def _head(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())
