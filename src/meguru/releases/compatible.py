"""Whether a model still takes what an endpoint's clients send."""

from __future__ import annotations

from meguru.flavors import ColumnType, Signature, SignatureColumn

_WIDER = {(ColumnType.LONG, ColumnType.DOUBLE), (ColumnType.BOOLEAN, ColumnType.DOUBLE)}


def breaks(live: Signature, new: Signature) -> list[str]:
    """Return, by column, why requests made for `live` would be refused by `new`; empty when none would.

    A request holds exactly the live model's columns, so the new model may neither lack one nor want another.
    """
    before, after = _by_name(live), _by_name(new)
    lacking = [f"column {name!r} is sent by clients and is not known" for name in before if name not in after]
    wanting = [
        f"column {name!r} is needed and clients do not send it" for name in after if name not in before
    ]
    return (
        lacking
        + wanting
        + [fault for name in before if name in after for fault in _faults(before[name], after[name])]
    )


def _faults(before: SignatureColumn, after: SignatureColumn) -> list[str]:
    found = []
    if before.type is not after.type and (before.type, after.type) not in _WIDER:
        found.append(f"column {before.name!r} is sent as {before.type} and wanted as {after.type}")
    if before.nullable and not after.nullable:
        found.append(f"column {before.name!r} may be sent as null, which is not taken any more")
    return found


def _by_name(signature: Signature) -> dict[str, SignatureColumn]:
    return {column.name: column for column in signature.inputs}
