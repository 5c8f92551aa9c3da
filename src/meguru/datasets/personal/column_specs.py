"""What is declared of columns: tags such as ``pii``, and how values are treated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from meguru.datasets.kind import DatasetSpec
from meguru.datasets.types import ColumnSpec
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context

if TYPE_CHECKING:
    from meguru.datasets.personal.treatment import ValueTreatment

MAX_COLUMNS = 1000
_MAX_LENGTH = 200


def with_column_specs(spec: DatasetSpec, columns: Mapping[str, ColumnSpec] | None) -> DatasetSpec:
    """Return a spec with more said of columns; tags are added to those that are there."""
    if not columns:
        return spec
    both = dict(spec.columns)
    for name, said in columns.items():
        before = both.get(name, ColumnSpec())
        tags = list(dict.fromkeys([*before.tags, *said.tags]))
        both[name] = ColumnSpec(tags=tags, treat=said.treat or before.treat)
    return msgspec.structs.replace(spec, columns=both)


def check_columns(columns: Mapping[str, ColumnSpec]) -> None:
    """Refuse what can't be said of columns."""
    if len(columns) > MAX_COLUMNS:
        raise InvalidInput(f"something is said of more than {MAX_COLUMNS:,} columns", field="columns")
    for name, said in columns.items():
        if (
            any(not 0 < len(text) <= _MAX_LENGTH for text in (name, *said.tags))
            or len(said.tags) > MAX_COLUMNS
        ):
            raise InvalidInput(
                "names and tags have 1 to 200 characters", field=f"columns.{name[:_MAX_LENGTH]}"
            )


def treatment(ctx: Context, spec: DatasetSpec) -> ValueTreatment | None:
    """Return how the columns of a dataset are treated."""
    from meguru.datasets.personal.treatment import treatment_of  # with Polars

    return treatment_of(ctx.ws, {name: said.treat for name, said in spec.columns.items() if said.treat})
