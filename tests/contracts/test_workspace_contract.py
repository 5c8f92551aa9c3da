from __future__ import annotations

import tempfile
from functools import partial

import pytest
from sqlalchemy import text

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import InternalError
from meguru.storage.db.raw import RawSql
from meguru.testing.contracts.agreements import AgreementsContract
from meguru.testing.contracts.lanes import LanesContract
from meguru.testing.contracts.pools import PoolsContract
from meguru.testing.contracts.queue import QueueContract
from meguru.testing.contracts.workspace import CHANGES, READS, WorkspaceContract, add_old, changing


class TestEmbedded(WorkspaceContract, QueueContract, LanesContract, PoolsContract, AgreementsContract):
    """SQLite and a folder."""


@pytest.mark.integration
class TestShared(WorkspaceContract, QueueContract, LanesContract, PoolsContract, AgreementsContract):
    """PostgreSQL and S3."""

    @pytest.fixture
    def workspace(self, postgres_url, s3_url, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the read cache goes
        with open_local(postgres_url, settings=Settings(blobs=s3_url)) as ws:
            yield ws

    def test_a_change_within_another_statement_is_one(self, workspace):
        changing(add_old, tells=True)(workspace)
        for statement in (
            "WITH gone AS (DELETE FROM experiment RETURNING name) SELECT * FROM gone",
            "WITH kept AS (SELECT 1) UPDATE experiment SET note = 'x'",
            "TRUNCATE experiment CASCADE",
            "CREATE TABLE other (a int)",
        ):
            for way in (lambda tx, sql: RawSql(tx).execute(sql), lambda tx, sql: tx.execute(text(sql))):
                with pytest.raises(InternalError, match="without an event"):
                    changing(partial(way, sql=statement))(workspace)
        columns = ["name", "note", "created_at", "created_by"]
        with pytest.raises(InternalError, match="without an event"):
            changing(lambda tx: RawSql(tx).copy("experiment", columns, "a\tb\tc\td\n"))(workspace)

    def test_a_mark_ends_with_its_operation(self, workspace):
        changing(add_old, tells=True)(workspace)
        for _ in range(20):  # whichever connection of the pool it was
            changing(CHANGES["rowwise update"], tells=True)(workspace)
            changing(READS["rowwise"])(workspace)
