"""Decode and validate rows: from JSON, against the signature, into a matrix or a frame.

JSON is decoded straight into a struct generated from the signature, which knows each type's plain spelling.
Only when that fails are the values read one by one, with every spelling, or the field at fault is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from meguru.flavors import lenient
from meguru.flavors.field_errors import FieldPath
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn

if TYPE_CHECKING:
    import polars as pl


_PLAIN: dict[ColumnType, Any] = {
    ColumnType.BOOLEAN: bool,
    ColumnType.LONG: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    ColumnType.DOUBLE: float,
    ColumnType.STRING: str,
    ColumnType.DATETIME: Annotated[dt.datetime, msgspec.Meta(tz=True)],
}
_EDGES = {dt.MINYEAR, dt.MAXYEAR}


class Decoder:
    """Decode and check rows for one signature; holds no state, so threads may share it.

    If it is `partial`, every column may be left out, and is `msgspec.UNSET` then.

    Attributes
    ----------
    row_type
        The generated struct of one row: put ``list[decoder.row_type]`` into the struct of a request's body.
    columns_type
        The generated struct of columns, each a list.
    """

    def __init__(self, signature: Signature, *, partial: bool = False) -> None:
        self.signature, self.partial = signature, partial
        types = [_plain_type(column) for column in signature.inputs]
        self.row_type: Any = _struct("Row", signature, types, partial=partial)
        lists = [_list_of(kind) for kind in types]
        self.columns_type: Any = _struct("Columns", signature, lists, partial=partial)
        self._rows_type = _list_of(self.row_type)
        self._moments = [
            f"c{i}" for i, each in enumerate(signature.inputs) if each.type is ColumnType.DATETIME
        ]

    def convert(self, data: Any, *, where: str = "") -> list[Any]:
        """Check rows (a list of dicts) or columns (a dict of lists) that are Python values already.

        Raises
        ------
        InvalidInput
            `field` says which value is wrong (``rows[3].dep_hour``), `why` what stood there.
        """
        try:
            return self.plain(data)
        # The quick way knows plain spellings only. The slow one reads value by value, and can name the one at
        # fault.
        except msgspec.ValidationError:
            in_columns = isinstance(data, Mapping)
            form = where or ("columns" if in_columns else "rows")
            return self.read_leniently(data, FieldPath(form, "columns" if in_columns else "rows"))

    def plain(self, data: Any) -> list[Any]:
        """Return the rows of a list of dicts or a dict of lists whose values are spelled plainly.

        Raises
        ------
        msgspec.ValidationError
            When one is not; `read_leniently` may still read it.
        """
        if isinstance(data, Mapping):
            lists = astuple(msgspec.convert(data, self.columns_type))
            sizes = {len(each) for each in lists if each is not UNSET}
            if len(sizes) > 1 or not (sizes or self.partial):
                raise msgspec.ValidationError("the columns have different lengths")
            absent = (UNSET,) * max(sizes, default=0)
            given = [absent if each is UNSET else each for each in lists]
            rows = [self.row_type(*values) for values in zip(*given, strict=True)]
        else:
            rows = msgspec.convert(data, self._rows_type)
        return self.check_calendar(rows)

    def check_calendar(self, rows: list[Any]) -> list[Any]:
        """Return decoded rows, unless one has a moment that a zone moves out of all calendars."""
        for name in self._moments:
            moments = (getattr(row, name) for row in rows)
            if any(moment and moment.year in _EDGES for moment in moments):
                raise msgspec.ValidationError(f"{name} has a moment at the edge of the calendar")
        return rows

    def read_leniently(self, data: Any, where: FieldPath) -> list[Any]:
        """Return the rows of JSON as `lenient.loads` reads it, with every spelling of a value.

        Raises
        ------
        InvalidInput
            Naming the first field at fault.
        """
        read = lenient.read_columns if where.shape == "columns" else lenient.read_rows
        found = read(self.signature, [data] if where.shape == "row" else data, where, partial=self.partial)
        return [self.row_type(*values) for values in found]

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


def _plain_type(column: SignatureColumn) -> Any:
    kind = _PLAIN[column.type]
    for size in reversed(column.shape):
        kind = Annotated[_list_of(kind), msgspec.Meta(min_length=size, max_length=size)]
    return kind | None if column.nullable else kind


def _list_of(kind: Any) -> Any:
    return GenericAlias(list, (kind,))


def _struct(name: str, signature: Signature, types: Sequence[Any], *, partial: bool) -> Any:
    fields: list[Any] = [
        (f"c{index}", kind | UnsetType, UNSET) if partial else (f"c{index}", kind)
        for index, kind in enumerate(types)
    ]
    # Columns may be called anything, fields only what Python takes: the names of JSON are given by `rename`.
    rename = {f"c{index}": column.name for index, column in enumerate(signature.inputs)}
    return msgspec.defstruct(name, fields, rename=rename, forbid_unknown_fields=True, gc=False)
