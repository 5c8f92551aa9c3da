"""One column of pandas as a column of Polars, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meguru.compute.materializers.plain import PLAIN

if TYPE_CHECKING:
    import polars as pl

Dtype = str | dict[str, Any]
_NULLABLE = {"boolean", "string", "Float32", "Float64"} | {
    f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
}


def write(column: Any) -> tuple[pl.Series, Dtype]:
    """Return the values of a column, and what must be known to read them back.

    Raises
    ------
    TypeError
        If its type is of no kind that comes back equal.
    """
    import pandas as pd
    import polars as pl

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = list(dtype.categories)
        if not PLAIN.fits(categories):
            raise TypeError("categories that are not plain can't be kept")
        kept = {"categories": categories, "of": str(dtype.categories.dtype), "ordered": bool(dtype.ordered)}
        return pl.Series(column.cat.codes.to_numpy()), kept
    if isinstance(dtype, pd.DatetimeTZDtype):
        if not hasattr(dtype.tz, "key") and str(dtype.tz) != "UTC":
            raise TypeError(f"the time zone {dtype.tz!r} has no name")
        plain = column.dt.tz_convert("UTC").dt.tz_localize(None)
        return pl.Series(plain.to_numpy(copy=True).view("int64")), {"unit": dtype.unit, "zone": str(dtype.tz)}
    name = str(dtype)
    if name in _NULLABLE:
        missing = column.isna().to_numpy()
        return pl.Series(
            [None if gone else _plain(item) for item, gone in zip(column, missing, strict=True)]
        ), name
    if name in {"str", "object"}:
        return pl.Series(_texts(column), dtype=pl.String), name
    if dtype.kind in "mM":
        return pl.Series(column.to_numpy(copy=True).view("int64")), name
    if dtype.kind in "biuf":
        return pl.Series(column.to_numpy(copy=True)), name
    raise TypeError(f"a column of type {name} can't be kept")


def read(values: pl.Series, dtype: Dtype) -> Any:
    """Return the column of pandas."""
    import pandas as pd

    if isinstance(dtype, str):
        if dtype in _NULLABLE or dtype in {"str", "object"}:
            return pd.Series(values.to_list(), dtype=dtype)
        found = values.to_numpy(writable=True)
        return pd.Series(
            found.view(dtype) if dtype.startswith(("datetime", "timedelta")) else found, dtype=dtype
        )
    if "zone" in dtype:
        moments = pd.Series(values.to_numpy(writable=True).view(f"datetime64[{dtype['unit']}]"))
        return moments.dt.tz_localize("UTC").dt.tz_convert(dtype["zone"])
    categories = pd.Index(dtype["categories"], dtype=dtype["of"])
    kind = pd.CategoricalDtype(categories, ordered=dtype["ordered"])
    return pd.Series(pd.Categorical.from_codes(values.to_numpy(), dtype=kind))


def _texts(column: Any) -> list[str | None]:
    found: list[str | None] = []
    for item in column:
        if item is None or item != item:  # noqa: PLR0124 - NaN is not itself
            found.append(None)
        elif type(item) is str:
            found.append(item)
        else:
            raise TypeError(f"it holds a {type(item).__name__} among objects")
    return found


def _plain(item: Any) -> Any:
    return item.item() if hasattr(item, "item") else item
