"""Open a workspace: a folder, a database URL or a server URL.

What opens one in this process (SQLAlchemy, the blob store) is imported only for that: a command that asks a
server needs none of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meguru.app.kinds import all_kinds
from meguru.base.settings import Settings, load_settings
from meguru.kernel.remote import RemoteWorkspace

if TYPE_CHECKING:
    from meguru.base.clock import Clock
    from meguru.kernel.workspace import Workspace


def open_workspace(
    where: str | Path | None = None,
    *,
    settings: Settings | None = None,
    clock: Clock | None = None,
    create: bool = True,
) -> Workspace | RemoteWorkspace:
    """Open the workspace at `where` (default: ``MEGURU_WORKSPACE``, else the project's).

    A folder is an embedded workspace, made if it isn't there (unless `create` is False: `NotFound`);
    ``postgresql://…`` is a shared one, whose blobs are where ``MEGURU_BLOBS`` says; ``http://…`` is a
    server, and operations called on it travel there.
    """
    chosen = settings or load_settings()
    place = str(where) if where is not None else chosen.workspace
    if place.startswith(("http://", "https://")):
        remote = RemoteWorkspace(place, token=chosen.token or _kept_token(place)).with_(
            project=chosen.project
        )
        remote.load_kinds = all_kinds
        return remote
    ws = open_local(place, settings=chosen, clock=clock, create=create)
    if not chosen.project:
        return ws
    from meguru.kernel.projects import check_project

    try:
        with ws.read() as tx:
            check_project(tx, chosen.project)
    except BaseException:
        ws.close()
        raise
    return ws.with_(project=chosen.project)


def _kept_token(server: str) -> str:
    from meguru.base.credentials import find

    found = find(server)
    return found.token if found else ""


def open_local(
    place: str | Path,
    *,
    settings: Settings | None = None,
    clock: Clock | None = None,
    create: bool = True,
) -> Workspace:
    """Open a workspace in this process: a folder or a database URL; its schema is brought up to date."""
    all_kinds()
    from meguru.app.local import open_here

    return open_here(str(place), settings or load_settings(), clock, create=create)
