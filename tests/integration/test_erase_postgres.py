"""A person is erased, held, and erased again after a restore, on PostgreSQL as on SQLite."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.artifacts.erasure.blob_deletions import pending, schedule_blob_deletion
from meguru.artifacts.erasure.schema import erasure
from meguru.artifacts.holds.operations import place, release
from meguru.artifacts.retention.apply import RecordsClock, due
from meguru.artifacts.retention.kind import RetentionSpec
from meguru.artifacts.retention.operations import specs
from meguru.base.settings import Settings
from meguru.datasets.client import add_files
from meguru.datasets.personal.operations import again, erase, owed
from meguru.datasets.personal.purge import delete_erased_blobs
from meguru.errors import Conflict
from meguru.predictions import payload, store
from meguru.predictions.types import PredictionBatch
from meguru.tracking.runs import add_artifact, start

load_operations()
ANNA = "anna@example.com"
WHO = {"email": [ANNA]}


@pytest.mark.integration
def test_a_person_is_erased_on_postgresql(postgres_url, tmp_path, clock):
    said = Settings(blobs=str(tmp_path / "blobs"), erasures=str(tmp_path / "erasures"))
    with open_local(postgres_url, settings=said, clock=clock) as ws:
        (tmp_path / "people.csv").write_text(f"id,email\n1,{ANNA}\n2,bob@example.org\n")
        add_files(ws, "people", tmp_path / "people.csv")
        start(ws, name="look", params={"who": f"for {ANNA}"})
        at = clock.now() - timedelta(days=200)
        content = payload.make({"email": "string"}, {"email": [ANNA]}, [0.25], [at])
        batch = PredictionBatch(
            id=f"pred-{1:026}", endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
            received_at=at, first_time=at, last_time=at, n=1, payload=payload.pack(content),
            rows=[(ANNA, at)],
        )  # fmt: skip
        with ws.db.write() as tx:
            store.add(tx, [batch])
        held = place(ws, who=WHO, why="case 7")
        with pytest.raises(Conflict, match="legal hold"):
            erase(ws, who=WHO)
        release(ws, id=held.id, why="closed")
        found = {each.what: each.rows for each in erase(ws, who=WHO).found}
        assert found == {"rows of a dataset": 1, "places in text": 1, "predictions": 1}
        assert erase(ws, who=WHO, dry_run=True).found == []
        with ws.db.write() as tx:  # as a database that is restored from an older backup
            tx.execute(delete(erasure))
        add_files(ws, "again", tmp_path / "people.csv")
        assert len(owed(ws).ids) == 1
        assert again(ws).rows == 1
        assert owed(ws).ids == []
        specs.declare(ws, name="default", spec=RetentionSpec(predictions="180d"))
        assert [each.rows for each in due(ws).records] == [1]
        assert [each.rows for each in RecordsClock(ws).tick()] == [1]


@pytest.mark.integration
def test_erased_bytes_that_somebody_registers_while_it_is_looked_who_needs_them_stay(
    postgres_url, tmp_path, clock
):
    said = Settings(blobs=str(tmp_path / "blobs"), erasures=str(tmp_path / "erasures"))
    with open_local(postgres_url, settings=said, clock=clock) as ws:
        (tmp_path / "people.csv").write_text("id\n1\n")
        other, run = add_files(ws, "people", tmp_path / "people.csv"), start(ws, name="look")
        taken, gone = ws.blobs.put_bytes(b"taken"), ws.blobs.put_bytes(b"gone")
        with ws.db.write() as tx:
            schedule_blob_deletion(tx, [taken, gone])
        read = ws.blobs.get_bytes

        def slowly(digest):
            if digest == other.digest:
                ws.blobs.get_bytes = read
                add_artifact(ws, run=run.id, path="rows", digest=taken)
            return read(digest)

        ws.blobs.get_bytes = slowly
        delete_erased_blobs(ws)
        assert ws.blobs.get_bytes == read
        assert (ws.blobs.has(taken), ws.blobs.has(gone)) == (True, False)
        with ws.read() as tx:
            assert pending(tx) == {taken}
