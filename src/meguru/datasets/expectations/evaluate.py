"""Evaluate expectations over rows: one select for all, then a sample of the rows that fail."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import reason
from meguru.datasets.expectations.base import CheckedRows, Expectation, Verdict
from meguru.datasets.expectations.sql import FailingRowsQuery
from meguru.datasets.expectations.types import ExpectationResult
from meguru.datasets.frames import plain_value
from meguru.errors import InvalidInput, MeguruError, TimedOut, TooLarge

if TYPE_CHECKING:
    import polars as pl

MAX_SAMPLE_ROWS, MAX_SAMPLE_COLUMNS, MAX_CHARACTERS = 5, 30, 200
HIDDEN = "•••"
"""Stands for a value that not everybody may see."""
_ROWS = "rows"


def evaluate(
    expectations: Sequence[Expectation], rows: CheckedRows, *, hidden: Collection[str] = ()
) -> list[ExpectationResult]:
    """Hold rows against expectations; what they can't be held against, they do not hold.

    Parameters
    ----------
    expectations
        What is expected, in the order of the answer.
    rows
        The rows, and what is known beside them. They are read once, in bounded memory, but for those few
        that are shown.
    hidden
        Columns whose values are not shown.

    Notes
    -----
    Expectations that are queries, or distinct values of several columns, need more memory than the others.
    """
    parts = _all_measures(expectations, rows)
    seen = _measured(rows, parts)
    results = []
    for expectation, measures, found in zip(expectations, parts, seen, strict=True):
        verdict = measures if isinstance(measures, Verdict) else _verdict(expectation, found, rows)
        results.append(_result(expectation, verdict, int(found[_ROWS]), rows, hidden))
    return results


Measures = Mapping[str, "pl.Expr"] | Verdict


def _all_measures(expectations: Sequence[Expectation], rows: CheckedRows) -> list[Measures]:
    """Return what is to be measured of each; that it can't be is a verdict too."""
    import polars as pl

    found = [_measures(expectation, rows) for expectation in expectations]
    try:
        rows.scan.select(**_aliased(found)).collect_schema()
    except pl.exceptions.PolarsError:  # an expression does not fit the columns: which one?
        return [_fitting(each, rows) for each in found]
    return found


def _measures(expectation: Expectation, rows: CheckedRows) -> Measures:
    try:
        return expectation.measures(rows)
    except InvalidInput as error:
        return Verdict(0, _message(error), passed=False)


def _fitting(measures: Measures, rows: CheckedRows) -> Measures:
    import polars as pl

    try:
        if not isinstance(measures, Verdict):
            rows.scan.select(**measures).collect_schema()
    except pl.exceptions.PolarsError as error:
        return Verdict(0, reason(error), passed=False)
    return measures


def _aliased(parts: Sequence[Measures]) -> dict[str, pl.Expr]:
    return {
        f"{at}.{name}": each
        for at, measures in enumerate(parts)
        if not isinstance(measures, Verdict)
        for name, each in measures.items()
    }


def _measured(rows: CheckedRows, parts: Sequence[Measures]) -> list[dict[str, Any]]:
    """Measure all in one select; if one of them breaks it, each by itself."""
    import polars as pl

    wanted = _aliased(parts)
    counted = {_ROWS: pl.len()}
    try:
        values = rows.scan.select(**counted, **wanted).collect(engine="streaming").row(0, named=True)
    except pl.exceptions.PolarsError:
        values = rows.scan.select(**counted).collect(engine="streaming").row(0, named=True)
        for name, each in wanted.items():
            try:
                values |= rows.scan.select(each.alias(name)).collect(engine="streaming").row(0, named=True)
            except pl.exceptions.PolarsError as error:
                values[name] = error
    found: list[dict[str, Any]] = [{_ROWS: values[_ROWS]} for _ in parts]
    for name in wanted:
        at, _, own = name.partition(".")
        found[int(at)][own] = values[name]
    return found


def _verdict(expectation: Expectation, seen: dict[str, Any], rows: CheckedRows) -> Verdict:
    import polars as pl

    broken = next((each for each in seen.values() if isinstance(each, Exception)), None)
    try:
        if broken:
            raise broken
        return expectation.verdict(seen, rows)
    except (InvalidInput, TimedOut, TooLarge) as error:
        return Verdict(0, _message(error), passed=False)
    except pl.exceptions.PolarsError as error:
        return Verdict(0, reason(error), passed=False)


def _message(error: MeguruError) -> str:
    return "; ".join(filter(None, (error.what, error.why, error.hint)))


def _result(
    expectation: Expectation, verdict: Verdict, count: int, rows: CheckedRows, hidden: Collection[str]
) -> ExpectationResult:
    sample = [] if not verdict.failing else _sample(expectation, rows, hidden)
    return ExpectationResult(
        check=expectation.key,
        says=expectation.says()[:1000],
        columns=expectation.names(),
        severity=expectation.severity,
        tolerance=expectation.tolerance,
        passed=verdict.passed,
        failing=verdict.failing,
        rows=count,
        observed=verdict.observed[:1000],
        sample=sample,
    )


def _sample(expectation: Expectation, rows: CheckedRows, hidden: Collection[str]) -> list[dict[str, Any]]:
    import polars as pl

    if hidden and expectation.key == FailingRowsQuery.key:
        return []  # a query gives columns names of its own: nobody can tell which of its values are hidden
    try:
        found = expectation.failing(rows)
        if found is None:
            return []
        named = found.collect_schema().names()
        first = [name for name in expectation.names() if name in named]
        chosen = [*first, *(name for name in named if name not in first)][:MAX_SAMPLE_COLUMNS]
        few = found.select(chosen).head(MAX_SAMPLE_ROWS).collect(engine="streaming")
    except (pl.exceptions.PolarsError, MeguruError):
        return []
    return [
        {name: HIDDEN if name in hidden else _shortened(value) for name, value in row.items()}
        for row in few.iter_rows(named=True)
    ]


def _shortened(value: Any) -> Any:
    plain = plain_value(value)
    if isinstance(plain, str) and len(plain) > MAX_CHARACTERS:
        return plain[: MAX_CHARACTERS - 1] + "…"
    if isinstance(plain, list | dict):
        return str(plain)[:MAX_CHARACTERS]
    return plain
