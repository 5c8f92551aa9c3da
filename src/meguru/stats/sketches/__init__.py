"""Small summaries of columns that add up, for where nobody knows bins beforehand: Apache DataSketches."""

from meguru.stats.sketches.base import (
    ColumnSketch,
    can_sketch,
    merged,
    read_sketch,
    sketch_column,
    write_sketch,
)

__all__ = ["ColumnSketch", "can_sketch", "merged", "read_sketch", "sketch_column", "write_sketch"]
