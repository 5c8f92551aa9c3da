"""What is counted, by whom, and how little it takes."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from sqlalchemy import insert, update

from meguru.kernel import events
from meguru.monitoring.cells import record
from meguru.monitoring.cells import store as cell_store
from meguru.monitoring.cells.aggregate import aggregate_rows
from meguru.monitoring.cells.backlog import backlog, has_cells
from meguru.monitoring.cells.count import drop_backlog
from meguru.monitoring.cells.first_window import first_window
from meguru.monitoring.cells.rules import CountingRules, counted_by
from meguru.monitoring.cells.service import CellCounter
from meguru.monitoring.cells.types import COLUMNS
from meguru.monitoring.operations import create, specs
from meguru.predictions import aggregation_queue
from meguru.predictions.schema import uncounted_batch, uncounted_outcomes
from meguru.testing.contracts.checks import MODEL, make_rows

MARCH = datetime(2013, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = MARCH + HOUR * 24


def count_all(workspace):
    CellCounter(workspace).tick()


def test_no_cell_of_who_was_erased_is_left_where_nobody_watches_any_more(workspace, sliced, answer):
    answer(make_rows(300), end=DAY)
    count_all(workspace)
    specs.retire(workspace, name=sliced.name)
    with workspace.read() as tx:
        assert backlog(tx) == ([], [])
    with workspace.db.write() as tx:
        aggregation_queue.request_recount(tx, "delay")
        aggregation_queue.request_recount(tx, "delay")  # said twice, it is the same
    with workspace.read() as tx:
        assert backlog(tx) == ([], ["delay"])
    drop_backlog(workspace, "delay")
    with workspace.read() as tx:
        assert not has_cells(tx, "delay")
        assert backlog(tx) == ([], [])


def test_changes_of_outcomes_that_nobody_counts_are_a_list_that_is_let_go(
    workspace, endpoint, answer, monkeypatch
):
    batch = answer(make_rows(20), end=DAY, outcomes=False)
    span = (batch.first_time, batch.last_time)
    with workspace.db.write() as tx:
        for _ in range(1000):
            aggregation_queue.add_outcomes(tx, endpoint, span, [(batch.id, 0, 1.0, 0.0)])
    with workspace.read() as tx:
        assert backlog(tx) == ([], ["delay"])
    monkeypatch.setattr(aggregation_queue, "PORTION", 300)
    drop_backlog(workspace, "delay")
    with workspace.read() as tx:
        assert aggregation_queue.changes(tx, "delay", 10) == 0


def test_an_endpoint_that_can_not_be_counted_keeps_no_other_from_it(workspace, sliced, answer, caplog):
    answer(make_rows(300), end=DAY)
    with workspace.db.write() as tx:
        told = {"type": "endpoint.created", "at": MARCH, "actor": "local", "operation": "endpoint.create"}
        events.append(tx, subject="endpoint/broken", data={"model": "delay", "gates": []}, **told)
    create(workspace, name="other", endpoint="broken", checks=[{"check": "psi"}])
    with workspace.db.write() as tx:
        aggregation_queue.add_outcomes(tx, "broken", (MARCH, DAY), [("batch", 0, None, 1.0)])
        tx.execute(
            update(uncounted_outcomes).where(uncounted_outcomes.c.endpoint == "broken").values(changes=b"?")
        )
    CellCounter(workspace).tick()
    assert "counting predictions failed" in caplog.text
    with workspace.read() as tx:
        assert aggregation_queue.endpoints(tx) == ["broken"]


def test_a_portion_is_of_few_hours_whose_counts_are_narrow(workspace, sliced, answer):
    told = [
        answer(make_rows(2, seed=day), start=MARCH + HOUR * 24 * day, end=MARCH + HOUR * (24 * day + 1))
        for day in range(6)
    ]
    told.append(answer(make_rows(300), end=MARCH + HOUR * 200))
    ids = [each.id for each in told]
    with workspace.read() as tx:
        assert record.limit_hours(tx, ids, 3) == ids[:3]
        assert record.limit_hours(tx, ids[6:], 3) == ids[6:]
        assert record.limit_hours(tx, ids, 1000) == ids
        rules = CountingRules(tx, workspace.blobs, counted_by([sliced]))
        cells = aggregate_rows(rules, record.read_chunk(tx, ids))
        whole = aggregate_rows(rules, record.read_chunk(tx, ids), hourly=False)
    assert {cell.counts.dtype for cell in models_of_hours(cells)} == {np.dtype(np.uint8)}
    (one,) = models_of_hours(whole)
    assert np.array_equal(one.counts, sum(cell.counts.astype(int) for cell in models_of_hours(cells)))
    assert one.checksum == sum(cell.checksum for cell in models_of_hours(cells)) % 2**64


def models_of_hours(cells):
    return [cell for key, cell in cells.items() if key.part == COLUMNS]


def test_an_hour_has_no_more_cells_by_value_the_more_portions_it_is_counted_in(workspace, sliced, answer):
    for number in range(3):
        rows = make_rows(200, seed=number)
        names = [f"{number}-{row % 40}" for row in range(200)]
        answer(rows.with_columns(carrier=pl.Series(names)), end=MARCH + HOUR)
        count_all(workspace)
    with workspace.read() as tx:
        cells = dict(cell_store.within(tx, "delay", MARCH, MARCH + HOUR))
    by_value = {key.part: cell for key, cell in cells.items() if key.part.startswith("answered:carrier=")}
    assert len(by_value) == 51
    assert sum(part.startswith("answered:carrier=0-") for part in by_value) == 40
    whole = next(cell for key, cell in cells.items() if key.part == "answered")
    assert sum(cell.outcomes for cell in by_value.values()) == whole.outcomes > 0


def test_what_is_not_counted_is_found_by_its_list_however_much_was_recorded(workspace, sliced):
    with workspace.read() as tx:
        query = record.waiting(tx, "delay", MARCH, DAY).found
        sql = str(query.compile(tx, compile_kwargs={"literal_binds": True}))
        steps = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert "uncounted_batch" in steps[0]
    assert "(id=?)" in steps[1]


def test_a_model_begins_where_its_first_row_is_however_far_the_count_is(workspace, sliced, answer):
    answer(make_rows(300), start=MARCH + HOUR * 5, end=MARCH + HOUR * 6)
    count_all(workspace)
    answer(make_rows(100, seed=1), start=MARCH + HOUR * 2, end=MARCH + HOUR * 3)  # it comes late
    for _ in range(2):
        with workspace.read() as tx:
            rules = CountingRules(tx, workspace.blobs, counted_by([sliced]))
            first = first_window(tx, "delay", rules, MODEL, (DAY, DAY + HOUR * 4))
        assert (first.start, first.cell.rows) == (MARCH + HOUR * 2, 400)
        count_all(workspace)


def test_what_is_in_line_and_was_removed_meanwhile_leaves_the_line(workspace, sliced, answer):
    with workspace.db.write() as tx:
        tx.execute(
            insert(uncounted_batch), [{"endpoint": "delay", "batch_id": f"gone-{n}"} for n in range(3)]
        )
    made = answer(make_rows(20), end=DAY)
    count_all(workspace)
    with workspace.read() as tx:
        assert backlog(tx) == ([], [])
        assert made.id not in aggregation_queue.queued_among(tx, "delay", [made.id])
