"""What a dataset is: named, versioned, immutable lists of files with a schema."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from meguru.datasets.position import SourcePosition

Format = Literal["csv", "parquet", "json", "arrow", "avro", "excel", "spss", "sas", "stata", "files"]
SchemaPolicy = Literal["strict", "evolve"]
Treatment = Literal["hash", "mask", "drop", "encrypt"]
Mode = Literal["replace", "append", "upsert", "sync", "delete"]


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said about files; what is not said is found out, and shown.

    `delimiter` separates fields, `quote` surrounds them (empty: none does), `decimal` is ``.`` or ``,``;
    `nulls` are the texts that mean a missing value beside an empty field. `types` says what columns hold:
    ``text, integer, number, boolean, date, datetime``; ``date:%d/%m/%Y`` tells how it is written. `sheet` is
    the name or number of one in a file that has several.
    """

    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    decimal: Literal[".", ","] | None = None
    nulls: list[str] | None = None
    types: dict[str, str] = {}
    sheet: str = ""

    def guided(self, types: dict[str, str]) -> "GuidedOptions":
        """Return the options with types that nobody said; what is said or guided already stays."""
        return GuidedOptions(
            **msgspec.structs.asdict(self) | {"types": types | self.types, "said": self.names_said}
        )

    @property
    def names_said(self) -> list[str]:
        """The columns that somebody named: they must be there."""
        return list(self.types)


class GuidedOptions(ReadOptions, frozen=True, kw_only=True):
    """Options with types that follow from elsewhere too, of columns that need not be there.

    `said` are those that somebody named.
    """

    said: list[str]

    @property
    def names_said(self) -> list[str]:
        """The columns that somebody named: they must be there."""
        return self.said


class ColumnSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What people say of a column: `tags`, and how its values are treated before they are written.

    The values of a column with the tag ``pii`` are shown in clear only to who asks for it and may see them.
    ``hash`` keeps what is equal equal, with a key that the workspace has; ``mask`` keeps no sign; ``drop``
    leaves the column out; ``encrypt`` seals each value.
    """

    tags: list[str] = []
    treat: Treatment | Literal[""] = ""


class Dialect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a file was read, so that it is read alike for ever.

    `times` says how the dates and times of a column are written. `blank` counts the lines that held nothing
    and are no rows; `kept` tells why columns that look like numbers or times are text. `sheet` is the one
    that was read of several.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    decimal: str = "."
    line_end: str = "\n"
    nulls: list[str] = []
    times: dict[str, str] = {}
    blank: int = 0
    kept: dict[str, str] = {}
    sheet: str = ""


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file to register: its name inside the dataset, and the blob that holds it."""

    path: str
    digest: str
    size: int


class DatasetColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column's name and type (the type is spelled as Polars spells it; ``Null`` has no value yet)."""

    name: str
    type: str


class FileOrigin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The file that a data file was made from, and how it was read; its bytes are not kept.

    `treated` are the columns whose values were treated before they were written.
    """

    path: str
    digest: str
    size: int
    format: Format
    dialect: Dialect | None = None
    treated: dict[str, Treatment] = {}


class DataFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of a version, with what was seen when it was read.

    `rows` are those that the file holds; `deleted_rows` of them are no rows of the version, and `deleted`
    is the blob with their positions. `source` is what the file was made from, if its bytes are not those
    that were given; `merged` are the files that were given, if it holds the rows of many. `dialect` is how
    it is read; None for files without any, and those of versions that were made before it was kept. `form`
    says how the file lists other blobs, if it does: see `BlobMember`.
    """

    path: str
    digest: str
    size: int
    rows: int
    columns: list[DatasetColumn]
    dialect: Dialect | None = None
    source: FileOrigin | None = None
    merged: list[FileEntry] = []
    deleted: str = ""
    deleted_rows: int = 0
    form: str = ""

    @property
    def live(self) -> int:
        """Rows of the version that are in this file."""
        return self.rows - self.deleted_rows


class ManifestPart(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that lists files of a version, which come before those of the manifest itself."""

    digest: str
    files: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of a version; the digest of its canonical JSON is the version's, and names its blob.

    `key` names the columns whose values, taken together, tell one row from another. `parts` list files too,
    where it is kept; a manifest that was read has all of them in `files`. `content` is the digest of what the
    files of a folder are called and hold, where each row is such a file, and `content_bytes` their size.
    `position` is how far the source was read that the dataset is declared to come from.
    `hidden` are columns whose values are not shown: who may not see them in clear is given such a list.
    """

    format: Format
    event_time: str
    columns: list[DatasetColumn]
    files: list[DataFile]
    key: list[str] = []
    parts: list[ManifestPart] = []
    content: str = ""
    content_bytes: int = 0
    position: SourcePosition | None = None
    hidden: list[str] = []

    @property
    def rows(self) -> int:
        """Rows of all files, but for the deleted ones."""
        return sum(file.live for file in self.files)

    @property
    def bytes(self) -> int:
        """Bytes of all files; of those of a folder, where these are the rows."""
        return self.content_bytes if self.content else sum(file.size for file in self.files)

    @property
    def file_count(self) -> int:
        """How many files there are; those of a folder, where these are the rows."""
        return self.rows if self.content else len(self.files)


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which versions are kept: the newest `last`, and those of the last `days`; neither said: all are."""

    last: int = 0
    days: float = 0.0


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
    names the column that says when a row happened (empty: none does). `remote_environment` is the one
    that has the files of a version that was sent without them. `branch` is the line that it is on; empty for
    the main one.
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
    remote_environment: str = msgspec.field(name="elsewhere", default="")
    branch: str = ""


class DatasetUse(msgspec.Struct, frozen=True, kw_only=True):
    """Who needs a version of a dataset, and how (``live``: what answers was made from it; ``runs``)."""

    ref: str
    how: str


class RemovedVersions(msgspec.Struct, frozen=True, kw_only=True):
    """The versions that were removed; their lineage stays, and their bytes until they are freed."""

    refs: list[str]
    bytes: int


class Garbage(msgspec.Struct, frozen=True, kw_only=True):
    """What removed versions leave: `blobs` that nothing else needs, and `shared` ones that stay.

    `orphans` are blobs that nothing refers to, for more than a day: uploaded and never registered.
    """

    refs: list[str]
    blobs: int
    bytes: int
    shared: int
    orphans: int = 0
    orphan_bytes: int = 0


class FirstRows(msgspec.Struct, frozen=True, kw_only=True):
    """The first rows of a version, each as a list in the order of `columns`."""

    ref: str
    columns: list[DatasetColumn]
    rows: list[list[Any]]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What the columns of a version look like: numbers, categories or times; nested ones have no profile."""

    ref: str
    rows: int
    columns: dict[str, dict[str, Any]]
