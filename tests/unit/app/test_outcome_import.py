"""Outcomes from files, datasets and databases: each once, whatever happens in between."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import polars as pl
import pytest

from meguru.app.outcome_import import import_outcomes
from meguru.datasets.client import add_files
from meguru.datasets.types import ReadOptions
from meguru.errors import InvalidInput, MeguruError
from meguru.predictions import ids, payload, store
from meguru.predictions.operations import record, show
from meguru.predictions.types import OutcomeInput, PredictionBatch
from meguru.serving.operations import create

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def batch(workspace):
    create(workspace, name="delay", model="delay")
    content = payload.make({"x": "double"}, {"x": [0.5] * 4}, [0.25] * 4, [MARCH] * 4)
    made = PredictionBatch(
        id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
        received_at=MARCH, first_time=MARCH, last_time=MARCH, n=4, payload=payload.pack(content),
        rows=[(key, MARCH) for key in "abcd"],
    )  # fmt: skip
    with workspace.db.write() as tx:
        store.add(tx, [made])
    return made


@pytest.fixture
def table():
    return pl.DataFrame({"flight": list("abcz"), "carrier": ["UA"] * 4, "late": [1.0, 0.0, None, 1.0]})


def values(ws, batch):
    found = [show(ws, id=f"{batch.id}.{row}").outcome for row in range(batch.n)]
    return [each and each.value for each in found]


COLUMNS = {"value": "late", "key": "flight"}


def test_a_dataset_is_read_as_it_was_registered(workspace, batch, tmp_path):
    (tmp_path / "o.csv").write_text("flight;late;said\na;1;50,5\n\nb;0;1,25\n")
    add_files(workspace, "arrivals", tmp_path / "o.csv", read=ReadOptions(decimal=","))
    done = import_outcomes(workspace, "delay", "arrivals@1", renamed=COLUMNS)
    assert (done.count, done.unknown) == (2, [])
    assert values(workspace, batch) == [1.0, 0.0, None, None]


def test_every_source_gives_the_same(workspace, batch, table, tmp_path):
    table.write_parquet(tmp_path / "o.parquet")
    table.write_csv(tmp_path / "o.csv")
    add_files(workspace, "arrivals", [tmp_path / "o.csv"])
    with sqlite3.connect(tmp_path / "o.db") as db:
        db.execute("CREATE TABLE arrivals (flight, carrier, late)")
        db.executemany("INSERT INTO arrivals VALUES (?, ?, ?)", table.rows())
    db.close()
    for source, query in (
        (str(tmp_path / "o.parquet"), ""),
        (str(tmp_path / "o.csv"), ""),
        ("arrivals@1", ""),
        (f"sqlite:///{tmp_path / 'o.db'}", "arrivals"),
        (f"sqlite:///{tmp_path / 'o.db'}", "SELECT flight, late FROM arrivals WHERE carrier != ':x'"),
    ):
        done = import_outcomes(workspace, "delay", source, query=query, renamed=COLUMNS)
        assert (done.count, done.waiting, done.unknown) == (2, 1, ["key z"])
        assert values(workspace, batch) == [1.0, 0.0, None, None]


def test_what_was_imported_is_not_touched_by_the_same_import_again(workspace, batch, table, tmp_path):
    table.write_csv(tmp_path / "o.csv")
    import_outcomes(workspace, "delay", str(tmp_path / "o.csv"), renamed=COLUMNS)
    record(workspace, endpoint="delay", outcomes=[OutcomeInput(key="a", value=0.0)])
    import_outcomes(workspace, "delay", str(tmp_path / "o.csv"), renamed=COLUMNS)
    assert values(workspace, batch)[0] == 0.0


def test_a_wrong_row_is_named_and_what_came_before_stays(workspace, batch, tmp_path, monkeypatch):
    monkeypatch.setattr("meguru.app.outcome_import.A_CALL", 1)
    (tmp_path / "o.csv").write_text("key,value\na,1\nb,\nc,maybe\n")
    with pytest.raises(InvalidInput) as caught:
        import_outcomes(workspace, "delay", str(tmp_path / "o.csv"))
    assert (caught.value.field, caught.value.hint[:9]) == ("row 3.value", "1 before ")
    assert values(workspace, batch) == [1.0, None, None, None]


def test_a_source_that_can_not_be_read_is_told_without_its_secret(workspace, batch):
    cases = [
        ("nothing.csv", "", "no file"),
        ("sqlite:///nothing.db", "t", "no database"),
        ("sqlite:///nothing.db", "", "say what to read"),
        ("postgresql://me:hunter2@localhost/x", "t", "does not belong"),
        ("postgresql://me:${env:NOT_THERE}@localhost/x", "t", "NOT_THERE can't be read"),
        ("mysql://x", "", "no file"),
        ("postgresql://x:y:z", "t", "can't be read"),
    ]
    for source, query, said in cases:
        with pytest.raises(MeguruError, match=said) as caught:
            import_outcomes(workspace, "delay", source, query=query)
        assert "hunter2" not in str(caught.value.as_dict())


def test_a_database_is_only_read(workspace, batch, tmp_path):
    with sqlite3.connect(tmp_path / "o.db") as db:
        db.execute("CREATE TABLE t (key, value)")
    db.close()
    for query in ("DROP TABLE t", "SELECT * FROM nowhere", "INSERT INTO t VALUES ('a', 1)"):
        with pytest.raises(InvalidInput, match="did not answer"):
            import_outcomes(workspace, "delay", f"sqlite:///{tmp_path / 'o.db'}", query=query)
