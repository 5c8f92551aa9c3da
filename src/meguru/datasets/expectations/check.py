"""Hold a version against what is expected of its dataset, and show what came of it before."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.datasets import store as datasets
from meguru.datasets.expectations import store
from meguru.datasets.expectations.enforce import checked_rows, record_check
from meguru.datasets.expectations.evaluate import HIDDEN, evaluate
from meguru.datasets.expectations.read import expectations_of, of_checks
from meguru.datasets.expectations.types import DatasetCheck, ExpectationResult
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.manifest import load_manifest
from meguru.datasets.redaction import hidden_columns, personal_columns
from meguru.datasets.spec import spec_of
from meguru.datasets.types import Checks, DatasetVersion
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation


@operation("dataset.check", permission="dataset:check", on="ref")
def check(ctx: Context, *, ref: str, expect: list[dict[str, Any]] | None = None) -> DatasetCheck:
    """Hold the rows of a version against what is expected, now, and keep what came of it.

    `expect` is what to hold them against instead of what was declared of the dataset.

    Raises
    ------
    InvalidInput
        If nothing is expected.
    """
    with ctx.ws.read() as tx:
        version = datasets.resolve(tx, ref, ctx.readable)
        spec = spec_of(tx, version.name)
        before = datasets.versions(tx, version.name, before=version.version, limit=1)
    results = _judged(ctx, version, spec, before[0].rows if before else None, expect)
    if not results:
        raise InvalidInput(
            f"nothing is expected of dataset/{version.name}",
            hint=f"meguru data check {version.name} --propose",
            field="expect",
        )
    datasets.lock(ctx.tx, version.name, ctx.now())
    datasets.get(ctx.tx, version.name, version.version)  # it may have been removed meanwhile
    dataset_check = record_check(ctx, version, results)
    return dataset_check if dataset_check is not None else store.page(ctx.tx, version.name, limit=1)[0]


@operation("dataset.checks", permission="dataset:read", query=True, on="name")
def checks(
    ctx: Context, *, name: str, version: int | None = None, before: str = "", limit: int = 50
) -> Page[DatasetCheck]:
    """List what came of the expectations of a dataset, newest first.

    `version` asks for those of one version, 0 for those of rows that were refused.
    """
    bare = refs.parse(name, kind="dataset").name
    dataset_checks = store.page(ctx.tx, bare, version=version, before=before, limit=check_limit(limit) + 1)
    if not dataset_checks and bare not in (known := datasets.names(ctx.tx, ctx.readable)):
        raise NotFound.of("dataset", bare, known)
    hidden = personal_columns(spec_of(ctx.tx, bare))
    items = [_redacted(dataset_check, hidden) for dataset_check in dataset_checks[:limit]]
    return Page(items=items, next_cursor=items[-1].id if len(dataset_checks) > limit else "")


def _judged(
    ctx: Context,
    version: DatasetVersion,
    spec: DatasetSpec,
    rows_before: int | None,
    expect: list[dict[str, Any]] | None,
) -> list[ExpectationResult]:
    from meguru.datasets.frames import scan_of

    if expect is None:
        short = [*of_checks(spec.checks), *of_checks(Checks(unique=spec.key))]
        expected = [*short, *expectations_of(spec.expect)]
    else:
        expected = expectations_of(expect)
    if not expected:
        return []
    rows = checked_rows(
        ctx,
        version.name,
        scan_of(ctx.blobs, version),
        event_time=version.event_time or spec.time,
        rows_before=rows_before,
    )
    return evaluate(expected, rows, hidden=hidden_columns(spec, load_manifest(ctx.blobs, version)))


def _redacted(check: DatasetCheck, hidden: frozenset[str]) -> DatasetCheck:
    """Leave out what became personal after it was written."""
    if not hidden:
        return check
    results = [
        msgspec.structs.replace(
            result,
            sample=[
                {name: HIDDEN if name in hidden else value for name, value in row.items()}
                for row in result.sample
            ],
        )
        for result in check.results
    ]
    return msgspec.structs.replace(check, results=results)
