"""Polars frames and series, as uncompressed Arrow IPC files."""

from __future__ import annotations

import io
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from meguru.compute.materializers.base import Value, ValueStore, is_from, put

_LARGE = 64 << 20
"""Bytes from which a file is written in batches, and mapped when it is read."""
_CELLS = 4 << 20
_MIN_ROWS = 1024
"""Of a batch: so many cells, but not fewer rows. Digests of values rest upon both."""


class PolarsFrame:
    """Record batches in Arrow's plain layout, so that equal frames are equal bytes however they were made.

    How many rows a batch has follows from the frame's shape alone: of a large frame, only one batch at a time
    is put together in memory. A value under a null is written as it lies in memory; frames that differ only
    there count as different.
    """

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a DataFrame, LazyFrame or Series."""
        return is_from(value, "polars") and type(value).__name__ in {"DataFrame", "LazyFrame", "Series"}

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write an Arrow file."""
        del annotation
        import polars as pl

        shape, frame = type(value).__name__, value
        if shape == "LazyFrame":
            frame = value.collect()
        elif shape == "Series":
            frame = value.to_frame()
        options: dict[str, Any] = {"compression": "uncompressed", "compat_level": pl.CompatLevel.oldest()}
        rows = max(_MIN_ROWS, _CELLS // max(1, frame.width))
        if frame.height <= rows and frame.estimated_size() < _LARGE:
            buffer = io.BytesIO()
            frame.rechunk().write_ipc(buffer, **options)
            return put("polars", buffer.getvalue(), place, {"shape": shape})
        if frame.height <= rows:
            frame = frame.rechunk()
        place.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.scratch, suffix=".arrow") as file:
            path = Path(file.name)
            frame.write_ipc(path, **options, record_batch_size=rows)
            digest, size = place.blobs.put_file(path), path.stat().st_size
        return Value(kind="polars", digest=digest, size=size, meta={"shape": shape})

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read the file; a large one of plain columns is mapped if PyArrow is there, else it is read once."""
        del annotation
        path = place.blobs.path(value.digest)
        frame = _mapped(path) if value.size >= _LARGE else None
        if frame is None:
            import polars as pl

            frame = pl.read_ipc(path)
        if value.meta["shape"] == "Series":
            return frame.to_series()
        return frame.lazy() if value.meta["shape"] == "LazyFrame" else frame


def _mapped(path: Path) -> Any:
    """Map a file; None if PyArrow is missing, or has another idea of a column's type than Polars."""
    import polars as pl

    if find_spec("pyarrow") is None:
        return None
    wanted = pl.read_ipc_schema(path)
    if not all(kind.is_numeric() or kind.is_temporal() or kind == pl.Boolean for kind in wanted.values()):
        return None
    import pyarrow as pa  # type: ignore[import-untyped]

    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    frame = pl.DataFrame(pl.from_arrow(table, rechunk=False))
    return frame if dict(frame.schema) == dict(wanted) else None


POLARS = PolarsFrame()
