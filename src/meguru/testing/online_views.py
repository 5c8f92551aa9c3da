"""Views over a few rows, for tests of what is online."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from meguru.datasets.register import register
from meguru.datasets.types import DatasetVersion, FileEntry
from meguru.features.kind import EntitySpec, FeatureViewSpec
from meguru.features.materialization.runner import see_through
from meguru.features.materialization.start import start
from meguru.features.materialization.types import Materialization
from meguru.features.operations import entity_specs, view_specs
from meguru.features.show import list_entities
from meguru.kernel.workspace import Workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def hours(number: float) -> datetime:
    """Return a moment so many hours after the fixed clock's start."""
    return NOON + timedelta(hours=number)


def add_rows(
    ws: Workspace,
    rows: Sequence[Any],
    name: str = "accounts",
    *,
    mode: Any = "append",
    schema: Any = None,
    **said: Any,
) -> DatasetVersion:
    """Register rows (who, at, value) as the next version of a dataset."""
    frame = pl.DataFrame(rows, schema=schema or ["who", "at", "value"], orient="row")
    return add_frame(ws, frame, name, mode=mode, **said)


def add_frame(
    ws: Workspace, frame: pl.DataFrame, name: str, *, mode: Any = "append", **said: Any
) -> DatasetVersion:
    """Register a frame as the next version of a dataset."""
    frame.write_parquet(made := io.BytesIO())
    content = made.getvalue()
    digest = ws.blobs.put_bytes(content)
    entry = FileEntry(path=f"{digest[:12]}.parquet", digest=digest, size=len(content))
    return register(ws, name=name, files=[entry], mode=mode, format="parquet", **said)


def declare_view(ws: Workspace, name: str = "balance", source: str = "accounts", **said: Any) -> None:
    """Declare an entity, and a view of it over a dataset."""
    if not any(entity.name == "person" for entity in list_entities(ws)):
        entity_specs.declare(ws, name="person", spec=EntitySpec(key=["who"]))
    usual: dict[str, Any] = {"entities": ["person"], "sources": {source: source}, "time": "at"}
    view_specs.declare(ws, name=name, spec=FeatureViewSpec(**{**usual, **said}))


def bring_online(ws: Workspace, view: str = "balance", **said: Any) -> Materialization:
    """Bring a view online; return how that ended."""
    return see_through(ws, start(ws, view=view, **said))
