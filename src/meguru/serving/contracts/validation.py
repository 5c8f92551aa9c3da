"""Validate the input mappings of a release: what could never hold is refused with its field."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.errors import InvalidInput, near_misses
from meguru.flavors import Signature
from meguru.serving.contracts.inputs import MAX_INPUTS, sources_of
from meguru.serving.contracts.types import Contract, ModelInput
from meguru.serving.expressions import compile_expression

_HINT = "--input 'NAME=EXPRESSION', or for one version of the contract alone --input '2:NAME=EXPRESSION'"


def check_inputs(
    inputs: Sequence[ModelInput], contracts: Sequence[Contract], signature: Signature, model: str
) -> None:
    """Refuse inputs of a model that hold nowhere.

    Raises
    ------
    InvalidInput
        If one names a column that the model does not take, or a contract that is not answered; if two are for
        one column; or if one can't be read in the contract in which it would hold.
    """
    if len(inputs) > MAX_INPUTS:
        raise InvalidInput(f"a release has at most {MAX_INPUTS:,} inputs", field="inputs")
    if inputs and not contracts:
        raise InvalidInput(
            "there is no contract from which the inputs could come",
            field="inputs",
            why="what the first model of an endpoint takes becomes its contract",
            hint="say first what clients send: meguru contract create ENDPOINT --column NAME:TYPE",
        )
    seen: set[tuple[str, int | None]] = set()
    for index, given in enumerate(inputs):
        field = f"inputs[{index}]"
        if given.column not in signature.names:
            close = near_misses(given.column, signature.names)
            hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(signature.names[:8])}"
            what = f"{model} takes no column {given.column[:80]!r}"
            raise InvalidInput(what, field=f"{field}.column", hint=hint)
        if (given.column, given.contract) in seen:
            what = f"column {given.column!r} is given twice"
            raise InvalidInput(what, field=f"{field}.column", hint=_HINT)
        seen.add((given.column, given.contract))
        _check_applies(given, contracts, signature, field)


def _check_applies(
    given: ModelInput, contracts: Sequence[Contract], signature: Signature, field: str
) -> None:
    wanted = [each for each in contracts if given.contract in {None, each.version}]
    if not wanted:
        why = f"there are {', '.join(str(each.version) for each in contracts)}"
        what = f"contract {given.contract} is not answered"
        raise InvalidInput(what, field=f"{field}.contract", why=why)
    first: InvalidInput | None = None
    for contract in wanted:
        try:
            compile_expression(given.source, contract.inputs, field=f"{field}.from")
        except InvalidInput as error:
            first = first or error
            continue
        sources, _ = sources_of(contract.version, contract.inputs, signature, [given])
        if any(source.column.name == given.column and source.text == given.source for source in sources):
            return
        if given.contract is not None or given.column not in contract.signature.names:
            return  # it holds, and has a type that is told when the release is checked
    if first is not None:
        raise first
    raise InvalidInput(
        f"clients send {given.column!r} already, and {given.source[:80]!r} would not be asked for",
        field=field,
        hint=f"to take it all the same: --input '{wanted[-1].version}:{given}'",
    )
