"""The input example that MLflow keeps beside a model: its rows, and columns for a model that tells none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from meguru.base.paths import check_path
from meguru.errors import InvalidInput, MeguruError
from meguru.flavors.signature import ColumnType, SignatureColumn

ROWS = 20
"""So many of its rows are asked."""
_MAX_BYTES = 16 << 20
_MAX_COLUMNS = 10_000
_USUAL = ("input_example.json", "serving_input_example.json")
_SPLIT, _RECORDS, _INPUTS = "dataframe_split", "dataframe_records", "inputs"
_INSTANCES = "instances"


class InputExample(msgspec.Struct, frozen=True, kw_only=True):
    """Rows as JSON holds them; without `columns` it is a matrix."""

    rows: list[list[Any]]
    columns: tuple[str, ...] = ()

    def fits(self, inputs: tuple[SignatureColumn, ...]) -> bool:
        """Say whether its rows are as wide as a signature; rows with names are compared by name later."""
        return not inputs or bool(self.columns) or len(self.rows[0]) == len(inputs)

    def named(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return its rows by column; a matrix has the columns of `names`, in their order."""
        return [dict(zip(self.columns or names, row, strict=True)) for row in self.rows]

    def completed(self, inputs: tuple[SignatureColumn, ...]) -> tuple[SignatureColumn, ...]:
        """Return the columns of a signature, with those that are null here nullable; without any, its own.

        MLflow's signatures say whether a column must be sent, not whether a number in it may be missing.
        """
        if not inputs:
            return self._signature()
        names = self.columns or [column.name for column in inputs]
        null = {name for place, name in enumerate(names) if any(row[place] is None for row in self.rows)}
        return tuple(
            msgspec.structs.replace(column, nullable=True) if column.name in null else column
            for column in inputs
        )

    def _signature(self) -> tuple[SignatureColumn, ...]:
        width = len(self.columns) or len(self.rows[0])
        names = self.columns or tuple(f"x{place}" for place in range(width))
        return tuple(_column(name, [row[place] for row in self.rows]) for place, name in enumerate(names))


def read_example(folder: Path, told: Any) -> InputExample | None:
    """Return the input example of a folder; None when it has none that is a table or a matrix.

    Parameters
    ----------
    folder
        The model's folder.
    told
        What stands in MLmodel under ``saved_input_example_info``.
    """
    path = told.get("artifact_path") if isinstance(told, Mapping) else None
    for name in (path, *_USUAL) if isinstance(path, str) else _USUAL:
        try:
            file = folder / check_path(name)
            # The path comes out of MLmodel; check_path keeps it within the folder.
            if not file.is_file() or file.stat().st_size > _MAX_BYTES:
                continue
            example = _table(msgspec.json.decode(file.read_bytes()))
        except (MeguruError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue  # no example says nothing of the model
        if example is not None:
            return example
    return None


def _table(value: Any) -> InputExample | None:
    if isinstance(value, Mapping):
        for key in (_SPLIT, _RECORDS, _INPUTS, _INSTANCES):
            if key in value:
                return _table(value[key])
        if isinstance(value.get("columns"), list) and "data" in value:
            return _checked(value["data"], [str(name) for name in value["columns"]])
        if value and all(isinstance(each, list) for each in value.values()):
            return _checked([list(row) for row in zip(*value.values(), strict=False)], list(value))
        return _checked([list(value.values())], list(value)) if value else None
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        names = [str(name) for name in value[0]]
        return _checked([[each.get(name) for name in names] for each in value], names)
    return _checked(value, [])


def _checked(rows: Any, names: list[str]) -> InputExample | None:
    """Return a table whose rows have one length and plain values; None for anything else."""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        return None
    width = len(names) or len(rows[0])
    plain = all(len(row) == width and not any(isinstance(each, list | dict) for each in row) for row in rows)
    if not plain or not 0 < width <= _MAX_COLUMNS or len(set(names)) != len(names):
        return None
    return InputExample(rows=rows[:ROWS], columns=tuple(names))


def _column(name: str, values: list[Any]) -> SignatureColumn:
    present = [value for value in values if value is not None]
    missing = len(present) < len(values)
    if all(isinstance(value, bool) for value in present) and present:
        kind = ColumnType.BOOLEAN
    elif all(isinstance(value, int) and not isinstance(value, bool) for value in present) and present:
        kind = ColumnType.DOUBLE if missing else ColumnType.LONG
    elif all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        kind = ColumnType.DOUBLE
    elif all(isinstance(value, str) for value in present):
        kind = ColumnType.STRING
    else:
        raise InvalidInput(
            f"the column {name!r} of the input example has values of several types",
            field="signature",
            hint="log the model with signature=infer_signature(…)",
        )
    return SignatureColumn(name=name, type=kind, nullable=missing)
