"""Rows on their way into a model: decoded from JSON, checked against the signature, turned into a matrix.

JSON is decoded straight into a struct generated from the signature. Only when that fails are the values
walked one by one, to say which field was wrong and why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import GenericAlias
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from meguru.errors import InvalidInput
from meguru.flavors import faults
from meguru.flavors.signature import Signature

if TYPE_CHECKING:
    import polars as pl


class Decoder:
    """Decode and check rows for one signature; holds no state, so threads may share it.

    Attributes
    ----------
    row_type
        The generated struct of one row: put ``list[decoder.row_type]`` into the struct of a request's body.
    columns_type
        The generated struct of columns, each a list.
    """

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        types = [faults.python_type(column) for column in signature.inputs]
        self.row_type: Any = _struct("Row", signature, types)
        self.columns_type: Any = _struct("Columns", signature, [_list_of(kind) for kind in types])
        self._rows_type = _list_of(self.row_type)
        self._json_rows: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self._rows_type)

    def rows(self, body: bytes | memoryview, *, where: str = "rows") -> list[Any]:
        """Decode a JSON array of objects, one a row.

        Raises
        ------
        InvalidInput
            `field` says which value is wrong (``rows[3].dep_hour``), `why` what stood there.
        """
        try:
            decoded: list[Any] = self._json_rows.decode(body)
        except msgspec.ValidationError as error:
            raise self.explain(json.loads(bytes(body)), error, where=where) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput("the body is not valid JSON", field=where, why=str(error)) from error
        return decoded

    def convert(self, data: Any, *, where: str = "") -> list[Any]:
        """Check rows (a list of dicts) or columns (a dict of lists) that are Python values already.

        Raises
        ------
        InvalidInput
            As `rows` does; columns of different lengths are refused too.
        """
        if isinstance(data, Mapping):
            return self._from_columns(data, where or "columns")
        try:
            converted: list[Any] = msgspec.convert(data, self._rows_type)
        except msgspec.ValidationError as error:
            raise self.explain(data, error, where=where or "rows") from None
        return converted

    def _from_columns(self, data: Mapping[str, Any], where: str) -> list[Any]:
        try:
            lists = astuple(msgspec.convert(data, self.columns_type))
        except msgspec.ValidationError as error:
            raise faults.in_columns(self.signature, data, where=where, otherwise=str(error)) from None
        lengths = dict(zip(self.signature.names, map(len, lists), strict=True))
        if len(set(lengths.values())) > 1:
            raise faults.in_lengths(lengths, where=where)
        return [self.row_type(*values) for values in zip(*lists, strict=True)]

    def explain(self, rows: Any, error: Exception, *, where: str = "rows") -> InvalidInput:
        """Return the error that names the first field at fault in `rows` (decoded loosely)."""
        return faults.in_rows(self.signature, rows, where=where, otherwise=str(error))

    def matrix(self, rows: Sequence[Any]) -> npt.NDArray[np.float64]:
        """Return decoded rows as a float64 matrix in signature order, shape (rows, columns); NaN for null."""
        flat: list[Any] = []
        for row in rows:
            flat.extend(astuple(row))
        return np.array(flat, dtype=np.float64).reshape(len(rows), len(self.signature.inputs))

    def frame(self, rows: Sequence[Any]) -> pl.DataFrame:
        """Return decoded rows as a polars frame with the signature's columns and types."""
        import polars as pl

        from meguru.flavors.columns import polars_schema

        schema = polars_schema(self.signature)
        return pl.DataFrame([astuple(row) for row in rows], schema=schema, orient="row")


@lru_cache(maxsize=64)
def decoder(signature: Signature) -> Decoder:
    """Return the decoder of a signature; made once for each."""
    return Decoder(signature)


def _list_of(kind: Any) -> Any:
    return GenericAlias(list, (kind,))


def _struct(name: str, signature: Signature, types: Sequence[Any]) -> Any:
    fields = [(f"c{index}", kind) for index, kind in enumerate(types)]
    rename = {f"c{index}": column.name for index, column in enumerate(signature.inputs)}
    return msgspec.defstruct(name, fields, rename=rename, forbid_unknown_fields=True, gc=False)
