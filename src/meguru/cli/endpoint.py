"""`meguru endpoint`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.endpoint_value import value
from meguru.cli.groups import group
from meguru.cli.session import Session, read_pairs, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.serving.traffic.types import TrafficCounts
    from meguru.serving.types import Renewal


@group
def command() -> None:
    """Endpoints: stable names that answer predictions."""


command.add_command(value)


@command.command()
@click.argument("name", type=ENDPOINT)
@click.option(
    "--model", required=True, help="The registered model whose versions it serves; it may come later."
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    help='A gate as JSON: {"gate":"metric","metric":"auc","op":">=","value":0.8}',
)
@click.option("--shadow", multiple=True, help="A model version that scores along: model/NAME@N.")
@click.option("--description", default="", help="What it predicts.")
@click.option("--renew-within", default="0", help="How long it may take from new data to a new model: 10m.")
@with_session
def create(
    session: Session,
    name: str,
    model: str,
    gates: tuple[str, ...],
    shadow: tuple[str, ...],
    description: str,
    renew_within: str,
) -> None:
    """Declare endpoint NAME."""
    from meguru.app.calls import endpoint_create as ask

    made = ask(
        session.open(create=True),
        name=name,
        model=model,
        gates=_gates(gates),
        shadow=list(shadow),
        description=description,
        renew_within=renew_within,
    )
    session.show(
        made, lambda: click.echo(f"endpoint/{made.name} is {made.state}; it serves model/{made.model}")
    )


@command.command()
@click.argument("name", type=ENDPOINT)
@click.option("--model", help="The registered model whose versions it serves.")
@click.option("--gate", "gates", multiple=True, help="A gate as JSON; all gates are replaced.")
@click.option("--no-gates", is_flag=True, help="Take all gates away.")
@click.option("--record/--no-record", default=None, help="Whether predictions are kept.")
@click.option("--description", help="What it predicts.")
@click.option("--renew-within", help="How long it may take from new data to a new model: 10m.")
@click.option(
    "--feedback",
    multiple=True,
    help="Which feedback is taken for the truth: --feedback label=true.",
)
@with_session
def update(
    session: Session,
    name: str,
    *,
    model: str | None,
    gates: tuple[str, ...],
    no_gates: bool,
    record: bool | None,
    description: str | None,
    renew_within: str | None,
    feedback: tuple[str, ...],
) -> None:
    """Change the declaration of endpoint NAME; what is not given stays."""
    from meguru.app.calls import endpoint_declare
    from meguru.app.calls import endpoint_show as ask
    from meguru.cli.specs import change
    from meguru.serving.kind import EndpointSpec

    read = _gates(gates)
    given = {
        "model": model,
        "gates": [] if no_gates else read or None,
        "record": record,
        "description": description,
        "renew_within": renew_within,
        "feedback": read_pairs(feedback) or None,
    }
    change(session, endpoint_declare, ask(session.open(), name=name).endpoint, EndpointSpec, given)


def _gates(given: tuple[str, ...]) -> list[Any]:
    """Read gates, with the code of those that are functions of the folder."""
    from meguru.serving.gate_code import with_code

    return with_code(Path.cwd(), [read_pairs([f"gate={gate}"])["gate"] for gate in given])


@command.command()
@click.argument("name", type=ENDPOINT)
@with_session
def delete(session: Session, name: str) -> None:
    """Take endpoint NAME out of use: it answers no more; its releases and predictions stay."""
    from meguru.app.calls import endpoint_retire
    from meguru.cli.specs import retire

    retire(session, endpoint_retire, name)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List endpoints: what was promoted at them, and whether it answers."""
    from meguru.app.calls import endpoint_list as list_endpoints
    from meguru.cli.waiver import waiver_line

    page = list_endpoints(session.open(), limit=1000)
    rows = [
        (
            e.name,
            e.state,
            e.live.model_ref if e.live else "",
            e.live.release_ref if e.live else "",
            e.serving.since if e.serving and e.serving.current else "",
            "; ".join(filter(None, [e.serving.why if e.serving else "", *map(waiver_line, e.waivers)])),
        )
        for e in page.items
    ]
    session.table(
        page,
        ("endpoint", "state", "model", "release", "since", "why"),
        rows,
        begin="meguru endpoint create NAME --model MODEL",
    )


