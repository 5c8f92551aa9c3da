"""Random tables and what may become of them: what a check of a monitor has to live with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import polars as pl

from meguru.monitoring.base import Baseline
from meguru.monitoring.checks.wanted_metrics import requested_metrics
from meguru.monitoring.window import MonitoredWindow, compare
from meguru.stats import profile_frame
from meguru.stats.estimates import ScoreOutcomes

LIVE = "model/random@2"
MIN_ROWS = 200
_SIZES = (0, 3, 150, 200, 250, 500, 700, 1000, 1000, 2000, 5000)
_TRAINED = (3, 20, 300, 1000, 2000, 5000)
_DAY = timedelta(days=1)
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
Draw = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomCase:
    """A table that a model was trained on, rows that it answered later, and the window they make.

    `fates` say what became of each column, by its name.
    """

    seed: int
    trained: pl.DataFrame
    rows: pl.DataFrame
    window: MonitoredWindow
    fates: Mapping[str, str]

    def pairs(self) -> dict[str, tuple[pl.Series, pl.Series]]:
        """Return what of each compared column there was, and what is there now."""
        names = [column.name for column in self.window.columns]
        return {name: (self.trained[name], self.rows[name]) for name in names}


def _text(values: list[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


KINDS: dict[str, Callable[[Draw, int], pl.Series]] = {
    "normal": lambda draw, n: pl.Series(draw.normal(size=n)),
    "skewed": lambda draw, n: pl.Series(draw.lognormal(0, 1.5, n)),
    "huge": lambda draw, n: pl.Series(draw.normal(size=n) * 1e300),
    "integer": lambda draw, n: pl.Series(draw.integers(0, 12, n)),
    "constant": lambda _draw, n: pl.Series(np.full(n, 7.0)),
    "mostly zero": lambda draw, n: pl.Series(np.where(draw.random(n) < 0.97, 0.0, draw.exponential(1, n))),
    "truth": lambda draw, n: pl.Series(draw.random(n) < 0.3),
    "words": lambda draw, n: _text(draw.choice(["AA", "DL", "", "é", "null"], n).tolist()),
    "names": lambda draw, n: _text([f"n{each}" for each in draw.zipf(1.3, n) % 5000]),
    "rare": lambda draw, n: _text([f"r{min(each, 40)}" for each in draw.zipf(1.8, n)]),
    "half empty": lambda draw, n: pl.Series(np.where(draw.random(n) < 0.5, np.nan, draw.normal(size=n))),
    "date": lambda draw, n: pl.Series(
        [(_BEGIN + _DAY * int(each)).date() for each in draw.integers(0, 90, n)], dtype=pl.Date
    ),
    "list": lambda draw, n: pl.Series(
        [[1.0] * int(each) for each in draw.integers(0, 3, n)], dtype=pl.List(pl.Float64)
    ),
}
"""Kinds of columns: how to draw n values."""


def _some(draw: Draw, column: pl.Series, share: float, value: object) -> pl.Series:
    """Put a value in the place of some others."""
    chosen = pl.Series(draw.random(len(column)) < share, dtype=pl.Boolean)
    lit = pl.lit(value, dtype=column.dtype)
    return pl.select(pl.when(chosen).then(lit).otherwise(column)).to_series()


def _numbers(column: pl.Series) -> pl.Series:
    return column.cast(pl.Float64) if column.dtype.is_numeric() else column


FATES: dict[str, Callable[[Draw, pl.Series], pl.Series | None]] = {
    "as ever": lambda _draw, column: column,
    "gone": lambda _draw, _column: None,
    "all null": lambda _draw, column: pl.Series([None] * len(column), dtype=column.dtype),
    "without type": lambda _draw, column: pl.Series([None] * len(column)),
    "some null": lambda draw, column: _some(draw, column, draw.choice([0.01, 0.1, 0.6]), None),
    "all alike": lambda _draw, column: column.new_from_index(0, len(column)) if len(column) else column,
    "other type": lambda draw, column: (
        pl.Series([f"t{index % 3}" for index in range(len(column))], dtype=pl.String)
        if column.dtype != pl.String
        else pl.Series(draw.normal(size=len(column)))
    ),
    "some infinite": lambda draw, column: (
        _some(draw, _some(draw, _numbers(column), 0.1, np.inf), 0.05, -np.inf)
        if column.dtype.is_numeric()
        else column
    ),
    "some NaN": lambda draw, column: (
        _some(draw, _numbers(column), 0.3, np.nan) if column.dtype.is_numeric() else column
    ),
    "shifted": lambda _draw, column: _numbers(column) + 1.0 if column.dtype.is_numeric() else column,
    "a thousandfold": lambda _draw, column: _numbers(column) * 1000 if column.dtype.is_numeric() else column,
    "some unknown": lambda draw, column: (
        _some(draw, column, draw.choice([0.02, 0.3, 1.0]), "UNKNOWN") if column.dtype == pl.String else column
    ),
}
"""What may become of a column."""


@lru_cache(maxsize=64)
def random_case(seed: int) -> RandomCase:
    """Make a case; equal seeds make equal ones."""
    draw = np.random.default_rng([seed, 16])
    n, m = int(draw.choice(_TRAINED)), int(draw.choice(_SIZES))
    trained, rows, fates = {}, {}, {}
    for index in range(int(draw.integers(1, 7))):
        kind = str(draw.choice(list(KINDS)))
        name = f"{kind} {index}"
        trained[name] = KINDS[kind](draw, n)
        fates[name] = str(draw.choice(list(FATES))) if draw.random() < 0.7 else "as ever"
        now = FATES[fates[name]](draw, KINDS[kind](draw, m))
        if now is not None:
            rows[name] = now
    if draw.random() < 0.2:
        rows["new"] = pl.Series(draw.normal(size=m))
    known = pl.DataFrame(trained)
    late = draw.random(m) < 0.3
    is_live = np.arange(m) >= (m // 2 if draw.random() < 0.1 else 0)
    rows["_score"] = pl.Series(1 / (1 + np.exp(-(late + draw.normal(size=m)))), dtype=pl.Float64)
    rows["_time"] = pl.Series(
        [_BEGIN + _DAY * (each / max(m, 1)) for each in range(m)], dtype=pl.Datetime("us", "UTC")
    )
    rows["_id"] = pl.Series([f"p-{each:05}" for each in range(m)], dtype=pl.String)
    rows["_model"] = pl.Series(np.where(is_live, LIVE, "model/random@1").tolist(), dtype=pl.String)
    rows["_outcome"] = pl.Series(np.where(draw.random(m) < 0.5, late, np.nan), nan_to_null=True)
    whole = pl.DataFrame(rows)
    held = draw.random(n) < 0.3
    scored = known.with_columns(_score=1 / (1 + np.exp(-(held + draw.normal(size=n)))))
    baseline = Baseline(
        model=LIVE,
        profile=profile_frame(scored),
        metrics={"auc": 0.76},
        outcomes={"1": ScoreOutcomes.of(held, scored["_score"].to_numpy())},
    )
    metrics = requested_metrics([{"check": "performance"}, {"check": "calibration"}])
    span = (_BEGIN, _BEGIN + _DAY)
    return RandomCase(
        seed=seed,
        trained=scored,
        rows=whole.filter(pl.Series(is_live, dtype=pl.Boolean)),
        window=compare(whole, {LIVE: baseline}, MIN_ROWS, metrics, span),
        fates=fates,
    )
