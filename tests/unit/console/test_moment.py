"""A page is of one moment, and costs a bounded number of statements however long its lists are."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
from sqlalchemy import event, insert, select
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.backfills.schema import backfill, backfill_partition
from meguru.console.page_request import page
from meguru.console.routes import routes
from meguru.datasets.schema import dataset, dataset_version
from meguru.errors import InternalError
from meguru.monitoring.schema import monitor, monitor_report
from meguru.pipelines.schema import pipeline, pipeline_run, pipeline_version, step_run
from meguru.registry.schema import model_alias, model_version, registered_model
from meguru.releases.schema import release
from meguru.serving.schema import deployment, endpoint
from meguru.sweeps.schema import sweep
from meguru.tracking import runs
from meguru.tracking.schema import run, run_series
from meguru.tracking.show import list_runs
from meguru.triggers.schema import firing, trigger

LISTS = [
    "/",
    "/ui/endpoints",
    "/ui/models",
    "/ui/pipelines/runs",
    "/ui/pipelines/versions/train",
    "/ui/backfills",
    "/ui/runs",
    "/ui/sweeps",
    "/ui/datasets",
    "/ui/triggers",
    "/ui/events",
]
COPIED = {
    registered_model: ["name"],
    model_version: ["name"],
    model_alias: ["name"],
    endpoint: ["name", "model"],
    deployment: ["endpoint"],
    release: ["endpoint"],
    monitor: ["name", "endpoint"],
    monitor_report: ["id", "monitor"],
    dataset: ["name"],
    dataset_version: ["name"],
    pipeline: ["name"],
    pipeline_version: ["name"],
    pipeline_run: ["id", "pipeline"],
    step_run: ["id", "run", "pipeline"],
    backfill: ["id"],
    backfill_partition: ["backfill"],
    sweep: ["id"],
    trigger: ["name"],
    firing: ["id", "trigger"],
    run: ["id"],
    run_series: ["run"],
}
"""The columns that tell the copies of a row apart."""


@pytest.fixture(scope="module")
def seeded(seeded_place):
    load_operations()
    with open_local(seeded_place()) as ws:
        yield ws


@pytest.fixture(scope="module")
def pages(seeded):
    with TestClient(Starlette(routes=routes(lambda _: seeded))) as browser:
        yield browser


@contextmanager
def counted(ws):
    """Count what is asked of SQLite, whatever way it is asked."""
    asked = []

    def begin(driver, *_):
        driver.set_trace_callback(asked.append)

    def end(driver, *_):
        driver.set_trace_callback(None)

    event.listen(ws.db._readers, "checkout", begin)
    event.listen(ws.db._readers, "checkin", end)
    try:
        yield asked
    finally:
        event.remove(ws.db._readers, "checkout", begin)
        event.remove(ws.db._readers, "checkin", end)


def statements(ws, browser, path):
    with counted(ws) as asked:
        assert browser.get(path).status_code == 200
    assert asked.count("BEGIN") == 1, "one transaction a page"
    return len(asked)


def multiply(ws, times):
    with ws.db.write() as tx:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=1")
        for table, names in COPIED.items():
            rows = [dict(row._mapping) for row in tx.execute(select(table))]
            for number in range(times):
                copies = [row | {name: f"{row[name]}-{number}" for name in names} for row in rows]
                for copy in copies:
                    if table is run_series:
                        del copy["id"]
                    if table is firing:
                        copy["key"] = f"{copy['key']}-{number}"
                tx.execute(insert(table), [_stored(table, copy) for copy in copies])


def _stored(table, row):
    return {name: value for name, value in row.items() if table.c[name].computed is None}


def test_a_list_costs_the_same_statements_however_long_it_is(seeded, pages):
    before = {path: statements(seeded, pages, path) for path in LISTS}
    shown = {path: pages.get(path).text.count("data-key=") for path in LISTS}
    multiply(seeded, 9)
    after = {path: statements(seeded, pages, path) for path in LISTS}
    longer = {path for path in LISTS if pages.get(path).text.count("data-key=") >= shown[path] + 9}
    assert longer >= {*LISTS} - {"/ui/pipelines/versions/train", "/ui/events", "/ui/endpoints"}
    assert after == before
    assert max(count for path, count in after.items() if path != "/") < 40
    assert after["/"] < 90, "a review that waits is judged anew"


def test_the_page_of_a_run_costs_the_same_statements_however_many_steps_it_has(seeded, pages):
    with seeded.read() as tx:
        done = (
            tx.execute(select(pipeline_run.c.id).where(pipeline_run.c.pipeline == "train")).scalars().first()
        )
        row = tx.execute(select(step_run).where(step_run.c.run == done)).mappings().first()
    path = f"/ui/pipelines/runs/{done}?calls={row['step']}"
    before = statements(seeded, pages, path)
    calls = [
        dict(row) | {"id": f"{done}.{row['step']}.{n}", "step": f"{row['step']}.{n}", "parent": row["step"]}
        for n in range(150)
    ]
    with seeded.db.write() as tx:
        tx.execute(insert(step_run), calls)
    assert pages.get(path).text.count('id="step-') >= 150
    assert statements(seeded, pages, path) == before


def test_what_is_committed_while_a_page_is_made_is_left_to_its_stream(workspace):
    load_operations()
    runs.start(workspace, name="early")

    def slow(visit):
        before = len(list_runs(visit.ws).items)
        runs.start(workspace, name="late")
        found = list_runs(visit.ws).items
        assert len(found) == before
        return visit.render("error.html", error=InternalError(f"{len(found)} runs"), live="*")

    app = Starlette(routes=[Route("/slow", page(slow, lambda _: workspace))])
    with TestClient(app) as browser:
        text = browser.get("/slow").text
    assert "1 runs" in text
    seq = re.search(r'data-seq="(\d+)"', text)
    assert seq
    assert int(seq[1]) == 2, "the experiment and the first run: the stream begins with the second"


def test_a_snapshot_refuses_to_change_anything(workspace):
    load_operations()
    with workspace.snapshot() as moment:
        assert list_runs(moment).items == []
        with pytest.raises(InternalError, match="a snapshot is for queries"):
            runs.start(moment)
    assert list_runs(workspace).items == []


def test_a_view_of_a_snapshot_sees_the_same_moment(workspace):
    with workspace.snapshot() as moment:
        list_runs(moment)
        runs.start(workspace)
        assert list_runs(moment.with_(cause="evt-1")).items == []
