"""Show what the rows of a view look like, version by version of its data."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.features import store
from meguru.features.types import ViewRows
from meguru.kernel.operations import Context, operation

MAX_PROFILES = 24
"""So many sets of rows are looked at: the newest."""


class ViewProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a version of a view over versions of its data, and what each feature looks like there.

    `columns` are profiles by feature (see `meguru.stats.profile`); empty if they are not kept any more.
    """

    rows: ViewRows
    columns: dict[str, dict[str, Any]]


@operation("feature_view.profiles", permission="feature_view:read", query=True, on="ref")
def view_profiles(ctx: Context, *, ref: str) -> list[ViewProfile]:
    """Show what the rows of a version of a view look like, over the newest data first."""
    found = store.rows_of(ctx.tx, store.view(ctx.tx, ref, ctx.readable), MAX_PROFILES)
    return [ViewProfile(rows=rows, columns=_columns(ctx, rows)) for rows in found]


def _columns(ctx: Context, rows: ViewRows) -> dict[str, dict[str, Any]]:
    if not ctx.blobs.has(rows.profile):
        return {}
    found: dict[str, Any] = msgspec.json.decode(ctx.blobs.get_bytes(rows.profile))
    return {**found.get("columns", {}), **found.get("times", {})}
