"""Schemas of pandera as expectations: what they say in data is taken over, Python code is not."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from meguru.datasets.expectations.columns import word_of
from meguru.errors import InvalidInput, MissingDependency

Declared = dict[str, Any]


def expectations_of_schema(schema: Any) -> list[Declared]:
    """Return the expectations that a schema of pandera is: a ``DataFrameSchema`` or a ``DataFrameModel``.

    Columns, types, whether values may be missing or repeat, and the checks of pandera are taken over, each
    as a declaration that a server judges without pandera. A check with ``raise_warning`` warns.

    Raises
    ------
    InvalidInput
        If it is no such schema, or has a check that is Python code, which nobody else can run.
    MissingDependency
        Without the extra ``pandera``.
    """
    try:
        import pandera.polars as pandera
    except ImportError as error:
        raise MissingDependency.of("pandera", "pandera") from error
    if isinstance(schema, type) and issubclass(schema, pandera.DataFrameModel):
        schema = schema.to_schema()
    if not isinstance(schema, pandera.DataFrameSchema):
        what = f"{type(schema).__name__} is no schema of pandera for Polars"
        raise InvalidInput(what, hint="write it with pandera.polars", field="expect")
    if schema.checks:
        raise _code("the whole table")
    return list(_of_schema(schema))


def load_schema(root: Path, text: str) -> list[Declared]:
    """Return the expectations of ``FILE.py:NAME``, a file in the project's folder, which is run for it."""
    name, colon, wanted = text.rpartition(":")
    file = (root / name).resolve()
    if not (colon and wanted.isidentifier() and name.endswith(".py")):
        raise InvalidInput(f"{text[:80]!r} names no schema", hint='write "schema.py:orders"', field="expect")
    if not file.is_relative_to(root.resolve()) or not file.is_file():
        raise InvalidInput(f"there is no file {name[:200]!r}", why=f"in {root}", field="expect")
    sys.path.insert(0, str(root))
    try:
        found = runpy.run_path(str(file))
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise InvalidInput(f"{name} can't be run", where=str(file), why=why[:300], field="expect") from error
    finally:
        sys.path.remove(str(root))
    if wanted not in found:
        raise InvalidInput(f"{name} has no {wanted!r}", where=str(file), field="expect")
    return expectations_of_schema(found[wanted])


def declared(root: Path, expect: str | Sequence[Declared | str]) -> list[Declared]:
    """Return what is declared, with the expectations of schemas in the place of their names."""
    listed = [expect] if isinstance(expect, str) else list(expect)
    found: list[Declared] = []
    for each in listed:
        if isinstance(each, str):
            found += load_schema(root, each)
        else:  # times, which TOML has as such, as JSON has them
            found.append({name: _plain(value) for name, value in each.items()})
    return found


def _of_schema(schema: Any) -> Iterator[Declared]:
    types = {}
    for name, column in schema.columns.items():
        if column.regex:
            raise InvalidInput(f"the column {name!r} is a pattern", hint="name each column", field="expect")
        if column.required:
            coerced = schema.coerce or column.coerce or column.dtype is None
            types[name] = "any" if coerced else word_of(str(column.dtype))
    if types:
        yield {"check": "schema", "columns": types, "exact": schema.strict is True}
    full = [name for name, column in schema.columns.items() if not column.nullable and column.required]
    if full:
        yield {"check": "nulls", "columns": full}
    for name, column in schema.columns.items():
        if column.unique:
            yield {"check": "unique", "columns": [name]}
        for check in column.checks:
            yield _of_check(name, check) | ({"severity": "warn"} if check.raise_warning else {})
    if schema.unique:
        listed = [schema.unique] if isinstance(schema.unique, str) else list(schema.unique)
        yield {"check": "unique", "columns": listed}


def _of_check(column: str, check: Any) -> Declared:
    make = _CHECKS.get(str(check.name))
    if make is None or not check.statistics:
        raise _code(f"column {column!r}")
    return make(column, check.statistics)


def _code(of: str) -> InvalidInput:
    return InvalidInput(
        f"a check of {of} is Python code",
        why="a server judges what is declared, and runs no code for it",
        hint='say it as an expression: check = "expression", where = "price > 0"',
        field="expect",
    )


def _compared(sign: str, name: str) -> Callable[[str, Any], Declared]:
    return lambda column, said: _where(column, f"{{column}} {sign} {said[name]!r}")


def _where(column: str, text: str) -> Declared:
    return {"check": "expression", "where": text.format(column=f"column({column!r})")}


def _range(column: str, low: Any, high: Any) -> Declared:
    ends = {name: _plain(end) for name, end in (("min", low), ("max", high)) if end is not None}
    return {"check": "range", "column": column} | ends


def _within(column: str, said: Any) -> Declared:
    if said.get("include_min", True) and said.get("include_max", True):
        return _range(column, said["min_value"], said["max_value"])
    low = "<=" if said.get("include_min", True) else "<"
    high = "<=" if said.get("include_max", True) else "<"
    return _where(column, f"{said['min_value']!r} {low} {{column}} {high} {said['max_value']!r}")


def _length(column: str, said: Any) -> Declared:
    exact = said.get("exact_value")
    low, high = (exact, exact) if exact is not None else (said["min_value"], said["max_value"])
    return {"check": "length", "column": column, "min": low or 0} | (
        {"max": high} if high is not None else {}
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


_CHECKS: dict[str, Callable[[str, Any], Declared]] = {
    "equal_to": _compared("==", "value"),
    "not_equal_to": _compared("!=", "value"),
    "greater_than": _compared(">", "min_value"),
    "less_than": _compared("<", "max_value"),
    "greater_than_or_equal_to": lambda column, said: _range(column, said["min_value"], None),
    "less_than_or_equal_to": lambda column, said: _range(column, None, said["max_value"]),
    "in_range": _within,
    "isin": lambda column, said: {
        "check": "allowed",
        "column": column,
        "values": list(said["allowed_values"]),
    },
    "notin": lambda column, said: _where(column, f"{{column}} not in {list(said['forbidden_values'])!r}"),
    "str_matches": lambda column, said: {
        "check": "pattern",
        "column": column,
        "pattern": f"^(?:{said['pattern']})",
    },
    "str_contains": lambda column, said: {
        "check": "pattern",
        "column": column,
        "pattern": str(said["pattern"]),
    },
    "str_startswith": lambda column, said: _where(column, f"starts_with({{column}}, {said['string']!r})"),
    "str_endswith": lambda column, said: _where(column, f"ends_with({{column}}, {said['string']!r})"),
    "str_length": _length,
}
