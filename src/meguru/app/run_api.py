"""`meguru.run`: a tracked run in the workspace that the environment names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from meguru.app.open import open_workspace
from meguru.app.tracked_run import TrackedRun
from meguru.base import digests
from meguru.base.settings import load_settings
from meguru.errors import masked
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.server_record import find_server
from meguru.kernel.workspace import Workspace
from meguru.tracking.captured import Captured, first_look
from meguru.tracking.captured import capture as capture_all


def run(
    name: str = "",
    *,
    experiment: str = "default",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    used: list[str] | None = None,
    workspace: str | Path | None = None,
    strict: bool = False,
    capture: bool = True,
) -> TrackedRun:
    """Track a run; needs no server.

    It begins here. A ``with`` block ends it; without one, `ActiveRun.end` does, or the end of the
    interpreter. The workspace is `workspace`, else ``MEGURU_WORKSPACE``, else the project's: ``.meguru``
    here or above.

    Examples
    --------
    >>> with run("train", params={"rate": 0.1}) as r:  # doctest: +SKIP
    ...     r.log(auc=0.84, step=3)
    >>> r = run("by hand")  # doctest: +SKIP
    >>> r.log(auc=0.84)  # doctest: +SKIP
    >>> r.end()  # doctest: +SKIP
    """
    given = {"experiment": experiment, "params": params, "tags": tags, "used": used, "strict": strict}
    return begin(name, workspace, surroundings_of() if capture else None, **given)


def begin(
    name: str,
    workspace: str | Path | None,
    surroundings: Callable[[], Callable[[], Captured]] | None,
    **given: Any,
) -> TrackedRun:
    """Begin a run in a workspace; its `surroundings` are looked at unless a setting forbids it."""
    place, folder = spool_of(workspace)
    return TrackedRun(
        lambda: open_workspace(workspace),
        name,
        spool=folder,
        place=place,
        surroundings=None if load_settings().no_capture else surroundings,
        address=address_of,
        **given,
    )


def address_of(place: Any) -> str:
    """Return where the console of an open workspace is; empty when no server holds it."""
    if isinstance(place, RemoteWorkspace):
        return place.url
    server = find_server(place.root) if isinstance(place, Workspace) else None
    return server.url if server is not None else ""


def surroundings_of(arguments: Sequence[str] = ()) -> Callable[[], Callable[[], Captured]]:
    """Return what looks at the surroundings of this program, or of one with its arguments."""

    def look_at() -> Callable[[], Captured]:
        from meguru.compute.logs.mask import Masker, secrets_of

        mask = Masker(secrets_of(os.environ)).text
        look = first_look(mask, arguments)
        return lambda: capture_all(look, mask)

    return look_at


def spool_of(workspace: str | Path | None) -> tuple[str, Path]:
    """Return what a workspace is called in a spool, and the folder where its runs wait to be sent."""
    settings = load_settings()
    place = str(workspace) if workspace is not None else settings.workspace
    if "://" not in place:
        root = Path(place).absolute()
        return str(root), Path(settings.spool) if settings.spool else root / "spool"
    folder = Path(settings.spool).expanduser() if settings.spool else _state_folder()
    return masked(place), folder / digests.of_bytes(place.encode())[:16]


def _state_folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "meguru" / "spool"
