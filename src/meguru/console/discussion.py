"""What people say about the thing that a page shows, and how many things wait in the reader's inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from meguru.alerts.inbox import store as inboxes
from meguru.alerts.inbox.show import READABLE
from meguru.base import refs
from meguru.base.markdown import html_of
from meguru.comments.show import list_comments
from meguru.comments.types import Comment
from meguru.kernel.operations.subject import project_of

if TYPE_CHECKING:
    from meguru.console.page_request import Visit

WINDOW = 5


class ShownComment(NamedTuple):
    """A comment, with its text as HTML that does no harm."""

    comment: Comment
    html: Markup
    is_mine: bool
    may_remove: bool


class Discussion(NamedTuple):
    """The newest comments on a thing, the oldest of them first, and what its reader may do with them."""

    about: str
    said: list[ShownComment]
    has_more: bool
    may_write: bool
    is_followed: bool


def discussion(visit: Visit, about: str, *, limit: int = WINDOW) -> Discussion | None:
    """Return what was said about a thing; None when the reader may not know."""
    who, thing = visit.ws.principal, about.partition("@")[0]
    with visit.ws.read() as tx:
        project = project_of(tx, refs.parse(about)) or ""
        subscriptions = [inboxes.find(tx, who.name, fromkey) for fromkey in dict.fromkeys((about, thing))]
    if not who.allows("comment:read", project):
        return None
    found = list_comments(visit.ws, about=about, limit=limit)
    return Discussion(
        about=about,
        said=[said_of(visit, each) for each in reversed(found.items)],
        has_more=bool(found.next_cursor),
        may_write=who.allows("comment:write", project),
        is_followed=any(
            subscription is not None and not subscription.muted for subscription in subscriptions
        ),
    )


def said_of(visit: Visit, comment: Comment) -> ShownComment:
    """Return a comment as a page shows it."""
    who = visit.ws.principal
    mine = comment.author == who.name
    # html_of escapes what people wrote: it gives harmless HTML, and nothing else.
    html = Markup(html_of(comment.text))  # noqa: S704
    return ShownComment(comment, html, mine, mine or who.allows("comment:moderate", comment.project))


def unread(visit: Visit) -> int:
    """Return how many things in the reader's inbox it has not seen."""
    if not visit.who:
        return 0
    who = visit.ws.principal
    with visit.ws.read() as tx:
        return inboxes.unread_now(tx, who.name, who.projects(READABLE))
