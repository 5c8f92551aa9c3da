"""Polars frames and series, as uncompressed Arrow IPC files that are mapped, not copied, when read."""

from __future__ import annotations

import io
from typing import Any

from meguru.pipelines.materializers.base import Place, Value, is_from, put

_LARGE = 64 << 20


class PolarsFrame:
    """One record batch in Arrow's plain layout, so that equal frames are equal bytes however they were made.

    A value under a null is written as it lies in memory; frames that differ only there count as different.
    """

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a DataFrame, LazyFrame or Series."""
        return is_from(value, "polars") and type(value).__name__ in {"DataFrame", "LazyFrame", "Series"}

    def save(self, value: Any, annotation: Any, place: Place) -> Value:
        """Write an Arrow file."""
        del annotation
        import polars as pl

        shape, frame = type(value).__name__, value
        if shape == "LazyFrame":
            frame = value.collect()
        elif shape == "Series":
            frame = value.to_frame()
        frame = frame.rechunk()
        options: dict[str, Any] = {"compression": "uncompressed", "compat_level": pl.CompatLevel.oldest()}
        if frame.estimated_size() < _LARGE:
            buffer = io.BytesIO()
            frame.write_ipc(buffer, **options)
            return put("polars", buffer.getvalue(), place, {"shape": shape})
        path = place.scratch / "frame.arrow"
        frame.write_ipc(path, **options)
        digest, size = place.blobs.put_file(path), path.stat().st_size
        path.unlink()
        return Value(kind="polars", digest=digest, size=size, meta={"shape": shape})

    def load(self, value: Value, annotation: Any, place: Place) -> Any:
        """Map the file."""
        del annotation
        import polars as pl

        frame = pl.read_ipc(place.blobs.path(value.digest))
        if value.meta["shape"] == "Series":
            return frame.to_series()
        return frame.lazy() if value.meta["shape"] == "LazyFrame" else frame


POLARS = PolarsFrame()
