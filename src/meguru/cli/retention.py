"""`meguru retention`."""

from __future__ import annotations

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell


@group
def command() -> None:
    """How long records are kept: what [retention.default] of meguru.toml lets go, told before."""


@command.command()
@with_session
def plan(session: Session) -> None:
    """Tell what is older than its rule says, the bytes that go, and what a hold keeps."""
    from meguru.app.calls import retention_due as ask

    found = ask(session.open())
    rows = [
        (record.ref, record.what, record.rows, record.bytes, record.period, record.before, record.held)
        for record in found.records
    ]
    columns = ("about", "what", "rows", "bytes", "kept for", "before", "held")
    session.table(found, columns, rows, empty="nothing is older than its rule says")
    if rows and not session.as_json:
        free = sum(record.bytes for record in found.records if not record.held)
        click.echo(f"{cell(free)} bytes go within the hour, where a server runs", err=True)
