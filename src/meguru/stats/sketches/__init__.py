"""Mergeable sketches of columns, for where no baseline gives the bins beforehand: Apache DataSketches."""

from meguru.stats.sketches.base import (
    ColumnSketch,
    can_sketch,
    merged,
    read_sketch,
    sketch_column,
    write_sketch,
)

__all__ = ["ColumnSketch", "can_sketch", "merged", "read_sketch", "sketch_column", "write_sketch"]
