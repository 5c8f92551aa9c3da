"""What every source of a dataset promises: all comes once, then only what is new, and half of it never."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Protocol

import polars as pl
import pytest

from meguru.base.source_secrets import Secrets
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources import source_of
from meguru.datasets.sources.base import SourceContext, SourceRead
from meguru.datasets.sources.chunks import FileSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import Interrupted, InvalidInput, Unreachable
from meguru.storage.blobs import BlobStore
from meguru.storage.blobs.local import LocalStore

COLUMNS = ("id", "price", "name")


def rows_of(ids: Iterable[int]) -> pl.DataFrame:
    """Return the rows that a source has for some numbers; some have no price, each has a text of its own."""
    numbers = list(ids)
    return pl.DataFrame(
        {
            "id": pl.Series(numbers, dtype=pl.Int64),
            "price": pl.Series([None if n % 5 == 0 else n / 4 for n in numbers], dtype=pl.Float64),
            "name": [f"商品 '{n}', \"x\"\n\\N {n}" if n % 3 else "" for n in numbers],
        }
    )


class SourceWorld(Protocol):
    """The real thing that a source is read from, changed by hand."""

    @property
    def spec(self) -> SourceSpec:
        """How it is declared."""
        ...

    def add(self, rows: pl.DataFrame) -> None:
        """Let it have more rows (`COLUMNS`)."""
        ...

    def lose(self) -> None:
        """Let it be gone."""
        ...


class ReadByHand:
    """Reads a source as a pull does, and holds what the dataset would have."""

    def __init__(self, world: SourceWorld, folder: Path) -> None:
        self.world, self._folder = world, folder
        self.blobs: BlobStore = LocalStore(folder / "blobs")
        self.files: dict[str, str] = {}
        self.position: SourcePosition | None = None
        self.reads = 0

    def read(self, *, key: tuple[str, ...] = (), interrupt: bool = False) -> SourceRead:
        """Read from where it stands; what is given becomes what the dataset has."""

        def proceed() -> None:
            if interrupt:
                raise Interrupted("the test stops it")

        self.reads += 1
        (scratch := self._folder / f"read{self.reads}").mkdir()
        mark = f"{self.reads:04}" if self.position else ""
        sink = FileSink(scratch, mark=mark, proceed=proceed)
        context = SourceContext(
            secrets=Secrets(own=True),
            blob=self.blobs.get_bytes,
            put=self.blobs.put_bytes,
            place=partial(_anywhere, self._folder),
            hosts=["*"],
            known=frozenset(self.files),
        )
        source_read = source_of(self.world.spec, context).read(self.position, sink, list(key))
        self.given = {path: self.blobs.put_file(file) for path, file in sink.close().items()}
        if source_read.shrunk:
            raise InvalidInput("the source lost rows that were read", why=source_read.shrunk)
        kept = self.files if not source_read.whole else {path: self.files[path] for path in sink.kept}
        same = source_read.whole and source_read.position == self.position is not None and not self.given
        self.files = self.files if same else kept | self.given
        self.position = source_read.position
        return source_read

    def rows(self, files: dict[str, str] | None = None) -> pl.DataFrame:
        """Return the rows of the dataset, or of some files."""
        chosen = self.files if files is None else files
        parts = [pl.read_parquet(self.blobs.path(digest)) for digest in chosen.values()]
        frame = pl.concat([part.select(COLUMNS) for part in parts]) if parts else rows_of([])
        return frame.with_columns(pl.col("id").cast(pl.Int64), pl.col("price").cast(pl.Float64)).sort("id")


def _anywhere(folder: Path, text: str, field: str) -> Path:
    del field
    return folder / text


class SourceContract:
    """Tests for one source; `world` is a fixture with a `SourceWorld` that has no rows yet."""

    parts = True
    """Whether only new rows are given, and not the whole again when something is new."""

    @pytest.fixture
    def reader(self, world: SourceWorld, tmp_path: Path) -> ReadByHand:
        """Read the world by hand."""
        return ReadByHand(world, tmp_path)

    def test_all_comes_once_as_it_is_then_only_what_is_new(self, reader: ReadByHand) -> None:
        """Values are kept; a second read gives nothing, a third what came meanwhile."""
        reader.world.add(rows_of(range(1, 8)))
        assert reader.read().whole
        assert reader.rows().equals(rows_of(range(1, 8)))
        before = dict(reader.files)
        reader.read()
        assert (reader.given, reader.files) == ({}, before) or reader.given == before
        reader.world.add(rows_of([8, 9]))
        reader.read()
        assert reader.rows().equals(rows_of(range(1, 10)))
        if self.parts:
            assert reader.rows(reader.given).equals(rows_of([8, 9]))

    def test_the_same_content_is_the_same_bytes(self, reader: ReadByHand) -> None:
        """What did not change makes no new version."""
        reader.world.add(rows_of(range(1, 4)))
        reader.read()
        first, reader.position, reader.files = reader.files, None, {}
        reader.read()
        assert reader.files == first

    def test_a_read_that_is_stopped_leaves_the_source_as_it_was(self, reader: ReadByHand) -> None:
        """Whoever stops in the middle begins again from where the last whole read ended."""
        reader.world.add(rows_of(range(1, 4)))
        reader.read()
        reader.world.add(rows_of([4]))
        position = reader.position
        with pytest.raises(Interrupted):
            reader.read(interrupt=True)
        assert reader.position == position
        reader.read()
        assert reader.rows().equals(rows_of(range(1, 5)))

    def test_a_source_that_is_gone_is_refused_and_says_why(self, reader: ReadByHand) -> None:
        """At the first read and later ones."""
        reader.world.add(rows_of([1]))
        reader.read()
        reader.world.lose()
        for position in (reader.position, None):
            reader.position = position
            with pytest.raises((InvalidInput, Unreachable)) as caught:
                reader.read()
            assert caught.value.what
