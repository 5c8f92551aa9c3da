"""Detect leakage: a training frame's values against what was known at each row's moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.features.offline.frames import as_frame
from meguru.features.offline.join import matched, segments
from meguru.features.offline.keys import require_columns
from meguru.features.offline.row_files import COUNT, START, CachedRows
from meguru.features.offline.training import JoinOptions, Opened, features_of, moments_of

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_MAX_EXAMPLES = 5
_CLOSE = 1e-9


class LeakedFeature(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of one column compare with what was known.

    Attributes
    ----------
    column, feature
        The column of the frame, and the feature that it is compared with.
    rows
        How many rows were compared.
    same
        As it was known at the row's moment, its age within the TTL.
    future
        Another value than was known, and one that became known later: by itself, or as the newest of all.
    stale
        Older than the TTL: it would not be there when it is served.
    other
        Neither: made otherwise, or from other data.
    examples
        Numbers of rows whose value comes from the future.
    """

    column: str
    feature: str
    rows: int
    same: int
    future: int
    stale: int
    other: int
    examples: list[int]


class LeakReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a check for leaks found; `leaks` is whether any value comes from the future."""

    ref: str
    rows: int
    columns: list[LeakedFeature]
    not_compared: list[str]

    @property
    def leaks(self) -> bool:
        """Whether any value is from after its row's moment."""
        return any(column.future for column in self.columns)


def check(ref: str, frame: Any, opened: Sequence[Opened], options: JoinOptions) -> LeakReport:
    """Compare the columns of a frame that are called like features with what was known at each moment.

    `options` are those of a join; a column is a feature's when it has its name, or ``view__feature``.
    """
    given = as_frame(frame)
    moments = moments_of(given, opened, options.time)
    columns, missing = [], []
    for one in opened:
        for feature in features_of(one):
            names = [name for name in (feature, f"{one.view.name}__{feature}") if name in given.columns]
            if not names:
                missing.append(f"{one.view.name}:{feature}")
                continue
            columns.append(_compared(one, given, names[0], feature, moments, options.on))
    return LeakReport(ref=ref, rows=given.height, columns=columns, not_compared=missing)


def _compared(
    opened: Opened,
    frame: pl.DataFrame,
    column: str,
    feature: str,
    moments: pl.Series | None,
    on: Mapping[str, str],
) -> LeakedFeature:
    import numpy as np

    require_columns(frame, [column], what="the frame")
    found = matched(opened.rows, frame, moments, opened.view.definition.ttl, on)
    always = matched(opened.rows, frame, moments, None, on)
    values, cached_column = frame[column], opened.rows.column(feature)
    same = _equal(values, cached_column.take(found.rows))
    stale = ~same & _equal(values, cached_column.take(always.rows)) & values.is_not_null().to_numpy()
    left = np.flatnonzero(~same & ~stale & values.is_not_null().to_numpy())
    # What is neither what was known nor too old: looked for among the rows of its key that came later.
    future = left[_is_later(opened.rows, frame, values, feature, always.rows, left, on)]
    return LeakedFeature(
        column=column,
        feature=f"{opened.view.name}:{feature}",
        rows=frame.height,
        same=int(same.sum()),
        future=len(future),
        stale=int(stale.sum()),
        other=frame.height - int(same.sum()) - int(stale.sum()) - len(future),
        examples=[int(row) for row in future[:_MAX_EXAMPLES]],
    )


def _is_later(
    cached_rows: CachedRows,
    frame: pl.DataFrame,
    values: pl.Series,
    feature: str,
    known: np.ndarray,
    asking: np.ndarray,
    on: Mapping[str, str],
) -> np.ndarray:
    """Tell for each of some rows whether its value is that of a kept row of its key after the known one."""
    import numpy as np
    import polars as pl

    if cached_rows.unit is None or not len(asking):
        return np.zeros(len(asking), dtype=bool)
    start, count = (segment[asking] for segment in segments(cached_rows, frame, on))
    begins = np.repeat(cached_rows.keys[START].to_numpy(), cached_rows.keys[COUNT].to_numpy()).astype(
        np.int64
    )
    rows = pl.DataFrame({"start": begins, "place": np.arange(len(begins))})
    rows = rows.with_columns(cached_rows.column(feature).all().alias("value"))
    mine = rows.filter(pl.col("start").is_in(np.unique(start))).group_by("start", "value")
    wanted = pl.DataFrame({"start": start}).with_columns(values.gather(asking).alias("value"))
    try:
        wanted = wanted.with_columns(pl.col("value").cast(rows.schema["value"], strict=False))
        last = wanted.join(
            mine.agg(pl.col("place").max()), on=["start", "value"], how="left", maintain_order="left"
        )
    except pl.exceptions.PolarsError:  # values that nothing can be looked up by
        return np.zeros(len(asking), dtype=bool)
    later = last["place"].fill_null(-1).to_numpy() > np.maximum(known[asking], start - 1)
    return np.asarray(later & (count > 0))


def _equal(given: pl.Series, expected: pl.Series) -> np.ndarray:
    """Tell where two columns hold the same: both nothing, or values that are equal but for rounding."""
    import numpy as np
    import polars as pl

    if given.dtype.is_numeric() and expected.dtype.is_numeric():
        left, right = (each.cast(pl.Float64).fill_nan(None) for each in (given, expected))
        there = left.is_not_null() & right.is_not_null()
        # Relative, as a frame may have been written as text or as 32-bit floats on its way.
        close = (left - right).abs() <= _CLOSE * (left.abs() + right.abs()).clip(1e-300)
        none = left.is_null() & right.is_null()
        return np.asarray((none | (there & close.fill_null(value=False))).to_numpy())
    try:
        return np.asarray(given.cast(expected.dtype).eq_missing(expected).to_numpy())
    except pl.exceptions.PolarsError:
        return np.zeros(len(given), dtype=bool)
