"""Rows written and read round SQLAlchemy are those that SQLAlchemy writes and reads."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from meguru.errors import InvalidInput
from meguru.kernel.jobs.schema import job
from meguru.kernel.jobs.types import JobState
from meguru.mlflow.schema import mlflow_version
from meguru.registry.schema import model_alias
from meguru.storage.db import rowwise

NOW = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
JOB = {
    "id": "job-1",
    "kind": "work",
    "key": "one ' \" ? %s",
    "payload": {"b": [1, None, 2.5], "a": "ü"},
    "state": JobState.QUEUED,
    "attempt": 0,
    "max_attempts": 5,
    "created_at": NOW,
    "not_before": NOW,
    "cause": None,
    "lease_owner": None,
    "lease_until": None,
    "finished_at": None,
    "error": None,
    "priority": -3,
    "lane": "work",
}


def everything(tx, table):
    return [dict(row._mapping) for row in tx.execute(select(table))]


def test_what_is_written_is_read_by_both_alike(workspace):
    with workspace.db.write() as tx:
        rowwise.insert(tx, job, JOB)
        tx.execute(insert(job).values(JOB | {"id": "job-2", "key": "two"}))
        rowwise.insert(tx, job, JOB | {"id": "job-3", "key": "three"}, JOB | {"id": "job-4", "key": "four"})
    with workspace.read() as tx:
        read = everything(tx, job)
        rows = rowwise.select(tx, job, {"kind": "work"}, order="id")
        assert rows == read
    assert [row["id"] for row in read] == ["job-1", "job-2", "job-3", "job-4"]
    assert all(type(name) is str for row in rows for name in row)
    assert all(row == JOB | {"id": row["id"], "key": row["key"]} for row in read)


def test_only_the_rows_with_these_values_are_meant(workspace):
    with workspace.db.write() as tx:
        for number in range(4):
            rowwise.insert(tx, job, JOB | {"id": f"job-{number}", "key": f"{number}", "attempt": number % 2})
        assert (
            rowwise.update(tx, job, {"attempt": 1, "error": None}, {"error": "late", "finished_at": NOW}) == 2
        )
        assert rowwise.update(tx, job, {"attempt": 1, "error": None}, {"error": "again"}) == 0
        changed = ({"id": f"job-{number}", "priority": number} for number in (0, 3))
        rowwise.update_each(tx, job, "id", *changed)
        assert [row["priority"] for row in rowwise.select(tx, job, {"state": "queued"}, order="id")] == [
            0,
            -3,
            -3,
            3,
        ]
        found = rowwise.first(tx, job, {"error": "late", "id": "job-3"}, ("id", "finished_at"))
        assert found == {"id": "job-3", "finished_at": NOW}
        assert rowwise.delete(tx, job, {"error": "late"}) == 2
        assert (rowwise.has(tx, job, {"attempt": 1}), rowwise.has(tx, job, {"attempt": 0})) == (False, True)
        assert rowwise.first(tx, job, {"attempt": 1}) is None


def test_truth_is_truth_again_and_nothing_is_nothing(workspace):
    texts = [
        "source",
        "storage",
        "run",
        "run_link",
        "logged_model",
        "description",
        "stage",
    ]
    row = dict.fromkeys([*texts, "created_by"], "x") | {
        "name": "m",
        "tags": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    with workspace.db.write() as tx:
        rowwise.insert(
            tx, mlflow_version, row | {"version": 1, "deleted": True}, row | {"version": 2, "deleted": False}
        )
        assert [
            one["deleted"] for one in rowwise.select(tx, mlflow_version, {"name": "m"}, order="version")
        ] == [
            True,
            False,
        ]
        assert rowwise.select(tx, mlflow_version, {"deleted": False}, ("version",)) == [{"version": 2}]
        rowwise.insert(tx, mlflow_version)
        rowwise.update_each(tx, mlflow_version, "name")


def test_a_text_that_is_too_long_is_refused_and_one_that_is_looked_for_is_not_there(workspace):
    long = "x" * 300
    row = {"name": "m", "number": 1, "version": 1, "since": NOW, "moved_by": "a", "event": "e", "alias": long}
    with workspace.db.write() as tx:
        with pytest.raises(InvalidInput, match="alias is too long"):
            rowwise.insert(tx, model_alias, row)
        assert not rowwise.has(tx, model_alias, {"alias": long})
