"""Figures of matplotlib, as pictures that people can look at: ``figure.png`` and ``figure.svg``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meguru.artifacts import trees
from meguru.compute.materializers.base import Value, ValueStore, is_from

_SALT = "meguru"


class Figure:
    """Two pictures without dates, so that equal figures are equal bytes.

    A figure itself could only be pickled: a later step is given the path of the PNG; the SVG is beside it.
    """

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a figure."""
        return is_from(value, "matplotlib") and hasattr(value, "savefig")

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Draw the pictures."""
        del annotation
        import matplotlib as mpl

        folder = place.scratch / "figure"
        folder.mkdir(parents=True, exist_ok=True)
        png, svg = folder / "figure.png", folder / "figure.svg"
        # Names inside an SVG are random unless they are salted.
        with mpl.rc_context({"svg.hashsalt": _SALT}):
            value.savefig(png, format="png", metadata={"Software": None})
            value.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        entries = [
            trees.TreeEntry(path=path.name, digest=place.blobs.put_file(path), size=path.stat().st_size)
            for path in (png, svg)
        ]
        digest = trees.put_entries(place.blobs, entries)
        info = {"pictures": {entry.path: entry.digest for entry in entries}}
        return Value(
            kind="figure", digest=digest, size=sum(tree_entry.size for tree_entry in entries), info=info
        )

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Path:
        """Return the path of the PNG."""
        del annotation
        return trees.fetch(place.blobs, value.digest, place.scratch / value.digest[:16]) / "figure.png"


FIGURE = Figure()
