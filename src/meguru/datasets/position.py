"""How far a source was read: a part of the version that was made of what was read."""

from __future__ import annotations

import msgspec


class SourcePosition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a source stood when a version was made of it; the next read goes on from here.

    `source` tells of which source (`SourceSpec.identity`). `watermark` is the highest value that was read,
    as text, and `kind` what it is (``int, float, text, datetime, date``). `seen` is the digest of a blob with
    the rows that were read already among those that a next read meets again: at the watermark itself, and
    `lookback` before it. `mark` is what a file, a table of Delta Lake or Iceberg says of its state: a
    version, an ETag. `listing` is the digest of a blob with the state of each of many files.
    """

    source: str
    kind: str = ""
    watermark: str = ""
    seen: str = ""
    mark: str = ""
    listing: str = ""

    def __str__(self) -> str:
        return self.watermark or self.mark

    @property
    def blobs(self) -> list[str]:
        """The blobs that it needs."""
        return [digest for digest in (self.seen, self.listing) if digest]
