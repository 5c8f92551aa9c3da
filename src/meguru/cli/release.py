"""`meguru release`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import ENDPOINT, MODEL
from meguru.cli.gate_parts import part_lines
from meguru.cli.groups import group
from meguru.cli.release_review import approve, awaiting, refuse, request, review, withdraw
from meguru.cli.release_send import send
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.releases.types import Release


@group
def command() -> None:
    """Releases: everything that makes one model version live, under one digest."""


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.argument("model", type=MODEL)
@click.option("--app", default=None, help="Commit of the application that calls the endpoint.")
@click.option("--note", default="", help="What it is for.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    help="Where a column of the model comes from, of what clients send: NAME=EXPRESSION; repeat it. "
    "Default: as in the live release.",
)
@click.option("--no-inputs", is_flag=True, help="The model takes what clients send, as they send it.")
@click.option("--promote", "go", is_flag=True, help="Check it, and promote it if its gates pass.")
@with_session
def create(
    session: Session,
    endpoint: str,
    model: str,
    *,
    app: str | None,
    note: str,
    inputs: tuple[str, ...],
    no_inputs: bool,
    go: bool,
) -> int:
    """Put a release of MODEL (NAME@N) for ENDPOINT together."""
    from meguru.app.calls import release_check as ask
    from meguru.app.calls import release_create as make
    from meguru.app.calls import release_promote as put_live
    from meguru.serving.contracts.types import ModelInput

    said = [ModelInput.read(each) for each in inputs] if inputs or no_inputs else None
    ws = session.open()
    made = make(ws, endpoint=endpoint, model=model, app=app, note=note, inputs=said)
    if not go:
        session.show(made, lambda: _print(made))
        return 0
    return _promoted(session, ws, put_live(ws, release=ask(ws, release=made.ref).ref))


@command.command()
@click.argument("release", type=ENDPOINT)
@with_session
def check(session: Session, release: str) -> int:
    """Ask the gates of RELEASE (ENDPOINT@N); exit code 5 if they refuse it, 1 if they could not be asked."""
    from meguru.app.calls import release_check as ask
    from meguru.errors import Busy, GateFailed
    from meguru.releases.types import ReleaseState

    found = ask(session.open(), release=release)
    session.show(found, lambda: _print(found))
    codes = {ReleaseState.REFUSED: GateFailed.exit_code, ReleaseState.UNDECIDED: Busy.exit_code}
    return codes.get(found.state, 0)


@command.command()
@click.argument("release", type=ENDPOINT)
@click.option("--reason", default="", help="Why; `meguru why` shows it.")
@click.option(
    "--break-glass",
    "emergency",
    default="",
    metavar="REASON",
    help="In an emergency: before people agreed. It is told at once, and others sign afterwards.",
)
@with_session
def promote(session: Session, release: str, reason: str, emergency: str) -> int:
    """Put RELEASE live; its gates must have passed, and people agreed where a policy asks them.

    Exit code 7 if people or hours lack, 1 if no server can serve it.
    """
    from meguru.app.calls import release_break_glass, release_promote

    ws = session.open()
    if emergency:
        found = release_break_glass(ws, release=release, reason=emergency)
    else:
        found = release_promote(ws, release=release, reason=reason)
    code = _promoted(session, ws, found)
    session.note(f"undo: meguru release rollback {found.endpoint}")
    return code


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--to", default=None, help="An earlier release; default: the one before.")
@click.option("--reason", default="", help="Why; `meguru why` shows it.")
@with_session
def rollback(session: Session, endpoint: str, to: str | None, reason: str) -> int:
    """Go back to an earlier release of ENDPOINT."""
    from meguru.app.calls import release_rollback as ask

    ws = session.open()
    return _promoted(session, ws, ask(ws, endpoint=endpoint, to=to, reason=reason))


@command.command()
@click.argument("release")
@click.option("--note", default="", help="What you make of it; it is kept in the event.")
@with_session
def acknowledge(session: Session, release: str, note: str) -> None:
    """Say that you have seen why RELEASE did not go live; it needs nobody any more."""
    from meguru.app.calls import release_acknowledge as ask

    found = ask(session.open(), release=release, note=note)
    session.show(found, lambda: _print(found))


@command.command("list")
@click.argument("endpoint", type=ENDPOINT)
@with_session
def list_(session: Session, endpoint: str) -> None:
    """List the releases of ENDPOINT, newest first."""
    from meguru.app.calls import release_list as list_releases

    page = list_releases(session.open(), endpoint=endpoint)
    rows = [(r.ref, r.standing, r.model, r.created_at, "; ".join(r.reasons)) for r in page.items]
    session.table(
        page,
        ("release", "state", "model", "since", "reason"),
        rows,
        begin=f"meguru release create {endpoint} MODEL@N",
    )


@command.command()
@click.argument("release", type=ENDPOINT)
@with_session
def show(session: Session, release: str) -> None:
    """Show what RELEASE is made of, and what its gates said."""
    from meguru.app.calls import release_show as ask

    found = ask(session.open(), ref=release)
    session.show(found, lambda: _print(found))


for each in (send, request, review, awaiting, approve, refuse, withdraw):
    command.add_command(each)


@command.command()
@click.argument("before", type=ENDPOINT)
@click.argument("after", type=ENDPOINT)
@with_session
def diff(session: Session, before: str, after: str) -> None:
    """Name what changed between two releases."""
    from meguru.app.calls import release_diff as ask

    found = ask(session.open(), before=before, after=after)
    rows = [(change.part, change.before, change.after) for change in found.changes]
    session.table(found, ("part", "before", "after"), rows, empty="nothing changed")


def _promoted(session: Session, ws: Workspace | RemoteWorkspace, release: Release) -> int:
    """Show a release that was put live, and what the servers make of it."""
    import msgspec

    from meguru.cli.serving import await_serving
    from meguru.errors import Busy
    from meguru.serving.types import EndpointState

    endpoint = await_serving(ws, release.endpoint)
    found = msgspec.structs.replace(release, serving=endpoint.serving) if endpoint else release
    session.show(found, lambda: _print(found))
    if endpoint is None:
        return 0
    if endpoint.state is EndpointState.DOWN:
        session.note("start a server with: meguru up")
    return Busy.exit_code if endpoint.state is EndpointState.FAILED else 0


def _print(release: Release) -> None:
    from meguru.cli.serving import sentence
    from meguru.cli.waiver import waiver_line

    click.echo(f"{release.ref}  {release.standing}  {release.model}  {cell(release.created_at)}")
    if said := sentence(release.serving):
        click.echo(f"  {said}")
    for waiver in release.waivers:
        click.echo(f"  {waiver_line(waiver)}")
    if release.acknowledged_at:
        click.echo(f"  acknowledged by {release.acknowledged_by}, {cell(release.acknowledged_at)}")
    if came := release.origin:
        click.echo(f"  sent from {came.source or 'another environment'}, where it is {came.release}")
        for gate_result in came.results:
            click.echo(f"    gate {gate_result.gate:<9} {gate_result.verdict:<7} {gate_result.reason}")
    click.echo(f"  identity   {release.identity}")
    click.echo(f"  digest     {release.digest}")
    for name in release.hashes.__struct_fields__:
        click.echo(f"  {name:<10} {getattr(release.hashes, name)}")
    for column in release.content.inputs:
        click.echo(f"  input      {column}")
    for result in release.results:
        click.echo(f"  gate {result.gate:<9} {result.verdict:<7} {result.reason}")
        for line in part_lines(result):
            click.echo(f"    {line}")
