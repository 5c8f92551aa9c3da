"""The fixture that pytest finds by itself where Meguru is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from meguru.testing.pipelines import PipelineTest


@pytest.fixture
def meguru_pipeline(tmp_path: Path) -> Iterator[PipelineTest]:
    """Run pipelines in a workspace of this test's own; see `meguru.testing.pipelines`."""
    from meguru.testing.pipelines import pipeline_test

    with pipeline_test(tmp_path / "meguru") as test:
        yield test
