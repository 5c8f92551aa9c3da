"""The modules that declare tables and operations; importing them all is knowing the whole product."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from meguru.app.kinds import all_kinds

SCHEMAS = (
    "meguru.storage.blobs.pending",
    "meguru.kernel.events.schema",
    "meguru.kernel.operations.idempotency",
    "meguru.kernel.jobs.schema",
    "meguru.kernel.declarations.schema",
)
OPERATIONS = (
    "meguru.mlflow.operations",
    "meguru.app.status.digests",
    "meguru.app.catalogue.find",
    "meguru.app.status.show",
)


def load_schemas() -> None:
    """Put every table into the catalogue."""
    for module in (*SCHEMAS, *(table for kind in all_kinds() for table in kind.tables)):
        _load(module)


def load_operations() -> None:
    """Register every operation."""
    for module in (*OPERATIONS, *(each for kind in all_kinds() for each in kind.operations)):
        _load(module)


def _load(module: str) -> None:
    parent = module.rpartition(".")[0]
    if find_spec(parent) is not None and find_spec(module) is not None:
        import_module(module)
