"""`meguru outcome`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.groups import group
from meguru.cli.session import Session, read_moment, with_session

if TYPE_CHECKING:
    from meguru.predictions.types import OutcomeInput


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
    import msgspec

    from meguru.app.calls import outcome_record as ask
    from meguru.errors import UsageError
    from meguru.predictions.outcome_file import read_outcomes
    from meguru.predictions.types import MAX_OUTCOMES, OutcomesRecorded

    if (value is None) == (source is None):
        raise UsageError("say what happened", hint="--prediction ID --value 1, or --file outcomes.csv")
    parts = [[_one(value, named)]] if value is not None else read_outcomes(source, MAX_OUTCOMES)  # type: ignore[arg-type]
    total = OutcomesRecorded(endpoint=endpoint, count=0)
    for part in parts:
        done = ask(session.open(), endpoint=endpoint, outcomes=part)
        total = msgspec.structs.replace(
            done,
            count=total.count + done.count,
            corrected=total.corrected + done.corrected,
            repeated=total.repeated + done.repeated,
        )
    said = f"recorded: {total.count:,}, corrected: {total.corrected:,}, known before: {total.repeated:,}"
    session.show(total, lambda: click.echo(said))


def _one(value: str, named: dict[str, Any]) -> OutcomeInput:
    import msgspec

    from meguru.predictions.types import OutcomeInput

    try:
        what = msgspec.json.decode(value)
    except msgspec.DecodeError:
        what = value
    moments = {name: read_moment(named.pop(name)) for name in ("time", "at") if named[name]}
    return OutcomeInput(value=what, prediction_id=named["prediction_id"], key=named["key"], **moments)
