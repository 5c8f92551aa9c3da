"""Input mapping: where each column of a model comes from in one version of a contract."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.flavors import ColumnType, Signature, SignatureColumn, values
from meguru.flavors.field_errors import FieldPath
from meguru.serving.contracts.types import ModelInput
from meguru.serving.expressions import TypedExpression, compile_expression
from meguru.serving.expressions.typed import Columns

_WIDER: dict[tuple[ColumnType, ColumnType], Callable[[Any], Any]] = {
    (ColumnType.LONG, ColumnType.DOUBLE): float,
    (ColumnType.BOOLEAN, ColumnType.DOUBLE): float,
}
_EXACT: dict[ColumnType, Callable[[Any], Any]] = {ColumnType.DOUBLE: float, ColumnType.LONG: int}
"""A frame takes no whole number for a double: ``coalesce(x, 0)`` gives one."""
MAX_INPUTS = 1000


class InputSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where one column of a model comes from.

    `sent` is the contract's column that it is, perhaps in a wider type; empty when it is made of others.
    `text` is the expression as it was written, and `shape` that of the lists
    that are sent.
    """

    column: SignatureColumn
    expression: TypedExpression
    text: str
    sent: str = ""
    convert: Callable[[Any], Any] | None = None
    shape: tuple[int, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether each value is the one that was sent, under its name, and may be what was sent."""
        same = self.sent == self.column.name and self.convert is None
        return same and (self.column.nullable or not self.expression.nullable)

    def values(self, columns: Columns, n: int, where: FieldPath) -> Sequence[Any]:
        """Return the column's n values.

        Raises
        ------
        InvalidInput
            Naming the first row where it has none, and must have one.
        """
        found = self.expression.over(columns, n)
        if self.sent and self.convert is None and (self.column.nullable or not self.expression.nullable):
            return found
        return [self._value(value, index, where) for index, value in enumerate(found)]

    def _value(self, value: Any, index: int, where: FieldPath) -> Any:
        if value is not None and self.column.shape:
            return value
        try:
            fit = value if self.convert is None or value is None else self.convert(value)
            exact = _EXACT.get(self.column.type)
            fit = fit if exact is None or fit is None else exact(fit)
        except (ArithmeticError, values.Unfit):
            fit = None
        if fit is None or (isinstance(fit, float) and not math.isfinite(fit)):
            if self.column.nullable:
                return None
            raise self._without(index, where)
        # Python's integers have no end, and a frame's have 64 bits.
        if self.column.type is ColumnType.LONG and not -(2**63) <= fit < 2**63:
            raise self._without(index, where)
        return fit

    def _without(self, index: int, where: FieldPath) -> InvalidInput:
        path = where.cell(index, self.sent) if self.sent else where.row(index)
        return InvalidInput(
            f"{path} gives no {self.column.name!r}, which the model needs",
            field=path,
            why=f"{self.column.name} comes from {self.text[:200]}, which has no value here",
        )


def sources_of(
    version: int, sent: Sequence[SignatureColumn], signature: Signature, inputs: Sequence[ModelInput]
) -> tuple[list[InputSource], list[str]]:
    """Return where a model's columns come from in one version of a contract, and why it can't answer it.

    Each fault is a sentence; one that an input would mend ends with it.
    """
    sources: list[InputSource] = []
    faults: list[str] = []
    for column in signature.inputs:
        try:
            source = _source(version, sent, column, inputs)
        except InvalidInput as error:
            why = ": ".join(filter(None, (error.what, error.why)))
            faults.append(f"column {column.name!r} can't be had from contract {version}: {why}")
            continue
        if source is None:
            faults.append(_lacking(version, sent, column, signature))
        elif fault := _fault(source, version, column):
            faults.append(fault)
        else:
            sources.append(source)
    return sources, faults


def _source(
    version: int, sent: Sequence[SignatureColumn], column: SignatureColumn, inputs: Sequence[ModelInput]
) -> InputSource | None:
    here = next((signature_column for signature_column in sent if signature_column.name == column.name), None)
    model_inputs = {
        model_input.contract: model_input for model_input in inputs if model_input.column == column.name
    }
    chosen = model_inputs.get(version) or (
        model_inputs.get(None) if here is None or _reads(model_inputs, sent) else None
    )
    if chosen is None:
        return None if here is None else _made(here.name, sent, column)
    return _made(chosen.source, sent, column)


def _reads(given: dict[int | None, ModelInput], sent: Sequence[SignatureColumn]) -> bool:
    """Tell whether an input for all versions is made of the column that has its name."""
    if (general := given.get(None)) is None:
        return False
    try:
        return general.column in compile_expression(general.source, sent).uses
    except InvalidInput:
        return False


def _made(text: str, sent: Sequence[SignatureColumn], column: SignatureColumn) -> InputSource:
    expression = compile_expression(text, sent)
    convert = _WIDER.get((expression.type, column.type)) if expression.type else None
    if column.type is ColumnType.DATETIME and expression.type is ColumnType.STRING and expression.constant:
        convert = values.datetime
    name = text.strip() if expression.uses == {text.strip()} else ""
    shape = next((signature_column.shape for signature_column in sent if signature_column.name == name), ())
    return InputSource(
        column=column, expression=expression, text=text, sent=name, convert=convert, shape=shape
    )


def _kind(shape: tuple[int, ...]) -> str:
    return f"list{list(shape)}" if shape else "plain"


def _lacking(
    version: int, sent: Sequence[SignatureColumn], column: SignatureColumn, signature: Signature
) -> str:
    name = column.name
    free = [
        signature_column.name for signature_column in sent if signature_column.name not in signature.names
    ]
    alike = [each for each in free if each in name or name in each]
    only = free if len(free) == 1 else []
    close = (
        near_misses(name, free)
        or alike
        or only
        or near_misses(name, [signature_column.name for signature_column in sent])
    )
    mend = f"--input '{name}={close[0] if close else '…'}'"
    return f"column {name!r} is needed and contract {version} has none; say where it comes from: {mend}"


def _fault(source: InputSource, version: int, column: SignatureColumn) -> str:
    name = column.name
    expression = source.expression
    if expression.nullable and not column.nullable:
        mend = f"--input '{name}=coalesce({source.text}, {_ZEROS.get(column.type, '0')})'"
        return f"column {name!r} may be null in contract {version}, and is not taken as null; say: {mend}"
    if column.shape != source.shape:
        return (
            f"column {name!r} is {_kind(source.shape)} in contract {version}, wanted as {_kind(column.shape)}"
        )
    if expression.type not in {None, column.type} and source.convert is None:
        mend = f"--input '{name}={_CASTS[column.type]}({source.text})'"
        kinds = f"is {expression.type} in contract {version} and wanted as {column.type}"
        return f"column {name!r} {kinds}; say: {mend}"
    return ""


_ZEROS = {
    ColumnType.STRING: "''",
    ColumnType.BOOLEAN: "false",
    ColumnType.DATETIME: "time('1970-01-01')",
}
_CASTS = {
    ColumnType.BOOLEAN: "boolean",
    ColumnType.LONG: "long",
    ColumnType.DOUBLE: "double",
    ColumnType.STRING: "string",
    ColumnType.DATETIME: "time",
}
