"""One version of a contract as one model answers it: requests in, rows of the model out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple

from meguru.errors import InvalidInput
from meguru.flavors import ColumnType, Signature, SignatureColumn, lists
from meguru.flavors.rows import Decoder, decoder
from meguru.serving.body import BodyDecoder, RequestRows
from meguru.serving.contracts.inputs import InputSource, sources_of
from meguru.serving.contracts.types import ModelInput

if TYPE_CHECKING:
    import polars as pl

SENT = "sent:"
"""Before the name of a recorded column that was sent under the name of another one of the model's."""


class ContractView:
    """How requests in one version of a contract become rows of a model; threads may share it.

    Where a model takes just what is sent, under the same names, requests are decoded straight into its rows.

    Attributes
    ----------
    version
        The contract's number; 0 of an endpoint that has none: then the model's signature is it.
    sent, names
        The contract's columns, and what they are called.
    mapped
        Whether the model's columns are other than the contract's.
    types
        By name, the types of the columns that are recorded: the model's, then those that were sent beside.

    Raises
    ------
    InvalidInput
        If the model's columns can't be had from the contract's.
    """

    def __init__(
        self,
        version: int,
        sent: Sequence[SignatureColumn],
        signature: Signature,
        inputs: Sequence[ModelInput],
        *,
        max_rows: int,
    ) -> None:
        self.version, self.sent = version, tuple(sent)
        self.names = frozenset(column.name for column in sent)
        self.sources, faults = sources_of(version, sent, signature, inputs)
        if faults:
            raise InvalidInput(f"contract {version} can't be answered", why="; ".join(faults), field="inputs")
        self.mapped = len(sent) != len(signature.inputs) or not all(each.plain for each in self.sources)
        self.types = {column.name: column.kept_as for column in signature.inputs}
        self._model: Decoder = decoder(signature)
        self._beside = self._sent_beside() if self.mapped else []
        self.types |= {name: column.kept_as for name, column, _ in self._beside}
        by_name = {column.name: column for column in sent}
        in_order = self.sent if self.mapped else tuple(by_name[name] for name in signature.names)
        self._sent: Decoder = decoder(msgspec.structs.replace(signature, inputs=in_order))
        self._decode = BodyDecoder(self._sent, max_rows).decode

    def decode(self, body: bytes) -> RequestRows:
        """Return the model's rows of a body, and with them those that were sent, where they are others.

        Raises
        ------
        InvalidInput
            `field` says which value that was sent is wrong.
        """
        request = self._decode(body)
        if self.mapped:
            request.sent = request.rows
            request.rows = self._rows(request)
        return request

    def columns(self, request: RequestRows) -> dict[str, Sequence[Any]]:
        """Return what is recorded of a request, as columns."""
        found: list[Sequence[Any]] = [*zip(*map(astuple, request.rows), strict=True)]
        if self._beside:
            found += self._others(request.sent or ())
        return dict(zip(self.types, found, strict=True))

    def beside(self, sent: Sequence[Any]) -> pl.DataFrame:
        """Return the sent columns that the model does not take as they are, as a frame: a shadow may."""
        import polars as pl

        from meguru.flavors.columns import polars_schema

        schema = polars_schema(Signature(inputs=tuple(column for _, column, _ in self._beside)))
        columns = zip(self._beside, schema.values(), self._others(sent), strict=True)
        return pl.DataFrame([pl.Series(name, list(each), dtype=kind) for (name, _, _), kind, each in columns])

    def name_of(self, column: str) -> str:
        """Return what clients call a column of the model; empty when it is made of others."""
        source = next((each for each in self.sources if each.column.name == column), None)
        return source.sent if source else ""

    def example(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return requests' rows that become these rows of the model, as far as its columns are sent.

        What is made of others stays at zero: such rows can be decoded, and mean nothing.
        """
        taken = {each.sent: each.column.name for each in self.sources if each.sent and not each.convert}
        return [neutral(self.sent) | {sent: row[name] for sent, name in taken.items()} for row in rows]

    @property
    def invertible(self) -> bool:
        """Whether `example` gives back all columns of the model."""
        return all((each.sent and not each.convert) or each.expression.constant for each in self.sources)

    def _rows(self, request: RequestRows) -> list[Any]:
        columns = list(zip(*map(astuple, request.rows), strict=True))
        n = len(request.rows)
        made = [source.values(columns, n, request.where) for source in self.sources]
        return [self._model.row_type(*row) for row in zip(*made, strict=True)]

    def _sent_beside(self) -> list[tuple[str, SignatureColumn, int]]:
        """Return the columns that no column of the model is under their name; by which name, and where."""
        taken = {each.sent for each in self.sources if each.sent == each.column.name}
        return [
            (SENT + column.name if column.name in self.types else column.name, column, index)
            for index, column in enumerate(self.sent)
            if column.name not in taken
        ]

    def _others(self, sent: Sequence[Any]) -> list[Sequence[Any]]:
        columns = list(zip(*map(astuple, sent), strict=True))
        return [columns[index] for _, _, index in self._beside]


def neutral(columns: Sequence[SignatureColumn]) -> dict[str, Any]:
    """Return a row of nulls where they are allowed, and else of zeros."""
    zeros: dict[ColumnType, Any] = {
        ColumnType.BOOLEAN: False,
        ColumnType.LONG: 0,
        ColumnType.DOUBLE: 0.0,
        ColumnType.STRING: "",
        ColumnType.DATETIME: "1970-01-01T00:00:00Z",
    }
    return {
        column.name: None if column.nullable else lists.filled(column.shape, zeros[column.type])
        for column in columns
    }


__all__ = ["SENT", "ContractView", "InputSource", "neutral"]
