"""`meguru feedback`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.groups import group
from meguru.cli.outcome import read_columns, said
from meguru.cli.progress import counting
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meguru.judgements.types import Feedback


@group
def command() -> None:
    """Feedback: what people and applications say of answers, apart from what really happened."""


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--prediction", "prediction_id", default="", help="The prediction's id.")
@click.option("--key", default="", help="Your own key of what was predicted, instead of an id.")
@click.option("--thumb", type=click.Choice(["up", "down"]), help="Whether the answer was right.")
@click.option("--rating", type=float, help="How good the answer was, as a number.")
@click.option("--label", help="What the answer should have been, as JSON; what is none is taken as text.")
@click.option("--comment", help="Anything else.")
@click.option("--by", default="", help="Who judged; default: you.")
@with_session
def add(session: Session, endpoint: str, *, label: str | None, **given: Any) -> None:
    """Record a judgement on an answer of ENDPOINT."""
    from meguru.app.calls import feedback_record as ask
    from meguru.cli.session import read_pairs
    from meguru.judgements.types import FeedbackInput

    what = None if label is None else read_pairs([f"label={label}"])["label"]
    done = ask(session.open(), endpoint=endpoint, feedback=[FeedbackInput(label=what, **given)])
    session.show(done, lambda: click.echo(f"{said(done)}, taken for the truth: {done.outcomes:,}"))


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
@with_session
def import_(session: Session, endpoint: str, source: str, *, query: str, columns: tuple[str, ...]) -> None:
    """Record the feedback in SOURCE: a file, a dataset (NAME@3), sqlite:///FILE or postgresql://….

    Files are CSV, Parquet, Arrow, JSON or JSON Lines. What was killed goes on where it was: run it again.
    """
    from meguru.app.outcome_import import import_feedback

    ws = session.open()
    with counting(session) as tell:
        done = import_feedback(
            ws,
            endpoint,
            source,
            query=query,
            renamed=read_columns(columns),
            progress=lambda done: tell(done.count + done.waiting),
        )
    session.show(done, lambda: click.echo(f"{said(done)}, taken for the truth: {done.outcomes:,}"))


@command.command("list")
@click.argument("endpoint", type=ENDPOINT)
@click.option("--prediction", default="", help="Only of this prediction.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, endpoint: str, prediction: str, limit: int) -> None:
    """List the feedback on answers of ENDPOINT, newest first."""
    from meguru.app.calls import feedback_list as ask

    page = ask(session.open(), endpoint=endpoint, prediction=prediction, limit=limit)
    rows = [
        (each.prediction_id or each.key, each.judge, each.thumb or "", each.rating, _text(each.label),
         (each.comment or "")[:60], each.at, "" if each.counts else "no")
        for each in page.items
    ]  # fmt: skip
    columns = ("prediction", "judge", "thumb", "rating", "label", "comment", "at", "counts")
    session.table(page, columns, rows, empty="no feedback")


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_session
def export(session: Session, endpoint: str, file: Path) -> None:
    """Write all feedback on answers of ENDPOINT to FILE, an object a line, newest first."""
    import msgspec

    count = 0
    with file.open("wb") as out:
        for feedback in _all(session, endpoint):
            out.write(msgspec.json.encode(feedback) + b"\n")
            count += 1
    session.show(count, lambda: click.echo(f"{file}: {count:,} judgements"))


def _all(session: Session, endpoint: str) -> Iterator[Feedback]:
    from meguru.app.calls import feedback_list as ask

    cursor: str | Literal[False] = ""
    while cursor is not False:
        page = ask(session.open(), endpoint=endpoint, cursor=cursor, limit=1000)
        yield from page.items
        cursor = page.next_cursor or False


def _text(value: Any) -> str:
    import msgspec

    return "" if value is None else msgspec.json.encode(value).decode()[:60]
