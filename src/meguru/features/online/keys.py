"""Encode entity keys as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
import polars as pl

from meguru.errors import InvalidInput
from meguru.features.online.layout import whole_type

_encode = msgspec.msgpack.Encoder().encode
_INT64_SPAN = 2**63


class KeyLayout:
    """The join keys of a view, in order, with their types.

    Two keys have the same bytes exactly if all their values are the same: the number 1 and the text ``1`` are
    not. A key with a missing value or NaN is nobody's: its bytes are None.

    Parameters
    ----------
    types
        The Polars type of each join key: text, numbers, booleans, dates or times.

    Raises
    ------
    InvalidInput
        If entities can't be told by such a type.
    """

    def __init__(self, types: Mapping[str, pl.DataType]) -> None:
        self.names = list(types)
        self.types = {name: whole_type(kind) for name, kind in types.items()}
        self._forms = [(name, _form(name, kind)) for name, kind in self.types.items()]

    def of_frame(self, frame: pl.DataFrame) -> list[bytes | None]:
        """Return the key of each row."""
        columns = [
            _plain_keys(frame.get_column(name).cast(self.types[name])).to_list() for name in self.names
        ]
        return [None if None in row else _encode(row) for row in zip(*columns, strict=True)]

    def of_values(self, columns: Sequence[Sequence[Any]]) -> list[bytes | None]:
        """Return the key of each entity, from one list of values for each join key.

        Raises
        ------
        InvalidInput
            If a value is not of its key's type; naming the key.
        """
        plain = []
        for (name, form), values in zip(self._forms, columns, strict=True):
            # Whole columns of the right type, which is most of them, are taken as they are.
            if form in {int, str} and all(type(value) is form for value in values):
                if form is int:
                    _check_range(name, values)
                plain.append(values)
            else:
                plain.append([_plain(name, form, value) for value in values])
        return [None if None in row else _encode(row) for row in zip(*plain, strict=True)]


def _form(name: str, kind: pl.DataType) -> type:
    if kind.is_integer():
        return int
    if kind.is_float():
        return float
    if isinstance(kind, pl.String | pl.Categorical | pl.Enum):
        return str
    if isinstance(kind, pl.Boolean):
        return bool
    if isinstance(kind, pl.Date):
        return date
    if isinstance(kind, pl.Datetime):
        return datetime
    why = f"it is of the type {kind}"
    hint = "use texts, numbers, booleans, dates or times"
    raise InvalidInput(f"{name!r} can't tell entities apart", field=name, why=why, hint=hint)


def _plain_keys(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        return column.cast(pl.Datetime("us", kind.time_zone)).to_physical()
    if isinstance(kind, pl.Date):
        return column.to_physical()
    if kind.is_float():
        return column.cast(pl.Float64).fill_nan(None) + 0.0  # -0.0 becomes 0.0: equal keys have equal bytes
    return column.cast(pl.String) if isinstance(kind, pl.Categorical | pl.Enum) else column


def _check_range(name: str, values: Sequence[int]) -> None:
    if values and not -_INT64_SPAN <= min(values) <= max(values) < 2 * _INT64_SPAN:
        raise InvalidInput(f"a value of {name!r} is no number of 64 bits", field=name)


def _plain(name: str, form: type, value: Any) -> Any:
    """Return one value as keys have it; None for what is nobody's."""
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return None
    found: Any = None
    if form is int:
        found = _whole(value)
    elif form is float:
        found = _float(value)
    elif form is bool or form is str:
        found = value if isinstance(value, form) else None
    elif form is date:
        found = _days(value)
    elif form is datetime:
        found = _microseconds(value)
    if found is None:
        shown = repr(value)[:60]
        raise InvalidInput(f"{shown} is no value of {name!r}", field=name, why=f"it takes {form.__name__}")
    if form is int:
        _check_range(name, [found])
    return found


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    try:
        return int(value) if isinstance(value, int | str) or hasattr(value, "__index__") else None
    except ValueError:
        return None


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) + 0.0  # as in `_plain_keys`
    except OverflowError:  # a whole number beyond all floats
        return None


def _days(value: Any) -> int | None:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime) or not isinstance(value, date):
        return None
    return value.toordinal() - date(1970, 1, 1).toordinal()


def _microseconds(value: Any) -> int | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    found: int = pl.Series([value], dtype=pl.Datetime("us", "UTC" if value.tzinfo else None)).to_physical()[0]
    return found
