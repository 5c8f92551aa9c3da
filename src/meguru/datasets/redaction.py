"""Which columns are masked, because their values are personal."""

from __future__ import annotations

from meguru.datasets.kind import DatasetSpec
from meguru.datasets.types import DataFile, Manifest

PERSONAL = "pii"
"""The tag of columns that tell who somebody is."""


def hidden_columns(spec: DatasetSpec, manifest: Manifest | None = None) -> frozenset[str]:
    """Return the columns of a dataset whose values are not shown, but to who asks to see them in clear.

    What was treated before it was written may be seen, if that holds for all files of a version; None: for
    those that are registered now.
    """
    personal = {name: said.treat for name, said in spec.columns.items() if PERSONAL in said.tags}
    if manifest is None:
        return frozenset(name for name, treat in personal.items() if not treat)
    return frozenset(
        name
        for name in personal
        if not all(_is_treated(file, name) for file in manifest.files)
        and any(column.name == name for column in manifest.columns)
    )


def personal_columns(spec: DatasetSpec) -> frozenset[str]:
    """Return the columns that are personal, treated or not: for rows of which nobody knows how they came."""
    return frozenset(name for name, said in spec.columns.items() if PERSONAL in said.tags)


def _is_treated(file: DataFile, column: str) -> bool:
    return file.source is not None and column in file.source.treated
