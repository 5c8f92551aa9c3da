"""`meguru features`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.base.durations import written
from meguru.cli.arguments import FEATURES
from meguru.cli.features_online import add_commands, shown
from meguru.cli.features_parity import parity
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.features.types import FeatureViewVersion, ViewImpact, ViewRows

_FAILED = 5
_CLEAR = "What personal columns are needed in clear for; it is written down."


@group
def command() -> None:
    """Features: what a model eats, the same in training and in serving."""


add_commands(command)
command.add_command(parity)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List feature views and services with the versions that hold."""
    from meguru.app.calls import (
        entity_list,
        feature_service_list,
        feature_view_freshness,
        feature_view_list,
    )

    ws = session.open()
    views, services, entities = feature_view_list(ws), feature_service_list(ws), entity_list(ws)
    fresh = {each.view: each for each in feature_view_freshness(ws)}
    rows: list[tuple[Any, ...]] = [
        (
            view.ref,
            view.form,
            ", ".join(view.latest.definition.entities),
            ", ".join(view.latest.definition.sources.values()) or ", ".join(view.latest.definition.inputs),
            shown(fresh.get(view.ref)),
            cell(view.latest.created_at),
            view.owner,
            view.description,
        )
        for view in views
    ]
    rows += [
        (
            service.ref,
            "service",
            "",
            ", ".join(member.view.partition("/")[2] for member in service.latest.members),
            "",
            cell(service.latest.created_at),
            service.owner,
            service.description,
        )
        for service in services
    ]
    found = {"items": views, "services": services, "entities": entities, "online": list(fresh.values())}
    columns = ("features", "form", "of", "from", "online", "since", "owner", "description")
    session.table(found, columns, rows, begin="meguru apply")


@command.command()
@click.argument("ref", type=FEATURES)
@with_session
def show(session: Session, ref: str) -> None:
    """Show a view, a service or an entity: NAME, NAME@2, feature_service/NAME."""
    from meguru.app.calls import (
        entity_show,
        feature_service_show,
        feature_view_impact,
        feature_view_rows,
        feature_view_tags,
    )

    ws = session.open()
    if ref.startswith("entity/"):
        entity = entity_show(ws, name=ref)
        session.show(entity, lambda: click.echo(f"{entity.ref}  by {', '.join(entity.key)}"))
        return
    if ref.startswith("feature_service/"):
        service = feature_service_show(ws, ref=ref)
        lines = [f"{service.ref}  digest {service.digest[:12]}"]
        lines += [f"  {member.view}  {', '.join(member.features) or 'all'}" for member in service.members]
        session.show(service, lambda: click.echo("\n".join(lines)))
        return
    view = _view(ws, ref)
    impact = feature_view_impact(ws, name=view.name)
    rows = feature_view_rows(ws, ref=view.ref, limit=1)
    tags = feature_view_tags(ws, ref=view.ref)
    session.show(
        {"view": view, "impact": impact, "rows": rows[0] if rows else None, "tags": tags},
        lambda: click.echo("\n".join(_lines(view, impact, rows[0] if rows else None, tags))),
    )


def _view(ws: Any, ref: str) -> FeatureViewVersion:
    from meguru.app.calls import feature_view_show

    return feature_view_show(ws, ref=ref)


def _lines(
    view: FeatureViewVersion, impact: ViewImpact, rows: ViewRows | None, tags: dict[str, list[str]]
) -> list[str]:
    definition = view.definition
    ttl = "for ever" if definition.ttl is None else written(definition.ttl)
    facts = {
        "of": ", ".join([*definition.entities, *(f"({key})" for key in definition.keys)]),
        "from": ", ".join(definition.sources.values())
        or ", ".join([*definition.inputs, *definition.request]),
        "by": definition.transform or definition.sql or "the dataset as it is",
        "time": definition.time or ("" if definition.form == "on_demand" else "its values hold always"),
        "created": definition.created,
        "holds": ttl if definition.time else "",
        "tagged": ", ".join(f"{name} ({', '.join(each)})" for name, each in tags.items()),
        "rows": _counts(rows) if rows else "",
        "read by": ", ".join([*impact.services, *impact.models, *impact.endpoints]),
    }
    head = f"{view.ref}  {definition.form}  digest {view.digest[:12]}  by {view.created_by}"
    lines = [f"{head} at {cell(view.created_at)}"]
    lines += [f"  {name:<8} {value}" for name, value in facts.items() if value]
    moved = rows.drift if rows else {}
    told = {name: f"  PSI {psi:.3f}" for name, psi in moved.items()}
    return lines + [
        f"    {name:<24} {kind}{told.get(name, '')}".rstrip() for name, kind in view.features.items()
    ]


def _counts(rows: ViewRows) -> str:
    dropped = f", {rows.dropped:,} without key or time left out" if rows.dropped else ""
    newest = f", newest {cell(rows.newest)}" if rows.newest else ""
    return f"{rows.rows:,} of {rows.keys:,} entities{newest}{dropped}, from {', '.join(rows.datasets)}"


@command.command()
@click.argument("name", type=FEATURES)
@with_session
def versions(session: Session, name: str) -> None:
    """List the versions of a view, newest first."""
    from meguru.app.calls import feature_view_versions

    found = feature_view_versions(session.open(), name=name)
    rows = [(each.ref, each.digest[:12], each.created_at, each.created_by) for each in found]
    session.table(found, ("version", "digest", "since", "by"), rows)


