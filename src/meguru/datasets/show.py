"""Questions about datasets: which there are, their versions, what they look like."""

from meguru.base.paging import Page, check_limit
from meguru.datasets import store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.masking import hidden_columns_of, masked_version
from meguru.datasets.personal.profile import without_values
from meguru.datasets.types import DataFile, DatasetVersion, FirstRows, Profile, RegisteredDataset
from meguru.datasets.versions import named
from meguru.kernel.operations import Context, operation


@operation("dataset.list", permission="dataset:read", query=True)
def list_datasets(ctx: Context, *, after: str = "", limit: int = 100) -> Page[RegisteredDataset]:
    """List datasets with their newest version, by name."""
    items = store.page(ctx.tx, after=after, limit=check_limit(limit) + 1, projects=ctx.visible)
    more = len(items) > limit
    return Page(items=items[:limit], next_cursor=items[limit - 1].name if more else "")


@operation("dataset.show", permission="dataset:read", query=True, on="ref")
def show(ctx: Context, *, ref: str) -> DatasetVersion:
    """Show one version of a dataset: ``flights``, ``flights@latest`` or ``flights@3``.

    What is read by its digest has personal columns masked; ``dataset.look`` gives it in clear.
    """
    return masked_version(ctx, store.resolve(ctx.tx, ref, ctx.readable))


@operation("dataset.versions", permission="dataset:read", query=True, on="name")
def versions(
    ctx: Context, *, name: str, before: int | None = None, limit: int = 100, branch: str = ""
) -> list[DatasetVersion]:
    """List versions of a dataset, newest first, from the one before `before` on; or those of a branch."""
    known = store.resolve(ctx.tx, name, ctx.readable).name
    if branch:
        named.branch(ctx.tx, known, branch)
    return store.versions(ctx.tx, known, before=before, limit=check_limit(limit), branch=branch)


@operation("dataset.profile", permission="dataset:read", query=True, on="ref")
def profile(ctx: Context, *, ref: str) -> Profile:
    """Show what the columns of a version look like: counts, missing values, quantiles, frequent values."""
    from meguru.datasets.frames import profile_of

    version = store.resolve(ctx.tx, ref, ctx.readable)
    found = profile_of(ctx.blobs, version).to_dict()
    known = found["columns"] | found.get("times", {})
    hidden = hidden_columns_of(ctx, version, load_manifest(ctx.blobs, version))
    names = [column.name for column in version.columns if column.name in known]
    return Profile(
        ref=version.ref,
        rows=version.rows,
        columns={name: without_values(known[name]) if name in hidden else known[name] for name in names},
    )


@operation("dataset.files", permission="dataset:read", query=True, on="ref")
def files(ctx: Context, *, ref: str) -> list[DataFile]:
    """List the files of a version: what was seen in each, and how it is read."""
    return load_manifest(ctx.blobs, store.resolve(ctx.tx, ref, ctx.readable)).files


@operation("dataset.head", permission="dataset:read", query=True, on="ref")
def head(ctx: Context, *, ref: str, rows: int = 10) -> FirstRows:
    """Show the first rows of a version; 1,000 at most."""
    from meguru.datasets.frames import first_rows

    version = masked_version(ctx, store.resolve(ctx.tx, ref, ctx.readable))
    return FirstRows(
        ref=version.ref, columns=version.columns, rows=first_rows(ctx.blobs, version, check_limit(rows))
    )
