"""Questions about applies."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.applies import store
from meguru.applies.plan import file_name
from meguru.applies.types import Apply, WantedThing
from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.kernel import declarations
from meguru.kernel.kinds.kind import kinds
from meguru.kernel.operations import Context, operation


@operation("apply.list", permission="apply:read", query=True)
def list_applies(ctx: Context, *, owner: str = "", before: str = "", limit: int = 100) -> Page[Apply]:
    """List applies, newest first; of one file, or of all."""
    named = file_name(ctx, owner) if owner else ""
    most = check_limit(limit) + 1
    items = store.newest(ctx.tx, named, limit=most, before=before, projects=ctx.visible)
    return Page(items=items[:limit], next_cursor=items[limit - 1].id if len(items) > limit else "")


@operation("apply.present", permission="apply:read", query=True)
def present(ctx: Context) -> list[WantedThing]:
    """Return all that is declared and may be seen from here, as a file would declare it."""
    found = []
    for kind in kinds().values():
        if kind.spec is None:
            continue
        specs = declarations.store_of(kind)
        # Who may read the kind sees it; `ctx.visible` is of this operation's own permission.
        readable = ctx.principal.projects(f"{kind.name}:read")
        names = specs.names(ctx.tx, readable)
        present = declarations.present_specs(ctx, kind, names)
        found += [
            WantedThing(kind=kind.name, name=name, spec=_non_default_fields(present[name])) for name in names
        ]
    return found


def _non_default_fields(spec: Any) -> dict[str, Any]:
    """Return the fields of a spec that are not as always, as JSON values."""
    found = {}
    for field in msgspec.structs.fields(spec):
        value = getattr(spec, field.name)
        usual = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        if value != usual:
            is_part = isinstance(value, msgspec.Struct)
            found[field.encode_name] = _non_default_fields(value) if is_part else msgspec.to_builtins(value)
    return found


@operation("apply.show", permission="apply:read", query=True, on="apply")
def show(ctx: Context, *, apply: str) -> Apply:
    """Show one apply."""
    return store.get(ctx.tx, refs.parse(apply, kind="apply").name)
