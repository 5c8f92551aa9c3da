"""Changes of rows that a model's answers may, must or must not follow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.errors import InvalidInput, near_misses

if TYPE_CHECKING:
    import polars as pl

WAYS = ("swap", "set", "null", "scale", "add", "noise", "typo")
MAX_SWAPPED, MAX_TYPOS = 50, 10


class RowChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change of one column, in one of these ways.

    Attributes
    ----------
    column
        The column.
    swap
        Values that take each other's place, each that of the one before it.
    set
        All rows have this value.
    null
        All rows have none.
    scale, add
        Numbers are multiplied by this, or it is added.
    noise
        Numbers get a normal noise whose deviation is this share of the column's.
    typo
        In texts so many pairs of neighbouring characters change places.
    """

    column: str
    swap: list[Any] = []
    set: Any = msgspec.UNSET
    null: bool = False
    scale: float | None = None
    add: float | None = None
    noise: float | None = None
    typo: int = 0

    @property
    def way(self) -> str:
        """What it does; empty when that is not said, or several things are."""
        said = [name for name in WAYS if getattr(self, name) not in (None, msgspec.UNSET, False, 0, [])]
        said += [name for name in ("set", "add", "scale") if name not in said and self._is_given(name)]
        return said[0] if len(said) == 1 else ""

    def _is_given(self, name: str) -> bool:
        value = getattr(self, name)
        return value is not None and value is not msgspec.UNSET

    def check(self) -> None:
        """Refuse what is no change."""
        if not self.column or not self.way:
            what = "a change names a column and one way in which it changes"
            hint = '{"column": "sex", "swap": ["m", "f"]}'
            raise InvalidInput(what, field="change", why=f"ways are {', '.join(WAYS)}", hint=hint)
        if self.swap and not 2 <= len(self.swap) <= MAX_SWAPPED:
            raise InvalidInput(f"2 to {MAX_SWAPPED} values take each other's place", field="change.swap")
        for name in ("scale", "add", "noise"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise InvalidInput(f"{name} is a number", field=f"change.{name}", why=f"it is {number}")
        if self.noise is not None and self.noise < 0:
            raise InvalidInput("noise is above 0", field="change.noise", why=f"it is {self.noise:g}")
        if not 0 <= self.typo <= MAX_TYPOS:
            raise InvalidInput(
                f"typos are 1 to {MAX_TYPOS}", field="change.typo", why=f"they are {self.typo}"
            )

    def words(self) -> str:
        """Return what it does, in words."""
        return {
            "swap": f"{self.column} {', '.join(map(str, self.swap))} swapped",
            "set": f"{self.column} set to {self.set}",
            "null": f"{self.column} missing",
            "scale": f"{self.column} times {self.scale or 0:g}",
            "add": f"{self.column} plus {self.add or 0:g}",
            "noise": f"{self.column} with noise of {self.noise or 0:g} deviations",
            "typo": f"{self.column} with {self.typo} typos",
        }[self.way]

    def applied(self, frame: pl.DataFrame, seed: int) -> pl.DataFrame:
        """Return rows with the change; the same for the same seed.

        Raises
        ------
        InvalidInput
            When the column is not there, or its values can't be changed so.
        """
        import polars as pl

        if self.column not in frame.columns:
            close = near_misses(self.column, frame.columns)
            hint = f"did you mean {close[0]!r}?" if close else ""
            what = f"the rows have no column {self.column!r} that could change"
            raise InvalidInput(what, field="change.column", hint=hint)
        before = frame.get_column(self.column)
        try:
            return frame.with_columns(self._changed(before, seed).alias(self.column))
        except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
            # What Polars says names values of rows, which a release would keep.
            what = f"the values of {self.column!r} can't be changed by {self.way}"
            raise InvalidInput(what, field="change", why=f"they are {before.dtype}") from None

    def _changed(self, before: pl.Series, seed: int) -> pl.Series:
        import polars as pl

        kind = before.dtype
        if self.way == "swap":
            given = pl.Series(self.swap).cast(kind)
            return before.replace(given, pl.concat([given[1:], given[:1]]))
        if self.way == "set":
            return pl.Series([self.set], dtype=kind).new_from_index(0, len(before))
        if self.way == "null":
            return pl.Series([None], dtype=kind).new_from_index(0, len(before))
        if self.way == "typo":
            return pl.Series([*_with_typos(before.to_list(), self.typo, seed)], dtype=kind)
        if not kind.is_numeric():
            raise InvalidInput(f"{self.column!r} holds no numbers", field="change.column")
        numbers = before.cast(pl.Float64)
        if self.way == "noise":
            draw = np.random.default_rng(seed).normal(0.0, 1.0, len(before))
            spread = float(np.nanstd(numbers.fill_null(math.nan).to_numpy(), ddof=1))
            numbers = numbers + pl.Series(draw * (self.noise or 0.0) * spread)
        else:
            numbers = numbers * self.scale if self.way == "scale" else numbers + self.add
        return (numbers.round() if kind.is_integer() else numbers).cast(kind)


def _with_typos(texts: list[Any], typos: int, seed: int) -> list[Any]:
    draw, found = np.random.default_rng(seed), []
    for text in texts:
        letters = list(text) if isinstance(text, str) else []
        for _ in range(typos if len(letters) > 1 else 0):
            at = int(draw.integers(len(letters) - 1))
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        found.append("".join(letters) if letters else text)
    return found


def rows_that_differ(before: pl.DataFrame, after: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which rows of two frames of one shape differ in any column, shape (rows,)."""
    import polars as pl

    differs = np.zeros(before.height, dtype=bool)
    for name in before.columns:
        one, other = before.get_column(name), after.get_column(name)
        if one.dtype.is_numeric() and other.dtype.is_numeric() and one.dtype != other.dtype:
            one, other = one.cast(pl.Float64), other.cast(pl.Float64)
        elif one.dtype != other.dtype:
            other = other.cast(one.dtype, strict=False)
        differs |= one.ne_missing(other).to_numpy()
    return differs
