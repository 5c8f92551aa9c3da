"""`meguru collection`."""

from __future__ import annotations

import click

from meguru.cli.arguments import DATASET, ENDPOINT
from meguru.cli.groups import group
from meguru.cli.session import Session, read_pairs, with_session


@group
def command() -> None:
    """Collections: outcomes that become dataset versions by themselves."""


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List collections."""
    from meguru.app.calls import collection_list as ask

    found = ask(session.open())
    rows = [(each.name, each.endpoint, each.dataset, each.every, each.declared_by) for each in found]
    session.table(
        found,
        ("collection", "endpoint", "dataset", "every", "declared by"),
        rows,
        begin="meguru collection create NAME --endpoint ENDPOINT --to DATASET",
    )


@command.command()
@click.argument("name")
@click.option("--endpoint", required=True, type=ENDPOINT, help="Whose predictions.")
@click.option("--to", "dataset", required=True, type=DATASET, help="The dataset that gets the versions.")
@click.option("--every", default="1000 rows", show_default=True, help="So many rows, or a cron expression.")
@click.option("--tz", default="UTC", show_default=True, help="The time zone of the cron expression.")
@click.option("--label", default="outcome", show_default=True, help="The column of the outcome.")
@click.option("--only", multiple=True, help="Only rows with this value: --only carrier=AA; again for more.")
@with_session
def declare(session: Session, name: str, only: tuple[str, ...], **given: str) -> None:
    """Declare that the outcomes of an endpoint become versions of a dataset."""
    from meguru.app.calls import collection_declare as ask
    from meguru.cli.specs import show
    from meguru.collections.kind import CollectionSpec

    made = ask(session.open(), name=name, spec=CollectionSpec(only=read_pairs(only), **given))
    session.show(made, lambda: show(made))


@command.command()
@click.argument("name")
@with_session
def delete(session: Session, name: str) -> None:
    """Take a collection out of use; the versions that it made stay."""
    from meguru.app.calls import collection_retire as ask
    from meguru.cli.specs import retire

    retire(session, ask, name)
