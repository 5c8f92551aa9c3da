"""SciPy's sparse arrays and matrices, as a folder of ``.npy`` files in the order that equal ones share."""

from __future__ import annotations

from typing import Any

from meguru.artifacts import trees
from meguru.compute.materializers.base import Value, ValueStore, is_from
from meguru.compute.materializers.numpy_array import NUMPY

_PARTS = ("data", "indices", "indptr")


class ScipySparse:
    """Rows or columns compressed, indices sorted, doubles summed; other formats are made from rows again."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is sparse."""
        return is_from(value, "scipy") and hasattr(value, "nnz") and hasattr(value, "tocsr")

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write the three arrays."""
        made = value.tocsc() if value.format == "csc" else value.tocsr()
        if not made.has_canonical_format:
            made = made.copy()
            made.sum_duplicates()
        written = {name: NUMPY.save(getattr(made, name), annotation, place) for name in _PARTS}
        entries = [
            trees.TreeEntry(path=f"{name}.npy", digest=one.digest, size=one.size)
            for name, one in written.items()
        ]
        meta = {"class": type(value).__name__, "stored": made.format, "shape": list(value.shape)}
        size = sum(one.size for one in written.values())
        return Value(kind="sparse", digest=trees.put_entries(place.blobs, entries), size=size, meta=meta)

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Map the three arrays."""
        import scipy.sparse

        there = {entry.path: entry for entry in trees.read_tree(place.blobs, value.digest)}
        parts = []
        for name in _PARTS:
            entry = there[f"{name}.npy"]
            stored = Value(kind="numpy", digest=entry.digest, size=entry.size)
            parts.append(NUMPY.load(stored, annotation, place))
        kind = getattr(scipy.sparse, value.meta["class"])
        family = "array" if value.meta["class"].endswith("_array") else "matrix"
        compressed = getattr(scipy.sparse, f"{value.meta['stored']}_{family}")
        made = compressed(tuple(parts), shape=tuple(value.meta["shape"]))
        return made if isinstance(made, kind) else kind(made)


SPARSE = ScipySparse()
