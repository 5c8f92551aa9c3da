"""Which columns of a version look like personal data, and nothing was said of them."""

from __future__ import annotations

import msgspec

from meguru.datasets import store
from meguru.datasets.redaction import PERSONAL
from meguru.datasets.spec import spec_of
from meguru.kernel.operations import Context, operation

ROWS = 2000
"""So many rows are looked at."""


class PersonalColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column that looks like personal data, and whether its values or its name tell it."""

    column: str
    kind: str
    by_value: bool


@operation("dataset.personal", permission="dataset:read", query=True, on="ref")
def personal(ctx: Context, *, ref: str) -> list[PersonalColumn]:
    """List columns of a version that look like personal data and have no tag; no value is told."""
    from meguru.datasets.frames import scan_of
    from meguru.datasets.personal.detect import detect

    version = store.resolve(ctx.tx, ref, ctx.readable)
    if version.remote_environment or version.format == "files":
        return []
    specs = spec_of(ctx.tx, version.name).columns
    rows = scan_of(ctx.blobs, version).head(ROWS).collect(engine="streaming")
    free = [name for name in rows.columns if not (name in specs and PERSONAL in specs[name].tags)]
    return [
        PersonalColumn(column=each.column, kind=each.kind, by_value=each.by_value)
        for each in detect(rows.select(free))
    ]
