"""Where the page of a reference is, as seen from a page within a project or from one of all projects."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from meguru.base import refs
from meguru.base.mount import mounted
from meguru.errors import InvalidInput
from meguru.kernel.kinds import kind_of

EVENTS = "/ui/events"
COMPARE = "/ui/runs/compare"
ID_LENGTH = 26
PAGES = {
    "run": "/ui/runs/{name}",
    "experiment": "/ui/experiments/{name}",
}
"""The pages of things with an id, where their kind does not say so itself yet."""


def base_of(project: str) -> str:
    """Return what stands before every address of a project's pages; empty for the pages of all projects."""
    return mounted().path + (f"/projects/{_quoted(project)}" if project else "")


def url_of(ref: str, base: str = "") -> str:
    """Return the page that shows the thing a reference names; its events where it has no page.

    A named thing is shown within its project, one of the default project at the plain address. What has an
    id is the same wherever it is shown, so the reader stays within `base`, the project they are in.
    """
    try:
        kind, name, version = refs.parse(ref)
    except InvalidInput:
        return events_of(ref, base)
    page, has_name = _page_of(kind, version)
    # One that somebody had signed is named by the log's size; only those that are declared stand on a page.
    is_taken = kind == "checkpoint" and name.isdecimal()
    if not page or is_taken:
        return events_of(ref, base)
    if not has_name:
        return base + _filled(page, name, name, "")
    project = refs.project_of(name)
    # Things of the default project are shown within it only to who is there already.
    before = base_of(project) if project or base != base_of(refs.DEFAULT) else base
    return before + _filled(page, name, refs.bare(name), version or "")


def review_of(ref: str) -> str:
    """Return the page on which people review a release."""
    name, version = refs.parse(ref, kind="release").name, refs.parse(ref).version or ""
    return f"{base_of(refs.project_of(name))}/ui/releases/{_quoted(refs.bare(name))}/{_quoted(version)}"


def _page_of(kind: str, version: str | None) -> tuple[str, bool]:
    """Return the page of a kind of thing, empty if it has none, and whether such things have names."""
    declared = kind_of(kind)
    if declared and declared.page:
        newest = declared.newest_page or declared.page.partition("/{version}")[0]
        is_newest = declared.versioned and version is None
        return newest if is_newest else declared.page, declared.named
    return PAGES.get(kind, ""), False


def _filled(page: str, name: str, bare: str, version: str) -> str:
    """Fill in a page's address: its path knows the project, the ids of its parts hold the whole name."""
    address, mark, part = page.partition("#")
    run, _, step = name.partition(".")
    values = {"run": _quoted(run), "step": _quoted(step), "version": _quoted(version)}
    return address.format(name=_quoted(bare), **values) + mark + part.format(name=_quoted(name), **values)


def _quoted(text: str) -> str:
    return quote(text, safe="")


def file_of(run: str, path: str, base: str = "") -> str:
    """Return where a file of a tracked run is downloaded from."""
    return f"{base}/get-artifact?{urlencode({'run_uuid': run, 'path': path})}"


def events_of(subject: str, base: str = "") -> str:
    """Return the page of the events about a subject."""
    return f"{base}{EVENTS}?{urlencode({'subject': subject})}"


def short(text: str) -> str:
    """Shorten the id in a reference (``pipeline_run/prun-01k…7x2m``): its end is what differs."""
    head, slash, name = text.rpartition("/")
    stem, dash, rest = name.partition("-")
    tail, dot, step = rest.partition(".")
    if dash and len(tail) == ID_LENGTH and "@" not in tail:
        name = f"{stem}-…{tail[-6:]}{dot}{step}"
    return head + slash + name
