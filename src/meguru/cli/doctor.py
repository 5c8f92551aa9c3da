"""`meguru doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.app.doctor import Check


@verb
@with_session
def command(session: Session) -> int:
    """Check this machine and the workspace; exit code 1 if something is wrong."""
    from meguru.app.doctor import examine_machine, examine_workspace
    from meguru.app.open import open_local
    from meguru.base.settings import load_settings
    from meguru.runtime.workspace import Workspace

    settings = load_settings(workspace=session.place)
    checks = list(examine_machine())

    def open_it() -> Workspace:
        ws = open_local(settings.workspace, settings=settings, create=False)
        click.get_current_context().call_on_close(ws.close)
        return ws

    if settings.workspace.startswith(("http://", "https://")):
        checks.append(_server(session, settings.workspace))
    else:
        checks.extend(examine_workspace(open_it, settings))
    marks: dict[bool | None, str] = {True: "ok", False: "BAD", None: "-"}
    rows = [(marks[check.ok], check.name, check.detail, check.hint) for check in checks]
    session.table({"checks": checks, "ok": _fine(checks)}, ("", "check", "found", "try"), rows)
    return 0 if _fine(checks) else 1


def _server(session: Session, url: str) -> Check:
    from meguru.app.doctor import Check
    from meguru.errors import MeguruError, masked
    from meguru.runtime.remote import RemoteWorkspace

    ws = session.open()
    try:
        if isinstance(ws, RemoteWorkspace):
            ws.send("GET", "/health")
    except MeguruError as error:
        return Check(name="server", ok=False, detail=error.what, hint=error.hint)
    return Check(name="server", ok=True, detail=masked(url))


def _fine(checks: list[Check]) -> bool:
    return all(check.ok is not False for check in checks)
