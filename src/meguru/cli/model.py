"""`meguru model`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import group
from meguru.cli.model_about import COMMANDS
from meguru.cli.model_changelog import changelog
from meguru.cli.model_compare import compare
from meguru.cli.model_export import export
from meguru.cli.model_fairness import fairness, slices
from meguru.cli.model_measures import measures, spans_of
from meguru.cli.model_reverify import reverify
from meguru.cli.model_sign import bring, checked_signature, sign, unsigned, verify
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.registry.types import ModelVersion, RegisteredModel
    from meguru.serving.types import Endpoint

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@group
def command() -> None:
    """Models: immutable, numbered versions, and aliases that move."""


for _each in (*COMMANDS, changelog, compare, export, fairness, measures, reverify, sign, slices, verify):
    command.add_command(_each)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List models with their newest versions."""
    from meguru.app.calls import model_list as list_models

    page = list_models(session.open(), limit=1000)
    rows = [_row(m) for m in page.items]
    session.table(
        page,
        ("version", "flavor", "metrics", "since", "aliases", "state"),
        rows,
        begin="meguru run FILE.py:PIPELINE, or meguru model add NAME FILE",
    )


@command.command()
@click.argument("ref", type=MODEL)
@with_session
def show(session: Session, ref: str) -> None:
    """Show one version: NAME, NAME@3 or NAME@champion."""
    from meguru.app.calls import model_show as ask
    from meguru.cli.serving import sentence
    from meguru.cli.waiver import waiver_line

    ws = session.open()
    found = ask(ws, ref=ref)
    spans = {} if session.as_json or not found.is_verified else spans_of(ws, found.ref)
    places = [] if session.as_json else _served_at(ws, found)

    def human() -> None:
        what = (found.flavor, found.task or "", cell(found.created_at), *found.aliases)
        click.echo("  ".join(filter(None, (found.ref, *what))))
        if not found.is_verified:
            click.echo(f"  not verified: {found.reason}")
        for key in ("digest", "tree_digest", "run_ref", "note"):
            if value := getattr(found, key):
                click.echo(f"  {key.partition('_')[0]:<7} {value}{_claim(found, value)}")
        for title, values in (("metric", found.metrics), ("param", found.params)):
            for key, value in values.items():
                click.echo(f"  {title:<7} {key:<20} {cell(value)}{spans.get(key, '') * (title == 'metric')}")
        for made_from in found.used:
            click.echo(f"  used    {made_from}{_claim(found, made_from)}")
        for endpoint in places:
            click.echo(f"  {endpoint.state:<7} endpoint/{endpoint.name}: {sentence(endpoint.serving)}")
            for waiver in endpoint.waivers:
                click.echo(f"  {'waiver':<7} {waiver_line(waiver)}")

    session.show(found, human)


def _served_at(ws: Workspace | RemoteWorkspace, version: ModelVersion) -> list[Endpoint]:
    """Return the endpoints at which a version was promoted; none to whoever may not look at them."""
    from meguru.app.calls import endpoint_list as list_endpoints
    from meguru.errors import Forbidden

    try:
        found = list_endpoints(ws, limit=1000).items
    except Forbidden:
        return []
    return [each for each in found if each.live and each.live.model_ref == version.ref]


@command.command()
@click.argument("name", type=MODEL)
@with_session
def versions(session: Session, name: str) -> None:
    """List the versions of model NAME, newest first."""
    from meguru.app.calls import model_versions as ask

    found = ask(session.open(), name=name)
    rows = [(v.ref, v.digest[:12], _metrics(v), v.created_at, " ".join(v.aliases), _state(v)) for v in found]
    columns = ("version", "digest", "metrics", "since", "aliases", "state")
    session.table(found, columns, rows, begin="meguru model add NAME FILE")


