"""Pytest fixtures for Meguru and what is built on it: ``pytest_plugins = ["meguru.testing.fixtures"]``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.kernel.workspace import Workspace


@pytest.fixture
def clock() -> FixedClock:
    """A clock that a test moves by hand; it starts on 1 March 2026, noon."""
    return FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A new embedded workspace, worked in by its local owner."""
    with open_local(tmp_path / "workspace", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
        yield ws
