"""One version of a contract as one model answers it: requests in, rows of the model out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from meguru.errors import InvalidInput
from meguru.flavors import ColumnType, Signature, SignatureColumn, list_columns
from meguru.flavors.rows import Decoder, decoder
from meguru.predictions.types import SENT_PREFIX
from meguru.serving.body import BodyDecoder, RequestRows
from meguru.serving.contracts.inputs import InputSource, sources_of
from meguru.serving.contracts.types import ModelInput
from meguru.serving.features.columns import lacking, made_from, moments_of, recorded_columns, used_by
from meguru.serving.features.enriched_rows import EnrichedRows
from meguru.serving.features.enrichment import FeatureInputs
from meguru.serving.features.explain import ExplainedValue, explained
from meguru.serving.features.plan import FeaturePlan

if TYPE_CHECKING:
    import polars as pl


class ContractView:
    """How requests in one version of a contract become rows of a model; threads may share it.

    Where a model takes just what is sent, under the same names, requests are decoded straight into its rows.

    Attributes
    ----------
    version
        The contract's number; 0 of an endpoint that has none: then the model's signature is it.
    sent, names
        The contract's columns, and what they are called.
    known
        These, and those that views give: they may be sent too.
    signature
        What the model takes.
    mapped
        Whether the model's columns are other than the contract's.
    types
        By name, the types of the columns that are recorded: the model's, then those that were sent beside.
    features
        What fills in what clients need not send; None where they send all that the model takes.

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
        features: FeatureInputs | None = None,
    ) -> None:
        self.version, self.sent, self.signature = version, tuple(sent), signature
        self.names = frozenset(column.name for column in sent)
        made = made_from(sent, signature, features.plan) if features else ()
        self.known = (*self.sent, *made)
        self.sources, faults = sources_of(version, self.known, signature, inputs)
        used = used_by(self.sources, self.known)
        is_filled = any(column.name not in self.names for column in used)
        if not is_filled:
            self.known = self.sent
        faults += lacking(version, sent, used, features.plan) if features and is_filled else []
        if faults:
            raise InvalidInput(f"contract {version} can't be answered", why="; ".join(faults), field="inputs")
        is_same = len(sent) == len(signature.inputs) and all(source.plain for source in self.sources)
        self.mapped = is_filled or not is_same
        self.features = features.of(used) if features and is_filled else None
        # Where in a sent row the values are that views would give: `asks` looks only there.
        self._from_views = [
            self.known.index(signature_column)
            for signature_column in used
            if signature_column.name not in self.names
        ]
        self.types = {column.name: column.kept_as for column in signature.inputs}
        self._model: Decoder = decoder(signature)
        self._extra_columns = self._find_extra_columns() if self.mapped else []
        self.types |= {name: column.kept_as for name, column, _ in self._extra_columns}
        by_name = {column.name: column for column in sent}
        in_order = self.known if self.mapped else tuple(by_name[name] for name in signature.names)
        asked = msgspec.structs.replace(signature, inputs=in_order)
        # Decoders that take every column are cached by signature; a partial one marks what was not sent.
        self._sent = Decoder(asked, partial=True) if is_filled else decoder(asked)
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
            if self.features is None:
                request.rows = self._rows(request)
        return request

    def fill(self, requests: Sequence[RequestRows], received: Sequence[datetime]) -> None:
        """Make the model's rows of requests of which views give a part, for all of them in one go.

        Raises
        ------
        InvalidInput, Busy
            If something is missing, or can't be had: of one request alone, with its value at fault.
        """
        if self.features is None:
            return
        # All requests of a batch together: one round trip to the online store, and one call of each function.
        rows = [row for request in requests for row in request.sent or ()]
        columns = zip(*map(astuple, rows), strict=True)
        given = {
            column.name: values
            for column, values in zip(self.known, columns, strict=True)
            if not _is_absent(values)
        }
        moments = moments_of(requests, received)
        where = requests[0].where
        filled = self.features.fill(given, len(rows), moments, where)
        nothing = [None] * len(rows)
        all_columns = [filled.columns.get(column.name, nothing) for column in self.known]
        made = [source.values(all_columns, len(rows), where) for source in self.sources]
        whole = [self._model.row_type(*row) for row in zip(*made, strict=True)]
        start = 0
        for request in requests:
            end = start + len(request.rows)
            request.rows, request.filled, request.offset = whole[start:end], filled, start
            start = end

    def asks(self, request: RequestRows) -> bool:
        """Tell whether views are asked for something of a request: not where all that they give was sent."""
        rows = map(astuple, request.sent or ())
        return any(row[place] is UNSET for row in rows for place in self._from_views)

    def rows_of(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return rows as they would be decoded, of values by name; other names are left out."""
        names = [column.name for column in self.known]
        return [self._sent.row_type(*(row.get(name, UNSET) for name in names)) for row in rows]

    def recorded(self, request: RequestRows) -> tuple[dict[str, str], dict[str, Sequence[Any]]]:
        """Return what is recorded of a request, as columns, and their types."""
        found: list[Sequence[Any]] = [*zip(*map(astuple, request.rows), strict=True)]
        if self._extra_columns:
            found += self._extra_values(request)
        columns = dict(zip(self.types, found, strict=True))
        if request.filled is None:
            return self.types, columns
        types, told = recorded_columns(request.filled, request.offset, len(request.rows), self.types)
        return self.types | types, columns | told

    def explained(self, request: RequestRows, times: Sequence[datetime]) -> list[dict[str, ExplainedValue]]:
        """Return for each row what the model was given, and where it is from."""
        rows = list(map(astuple, request.rows))
        plan = self.features.plan if self.features else FeaturePlan(views=[])
        filled = request.filled or EnrichedRows()
        return explained(plan, self.signature.names, rows, filled, times, request.offset)

    def extra_columns(self, sent: Sequence[Any]) -> pl.DataFrame:
        """Return the sent columns that the model does not take as they are, as a frame: a shadow may."""
        import polars as pl

        from meguru.flavors.columns import polars_schema

        schema = polars_schema(Signature(inputs=tuple(column for _, column, _ in self._extra_columns)))
        columns = zip(
            self._extra_columns,
            schema.values(),
            self._extra_values(RequestRows([], sent=list(sent))),
            strict=True,
        )
        return pl.DataFrame([pl.Series(name, list(each), dtype=kind) for (name, _, _), kind, each in columns])

    def name_of(self, column: str) -> str:
        """Return what clients call a column of the model; empty when it is made of others."""
        source = next((each for each in self.sources if each.column.name == column), None)
        return source.sent if source else ""

    def example(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return requests' rows that become these rows of the model, as far as its columns are sent.

        What is made of others stays at zero: such rows can be decoded, and mean nothing.
        """
        taken = {
            source.sent: source.column.name for source in self.sources if source.sent and not source.convert
        }
        # All that views give is sent along, so nobody is asked.
        zeros = neutral(self.sent if self.features is None else self.features.signature.inputs)
        return [zeros | {sent: row[name] for sent, name in taken.items()} for row in rows]

    @property
    def invertible(self) -> bool:
        """Whether `example` gives back all columns of the model."""
        return all(
            (source.sent and not source.convert) or source.expression.constant for source in self.sources
        )

    def _rows(self, request: RequestRows) -> list[Any]:
        columns = list(zip(*map(astuple, request.rows), strict=True))
        n = len(request.rows)
        made = [source.values(columns, n, request.where) for source in self.sources]
        return [self._model.row_type(*row) for row in zip(*made, strict=True)]

    def _find_extra_columns(self) -> list[tuple[str, SignatureColumn, int]]:
        """Return the columns that no column of the model is under their name; by which name, and where."""
        taken = {source.sent for source in self.sources if source.sent == source.column.name}
        return [
            (SENT_PREFIX + column.name if column.name in self.types else column.name, column, index)
            for index, column in enumerate(self.sent)
            if column.name not in taken
        ]

    def _extra_values(self, request: RequestRows) -> list[Sequence[Any]]:
        columns = list(zip(*map(astuple, request.sent or ()), strict=True))
        found: list[Sequence[Any]] = [columns[index] for _, _, index in self._extra_columns]
        if self.features is None:
            return found
        return [[None if value is UNSET else value for value in values] for values in found]


def _is_absent(values: Sequence[Any]) -> bool:
    return values[0] is UNSET and all(value is UNSET for value in values)


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
        column.name: None if column.nullable else list_columns.filled(column.shape, zeros[column.type])
        for column in columns
    }


__all__ = ["ContractView", "InputSource", "neutral"]
