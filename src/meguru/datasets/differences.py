"""How one version of a dataset differs from another."""

from typing import Any

import msgspec

from meguru.datasets.folders.types import FileRename


class SchemaChange(msgspec.Struct, frozen=True, kw_only=True):
    """How one column differs between two schemas; an empty type means that the column is not there."""

    column: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        if not self.before:
            return f"{self.column} added ({self.after})"
        if not self.after:
            return f"{self.column} removed"
        return f"{self.column} changed from {self.before} to {self.after}"


class ColumnDrift(msgspec.Struct, frozen=True, kw_only=True):
    """How far a column's values moved between two versions: PSI, 0 when they did not."""

    column: str
    psi: float
    drifted: bool


class VectorDrift(msgspec.Struct, frozen=True, kw_only=True):
    """How far the vectors that a model gives for files moved between two versions.

    `distance` is the energy coefficient, from 0 to 1; `p_value` how often it is as large by chance. `before`
    and `after` are how many vectors were compared.
    """

    by: str
    dimensions: int
    distance: float
    p_value: float
    drifted: bool
    before: int
    after: int


class ChangedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row that is not the same in two versions: the values that tell it, and those that differ.

    A row that is only in one of them has its other side empty.
    """

    key: dict[str, Any]
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}


class RowChanges(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows are not the same in two versions.

    Rows are matched by the values of `key`; `found` tells that nobody said it, but that these are unique in
    both. Without a key rows are told by all their values, and none is changed: it is removed, and another
    added. `columns` counts the changed values by column; `sample` has some of the rows.
    """

    added: int
    removed: int
    changed: int
    key: list[str] = []
    found: bool = False
    columns: dict[str, int] = {}
    sample: list[ChangedRow] = []


class DatasetDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one version to another; `rows` is None when nobody asked for it."""

    before: str
    after: str
    rows_before: int
    rows_after: int
    schema: list[SchemaChange]
    files_added: list[str]
    files_removed: list[str]
    files_changed: list[str]
    files_renamed: list[FileRename] = []
    drift: list[ColumnDrift]
    rows: RowChanges | None = None
    vectors: list[VectorDrift] = []
