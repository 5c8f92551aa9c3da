"""In what two cards differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from meguru.base import refs
from meguru.cards import store
from meguru.cards.assemble import assemble
from meguru.cards.facts.reader import RecordReader
from meguru.cards.types import Card, CardChange, CardDiff
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import in_projects

NAMES = {
    "features": "name", "columns": "name", "inputs": "name", "metrics": "metric", "data": "ref",
    "monitors": "ref", "releases": "ref", "alerts": "name",
}  # fmt: skip
"""What tells the members of a list apart, by the list."""
UNTOLD = {
    *("ref", "version", "created_at", "created_by", "lineage", "uses", "example", "service", "files", "size"),
    "cost",
    *("tree_digest", "predictions", "last_request", "state", "why", "servers"),
}
"""What differs between any two versions, or from one minute to the next."""


@operation("card.diff", permission="card:read", query=True, on="before", refers={"before": "*", "after": "*"})
def diff(ctx: Context, *, before: str, after: str) -> CardDiff:
    """Show in what the cards of two versions differ: data, features, parameters, metrics, gates, words.

    The words are those that were kept with each version, where they were kept.
    """
    reader = RecordReader.of(ctx)
    ref, other = refs.parse(before), refs.parse(after)
    if ref.kind != other.kind:
        raise InvalidInput(f"a {ref.kind} and a {other.kind} have different cards", field="after")
    if not in_projects(ctx.visible, other.name):
        raise NotFound.of(other.kind, other.name)
    old, new = (_with_words_then(reader, assemble(reader, each)) for each in (before, after))
    return CardDiff(before=old.about, after=new.about, changes=list(compared(old, new)))


def _with_words_then(reader: RecordReader, card: Card) -> Card:
    kept = store.body(reader.tx, card.about)
    return card if kept is None else msgspec.structs.replace(card, words=kept.words)


def compared(old: Card, new: Card) -> Iterator[CardChange]:
    """Yield what differs, part by part: words first, then facts in the order of a card."""
    texts = [{word.part: word.text for word in card.words} for card in (old, new)]
    for name in dict.fromkeys((*texts[0], *texts[1])):
        if texts[0].get(name) != texts[1].get(name):
            yield CardChange(section="words", name=name, before=texts[0].get(name), after=texts[1].get(name))
    before, after = (_plain(card) for card in (old, new))
    for section in dict.fromkeys((*before, *after)):
        if section in UNTOLD:
            continue
        mine, theirs = _named(section, before.get(section)), _named(section, after.get(section))
        for name in dict.fromkeys((*mine, *theirs)):
            if mine.get(name) != theirs.get(name):
                yield CardChange(section=section, name=name, before=mine.get(name), after=theirs.get(name))


def _plain(card: Card) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(card.facts)
    return found


def _named(section: str, value: Any) -> dict[str, Any]:
    """Return the members of a value by name; a single value has none."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {_name(section, each): each for each in value}
    return {} if value in {None, ""} else {"": value}


def _name(section: str, each: Any) -> str:
    if not isinstance(each, dict):
        return str(each)
    if section == "slices":
        return f"{each['column']}={each['value']}"
    if section == "gates":
        return f"{each['release'].partition('@')[0]} {each['gate']}"
    name = str(each.get(NAMES.get(section, ""), "")) or str(each)
    # Data and releases are told apart by what they are versions of: what changed is which version.
    return name.partition("@")[0] if section in {"data", "releases"} else name


def essence(value: Any) -> Any:
    """Return what of a thing is told where there is little room: a metric's value, data's version."""
    if not isinstance(value, dict):
        return value
    if "metric" in value:
        return {key: value[key] for key in ("value", "low", "high") if key in value}
    if "verdict" in value:
        return f"{value['verdict']}: {value.get('reason', '')}"
    if "rows" in value and "ref" in value:
        period = " ".join(str(value.get(key, ""))[:10] for key in ("since", "until")).strip()
        return f"{value['ref']} {value['rows']:,} rows {period}".strip()
    if "metrics" in value:
        return {each["metric"]: each["value"] for each in value["metrics"]}
    return value.get("ref", value)
