"""Rows of the challenger, as the champion takes them: its columns may be others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from meguru.errors import InvalidInput
from meguru.flavors.comparing import View
from meguru.flavors.field_errors import FieldPath
from meguru.releases.gates.base import GateTrial, TrialSide
from meguru.serving.contracts.inputs import InputSource, sources_of
from meguru.serving.contracts.types import Contract, ModelInput

if TYPE_CHECKING:
    import polars as pl


def views(trial: GateTrial, *, golden: bool) -> list[View]:
    """Return how the challenger and the champion see the rows: those of the holdout, or of a golden set.

    A holdout has the challenger's columns. A golden set has those that clients send, as it belongs to the
    endpoint; each model's own are made of them as a server makes them.
    """
    if not golden:
        return [lambda rows: rows, lambda rows: champion_rows(trial, rows)]
    sides = ((trial.challenger, trial.inputs), (trial.champion, trial.champion_inputs))
    return [partial(_sent_rows, trial, side, inputs) for side, inputs in sides]


def _sent_rows(
    trial: GateTrial, side: TrialSide | None, inputs: Sequence[ModelInput], rows: pl.DataFrame
) -> pl.DataFrame:
    contract = next((each for each in trial.contracts if each.default), None)
    if side is None or contract is None or not inputs:
        return rows
    wanted, _ = sources_of(contract.version, contract.inputs, side.bundle.signature, inputs)
    held = {column.name: column.name in rows.columns for column in contract.inputs}
    lacking = sorted(name for source in wanted for name in source.expression.uses if not held[name])
    if lacking:
        what = f"the golden set does not hold {lacking[0]!r}, as clients send it"
        raise InvalidInput(what, field="golden")
    columns = [rows.get_column(name).to_list() if there else () for name, there in held.items()]
    made = [source.values(columns, rows.height, FieldPath("golden")) for source in wanted]
    names = [source.column.name for source in wanted]
    return rows.drop(names, strict=False).hstack(_frame(names, made))


def champion_rows(trial: GateTrial, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the challenger's holdout with the columns that the champion takes.

    Where both take what clients send, these are the rows. Else each column of the champion is made as a
    server makes it, of what clients send; that is in the holdout, under its own name or the challenger's.

    Raises
    ------
    InvalidInput
        When the holdout does not hold what clients sent.
    """
    if trial.champion is None or not (trial.inputs or trial.champion_inputs):
        return rows
    signature = trial.champion.bundle.signature
    contract = next((each for each in trial.contracts if each.default), None)
    if contract is None:
        return rows
    wanted, _ = sources_of(contract.version, contract.inputs, signature, trial.champion_inputs)
    sent = _sent(trial, contract, rows)
    made = [_values(source, sent, rows.height, trial) for source in wanted]
    names = [source.column.name for source in wanted]
    return rows.drop(names, strict=False).hstack(_frame(names, made))


def _sent(trial: GateTrial, contract: Contract, rows: pl.DataFrame) -> dict[str, Sequence[Any] | None]:
    """Return the columns of the contract, in its order; None for one that can't be told from the holdout."""
    signature = trial.challenger.bundle.signature
    sources, _ = sources_of(contract.version, contract.inputs, signature, trial.inputs)
    direct = {source.sent: source.column.name for source in sources if source.sent}
    found: dict[str, Sequence[Any] | None] = {}
    for column in contract.inputs:
        name = direct.get(column.name)
        if name is None and column.name not in signature.names and column.name in rows.columns:
            name = column.name
        found[column.name] = None if name is None else rows.get_column(name).to_list()
    return found


def _values(
    source: InputSource, sent: dict[str, Sequence[Any] | None], n: int, trial: GateTrial
) -> Sequence[Any]:
    lacking = sorted(name for name in source.expression.uses if sent[name] is None)
    if lacking:
        champion = trial.champion.ref if trial.champion else ""
        raise InvalidInput(
            f"the holdout of {trial.challenger.ref} does not hold {lacking[0]!r}, as clients send it",
            field="holdout",
            why=f"{champion} takes {source.column.name!r}, which comes from it",
            hint="keep the columns that clients send in the holdout, beside those of the model",
        )
    columns = [each if each is not None else () for each in sent.values()]
    return source.values(columns, n, FieldPath("holdout"))


def _frame(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        [pl.Series(name, list(each), strict=False) for name, each in zip(names, columns, strict=True)]
    )