@command.command()
@click.argument("name", type=ENDPOINT)
@click.option("--start", type=click.DateTime(), help="From when on (UTC). Default: an hour ago.")
@click.option("--end", type=click.DateTime(), help="Until when (UTC). Default: now.")
@click.option("--parts", default=12, show_default=True, help="Into how many equal parts it is cut.")
@with_session
def traffic(session: Session, name: str, start: datetime | None, end: datetime | None, parts: int) -> None:
    """Show how endpoint NAME answered: requests, errors, latency and load, by the clock of its servers."""
    from meguru.app.calls import endpoint_traffic as ask

    span = {field: at.replace(tzinfo=UTC) for field, at in (("start", start), ("end", end)) if at is not None}
    found = ask(session.open(), name=name, parts=parts, **span)
    headings = ("from", "requests", "rows", "errors", "turned away", "p50 ms", "p95 ms", "p99 ms", "cpu s")
    rows = [_traffic_row(f"{part.start:%m-%d %H:%M}", part) for part in found.parts]
    session.table(found, headings, [*rows, _traffic_row("all", found.total)])


def _traffic_row(label: str, counts: TrafficCounts) -> tuple[object, ...]:
    late = [counts.latency(share) for share in (0.5, 0.95, 0.99)]
    told = ["" if each is None else f"{each * 1000:.1f}" for each in late]
    return (
        label,
        counts.requests,
        counts.rows,
        counts.errors,
        counts.turned_away,
        *told,
        round(counts.cpu, 3),
    )


@command.command()
@click.argument("name", type=ENDPOINT)
@with_session
def show(session: Session, name: str) -> None:
    """Show endpoint NAME: what was promoted, whether it answers, and what was before."""
    from meguru.app.calls import endpoint_show as ask
    from meguru.cli.contract import spoken_by
    from meguru.cli.serving import sentence
    from meguru.cli.waiver import waiver_line

    found = ask(session.open(), name=name)

    def human() -> None:
        endpoint = found.endpoint
        click.echo(f"endpoint/{endpoint.name}  {endpoint.state}  {found.totals.predictions:,} predictions")
        if said := sentence(endpoint.serving):
            click.echo(f"  {said}")
        for waiver in endpoint.waivers:
            click.echo(f"  {waiver_line(waiver)}")
        if found.renewal is not None:
            click.echo(f"  {_renewal(found.renewal)}")
        for item in found.history:
            until = f" .. {cell(item.until)}" if item.until else ""
            state = item.state if item.until else endpoint.state
            click.echo(f"  {state:<8} {item.model_ref:<20} {item.release_ref:<22} {cell(item.since)}{until}")
        for each in found.contracts:
            if each.contract.retired_at is None:
                by = f", spoken by {spoken_by(each)}" if each.consumers else ""
                mark = "  (default)" if each.contract.default else ""
                click.echo(f"  {each.contract.ref}: {len(each.contract.inputs)} columns{by}{mark}")
        click.echo(f"why: meguru why endpoint/{endpoint.name}")

    session.show(found, human)


@command.command()
@click.argument("name", type=ENDPOINT)
@click.option("-r", "--row", multiple=True, help="One row as JSON; repeat it.")
@click.option(
    "--file", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A body as JSON."
)
@click.option("--contract", type=int, help="The version of the contract to speak; default: the default one.")
@with_session
def predict(
    session: Session, name: str, row: tuple[str, ...], source: Path | None, contract: int | None
) -> None:
    """Ask endpoint NAME of the running server for predictions."""
    import msgspec

    from meguru.errors import UsageError
    from meguru.kernel.remote import RemoteWorkspace

    if bool(row) == bool(source):
        raise UsageError("say what to predict", hint="""--row '{"distance": 500}' or --file body.json""")
    body = source.read_bytes() if source else b'{"rows":[' + ",".join(row).encode() + b"]}"
    with RemoteWorkspace(_server(session)) as ws:
        headers = {"Content-Type": "application/json"}
        query = f"?contract={contract}" if contract is not None else ""
        answer = ws.send("POST", f"/endpoints/{name}/predict{query}", content=body, headers=headers)
    found = msgspec.json.decode(answer.content)
    session.show(found, lambda: sys.stdout.write(answer.text + "\n"))


def _renewal(found: Renewal) -> str:
    """Say how long the live model took from the newest of its data."""
    took = "is not live yet" if found.seconds is None else f"was live after {found.seconds:.1f} s"
    aim = f" (target {found.target:g} s)" if found.target else ""
    said = f"{found.data} landed {cell(found.landed_at)}, its model {took}{aim}"
    return f"{said}; {found.waiting} came since, and no live model knows it" if found.waiting else said


def _server(session: Session) -> str:
    from meguru.base.settings import load_settings
    from meguru.errors import Busy
    from meguru.kernel.server_record import find_server

    place = load_settings(workspace=session.place).workspace
    if place.startswith(("http://", "https://")):
        return place
    record = find_server(Path(place).absolute()) if "://" not in place else None
    if record is None:
        raise Busy("no server is up for this workspace", where=place, hint="start it with: meguru up")
    return record.url
