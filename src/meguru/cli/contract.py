"""`meguru contract`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.flavors import SignatureColumn
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.serving.contracts.types import Contract, ContractDetail


@group
def command() -> None:
    """Contracts: what an endpoint's clients send and get, in versions that are answered side by side."""


@command.command()
@click.argument("endpoint", type=ENDPOINT)
@click.option(
    "--column", "columns", multiple=True, help="NAME:TYPE, or NAME:TYPE? if it may be null; repeat it."
)
@click.option("--like", help="A model version: the columns that it takes.")
@click.option("--add", multiple=True, help="NAME:TYPE beside the columns of the newest version; repeat it.")
@click.option("--drop", multiple=True, help="A column of the newest version that is sent no more; repeat it.")
@click.option("--default", is_flag=True, help="Requests that name no version speak this one.")
@click.option("--note", default="", help="What it is for.")
@with_session
def create(
    session: Session,
    endpoint: str,
    *,
    columns: tuple[str, ...],
    like: str | None,
    add: tuple[str, ...],
    drop: tuple[str, ...],
    default: bool,
    note: str,
) -> None:
    """Make the next version of what clients of ENDPOINT send; the versions before go on being answered."""
    from meguru.app.calls import contract_create as ask
    from meguru.errors import UsageError

    if sum(map(bool, (columns, like, add or drop))) != 1:
        raise UsageError(
            "say which columns clients send", hint="--column …, --like MODEL@N, or --add and --drop"
        )
    ws = session.open()
    listed = None if like else _read(columns) or _changed(ws, endpoint, _read(add), drop)
    made = ask(ws, endpoint=endpoint, columns=listed, like=like, default=default, note=note)
    session.show(made, lambda: _print(made))


@command.command("list")
@click.argument("endpoint", type=ENDPOINT)
@with_session
def list_(session: Session, endpoint: str) -> None:
    """List the versions of what clients of ENDPOINT send, newest first, and who speaks them."""
    from meguru.app.calls import contract_list as list_contracts

    found = list_contracts(session.open(), endpoint=endpoint)
    rows = [
        (
            each.contract.ref,
            _state(each.contract),
            len(each.contract.inputs),
            sum(consumer.requests for consumer in each.consumers),
            spoken_by(each),
            each.contract.created_at,
        )
        for each in found
    ]
    session.table(
        found,
        ("contract", "state", "columns", "requests", "by", "since"),
        rows,
        begin=f"meguru contract create {endpoint} --column NAME:TYPE",
    )


@command.command()
@click.argument("contract")
@with_session
def show(session: Session, contract: str) -> None:
    """Show CONTRACT (ENDPOINT@N; default: the newest): its columns, and who speaks it."""
    from meguru.app.calls import contract_show as ask

    found = ask(session.open(), contract=contract)

    def human() -> None:
        _print(found.contract)
        for column in found.contract.inputs:
            click.echo(f"  {column.name:<24} {column.type}{'?' if column.nullable else ''}")
        for output in found.contract.outputs:
            click.echo(f"  -> {output.name:<21} {output.type}")
        for consumer in found.consumers:
            times = f"{consumer.requests:,} requests, {consumer.rows:,} rows"
            click.echo(f"  {consumer.principal}: {times}, last {cell(consumer.last_seen)}")

    session.show(found, human)


@command.command()
@click.argument("contract")
@with_session
def prefer(session: Session, contract: str) -> None:
    """Let requests that name no version speak CONTRACT (ENDPOINT@N)."""
    from meguru.app.calls import contract_prefer as ask

    found = ask(session.open(), contract=contract)
    session.show(found, lambda: _print(found))


@command.command()
@click.argument("contract")
@click.option("--force", is_flag=True, help="Though somebody spoke it within the last 30 days.")
@click.option("--reason", default="", help="Why; it is kept in the event.")
@with_session
def retire(session: Session, contract: str, *, force: bool, reason: str) -> None:
    """Answer CONTRACT (ENDPOINT@N) no more."""
    from meguru.app.calls import contract_retire as ask

    found = ask(session.open(), contract=contract, force=force, reason=reason)
    session.show(found, lambda: _print(found))


def spoken_by(detail: ContractDetail) -> str:
    """Return the last few who spoke a contract."""
    names = [consumer.principal for consumer in detail.consumers]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _changed(
    ws: Workspace | RemoteWorkspace, endpoint: str, add: list[SignatureColumn], drop: tuple[str, ...]
) -> list[SignatureColumn]:
    from meguru.app.calls import contract_show as ask
    from meguru.errors import NotFound

    known = ask(ws, contract=endpoint).contract.inputs
    names = [each.name for each in known]
    for name in drop:
        if name not in names:
            raise NotFound.of("column", name, names)
    new = {column.name for column in add}
    return [each for each in known if each.name not in {*drop, *new}] + add


def _read(columns: tuple[str, ...]) -> list[SignatureColumn]:
    from meguru.errors import UsageError
    from meguru.flavors import ColumnType, SignatureColumn

    found = []
    for text in columns:
        name, _, kind = text.rpartition(":")
        types = [str(each) for each in ColumnType]
        if not name or kind.removesuffix("?") not in types:
            hint = f"write NAME:TYPE; a type is one of {', '.join(types)}, with ? if it may be null"
            raise UsageError(f"{text!r} is no column", hint=hint)
        plain = ColumnType(kind.removesuffix("?"))
        found.append(SignatureColumn(name=name, type=plain, nullable=kind.endswith("?")))
    return found


def _state(contract: Contract) -> str:
    if contract.retired_at is not None:
        return "retired"
    return "default" if contract.default else "answered"


def _print(contract: Contract) -> None:
    note = f"  {contract.note}" if contract.note else ""
    click.echo(f"{contract.ref}  {_state(contract)}  {len(contract.inputs)} columns{note}")
