"""`meguru find`."""

from __future__ import annotations

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _


@verb
@click.argument("text", nargs=-1)
@click.option("--kind", default="", help="Only this kind: dataset, model, pipeline, component or endpoint.")
@click.option("--limit", default=20, show_default=True, help="The most to show.")
@with_session
def command(session: Session, text: tuple[str, ...], kind: str, limit: int) -> None:
    """Find datasets, models, pipelines, components and endpoints by name, description or owner."""
    from meguru.app.calls import catalogue_find

    found = catalogue_find(session.open(), text=" ".join(text), kind=kind, limit=limit)
    rows = [
        (each.ref, each.owner, each.health, each.at, ", ".join(each.used_by), each.description)
        for each in found.items
    ]
    columns = ("thing", "owner", "health", "since", "used by", "description")
    session.table(found, columns, rows, empty="nothing has all of these words")
    if found.similar:
        session.note(_("did you mean {names}?").format(names=", ".join(found.similar)))
    if found.total > len(found.items):
        session.note(_("{count} more: --limit").format(count=found.total - len(found.items)))
