"""Arrow tables and record batches, as Arrow IPC files that are mapped when read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from meguru.compute.materializers.base import Value, ValueStore, is_from

_ROWS = 1 << 20


class ArrowTable:
    """Batches of 1,048,576 rows, however the table was chunked; schema metadata is kept.

    A column with a dictionary is written with the dictionary that it has: equal columns with other
    dictionaries are other bytes.
    """

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a Table or a RecordBatch."""
        return is_from(value, "pyarrow") and type(value).__name__ in {"Table", "RecordBatch"}

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write an Arrow file."""
        del annotation
        import pyarrow as pa  # type: ignore[import-untyped]

        shape = type(value).__name__
        table = pa.Table.from_batches([value]) if shape == "RecordBatch" else value
        place.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.scratch, suffix=".arrow") as file:
            with pa.OSFile(file.name, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                # Piece by piece: putting all chunks together at once would take the memory twice.
                for start in range(0, table.num_rows, _ROWS):
                    writer.write_table(table.slice(start, _ROWS).combine_chunks())
            digest, size = place.blobs.put_file(Path(file.name)), Path(file.name).stat().st_size
        return Value(kind="arrow", digest=digest, size=size, meta={"shape": shape})

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Map the file."""
        del annotation
        import pyarrow as pa

        with pa.memory_map(str(place.blobs.path(value.digest))) as source:
            table = pa.ipc.open_file(source).read_all()
        if value.meta["shape"] == "Table":
            return table
        batches = table.combine_chunks().to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


ARROW = ArrowTable()
