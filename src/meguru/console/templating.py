"""The templates' environment: always escaping, with the few words every template may use."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from meguru.base.mount import mounted
from meguru.console import links, numbers, static_files
from meguru.console.charts.forest import forests
from meguru.console.discussion import discussion, unread
from meguru.console.event_sentences import sentence_of
from meguru.console.labels import STATES, label_of, tone_of
from meguru.console.project_menu import choices, may_see_projects

if TYPE_CHECKING:
    from meguru.console.page_request import Visit

TEMPLATES = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the one environment."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        static=static_files.url, short=links.short, review_of=links.review_of, tone_of=tone_of
    )
    made.filters.update(
        number=numbers.number,
        count=numbers.count,
        size=numbers.size,
        seconds=numbers.seconds,
        percent=numbers.percent,
        plain=numbers.plain,
        pretty=numbers.pretty,
        forests=forests,
    )
    return made


def render(visit: Visit, name: str, values: dict[str, Any]) -> str:
    """Render a template for a visit."""

    def state(word: object) -> str:
        text = str(word)
        return str(visit.say(label_of(text) if "." in text else STATES.get(text, text)))

    def happened(kind: str) -> str:
        return str(visit.say(label_of(kind)))

    def here(**changes: object) -> str:
        given = [(k, str(v)) for k, v in changes.items() if v not in {"", None}]
        return "?" + urlencode(kept(*changes) + given)

    def kept(*changed: str) -> list[tuple[str, str]]:
        left_out = {"fragment", "lang", *changed}
        return [(k, v) for k, v in visit.request.query_params.multi_items() if k not in left_out]

    def query(*names: str) -> str:
        return "?" + urlencode([(k, v) for k, v in visit.request.query_params.multi_items() if k in names])

    known = {
        "kept": kept,
        "base": visit.base,
        "mount": mounted(),
        "project": visit.project,
        "choices": partial(choices, visit),
        "may_see_projects": partial(may_see_projects, visit),
        "url_of": visit.url_of,
        "query": query,
        "_": visit.say,
        "state": state,
        "happened": happened,
        "spoken": visit.spoken,
        "told": partial(sentence_of, visit),
        "discussion": partial(discussion, visit),
        "unread": partial(unread, visit),
        "here": here,
        "local": visit.local,
        "language": visit.language,
        "who": visit.who,
        "is_signed_in": visit.is_signed_in,
        "zone": visit.zone.key,
        "path": visit.request.url.path,
        "layout": "fragment.html" if visit.fragment else "layout.html",
    }
    return environment().get_template(name).render(known | values)
