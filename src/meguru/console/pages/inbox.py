"""The reader's inbox: what happened to what they follow, and how they are told."""

from __future__ import annotations

from starlette.responses import Response

from meguru.alerts.inbox.show import configure, inbox, read
from meguru.alerts.inbox.subscribe import follow, list_subscriptions, unfollow
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import DIGITS
from meguru.errors import InvalidInput

WINDOW = 100
_VERBS = ("read", "follow", "unfollow", "configure")


def listing(visit: Visit) -> Response:
    """Show what is in the inbox, the newest first."""
    before = visit.asked("before")
    found = inbox(visit.ws, before=before, limit=WINDOW)
    return visit.render(
        "inbox.html",
        found=found,
        following=list_subscriptions(visit.ws),
        older=found.next_cursor,
        before=before,
        live="",
    )


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form of the inbox asks for."""
    match given.get("do", ""):
        case "read":
            read(visit.ws, until=_number(given.get("until", "")))
        case "follow":
            follow(visit.ws, ref=given.get("about", ""))
        case "unfollow":
            unfollow(visit.ws, ref=given.get("about", ""))
        case "configure":
            configure(
                visit.ws,
                mail=given.get("mail", ""),
                hours=given.get("hours", ""),
                dedupe=given.get("dedupe") or None,
                language=given.get("language") or None,
            )
        case _:
            raise unknown(given, _VERBS)
    return "../inbox"


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > DIGITS:
        raise InvalidInput("up to which event?", field="until")
    return int(text)


FORMS: dict[str, FormFunction] = {"/ui/inbox/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/inbox": listing}
