from __future__ import annotations

import tempfile

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.testing.contracts.lanes import LanesContract
from meguru.testing.contracts.pools import PoolsContract
from meguru.testing.contracts.queue import QueueContract
from meguru.testing.contracts.workspace import WorkspaceContract


class TestEmbedded(WorkspaceContract, QueueContract, LanesContract, PoolsContract):
    """SQLite and a folder."""


@pytest.mark.integration
class TestShared(WorkspaceContract, QueueContract, LanesContract, PoolsContract):
    """PostgreSQL and S3."""

    @pytest.fixture
    def workspace(self, postgres_url, s3_url, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the read cache goes
        with open_local(postgres_url, settings=Settings(blobs=s3_url)) as ws:
            yield ws
