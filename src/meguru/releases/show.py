"""Questions about releases."""

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import in_projects
from meguru.releases import store
from meguru.releases.diff import compare
from meguru.releases.serving import with_serving
from meguru.releases.types import Release, ReleaseDiff
from meguru.releases.waivers import with_waivers
from meguru.serving import store as endpoints


@operation(
    "release.list", permission="release:read", query=True, on="endpoint", refers={"endpoint": "endpoint"}
)
def list_releases(
    ctx: Context, *, endpoint: str, before: int | None = None, limit: int = 100
) -> Page[Release]:
    """List an endpoint's releases, newest first."""
    name = endpoints.get(ctx.tx, refs.parse(endpoint, kind="endpoint").name).name
    items = store.page(ctx.tx, name, before=before, limit=check_limit(limit) + 1)
    more = str(items[limit - 1].version) if len(items) > limit else ""
    return Page(items=_as_now(ctx, items[:limit]), next_cursor=more)


@operation("release.newest", permission="release:read", query=True, refers={"endpoints": "endpoint"})
def newest_releases(ctx: Context, *, endpoints: list[str]) -> list[Release]:
    """List the newest release of each of some endpoints; one without a release is left out."""
    names = [refs.parse(endpoint, kind="endpoint").name for endpoint in endpoints]
    visible = [name for name in names if in_projects(ctx.visible, name)]
    return _as_now(ctx, store.newest(ctx.tx, visible))


@operation("release.of_model", permission="release:read", query=True, refers={"model": "model"})
def of_model(ctx: Context, *, model: str, limit: int = 100) -> list[Release]:
    """List the releases of one version of a model, ``model/delay@3``, at every endpoint, newest first."""
    version = str(refs.parse(model, kind="model"))
    releases = store.of_model(ctx.tx, version, check_limit(limit), projects=ctx.visible)
    return _as_now(ctx, releases)


@operation("release.show", permission="release:read", query=True, on="ref")
def show(ctx: Context, *, ref: str) -> Release:
    """Show a release: all it is made of with seven hashes, and the verdicts of its gates."""
    return _as_now(ctx, [store.get(ctx.tx, ref)])[0]


@operation("release.diff", permission="release:read", query=True, on="before", refers={"after": "release"})
def diff(ctx: Context, *, before: str, after: str) -> ReleaseDiff:
    """Show in what two releases differ."""
    other = refs.parse(after, kind="release").name
    if not in_projects(ctx.visible, other):
        raise NotFound.of("release", other)
    return compare(store.get(ctx.tx, before), store.get(ctx.tx, after))


def _as_now(ctx: Context, found: list[Release]) -> list[Release]:
    return with_waivers(ctx.tx, with_serving(ctx, found))
