"""Where the page of a reference is."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from meguru.base import refs
from meguru.errors import InvalidInput

EVENTS = "/ui/events"
COMPARE = "/ui/runs/compare"
ID_LENGTH = 26
PAGES = {
    "model": "/ui/models/",
    "dataset": "/ui/datasets/",
    "pipeline_run": "/ui/pipelines/runs/",
    "run": "/ui/runs/",
    "sweep": "/ui/sweeps/",
    "backfill": "/ui/backfills/",
    "endpoint": "/ui/endpoints/",
    "release": "/ui/endpoints/",
    "monitor": "/ui/monitors/",
    "report": "/ui/reports/",
    "pipeline": "/ui/pipelines/runs?pipeline=",
    "firing": "/ui/triggers?firing=",
    "trigger": "/ui/triggers?name=",
}
MARKS = {"model": "v", "dataset": "v", "release": "release-"}


def url_of(ref: str) -> str:
    """Return the page that shows the thing a reference names; its events where it has no page."""
    try:
        kind, name, version = refs.parse(ref)
    except InvalidInput:
        return events_of(ref)
    if kind == "step_run":
        run, _, step = name.partition(".")
        return f"{PAGES['pipeline_run']}{quote(run, safe='')}#step-{quote(step, safe='')}"
    if kind not in PAGES:
        return events_of(ref)
    page = PAGES[kind] + quote(name, safe="")
    return f"{page}#{MARKS[kind]}{quote(version, safe='')}" if version and kind in MARKS else page


def file_of(run: str, path: str) -> str:
    """Return where a file of a tracked run is downloaded from."""
    return f"/get-artifact?{urlencode({'run_uuid': run, 'path': path})}"


def events_of(subject: str) -> str:
    """Return the page of the events about a subject."""
    return f"{EVENTS}?{urlencode({'subject': subject})}"


def short(text: str) -> str:
    """Shorten the id in a reference (``pipeline_run/prun-01k…7x2m``): its end is what differs."""
    head, slash, name = text.rpartition("/")
    stem, dash, rest = name.partition("-")
    tail, dot, step = rest.partition(".")
    if dash and len(tail) == ID_LENGTH and "@" not in tail:
        name = f"{stem}-…{tail[-6:]}{dot}{step}"
    return head + slash + name
