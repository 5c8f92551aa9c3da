"""Ids as people type them: `@last`, a unique beginning, or the whole; the same here and on a server."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from meguru.errors import NotFound, UsageError

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

    Place = Workspace | RemoteWorkspace

WHOLE = 26
"""Letters of an id after its prefix (see `meguru.base.ids`)."""
_LAST = re.compile(r"@last(?:~(\d{1,3}))?")
_BEGINNING = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{3,25}")


def expand(ws: Place, text: str, kinds: Sequence[str], *, as_ref: bool = False) -> str:
    """Return what a person typed with its id written out; what is no beginning of an id stays as it is.

    Parameters
    ----------
    ws
        The workspace; it is asked only if the id is not whole.
    text
        ``@last``, ``@last~1`` (the one before), ``prun-01m8hf``, ``01m8hf``; with ``.STEP`` behind it, or
        with ``pipeline_run/`` before it.
    kinds
        The prefixes that are meant here, such as ``prun``.
    as_ref
        Whether a run's id is returned as a reference, for commands that take references of any kind.

    Raises
    ------
    UsageError
        If several ids begin so.
    NotFound
        If `@last` is asked for and there is none.
    """
    kind, slash, rest = text.rpartition("/")
    head, dot, tail = rest.partition(".")
    last = _LAST.fullmatch(head)
    if dot and "prun" in kinds:
        kinds = ["prun"]  # nothing else has steps
    if last is not None:
        found = _last(ws, kinds, int(last[1] or 0))
    elif is_short(text, kinds):
        prefix, dash, letters = head.rpartition("-")
        found = _only(ws, [prefix] if dash else kinds, letters)
    else:
        found = ""
    if not found:
        return text
    ref = f"{REFS[found.partition('-')[0]]}/" if as_ref and not slash and not dot else f"{kind}{slash}"
    return f"{ref}{found}{dot}{tail}"


def is_short(text: str, kinds: Sequence[str]) -> bool:
    """Tell whether a text may stand for a longer id of these kinds."""
    head = text.rpartition("/")[2].partition(".")[0]
    prefix, dash, letters = head.rpartition("-")
    if _LAST.fullmatch(head):
        return True
    above = text.rpartition("/")[0]
    known = above in {"", "step_run", REFS.get(prefix)} and (prefix in kinds if dash else not above)
    return known and len(letters) < WHOLE and bool(_BEGINNING.fullmatch(letters))


def begins(ws: Place, kinds: Sequence[str], letters: str, limit: int = 20) -> list[str]:
    """Return the newest ids of some kinds that begin so."""
    return [found for kind in kinds for found in _LISTS[kind](ws, letters, limit) if found]


def _last(ws: Place, kinds: Sequence[str], back: int) -> str:
    found = [each for kind in kinds for each in _LISTS[kind](ws, "", back + 1)]
    # What follows the prefix begins with the moment at which it was made.
    found.sort(key=lambda each: each.rpartition("-")[2], reverse=True)
    if len(found) <= back:
        raise NotFound(f"there is no @last{f'~{back}' if back else ''} here: there are {len(found)}")
    return found[back]


def _only(ws: Place, kinds: Sequence[str], letters: str) -> str:
    found = begins(ws, kinds, letters, limit=5)
    if len(found) > 1:
        shown = ", ".join(found[:4]) + (", …" if len(found) > 4 else "")
        raise UsageError(f"several ids begin with {letters!r}", why=shown, hint="type more letters")
    return found[0] if found else ""


def _paged(prefix: str, name: str, before: str = "cursor") -> Callable[[Place, str, int], list[str]]:
    def newest(ws: Place, letters: str, limit: int) -> list[str]:
        from meguru.app import calls

        # Lists go from new to old and on from an id: this is above the largest that begins so.
        given: dict[str, Any] = {before: f"{prefix}-{letters:z<{WHOLE + 1}}"} if letters else {}
        page = getattr(calls, name)(ws, limit=limit, **given)
        return [one.id for one in page.items if one.id.startswith(f"{prefix}-{letters}")]

    return newest


def _whole(prefix: str, name: str) -> Callable[[Place, str, int], list[str]]:
    def newest(ws: Place, letters: str, limit: int) -> list[str]:
        from meguru.app import calls

        ids = sorted((one.id for one in getattr(calls, name)(ws)), reverse=True)
        return [each for each in ids if each.startswith(f"{prefix}-{letters}")][:limit]

    return newest


def _items(prefix: str, name: str, **given: Any) -> Callable[[Place, str, int], list[str]]:
    def newest(ws: Place, letters: str, limit: int) -> list[str]:
        from meguru.app import calls

        ids = sorted((one.id for one in getattr(calls, name)(ws, limit=1000, **given).items), reverse=True)
        return [each for each in ids if each.startswith(f"{prefix}-{letters}")][:limit]

    return newest


_LISTS = {
    "prun": _paged("prun", "pipeline_run_list"),
    "run": _paged("run", "run_list", "before"),
    "sweep": _paged("sweep", "sweep_list"),
    "bf": _paged("bf", "backfill_list"),
    "q": _paged("q", "quarantine_list", "before"),
    "waiver": _paged("waiver", "waiver_list", "before"),
    "hold": _whole("hold", "hold_list"),
    "tok": _paged("tok", "token_list"),
    "webhook": _whole("webhook", "webhook_list"),
    "alert": _items("alert", "alert_list", state="all"),
    "inc": _items("inc", "incident_list"),
}
REFS = {
    "prun": "pipeline_run",
    "run": "run",
    "sweep": "sweep",
    "bf": "backfill",
    "q": "quarantine",
    "waiver": "waiver",
    "hold": "hold",
    "tok": "token",
    "webhook": "webhook",
    "alert": "alert",
    "inc": "incident",
}
