"""The sink for outputs of pipelines: a table or a folder becomes a version."""

from __future__ import annotations

from typing import Any, Protocol

from meguru.datasets.folders.tree import register_tree
from meguru.datasets.register import record
from meguru.datasets.types import FileEntry
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context

PATH = "rows.arrow"


class StepOutput(Protocol):
    """What a step returned, as it is stored: its kind, the blob with it, and what else is known of it."""

    @property
    def kind(self) -> str:
        """How it is stored."""
        ...

    @property
    def digest(self) -> str:
        """The blob."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the blob."""
        ...

    @property
    def meta(self) -> dict[str, Any]:
        """What reading it back needs."""
        ...


def register_output(ctx: Context, *, name: str, value: StepOutput, source: str) -> str:
    """Register the table or the folder that a pipeline run made, in the run's last transaction.

    What it made stays where the step wrote it. Rows that are those of the newest version make no new one.

    Raises
    ------
    InvalidInput
        If what it made is no table, has no rows, or its columns are not those of the version before.
    """
    if value.kind == "files" and value.meta.get("folder"):
        return register_tree(ctx, name, value.digest, source).ref
    if value.kind != "polars" or value.meta.get("shape") == "Series":
        raise InvalidInput(
            f"{source} produces the dataset {name!r}, but returned no table",
            hint="return a Polars DataFrame or LazyFrame, or the Path of a folder, from its last step",
        )
    entry = FileEntry(path=PATH, digest=value.digest, size=value.size)
    return record(ctx, name=name, files=[entry], format="arrow", note=f"made by {source}", used=[source]).ref
