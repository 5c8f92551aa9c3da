"""`meguru audit export`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import REF
from meguru.cli.audit_questions import since_option, until_option
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.kernel.event import Event

_A_PAGE = 1000


@verb
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "cef"]),
    default="jsonl",
    show_default=True,
    help="JSON lines, or Common Event Format for collectors of security events.",
)
@since_option
@until_option
@click.option("--person", default="", help="Only what this person did.")
@click.option("--subject", type=REF, default="", help="Only what happened to this, and its versions.")
@click.option("--type", "kind", default="", help="Only events of this type; * may end it.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@with_session
def export(
    session: Session,
    form: str,
    since: datetime | None,
    until: datetime | None,
    person: str,
    subject: str,
    kind: str,
    out: Path | None,
) -> None:
    """Write the log out, oldest first, a line an event, however long it is."""
    asked = {"since": since, "until": until, "person": person, "subject": subject, "type": kind}
    with out.open("wb") if out else nullcontext(sys.stdout.buffer) as file:
        for line in _lines(session, form, asked):
            file.write(line + b"\n")
        file.flush()


def _lines(session: Session, form: str, asked: dict[str, Any]) -> Iterator[bytes]:
    import msgspec

    from meguru import __version__
    from meguru.audit.answers.cef import line

    encode = msgspec.json.Encoder().encode
    for event in _events(session, asked):
        yield encode(event) if form == "jsonl" else line(event, __version__).encode()


def _events(session: Session, asked: dict[str, Any]) -> Iterator[Event]:
    from meguru.app.calls import audit_events as ask

    after, ws = 0, session.open()
    while True:
        page = ask(ws, after=after, limit=_A_PAGE, **asked)
        yield from page.items
        if not page.next_cursor:
            return
        after = int(page.next_cursor)
