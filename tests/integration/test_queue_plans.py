"""On a full queue, PostgreSQL reads what a claim asks for off an index: it looks at no table as a whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel.jobs import choose, lanes
from meguru.kernel.jobs.schema import job

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)


def rows(state, count, **more):
    return [
        {
            "id": f"job-{state}-{number}",
            "kind": "work",
            "key": f"{state}-{number}",
            "payload": {},
            "state": state,
            "attempt": 1,
            "max_attempts": 5,
            "created_at": NOW,
            "not_before": NOW - timedelta(seconds=number),
            "lane": f"pipeline:{number % 100}",
            "priority": number % 3,
            **more,
        }
        for number in range(count)
    ]


@pytest.fixture
def explained(postgres_url, tmp_path):
    with open_local(postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        with ws.db.write() as tx:
            tx.execute(insert(job), rows("done", 20_000))
            tx.execute(insert(job), rows("queued", 5_000))
            tx.execute(insert(job), rows("running", 3, lease_until=NOW + timedelta(hours=1), lease_owner="w"))
        with ws.db.write() as tx:
            tx.execute(text("ANALYZE job"))

        def explain(query):
            spelled = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
            with ws.read() as tx:
                return "\n".join(tx.execute(text(f"EXPLAIN {spelled}")).scalars())

        yield explain


def test_the_next_job_comes_first_in_its_index(explained):
    wanted = choose.ClaimFilter(NOW, ["work"], None, set())
    plan = explained(choose.due_jobs(wanted, 1))
    assert "Index Only Scan using ix_job_waiting" in plan or "Index Scan using ix_job_waiting" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("look", ["silent", "parked", "heads", "running"])
def test_no_look_reads_the_whole_table(explained, look):
    wanted = choose.ClaimFilter(NOW, ["work"], None, {"pipeline:1"}, {"pipeline:2"})
    query = {
        "silent": lambda: choose.expired_leases(wanted),
        "parked": lambda: choose.expired_parkings(wanted),
        "heads": lambda: choose.first_allowed(choose.lane_heads(wanted), wanted),
        "running": lambda: lanes.running_by_lane(NOW),
    }[look]()
    plan = explained(query)
    assert "Seq Scan on job" not in plan
    assert "ix_job_" in plan
