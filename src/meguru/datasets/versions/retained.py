"""Retention by the rule of the project, for datasets whose declaration says nothing itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from meguru.base import refs
from meguru.datasets import spec as specs
from meguru.datasets import store
from meguru.datasets.remove import remove_versions
from meguru.datasets.types import DatasetVersion, Retention
from meguru.datasets.versions.retention import unneeded
from meguru.kernel.operations import Context

_ONE = Retention(last=1)


class VersionRecords:
    """Versions of the main line but the newest, by when they were made; none that something needs.

    Their bytes are freed by ``dataset.free``.
    """

    what = "versions of datasets"

    def about(self, tx: Connection) -> Iterable[str]:
        """Return the datasets whose declaration says nothing of how long, and that are not held by it."""
        dataset_specs = {name: specs.spec_of(tx, name) for name in store.names(tx, None)}
        return [
            refs.make("dataset", name)
            for name, said in dataset_specs.items()
            if said.keep == Retention() and not said.hold
        ]

    def older(self, tx: Connection, ref: str, before: datetime) -> tuple[int, int]:
        """Return how many such versions were made before a moment, and their bytes."""
        versions = _old(tx, ref, before)
        return len(versions), sum(version.bytes for version in versions)

    def remove(self, ctx: Context, ref: str, before: datetime) -> tuple[int, int]:
        """Remove them."""
        # Held before it is looked: a write that is under way makes another version the newest.
        store.lock(ctx.tx, refs.parse(ref).name, ctx.now())
        versions = _old(ctx.tx, ref, before)
        if versions:
            remove_versions(ctx, versions, reason="the rule of retention keeps no more")
        return len(versions), sum(version.bytes for version in versions)


def _old(tx: Connection, ref: str, before: datetime) -> list[DatasetVersion]:
    return unneeded(tx, refs.parse(ref).name, _ONE, before)


def records() -> dict[str, VersionRecords]:
    """Return what obeys the rules of retention."""
    return {"datasets": VersionRecords()}
