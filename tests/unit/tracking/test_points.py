"""Points of series: what is kept, what is summed up, and the few that show many."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.errors import InvalidInput, NotFound
from meguru.tracking import series, show
from meguru.tracking.runs import start

ROWS = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(0, 2), st.none() | st.sampled_from([-1.0, 0.0, 2.5])),
    max_size=8,
)


def append(ws, run, once, **given):
    with ws.db.write() as tx:
        columns = {key: series.Columns.of_points(rows) for key, rows in given.items() if rows}
        series.append(tx, run, columns, once=once)


def stored(ws, run, key="k"):
    with ws.read() as tx:
        found = series.series_of(tx, run, key)
        pieces = [] if found is None else series.pieces(tx, found[0])
        return [(value, at, step) for piece in pieces for step, at, _, value in piece.rows()]


def place(row):
    step, at, value = row
    return step, at, value is None, value or 0.0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(ROWS, max_size=5))
def test_each_different_point_is_kept_once_and_the_summary_tells_of_them(workspace, batches):
    run = start(workspace).id
    for batch in batches:
        append(workspace, run, True, k=batch)
    wanted = {row for batch in batches for row in batch}
    found = stored(workspace, run)
    assert sorted((step, at) for _, at, step in found) == [(step, at) for _, at, step in found]
    assert len(found) == len(wanted)
    assert {(step, at, value) for value, at, step in found} == wanted
    with workspace.read() as tx:
        summary = series.summaries(tx, [run]).get(run, {}).get("k")
    assert (summary is None) == (not wanted)
    if summary:
        newest = max(wanted, key=place)
        values = [value for _, _, value in wanted if value is not None]
        assert (summary.step, summary.value, summary.count) == (newest[0], newest[2], len(wanted))
        assert (summary.minimum, summary.maximum) == (min(values, default=None), max(values, default=None))


def test_all_points_are_kept_in_the_order_they_came_unless_told_otherwise(workspace):
    run = start(workspace).id
    for values in ((5.0, 5.0, 1.0), (3.0,)):
        append(workspace, run, False, k=[(0, 7, value) for value in values])
    assert [value for value, _, _ in stored(workspace, run)] == [5.0, 5.0, 1.0, 3.0]
    with workspace.read() as tx:
        assert series.summaries(tx, [run])[run]["k"].value == 3.0


def test_many_series_are_made_and_moved_at_once(workspace):
    run = start(workspace).id
    for step in range(2):
        append(workspace, run, True, **{f"k{number}": [(step, step, 1.0)] for number in range(1200)})
    with workspace.read() as tx:
        found = series.summaries(tx, [run])[run]
    assert {(each.count, each.step) for each in found.values()} == {(2, 1)}
    assert len(found) == 1200


def sampled(ws, run, limit, window=None):
    with ws.read() as tx:
        number = series.series_of(tx, run, "k")[0]
        return series.sample(tx, number, limit=limit, window=window)


@pytest.mark.parametrize("count", [50, 30_000])
@pytest.mark.parametrize("one_step", [False, True])
def test_a_sample_has_the_ends_and_the_extremes_and_no_more_than_is_asked_for(workspace, count, one_step):
    run = start(workspace).id
    values = [math.sin(number / 50) for number in range(count)]
    values[count // 3], values[count // 3 + 1], values[count // 2] = 9.0, None, -9.0
    rows = [(0 if one_step else number, number, value) for number, value in enumerate(values)]
    append(workspace, run, True, k=rows)
    for limit in (1, 2, 5, 20, 300):
        found = sampled(workspace, run, limit)
        assert found == sorted(found, key=lambda row: row[:3])
        assert len(found) <= limit
        assert found[-1][1] == count - 1
        if limit >= 5:
            assert found[0][1] == 0
            assert {9.0, -9.0} <= {value for _, _, _, value in found}


def test_a_sample_of_a_window_stays_in_it(workspace):
    run = start(workspace).id
    append(workspace, run, True, k=[(step, step, float(step)) for step in range(25_000)])
    found = sampled(workspace, run, 100, (5_000, 19_999))
    assert (found[0][0], found[-1][0]) == (5_000, 19_999)
    assert [row[0] for row in sampled(workspace, run, 100, (3, 6))] == [3, 4, 5, 6]
    assert sampled(workspace, run, 100, (90_000, 90_001)) == []


def test_a_series_without_a_number_has_its_ends(workspace):
    run = start(workspace).id
    append(workspace, run, True, k=[(step, step, None) for step in range(12_000)])
    assert [row[0] for row in sampled(workspace, run, 10)] == [0, 11_999]


def test_a_chart_is_drawn_from_few_points_and_refuses_to_draw_more(workspace):
    run = start(workspace).id
    append(workspace, run, True, k=[(step, step, float(step == 4_321)) for step in range(11_000)])
    found = show.chart(workspace, run=run, key="k", points=100)
    assert len(found) <= 100
    assert [point.step for point in found if point.value == 1.0] == [4_321]
    assert (found[0].step, found[-1].step) == (0, 10_999)
    with pytest.raises(NotFound):
        show.chart(workspace, run=run, key="other")
    with pytest.raises(InvalidInput):
        show.chart(workspace, run=run, key="k", points=2_001)


def test_a_list_of_wide_runs_has_some_of_their_metrics_and_one_run_has_all(workspace):
    run = start(workspace).id
    append(workspace, run, True, **{f"k{number:04}": [(0, 0, 1.0)] for number in range(900)})
    listed = show.list_runs(workspace).items[0].metrics
    assert list(listed) == [f"k{number:04}" for number in range(200)]
    assert len(show.show(workspace, run=run).metrics) == 900


def test_a_thinned_series_has_both_extremes_though_they_are_neighbours(workspace):
    run = start(workspace).id
    values = {51: -9.0, 52: 9.0}
    append(workspace, run, False, k=[(step, step, values.get(step, 0.0)) for step in range(100)])
    with workspace.read() as tx:
        (number, _) = series.series_of(tx, run, "k")
        found = {value for *_, value in series.sample(tx, number, limit=5)}
    assert found == {-9.0, 0.0, 9.0}
