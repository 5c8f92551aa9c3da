"""Enforce expectations on a version that is about to be registered, and record the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from meguru.base import ids, refs
from meguru.datasets import store as datasets
from meguru.datasets.checking import known_column
from meguru.datasets.expectations import store
from meguru.datasets.expectations.base import CheckedRows
from meguru.datasets.expectations.evaluate import evaluate
from meguru.datasets.expectations.read import expectations_of, of_checks
from meguru.datasets.expectations.types import DatasetCheck, ExpectationResult, state_of
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.sql.confined import query_rows
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from meguru.datasets.kind import DatasetSpec
    from meguru.datasets.types import Checks, DatasetVersion
    from meguru.kernel.operations import Context
    from meguru.kernel.workspace import Workspace

_SHOWN = 20


def checked_rows(
    ctx: Context, name: str, scan: pl.LazyFrame, *, event_time: str = "", rows_before: int | None = None
) -> CheckedRows:
    """Return rows as they are held against expectations, with what else these need to know."""
    return CheckedRows(
        scan=scan,
        schema=dict(scan.collect_schema()),
        now=ctx.now(),
        event_time=event_time,
        rows_before=rows_before,
        values=lambda other, columns: _values(ctx, refs.within(refs.project_of(name), other), columns),
        ask=query_rows,
    )


def enforce(
    ctx: Context,
    name: str,
    spec: DatasetSpec,
    *,
    given: pl.LazyFrame | None,
    checks: Sequence[Checks],
    whole: pl.LazyFrame | None,
    expect: Sequence[dict[str, Any]],
    event_time: str,
    rows_before: int | None,
) -> list[ExpectationResult]:
    """Judge the files that are given by `checks`, and all rows that the version would have by `expect`.

    Raises
    ------
    InvalidInput
        If what stops a version does not hold, with all that does not. When the transaction was undone, the
        refusal is written down.
    """
    results: list[ExpectationResult] = []
    hidden = hidden_columns(spec)
    expectations = [expectation for every in checks for expectation in of_checks(every)]
    if expectations and given is not None:
        rows = checked_rows(ctx, name, given, event_time=event_time, rows_before=rows_before)
        results += evaluate(expectations, rows, hidden=hidden)
    if expect and whole is not None:
        rows = checked_rows(ctx, name, whole, event_time=event_time, rows_before=rows_before)
        results += evaluate(expectations_of(expect), rows, hidden=hidden)
    if state_of(results, registered=False) == "refused":
        refuse(ctx, name, results)
    return results


def refuse(ctx: Context, name: str, results: list[ExpectationResult]) -> None:
    """Raise InvalidInput for what does not hold, and have the refusal written down."""
    # What is raised undoes this transaction: the refusal is written in one of its own, after the rollback.
    ctx.if_undone.append(lambda ws: _write_refusal(ws, ctx.operation.name, name, results))
    wrong = [result for result in results if not result.passed and result.severity == "stop"]
    what = f"the data fails {len(wrong)} check{'s' if len(wrong) > 1 else ''}"
    raise InvalidInput(
        what, why="; ".join(_sentences(wrong)), field="checks", hint="mend the data, or the checks"
    )


def record_check(
    ctx: Context, version: DatasetVersion, results: list[ExpectationResult]
) -> DatasetCheck | None:
    """Keep what came of a version's expectations, and tell of it; nothing, if nothing was expected."""
    if not results:
        return None
    check = _check(ctx.ws, version.name, version.version, results, registered=True)
    store.add(ctx.tx, check)
    ctx.emit("dataset_version.checked", version.ref, data=_event_data(check))
    return check


def _write_refusal(ws: Workspace, operation: str, name: str, results: list[ExpectationResult]) -> None:
    check = _check(ws, name, 0, results, registered=False)
    told = _event_data(check)
    with ws.db.write() as tx:
        store.add(tx, check)
        events.append(
            tx,
            type="dataset.refused",
            at=check.at,
            actor=check.by,
            operation=operation,
            subject=refs.make("dataset", name),
            project=refs.project_of(name),
            cause=ws.cause,
            data={key: told[key] for key in ("name", "rows", "wrong")},
        )
    ws.notify()


def _check(
    ws: Workspace, name: str, version: int, results: list[ExpectationResult], *, registered: bool
) -> DatasetCheck:
    return DatasetCheck(
        id=ids.new_id("dchk"),
        name=name,
        version=version,
        state=state_of(results, registered=registered),
        rows=max((result.rows for result in results), default=0),
        results=results,
        at=ws.clock.now(),
        by=ws.principal.name,
    )


def _event_data(check: DatasetCheck) -> dict[str, Any]:
    wrong = _sentences([result for result in check.results if not result.passed])
    return {"name": check.name, "state": check.state, "rows": check.rows, "wrong": wrong}


def _sentences(results: Sequence[ExpectationResult]) -> list[str]:
    """Say what does not hold, without any value of a row."""
    told = [_sentence(result) for result in results[:_SHOWN]]
    return told + ([f"and {len(results) - _SHOWN} more"] if len(results) > _SHOWN else [])


def _sentence(result: ExpectationResult) -> str:
    if result.check in {"volume", "nulls", "unique"}:
        return result.observed
    return f"{result.says}: {result.observed}"


def _values(ctx: Context, name: str, columns: list[str]) -> pl.DataFrame:
    """Return the values of another dataset's columns, each combination once."""
    from meguru.datasets.frames import scan_of

    bare = refs.parse(name, kind="dataset").name
    # As if it were not there: a check must not tell what another project has.
    if not ctx.principal.allows("dataset:read", refs.project_of(bare)):
        raise InvalidInput(f"there is no dataset {name!r}", field="dataset")
    try:
        with ctx.ws.read() as tx:
            other = datasets.resolve(tx, name, ctx.readable)
    except NotFound as error:
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field="dataset") from None
    for column in columns:
        known_column(column, [dataset_column.name for dataset_column in other.columns], field="to")
    return scan_of(ctx.blobs, other).select(columns).unique().collect(engine="streaming")