@command.command()
@click.argument("before", type=FEATURES)
@click.argument("after", type=FEATURES)
@with_session
def diff(session: Session, before: str, after: str) -> None:
    """Compare two versions of a view: what is said, the code it reaches, and its features."""
    from meguru.app.calls import feature_view_diff

    found = feature_view_diff(session.open(), before=before, after=after)

    def human() -> None:
        click.echo(f"{found.before} -> {found.after}")
        for change in found.fields:
            click.echo(f"  {change.field}: {cell(change.before)} -> {cell(change.after)}")
        for name, (old, new) in found.features.items():
            click.echo(f"  feature {name}: {old or 'not there'} -> {new or 'not there'}")
        for line in found.code:
            click.echo(f"  {line}")
        if not found.fields:
            click.echo("  they say the same")

    session.show(found, human)


@command.command()
@click.argument("frame", type=click.Path(path_type=Path))
@click.argument("features", nargs=-1, required=True, type=FEATURES)
@click.option("--time", default="", help="The column that says when each row asks.")
@click.option("--on", multiple=True, help="KEY=COLUMN: a key that the file has under another name.")
@click.option("--clear", default="", metavar="REASON", help=_CLEAR)
@click.option("--ages", is_flag=True, help="Add how old what holds is, by view.")
@click.option("--statuses", is_flag=True, help="Add why values are there or not, by view.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Write the rows to this file.")
@with_session
def training(
    session: Session,
    frame: Path,
    features: tuple[str, ...],
    *,
    time: str,
    on: tuple[str, ...],
    clear: str,
    ages: bool,
    statuses: bool,
    out: Path | None,
) -> None:
    """Add to the rows of FRAME what was known of their entities at their moments.

    FRAME is a file or a dataset; FEATURES is a service, or views and single features: weather plane:age. One
    row comes out for one row that goes in, in the same order.
    """
    from meguru.datasets.frames import plain_value
    from meguru.datasets.query import write
    from meguru.features.client import training as make

    ws = session.open()
    made = make(
        ws,
        _rows(ws, frame, clear),
        _asked(features),
        time=time,
        on=_pairs(on),
        ages=ages,
        statuses=statuses,
        clear=clear,
    )
    record = made.record
    if out is not None:
        write(made.frame, out)
        session.show(record | {"file": str(out)}, lambda: click.echo(_told(record, out)))
        return
    rows = [tuple(plain_value(value) for value in row) for row in made.frame.head(1000).iter_rows()]
    shown = record | {"columns": made.frame.columns, "items": rows}
    session.table(shown, tuple(made.frame.columns), rows)
    session.note(_told(record, None))


@command.command()
@click.argument("frame", type=click.Path(path_type=Path))
@click.argument("features", nargs=-1, required=True, type=FEATURES)
@click.option("--time", default="", help="The column that says when each row asks.")
@click.option("--on", multiple=True, help="KEY=COLUMN: a key that the file has under another name.")
@click.option("--clear", default="", metavar="REASON", help=_CLEAR)
@with_session
def check(
    session: Session, frame: Path, features: tuple[str, ...], *, time: str, on: tuple[str, ...], clear: str
) -> None:
    """Tell whether a training frame knows the future: its values against what was known at each moment."""
    from meguru.features.client import check as compare

    ws = session.open()
    found = compare(ws, _rows(ws, frame, clear), _asked(features), time=time, on=_pairs(on), clear=clear)
    columns = ("column", "feature", "same", "future", "stale", "other", "rows from the future")
    rows = [
        (c.column, c.feature, c.same, c.future, c.stale, c.other, ", ".join(map(str, c.examples)))
        for c in found.columns
    ]
    session.table(found, columns, rows, empty="no column is called like a feature")
    if found.leaks:
        sys.exit(_FAILED)


def _told(record: dict[str, Any], out: Path | None) -> str:
    views = ", ".join(ref.partition("/")[2] for ref in record["views"])
    rows = f"{record['rows']:,} rows from {views}, digest {record['digest'][:12]}"
    return f"{out}: {rows}" if out else rows


def _rows(ws: Any, frame: Path, clear: str) -> Any:
    """Return the rows of a file, or of the dataset of this name."""
    import polars as pl

    from meguru.datasets.client import frame as rows_of

    if not frame.is_file():
        return rows_of(ws, str(frame), clear=clear)
    if frame.suffix == ".csv":
        return pl.read_csv(frame, try_parse_dates=True)
    if frame.suffix == ".parquet":
        return pl.read_parquet(frame)
    if frame.suffix == ".arrow":
        return pl.read_ipc(frame)
    hint = "a CSV, Parquet or Arrow file, or the name of a dataset"
    raise UsageError(f"{frame.name} can't be read", hint=hint, field="frame")


def _asked(features: tuple[str, ...]) -> Any:
    return features[0] if len(features) == 1 else list(features)


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        key, equals, column = text.partition("=")
        if not (key and equals and column):
            raise UsageError(f"{text!r} is no pair", hint="write KEY=COLUMN", field="on")
        pairs[key] = column
    return pairs
