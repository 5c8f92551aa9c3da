"""Answer a command line that asks to be let in."""

from __future__ import annotations

from starlette.responses import Response

from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.errors import NotFound
from meguru.governance.logins.device import answer_login, asked_login


def show(visit: Visit) -> Response:
    """Show which command line asks, or ask for its code; or what was answered."""
    code, found, missing = visit.asked("code"), None, ""
    if code and not visit.asked("answered"):
        try:
            found = asked_login(visit.ws, code=code)
        except NotFound as error:
            missing = error.what
    return visit.render("login.html", found=found, missing=missing, answered=visit.asked("answered"), live="")


def answer(visit: Visit, given: FormValues) -> str:
    """Let the command line in, or refuse it."""
    do = given.get("do", "")
    if do not in {"allow", "refuse"}:
        raise unknown(given, ("allow", "refuse"))
    answer_login(visit.ws, code=given.get("code", ""), allow=do == "allow")
    return f"../login?answered={do}"


FORMS: dict[str, FormFunction] = {"/ui/login/edit": answer}
PAGES: dict[str, PageFunction] = {"/ui/login": show}
