"""Write ``docs/reference/events.md``: every type of event that a kind declares, by kind."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from meguru.app.kinds import all_kinds
from meguru.kernel.kinds import EventType, Kind, event_types

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "events.md"
TYPE = re.compile(r"`([a-z_]+\.[a-z_]+)`")
HEAD = "| type | subject | means | data |\n|---|---|---|---|\n"
INTRODUCTION = """\
Every type of event, what it means, and the data it carries. What an event is:
[the event log](../concepts/events.md). Read them with `meguru events --type TYPE` or `event.list`, wait for
them with `event.wait`; a trigger matches them by type and subject. After those with a ⚑ somebody has to act.

Predictions, the values of outcomes, and points, params and tags that a run logs are rows, and no events.
"""


def events(note: str) -> str:
    """Return the page: a section a kind, and below them what no kind declares yet, as the page has it now."""
    parts = [f"# Events\n\n{note}{INTRODUCTION}"]
    for kind in all_kinds():
        rows = [row(kind, declared) for declared in declared_by(kind)]
        if rows:
            parts.append(f"\n## {kind.title[1].capitalize()}\n\n{HEAD}{''.join(rows)}")
    if kept := "".join(undeclared_rows()):
        parts.append(f"\n## Others\n\n{HEAD}{kept}")
    return "".join(parts)


def declared_by(kind: Kind) -> Iterator[EventType]:
    """Yield the types of events of a kind, in its own order."""
    by_payload = {declared.payload: declared for declared in event_types().values()}
    yield from (by_payload[payload] for payload in kind.events)


def row(kind: Kind, declared: EventType) -> str:
    """Return the line of one type."""
    fields = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(declared.payload))
    meaning = (inspect.getdoc(declared.payload) or "").splitlines()[0].replace("``", "`").replace("|", "\\|")
    flag = "⚑ " if declared.needs_person else ""
    return f"| `{declared.name}` | `{declared.subject or form_of(kind)}` | {flag}{meaning} | {fields} |\n"


def form_of(kind: Kind) -> str:
    """Return how a reference to one is written."""
    return f"{kind.name}/{'NAME' if kind.named else 'ID'}{'@N' if kind.versioned else ''}"


def undeclared_rows() -> Iterator[str]:
    """Yield the lines, written by hand, of types that no kind declares."""
    declared = event_types()
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("| `") and any(name not in declared for name in TYPE.findall(line.split("|")[1])):
            yield line + "\n"
