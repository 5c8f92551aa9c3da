"""What people say about a thing, or about anything."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.responses import RedirectResponse, Response

from meguru.alerts.inbox.subscribe import follow, unfollow
from meguru.comments.show import list_comments, show
from meguru.comments.write import add, edit, moderate, remove
from meguru.console.discussion import discussion, said_of
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit

WINDOW = 100
LIVE = "comment."
_VERBS = ("add", "edit", "remove", "moderate", "follow", "unfollow")


def listing(visit: Visit) -> Response:
    """Show what was said about a thing, the oldest first; without one, what was said last about anything."""
    about, before = visit.asked("about"), visit.asked("before")
    found = list_comments(visit.ws, about=about, before=before, limit=WINDOW)
    return visit.render(
        "comments.html",
        about=about,
        said=[said_of(visit, each) for each in (reversed(found.items) if about else found.items)],
        talk=discussion(visit, about, limit=1) if about else None,
        older=found.next_cursor,
        before=before,
        live=LIVE,
    )


def one(visit: Visit) -> Response:
    """Lead to a comment among the others on its thing."""
    comment = show(visit.ws, comment=visit.named("id"))
    where = urlencode({"about": comment.about})
    return RedirectResponse(f"../comments?{where}#{quote(comment.id)}", status_code=303)


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form of a discussion asks for."""
    about, comment = given.get("about", ""), given.get("comment", "")
    match given.get("do", ""):
        case "add":
            said = add(visit.ws, about=about, text=given.get("text", ""), reply_to=given.get("reply_to", ""))
            comment = said.id
        case "edit":
            about = edit(visit.ws, comment=comment, text=given.get("text", "")).about
        case "remove":
            about = remove(visit.ws, comment=comment).about
        case "moderate":
            about = moderate(visit.ws, comment=comment, reason=given.get("reason", "")).about
        case "follow":
            follow(visit.ws, ref=about)
        case "unfollow":
            unfollow(visit.ws, ref=about)
        case _:
            raise unknown(given, _VERBS)
    where = urlencode({"about": about})
    return f"../comments?{where}" + (f"#{quote(comment)}" if comment else "")


FORMS: dict[str, FormFunction] = {"/ui/comments/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/comments": listing, "/ui/comments/{id}": one}
