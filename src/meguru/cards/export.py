"""A card as a file, in a format and a language."""

from __future__ import annotations

import json
from functools import partial
from typing import Literal

import msgspec

from meguru.cards.exports.cyclonedx import model_card
from meguru.cards.exports.hugging_face import hugging_face
from meguru.cards.exports.sagemaker import sagemaker
from meguru.cards.facts.types import CardModel
from meguru.cards.render.html import card_html
from meguru.cards.render.markdown import markdown
from meguru.cards.render.page import page_of
from meguru.cards.render.pdf import card_pdf
from meguru.cards.show import show
from meguru.cards.types import Card, CardFile
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.sentences.spoken import spoken

CardFormat = Literal["markdown", "html", "pdf", "json", "huggingface", "sagemaker", "cyclonedx"]
CardLanguage = Literal["en", "ja"]
OF_MODELS = {"huggingface": "README.md", "sagemaker": "sagemaker.json", "cyclonedx": "modelcard.json"}
TYPES = {
    "markdown": ("md", "text/markdown"),
    "html": ("html", "text/html"),
    "pdf": ("pdf", "application/pdf"),
    "json": ("json", "application/json"),
}


@operation("card.export", permission="card:read", query=True, on="ref", refers={"ref": "*"})
def export(
    ctx: Context,
    *,
    ref: str,
    format: CardFormat = "markdown",
    language: CardLanguage = "en",
    kept: int | None = None,
) -> CardFile:
    """Give the card of a version as a file: Markdown, HTML, PDF, JSON, or in the schema of others.

    Those of Hugging Face, SageMaker and CycloneDX are of models. `kept` as in ``card.show``.
    """
    return card_file(show.function(ctx, ref=ref, kept=kept), format, words_in(language))


def words_in(language: str) -> EvidenceWords:
    """Return how texts are said in a language."""
    return EvidenceWords(language, partial(spoken, language=language))


def card_file(card: Card, format: CardFormat, words: EvidenceWords) -> CardFile:
    """Return a card as a file.

    Raises
    ------
    InvalidInput
        If the schema is one of models, and the card is not.
    MissingDependency
        Of a PDF without the extra ``pdf``.
    """
    stem = card.about.replace("/", "-")
    if format in OF_MODELS:
        return _of_model(card, format, words, stem)
    end, media = TYPES[format]
    page = page_of(card, words)
    content = {
        "markdown": lambda: markdown(page).encode(),
        "html": lambda: card_html(page).encode(),
        "pdf": lambda: card_pdf(page),
        "json": lambda: msgspec.json.format(msgspec.json.encode(card), indent=2),
    }[format]()
    return CardFile(name=f"{stem}.{end}", media_type=media, content=content)


def _of_model(card: Card, format: str, words: EvidenceWords, stem: str) -> CardFile:
    facts = card.facts
    if not isinstance(facts, CardModel):
        raise InvalidInput(
            f"{format} has cards of models",
            field="format",
            why=f"{card.about} is none",
            hint="markdown, html or pdf",
        )
    name = f"{stem}.{OF_MODELS[format]}"
    if format == "huggingface":
        return CardFile(
            name=name, media_type="text/markdown", content=hugging_face(card, facts, words).encode()
        )
    found = (
        sagemaker(card, facts, words.language)
        if format == "sagemaker"
        else model_card(card, facts, words.language)
    )
    text = json.dumps(found, ensure_ascii=False, indent=2)
    return CardFile(name=name, media_type="application/json", content=text.encode())
