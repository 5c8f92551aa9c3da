"""`meguru features materialize`, `get`, `push` and `online`: values that are read online."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import FEATURES
from meguru.cli.groups import command as verb
from meguru.cli.progress import Bar
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell
from meguru.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from meguru.features.materialization.freshness import ViewFreshness
    from meguru.features.materialization.types import Materialization
    from meguru.features.online.answer import OnlineFeatures
    from meguru.features.push.push import PushTo

_FAILED = 5


def add_commands(group: click.Group) -> None:
    """Add these commands to ``meguru features``."""
    for command in (materialize, get, push, online):
        group.add_command(command)


@verb
@click.argument("views", nargs=-1, type=FEATURES, metavar="[VIEW]...")
@click.option("--since", default="", metavar="TIME", help="Only values that hold from then or later.")
@click.option("--as-of", default="", metavar="TIME", help="The values of that moment; default: of now.")
@click.option("--full", is_flag=True, help="Compare all rows of the store, not only what changed.")
@click.option("--detach", is_flag=True, help="Do not wait: a server does the work.")
@with_session
def materialize(
    session: Session, views: tuple[str, ...], since: str, as_of: str, *, full: bool, detach: bool
) -> int:
    """Bring VIEWs up to date for reading online: all that are declared so, or these.

    Only what changed since the last time is written. A server does this by itself when there is new data;
    interrupted, it goes on where it was.
    """
    from meguru.app.calls import materialization_start as ask

    ws = session.open()
    begun = [
        ask(ws, view=view, since=_moment(since, "--since"), as_of=_moment(as_of, "--as-of"), full=full)
        for view in views or _declared(ws)
    ]
    if detach:
        session.show(begun, lambda: click.echo("\n".join(f"{each.ref}: {each.view}" for each in begun)))
        return 0
    with Bar(quiet=session.as_json) as bar:
        ended = [_seen_through(ws, each, bar) for each in begun]
    session.show(ended, lambda: click.echo("\n".join(_said(materialization) for materialization in ended)))
    return 0 if all(materialization.state == "succeeded" for materialization in ended) else _FAILED


def _declared(ws: Any) -> list[str]:
    from meguru.app.calls import feature_view_list

    found = [each.name for each in feature_view_list(ws) if each.online and each.form != "on_demand"]
    if not found:
        hint = "online = true, in [feature_view.NAME] of meguru.toml"
        raise UsageError("no view is declared to be online", hint=hint)
    return found


def _seen_through(ws: Any, begun: Materialization, bar: Bar) -> Materialization:
    from meguru.features.materialization.runner import see_through

    def tell(now: Materialization) -> None:
        if now.total:
            bar.move(now.done, now.total, f"{now.view}: {now.done:,} of {now.total:,} rows")

    return see_through(ws, begun, tell)


def _said(ended: Materialization) -> str:
    if ended.state == "failed":
        return f"{ended.view} could not be brought online: {ended.reason}"
    return f"{ended.view}  {ended.state}: {ended.written:,} rows written, {ended.retracted:,} taken out"


@verb
@click.argument("features", nargs=-1, required=True, type=FEATURES, metavar="VIEW...")
@click.option(
    "-e", "--entity", "entities", multiple=True, required=True, metavar="KEY=VALUE",
    help="Whose values; repeat it, also for several.",
)  # fmt: skip
@click.option("--full-names", is_flag=True, help="Call features VIEW__FEATURE.")
@with_session
def get(session: Session, features: tuple[str, ...], entities: tuple[str, ...], *, full_names: bool) -> None:
    """Read what is online: of VIEWs, of VIEW:FEATURE, or of a service (feature_service/NAME).

    Each value comes with its status, the time it holds from, and its age.
    """
    from meguru.app.calls import feature_view_get as ask

    service = ""
    if features[0].startswith("feature_service/"):
        if len(features) > 1:
            raise UsageError("one service is read at a time", hint="name views and features instead")
        service, features = features[0].removeprefix("feature_service/"), ()
    columns = _columns(entities)
    found = ask(
        session.open(), features=list(features), service=service, entities=columns, full_names=full_names
    )
    names = ("entity", "feature", "value", "status", "time", "age", "of")
    session.table(found, names, _rows(found))


def _rows(found: OnlineFeatures) -> list[tuple[Any, ...]]:
    return [
        (
            ", ".join(f"{key}={values[number]}" for key, values in found.entities.items()),
            name,
            "" if one.value is None else one.value,
            str(one.status),
            cell(one.time) if one.time else "",
            "" if one.age is None else age_of(one.age),
            found.views[name].partition("/")[2],
        )
        for number, row in enumerate(found.rows)
        for name, one in row.items()
    ]


def _columns(entities: tuple[str, ...]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for text in entities:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"{text!r} names no entity", where="--entity", hint="--entity origin=JFK")
        columns.setdefault(key.strip(), []).append(value)
    return columns


@verb
@click.argument("view", type=FEATURES)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to", type=click.Choice(["online", "offline", "online_and_offline"]), default="online_and_offline",
    show_default=True, help="Where the rows go.",
)  # fmt: skip
@with_session
def push(session: Session, view: str, file: Path, to: PushTo) -> None:
    """Push the rows of FILE (CSV, Parquet or JSON lines) to VIEW: they are read online at once."""
    from meguru.app.calls import feature_view_push as ask

    made = ask(session.open(), view=view, columns=_columns_of(file), to=to)
    session.show(made, lambda: click.echo(f"{made.view}: {made.rows:,} rows, {made.online:,} are read now"))


def _columns_of(file: Path) -> dict[str, list[Any]]:
    import polars as pl

    from meguru.features.push.frames import plain_columns

    readers: dict[str, Any] = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson}
    if file.suffix not in readers:
        hint = f"one of {', '.join(readers)}"
        raise UsageError(f"files called *{file.suffix} are not read here", where=str(file), hint=hint)
    try:
        return plain_columns(readers[file.suffix](file))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError("the file can't be read", where=str(file), why=str(error)[:300]) from error


@verb
@with_session
def online(session: Session) -> None:
    """List what is online: how many entities each view has, and how fresh it is."""
    from meguru.app.calls import feature_view_freshness as ask

    found = ask(session.open())
    rows = [
        (
            each.view,
            each.rows,
            cell(each.newest) if each.newest else "",
            "" if each.lag is None else age_of(each.lag),
            cell(each.at) if each.at else "",
            each.waiting or "",
            each.state or "",
            each.reason,
        )
        for each in found
    ]
    columns = ("view", "entities", "newest", "age", "brought online", "pushed, waiting", "last", "reason")
    session.table(found, columns, rows, begin="meguru features materialize")


def shown(fresh: ViewFreshness | None) -> str:
    """Say in a few words what is online of a view."""
    if fresh is None or (fresh.at is None and fresh.pushed_at is None):
        return ""
    age = "" if fresh.lag is None else f", {age_of(fresh.lag)} old"
    return f"{fresh.rows:,} rows{age}" if fresh.rows else f"pushed{age}"


def age_of(seconds: float) -> str:
    """Say how long ago something was."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _moment(text: str, option: str) -> datetime | None:
    from datetime import UTC, datetime

    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        hint = "2026-01-31, or 2026-01-31T12:00:00Z"
        raise UsageError(f"{text!r} is no moment", where=option, hint=hint) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
