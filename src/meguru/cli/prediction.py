"""`meguru prediction`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.predictions.types import Outcome, Prediction
    from meguru.serving.replay import ReplayedPrediction

_MOST = 12


@group
def command() -> None:
    """Predictions: what came in, what was answered, and what really happened."""


@command.command("list")
@click.argument("endpoint", type=ENDPOINT)
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, endpoint: str, limit: int) -> None:
    """List the predictions of ENDPOINT, newest first."""
    from meguru.app.calls import prediction_list as ask

    page = ask(session.open(), endpoint=endpoint, limit=limit)
    rows = [
        (
            each.id,
            each.at,
            each.key or "",
            _short(each.outputs.get("label", each.score) if each.outputs else each.score),
            "" if each.outcome is None else _short(each.outcome.value),
            each.model,
        )
        for each in page.items
    ]
    columns = ("prediction", "time", "key", "answer", "outcome", "model")
    session.table(page, columns, rows, empty="no predictions")


@command.command()
@click.argument("id")
@with_session
def show(session: Session, id: str) -> None:
    """Show prediction ID: its inputs, its outputs and its outcome, with every correction."""
    from meguru.app.calls import prediction_show as ask

    found = ask(session.open(), id=id)
    session.show(found, lambda: tell(found))


@command.command()
@click.argument("id")
@with_session
def replay(session: Session, id: str) -> int:
    """Ask the model of prediction ID (or of a whole request) again, and compare bit for bit."""
    from meguru.app.calls import prediction_replay as ask

    found = ask(session.open(), id=id)
    session.show(found, lambda: _tell_replay(found))
    return 0 if found.equal else 1


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option("--start", required=True, type=click.DateTime(), help="Start of the span (UTC).")
@click.option("--end", required=True, type=click.DateTime(), help="End of the span (UTC), not in it.")
@with_session
def window(session: Session, endpoint: str, start: datetime, end: datetime) -> None:
    """Count the predictions and outcomes of ENDPOINT in a span of event time, by model."""
    from meguru.app.calls import prediction_window as ask

    span = {"start": start.replace(tzinfo=UTC), "end": end.replace(tzinfo=UTC)}
    found = ask(session.open(), endpoint=endpoint, **span)
    rows = [(each.model, each.predictions, each.outcomes, each.mean_score) for each in found.models]
    session.table(found, ("model", "predictions", "outcomes", "mean score"), rows, empty="no predictions")


def tell(found: Prediction) -> None:
    """Print a prediction for people."""
    click.echo(f"prediction/{found.id}  {found.model}  {found.release}")
    key = f"  key {found.key}" if found.key else ""
    click.echo(f"  of {cell(found.at)}{key}, received {cell(found.received_at)}")
    for name, value in found.features.items():
        click.echo(f"    {name}: {_short(value)}")
    for name, value in found.outputs.items():
        click.echo(f"  {name} = {_short(value)}")
    for ref, value in found.shadows.items():
        click.echo(f"  shadow {ref}: {_short(value)}")
    if found.outcome is None:
        click.echo("  no outcome is known yet")
    else:
        click.echo(f"  outcome {_said(found.outcome)}")
    for outcome in found.earlier:
        click.echo(f"    before: {_said(outcome)}")
    click.echo(f"why: meguru why prediction/{found.id}")


def _said(outcome: Outcome) -> str:
    return f"{_short(outcome.value)}, known {cell(outcome.at)}, from {outcome.recorded_by or 'unknown'}"


def _short(value: Any) -> str:
    import msgspec

    if isinstance(value, dict) and len(value) > _MOST:
        value = {**dict(list(value.items())[:_MOST]), "…": len(value) - _MOST}
    return msgspec.json.encode(value).decode()[:400]


def _tell_replay(found: ReplayedPrediction) -> None:
    click.echo(f"{found.model} says {'the same' if found.equal else 'something else'}: {found.id}")
    if not found.equal:
        gap = "" if found.difference is None else f", by {found.difference:g} at most"
        click.echo(f"  {len(found.differing)} of {found.rows} rows differ{gap}; {found.why}")
    click.echo(f"  then {_short(found.recorded)}")
    click.echo(f"  now  {_short(found.replayed)}")
