"""Cells: however they were counted, and however far, a window is what its rows say."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import update

from meguru.monitoring import store as monitors
from meguru.monitoring.cells import store as cell_store
from meguru.monitoring.cells.backlog import backlog
from meguru.monitoring.cells.count import count, drop_backlog
from meguru.monitoring.cells.history import with_column_counts
from meguru.monitoring.cells.row_counts import counted
from meguru.monitoring.cells.rules import CountingRules, counted_by
from meguru.monitoring.cells.sample import sample
from meguru.monitoring.cells.schema import monitor_cell
from meguru.monitoring.cells.scores import ONE, ZERO, score_keys
from meguru.monitoring.cells.summing import plan, sum_window
from meguru.monitoring.cells.window import compare_cells, live_of, models_of
from meguru.monitoring.checks.wanted_metrics import requested_metrics
from meguru.monitoring.operations import create, run
from meguru.monitoring.types import ReportVerdict
from meguru.monitoring.window import PastWindow, compare, compared_columns
from meguru.monitoring.window_reader import read_window
from meguru.predictions import aggregation_queue, outcome_store
from meguru.predictions.schema import prediction_batch
from meguru.predictions.window import frame
from meguru.stats import profile_frame
from meguru.testing.contracts.checks import MODEL, SHADOW, make_rows

MARCH = datetime(2013, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = MARCH + HOUR * 24
SLICED = [{"check": "performance", "slices": ["carrier"]}, {"check": "psi"}]


def count_all(workspace):
    while count(workspace, "delay"):
        pass


def both(workspace, monitor, start, end):
    """Return a window as its cells tell it, and as its rows do."""
    with workspace.read() as tx:
        rules = CountingRules(tx, workspace.blobs, counted_by([monitor]))
        planned = plan(tx, "delay", start, end, rules)
        cells = sum_window(tx, "delay", planned, rules)
        live, asked = live_of(tx, "delay", models_of(cells)), requested_metrics(monitor.checks)
        models = {key.model for key in cells}
        baselines = {model: rules.baseline(model) for model in sorted(models)}
        found = compare_cells(cells, live, baselines, rules.layout(live), 200, asked, (start, end))
        rows = frame(tx, "delay", start, end)
        near = counted(tx, "delay", start, end)
        assert near.rows >= rows.height
        assert near.outcomes >= rows["_outcome"].count()
        marks = {model: cell.checksum for model, cell in models_of(cells).items()}
        return found, compare(rows, baselines, 200, asked, (start, end)), marks, planned


def check_same(found, exact):
    assert (found.rows, found.outcomes, found.model) == (exact.rows, exact.outcomes, exact.model)
    assert found.broken == exact.broken
    assert [each.name for each in found.columns] == [each.name for each in exact.columns]
    for ours, theirs in zip(found.columns, exact.columns, strict=True):
        for name in ("nulls", "beyond", "far", "infinite"):
            assert getattr(ours.now, name) == getattr(theirs.now, name)
        assert np.array_equal(ours.now.bins, theirs.now.bins)
        assert np.array_equal(ours.now.deciles, theirs.now.deciles)
    shape = [(each.model, each.role, each.rows, each.outcomes) for each in found.performance]
    assert shape == [(each.model, each.role, each.rows, each.outcomes) for each in exact.performance]
    for ours, theirs in zip(found.performance, exact.performance, strict=True):
        for one in theirs.metrics:
            check_estimate(ours.measured(one.metric).estimate, one.estimate, one.metric)
            slices = {each.value: each for each in ours.measured(one.metric).slices}
            assert set(slices) == {each.value for each in one.slices}
            for each in one.slices:
                check_estimate(slices[each.value].estimate, each.estimate, one.metric)


def check_estimate(ours, theirs, metric):
    if theirs is None:
        assert ours is None
        return
    near = 2e-3 if metric == "auc" else 1e-9
    assert ours.value == pytest.approx(theirs.value, abs=near)
    assert ours.n == theirs.n
    if theirs.n >= 500:  # of few rows the exact one is of the bootstrap, or Wilson's
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


@pytest.mark.parametrize(
    "seed", [4, *(pytest.param(each, marks=pytest.mark.soak) for each in range(100, 130))]
)
def test_a_window_is_the_sum_of_its_cells_whenever_they_were_counted(workspace, sliced, answer, seed):
    draw = random.Random(seed)
    for step in range(5):
        start = MARCH + HOUR * draw.choice([0, 1, 3, 24, 30]) + timedelta(minutes=draw.randrange(60))
        rows = make_rows(400, seed=step)
        batch = answer(rows, start=start, end=start + HOUR * 5, outcomes=step % 2 == 0)
        with workspace.db.write() as tx:  # some come late, some are corrected, some withdrawn
            places = [(batch.id, row) for row in draw.sample(range(400), 60)]
            told = [
                outcome_store.row_of(each, float(draw.random() < 0.5), MARCH, MARCH, "me") for each in places
            ]
            told = [
                row | {"at": row["at"] + HOUR * 2000, "recorded_at": row["at"] + HOUR * 2000} for row in told
            ]
            outcome_store.record(tx, "delay", told)
            outcome_store.withdraw(tx, "delay", places[:5])
        if draw.random() < 0.6:
            count(workspace, "delay")
        first, last = MARCH + HOUR / draw.choice([1, 3]), MARCH + HOUR * draw.choice([31.7, 48])
        check_same(*both(workspace, sliced, first, last)[:2])
    marks = both(workspace, sliced, first, last)[2]
    count_all(workspace)
    found, exact, counted, planned = both(workspace, sliced, first, last)
    check_same(found, exact)
    assert counted == marks  # the digest does not tell how far the count was
    assert not planned.waiting.rows
    assert planned.hours is not None
    with workspace.read() as tx:
        assert backlog(tx) == ([], [])


def test_the_digest_tells_late_data_and_corrections(workspace, sliced, answer):
    batch = answer(make_rows(500), end=DAY)
    count_all(workspace)
    seen = [both(workspace, sliced, MARCH, DAY)[2]]
    correction = outcome_store.row_of((batch.id, 3), 1.0, MARCH + HOUR * 2000, MARCH + HOUR * 2000, "me")
    back = correction | {"value": 0.0, "at": correction["at"] + HOUR}
    with workspace.db.write() as tx:
        outcome_store.record(tx, "delay", [correction])
    seen.append(both(workspace, sliced, MARCH, DAY)[2])
    with workspace.db.write() as tx:
        outcome_store.record(tx, "delay", [back])
    count_all(workspace)
    seen.append(both(workspace, sliced, MARCH, DAY)[2])
    answer(make_rows(3, seed=5), end=DAY, outcomes=False)
    seen.append(both(workspace, sliced, MARCH, DAY)[2])
    first = make_rows(500)["_outcome"][3]
    assert len({each[MODEL] for each in seen}) == 3
    assert seen[0] == (seen[2] if first == 0.0 else seen[1])


def test_two_models_and_a_shadow_are_told_apart(workspace, sliced, answer):
    answer(make_rows(600), model=SHADOW, end=MARCH + HOUR * 10)
    answer(make_rows(900, seed=2), start=MARCH + HOUR * 10, end=MARCH + HOUR * 20)
    count_all(workspace)
    found, exact, _, _ = both(workspace, sliced, MARCH, MARCH + HOUR * 24)
    check_same(found, exact)
    assert [each.role.value for each in found.performance] == ["live", "former", "shadow"]


def test_of_two_who_count_the_same_one_is_too_late(workspace, sliced, answer):
    answer(make_rows(300), end=DAY)
    with workspace.read() as tx:
        turn, rules = cell_store.turn(tx, "delay")
    counted = counted_by([sliced])
    with workspace.db.write() as tx:
        assert cell_store.take_turn(tx, "delay", turn, rules or counted)
    with workspace.db.write() as tx:
        assert not cell_store.take_turn(tx, "delay", turn, counted)


def test_cells_are_counted_anew_when_a_monitor_asks_for_more(workspace, sliced, answer):
    answer(make_rows(300), end=DAY)
    count_all(workspace)
    more = create(
        workspace,
        name="other",
        endpoint="delay",
        min_rows=200,
        checks=[{"check": "performance", "metric": "log_loss", "slices": ["carrier"]}],
    )
    found, exact, _, planned = both(workspace, more, MARCH, DAY)
    assert planned.hours is None  # no cell says what is asked for yet
    check_same(found, exact)
    count_all(workspace)
    assert both(workspace, more, MARCH, DAY)[3].hours is not None
    check_same(*both(workspace, sliced, MARCH, DAY)[:2])


def test_who_was_erased_is_in_no_cell(workspace, sliced, answer):
    answer(make_rows(300), end=DAY)
    count_all(workspace)
    with workspace.db.write() as tx:
        aggregation_queue.request_recount(tx, "delay")
    found, exact, _, planned = both(workspace, sliced, MARCH, DAY)
    assert planned.hours is None
    check_same(found, exact)
    count_all(workspace)
    found, exact, _, planned = both(workspace, sliced, MARCH, DAY)
    assert planned.hours is not None
    check_same(found, exact)


def test_all_is_put_in_line_in_portions_and_goes_on_where_it_was_left(workspace, sliced, answer, monkeypatch):
    made = [answer(make_rows(60, seed=seed), end=DAY) for seed in range(5)]
    with workspace.db.write() as tx:  # none of them came at the same moment
        for number, each in enumerate(made):
            mine = update(prediction_batch).where(prediction_batch.c.id == each.id)
            tx.execute(mine.values(received_at=each.received_at + number * HOUR))
    count_all(workspace)
    monkeypatch.setattr(aggregation_queue, "PORTION", 2)
    with workspace.db.write() as tx:
        aggregation_queue.request_recount(tx, "delay")
    seen = []
    for more in range(3):  # each by a process that knows nothing of the one before
        assert count(workspace, "delay")
        with workspace.read() as tx:
            waiting = set(aggregation_queue.batches(tx, "delay", 100)) - {aggregation_queue.EVERYTHING}
            seen.append((len(waiting), aggregation_queue.needs_recount(tx, "delay")))
        found, exact, _, planned = both(workspace, sliced, MARCH, DAY)
        check_same(found, exact)
        assert planned.hours is None or not seen[-1][1]
        if more == 0:  # what comes meanwhile is in line at once, and an erasure begins nothing anew
            answer(make_rows(60, seed=9), end=DAY)
            with workspace.db.write() as tx:
                aggregation_queue.request_recount(tx, "delay")
    # Two; two more beside the one that came; and the last, with which all can be counted.
    assert seen == [(2, True), (5, True), (6, False)]
    count_all(workspace)
    found, exact, _, planned = both(workspace, sliced, MARCH, DAY)
    assert planned.hours is not None
    check_same(found, exact)


def test_scores_keep_their_order_and_never_cross_one_half():
    draw = np.random.default_rng(0)
    scores = np.sort(
        np.concatenate((draw.random(5000), draw.random(5000) ** 20, 1 - draw.random(5000) ** 20))
    )
    scores = np.sort(
        np.concatenate((scores, [-np.inf, -3, -1e-9, 0, 0.5, np.nextafter(0.5, 1), 1, 1.5, np.inf]))
    )
    keys = score_keys(scores)
    assert (np.diff(keys) >= 0).all()
    assert score_keys(np.array([0.5]))[0] < score_keys(np.array([np.nextafter(0.5, 1)]))[0]
    assert score_keys(np.array([0.0, 1.0])).tolist() == [ZERO, ONE]
    groups = [scores[keys == key] for key in np.unique(keys[(scores > 1e-9) & (scores <= 0.5)])]
    assert max(group.max() / group.min() for group in groups) < 1 + 1 / 63


def test_an_earlier_window_is_counted_over_the_bins_of_the_present_baseline(
    workspace, sliced, answer, baselines
):
    other = make_rows(5000, seed=7, shift=2.0).select("wind", "carrier")
    baselines.known[SHADOW] = {"profile": profile_frame(other).to_dict(), "metrics": {}}
    answer(make_rows(600), model=SHADOW, end=MARCH + HOUR * 10)
    answer(make_rows(900, seed=2), start=MARCH + HOUR * 10, end=MARCH + HOUR * 20)
    shift = {"model": MODEL, "rows": 1, "verdict": ReportVerdict.OK}
    before = PastWindow(start=MARCH, end=MARCH + HOUR * 10, **shift | {"model": SHADOW})
    present = PastWindow(start=MARCH + HOUR * 10, end=MARCH + HOUR * 20, **shift)
    for _ in range(2):
        with workspace.read() as tx:
            rules = CountingRules(tx, workspace.blobs, counted_by([sliced]))
            past = with_column_counts(tx, "delay", rules, MODEL, [before, present])
            for each in past:
                rows = frame(tx, "delay", each.start, each.end)
                exact = compared_columns(rows, rules.baseline(MODEL).profile)[0]
                assert [one.name for one in each.columns] == [one.name for one in exact]
                for ours, theirs in zip(each.columns, exact, strict=True):
                    assert np.array_equal(ours.now.bins, theirs.now.bins)
        count_all(workspace)


def test_a_model_that_nobody_profiled_is_compared_with_its_own_first_window(
    workspace, endpoint, answer, baselines
):
    baselines.known[MODEL] = {"metrics": {"auc": 0.76}}
    monitor = create(workspace, name="watch", endpoint=endpoint, min_rows=200, checks=[{"check": "psi"}])
    answer(make_rows(500), end=DAY)
    first = run(workspace, name="watch", start=MARCH, end=DAY)
    assert any("there is no earlier window" in each for each in first.notes)
    answer(make_rows(600, seed=1, shift=2.0), start=DAY, end=DAY + HOUR * 24)
    second = run(workspace, name="watch", start=DAY, end=DAY + HOUR * 24)
    assert (second.compared, second.drifted) == (2, ["wind"])
    count_all(workspace)
    large = {"start": DAY, "end": DAY + HOUR * 24, "large": 0}
    with workspace.read() as tx:
        found = read_window(tx, workspace.blobs, monitor, **large).compared()
    assert found.compared_with == "the first window of this model"
    columns = {each.name: each for each in found.columns}
    assert set(columns) == {"wind", "carrier", "_score"}
    assert columns["wind"].then.count == 500
    assert columns["wind"].now.bins[-1] > 20 > columns["wind"].then.bins[-1]
    assert columns["carrier"].now.bins.sum() == 600


def test_no_list_is_kept_of_what_nobody_watches_and_a_later_monitor_has_all_of_it(
    workspace, endpoint, answer
):
    answer(make_rows(300), end=DAY)
    drop_backlog(workspace, "delay")
    with workspace.read() as tx:
        assert aggregation_queue.batches(tx, "delay", 10) == [aggregation_queue.EVERYTHING]
    answer(make_rows(40, seed=1), start=DAY, end=DAY + HOUR)
    monitor = create(workspace, name="late", endpoint="delay", min_rows=200, checks=SLICED)
    drop_backlog(workspace, "delay")  # a monitor wants it by now
    with workspace.read() as tx:
        assert len(aggregation_queue.batches(tx, "delay", 10)) == 2
    check_same(*both(workspace, monitor, MARCH, DAY + HOUR)[:2])
    count_all(workspace)
    found, exact, _, planned = both(workspace, monitor, MARCH, DAY + HOUR)
    check_same(found, exact)
    assert (planned.waiting.rows, planned.hours is None) == (0, False)


def test_a_sample_is_of_all_hours_bounded_and_the_same_each_time(workspace, sliced, answer):
    for number in range(24):
        start = MARCH + HOUR * number
        answer(make_rows(100, seed=number), start=start, end=start + HOUR, outcomes=number % 2 == 0)
    with workspace.read() as tx:
        before = sample(tx, "delay", MARCH, DAY, 600, 10)
    count(workspace, "delay")
    late = DAY - HOUR
    answer(make_rows(100, seed=24), start=late, end=DAY, outcomes=False)
    with workspace.read() as tx:
        amid = sample(tx, "delay", MARCH, DAY, 600, 10)
    count_all(workspace)
    with workspace.read() as tx:
        assert amid.equals(sample(tx, "delay", MARCH, DAY, 600, 10))  # however far the count is
        assert before["_time"].dt.hour().n_unique() >= 20
        whole = frame(tx, "delay", MARCH, DAY)
        every = sample(tx, "delay", MARCH, DAY)
        assert every.select(whole.columns).sort("_id").equals(whole.sort("_id"))
        for listed in (1000, 10):
            drawn = sample(tx, "delay", MARCH, DAY, 600, listed)
            assert 400 <= drawn.height <= 700
            assert drawn.equals(sample(tx, "delay", MARCH, DAY, 600, listed))
            assert drawn["_time"].dt.hour().n_unique() >= 20
            same = whole.join(drawn.select("_id"), on="_id", how="semi").sort("_id")
            assert drawn.select(same.columns).sort("_id").equals(same)


def test_what_counts_do_not_tell_is_told_by_a_sample_and_the_report_says_so(workspace, sliced, answer):
    create(
        workspace,
        name="fair",
        endpoint="delay",
        min_rows=200,
        checks=[{"check": "fairness", "columns": ["carrier"], "limit": 0.3}],
    )
    answer(make_rows(4000), end=DAY)
    count_all(workspace)
    with workspace.read() as tx:
        monitor = monitors.one(tx, "fair")
        found = read_window(tx, workspace.blobs, monitor, MARCH, DAY, large=0).compared()
    shadow = found.performance[-1]
    assert shadow.difference.method.endswith("of a sample of 4,000 rows")
    assert found.live.auc.method == "influence over counts"
    assert (found.frame.height, found.sampled) == (4000, 0)  # few enough: all were drawn


def test_cells_that_say_otherwise_than_the_record_are_counted_anew_when_it_is_asked(
    workspace, sliced, answer
):
    answer(make_rows(300), end=DAY)
    count_all(workspace)
    exact = {"name": "delay-watch", "start": MARCH, "end": DAY, "exact": True}
    report = run(workspace, **exact)
    with workspace.read() as tx:
        assert not aggregation_queue.needs_recount(tx, "delay")
    with workspace.db.write() as tx:
        tx.execute(update(monitor_cell).where(monitor_cell.c.part == "columns").values(rows=1))
    assert run(workspace, **exact).id == report.id  # what the record says is the same
    with workspace.read() as tx:
        assert aggregation_queue.needs_recount(tx, "delay")
    count_all(workspace)
    check_same(*both(workspace, sliced, MARCH, DAY)[:2])


def test_metrics_of_one_name_and_other_options_are_counted_apart(workspace, endpoint, answer):
    for name, late in (("cheap", 5), ("dear", 50)):
        metric = {"metric": "cost", "matrix": [[0, 1], [late, 0]]}
        judged = [{"check": "performance", "metric": metric, "tolerance": 1.0, "reference": 1.0}]
        create(workspace, name=name, endpoint=endpoint, min_rows=200, checks=judged)
    answer(make_rows(600), end=DAY)
    count_all(workspace)
    values = []
    for name in ("cheap", "dear"):
        with workspace.read() as tx:
            monitor = monitors.one(tx, name)
        found, exact, _, planned = both(workspace, monitor, MARCH, DAY)
        assert planned.hours is not None
        ours, theirs = (each.live.measured("cost").estimate for each in (found, exact))
        assert ours.value == pytest.approx(theirs.value)
        values.append(ours.value)
    assert values[1] > values[0]
