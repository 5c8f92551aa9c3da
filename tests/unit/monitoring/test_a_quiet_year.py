"""A year in which nothing is wrong, with seasons, weekends and rain: no check of the data rings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from meguru.monitoring.base import Baseline
from meguru.monitoring.checks import CHECKS
from meguru.monitoring.window import PastWindow, compare
from meguru.stats import profile_frame

MODEL = "model/quiet@1"
BEGIN, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
WORDS, SHARES = [f"c{place}" for place in range(10)], [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.04, 0.009, 0.001]
DATA = ("schema", "nulls", "ranges", "new_categories", "constant", "volume")


def rows_of(draw, n, day):
    season = np.sin(2 * np.pi * day / 365)
    numbers = {
        **{f"normal{place}": draw.normal(0.2 * season + 0.02 * draw.normal(), 1, n) for place in range(4)},
        "heavy": draw.lognormal(0.1 * season, 1.5, n),
        "pareto": draw.pareto(1.0, n),
        "count": draw.poisson(3 + season, n).astype(float),
        "mostly zero": np.where(draw.random(n) < 0.97, 0.0, draw.exponential(1, n)),
        "rain": np.where(draw.random() < 0.8, 0.0, draw.exponential(1, n)),  # of the whole day
        "weekday": np.full(n, day % 7.0),
        "month": np.full(n, day // 30 % 12.0),
        "day of the year": np.full(n, day % 365.0),
        "missing": np.where(draw.random(n) < 0.1 + 0.02 * season, np.nan, draw.normal(size=n)),
    }
    return pl.DataFrame(
        numbers
        | {
            "word": draw.choice(WORDS, n, p=SHARES),
            "rare": [f"r{min(place, 300)}" for place in draw.zipf(2.0, n)],
            "at": [BEGIN + DAY * day] * n,
        }
    )


def answered(rows):
    return rows.with_columns(
        pl.lit(0.5).alias("_score"),
        pl.lit(MODEL).alias("_model"),
        pl.lit(None, dtype=pl.Float64).alias("_outcome"),
        pl.int_range(pl.len()).cast(pl.String).alias("_id"),
    )


def year(per_day, days, seed):
    """Yield the window of each day with what the checks of data say of it."""
    draw = np.random.default_rng([seed, per_day])
    trained = pl.concat([rows_of(draw, 55, day) for day in range(-365, 0)])
    baselines = {MODEL: Baseline(model=MODEL, profile=profile_frame(trained))}
    checks, past = [CHECKS.load(each)() for each in DATA], []
    for day in range(days):
        usual = per_day * (0.4 if day % 7 > 4 else 1)
        rows = answered(rows_of(draw, max(1, int(draw.negative_binomial(20, 20 / (20 + usual)))), day))
        span = (BEGIN + day * DAY, BEGIN + (day + 1) * DAY)
        window = replace(compare(rows, baselines, 200, span=span), past=tuple(past[-30:]))
        found = [each for check in checks for each in check.evaluate(window)]
        yield window, found, [check.missing(window) for check in checks]
        past.append(
            PastWindow(
                start=span[0], end=span[1], model=MODEL, rows=rows.height, verdict="ok", findings=tuple(found)
            )
        )


@pytest.mark.parametrize(
    ("per_day", "days"),
    [
        (600, 30),
        pytest.param(1000, 365, marks=pytest.mark.soak),
        pytest.param(50_000, 365, marks=pytest.mark.soak),
    ],
)
def test_no_data_is_called_broken_in_a_year_with_nothing_wrong(per_day, days):
    for day, (window, found, missing) in enumerate(year(per_day, days, seed=1)):
        assert [each.says for each in found if each.breached] == []
        if window.rows >= window.min_rows:
            calendar = "weekday, month, day of the year"
            unknown = f"{calendar}: one value only, and no earlier window tells if that is usual"
            assert [each for each in missing if each] == ([] if day else [unknown])


def test_a_day_on_which_a_sensor_sticks_and_words_are_spelled_otherwise_is_called_broken():
    days = list(year(600, 8, seed=1))
    window = days[-1][0]
    stuck = window.frame.with_columns(pl.lit(0.1).alias("normal0"), pl.col("word").str.to_uppercase())
    trained = {MODEL: window.baseline}
    broken = replace(compare(stuck, trained, 200, span=(window.start, window.end)), past=window.past)
    found = [each for name in DATA for each in CHECKS.load(name)().evaluate(broken) if each.breached]
    assert {(each.check, each.column) for each in found} == {
        ("constant", "normal0"),
        ("new_categories", "word"),
    }
