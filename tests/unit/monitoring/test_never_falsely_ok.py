"""Whatever comes, a monitor says a clear state: an alert or that it does not know, and never a false ok."""

import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from meguru.kernel import events
from meguru.monitoring.deciding.judge import judge
from meguru.monitoring.kind import ALERT_ON, CHECKS
from meguru.monitoring.operations import create, run, show
from meguru.monitoring.types import Monitor, ReportVerdict
from meguru.testing.contracts.check_cases import MIN_ROWS, random_case
from meguru.testing.contracts.checks import MODEL, make_rows

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
NEXT = "model/delay@3"
DOUBLE, TEXT = {"wind": "double", "carrier": "string"}, {"wind": "string", "carrier": "string"}


def march(workspace, name="delay-watch"):
    return run(workspace, name=name, start=MARCH, end=APRIL)


def wind(value):
    return pl.lit(value).alias("wind")


FAULTS = {
    "gone": (make_rows(1000).drop("wind"), {"carrier": "string"}, "wind can't be compared"),
    "other type": (make_rows(1000).with_columns(wind("strong")), TEXT, "numeric became String"),
    "all null": (make_rows(1000).with_columns(wind(None).cast(pl.Float64)), DOUBLE, "it has no value at all"),
    "all NaN": (make_rows(1000).with_columns(wind(math.nan)), DOUBLE, "it has no value at all"),
    "constant": (make_rows(1000).with_columns(wind(0.5)), DOUBLE, "wind: one value only, 0.5; 0.99"),
    "a stuck extreme": (make_rows(1000).with_columns(wind(-3.99)), DOUBLE, "wind: one value only, -3.99; "),
    "infinite": (
        make_rows(1000).with_columns(
            pl.when(pl.col("wind") > 1).then(math.inf).otherwise("wind").alias("wind")
        ),
        DOUBLE,
        "wind: infinite: 0.1",
    ),
    "another unit": (make_rows(1000).with_columns(pl.col("wind") * 1000), DOUBLE, "wind: far outside -"),
    "new categories": (
        make_rows(1000).with_columns(pl.col("carrier").str.to_lowercase()),
        DOUBLE,
        "carrier: unknown categories 1.000 is above 0.050",
    ),
    "half missing": (
        make_rows(1000).with_columns(pl.when(pl.col("wind") > 0).then("wind").alias("wind")),
        DOUBLE,
        "wind: missing 0.486 is above 0.050",
    ),
}


@pytest.mark.parametrize(("rows", "types", "words"), FAULTS.values(), ids=FAULTS)
def test_broken_data_rings_by_default_and_says_what_is_broken(workspace, monitor, answer, rows, types, words):
    answer(rows, types=types)
    report = march(workspace)
    assert report.verdict is ReportVerdict.ALERT
    assert words in " | ".join(report.reasons)


@pytest.mark.parametrize(
    "checks", [CHECKS, [{"check": "psi"}], [{"check": "nulls"}]], ids=["all", "psi", "nulls"]
)
def test_three_rows_prove_nothing_whatever_is_checked(workspace, endpoint, answer, checks):
    create(workspace, name="delay-watch", endpoint=endpoint, min_rows=200, checks=checks)
    answer(make_rows(3))
    report = march(workspace)
    assert report.verdict is ReportVerdict.UNKNOWN
    assert any("only 3 rows, and 200 are needed" in each for each in report.reasons)


def test_a_model_that_took_over_at_the_end_of_the_window_is_not_known_yet(
    workspace, monitor, answer, baselines
):
    baselines.known[NEXT] = baselines.known[MODEL]
    late = APRIL - timedelta(hours=1)
    answer(make_rows(2000), end=late)
    answer(make_rows(3), start=late, model=NEXT)
    report = march(workspace)
    assert (report.model, report.verdict) == (NEXT, ReportVerdict.UNKNOWN)
    assert any(f"only 3 rows of {NEXT}, and 200 are needed" in each for each in report.reasons)
    rows = {each.model: each.rows for each in report.performance}
    assert (rows[MODEL], rows[NEXT]) == (2000, 3)


def test_data_that_come_late_have_a_new_report_which_rings_or_answers(workspace, monitor, answer):
    answer(make_rows(800))
    assert march(workspace).verdict is ReportVerdict.OK
    answer(make_rows(1000, seed=1).with_columns(wind(None).cast(pl.Float64)))
    worse = march(workspace)
    assert (worse.verdict, worse.rows) == (ReportVerdict.ALERT, 1800)
    answer(make_rows(28_200, seed=2))
    better = march(workspace)
    assert (better.verdict, better.rows) == (ReportVerdict.OK, 30_000)
    assert [each.id for each in show(workspace, name="delay-watch").reports][:2] == [better.id, worse.id]
    with workspace.read() as tx:
        newest = events.latest(tx, subject="monitor/delay-watch", types=("monitor.evaluated",))
    assert newest.data["verdict"] == "ok"


BROKEN = {"gone", "other type", "all null", "without type"}


def _had_values(case, name):
    """Tell whether a column had values that can be counted; of lists nobody counts them."""
    column = case.trained[name]
    return not column.dtype.is_nested() and any(each == each for each in column.to_list())  # noqa: PLR0124 - NaN


@pytest.mark.parametrize(
    "seeds", [range(40), pytest.param(range(1000), marks=pytest.mark.soak)], ids=["some", "all"]
)
def test_no_random_window_with_a_broken_column_is_ok(seeds):
    monitor = Monitor(
        name="watch",
        endpoint="random",
        checks=CHECKS,
        alert_on=ALERT_ON,
        min_rows=MIN_ROWS,
        min_drift_share=0.0,
        created_at=MARCH,
        created_by="me",
    )
    verdicts = set()
    for seed in seeds:
        case = random_case(seed)
        found = judge(monitor, case.window)
        verdicts.add(found.verdict)
        assert found.reasons
        broken = [name for name, fate in case.fates.items() if fate in BROKEN and _had_values(case, name)]
        if broken or case.rows.height < MIN_ROWS:
            assert found.verdict is not ReportVerdict.OK, (seed, case.fates)
        if broken and case.rows.height >= MIN_ROWS:
            assert found.verdict is ReportVerdict.ALERT, (seed, case.fates, found.reasons)
    assert verdicts >= {ReportVerdict.ALERT, ReportVerdict.UNKNOWN}
