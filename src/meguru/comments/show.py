"""Ask for comments."""

from __future__ import annotations

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.comments import store
from meguru.comments.types import Comment
from meguru.kernel.operations import Context, operation


@operation("comment.list", permission="comment:read", query=True, refers={"about": "*"})
def list_comments(ctx: Context, *, about: str = "", before: str = "", limit: int = 100) -> Page[Comment]:
    """List comments, the newest first: on a thing with its versions, or on all that you may see."""
    most = check_limit(limit)
    wanted = str(refs.parse(about)) if about else ""
    before = refs.parse(before, kind="comment").name if before else ""
    items = store.page(ctx.tx, about=wanted, before=before, limit=most + 1, projects=ctx.visible)
    return Page(items=items[:most], next_cursor=items[most - 1].id if len(items) > most else "")


@operation("comment.show", permission="comment:read", query=True, on="comment")
def show(ctx: Context, *, comment: str) -> Comment:
    """Return one comment."""
    return store.one(ctx.tx, comment)
