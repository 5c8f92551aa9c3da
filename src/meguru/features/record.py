"""Record the profile of a view's rows, once for each version of the view over versions of its data."""

from __future__ import annotations

import msgspec

from meguru.base import digests, refs
from meguru.base.paging import check_limit
from meguru.errors import InvalidInput
from meguru.features import dtypes, spec_validation, store
from meguru.features.types import ViewRows
from meguru.kernel.operations import Context, operation


@operation("feature_view.record_rows", permission="feature_view:write", on="ref")
def record_rows(ctx: Context, *, ref: str, found: ViewRows) -> ViewRows:
    """Write down what the rows of a version look like; the same again changes nothing.

    Raises
    ------
    InvalidInput
        If the profile is no blob that is here, or a type is none.
    """
    digests.check_digest(found.rows_digest, field="found.rows_digest")
    if not ctx.has_blob(digests.check_digest(found.profile, field="found.profile")):
        raise InvalidInput("the profile is not here", field="found.profile", hint="upload it first")
    spec_validation.check_columns(found.features, field="found.features", most=spec_validation.MAX_FEATURES)
    if min(found.rows, found.keys, found.dropped) < 0:
        raise InvalidInput("rows are counted from zero", field="found.rows")
    version = store.view(ctx.tx, ref, ctx.readable)
    found = msgspec.structs.replace(found, ref=version.ref, created_at=ctx.now())
    if store.add_rows(ctx.tx, version.name, version.version, found, ctx.now()):
        for name, kind in found.features.items():
            dtypes.check_found(kind, field=f"found.features.{name}")
        if not version.definition.features and found.features != version.features:
            store.found_features(ctx.tx, version.name, version.version, found.features)
        data = {"rows": found.rows, "digest": found.rows_digest}
        used = [dataset for dataset in found.datasets if refs.parse(dataset).kind == "dataset"][
            : spec_validation.MAX_SOURCES
        ]
        ctx.emit("feature_view.profiled", version.ref, data=data, used=used, produced=[version.ref])
    return found


@operation("feature_view.rows", permission="feature_view:read", query=True, on="ref")
def view_rows(ctx: Context, *, ref: str, limit: int = 20) -> list[ViewRows]:
    """Return what is known of the rows of a version of a view: counts, times and profiles, newest first."""
    return store.rows_of(ctx.tx, store.view(ctx.tx, ref, ctx.readable), check_limit(limit))
