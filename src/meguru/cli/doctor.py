"""`meguru doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.app.doctor import DoctorCheck
    from meguru.app.doctor_blobs import BlobScope
    from meguru.artifacts.integrity.types import BlobReport
    from meguru.base.settings import Settings
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

SHOWN_LOST = 20
PATIENCE = 3600.0
"""So long one answer of a server is waited for: it may read a blob of many gigabytes from an object store."""


@verb
@click.option(
    "--blobs",
    default="sample",
    metavar="all|sample|N%|none",
    show_default=True,
    help="How many of the blobs that anything refers to are read.",
)
@click.option("--deep", is_flag=True, help="Read them all, the same as --blobs all.")
@with_session
def command(session: Session, *, blobs: str, deep: bool) -> int:
    """Check this machine and the workspace; exit code 1 if something is wrong.

    Of the blobs (files of datasets, models, runs, steps) a random sample of at most 200 is read, for at most
    some 5 seconds, and what it may have missed is told. --deep reads all of them, which takes as long as
    reading the workspace's whole disk or bucket, and names what a lost or changed one takes with it.
    """
    from meguru.app.doctor import examine_machine
    from meguru.app.doctor_blobs import read_scope
    from meguru.base.settings import load_settings

    scope = read_scope("all" if deep else blobs)
    settings = load_settings(workspace=session.place)
    checks = list(examine_machine())
    report = None
    ws = _examine(session, settings, checks)
    if ws is not None and scope is not None:
        report = _look(session, ws, scope, checks)
    marks: dict[bool | None, str] = {True: "ok", False: "BAD", None: "-"}
    rows = [(marks[check.ok], check.name, check.detail, check.hint) for check in checks]
    answer = {"checks": checks, "ok": _fine(checks), "blobs": report}
    session.table(answer, ("", "check", "found", "try"), rows)
    return 0 if _fine(checks) else 1


def _examine(
    session: Session, settings: Settings, checks: list[DoctorCheck]
) -> Workspace | RemoteWorkspace | None:
    """Check the workspace or its server; return it if it can be asked more."""
    from meguru.app.doctor import examine_workspace
    from meguru.app.nouns import load_operations
    from meguru.app.open import open_local

    if settings.workspace.startswith(("http://", "https://")):
        return _server(session, settings.workspace, checks)
    opened: list[Workspace] = []

    def open_it() -> Workspace:
        ws = open_local(settings.workspace, settings=settings, create=False)
        click.get_current_context().call_on_close(ws.close)
        opened.append(ws)
        return ws

    load_operations()
    checks.extend(examine_workspace(open_it, settings))
    return opened[0] if opened else None


def _server(session: Session, url: str, checks: list[DoctorCheck]) -> RemoteWorkspace | None:
    from meguru.app.doctor import DoctorCheck
    from meguru.errors import MeguruError, masked
    from meguru.kernel.remote import RemoteWorkspace

    ws = session.open()
    if not isinstance(ws, RemoteWorkspace):
        return None
    try:
        ws.send("GET", "/health")
    except MeguruError as error:
        checks.append(DoctorCheck(name="server", ok=False, detail=error.what, hint=error.hint))
        return None
    checks.append(DoctorCheck(name="server", ok=True, detail=masked(url)))
    ws.http.timeout = PATIENCE
    return ws


def _look(
    session: Session, ws: Workspace | RemoteWorkspace, scope: BlobScope, checks: list[DoctorCheck]
) -> BlobReport | None:
    from meguru.app.doctor import DoctorCheck
    from meguru.app.doctor_blobs import check_of, look, lost_check
    from meguru.cli.progress import Bar
    from meguru.errors import Forbidden, MeguruError

    try:
        with Bar(quiet=session.as_json) as bar:
            report = look(ws, scope, lambda done, total: bar.move(done, total, _moved(done, total)))
    except MeguruError as error:
        # A token that may not ask is no fault of the workspace, unless the look was asked for.
        ok = None if isinstance(error, Forbidden) and scope.is_sample else False
        checks.append(DoctorCheck(name="blob contents", ok=ok, detail=error.what, hint=error.hint))
        return None
    checks.append(check_of(report))
    checks.extend(lost_check(lost) for lost in report.lost[:SHOWN_LOST])
    return report


def _moved(done: int, total: int) -> str:
    return f"blobs: {done * 10 // total * 10} %, about {done:,} of {total:,}"


def _fine(checks: list[DoctorCheck]) -> bool:
    return all(check.ok is not False for check in checks)
