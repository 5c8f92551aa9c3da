"""Propose what to expect of a dataset, from what one version looks like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.datasets import store
from meguru.datasets.expectations.columns import word_of
from meguru.datasets.manifest import load_manifest
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetVersion
from meguru.kernel.operations import Context, operation

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.profile import CategoricalProfile, NumericProfile, TableProfile, TimeProfile

MAX_CATEGORIES, MIN_ROWS = 20, 50
"""So many categories may be all there are, if there are so many rows with them."""
MARGIN = 0.5
"""By this share of their spread may later numbers be beyond the present ones."""
FORMS = {
    "uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    "e-mail": r"^[^@\s]+@[^@\s]+\.[^@\s.]+$",
    "digits": r"^\d+$",
    "code": r"^[A-Z0-9_-]+$",
}
"""Forms of texts that are proposed where all have one; the first that fits."""


class ProposedExpectations(msgspec.Struct, frozen=True, kw_only=True):
    """What may be declared of a dataset; it all holds for the version that it was proposed from."""

    ref: str
    expect: list[dict[str, Any]]


@operation("dataset.propose", permission="dataset:read", query=True, on="ref")
def propose(ctx: Context, *, ref: str) -> ProposedExpectations:
    """Propose expectations from the rows of a version: what is always so stops, what may change warns.

    Values of columns that are personal are not shown.
    """
    from meguru.datasets.frames import profile_of, scan_of

    version = store.resolve(ctx.tx, ref, ctx.readable)
    spec = spec_of(ctx.tx, version.name)
    profile, scan = profile_of(ctx.blobs, version), scan_of(ctx.blobs, version)
    hidden = hidden_columns(spec, load_manifest(ctx.blobs, version))
    found = [
        {"check": "schema", "columns": {column.name: word_of(column.type) for column in version.columns}},
        *_nulls(profile, [column.name for column in version.columns]),
        *_unique(scan, spec.key, profile),
        *(value for value in _values(profile, scan) if value["column"] not in hidden),
        *_fresh(version, profile),
        {"check": "volume", "min": 1},
        {"check": "volume", "max_drop": 0.5, "severity": "warn"},
    ]
    return ProposedExpectations(ref=version.ref, expect=found)


def _nulls(profile: TableProfile, names: list[str]) -> Iterator[dict[str, Any]]:
    known = {**profile.columns, **profile.times}
    counted = {name: (known[name].count, known[name].nulls) for name in names if name in known}
    full = [name for name, (count, nulls) in counted.items() if count and not nulls]
    if full:
        yield {"check": "nulls", "columns": full}
    for name, (count, nulls) in counted.items():
        if count and nulls:
            share = min(1.0, math.ceil(200 * nulls / (count + nulls)) / 100)
            if share < 1:
                yield {"check": "nulls", "column": name, "tolerance": share, "severity": "warn"}


def _unique(scan: pl.LazyFrame, key: list[str], profile: TableProfile) -> Iterator[dict[str, Any]]:
    """Propose the first column that tells a row, if no key is declared."""
    import polars as pl

    if key or profile.rows < MAX_CATEGORIES:
        return
    known = profile.columns
    maybe = [
        name
        for name, dtype in scan.collect_schema().items()
        if name in known and not known[name].nulls and (dtype.is_integer() or dtype == pl.String)
    ]
    if not maybe:
        return
    counts = scan.select(pl.col(name).n_unique() for name in maybe).collect(engine="streaming").row(0)
    for name, count in zip(maybe, counts, strict=True):
        if count == profile.rows:
            yield {"check": "unique", "columns": [name]}
            return


def _values(profile: TableProfile, scan: pl.LazyFrame) -> Iterator[dict[str, Any]]:
    import polars as pl

    from meguru.stats.profile import NumericProfile

    schema = scan.collect_schema()
    texts = []
    for name in schema:
        each = profile.columns.get(name)
        if each is None:
            continue
        if isinstance(each, NumericProfile):
            yield from _range(name, each, whole=schema[name].is_integer())
        elif schema[name] == pl.String:
            if each.distinct <= MAX_CATEGORIES and each.count >= MIN_ROWS:
                yield _allowed(name, each)
            elif each.count:
                texts.append(name)
    yield from _forms(scan, texts)


def _range(name: str, profile: NumericProfile, *, whole: bool) -> Iterator[dict[str, Any]]:
    """Propose ends with room beyond those that were seen; what was never negative stays so."""
    if profile.minimum is None or profile.maximum is None:
        return
    room = MARGIN * (profile.maximum - profile.minimum) or abs(profile.maximum) or 1.0
    low, high = _round(profile.minimum - room, up=False), _round(profile.maximum + room, up=True)
    if profile.minimum >= 0:
        low = max(low, 0.0)
    ends = {"min": int(low) if whole else low, "max": int(high) if whole else high}
    yield {"check": "range", "column": name} | ends | {"severity": "warn"}


def _round(value: float, *, up: bool) -> float:
    """Return a number of two digits that is not nearer to what was seen."""
    if not value:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return float(f"{(math.ceil if up else math.floor)(value / step) * step:.12g}")


def _allowed(name: str, profile: CategoricalProfile) -> dict[str, Any]:
    values = sorted(value for value, _ in profile.top)
    return {"check": "allowed", "column": name, "values": values, "severity": "warn"}


def _forms(scan: pl.LazyFrame, texts: list[str]) -> Iterator[dict[str, Any]]:
    """Propose the form that all texts of a column have, if it is one of those that are known."""
    import polars as pl

    if not texts:
        return
    asked = {
        f"{at}.{form}": pl.col(name).str.contains(pattern).all()
        for at, name in enumerate(texts)
        for form, pattern in FORMS.items()
    }
    held: Mapping[str, bool] = scan.select(**asked).collect(engine="streaming").row(0, named=True)
    for at, name in enumerate(texts):
        fits = next((pattern for form, pattern in FORMS.items() if held[f"{at}.{form}"]), None)
        if fits:
            yield {"check": "pattern", "column": name, "pattern": fits, "severity": "warn"}


def _fresh(version: DatasetVersion, profile: TableProfile) -> Iterator[dict[str, Any]]:
    """Propose twice the age that the newest row had when the version was made, and a day."""
    time_profile: TimeProfile | None = profile.times.get(version.event_time)
    if time_profile is None or time_profile.maximum is None:
        return
    found = datetime.fromisoformat(time_profile.maximum) if "T" in time_profile.maximum else None
    newest = found or datetime.combine(date.fromisoformat(time_profile.maximum), datetime.max.time())
    newest = newest if newest.tzinfo else newest.replace(tzinfo=UTC)
    hours = max(0.0, (version.created_at - newest).total_seconds() / 3600)
    if hours < 365 * 24:
        yield {"check": "freshness", "within": f"{math.ceil(2 * hours) + 24}h", "severity": "warn"}
