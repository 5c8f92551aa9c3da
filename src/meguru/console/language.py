"""Which language and which time zone a page is written in."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request

from meguru.base.text import LANGUAGES

LANGUAGE_COOKIE = "meguru_lang"
ZONE_COOKIE = "meguru_tz"
UTC = ZoneInfo("UTC")


def language_of(request: Request) -> str:
    """Return the language asked for by ``?lang=``, cookie or Accept-Language, in this order; else English."""
    given = (request.query_params.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, ""))
    for wanted in (*given, *_accepted(request.headers.get("accept-language", ""))):
        if wanted in LANGUAGES:
            return wanted
    return "en"


def zone_of(request: Request) -> ZoneInfo:
    """Return the reader's time zone, which the page's script has put into a cookie; UTC until then."""
    wanted = request.cookies.get(ZONE_COOKIE, "").replace("%2F", "/")
    if not wanted or len(wanted) > 64:
        return UTC
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _accepted(header: str) -> list[str]:
    weighted = []
    for position, item in enumerate(header.split(",")[:20]):
        name, _, parameters = item.strip().partition(";")
        weight = parameters.strip().removeprefix("q=")
        try:
            weighted.append((-float(weight or 1), position, name[:2].lower()))
        except ValueError:
            continue
    return [name for _, _, name in sorted(weighted)]
