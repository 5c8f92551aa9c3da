"""`meguru label`."""

from __future__ import annotations

from typing import Any, Literal

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.groups import group
from meguru.cli.session import Session, read_moment, read_pairs, with_session


@group
def command() -> None:
    """Label: people say what really happened to a sample of predictions."""


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--size", default=50, show_default=True, help="How many predictions.")
@click.option(
    "--strategy",
    type=click.Choice(["uncertain", "random"]),
    default="uncertain",
    show_default=True,
    help="Those of which the model was least sure, or any.",
)
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same sample.")
@click.option("--start", help="Start of the span of event time; default: 30 days before its end.")
@click.option("--end", help="End of the span, not in it; default: now.")
@click.option("--to", "labellers", multiple=True, help="Who labels it; again for more. Default: whoever may.")
@click.option("--each", default=1, show_default=True, help="How many people label each prediction.")
@with_session
def sample(
    session: Session,
    endpoint: str,
    *,
    size: int,
    strategy: Literal["uncertain", "random"],
    seed: int,
    start: str | None,
    end: str | None,
    labellers: tuple[str, ...],
    each: int,
) -> None:
    """Draw a sample of ENDPOINT's predictions without an outcome, to label in the console."""
    from meguru.app.calls import labelling_sample as ask

    made = ask(
        session.open(),
        endpoint=endpoint,
        size=size,
        strategy=strategy,
        seed=seed,
        start=read_moment(start) if start else None,
        end=read_moment(end) if end else None,
        labellers=list(labellers),
        each=each,
    )
    session.show(
        made, lambda: click.echo(f"{made.id}: {made.size} predictions; /ui/labelling/{made.endpoint}")
    )


@command.command("list")
@click.argument("endpoint", type=ENDPOINT)
@with_session
def list_(session: Session, endpoint: str) -> None:
    """List the samples of ENDPOINT, and how far they are."""
    from meguru.app.calls import labelling_list as ask

    found = ask(session.open(), endpoint=endpoint)
    rows = [
        (
            one.id,
            one.strategy,
            one.size,
            one.open,
            one.labelled,
            one.skipped,
            one.disputed,
            ", ".join(one.labellers),
        )
        for one in found
    ]
    columns = ("sample", "strategy", "size", "open", "labelled", "skipped", "differ", "labellers")
    session.table(found, columns, rows, empty="no samples")


@command.command("next")
@click.argument("endpoint", type=ENDPOINT)
@with_session
def next_(session: Session, endpoint: str) -> None:
    """Show the next prediction of ENDPOINT for you to label."""
    from meguru.app.calls import labelling_next as ask

    item = ask(session.open(), endpoint=endpoint)
    session.show(item, lambda: _tell(item))


@command.command("set")
@click.argument("id")
@click.argument("place", type=int)
@click.option("--value", help="What happened, as JSON; what is none is taken as text.")
@click.option("--skip", is_flag=True, help="You can't say.")
@with_session
def set_(session: Session, id: str, place: int, *, value: str | None, skip: bool) -> None:
    """Label the prediction at PLACE of sample ID."""
    from meguru.app.calls import labelling_label as ask

    said: Any = None if value is None else read_pairs([f"value={value}"])["value"]
    done = ask(session.open(), id=id, place=place, value=said, skip=skip)
    session.show(
        done, lambda: click.echo(f"open: {done.open}, labelled: {done.labelled}, differ: {done.disputed}")
    )


def _tell(item: Any) -> None:
    if item is None:
        click.echo("nothing is left for you to label")
        return
    click.echo(f"{item.labelling} {item.place}: prediction/{item.prediction}, {item.left} left")
    for name, value in item.features.items():
        click.echo(f"    {name}: {value}")
    choices = ", ".join(map(str, item.form.choices))
    click.echo(f"answer: {item.form.kind}{f' of {choices}' if choices else ''}")
