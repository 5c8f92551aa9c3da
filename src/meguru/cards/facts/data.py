"""The data that something was made from, back to where they came in."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import select

from meguru.base import refs
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardColumn, CardData, LineageLine
from meguru.datasets import store as datasets
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetVersion
from meguru.errors import MeguruError, NotFound
from meguru.kernel.events.schema import edge

MAX_EDGES, MAX_PERIODS = 300, 256
_BATCH = 500
_periods: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()
"""First and last event time by the version's digest and column: versions never change."""
_lock = threading.Lock()


def data_of(reader: RecordReader, made_from: Sequence[str]) -> list[CardData]:
    """Return the dataset versions among what a thing was made from, with their columns and period."""
    found = []
    for ref in made_from:
        if refs.parse(ref).kind != "dataset":
            continue
        if not reader.sees(ref):
            continue
        try:
            version = datasets.resolve(reader.tx, ref)
        except NotFound:  # it was removed; that it was used is known all the same
            found.append(CardData(ref=ref))
            continue
        found.append(_data(reader, version))
    return found


def _data(reader: RecordReader, version: DatasetVersion) -> CardData:
    specs = spec_of(reader.tx, version.name).columns
    columns = [
        CardColumn(
            name=column.name, type=column.type, tags=specs[column.name].tags if column.name in specs else []
        )
        for column in version.columns
    ]
    since, until = period_of(reader, version)
    return CardData(
        ref=version.ref,
        digest=version.digest,
        rows=version.rows,
        bytes=version.bytes,
        columns=columns,
        event_time=version.event_time,
        since=since,
        until=until,
    )


def period_of(reader: RecordReader, version: DatasetVersion) -> tuple[str, str]:
    """Return the first and the last event time of a version; empty where it has none, or it is personal."""
    spec = spec_of(reader.tx, version.name).columns.get(version.event_time)
    if not version.event_time or version.remote_environment or (spec and "pii" in spec.tags):
        return "", ""
    key = (version.digest, version.event_time)
    with _lock:
        if (known := _periods.get(key)) is not None:
            return known
    found = _period(reader, version)
    if found is None:
        return "", ""  # not cached: a store that was away for a moment would leave cards without a period
    with _lock:
        _periods[key] = found
        while len(_periods) > MAX_PERIODS:
            _periods.popitem(last=False)
    return found


def _period(reader: RecordReader, version: DatasetVersion) -> tuple[str, str] | None:
    import polars as pl

    from meguru.datasets.frames import scan_of

    column = pl.col(version.event_time)
    try:
        row = (
            scan_of(reader.blobs, version)
            .select(column.min().alias("since"), column.max().alias("until"))
            .collect(engine="streaming")
            .row(0)
        )
    except (
        MeguruError,
        pl.exceptions.PolarsError,
        OSError,
    ):  # the files may be freed; the card is of the rest
        return None
    return tuple("" if each is None else _moment(each) for each in row)  # type: ignore[return-value]


def _moment(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def tags_of(reader: RecordReader, made_from: Sequence[str]) -> dict[str, list[str]]:
    """Return the tags of columns of all data that a thing was made from: they go with the name.

    Also of data that may not be seen: that a column is personal holds for whoever reads.
    """
    found: dict[str, list[str]] = {}
    names = {refs.parse(ref).name for ref in made_from if ref.startswith("dataset/")}
    for name in sorted(names):
        for column, said in spec_of(reader.tx, name).columns.items():
            found[column] = list(dict.fromkeys([*found.get(column, []), *said.tags]))
    return found


def lineage_of(reader: RecordReader, ref: str) -> list[LineageLine]:
    """Return the edges of what a thing was made from, the nearest first, as far as they may be seen."""
    lines: dict[tuple[str, str], LineageLine] = {}
    seen, frontier = {ref}, [ref]
    while frontier and len(lines) < MAX_EDGES:
        query = select(edge.c.source, edge.c.target).where(edge.c.target.in_(frontier[:_BATCH]))
        frontier = frontier[_BATCH:]
        # A dataset of labelled predictions has an edge from each of them: no more is read than is shown.
        nearest = query.order_by(edge.c.event_seq, edge.c.source).limit(MAX_EDGES)
        for row in reader.tx.execute(nearest):
            if not reader.sees(row.source):
                continue
            lines[row.source, row.target] = LineageLine(source=row.source, target=row.target)
            if row.source not in seen:
                seen.add(row.source)
                frontier.append(row.source)
    return list(lines.values())[:MAX_EDGES]
