"""What a dataset is: named, versioned, immutable lists of files with a schema."""

from datetime import datetime
from typing import Any, Literal

import msgspec

Format = Literal["csv", "parquet", "json"]
SchemaPolicy = Literal["strict", "evolve"]
Mode = Literal["replace", "append"]


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file to register: its name inside the dataset, and the blob that holds it."""

    path: str
    digest: str
    size: int


class DatasetColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column's name and type (the type is spelled as Polars spells it; ``Null`` has no value yet)."""

    name: str
    type: str


class DataFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a version, with what was seen when it was read."""

    path: str
    digest: str
    size: int
    rows: int
    columns: list[DatasetColumn]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a version; the digest of its canonical JSON is the version's, and names its blob."""

    format: Format
    event_time: str
    columns: list[DatasetColumn]
    files: list[DataFile]

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold for the files that are registered; nothing is written when it does not.

    `null_pct` is the highest percentage of missing values allowed, by column. `unique` names columns
    whose values, taken together, may not repeat.
    """

    row_count_min: int = 0
    null_pct: dict[str, float] = {}
    unique: list[str] = []


class RegisteredDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset and its newest version."""

    name: str
    created_at: datetime
    latest: "DatasetVersion"


class DatasetVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version.

    `digest` and `profile` are digests of blobs: the manifest, and what the columns look like. `event_time`
    names the column that says when a row happened (empty: none does).
    """

    ref: str
    name: str
    version: int
    digest: str
    profile: str
    format: Format
    rows: int
    bytes: int
    files: int
    columns: list[DatasetColumn]
    event_time: str
    note: str
    created_at: datetime
    created_by: str


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


class DatasetDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one version to another."""

    before: str
    after: str
    rows_before: int
    rows_after: int
    schema: list[SchemaChange]
    files_added: list[str]
    files_removed: list[str]
    files_changed: list[str]
    drift: list[ColumnDrift]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What the columns of a version look like; dates and nested values have no profile."""

    ref: str
    rows: int
    columns: dict[str, dict[str, Any]]
