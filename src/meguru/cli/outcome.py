"""`meguru outcome`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import DATASET, ENDPOINT
from meguru.cli.groups import group
from meguru.cli.progress import counting
from meguru.cli.session import Session, read_moment, read_pairs, with_session

if TYPE_CHECKING:
    from meguru.predictions.types import OutcomeInput, OutcomesRecorded


@group
def command() -> None:
    """Outcomes: what really happened to what was predicted."""


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--value", help="What happened, as JSON; what is none is taken as text.")
@click.option("--prediction", "prediction_id", default="", help="The prediction's id.")
@click.option("--key", default="", help="Your own key of what was predicted, instead of an id.")
@click.option("--time", help="The event time of the key's row; default: its newest row.")
@click.option("--at", help="When it became known; default: now.")
@click.option(
    "--file",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Many, from CSV, Parquet or JSON Lines: value with prediction_id, or key and time; and at.",
)
@with_session
def record(session: Session, endpoint: str, *, value: str | None, source: Path | None, **named: Any) -> None:
    """Record outcomes of predictions that ENDPOINT answered."""
    from meguru.app.calls import outcome_record as ask
    from meguru.app.outcome_import import import_outcomes
    from meguru.errors import UsageError

    if (value is None) == (source is None):
        raise UsageError("say what happened", hint="--prediction ID --value 1, or --file outcomes.csv")
    ws = session.open()
    if source is not None:
        total = import_outcomes(ws, endpoint, str(source), unknown="refuse")
    else:
        total = ask(ws, endpoint=endpoint, outcomes=[_one(str(value), named)])
    session.show(total, lambda: click.echo(said(total)))


@command.command("import")
@click.argument("endpoint", type=ENDPOINT)
@click.argument("source")
@click.option("--query", default="", help="For a database: a SELECT, or the name of a table.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    help="Which column holds what: --column value=late; may be given again.",
)
@click.option("--refuse-unknown", is_flag=True, help="Refuse outcomes of predictions that nobody knows.")
@with_session
def import_(
    session: Session,
    endpoint: str,
    source: str,
    *,
    query: str,
    columns: tuple[str, ...],
    refuse_unknown: bool,
) -> None:
    """Record the outcomes in SOURCE: a file, a dataset (NAME@3), sqlite:///FILE or postgresql://….

    Files are CSV, Parquet, Arrow, JSON or JSON Lines. What was killed goes on where it was: run it again.
    """
    from meguru.app.outcome_import import import_outcomes

    ws = session.open()
    with counting(session) as tell:
        total = import_outcomes(
            ws,
            endpoint,
            source,
            query=query,
            renamed=read_columns(columns),
            unknown="refuse" if refuse_unknown else "keep",
            progress=lambda done: tell(done.count + done.waiting),
        )
    session.show(total, lambda: click.echo(said(total)))
    if total.waiting:
        session.note(f"see what waits: meguru outcome waiting {endpoint}")


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--limit", default=30, show_default=True, help="How many, oldest first.")
@with_session
def waiting(session: Session, endpoint: str, limit: int) -> None:
    """List outcomes of ENDPOINT whose predictions nobody knows yet."""
    from meguru.app.calls import outcome_waiting as ask

    page = ask(session.open(), endpoint=endpoint, limit=limit)
    rows = [
        (each.number, each.prediction_id or each.key, each.time or "", str(each.value), each.at, each.problem)
        for each in page.items
    ]
    columns = ("number", "prediction", "time", "value", "known", "problem")
    session.table(page, columns, rows, empty="nothing waits")


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--before", required=True, help="Give up what arrived before this moment.")
@with_session
def forget(session: Session, endpoint: str, before: str) -> None:
    """Give up outcomes of ENDPOINT that waited too long for their predictions."""
    from meguru.app.calls import outcome_forget as ask

    count = ask(session.open(), endpoint=endpoint, before=read_moment(before))
    session.show(count, lambda: click.echo(f"given up: {count:,}"))


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--to", "dataset", required=True, type=DATASET, help="The dataset that gets the version.")
@click.option("--label", default="outcome", show_default=True, help="The column of the outcome.")
@click.option("--only", multiple=True, help="Only rows with this value: --only carrier=AA; again for more.")
@with_session
def collect(session: Session, endpoint: str, dataset: str, label: str, only: tuple[str, ...]) -> None:
    """Make a dataset version of all predictions of ENDPOINT whose outcomes are known."""
    from meguru.app.calls import collection_collect as ask

    filters = read_pairs(only)
    done = ask(session.open(), endpoint=endpoint, dataset=dataset, label=label, only=filters)
    news = f"{done.changes:,} new or changed" if done.changes else "nothing is new"
    made = done.version or "no version"
    session.show(done, lambda: click.echo(f"{made}: {done.outcomes:,} outcomes of {done.endpoint}, {news}"))


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.argument("predictions", nargs=-1, required=True)
@click.option("--why", required=True, help="Why they are kept out.")
@with_session
def exclude(session: Session, endpoint: str, predictions: tuple[str, ...], why: str) -> None:
    """Keep PREDICTIONS of ENDPOINT out of the data that outcomes become."""
    from meguru.app.calls import outcome_exclude as ask

    count = ask(session.open(), endpoint=endpoint, predictions=list(predictions), why=why)
    session.show(count, lambda: click.echo(f"kept out: {count:,}"))


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.argument("predictions", nargs=-1, required=True)
@with_session
def readmit(session: Session, endpoint: str, predictions: tuple[str, ...]) -> None:
    """Let PREDICTIONS of ENDPOINT into the data again."""
    from meguru.app.calls import outcome_readmit as ask

    count = ask(session.open(), endpoint=endpoint, predictions=list(predictions))
    session.show(count, lambda: click.echo(f"let in again: {count:,}"))


def said(total: OutcomesRecorded) -> str:
    """Return the sums in a line."""
    waiting = f", waiting: {total.waiting:,}" if total.waiting else ""
    known = f"corrected: {total.corrected:,}, known before: {total.repeated:,}"
    return f"recorded: {total.count:,}, {known}{waiting}"


def read_columns(columns: tuple[str, ...]) -> dict[str, str]:
    """Read ``field=column`` options."""
    from meguru.errors import UsageError

    found = {}
    for each in columns:
        field, equals, column = each.partition("=")
        if not (field and equals and column):
            raise UsageError(f"{each!r} names no column", hint="--column value=late")
        found[field] = column
    return found


def _one(value: str, named: dict[str, Any]) -> OutcomeInput:
    import msgspec

    from meguru.predictions.types import OutcomeInput

    try:
        what = msgspec.json.decode(value)
    except msgspec.DecodeError:
        what = value
    moments = {name: read_moment(named.pop(name)) for name in ("time", "at") if named[name]}
    return OutcomeInput(value=what, prediction_id=named["prediction_id"], key=named["key"], **moments)
