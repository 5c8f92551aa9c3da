"""The files of a view's cached rows: sorted by key, and within a key by when each could be seen first.

A row can be seen once its time has come *and* it is known: from the later of `time` and `created`. Of the
rows that can be seen at a moment the one with the newest time holds (of equal times the one that was created
later, of those the one that stands later). A row that is older than what can be seen already when it comes
never holds, and is left out. So what holds at a moment is the last row of the key that can be seen by then,
and one search finds it.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.features.offline import columns
from meguru.features.offline.columns import CachedColumn
from meguru.features.offline.keys import normalised
from meguru.features.offline.times import Unit, as_moments, numbers, unit_of
from meguru.features.types import ViewDefinition

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

SEEN, HELD = "__seen__", "__time__"
"""Columns of kept rows: since when each can be seen, and its own time; whole numbers of the unit."""
START, COUNT = "__start__", "__count__"
"""Columns of kept keys: where the rows of a key begin, and how many there are."""
_RANK, _ROW, _KNOWN = "__rank__", "__row__", "__created__"
LAYOUT = 2
"""Raised when rows are kept differently."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of kept rows: the unit of their moments (empty without any), and counts.

    `given` rows were computed, `dropped` of them had no key or no time; `rows` are kept, of so many
    `entities`. `files` are the other files of the folder, by name, with their sizes.
    """

    keys: list[str]
    features: dict[str, str]
    unit: str
    given: int
    dropped: int
    rows: int
    entities: int
    earliest: int | None = None
    newest: int | None = None
    files: dict[str, int] = {}


class CachedRows:
    """Rows of a view in a folder, mapped into memory: what is not asked for is not read."""

    def __init__(self, folder: Path) -> None:
        import polars as pl

        self.folder = folder
        self.about = msgspec.json.decode((folder / "about.json").read_bytes(), type=About)
        for name, size in self.about.files.items():
            if (folder / name).stat().st_size != size:
                message = f"{folder / name} is not as it was written"
                raise OSError(message)
        self.keys = pl.read_ipc(folder / "keys.arrow")
        self._types = pl.read_ipc(folder / "types.arrow").schema
        self._columns: dict[str, CachedColumn] = {}

    def column(self, name: str) -> CachedColumn:
        """Return a feature's values."""
        if name not in self._columns:
            number = list(self._types).index(name)
            self._columns[name] = CachedColumn(self.folder / str(number), self._types[name])
        return self._columns[name]

    @cached_property
    def visible_from(self) -> np.ndarray:
        """Since when each row can be seen, shape (rows,), ascending within each key."""
        return self._moments("seen.npy")

    @cached_property
    def event_times(self) -> np.ndarray:
        """Each row's own time, shape (rows,)."""
        return self._moments("held.npy") if (self.folder / "held.npy").exists() else self.visible_from

    def _moments(self, name: str) -> np.ndarray:
        import numpy as np

        found: np.ndarray = np.load(self.folder / name, mmap_mode="r")
        return found

    @property
    def unit(self) -> Unit | None:
        """The unit of its moments; None when its values hold always."""
        return None if not self.about.unit else "ns" if self.about.unit == "ns" else "us"


def write_rows(
    frame: pl.DataFrame, view: ViewDefinition, features: dict[str, str], folder: Path
) -> CachedRows:
    """Write the rows of a view below `folder`, whole or not at all, and return them."""
    import polars as pl

    parts = [normalised(frame[name]).alias(name) for name in view.keys]
    unit: Unit | None = None
    if view.time:
        moments = as_moments(frame[view.time], what="the view", field="time")
        unit = unit_of(moments.dtype)
        known = None
        if view.created:
            known = as_moments(frame[view.created], what="the view", field="created")
            unit = "ns" if "ns" in {unit, unit_of(known.dtype)} else unit
        parts.append(numbers(moments, unit).alias(HELD))
        if known is not None:
            parts.append(numbers(known, unit).alias(_KNOWN))
    table = pl.DataFrame(parts).with_columns(frame.select(list(features)))
    table = table.drop_nulls([*view.keys, *([HELD] if view.time else [])])
    rows = _in_order(table, view.keys, created=bool(view.created), timed=bool(view.time))
    about = About(
        keys=list(view.keys),
        features=features,
        unit=unit or "",
        given=frame.height,
        dropped=frame.height - table.height,
        rows=rows.height,
        entities=0,
        earliest=rows[HELD].min() if view.time else None,  # type: ignore[arg-type]
        newest=rows[HELD].max() if view.time else None,  # type: ignore[arg-type]
    )
    return _write(rows, view.keys, list(features), about, folder)


def _in_order(table: pl.DataFrame, keys: list[str], *, created: bool, timed: bool) -> pl.DataFrame:
    """Return the rows that hold at some moment, by key and by when they can be seen."""
    import polars as pl

    if not timed:
        return table.sort(keys, maintain_order=True).unique(keys, keep="last", maintain_order=True)
    if not created:
        rows = table.sort([*keys, HELD], maintain_order=True)
        last = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in [*keys, HELD])
        return rows.filter(last).with_columns(pl.col(HELD).alias(SEEN))
    seen = pl.max_horizontal(HELD, pl.col(_KNOWN).fill_null(pl.col(HELD)))
    known = pl.col(_KNOWN).fill_null(pl.col(HELD))
    rows = table.with_columns(seen.alias(SEEN), known.alias(_KNOWN)).with_row_index(_ROW)
    rows = rows.sort([HELD, _KNOWN, _ROW]).with_row_index(_RANK).sort([*keys, SEEN, _RANK])
    # A row that is older than what could be seen before it never holds: a running maximum finds those in one
    # pass.
    rows = rows.filter(pl.col(_RANK) == pl.col(_RANK).cum_max().over(keys))
    last = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in [*keys, SEEN])
    return rows.filter(last).drop(_RANK, _ROW, _KNOWN)


def _write(
    rows: pl.DataFrame, keys: list[str], features: list[str], about: About, folder: Path
) -> CachedRows:
    import numpy as np
    import polars as pl

    first = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in keys)
    begins = (
        rows.select(keys)
        .with_row_index(START)
        .with_columns(first=first)
        .filter(pl.col("first") | (pl.col(START) == 0))
    )
    ends = begins[START].shift(-1, fill_value=rows.height)
    table = begins.select(*keys, START).with_columns((ends - begins[START]).alias(COUNT))
    about = msgspec.structs.replace(about, entities=table.height)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".rows-"))
    try:
        rows.select(features).clear().write_ipc(draft / "types.arrow")
        for number, name in enumerate(features):
            columns.write(rows[name], draft / str(number))
        if SEEN in rows.columns:
            np.save(draft / "seen.npy", rows[SEEN].to_numpy())
        if SEEN in rows.columns and not (rows[SEEN] == rows[HELD]).all():
            np.save(draft / "held.npy", rows[HELD].to_numpy())
        table.rechunk().write_ipc(draft / "keys.arrow")
        sizes = {each.name: each.stat().st_size for each in draft.iterdir()}
        whole = msgspec.structs.replace(about, files=sizes)
        (draft / "about.json").write_bytes(msgspec.json.encode(whole))
        # Atomic; without fsync, as the rows can be computed again: sizes that differ show what a power
        # failure cut.
        draft.rename(folder)
    except OSError:
        if not folder.exists():  # else another process was quicker, and its rows are the same
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return CachedRows(folder)
