"""Read what the records say of a thing that has cards."""

from __future__ import annotations

from collections.abc import Callable

from meguru.base import refs
from meguru.cards.facts.dataset import dataset_facts
from meguru.cards.facts.endpoint import endpoint_facts
from meguru.cards.facts.model import model_facts
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardEndpoint, CardFacts
from meguru.errors import InvalidInput

_READ: dict[str, Callable[[RecordReader, str], CardFacts]] = {
    "model": model_facts,
    "dataset": dataset_facts,
    "endpoint": endpoint_facts,
}


def read(reader: RecordReader, ref: str) -> CardFacts:
    """Return what the records say of a version, by default the newest.

    Raises
    ------
    InvalidInput
        If such things have no cards.
    NotFound
        If there is no such thing or version.
    """
    kind = refs.parse(ref).kind
    if kind not in _READ:
        hint = "model/NAME@N, dataset/NAME@N or endpoint/NAME"
        raise InvalidInput(f"there are no cards of {ref[:200]!r}", field="ref", hint=hint)
    return _READ[kind](reader, ref)


def version_of(facts: CardFacts) -> str:
    """Return the version that facts are of; of an endpoint the release that is live."""
    return (facts.release or facts.ref) if isinstance(facts, CardEndpoint) else facts.ref
