"""Repeat erasures that a restored backup has undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from meguru.artifacts.erasure import ErasureSubject, is_text_like, ledger
from meguru.artifacts.erasure.ledger import ErasureLedger, ErasureMarks, mark
from meguru.datasets.personal import store
from meguru.datasets.personal.erase import ErasureReport, find_and_erase, record_erasure
from meguru.datasets.personal.rewrite import rows_with_column
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation

VALUES = "values of people"
"""Those who keep values by the names of columns: ``f(ctx, column) -> Iterable[str]``, each that is there."""
RESTORED = "restored from a backup"


class OwedErasures(msgspec.Struct, frozen=True, kw_only=True):
    """Erasures that the database does not know of: it is older than they are.

    `unreadable` of them were marked by a key that is lost, so that nobody knows who it was.
    """

    ids: list[str]
    newest: datetime | None
    unreadable: int


@operation("erasure.owed", permission="dataset:erase", query=True)
def owed(ctx: Context) -> OwedErasures:
    """Tell which erasures a restored database has forgotten."""
    ctx.require(ctx.operation.permission)
    found, keys = ledger.owed(ctx.ws), ErasureLedger(ctx.ws).keys
    return OwedErasures(
        ids=[each.id for each in found],
        newest=max((each.at for each in found), default=None),
        unreadable=sum(each.key not in keys for each in found),
    )


@operation("erasure.again", permission="dataset:erase")
def again(ctx: Context) -> ErasureReport:
    """Erase again who was erased after the backup was made from which this database was restored.

    They are found by the marks beside the workspace. Those whose key is lost stay owed.

    Raises
    ------
    Conflict
        If something that is found is under a legal hold; nothing is erased then.
    """
    keys = ErasureLedger(ctx.ws).keys
    entries = [each for each in ledger.owed(ctx.ws) if each.key in keys]
    who = _who(ctx, entries, keys)
    if who:
        report = find_and_erase(ctx, ErasureSubject(who), None, dry_run=False)
    else:
        report = ErasureReport(found=[], models=[], dry_run=False)
    bare = msgspec.structs.replace(report, found=[], stays=[], models=[])
    for number, each in enumerate(entries):
        record_erasure(ctx, each, bare if number else report, RESTORED, repeated=True)
    return report


def _who(ctx: Context, entries: Iterable[ErasureMarks], keys: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Return the values that are here and whose marks are in some entries."""
    wanted: dict[str, dict[str, set[str]]] = {}
    for each in entries:
        for column, marks in each.marks.items():
            wanted.setdefault(column, {}).setdefault(each.key, set()).update(marks)
    found = {}
    for column, by_key in wanted.items():
        values = {
            value
            for value in _values(ctx, column)
            # Keyed hashes can't be turned back: each value that is here is hashed and compared.
            if any(mark(keys[key], column, value) in marks for key, marks in by_key.items())
        }
        if values:
            found[column] = sorted(values)
    return found


def _values(ctx: Context, column: str) -> Iterator[str]:
    family = provided(VALUES)
    for name in family.names():
        yield from family.load(name)(ctx, column)


def column_values(ctx: Context, column: str) -> Iterator[str]:
    """Give the values of a column in any version of any dataset."""
    import polars as pl

    with ctx.ws.read() as tx:
        versions = store.all_versions(tx, None)
    for rows in rows_with_column(ctx.blobs, versions, column):
        if is_text_like(rows.collect_schema()[column]):
            text = rows.select(pl.col(column).unique().cast(pl.String)).collect(engine="streaming")
            yield from text[column].drop_nulls()
