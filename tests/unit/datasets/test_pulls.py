"""Datasets that are declared to come from a source, read when asked and by schedule."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import duckdb
import polars as pl
import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets import register as registering
from meguru.datasets.client import add_files, frame
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import pull, pulls, show, sources, specs
from meguru.datasets.pulls import clock as clocks
from meguru.datasets.pulls import store
from meguru.datasets.pulls.clock import SourceClock
from meguru.datasets.pulls.job import HANDLER
from meguru.datasets.pulls.wait import pull_now
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import Busy, InvalidInput
from meguru.kernel import events
from meguru.kernel.jobs import queue

FUNCTION = """
def orders(since=None):
    for number in range(3):
        yield {"id": number, "price": number / 2, "at": f"2026-01-0{number + 1}"}

def broken():
    yield {"id": 7, "price": 1.0, "at": "2026-01-09"}
    1 / 0
"""


class Shop:
    """A table of orders in SQLite, beside the workspace."""

    def __init__(self, workspace, folder):
        self.name = f"orders{len(list(folder.glob('shop*.db')))}"
        self.ws, self.path = workspace, folder / f"shop-{self.name}.db"
        self.run("CREATE TABLE orders (id INTEGER, price REAL, at TEXT)")

    def run(self, statement, rows=None):
        with sqlite3.connect(self.path) as connection:
            connection.executemany(statement, rows) if rows is not None else connection.execute(statement)
        connection.close()

    def add(self, *rows):
        self.run("INSERT INTO orders VALUES (?, ?, ?)", rows)

    def declare(self, key=(), **source):
        given = {"address": f"sqlite:///{self.path}#orders", "watermark": "at", "mode": "append"} | source
        specs.declare(self.ws, name=self.name, spec=DatasetSpec(key=list(key), source=SourceSpec(**given)))

    def ids(self):
        return frame(self.ws, self.name)["id"].to_list()

    def pull(self, **asked):
        return pull_now(self.ws, self.name, **asked)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """One for all: each test has a dataset and a database of its own."""
    place = tmp_path_factory.mktemp("pulls") / "w"
    with open_local(place, settings=Settings(sqlite_synchronous="NORMAL")) as opened:
        yield opened


@pytest.fixture
def shop(workspace):
    return Shop(workspace, workspace.root.parent)


def told(workspace, type):
    with workspace.read() as tx:
        return events.latest(tx, types=(type,))


def test_each_read_goes_on_where_the_newest_version_stands(workspace, shop):
    shop.add((1, 1.5, "2026-01-01 10:00:00"), (2, 2.5, "2026-01-01 11:00:00"))
    shop.declare()
    first = shop.pull(note="to begin with")
    assert (first.state, first.version, first.rows, first.added) == ("done", 1, 2, 2)
    assert shop.pull().state == "empty"
    shop.add((3, 3.5, "2026-01-02 09:00:00"))
    second = shop.pull()
    assert (second.version, second.rows, second.added, second.position) == (2, 2, 1, "2026-01-02 09:00:00")
    assert shop.ids() == [1, 2, 3]
    (state,) = (each for each in sources(workspace) if each.dataset == shop.name)
    assert (state.version, state.position, state.last) == (2, "2026-01-02 09:00:00", second)
    event = told(workspace, "dataset.pulled")
    kept = {name: event.data[name] for name in ("asked_by", "version", "rows", "added", "before", "position")}
    assert kept == {
        "asked_by": "local",
        "version": f"dataset/{shop.name}@2",
        "rows": 2,
        "added": 1,
        "before": "2026-01-01 11:00:00",
        "position": "2026-01-02 09:00:00",
    }


def test_rows_of_one_moment_are_neither_lost_nor_doubled(shop):
    at = "2026-01-01 10:00:00"
    shop.add((1, 1.0, at), (2, 2.0, at), (2, 2.0, at))
    shop.declare()
    shop.pull()
    shop.add((3, 3.0, at), (2, 2.0, at))
    assert shop.pull().added == 2
    assert sorted(shop.ids()) == [1, 2, 2, 2, 3]
    assert shop.pull().state == "empty"


def test_what_comes_late_is_found_within_the_lookback(shop):
    shop.add((1, 1.0, "2026-01-01 10:00:00"), (2, 2.0, "2026-01-01 12:00:00"))
    shop.declare(lookback="2h")
    shop.pull()
    shop.add((3, 3.0, "2026-01-01 10:30:00"), (4, 4.0, "2026-01-01 09:59:59"))
    shop.pull()
    assert shop.ids() == [1, 2, 3]
    shop.add((5, 5.0, "2026-01-01 12:30:00"))
    shop.pull()
    assert (shop.ids(), shop.pull().state) == ([1, 2, 3, 5], "empty")


def test_a_row_is_told_by_the_key_where_it_has_one(shop):
    shop.add((1, 1.0, "2026-01-01 10:00:00"))
    shop.declare(key=["id"])
    shop.pull()
    shop.run("UPDATE orders SET price = 9")  # without a new moment it is no new row
    assert shop.pull().state == "empty"


def test_a_source_that_shrank_or_changed_is_told_and_nothing_is_written(workspace, shop):
    two = (1, 1.0, "2026-01-01 10:00:00"), (2, 2.0, "2026-01-01 11:00:00")
    shop.add(*two)
    shop.declare()
    shop.pull()
    cases = [
        ("DELETE FROM orders WHERE id = 2", "at had come to 2026-01-01 11:00:00"),
        ("DELETE FROM orders", "nothing is there now"),
        ("UPDATE orders SET at = NULL WHERE id = 1", "1 rows have no at"),
        ("ALTER TABLE orders RENAME COLUMN price TO cost", "price removed"),
        ("DROP TABLE orders", "there is no table 'orders'"),
    ]
    for change, why in cases:
        shop.run("DELETE FROM orders")
        shop.add(*two)
        shop.run(change)
        if "RENAME" in change:
            shop.add((3, 3.0, "2026-01-01 12:00:00"))
        failed = shop.pull()
        assert (failed.state, show(workspace, ref=shop.name).version) == ("failed", 1)
        assert why in failed.error
    assert told(workspace, "dataset.pull_failed").data["failures"] == len(cases)


def test_what_a_refused_pull_leaves_in_the_log_quotes_no_row(workspace, shop):
    folder, who = shop.path.parent, "anna o'neill"
    (folder / "people.py").write_text(
        f"def mixed(since=None):\n    yield {{'mail': [5]}}\n    yield {{'mail': {who!r}}}\n\n\n"
        f"def worse(since=None):\n    yield {{'mail': int({who!r})}}\n"
    )
    with duckdb.connect(folder / "people.duckdb") as database:
        database.execute("CREATE TABLE people AS SELECT ? AS mail", [who])
    (folder / "latin.csv").write_bytes(f"id,mail\n1,{who} caf\xe9\n".encode("latin-1"))
    (folder / "cut.jsonl").write_text(f'{{"mail": "{who}"}}\n{{"mail": {who}}}\n')
    (folder / "list.json").write_text(f'[{{"mail": "{who}"}}, {who}]')
    files = ["latin.csv", "cut.jsonl", "list.json", "people.py:mixed", "people.py:worse"]
    cases = [{"address": each} for each in files]
    cases += [{"address": "duckdb:///people.duckdb", "query": "SELECT mail::INT AS mail FROM people"}]
    for case in cases:
        shop.declare(**{"watermark": "", "mode": "", **case})
        failed = shop.pull()
        kept = [failed.error, failed.hint, str(told(workspace, "dataset.pull_failed").data)]
        assert (failed.state, len(failed.error) > 10) == ("failed", True), case
        assert not [text for text in kept if "anna" in text or "neill" in text], kept


def test_evolve_takes_what_strict_refuses(shop):
    shop.add((1, 1.0, "2026-01-01 10:00:00"), (2, 2.0, "2026-01-01 11:00:00"))
    shop.declare()
    shop.pull()
    shop.run("DELETE FROM orders WHERE id = 2")
    assert "lost rows" in shop.pull().error
    assert shop.pull(evolve=True).state == "empty"
    assert "fewer rows" in shop.pull(full=True).error
    shop.run("ALTER TABLE orders ADD COLUMN tax REAL")
    assert shop.pull(full=True, evolve=True).version == 2
    assert shop.ids() == [1]


def test_a_whole_that_is_read_anew_may_lose_as_many_rows_as_was_said(shop):
    shop.add(*[(n, float(n), "2026-01-01") for n in range(10)])
    shop.declare(watermark="", mode="", max_drop_pct=10)
    shop.pull()
    shop.run("DELETE FROM orders WHERE id = 0")
    assert shop.pull().version == 2
    shop.run("DELETE FROM orders WHERE id < 3")
    assert "22.2 % are gone, 10 % may be" in shop.pull().error


def test_what_people_add_leaves_the_source_where_it_stands(workspace, shop, tmp_path):
    shop.add((1, 1.0, "2026-01-01 10:00:00"))
    shop.declare()
    shop.pull()
    mine = pl.DataFrame({"id": [99], "price": [0.5], "at": ["2020-01-01 00:00:00"]})
    mine.write_parquet(tmp_path / "mine.parquet")
    add_files(workspace, shop.name, [tmp_path / "mine.parquet"], mode="append")
    shop.add((2, 2.0, "2026-01-01 11:00:00"))
    assert shop.pull().added == 1
    assert sorted(shop.ids()) == [1, 2, 99]


def test_rows_that_came_again_take_the_place_of_the_old_ones(shop):
    shop.add((1, 1.0, "2026-01-01 10:00:00"), (2, 2.0, "2026-01-01 11:00:00"))
    shop.declare(key=["id"], mode="")  # with a key and a watermark it is upsert
    shop.pull()
    shop.run("UPDATE orders SET price = 7, at = '2026-01-02 00:00:00' WHERE id = 1")
    shop.add((3, 3.0, "2026-01-02 00:00:00"))
    assert shop.pull().added == 2
    rows = frame(shop.ws, shop.name).sort("id").rows()
    assert [row[:2] for row in rows] == [(1, 7.0), (2, 2.0), (3, 3.0)]
    assert shop.pull().state == "empty"


def test_a_function_of_the_project_is_a_source(workspace, shop):
    (shop.path.parent / "sources.py").write_text(FUNCTION)
    shop.declare(address="sources.py:orders", watermark="at", mode="append")
    assert shop.pull().added == 3
    shop.declare(address="sources.py:broken", watermark="", mode="")
    failed = shop.pull()
    assert (failed.state, "ZeroDivisionError" in failed.error) == ("failed", True)
    assert shop.ids() == [0, 1, 2]


def test_files_of_a_folder_are_read_when_they_are_new_or_changed(workspace, shop):
    (folder := shop.path.parent / "in").mkdir()
    (folder / "a.csv").write_text("id;v\n1;2\n")
    (folder / "b.csv.part").write_text("id;v\n9;9")
    shop.declare(address="in/*", watermark="", mode="")
    assert shop.pull().rows == 1
    assert shop.pull().state == "empty"
    (folder / "b.csv").write_text("id;v\n2;2\n")
    assert (shop.pull().version, shop.ids()) == (2, [1, 2])
    (folder / "a.csv").write_text("id;v\n1;2\n3;4\n")
    assert (shop.pull().version, shop.ids()) == (3, [1, 3, 2])
    (folder / "b.csv").unlink()
    assert "files are there no more: b.csv" in shop.pull().error
    assert shop.pull(evolve=True).version == 4
    assert shop.ids() == [1, 3]


def test_another_writer_in_the_middle_has_the_source_read_again(workspace, shop, tmp_path, monkeypatch):
    shop.add((1, 1.0, "2026-01-01 10:00:00"))
    shop.declare()
    shop.pull()
    shop.add((2, 2.0, "2026-01-01 11:00:00"))
    mine = pl.DataFrame({"id": [99], "price": [0.5], "at": ["2020-01-01 00:00:00"]})
    mine.write_parquet(tmp_path / "mine.parquet")
    examine, added = registering.examine, []

    def meanwhile(*args, **kwargs):
        if not added:
            added.append(1)
            add_files(workspace, shop.name, [tmp_path / "mine.parquet"], mode="append")
        return examine(*args, **kwargs)

    monkeypatch.setattr(registering, "examine", meanwhile)
    done = shop.pull()
    assert (done.state, done.version) == ("done", 3)
    assert sorted(shop.ids()) == [1, 2, 99]


def test_a_worker_that_died_leaves_half_of_nothing(workspace, shop):
    shop.add((1, 1.0, "2026-01-01 10:00:00"))
    shop.declare()
    asked = pull(workspace, name=shop.name)
    assert pull(workspace, name=shop.name) == asked  # one at a time
    with workspace.db.write() as tx:
        died = queue.claim(
            tx, owner="dead", now=workspace.clock.now(), lease=timedelta(seconds=0.4), kinds=["dataset_pull"]
        )
    assert died is not None
    done = shop.pull()
    assert (done.id, done.state, done.version) == (asked.id, "done", 1)


def test_a_job_that_never_ends_well_is_given_up_and_told(workspace, shop):
    shop.declare(schedule="15m")
    asked = pull(workspace, name=shop.name)
    with workspace.read() as tx:
        job = queue.find(tx, asked.job)
    HANDLER.abandon(workspace, job, "the process that worked on it died each time")
    (found,) = pulls(workspace, name=shop.name)
    assert (found.state, found.error) == ("failed", "the process that worked on it died each time")


def test_a_source_is_read_by_its_schedule_and_less_often_while_it_fails(tmp_path, clock):
    with open_local(tmp_path / "w", clock=clock, settings=Settings(sqlite_synchronous="NORMAL")) as workspace:
        shop, follower = Shop(workspace, tmp_path), SourceClock(workspace)
        shop.declare(schedule="15m")
        assert follower.step() == 1  # it was never read
        assert shop.pull().state == "failed"  # the one that the follower began: there are no rows
        waits = []
        for _ in range(6):
            with workspace.read() as tx:
                waits.append((store.find(tx, shop.name).next_at - clock.now()) / timedelta(minutes=1))
            clock.move(timedelta(minutes=waits[-1], seconds=1))
            assert (follower.step(), follower.step()) == (1, 0)
            shop.pull()
        assert [round(wait) for wait in waits] == [15, 15, 15, 15, 16, 32]
        shop.add((1, 1.0, "2026-01-01 10:00:00"))
        assert shop.pull().note == ""
        (state,) = sources(workspace)
        assert (state.failures, state.next_at - clock.now() <= timedelta(minutes=15)) == (0, True)


def test_a_source_that_can_not_begin_is_tried_again_after_a_while_and_not_at_once(
    workspace, shop, monkeypatch
):
    def busy(ctx, name, **_):
        raise Busy("too much is waiting")

    shop.declare(schedule="15m")
    follower = SourceClock(workspace)
    with monkeypatch.context() as patched:
        patched.setattr(clocks, "start_pull", busy)
        assert (follower.step(), follower.rest()) == (0, follower.idle)
    assert follower.rest() == follower.idle
    assert follower.step() == 1


def test_what_makes_no_sense_is_refused_when_it_is_declared(shop):
    cases = [
        ({"address": ""}, "source.from"),
        ({"address": "postgresql://me:hunter2@db/x#t"}, "source.from"),
        ({"address": "postgresql://me:${HOME}@db/x#t"}, "source.from"),
        ({"address": "sqlite:////etc/passwd#t"}, "source.from"),
        ({"address": "ftp://x/y.csv", "watermark": "", "mode": ""}, "files"),
        ({"mode": "replace"}, "source.mode"),
        ({"mode": "upsert"}, "source.mode"),
        ({"lookback": "soon"}, "source.lookback"),
        ({"schedule": "now and then"}, "source.schedule"),
        ({"schedule": "0 0 31 2 *"}, "source.schedule"),
        ({"schedule": "1h", "tz": "Tokio"}, "source.tz"),
        ({"max_drop_pct": 101}, "source.max_drop_pct"),
        ({"timeout": 0.1}, "source.timeout"),
    ]
    for source, field in cases:
        with pytest.raises(InvalidInput) as caught:
            shop.declare(**source)
        assert caught.value.field == field
        assert "hunter2" not in str(caught.value.as_dict())


def test_a_dataset_without_a_source_says_how_to_declare_one(workspace):
    specs.declare(workspace, name="plain", spec=DatasetSpec())
    with pytest.raises(InvalidInput, match="has no source") as caught:
        pull(workspace, name="plain")
    assert "[dataset.plain.source]" in caught.value.hint


def test_rows_that_do_not_hold_what_is_expected_are_refused_and_read_again_later(workspace, shop):
    shop.add((1, 1.0, "2026-01-01 10:00:00"))
    source = SourceSpec(address=f"sqlite:///{shop.path}#orders", watermark="at", mode="append")
    expect = [{"check": "range", "column": "price", "min": 0}]
    specs.declare(workspace, name=shop.name, spec=DatasetSpec(source=source, expect=expect))
    assert shop.pull().state == "done"
    shop.add((2, -2.0, "2026-01-01 11:00:00"))
    failed = shop.pull()
    assert (failed.state, show(workspace, ref=shop.name).version) == ("failed", 1)
    shop.run("UPDATE orders SET price = 2 WHERE id = 2")
    assert (shop.pull().version, shop.ids()) == (2, [1, 2])
