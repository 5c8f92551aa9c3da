"""Cards of models and data, run-books of endpoints, and the change-log of a model."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from meguru.base import refs
from meguru.cards import show
from meguru.cards.changelog import changelog as changes
from meguru.cards.confirm import confirm, edit
from meguru.cards.diff import diff, essence
from meguru.cards.export import TYPES, card_file
from meguru.cards.parts import PARTS, title_of
from meguru.cards.render.changelog import changelog_page
from meguru.cards.render.html import card_html, chapter_html
from meguru.cards.render.markdown import markdown
from meguru.cards.render.page import WANTED, page_of
from meguru.cards.render.staleness import staleness
from meguru.cards.render.values import plain
from meguru.cards.snapshots import write
from meguru.cards.types import Card
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import HEADERS, PageFunction, Visit
from meguru.console.query_params import number_of
from meguru.errors import NotFound
from meguru.kernel.kinds import kind_of
from meguru.monitoring.evidence.translation import EvidenceWords

KEPT = 20
FILES = ("html", "pdf", "markdown", "json")
_FREE_STYLE = "default-src 'none'; style-src 'unsafe-inline'"


def listing(visit: Visit) -> Response:
    """Show for what people wrote something."""
    cards = show.list_cards(visit.ws)
    return visit.render(
        "cards.html", cards=cards, title_of=partial(title_of, language=visit.language), live="card."
    )


def words_page(visit: Visit) -> Response:
    """Show the card that words of this name are about, as of the newest version."""
    name = visit.full("name")
    card = next(
        (declared_card for declared_card in show.list_cards(visit.ws) if declared_card.name == name), None
    )
    if card is None:
        raise NotFound.of("card", name)
    try:
        return _shown(visit, show.show(visit.ws, ref=card.about))
    except NotFound:  # the words came before what they are about
        return visit.render(
            "cards.html", cards=[card], title_of=partial(title_of, language=visit.language), live="card."
        )


def one(visit: Visit, kind: str) -> Response:
    """Show a card, or give it as a file with ``?as=pdf``; ``?kept=3`` shows the third that was kept."""
    return _shown(visit, show.show(visit.ws, ref=_ref(visit, kind), kept=number_of(visit, "kept")))


def _shown(visit: Visit, card: Card) -> Response:
    evidence_words = words(visit)
    if (wanted := visit.asked("as")) in FILES:
        return _file(card, wanted, evidence_words)
    page = page_of(card, evidence_words)
    project, against = card.subject.project, number_of(visit, "against")
    return visit.render(
        "card.html",
        card=card,
        title=page.title,
        chapters=[chapter_html(chapter) for chapter in page.chapters],
        kept=show.history(visit.ws, ref=card.about, limit=KEPT),
        files=[each for each in FILES if each in TYPES],
        against=against,
        differences=_differences(visit, card, against) if against else [],
        earlier=_earlier(card),
        texts=[
            (word, title_of(word.part, visit.language), staleness(word, card.about, evidence_words))
            for word in card.words
        ],
        known=[(key, title_of(key, visit.language)) for key in _unwritten(card)],
        place=place_of(visit, card),
        may_write=visit.ws.principal.allows("card:write", project),
        may_confirm=visit.ws.principal.allows("card:confirm", project),
        live="card. model. release. monitor.",
    )


def _earlier(card: Card) -> int:
    """Return the number of the version before; 0 where there is none."""
    version = str(card.subject.version or "")
    return int(version) - 1 if version.isdecimal() else 0


def _differences(visit: Visit, card: Card, against: int) -> list[tuple[str, str, str, str]]:
    """Return in what a card differs from that of another version, a line each."""
    other = refs.make(card.subject.kind, card.subject.name, against)
    card_changes = diff(visit.ws, before=other, after=card.about).changes
    return [
        (
            card_change.section,
            card_change.name,
            plain(essence(card_change.before)),
            plain(essence(card_change.after)),
        )
        for card_change in card_changes
    ]


def place_of(visit: Visit, card: Card) -> str:
    """Return the address of a card's page."""
    thing = visit.url_of(card.about).partition("?")[0].partition("#")[0]
    return f"{thing}/card"


def _unwritten(card: Card) -> list[str]:
    written = {word.part for word in card.words}
    return [key for key in dict.fromkeys((*WANTED[card.subject.kind], *PARTS)) if key not in written]


def _file(card: Card, wanted: str, said: EvidenceWords) -> Response:
    file = card_file(card, wanted, said)  # type: ignore[arg-type]
    shown = "inline" if wanted == "html" else "attachment"
    headers = HEADERS | {
        "Content-Disposition": f'{shown}; filename="{file.name.encode("ascii", "replace").decode()}"',
        "Content-Security-Policy": _FREE_STYLE,
    }
    return Response(file.content, 200, headers, file.media_type)


def words(visit: Visit) -> EvidenceWords:
    """Return how texts are said to the reader."""
    return EvidenceWords(visit.language, visit.spoken)


def _ref(visit: Visit, kind: str) -> str:
    known = kind_of(kind)
    versioned = known is not None and known.versioned
    return refs.make(kind, visit.full("name"), visit.named("version") if versioned else None)


def change(visit: Visit, given: FormValues, kind: str) -> str:
    """Write a part, confirm one, or keep the card."""
    ref = _ref(visit, kind)
    match given.get("do"):
        case "edit":
            part, text = given.get("part") or given.get("own", ""), given.get("text", "")
            edit(visit.ws, ref=ref, part=part, text=text, expect=given.get("expect"))
        case "confirm":
            part = given.get("part", "")
            confirm(visit.ws, ref=ref, parts=[part] if part else None)
        case "write":
            write(visit.ws, ref=ref, reason=given.get("reason", ""))
        case _:
            raise unknown(given, ("edit", "confirm", "write"))
    return "../card"


def changelog(visit: Visit) -> Response:
    """Show what changed in each version of a model, in plain words; as a file with ``?as=markdown``."""
    name = visit.full("name")
    page = changelog_page(name, changes(visit.ws, model=name), words(visit))
    if visit.asked("as") in {"markdown", "html"}:
        is_html = visit.asked("as") == "html"
        headers = HEADERS | {"Content-Security-Policy": _FREE_STYLE}
        text = card_html(page) if is_html else markdown(page)
        return Response(text, 200, headers, "text/html" if is_html else "text/markdown")
    return visit.render(
        "changelog.html",
        name=name,
        title=page.title,
        chapters=[chapter_html(chapter) for chapter in page.chapters],
        live="model. model_version. release.",
    )


PAGES: dict[str, PageFunction] = {
    "/ui/cards": listing,
    "/ui/cards/{name}": words_page,
    "/ui/models/{name}/changelog": changelog,
    "/ui/models/{name}/{version}/card": partial(one, kind="model"),
    "/ui/datasets/{name}/{version}/card": partial(one, kind="dataset"),
    "/ui/endpoints/{name}/card": partial(one, kind="endpoint"),
}
FORMS: dict[str, FormFunction] = {
    "/ui/models/{name}/{version}/card/edit": partial(change, kind="model"),
    "/ui/datasets/{name}/{version}/card/edit": partial(change, kind="dataset"),
    "/ui/endpoints/{name}/card/edit": partial(change, kind="endpoint"),
}
