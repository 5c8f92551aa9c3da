"""Files and folders, given as a Path."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from meguru.artifacts import trees
from meguru.compute.materializers.base import Value, ValueStore
from meguru.errors import InvalidInput


class FileMaterializer:
    """A file as a blob, a folder as a tree; the next step gets a copy of its own."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a path."""
        return isinstance(value, Path)

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Store what is at the path."""
        del annotation
        if value.is_dir():
            digest = trees.put_folder(place.blobs, value)
            size = sum(entry.size for entry in trees.read_tree(place.blobs, digest))
            return Value(kind="files", digest=digest, size=size, meta={"name": value.name, "folder": True})
        if not value.is_file():
            raise InvalidInput(f"the step returned the path {value}, but nothing is there", where=str(value))
        digest = place.blobs.put_file(value)
        return Value(
            kind="files",
            digest=digest,
            size=place.blobs.size(digest),
            meta={"name": value.name, "folder": False},
        )

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Copy the file or folder below the step's own scratch folder; return its path."""
        del annotation
        target = place.scratch / value.digest[:16] / value.meta["name"]
        if value.meta["folder"]:
            return trees.fetch(place.blobs, value.digest, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place.blobs.path(value.digest), target)
        return target


FILES = FileMaterializer()
