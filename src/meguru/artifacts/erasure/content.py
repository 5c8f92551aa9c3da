"""Files that people or steps left, without one person: tables lose rows, text has values masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from meguru.artifacts.erasure.redaction import TextRedactor
from meguru.artifacts.erasure.subject import ErasureSubject, is_text_like
from meguru.storage.blobs import BlobStore

MAX_BYTES = 64 << 20
"""Bytes of text that are looked through."""
_PARQUET, _ARROW = b"PAR1", b"ARROW1"
_DELIMITED = {".csv": ",", ".tsv": "\t"}


class CleanedContent(NamedTuple):
    """How many rows or places are the person's; without them it has another digest, if it was written.

    `is_read` is False where nobody knows what the bytes hold.
    """

    found: int
    digest: str
    size: int
    is_read: bool = True


class ContentCleaner:
    """Looks through blobs by what they are: Parquet, Arrow, delimited text, JSON, JSON lines, other text."""

    def __init__(self, blobs: BlobStore, subject: ErasureSubject) -> None:
        self._blobs, self._subject, self._words = blobs, subject, TextRedactor(subject)
        self._known: dict[tuple[str, str, bool], CleanedContent] = {}

    def clean(self, digest: str, name: str, *, write: bool) -> CleanedContent:
        """Look through a blob; with `write`, put it without the person where they are in it."""
        kind = Path(name).suffix.lower()
        key = (digest, kind, write)
        if key not in self._known:
            self._known[key] = self._clean(digest, kind, write=write)
        return self._known[key]

    def _clean(self, digest: str, kind: str, *, write: bool) -> CleanedContent:
        import polars as pl

        unread = CleanedContent(0, digest, 0, is_read=False)
        path = self._blobs.path(digest)
        with path.open("rb") as file:
            head = file.read(8)
        try:
            if head.startswith((_PARQUET, _ARROW)):
                return self._table(digest, path, is_arrow=head.startswith(_ARROW), write=write)
            if path.stat().st_size > MAX_BYTES:
                return unread
            return self._text(digest, path.read_text("utf-8"), kind, write=write)
        except (UnicodeDecodeError, ValueError, pl.exceptions.PolarsError):
            return unread

    def _table(self, digest: str, path: Path, *, is_arrow: bool, write: bool) -> CleanedContent:
        import polars as pl

        # An Arrow file has no statistics: it is read as it lies on the disk.
        rows = pl.scan_ipc(path) if is_arrow else pl.scan_parquet(path, glob=False)
        count = self._subject.count(rows)
        if not (count and write):
            return CleanedContent(count, digest, 0)
        left = rows.filter(~self._subject.rows(rows.collect_schema()))
        with TemporaryDirectory(prefix="meguru-erase-") as folder:
            draft = Path(folder) / "rows"
            if is_arrow:
                oldest = pl.CompatLevel.oldest()
                left.collect().write_ipc(draft, compression="uncompressed", compat_level=oldest)
            else:
                left.sink_parquet(draft, compression="zstd", compression_level=1)
            return CleanedContent(count, self._blobs.put_file(draft), draft.stat().st_size)

    def _text(self, digest: str, text: str, kind: str, *, write: bool) -> CleanedContent:
        cleaned, count = self._without(text, kind)
        if not (count and write):
            return CleanedContent(count, digest, 0)
        data = cleaned.encode()
        return CleanedContent(count, self._blobs.put_bytes(data), len(data))

    def _without(self, text: str, kind: str) -> tuple[str, int]:
        if kind in _DELIMITED:
            return self._delimited(text, _DELIMITED[kind])
        if kind in {".jsonl", ".ndjson"}:
            return self._lines(text)
        if kind in {".json", ".ipynb"} or text[:1] in "[{":
            try:
                value, count = self._words.without([json.loads(text)])
            except (ValueError, RecursionError):
                return self._words.masked(text)
            return json.dumps(value[0] if value else None, ensure_ascii=False), count
        return self._words.masked(text)

    def _delimited(self, text: str, separator: str) -> tuple[str, int]:
        import polars as pl

        rows = pl.read_csv(text.encode(), separator=separator, infer_schema=False, truncate_ragged_lines=True)
        left = rows.filter(~self._subject.rows(rows.schema))
        gone = rows.height - left.height
        plain = left.write_csv(separator=separator) if gone else text
        masked, count = self._words.masked(plain)
        return masked, gone + count

    def _lines(self, text: str) -> tuple[str, int]:
        found, count = [], 0
        for line in text.splitlines(keepends=True):
            try:
                value, more = self._words.without([json.loads(line)])
            except (ValueError, RecursionError):
                masked, more = self._words.masked(line)
                found.append(masked)
            else:
                found += (
                    [line] if not more else [json.dumps(each, ensure_ascii=False) + "\n" for each in value]
                )
            count += more
        return "".join(found), count


def values_of(blobs: BlobStore, digest: str, name: str, column: str) -> Iterator[str]:
    """Give the values that a table, or records of JSON, have under the name of a column."""
    import polars as pl

    path, kind = blobs.path(digest), Path(name).suffix.lower()
    with path.open("rb") as file:
        head = file.read(8)
    try:
        if head.startswith((_PARQUET, _ARROW)):
            rows = pl.scan_ipc(path) if head.startswith(_ARROW) else pl.scan_parquet(path, glob=False)
        elif path.stat().st_size > MAX_BYTES:
            return
        elif kind in _DELIMITED:
            rows = pl.scan_csv(
                path, separator=_DELIMITED[kind], infer_schema=False, truncate_ragged_lines=True
            )
        else:
            for line in (
                path.read_text("utf-8").splitlines() if "l" in kind[-1:] else [path.read_text("utf-8")]
            ):
                yield from _under(json.loads(line), column)
            return
        schema = rows.collect_schema()
        if column in schema and is_text_like(schema[column]):
            yield from rows.select(pl.col(column).unique().cast(pl.String)).collect()[column].drop_nulls()
    except (UnicodeDecodeError, ValueError, RecursionError, pl.exceptions.PolarsError):
        return


def _under(value: Any, column: str) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _under(each, column)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == column and isinstance(each, str | int | float):
                yield str(each)
            else:
                yield from _under(each, column)