@command.command()
@click.argument("name", type=MODEL)
@click.argument("path", metavar="FILE_OR_FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--task", default="", help="What its answers mean, if that can't be told: binary, regression, …"
)
@click.option("--label", default="", help="The column of the holdout that holds the truth.")
@click.option("--example", type=_FILE, default=None, help="Rows to ask it: CSV, Parquet or JSON.")
@click.option("--holdout", type=_FILE, default=None, help="Rows that it has not seen, with the label.")
@click.option("--baseline", type=_FILE, default=None, help="The rows that it was trained on.")
@click.option("--note", default="", help="Why this version was made.")
@click.option(
    "--signature",
    type=_FILE,
    default=None,
    help="An OpenSSF signature of the folder; default: model.sig in it.",
)
@click.option("--signed-by", type=_FILE, default=None, help="The public key of that signature, as PEM.")
@with_session
def add(
    session: Session, name: str, path: Path, signature: Path | None, signed_by: Path | None, **said: Any
) -> None:
    """Hand over a model as the next version of NAME; a pickle is never loaded, it goes into quarantine.

    FILE_OR_FOLDER is an MLmodel folder, or a file of skops, XGBoost (json, ubj), LightGBM (txt), CatBoost
    (cbm), ONNX, PyTorch (pt2) or Keras (keras), or a pickle or joblib's file.
    """
    from meguru.cli.quarantine import tell
    from meguru.quarantine.hand_over import Handed, hand_over
    from meguru.quarantine.types import QuarantinedModel

    signature = checked_signature(path, signature, signed_by)  # before it is a version
    ws = session.open(create=True)
    with unsigned(path) as folder:
        found = hand_over(ws, name, folder, Handed(**said))
    if signature and signed_by and not isinstance(found, QuarantinedModel):
        bring(ws, found.ref, signature, signed_by)
    if isinstance(found, QuarantinedModel):
        session.show(found, lambda: tell(found))
    else:
        session.show(found, lambda: click.echo(f"{found.ref}  {found.digest[:12]}"))


@command.command()
@click.argument("ref", type=MODEL)
@click.argument("alias")
@click.option("--reason", default="", help="Why; it is kept with the alias's move.")
@with_session
def alias(session: Session, ref: str, alias: str, reason: str) -> None:
    """Point ALIAS at REF (NAME@3)."""
    from meguru.app.calls import model_alias as ask

    found = ask(session.open(), ref=ref, alias=alias, reason=reason)
    session.show(
        found, lambda: click.echo(f"{found.name}@{found.alias} is {found.model} since {cell(found.since)}")
    )


@command.command()
@click.argument("name", type=MODEL)
@click.option("--at", "as_of", type=click.DateTime(), default=None, help="As it was at that moment (UTC).")
@with_session
def aliases(session: Session, name: str, as_of: datetime | None) -> None:
    """Show where the aliases of model NAME point, or pointed."""
    from meguru.app.calls import model_aliases as ask

    found = ask(session.open(), name=name, as_of=as_of.replace(tzinfo=UTC) if as_of else None)
    rows = [(a.alias, a.model, a.since, a.until, a.moved_by) for a in found]
    session.table(
        found, ("alias", "model", "since", "until", "by"), rows, begin=f"meguru model alias {name}@N ALIAS"
    )


@command.command("alias-history")
@click.argument("name", type=MODEL)
@click.argument("alias")
@with_session
def alias_history(session: Session, name: str, alias: str) -> None:
    """Show every move of ALIAS of model NAME: who pointed it where, from when to when."""
    from meguru.app.calls import model_alias_history as ask

    found = ask(session.open(), name=name, alias=alias)
    rows = [(a.model, a.since, a.until or "now", a.moved_by, a.event) for a in found]
    session.table(found, ("model", "since", "until", "by", "event"), rows, empty="it never pointed anywhere")


def _row(model: RegisteredModel) -> tuple[object, ...]:
    newest = model.latest
    if newest is None:
        return (f"model/{model.name}", "", "", model.created_at, "", "no version yet")
    shown = (newest.ref, newest.flavor, _metrics(newest), newest.created_at, " ".join(newest.aliases))
    return (*shown, _state(newest))


def _state(version: ModelVersion) -> str:
    return "verified" if version.is_verified else f"not verified: {version.reason}"


def _metrics(version: ModelVersion) -> str:
    return " ".join(f"{key}={cell(value)}" for key, value in sorted(version.metrics.items())[:4])


def _claim(version: ModelVersion, ref: str) -> str:
    return "  (claimed)" if ref in version.claimed else ""
