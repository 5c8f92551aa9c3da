"""Where the page of a reference is."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from meguru.base import refs
from meguru.errors import InvalidInput

HOME = "/"
EVENTS = "/ui/events"


def url_of(ref: str) -> str:
    """Return the page that shows the thing a reference names; its events where it has no page."""
    try:
        kind, name, version = refs.parse(ref)
    except InvalidInput:
        return events_of(ref)
    safe = quote(name, safe="")
    mark = f"#v{quote(version, safe='')}" if version else ""
    match kind:
        case "model":
            return f"/ui/models/{safe}{mark}"
        case "dataset":
            return f"/ui/datasets/{safe}{mark}"
        case "pipeline_run":
            return f"/ui/pipelines/runs/{safe}"
        case "run":
            return f"/ui/runs/{safe}"
        case "endpoint":
            return f"/ui/endpoints/{safe}"
        case "release":
            return f"/ui/endpoints/{safe}{mark.replace('#v', '#release-')}"
        case _:
            return events_of(ref)


def events_of(subject: str) -> str:
    """Return the page of the events about a subject."""
    return f"{EVENTS}?{urlencode({'subject': subject})}"


def short(text: str) -> str:
    """Shorten the id in a reference (``pipeline_run/prun-01k…7x2m``): its end is what differs."""
    head, slash, name = text.rpartition("/")
    stem, dash, tail = name.partition("-")
    if dash and len(tail) == 26 and "@" not in tail:
        name = f"{stem}-…{tail[-6:]}"
    return head + slash + name
