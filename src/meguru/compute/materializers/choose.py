"""Which materializer a value gets."""

from __future__ import annotations

import functools
from typing import Any

from meguru.base.plugins import PluginFamily
from meguru.compute.materializers.base import Materializer, Value, ValueStore
from meguru.errors import InvalidInput

_HERE = "meguru.compute.materializers"
# In this order; what other packages add is asked first.
_BUILT_IN = {
    "plain": f"{_HERE}.plain:PLAIN",
    "polars": f"{_HERE}.polars_frame:POLARS",
    "model": f"{_HERE}.model:MODEL",
    "numpy": f"{_HERE}.numpy_array:NUMPY",
    "pandas": f"{_HERE}.pandas_frame:PANDAS",
    "arrow": f"{_HERE}.arrow:ARROW",
    "sparse": f"{_HERE}.scipy_sparse:SPARSE",
    "figure": f"{_HERE}.figure:FIGURE",
    "bytes": f"{_HERE}.raw:RAW",
    "files": f"{_HERE}.files:FILES",
    "record": f"{_HERE}.record:RECORD",
    "annotated": f"{_HERE}.annotated:ANNOTATED",
    "nested": f"{_HERE}.nested:NESTED",
    "items": f"{_HERE}.items:ITEMS",
}
MATERIALIZERS = PluginFamily("materializer", _BUILT_IN)


@functools.cache
def added() -> tuple[str, ...]:
    """Return the names of the materializers that other installed packages bring."""
    return tuple(name for name in MATERIALIZERS.names() if name not in _BUILT_IN)


def save(value: Any, annotation: Any, place: ValueStore) -> Value:
    """Write a value with the first materializer that it fits.

    Raises
    ------
    InvalidInput
        If none takes it; the message says how to add one.
    """
    for name in [*added(), *_BUILT_IN]:
        materializer: Materializer = MATERIALIZERS.load(name)
        if materializer.fits(value):
            return materializer.save(value, annotation, place)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    raise InvalidInput(
        f"a step can't return a {kind}",
        why="nothing knows how to write it for the next step",
        hint="return a frame, array, table, model, figure, Path, bytes, dataclass or plain value; or add a "
        "materializer: an object with fits, save and load, named in the entry points "
        "'meguru.materializer' of your package (docs/how-to/materializers.md)",
    )


def load(value: Value, annotation: Any, place: ValueStore) -> Any:
    """Read a value with the materializer that wrote it."""
    materializer: Materializer = MATERIALIZERS.load(value.kind)
    return materializer.load(value, annotation, place)
