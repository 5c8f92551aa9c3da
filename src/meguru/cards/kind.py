"""Cards, as a kind: the words are declared, the rest is read from the records."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, Payload, Service, event_type, spec_events


class CardSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words that people write about a model, a dataset or an endpoint, and answer for.

    `about` names it (``model/delay``); by default the model that is called as the card. `words` are texts in
    Markdown by part: ``intended_use``, ``out_of_scope``, ``owners``, ``contacts``, ``caveats`` and others,
    also of one's own; ``intended_use.ja`` is the text in Japanese.
    """

    about: str = ""
    words: dict[str, str] = {}


class CardFileSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[card.NAME]`` of a project file: what it is about, and the words, here or in a Markdown file.

    Each heading of `file` begins a part; beside ``cards/delay.md`` is read what ``cards/delay.ja.md`` says
    in Japanese. What is written in `words`, or in a field of its own here, goes before it.
    """

    about: str = ""
    file: str = ""
    words: dict[str, str] = {}
    description: str = ""
    intended_use: str = ""
    out_of_scope: str = ""
    owners: str = ""
    contacts: str = ""
    licence: str = ""
    ethical_considerations: str = ""
    caveats: str = ""


@event_type("card.confirmed", label="card confirmed", sentence="{subject} was confirmed for {version}")
class CardConfirmed(Payload, frozen=True):
    """Somebody looked at parts of a card, and says that they hold for a version."""

    version: str
    parts: list[str]


@event_type("card.kept", label="card kept", sentence="the card of {subject} was kept", subject="model/NAME@N")
class CardKept(Payload, frozen=True):
    """What the card of a version says was written down under a digest; `reason` is what led to it."""

    number: int
    digest: str
    reason: str


CARD = Kind(
    name="card",
    title=("card", "cards"),
    tables=("meguru.cards.schema",),
    operations=("meguru.cards.operations",),
    events=(
        *spec_events("card", CardSpec, retired="Its words are shown no more; those that were kept stay."),
        CardConfirmed,
        CardKept,
    ),
    grants={"engineer": ("*",), "data-scientist": ("*",)},
    spec=CardSpec,
    spec_store="meguru.cards.spec",
    section_type=CardFileSection,
    prepare="meguru.cards.project_file:prepare",
    provides={
        "release document": "meguru.cards.documents:documents",
        "checklist evidence": "meguru.cards.evidence:evidence",
        "personal data": "meguru.cards.erase:erase",
    },
    internal={"follow": "the follower keeps the card of what was registered or went live"},
    services=(Service(name="cards", factory="meguru.cards.follow:CardKeeper"),),
    page="/ui/cards/{name}",
)
