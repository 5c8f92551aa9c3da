"""MLflow's protocol for runs, on both databases."""

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.testing.contracts.mlflow import MlflowContract


class TestEmbedded(MlflowContract):
    """SQLite."""


@pytest.mark.integration
class TestShared(MlflowContract):
    """PostgreSQL."""

    @pytest.fixture
    def workspace(self, postgres_url, tmp_path):
        with open_local(postgres_url, settings=Settings(blobs=str(tmp_path))) as ws:
            yield ws
