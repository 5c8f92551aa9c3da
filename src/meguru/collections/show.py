"""List collections."""

from meguru.collections import store
from meguru.collections.types import Collection
from meguru.kernel.operations import Context, operation


@operation("collection.list", permission="collection:read", query=True)
def list_collections(ctx: Context) -> list[Collection]:
    """List collections by name."""
    return store.page(ctx.tx, ctx.visible)
