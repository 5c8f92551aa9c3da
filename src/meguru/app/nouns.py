"""The modules that declare tables and operations; importing them all is knowing the whole product."""

from __future__ import annotations

from importlib import import_module

from meguru.app.kinds import KINDS, all_kinds
from meguru.base.late import late_module

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
        import_module(module)


def load_operations() -> None:
    """Register every operation."""
    for module in (*OPERATIONS, *(each for kind in all_kinds() for each in kind.operations)):
        late_module(module)  # a server's threads may import others at the same time


def load_unlisted_operations() -> None:
    """Register those of kinds that others declared: the table of calls has none of these."""
    for kind in all_kinds()[len(KINDS) :]:
        for module in kind.operations:
            import_module(module)
