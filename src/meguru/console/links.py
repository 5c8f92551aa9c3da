"""Where the page of a reference is."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from meguru.base import refs
from meguru.errors import InvalidInput

EVENTS = "/ui/events"
COMPARE = "/ui/runs/compare"
ID_LENGTH = 26
PAGES = {
    "run": "/ui/runs/",
    "experiment": "/ui/experiments/",
    "pipeline_run": "/ui/pipelines/runs/",
    "sweep": "/ui/sweeps/",
    "backfill": "/ui/backfills/",
    "endpoint": "/ui/endpoints/",
    "monitor": "/ui/monitors/",
    "report": "/ui/reports/",
}
"""Things with a page, or a list, of their own."""
VERSIONED = {
    "model": "/ui/models/",
    "dataset": "/ui/datasets/",
    "pipeline": "/ui/pipelines/versions/",
}
"""Things of which each version has a page; without a version that of the newest is meant."""
PARTS = {
    "trigger": "/ui/triggers?name={name}#trigger-{name}",
    "firing": "/ui/triggers?firing={name}#firing-{name}",
    "release": "/ui/endpoints/{name}?release={version}#release-{version}",
    "step_run": "/ui/pipelines/runs/{run}?step={step}#step-{step}",
}
"""Things that are shown on the page of another: asked for in the query, so that they are there."""


def url_of(ref: str) -> str:
    """Return the page that shows the thing a reference names; its events where it has no page."""
    try:
        kind, name, version = refs.parse(ref)
    except InvalidInput:
        return events_of(ref)
    if kind in PAGES:
        return PAGES[kind] + _quoted(name)
    if kind in VERSIONED:
        return VERSIONED[kind] + _quoted(name) + (f"/{_quoted(version)}" if version else "")
    if kind == "release" and version is None:
        return f"{PAGES['endpoint']}{_quoted(name)}#releases"
    if kind in PARTS:
        run, _, step = name.partition(".")
        parts = {"name": name, "version": version or "", "run": run, "step": step}
        return PARTS[kind].format(**{key: _quoted(value) for key, value in parts.items()})
    return events_of(ref)


def _quoted(text: str) -> str:
    return quote(text, safe="")


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
